//! Help and hints name the keys that work.

use pilothouse::command::CommandId;
use pilothouse::command::hint::{self, with_global};
use pilothouse::config::keymap::{Binding, Chord, Keymap, Lookup};
use pilothouse::view::{REGISTRY, ScreenId};

use crate::fixture::{cockpit, harbour};

use super::bound::keymaps;

#[test]
fn help_and_hints_list_exactly_the_keys_that_work() {
    for (_, keymap) in keymaps() {
        lists_what_works(&keymap);
    }
}

fn lists_what_works(keymap: &Keymap<CommandId>) {
    for screen in &REGISTRY {
        let own = screen.id.make().scopes();
        let scopes = with_global(own);
        let mut listed = Vec::new();
        for section in hint::help(keymap, own) {
            for entry in section.entries {
                let given = |b: &&Binding<CommandId>| b.command == entry.id && b.scope.title() == section.title;
                for binding in keymap.effective(&scopes).into_iter().filter(given) {
                    let keys = binding.spelled();
                    assert!(entry.keys.contains(&keys), "{keys} is missing for {}", entry.help);
                    let found = keymap.lookup(&scopes, &binding.keys);
                    assert_eq!(found, Lookup::Command(entry.id), "{keys} on the {}", screen.word);
                    listed.push((binding.scope, keys));
                }
            }
        }
        listed.sort();
        listed.dedup();
        let working = keymap.effective(&scopes).len();
        assert_eq!(listed.len(), working, "{}", screen.word);
        for hint in hint::hints(keymap, own) {
            let chords = Chord::sequence(&hint.keys).unwrap();
            assert_eq!(
                keymap.lookup(&scopes, &chords),
                Lookup::Command(hint.id),
                "{} on the {}",
                hint.keys,
                screen.word
            );
        }
    }
}

#[test]
fn help_shows_the_keys_of_the_screen_it_was_asked_on() {
    let mut cockpit = cockpit(harbour(), ScreenId::Links, (80, 40));
    cockpit.press("?");
    let text = cockpit.text();
    assert!(text.contains("Turn the selected source on or off") && text.contains("Everywhere"), "{text}");
    assert!(!text.contains("Sort by the next column"), "{text}");
}
