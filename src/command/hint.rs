//! The hint line and the help page, made from the table and the keymap.

use super::table::{CommandId, CommandSpec, Scope, TABLE};
use crate::config::keymap::Keymap;

/// A key and what it does, for the hint line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The shortest key that does it.
    pub keys: String,
    /// A word or two.
    pub title: &'static str,
    /// Which command: a click on the hint gives it.
    pub id: CommandId,
}

/// A block of the help page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpSection {
    /// Heading.
    pub title: String,
    /// Its keys.
    pub entries: Vec<HelpEntry>,
}

/// A line of the help page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpEntry {
    /// Every key that does it.
    pub keys: String,
    /// What it does.
    pub help: String,
}

/// The hint line where `scopes` are looked up: their own commands first, then those that work everywhere.
#[must_use]
pub fn hints(keymap: &Keymap, scopes: &[Scope]) -> Vec<Hint> {
    let titled = rows(scopes).filter(|row| !row.title.is_empty());
    titled
        .filter_map(|row| {
            let mut keys = keymap.keys_of(row.scope, row.id);
            keys.sort_by_key(|k| k.chars().count());
            Some(Hint { keys: keys.into_iter().next()?, title: row.title, id: row.id })
        })
        .collect()
}

/// The help page where `scopes` are looked up. Commands without a key are left out: nothing is listed that no key does.
#[must_use]
pub fn help(keymap: &Keymap, scopes: &[Scope]) -> Vec<HelpSection> {
    let everywhere = [Scope::Global];
    let sections = scopes.iter().chain(everywhere.iter().filter(|_| !scopes.contains(&Scope::Prompt)));
    sections
        .map(|scope| HelpSection { title: scope.title().to_owned(), entries: entries(keymap, *scope) })
        .filter(|section| !section.entries.is_empty())
        .collect()
}

fn entries(keymap: &Keymap, scope: Scope) -> Vec<HelpEntry> {
    let rows = TABLE.iter().filter(|row| row.scope == scope);
    rows.filter_map(|row| {
        let keys = keymap.keys_of(scope, row.id);
        (!keys.is_empty()).then(|| HelpEntry { keys: keys.join(" "), help: row.help.to_owned() })
    })
    .collect()
}

/// The rows of `scopes` in their order, then the global ones unless text is being typed.
fn rows(scopes: &[Scope]) -> impl Iterator<Item = &'static CommandSpec> {
    let typing = scopes.contains(&Scope::Prompt);
    let own = scopes.to_vec().into_iter().flat_map(|scope| TABLE.iter().filter(move |row| row.scope == scope));
    own.chain(TABLE.iter().filter(move |row| row.scope == Scope::Global && !typing))
}
