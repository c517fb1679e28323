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
