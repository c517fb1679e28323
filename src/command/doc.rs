//! The README's table of keys.

use std::fmt::Write as _;

use super::Keymap;
use super::table::{Scope, TABLE};

/// The commands of every scope with their keys, as a Markdown table.
#[must_use]
pub fn markdown(keymap: &Keymap) -> String {
    let mut out = String::from("| where | keys | what |\n|---|---|---|\n");
    let order = [Scope::Global, Scope::List, Scope::Board, Scope::Fleet, Scope::Chooser, Scope::Links, Scope::Prompt];
    for scope in order {
        for row in TABLE.iter().filter(|row| row.scope == scope) {
            let keys: Vec<String> = keymap.keys_of(scope, row.id).iter().map(|k| format!("`{}`", escape(k))).collect();
            _ = writeln!(out, "| {} | {} | {} |", scope.title(), keys.join(" "), row.help);
        }
    }
    out
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
}
