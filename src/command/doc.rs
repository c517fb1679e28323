//! The keys for documents and for `pilothouse keys`.

use std::fmt::Write as _;

use super::Keymap;
use super::scope::Scope;
use super::table::{CommandId, CommandSpec, TABLE};
use crate::config::keymap::{Binding, Word as _};

/// The commands of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Where they can be given.
    pub title: &'static str,
    /// Keys and names of each, and what it does.
    pub rows: Vec<(Vec<String>, &'static str)>,
}

/// Every command with its keys and its name: what works everywhere first.
#[must_use]
pub fn sections(keymap: &Keymap) -> Vec<Section> {
    let inner = Scope::ALL.into_iter().filter(|scope| *scope != Scope::Global);
    let order = std::iter::once(Scope::Global).chain(inner);
    let row = |row: &'static CommandSpec| {
        let mut keys = keymap.keys_of(row.scope, row.id);
        if keys.is_empty() || !row.words.is_empty() {
            keys.push(row.usage());
        }
        (keys, row.help)
    };
    order
        .map(|scope| Section {
            title: scope.title(),
            rows: TABLE.iter().filter(|row| row.scope == scope).map(row).collect(),
        })
        .collect()
}

/// The commands of every scope with their keys, as a Markdown table.
#[must_use]
pub fn markdown(keymap: &Keymap) -> String {
    let mut out = String::from("| where | keys | what |\n|---|---|---|\n");
    for section in sections(keymap) {
        for (keys, help) in section.rows {
            let keys: Vec<String> = keys.iter().map(|k| format!("`{}`", escape(k))).collect();
            _ = writeln!(out, "| {} | {} | {help} |", section.title, keys.join(" "));
        }
    }
    out
}

/// One line of `pilothouse keys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Where it works.
    pub scope: &'static str,
    /// What is pressed.
    pub chord: String,
    /// The name of the command.
    pub id: &'static str,
    /// What it does.
    pub help: &'static str,
    /// The bundled keymap it comes from, or file and line.
    pub origin: String,
}

/// Every binding: by scope, then in the order of the table.
#[must_use]
pub fn rows(keymap: &Keymap) -> Vec<KeyRow> {
    let mut bindings: Vec<_> = keymap.bindings().collect();
    bindings.sort_by_key(|b| (b.scope, b.command));
    let row = |b: &Binding<CommandId>| KeyRow {
        scope: b.scope.word(),
        chord: b.spelled(),
        id: b.command.word(),
        help: b.command.spec().help,
        origin: b.origin.clone(),
    };
    bindings.into_iter().map(row).collect()
}

fn escape(key: &str) -> String {
    key.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Run with `PILOTHOUSE_UPDATE=1` to write the table anew.
    #[test]
    fn the_readme_lists_the_keys_as_they_are() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let readme = std::fs::read_to_string(path).unwrap();
        let (begin, end) = ("<!-- keys:begin -->\n", "<!-- keys:end -->");
        let (before, rest) = readme.split_once(begin).unwrap();
        let (table, after) = rest.split_once(end).unwrap();
        let wanted = markdown(&Keymap::bundled());
        if std::env::var_os("PILOTHOUSE_UPDATE").is_some() {
            std::fs::write(path, format!("{before}{begin}{wanted}{end}{after}")).unwrap();
        } else {
            assert_eq!(table, wanted, "run this test with PILOTHOUSE_UPDATE=1 and commit README.md");
        }
    }

    #[test]
    fn every_command_is_listed_once_with_a_way_to_give_it() {
        let sections = sections(&Keymap::bundled());
        assert_eq!(sections.iter().map(|section| section.rows.len()).sum::<usize>(), TABLE.len());
        let rows = sections.iter().flat_map(|section| &section.rows);
        assert!(rows.clone().all(|(keys, _)| !keys.is_empty()));
    }

    #[test]
    fn every_row_states_where_it_comes_from() {
        let mut keymap = Keymap::bundled();
        let errors = keymap.patch("/home/x/config.toml", "[keys.global]\n\n\"ctrl-y\" = \"cursor.up\"\n");
        assert_eq!(errors, []);
        let rows = rows(&keymap);
        let mine: Vec<_> = rows.iter().filter(|r| r.origin != "default").collect();
        assert_eq!(mine.len(), 1);
        assert_eq!((mine[0].scope, mine[0].chord.as_str(), mine[0].id), ("global", "ctrl-y", "cursor.up"));
        assert_eq!(mine[0].origin, "/home/x/config.toml:3");
    }
}
