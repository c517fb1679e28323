//! `man`: the manual page, made from the same definitions as `--help`.

use std::io::Write;

use clap::CommandFactory;

use super::arguments::Arguments;
use super::exit::Failure;

/// Prints the page in roff: `pilothouse man | man -l -`.
pub fn run(out: &mut impl Write) -> Result<(), Failure> {
    let man = clap_mangen::Man::new(Arguments::command());
    man.render(out)?;
    for verb in Arguments::command().get_subcommands().filter(|v| v.get_name() != "help") {
        let titled = verb.clone().name(format!("pilothouse {}", verb.get_name()));
        let man = clap_mangen::Man::new(titled);
        man.render_description_section(out)?;
        man.render_synopsis_section(out)?;
        man.render_options_section(out)?;
    }
    Ok(())
}
