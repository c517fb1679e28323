//! What a person gives before a write: words of the command line, or an answer at the terminal.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use super::super::exit::Failure;
use crate::action::{Given, Guard, Plan, Refusal, Required, phrase};

/// What was given, as it was typed.
pub enum Answer {
    /// Nothing.
    Nothing,
    /// A yes.
    Yes,
    /// Words.
    Words(String),
}

impl Answer {
    /// As the guard takes it.
    pub fn given(&self) -> Given<'_> {
        match self {
            Self::Nothing => Given::Nothing,
            Self::Yes => Given::Yes,
            Self::Words(words) => Given::Phrase(words),
        }
    }
}

/// Takes the words of the command line, else asks at the terminal if there is one. What is read-only is not asked for.
pub fn ask(plan: &Plan, rules: &Guard, words: Option<&str>) -> Result<Answer, Failure> {
    if let Some(words) = words {
        return Ok(Answer::Words(words.to_owned()));
    }
    let environment = &plan.target.environment;
    let required: Result<Required, Refusal> = rules.allows(plan.risk, &environment.name, environment.protection);
    let Ok(required) = required else { return Ok(Answer::Nothing) };
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if required == Required::Nothing || !is_terminal {
        return Ok(Answer::Nothing);
    }
    let mut screen = std::io::stderr();
    let words = phrase(plan);
    match required {
        Required::Phrase => write!(screen, "type {words} to go on: ")?,
        _ => write!(screen, "go on? [y/N] ")?,
    }
    screen.flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let line = line.trim();
    Ok(match required {
        Required::Phrase => Answer::Words(line.to_owned()),
        _ if matches!(line, "y" | "Y" | "yes") => Answer::Yes,
        _ => Answer::Nothing,
    })
}
