//! What must hold for every row of the table in every keymap.

use std::collections::BTreeSet;

use crate::command::{CommandId, Keymap, Risk, Scope, TABLE};
use crate::config::keymap::{BUNDLED, Chord, Lookup, Scope as _};

#[test]
fn every_bundled_keymap_is_read_without_a_complaint_and_reaches_every_command() {
    for (name, _) in BUNDLED {
        let (keymap, errors) = Keymap::load(name, None);
        assert_eq!(errors, [], "{name}");
        for row in TABLE {
            let typing = row.scope.is_typing();
            let shared = [Scope::List, Scope::App].contains(&row.scope);
            let inner = |s: &Scope| *s == row.scope || (shared && s.chain().contains(&row.scope));
            let given = |s: Scope, id| keymap.effective(s.chain()).iter().any(|b| b.command == id);
            for home in Scope::ALL.into_iter().filter(inner) {
                // what no key gives has a name on the palette, and a key opens that
                let named = !typing && given(home, CommandId::PaletteOpen);
                assert!(given(home, row.id) || named, "{name}: nothing gives {} in {home:?}", row.name);
            }
        }
    }
}

#[test]
fn what_is_called_by_name_is_called_so_by_one_command_only() {
    let mut words = BTreeSet::new();
    for row in TABLE {
        for word in row.words {
            assert!(words.insert(*word), "{word} is said twice");
            assert!(CommandId::parse(word).is_none() && !word.contains(char::is_whitespace), "{word}");
            assert_eq!(CommandId::by_word(word), Some(row.id));
        }
        assert_eq!(CommandId::by_word(row.name), Some(row.id));
        assert!(row.takes.is_none() || !row.words.is_empty(), "{} takes something and has no word", row.name);
    }
}

#[test]
fn what_changes_the_world_has_a_verb_for_scripts() {
    for row in TABLE {
        assert!(row.risk == Risk::Look || row.cli.is_some(), "{} has no verb", row.name);
    }
}

#[test]
fn the_way_out_is_open_everywhere() {
    for (name, _) in BUNDLED {
        let (keymap, _) = Keymap::load(name, None);
        let out = [CommandId::ViewBack, CommandId::ProgramQuit, CommandId::PaletteOpen];
        for scope in Scope::ALL.into_iter().filter(|s| s.chain().contains(&Scope::Global)) {
            for id in out {
                assert!(keymap.effective(scope.chain()).iter().any(|b| b.command == id), "{name}: {id:?} in {scope:?}");
            }
        }
        let closes = [
            (Scope::Palette, CommandId::PaletteClose),
            (Scope::Prompt, CommandId::PromptCancel),
            (Scope::Login, CommandId::LoginCancel),
        ];
        for (scope, id) in closes {
            let esc = keymap.lookup(scope.chain(), &[Chord::parse("esc").unwrap()]);
            assert_eq!(esc, Lookup::Command(id), "{name}");
        }
    }
}

#[test]
fn the_default_keymap_says_nothing_wrong_about_itself() {
    let (name, text) = BUNDLED[0];
    let mut bare = Keymap::bundled();
    assert_eq!(bare.patch(name, text), []);
}
