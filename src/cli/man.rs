//! `man`: the manual page, made from the same definitions as `--help`.

use std::io::Write;

use clap::{Command, CommandFactory};

use super::arguments::Arguments;
use super::exit::Failure;

/// Prints the page in roff: `pilothouse man | man -l -`.
pub fn run(out: &mut impl Write) -> Result<(), Failure> {
    let man = clap_mangen::Man::new(Arguments::command());
    man.render(out)?;
    for verb in Arguments::command().get_subcommands().filter(|v| v.get_name() != "help") {
        sections(verb, "pilothouse", out)?;
    }
    Ok(())
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
