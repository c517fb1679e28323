//! `man`: the manual page, made from the same definitions as `--help`, and from the table of commands.

use std::io::Write;

use clap::{Command, CommandFactory};
use clap_mangen::roff::{Roff, bold, roman};

use super::arguments::Arguments;
use super::exit::Failure;
use crate::command::{Keymap, doc};

/// Prints the page in roff: `pilothouse man | man -l -`.
pub fn run(out: &mut impl Write) -> Result<(), Failure> {
    let man = clap_mangen::Man::new(Arguments::command());
    man.render(out)?;
    for verb in Arguments::command().get_subcommands().filter(|v| v.get_name() != "help") {
        sections(verb, "pilothouse", out)?;
    }
    keys(out)
}

/// What can be done in the cockpit, and by which keys and names.
fn keys(out: &mut impl Write) -> Result<(), Failure> {
    let mut roff = Roff::new();
    roff.control("SH", ["KEYS"]);
    for section in doc::sections(&Keymap::bundled()) {
        roff.control("SS", [section.title]);
        for (keys, help) in section.rows {
            roff.control("TP", []).text([bold(keys.join(", "))]).text([roman(help)]);
        }
    }
    Ok(roff.to_writer(out)?)
}

/// The sections of a verb and of the verbs within it.
fn sections(verb: &Command, within: &str, out: &mut impl Write) -> Result<(), Failure> {
    let name = format!("{within} {}", verb.get_name());
    let man = clap_mangen::Man::new(verb.clone().name(name.clone()));
    man.render_description_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_options_section(out)?;
    for inner in verb.get_subcommands().filter(|v| v.get_name() != "help") {
        sections(inner, &name, out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::TABLE;

    #[test]
    fn the_page_has_every_verb_and_every_command() {
        let mut page = Vec::new();
        run(&mut page).unwrap_or_else(|failure| panic!("{failure}"));
        let plain = String::from_utf8(page).unwrap().replace('\\', "");
        for verb in Arguments::command().get_subcommands().filter(|v| v.get_name() != "help") {
            assert!(plain.contains(&format!("pilothouse {}", verb.get_name())), "{}", verb.get_name());
        }
        for row in TABLE {
            assert!(plain.contains(row.help), "{}", row.name);
        }
    }
}
