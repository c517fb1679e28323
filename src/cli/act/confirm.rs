//! What a person gives before a write: words of the command line, or an answer at the terminal.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use super::super::exit::Failure;
use crate::action::{Consent, Guard, Plan, Refusal, Required, phrase};
use crate::domain::{Environment, Risk};

/// Takes the words of the command line, else asks at the terminal if there is one. What is read-only is not asked for.
pub fn ask(plan: &Plan, rules: &Guard, words: Option<&str>) -> Result<Consent, Failure> {
    let environment = &plan.target.environment;
    let required = rules.allows(plan.risk, &environment.name, environment.protection);
    asked(required, &phrase(plan), words)
}

/// The same for a session, which `title` says in one line.
pub fn ask_for(title: &str, environment: &Environment, rules: &Guard, words: Option<&str>) -> Result<Consent, Failure> {
    let required = rules.allows(Risk::Session, &environment.name, environment.protection);
    if words.is_none() && required.as_ref().is_ok_and(|required| *required != Required::Nothing) {
        writeln!(std::io::stderr(), "{title}, in {}", environment.name)?;
    }
    asked(required, &environment.name, words)
}

fn asked(required: Result<Required, Refusal>, phrase: &str, words: Option<&str>) -> Result<Consent, Failure> {
    if let Some(words) = words {
        return Ok(Consent::Phrase(words.to_owned()));
    }
    let Ok(required) = required else { return Ok(Consent::Nothing) };
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if required == Required::Nothing || !is_terminal {
        return Ok(Consent::Nothing);
    }
    let mut screen = std::io::stderr();
    match required {
        Required::Phrase => write!(screen, "type {phrase} to go on: ")?,
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
