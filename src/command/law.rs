//! What must hold for every row of the table in every keymap, as tests.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::Keymap;
use super::Risk;
use super::scope::Scope;
use super::table::{CommandId, TABLE};
use crate::config::keymap::{BUNDLED, Chord, Lookup, Scope as _};

fn patched(text: &str) -> (Keymap, Vec<String>) {
    let mut keymap = Keymap::bundled();
    let errors = keymap.patch("keys.toml", text);
    (keymap, errors.iter().map(ToString::to_string).collect())
}

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

#[test]
fn brackets_are_the_history_everywhere_and_a_bare_g_acts_in_k9s_alone() {
    for (name, _) in BUNDLED {
        let (keymap, _) = Keymap::load(name, None);
        for scope in Scope::ALL.into_iter().filter(|s| s.chain().contains(&Scope::Global)) {
            let press = |key| keymap.lookup(scope.chain(), &[Chord::parse(key).unwrap()]);
            let bare = press("g");
            let acts = matches!(bare, Lookup::Command(_));
            assert!(!acts || (*name == "k9s" && bare == Lookup::Command(CommandId::CursorTop)), "{name}: {bare:?}");
            assert_eq!(press("["), Lookup::Command(CommandId::HistoryBack), "{name} in {scope:?}");
            assert_eq!(press("]"), Lookup::Command(CommandId::HistoryForward), "{name} in {scope:?}");
        }
    }
}

#[test]
fn digits_count_in_vim_and_are_environments_elsewhere() {
    for (name, _) in BUNDLED {
        let (keymap, _) = Keymap::load(name, None);
        assert_eq!(keymap.counts(), *name == "vim", "{name}");
        for digit in 0..=9 {
            let pressed = [Chord::parse(&digit.to_string()).unwrap()];
            for scope in Scope::ALL {
                let free = keymap.lookup(scope.chain(), &pressed) == Lookup::None;
                assert!(free || !keymap.counts(), "{name}: {digit} does not count in {scope:?}");
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

/// What hands expect that come from elsewhere: what they press, on which screen, and what they mean by it. Where two
/// habits clash, the harmless meaning is the one that holds.
#[test]
fn people_find_their_keys() {
    use CommandId as C;
    let everyone: &[(Scope, &str, C)] = &[
        (Scope::Fleet, "j", C::CursorDown),
        (Scope::Fleet, "k", C::CursorUp),
        (Scope::Fleet, "down", C::CursorDown),
        (Scope::Fleet, "G", C::CursorBottom),
        (Scope::Fleet, "pagedown", C::PageDown),
        (Scope::Fleet, "ctrl-f", C::PageDown),
        (Scope::Fleet, "ctrl-b", C::PageUp),
        (Scope::Fleet, "ctrl-d", C::HalfPageDown),
        (Scope::Fleet, "enter", C::AppOpen),
        (Scope::Detail, "esc", C::ViewBack),
        (Scope::Detail, ":", C::PaletteOpen),
        (Scope::Fleet, "/", C::FilterOpen),
        (Scope::Logs, "/", C::LogsSearch),
        (Scope::Logs, "n", C::LogsNext),
        (Scope::Logs, "N", C::LogsPrior),
        (Scope::Detail, "?", C::ViewHelp),
        (Scope::Fleet, "space", C::MarkToggle),
        (Scope::Detail, "[", C::HistoryBack),
        (Scope::Detail, "l", C::LogsOpen),
        (Scope::Detail, "e", C::EventsOpen),
        (Scope::Fleet, "ctrl-r", C::SourcesReconnect),
        (Scope::Fleet, "ctrl-c", C::ProgramQuit),
    ];
    let vim: &[(Scope, &str, C)] = &[
        (Scope::Board, "h", C::CursorLeft),
        (Scope::Board, "l", C::CursorRight),
        (Scope::Fleet, "g g", C::CursorTop),
        (Scope::Fleet, "ctrl-u", C::HalfPageUp),
        (Scope::Fleet, "ctrl-e", C::CursorDown),
        (Scope::Detail, "ctrl-o", C::HistoryBack),
        (Scope::Fleet, "g t", C::ViewSwitch),
        (Scope::Detail, "ctrl-^", C::HistoryLast),
        (Scope::Fleet, "Z Z", C::ProgramQuit),
        (Scope::Fleet, "Z Q", C::ProgramQuit),
        (Scope::Palette, "ctrl-p", C::PaletteUp),
        (Scope::Prompt, "ctrl-n", C::PromptDown),
    ];
    let k9s: &[(Scope, &str, C)] = &[
        (Scope::Fleet, "g", C::CursorTop),
        (Scope::Board, "h", C::CursorLeft),
        (Scope::Fleet, "0", C::EnvironmentAll),
        (Scope::Fleet, "ctrl-z", C::FilterProblems),
        (Scope::Links, "alt-z", C::ProgramSuspend),
        (Scope::Fleet, "ctrl-space", C::MarkShown),
        (Scope::Fleet, "ctrl-\\", C::MarkClear),
        (Scope::Detail, "-", C::HistoryLast),
        (Scope::Detail, "]", C::HistoryForward),
        (Scope::Fleet, "ctrl-a", C::PaletteOpen),
        (Scope::Logs, "c", C::CopyOpen),
        (Scope::Logs, "3", C::LogsMinutes5),
        (Scope::Logs, "4", C::LogsMinutes15),
        (Scope::Logs, "5", C::LogsMinutes30),
        (Scope::Fleet, "p", C::LogsOpenPrevious),
        (Scope::Logs, "0", C::LogsTail),
        (Scope::Logs, "1", C::LogsHead),
        (Scope::Logs, "2", C::LogsMinutes1),
        (Scope::Logs, "6", C::LogsMinutes60),
        (Scope::Logs, "s", C::LogsFollow),
        (Scope::Logs, "t", C::LogsTimestamps),
        (Scope::Logs, "w", C::LogsWrap),
        (Scope::Logs, "ctrl-s", C::LogsSave),
    ];
    let argonaut: &[(Scope, &str, C)] = &[
        (Scope::Fleet, "r", C::AppOpen),
        (Scope::Fleet, "g g", C::CursorTop),
        (Scope::Fleet, "s", C::AppSync),
        (Scope::Fleet, "R", C::DeploymentsOpen),
        (Scope::Fleet, "K", C::K9sOpen),
        (Scope::Fleet, "space", C::MarkToggle),
        (Scope::Fleet, "Z Z", C::ProgramQuit),
        (Scope::Fleet, "Z Q", C::ProgramQuit),
        (Scope::Detail, "a", C::ActionsOpen),
        (Scope::Detail, "n", C::SearchNext),
        (Scope::Detail, "N", C::SearchPrior),
        (Scope::Events, "u", C::CursorDown),
        (Scope::Events, "i", C::CursorUp),
        (Scope::Deployments, "R", C::DeploymentsChoose),
        (Scope::Plan, "p", C::PlanPrune),
        (Scope::Plan, "f", C::PlanForce),
        (Scope::Plan, "d", C::PlanDryRun),
        (Scope::Plan, "l", C::PlanOther),
        (Scope::Help, "?", C::ViewBack),
        // at the top it does nothing since 2.3
        (Scope::Fleet, "q", C::ViewBack),
    ];
    for (name, own) in [("default", &[][..]), ("vim", vim), ("k9s", k9s), ("argonaut", argonaut)] {
        let (keymap, _) = Keymap::load(name, None);
        for (scope, keys, wanted) in everyone.iter().chain(own) {
            let pressed = Chord::sequence(keys).unwrap();
            let found = keymap.lookup(scope.chain(), &pressed);
            assert_eq!(found, Lookup::Command(*wanted), "{name}: {keys} in {scope:?}");
        }
        let origins: Vec<_> = keymap.bindings().map(|b| b.origin.as_str()).collect();
        assert!(origins.contains(&name) && origins.contains(&"default"), "{name}");
    }
    // what they type after the colon
    for (word, wanted) in [
        ("q", C::ProgramQuit),
        ("q!", C::ProgramQuit),
        ("qa", C::ProgramQuit),
        ("wq", C::ProgramQuit),
        ("ctx", C::FilterSource),
        ("cls", C::FilterSource),
        ("proj", C::FilterProject),
        ("all", C::EnvironmentAll),
        ("up", C::ViewBack),
        ("resources", C::AppOpen),
        ("refresh!", C::AppRefreshHard),
        ("rollback", C::DeploymentsOpen),
        ("delete", C::AppDelete),
        ("sync", C::AppSync),
    ] {
        assert_eq!(C::by_word(word), Some(wanted), "{word}");
    }
    for word in ["ns", "app", "apps", "project", "sort", "theme", "logs", "events", "help"] {
        assert!(C::by_word(word).is_some(), "{word}");
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
    let (keymap, errors) = patched("[keys.global]\n\"ctrl-l\" = \"cursor.top\"\n\"?\" = \"\"\n\"ctrl-l j\" = \"\"\n");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(keymap.keys_of(Scope::Global, CommandId::ViewHelp).is_empty());
    let (mut keymap, _) = patched("[keys.global]\n\"f7 y\" = \"cursor.top\"\n");
    assert_eq!(keymap.patch("mine.toml", "[keys.global]\n\"f7\" = \"cursor.top\"\n\"f7 y\" = \"\"\n"), []);
    assert_eq!(keymap.keys_of(Scope::Global, CommandId::CursorTop), ["g g", "home", "f7"]);
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
        "keys.toml:3: there is no key `entr`\n  try: enter",
        "keys.toml:4: `g` (filter.open) and `g g` (cursor.top from default) begin alike, and 4 more: one of them could \
         never be given\n  try: \"g g\" = \"\" under [keys.global], \"g b\" = \"\" under [keys.global], \"g f\" = \"\" \
         under [keys.global], \"g o\" = \"\" under [keys.global], \"g l\" = \"\" under [keys.global] take the others away",
        "keys.toml:6: `Y` takes a text in quotes; this is of type integer\n  try: Y = \"...\"",
        "keys.toml:7: not TOML: duplicate key\n  try: keep one of the two",
        "keys.toml:9: `ctrl-x` is bound twice in [keys.list]: to filter.open in line 8 and to view.switch here\n  try: \
         keep one of the two; the first applies",
        "keys.toml:10: `source.toggle` belongs to [keys.links] and does nothing in [keys.list]\n  try: move the line to \
         [keys.links]",
        "keys.toml:11: `f9` is not bound in [keys.list]\n  try: take the line away",
        "keys.toml:12: there is no scope `bord`\n  try: board",
        "keys.toml:14: `g` (view.help) and `g g` (cursor.top from default) begin alike, and 4 more: one of them could \
         never be given\n  try: \"g g\" = \"\" under [keys.global], \"g b\" = \"\" under [keys.global], \"g f\" = \"\" \
         under [keys.global], \"g o\" = \"\" under [keys.global], \"g l\" = \"\" under [keys.global] take the others away",
    ];
    assert_eq!(errors, expected);
    assert!(keymap.keys_of(Scope::List, CommandId::FilterOpen).contains(&"X".to_owned()));
}

#[test]
fn a_heading_that_is_missing_is_one_mistake() {
    let (_, text) = BUNDLED[0];
    let without = |heading: &str| patched(&text.replace(&format!("{heading}\n"), ""));
    let line = |heading: &str| 1 + text.lines().position(|line| line == heading).unwrap();
    let (_, errors) = without("[keys.resource]");
    let at = line("[keys.resource]");
    let expected = format!(
        "keys.toml:{at}: `/` and 3 more below it stand under [keys.detail] and mean nothing there\n  try: put \
         [keys.resource] above line {at}"
    );
    assert_eq!(errors, [expected]);
    let (keymap, errors) = without("[keys.global]");
    let at = line("[keys.global]");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        errors[0].contains("before the first heading") && errors[0].contains("put [keys.global] above"),
        "{errors:?}"
    );
    assert!(errors[0].starts_with(&format!("keys.toml:{at}: `j` and ")), "{errors:?}");
    let keys = [(Scope::Global, CommandId::CursorDown, "j"), (Scope::List, CommandId::FilterOpen, "/")];
    assert!(keys.iter().all(|(scope, id, key)| keymap.keys_of(*scope, *id)[0] == *key), "the rest applies");
    // what was bound before stays bound
    let mine =
        "[keys.global]\n\"ctrl-y\" = \"cursor.up\"\n[keys.list]\n\"x\" = \"filter.open\"\n\"X\" = \"view.switch\"\n";
    let (before, errors) = patched(mine);
    assert_eq!(errors, [""; 0]);
    let mut later = Keymap::bundled();
    let errors = later.patch("keys.toml", &mine.replace("[keys.list]\n", ""));
    assert_eq!(errors.len(), 1);
    later.keep(&before, &errors);
    for key in ["x", "X"] {
        let pressed = [Chord::parse(key).unwrap()];
        assert_eq!(later.lookup(Scope::Fleet.chain(), &pressed), before.lookup(Scope::Fleet.chain(), &pressed));
    }
}

#[test]
fn what_a_wrong_line_was_to_free_is_not_complained_of() {
    for freed in ["3", "\"curosr.top\"", "\"", "\"\" ="] {
        let (_, errors) = patched(&format!(
            "[keys.global]\n\"g b\" = \"\"\n\"g f\" = \"\"\n\"g o\" = \"\"\n\"g l\" = \"\"\n\
             \"g g\" = {freed}\n\"g\" = \"cursor.top\"\n"
        ));
        assert_eq!(errors.len(), 1, "{freed}: {errors:?}");
        assert!(errors[0].starts_with("keys.toml:6: "), "{errors:?}");
    }
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
