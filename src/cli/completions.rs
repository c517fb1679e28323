//! `completions`: scripts for shells.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use super::arguments::Arguments;
use super::exit::Failure;

/// Prints the completion script of a shell.
pub fn run(shell: Shell, out: &mut impl Write) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "pilothouse", &mut script);
    Ok(out.write_all(&script)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::TABLE;

    #[test]
    fn a_shell_completes_every_verb_a_command_names() {
        let mut script = Vec::new();
        run(Shell::Bash, &mut script).unwrap_or_else(|failure| panic!("{failure}"));
        let script = String::from_utf8(script).unwrap();
        let words = TABLE.iter().filter_map(|row| row.cli).flat_map(str::split_whitespace);
        // an operand in capitals and a value such as 5m stand for what only the user knows
        for word in words.filter(|word| !word.chars().any(|c| c.is_uppercase() || c.is_ascii_digit())) {
            assert!(script.contains(word), "{word}");
        }
    }
}
