//! Which keys give which commands.

use std::collections::BTreeMap;

pub use super::chord::Chord;
use super::document::{Document, Entry};
use super::error::ConfigError;
use crate::command::{CommandId, Scope, TABLE};

/// The keymaps that come with the program.
pub const BUNDLED: [(&str, &str); 1] = [("default", include_str!("../../keymaps/default.toml"))];

/// A key sequence bound to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where it holds.
    pub scope: Scope,
    /// The keys in their order.
    pub keys: Vec<Chord>,
    /// What it gives.
    pub command: CommandId,
    /// Where it comes from: `default`, or file and line.
    pub origin: String,
}

/// What a sequence of keys means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Nothing.
    None,
    /// The beginning of something.
    Prefix,
    /// A command.
    Command(CommandId),
}

/// The effective keymap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Keymap {
    /// The default keymap alone.
    #[must_use]
    pub fn bundled() -> Self {
        let mut keymap = Self::default();
        let (_, text) = BUNDLED[0];
        keymap.patch("default", text);
        keymap
    }

    /// Lays a file over the keymap. What is wrong in it is said and left out.
    pub fn patch(&mut self, file: &str, text: &str) -> Vec<ConfigError> {
        let (document, mut errors) = Document::parse(file, text);
        let mut here: BTreeMap<(Scope, String), usize> = BTreeMap::new();
        for section in document.entries() {
            if section.key != "keys" {
                errors.push(section.unknown("section", ["keys"]));
                continue;
            }
            match section.table() {
                Ok(scopes) => scopes.for_each(|scope| self.patch_scope(file, &scope, &mut here, &mut errors)),
                Err(error) => errors.push(error),
            }
        }
        errors
    }

    fn patch_scope(
        &mut self,
        file: &str,
        entry: &Entry<'_, '_>,
        here: &mut BTreeMap<(Scope, String), usize>,
        errors: &mut Vec<ConfigError>,
    ) {
        let Some(scope) = Scope::ALL.into_iter().find(|s| s.word() == entry.key) else {
            errors.push(entry.unknown("scope", Scope::ALL.map(Scope::word)));
            return;
        };
        let bindings = match entry.table() {
            Ok(bindings) => bindings,
            Err(error) => return errors.push(error),
        };
        for binding in bindings {
            match self.patch_binding(file, scope, &binding, here) {
                Ok(()) => {}
                Err(error) => errors.push(error),
            }
        }
    }

    fn patch_binding(
        &mut self,
        file: &str,
        scope: Scope,
        entry: &Entry<'_, '_>,
        here: &mut BTreeMap<(Scope, String), usize>,
    ) -> Result<(), ConfigError> {
        let keys = Chord::sequence(entry.key).map_err(|why| entry.wrong_key(&why, None))?;
        let spelled = spell(&keys);
        if let Some(line) = here.insert((scope, spelled.clone()), entry.line()) {
            let message = format!("`{spelled}` is bound twice in [keys.{}], first in line {line}", scope.word());
            return Err(entry.wrong_key(&message, Some("keep one of the two".to_owned())));
        }
        if entry.is_false() {
            self.bindings.retain(|b| b.scope != scope || b.keys != keys);
            return Ok(());
        }
        let name = entry.text()?;
        let Some(command) = CommandId::parse(name) else {
            let near = super::error::nearest(name, TABLE.iter().map(|c| c.name));
            let hint = near.map_or_else(|| "see `pilothouse --help` and ? for the commands".to_owned(), str::to_owned);
            return Err(entry.wrong(&format!("there is no command `{name}`"), Some(hint)));
        };
        let owner = command.spec().scope;
        if owner != scope {
            let message = format!("`{name}` belongs to [keys.{}], not to [keys.{}]", owner.word(), scope.word());
            return Err(entry.wrong(&message, Some(format!("move the line to [keys.{}]", owner.word()))));
        }
        let shadow = |b: &&Binding| {
            b.scope == scope && b.keys != keys && (b.keys.starts_with(&keys) || keys.starts_with(&b.keys))
        };
        if let Some(other) = self.bindings.iter().find(shadow) {
            let message = format!(
                "`{spelled}` and `{}` ({} from {}) begin alike: one of them could never be given",
                spell(&other.keys),
                other.command.spec().name,
                other.origin
            );
            let hint = format!("take the other away first: \"{}\" = false", spell(&other.keys));
            return Err(entry.wrong_key(&message, Some(hint)));
        }
        self.bindings.retain(|b| b.scope != scope || b.keys != keys);
        let origin = if file == "default" { file.to_owned() } else { format!("{file}:{}", entry.line()) };
        self.bindings.push(Binding { scope, keys, command, origin });
        Ok(())
    }

    /// What `pressed` means where `scopes` are looked up in their order.
    #[must_use]
    pub fn lookup(&self, scopes: &[Scope], pressed: &[Chord]) -> Lookup {
        for scope in scopes {
            let mut here = self.bindings.iter().filter(|b| b.scope == *scope && b.keys.starts_with(pressed));
            if let Some(binding) = here.next() {
                return if binding.keys.len() == pressed.len() {
                    Lookup::Command(binding.command)
                } else {
                    Lookup::Prefix
                };
            }
        }
        Lookup::None
    }

    /// The keys of a command, as they are written, in the order of the files.
    #[must_use]
    pub fn keys_of(&self, scope: Scope, command: CommandId) -> Vec<String> {
        self.bindings.iter().filter(|b| b.scope == scope && b.command == command).map(|b| spell(&b.keys)).collect()
    }

    /// Every binding.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.iter()
    }
}

fn spell(keys: &[Chord]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(text: &str) -> (Keymap, Vec<String>) {
        let mut keymap = Keymap::bundled();
        let errors = keymap.patch("keys.toml", text);
        (keymap, errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_bundled_keymap_reaches_every_command_without_a_complaint() {
        for (name, text) in BUNDLED {
            let mut keymap = if name == "default" { Keymap::default() } else { Keymap::bundled() };
            assert_eq!(keymap.patch(name, text), [], "{name}");
            for row in TABLE {
                assert!(!keymap.keys_of(row.scope, row.id).is_empty(), "{name}: no key gives {}", row.name);
            }
        }
    }

    #[test]
    fn brackets_stay_free_and_a_bare_g_never_acts() {
        let keymap = Keymap::bundled();
        for scope in Scope::ALL {
            let bare = Chord::parse("g").unwrap();
            assert!(!matches!(keymap.lookup(&[scope], &[bare]), Lookup::Command(_)));
            for free in ["[", "]"] {
                assert_eq!(keymap.lookup(&[scope], &[Chord::parse(free).unwrap()]), Lookup::None);
            }
        }
    }

    #[test]
    fn a_user_file_patches_and_takes_away() {
        let (keymap, errors) = patched("[keys.list]\n\"x\" = \"filter.open\"\n\"/\" = false\n");
        assert_eq!(errors, [""; 0]);
        assert_eq!(keymap.keys_of(Scope::List, CommandId::FilterOpen), ["x"]);
        let binding = keymap.bindings().find(|b| b.command == CommandId::FilterOpen).unwrap();
        assert_eq!(binding.origin, "keys.toml:2");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_the_rest_applies() {
        let (keymap, errors) = patched(
            "[keys.list]\n\"x\" = \"filter.opne\"\n\"entr\" = \"filter.open\"\n\"g\" = \"filter.open\"\n\"X\" = \"filter.open\"\n\
             \"Y\" = 3\n[keys.bord]\n[keys.global]\n\"g\" = \"view.help\"\n",
        );
        let said = errors.join("\n");
        for wanted in [
            "keys.toml:2: ",
            "try: filter.open",
            "keys.toml:3: ",
            "keys.toml:6: ",
            "keys.toml:7: ",
            "try: board",
            "keys.toml:9: ",
        ] {
            assert!(said.contains(wanted), "{wanted:?} is missing in\n{said}");
        }
        assert!(said.contains("cursor.top from default"), "{said}");
        assert!(keymap.keys_of(Scope::List, CommandId::FilterOpen).contains(&"X".to_owned()));
    }
}
