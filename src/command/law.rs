//! What must hold for every row of the table in every keymap, as tests.

use proptest::prelude::*;

use super::Keymap;
use super::table::{CommandId, Scope, TABLE};
use crate::config::keymap::{BUNDLED, Chord, Lookup, Scope as _};

fn patched(text: &str) -> (Keymap, Vec<String>) {
    let mut keymap = Keymap::bundled();
    let errors = keymap.patch("keys.toml", text);
    (keymap, errors.iter().map(ToString::to_string).collect())
}

#[test]
fn every_bundled_keymap_reaches_every_command_without_a_complaint() {
    for (name, _) in BUNDLED {
        let (keymap, errors) = Keymap::load(name, None);
        assert_eq!(errors, [], "{name}");
        for row in TABLE {
            let inner = |s: &Scope| *s == row.scope || (row.scope == Scope::List && s.chain().contains(&Scope::List));
            let mut homes = Scope::ALL.into_iter().filter(inner);
            let given = |s: Scope| keymap.effective(s.chain()).iter().any(|b| b.command == row.id);
            assert!(homes.all(given), "{name}: no key gives {} somewhere it belongs", row.name);
        }
    }
}

#[test]
fn the_way_out_is_open_everywhere() {
    for (name, _) in BUNDLED {
        let (keymap, _) = Keymap::load(name, None);
        let out = [CommandId::ViewBack, CommandId::ViewQuit, CommandId::ProgramQuit];
        for scope in Scope::ALL.into_iter().filter(|s| *s != Scope::Prompt) {
            for id in out {
                assert!(keymap.effective(scope.chain()).iter().any(|b| b.command == id), "{name}: {id:?} in {scope:?}");
            }
        }
    }
}

#[test]
fn the_default_keymap_says_nothing_wrong_about_itself() {
    let (name, text) = BUNDLED[0];
    let mut bare = Keymap::bundled();
    assert_eq!(bare.patch(name, text), []);
}

#[test]
fn brackets_stay_free_and_a_bare_g_acts_in_k9s_alone() {
    for (name, _) in BUNDLED {
        let (keymap, _) = Keymap::load(name, None);
        for scope in Scope::ALL {
            let bare = keymap.lookup(scope.chain(), &[Chord::parse("g").unwrap()]);
            let acts = matches!(bare, Lookup::Command(_));
            assert!(!acts || (*name == "k9s" && bare == Lookup::Command(CommandId::CursorTop)), "{name}: {bare:?}");
            for free in ["[", "]"] {
                assert_eq!(keymap.lookup(scope.chain(), &[Chord::parse(free).unwrap()]), Lookup::None, "{name}");
            }
        }
    }
}

#[test]
fn esc_and_q_of_no_keymap_stand_for_quitting_at_once() {
    for (name, _) in BUNDLED {
        let (keymap, _) = Keymap::load(name, None);
        for key in ["esc", "q"] {
            let pressed = [Chord::parse(key).unwrap()];
            for scope in Scope::ALL {
                assert_ne!(
                    keymap.lookup(scope.chain(), &pressed),
                    Lookup::Command(CommandId::ProgramQuit),
                    "{name}: {key} in {scope:?}"
                );
            }
        }
    }
}

#[test]
fn people_find_their_keys() {
    let cases = [
        ("vim", Scope::Board, "h", CommandId::CursorLeft),
        ("vim", Scope::Fleet, "Z Z", CommandId::ProgramQuit),
        ("k9s", Scope::Fleet, "ctrl-z", CommandId::FilterProblems),
        ("k9s", Scope::Links, "alt-z", CommandId::ProgramSuspend),
        ("k9s", Scope::Board, "g", CommandId::CursorTop),
        ("argonaut", Scope::Fleet, "r", CommandId::AppOpen),
    ];
    for (name, scope, keys, wanted) in cases {
        let (keymap, _) = Keymap::load(name, None);
        let pressed = Chord::sequence(keys).unwrap();
        assert_eq!(keymap.lookup(scope.chain(), &pressed), Lookup::Command(wanted), "{name}: {keys}");
        let origins: Vec<_> = keymap.bindings().map(|b| b.origin.as_str()).collect();
        assert!(origins.contains(&name) && origins.contains(&"default"), "{name}");
    }
}

#[test]
fn a_user_file_patches_and_takes_away() {
    let (keymap, errors) = patched("[keys.list]\n\"x\" = \"filter.open\"\n\"/\" = false\n\"v\" = \"\"\n");
    assert_eq!(errors, [""; 0]);
    assert_eq!(keymap.keys_of(Scope::List, CommandId::FilterOpen), ["x"]);
    assert!(keymap.keys_of(Scope::List, CommandId::ViewSwitch).is_empty());
    let binding = keymap.bindings().find(|b| b.command == CommandId::FilterOpen).unwrap();
    assert_eq!(binding.origin, "keys.toml:2");
}

#[test]
fn a_file_frees_a_key_and_uses_it_in_any_order() {
    let (keymap, errors) = patched("[keys.global]\n\"g\" = \"cursor.top\"\n\"g g\" = \"\"\n");
    assert_eq!(errors, [""; 0]);
    assert_eq!(keymap.keys_of(Scope::Global, CommandId::CursorTop), ["home", "g"]);
}

#[test]
fn the_keys_of_a_settings_file_are_read_without_a_word_about_the_rest() {
    let mut keymap = Keymap::bundled();
    let errors =
        keymap.patch_from_settings("config.toml", "theme = 3\n[keys.list]\n\"x\" = \"filter.opne\"\n[[environment]]\n");
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["config.toml:3: there is no command `filter.opne`\n  try: filter.open"]);
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_the_rest_applies() {
    let (keymap, errors) = patched(
        r#"[keys.list]
"x" = "filter.opne"
"entr" = "filter.open"
"g" = "filter.open"
"X" = "filter.open"
"Y" = 3
"X" = "view.switch"
"ctrl-x" = "filter.open"
"ctrl-X" = "view.switch"
"b" = "source.toggle"
"f9" = ""
[keys.bord]
[keys.global]
"g" = "view.help"
"#,
    );
    let expected = [
        "keys.toml:2: there is no command `filter.opne`\n  try: filter.open",
        "keys.toml:3: there is no key `entr`; did you mean `enter`?",
        "keys.toml:4: `g` (filter.open) and `g g` (cursor.top from default) begin alike: one of them could never be \
         given\n  try: \"g g\" = \"\" under [keys.global] takes the other away",
        "keys.toml:6: `Y` takes a text in quotes; this is of type integer",
        "keys.toml:7: not TOML: duplicate key",
        "keys.toml:9: `ctrl-x` is bound twice in [keys.list]: to filter.open in line 8 and to view.switch here\n  try: \
         keep one of the two; the first applies",
        "keys.toml:10: `source.toggle` belongs to [keys.links] and does nothing in [keys.list]\n  try: move the line to \
         [keys.links]",
        "keys.toml:11: `f9` is not bound in [keys.list]",
        "keys.toml:12: there is no scope `bord`\n  try: board",
        "keys.toml:14: `g` (view.help) and `g g` (cursor.top from default) begin alike: one of them could never be \
         given\n  try: \"g g\" = \"\" under [keys.global] takes the other away",
    ];
    assert_eq!(errors, expected);
    assert!(keymap.keys_of(Scope::List, CommandId::FilterOpen).contains(&"X".to_owned()));
}

#[test]
fn an_unknown_keymap_leaves_the_default() {
    let (keymap, errors) = Keymap::load("defualt", None);
    assert_eq!(keymap, Keymap::bundled());
    assert_eq!(errors[0].to_string(), "defualt: there is no keymap of this name\n  try: default");
}

proptest! {
    /// Whatever is done to a bundled keymap, reading it ends in a keymap and in errors that name a line of it, and what
    /// stands in other lines applies.
    #[test]
    fn a_broken_keymap_is_never_a_crash(
        which in 0..BUNDLED.len(), at: prop::sample::Index, noise in "[\\[\\]={}\"#a-z0-9 .\n-]{1,8}",
    ) {
        let text = BUNDLED[which].1;
        let cut = text.floor_char_boundary(at.index(text.len()));
        let rest = text.ceil_char_boundary((cut + noise.len()).min(text.len()));
        let broken = format!("{}{noise}{}", &text[..cut], &text[rest..]);
        let mut keymap = Keymap::bundled();
        for error in keymap.patch("broken.toml", &broken) {
            prop_assert!((1..=broken.matches('\n').count() + 1).contains(&error.line), "{error}");
        }
    }
}
