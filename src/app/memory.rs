//! What is known by name beside what the sources tell: saved filters, themes, keymaps, and what was typed before.

use std::collections::BTreeMap;

/// Lines of the palette that are remembered.
pub const LONGEST_HISTORY: usize = 200;

/// What is to be kept for the next start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// A line that was given to the palette.
    Line(String),
    /// A filter under a name.
    Filter(String, String),
    /// No filter under this name any more.
    NoFilter(String),
    /// The folder of a service's pods that is the workspace.
    Folder(String, String),
}

/// Names and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The themes there are.
    pub themes: Vec<String>,
    /// The keymaps there are.
    pub keymaps: Vec<String>,
    /// Filters of the settings file, by name.
    pub set: BTreeMap<String, String>,
    /// Filters that were saved from the palette, by name.
    pub saved: BTreeMap<String, String>,
    /// Lines given to the palette, oldest first.
    pub lines: Vec<String>,
}

impl Memory {
    /// Every filter: name, text, and whether it was saved from the palette. The settings go before what was saved.
    pub fn filters(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        let saved = self.saved.iter().filter(|(name, _)| !self.set.contains_key(*name));
        let set = self.set.iter().map(|(name, text)| (name.as_str(), text.as_str(), false));
        set.chain(saved.map(|(name, text)| (name.as_str(), text.as_str(), true)))
    }

    /// Why no filter can be saved under a name.
    #[must_use]
    pub fn refuses(&self, name: &str) -> Option<String> {
        if name.contains(char::is_whitespace) {
            return Some("a name is one word".to_owned());
        }
        self.set.contains_key(name).then(|| format!("your settings file has a filter `{name}`: change it there"))
    }

    /// Takes in what is to be kept.
    pub fn keep(&mut self, what: &Keep) {
        match what {
            Keep::Line(line) => remember(&mut self.lines, line),
            Keep::Filter(name, text) => drop(self.saved.insert(name.clone(), text.clone())),
            Keep::NoFilter(name) => drop(self.saved.remove(name)),
            // the desk has it: it is a fact of debugging, and no name
            Keep::Folder(..) => {}
        }
    }
}

/// Puts a line at the end of those that were typed; each is there once, and the oldest go.
pub fn remember(lines: &mut Vec<String>, line: &str) {
    lines.retain(|known| known != line);
    lines.push(line.to_owned());
    let too_many = lines.len().saturating_sub(LONGEST_HISTORY);
    lines.drain(..too_many);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_remembered_once_and_the_oldest_go() {
        let mut memory = Memory::default();
        for n in 0..LONGEST_HISTORY + 5 {
            memory.keep(&Keep::Line(format!("line {n}")));
        }
        memory.keep(&Keep::Line("line 10".to_owned()));
        assert_eq!(memory.lines.len(), LONGEST_HISTORY);
        assert_eq!((memory.lines[0].as_str(), memory.lines.last().unwrap().as_str()), ("line 5", "line 10"));
        assert_eq!(memory.lines.iter().filter(|l| *l == "line 10").count(), 1);
    }

    #[test]
    fn filters_of_the_settings_go_before_saved_ones_of_the_same_name() {
        let mut memory = Memory::default();
        memory.set.insert("mine".to_owned(), "env:dev".to_owned());
        memory.keep(&Keep::Filter("mine".to_owned(), "env:prod".to_owned()));
        memory.keep(&Keep::Filter("red".to_owned(), "trouble:".to_owned()));
        let all: Vec<_> = memory.filters().collect();
        assert_eq!(all, [("mine", "env:dev", false), ("red", "trouble:", true)]);
        assert!(memory.refuses("mine").is_some() && memory.refuses("two words").is_some());
        assert_eq!(memory.refuses("red"), None);
        memory.keep(&Keep::NoFilter("red".to_owned()));
        assert_eq!(memory.filters().count(), 1);
    }
}
