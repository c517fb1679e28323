//! What a person gives before a write: words of the command line, or an answer at the terminal.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use super::super::exit::Failure;
use crate::action::{Consent, Guard, Plan, Refusal, Required, phrase};

/// Takes the words of the command line, else asks at the terminal if there is one. What is read-only is not asked for.
pub fn ask(plan: &Plan, rules: &Guard, words: Option<&str>) -> Result<Consent, Failure> {
    if let Some(words) = words {
        return Ok(Consent::Phrase(words.to_owned()));
    }
    let environment = &plan.target.environment;
    let required: Result<Required, Refusal> = rules.allows(plan.risk, &environment.name, environment.protection);
    let Ok(required) = required else { return Ok(Consent::Nothing) };
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if required == Required::Nothing || !is_terminal {
        return Ok(Consent::Nothing);
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
        Required::Phrase => Consent::Phrase(line.to_owned()),
        _ if matches!(line, "y" | "Y" | "yes") => Consent::Yes,
        _ => Consent::Nothing,
    })
}
