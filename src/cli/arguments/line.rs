//! The command line as a whole.

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser};

use super::everywhere::Everywhere;
use super::verb::Verb;

/// Steer Argo CD from the terminal: every environment's Applications, live.
///
/// Without a verb the cockpit opens on the current kube context. Look around first with `pilothouse demo`: it needs
/// no cluster. Press ? inside for the keys of the screen you are on.
#[derive(Debug, Parser)]
#[command(name = "pilothouse", version, max_term_width = 100, after_help = AFTER)]
pub struct Arguments {
    /// What holds for every verb.
    #[command(flatten)]
    pub everywhere: Everywhere,
    /// What to do.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

const AFTER: &str = "\
Examples:
  pilothouse demo                          look around in a simulated world
  pilothouse --context minikube            the cockpit on one context
  pilothouse get apps --env prod -o json   what runs in prod, for scripts

Exit codes:
  0 ok · 1 differs or not reached · 2 usage or configuration · 3 not found or ambiguous · 4 refused by the guard
  5 a source is down, denied or partial · 6 operation failed · 7 rolled back · 8 timed out · 130 interrupted";

impl Arguments {
    /// Parses the command line of this process and the variables that stand for its flags, and notes what set which
    /// setting.
    pub fn of_process() -> Result<Self, clap::Error> {
        Self::from_matches(&Self::command().try_get_matches()?)
    }

    fn from_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut arguments = Self::from_arg_matches(matches)?;
        for field in SETTING_FLAGS {
            let origin = match matches.value_source(field) {
                Some(ValueSource::CommandLine) => format!("--{field}"),
                Some(ValueSource::EnvVariable) => format!("PILOTHOUSE_{}", field.to_uppercase()),
                _ => continue,
            };
            arguments.everywhere.origins.push((field, origin));
        }
        Ok(arguments)
    }
}

/// The flags that set what a settings file can set too, under the same name.
const SETTING_FLAGS: [&str; 3] = ["theme", "ascii", "readonly"];

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_stand_before_or_after_the_verb() {
        let before = Arguments::try_parse_from(["pilothouse", "--context", "a", "get", "apps"]).unwrap();
        let after = Arguments::try_parse_from(["pilothouse", "get", "apps", "--context", "a"]).unwrap();
        assert_eq!(before.everywhere.context, after.everywhere.context);
    }
}
