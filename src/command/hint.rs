//! The hint line and the help page, made from the table and the keymap.

use super::Keymap;
use super::scope::Scope;
use super::table::{CommandId, TABLE};
use crate::config::keymap::Binding;

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
    /// Which command.
    pub id: CommandId,
    /// Every key that does it.
    pub keys: String,
    /// What it does.
    pub help: String,
}

/// The shortest key of every command that a key gives in some scopes.
#[derive(Clone, Debug)]
pub struct Shortest(Vec<(CommandId, String)>);

impl Shortest {
    /// Looks every command up once.
    #[must_use]
    pub fn new(keymap: &Keymap, scopes: &[Scope]) -> Self {
        let bindings = keymap.effective(&with_global(scopes));
        Self(bindings.into_iter().map(|b| (b.command, b.spelled())).collect())
    }

    /// The shortest key of a command.
    #[must_use]
    pub fn of(&self, id: CommandId) -> Option<String> {
        let keys = self.0.iter().filter(|(command, _)| *command == id).map(|(_, keys)| keys);
        keys.min_by_key(|keys| keys.chars().count()).cloned()
    }
}

/// The hint line where `scopes` are looked up: their own commands first, then those that work everywhere.
#[must_use]
pub fn hints(keymap: &Keymap, scopes: &[Scope]) -> Vec<Hint> {
    let chain = with_global(scopes);
    let shortest = Shortest::new(keymap, &chain);
    let titled = chain.iter().flat_map(|scope| TABLE.iter().filter(|row| row.scope == *scope && !row.title.is_empty()));
    let titled = titled.filter(|row| leads_on(row.id, scopes));
    titled.filter_map(|row| Some(Hint { keys: shortest.of(row.id)?, title: row.title, id: row.id })).collect()
}

/// Whether a hint says something of a command where `scopes` are looked up: what opens the visible screen does not, and
/// of the two ways out one goes back and the other quits.
fn leads_on(id: CommandId, scopes: &[Scope]) -> bool {
    let within = |scope| scopes.contains(&scope);
    match id {
        CommandId::ViewQuit => within(Scope::List),
        CommandId::ViewBack => !within(Scope::List),
        CommandId::ViewLinks => !within(Scope::Links),
        CommandId::ViewHelp => !within(Scope::Help),
        CommandId::WhyOpen => !within(Scope::Why),
        CommandId::DiffOpen => !within(Scope::Diff),
        CommandId::EventsOpen => !within(Scope::Events),
        CommandId::CopyOpen => ![Scope::Copy, Scope::Links, Scope::Help].into_iter().any(within),
        _ => true,
    }
}

/// The help page where `scopes` are looked up: exactly the keys that work there, those of the innermost scope first. What
/// no key does is not listed, nor a key that an inner scope uses for something else.
#[must_use]
pub fn help(keymap: &Keymap, scopes: &[Scope]) -> Vec<HelpSection> {
    let chain = with_global(scopes);
    let bindings = keymap.effective(&chain);
    let section = |scope: &Scope| {
        let own: Vec<_> = bindings.iter().filter(|b| b.scope == *scope).copied().collect();
        HelpSection { title: scope.title().to_owned(), entries: entries(&own) }
    };
    chain.iter().map(section).filter(|section| !section.entries.is_empty()).collect()
}

fn entries(bindings: &[&Binding<CommandId>]) -> Vec<HelpEntry> {
    let line = |id: CommandId| {
        let keys: Vec<String> = bindings.iter().filter(|b| b.command == id).map(|b| b.spelled()).collect();
        (!keys.is_empty()).then(|| HelpEntry { id, keys: keys.join(" "), help: id.spec().help.to_owned() })
    };
    TABLE.iter().filter_map(|row| line(row.id)).collect()
}

/// The scopes of a screen and those around it.
#[must_use]
pub fn with_global(scopes: &[Scope]) -> Vec<Scope> {
    let mut chain = scopes.to_vec();
    let typing = scopes.iter().any(|scope| scope.is_typing());
    if !typing && !scopes.contains(&Scope::Global) {
        chain.push(Scope::Global);
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(sections: &[HelpSection]) -> Vec<String> {
        sections.iter().flat_map(|s| &s.entries).map(|e| e.keys.clone()).collect()
    }

    #[test]
    fn the_keys_of_this_screen_come_first_and_no_others() {
        let sections = help(&Keymap::bundled(), &[Scope::Board, Scope::List]);
        let titles: Vec<_> = sections.iter().map(|s| s.title.as_str()).collect();
        assert_eq!(titles, ["Board", "Lists", "Everywhere"]);
        assert_eq!(help(&Keymap::bundled(), &[Scope::Prompt]).len(), 1);
    }

    #[test]
    fn a_hint_leads_on_from_where_it_stands() {
        let said =
            |scopes: &[Scope]| hints(&Keymap::bundled(), scopes).into_iter().map(|hint| hint.title).collect::<Vec<_>>();
        let (list, links) = (said(&[Scope::Board, Scope::List, Scope::App]), said(&[Scope::Links]));
        assert!(list.contains(&"quit") && !list.contains(&"back") && list.contains(&"sources"), "{list:?}");
        assert!(!links.contains(&"quit") && links.contains(&"back") && !links.contains(&"sources"), "{links:?}");
    }

    #[test]
    fn a_rebound_key_moves_in_hint_and_help_and_what_it_hides_is_gone() {
        let mut keymap = Keymap::bundled();
        let errors =
            keymap.patch("mine.toml", "[keys.list]\n\"/\" = \"\"\n\"f5\" = \"filter.open\"\n\"j\" = \"filter.open\"\n");
        assert_eq!(errors, []);
        let hints = hints(&keymap, &[Scope::Fleet, Scope::List]);
        let filter = hints.iter().find(|h| h.id == CommandId::FilterOpen).unwrap();
        assert_eq!(filter.keys, "j");
        let said = keys(&help(&keymap, &[Scope::Fleet, Scope::List]));
        assert!(said.contains(&"f5 j".to_owned()) && said.contains(&"down".to_owned()), "{said:?}");
        assert!(!said.iter().any(|k| k.split(' ').any(|k| k == "/")));
        assert!(keys(&help(&keymap, &[Scope::Links])).contains(&"j down".to_owned()), "elsewhere j still moves");
    }
}
