//! What is bound does something that can be noticed, and nothing else does.

use crossterm::event::Event;
use pilothouse::app::{Bindings, Msg, Request, update};
use pilothouse::command::hint::with_global;
use pilothouse::command::{CommandId, Scope, TABLE};
use pilothouse::config::keymap::{BUNDLED, Chord, Keymap};
use pilothouse::view::{REGISTRY, ScreenId};
use proptest::prelude::*;
use ratatui::buffer::Buffer;

use crate::fixture::{Cockpit, cockpit, harbour, key, voyage};

use super::in_the_middle;

/// Everything a key may change that somebody can notice.
#[derive(Debug, PartialEq)]
struct Noticed {
    frame: Buffer,
    screen: ScreenId,
    typing: bool,
    selected: Option<String>,
}

fn notice(cockpit: &mut Cockpit) -> Noticed {
    let frame = cockpit.frame();
    let (screen, typing, selected) = (cockpit.screen(), cockpit.model.prompt.is_some(), cockpit.selected());
    Noticed { frame, screen, typing, selected }
}

fn scopes_of(screen: ScreenId) -> Vec<Scope> {
    let mut scopes = screen.make().scopes().to_vec();
    scopes.push(Scope::Global);
    scopes
}

/// What has to be so before a command can be noticed.
fn prepare(cockpit: &mut Cockpit, screen: ScreenId, command: CommandId) {
    let is_list = matches!(screen, ScreenId::Board | ScreenId::Fleet);
    match command {
        CommandId::EnvironmentAll => drop(cockpit.press("1")),
        // at the root it takes a filter away
        CommandId::ViewBack if is_list => drop(cockpit.press("/ c enter")),
        _ => {}
    }
}

/// Screens do not open themselves once more.
fn leaves_all_as_it_is(screen: ScreenId, command: CommandId) -> bool {
    matches!(
        (screen, command),
        (ScreenId::Links, CommandId::ViewLinks)
            | (ScreenId::Help, CommandId::ViewHelp)
            | (ScreenId::Complaints, CommandId::ViewComplaints)
            | (ScreenId::Board, CommandId::ViewBoard)
            | (ScreenId::Fleet, CommandId::ViewFleet)
    )
}

/// Every bundled keymap.
pub(super) fn keymaps() -> impl Iterator<Item = (&'static str, Keymap<CommandId>)> {
    BUNDLED.iter().map(|(name, _)| (*name, Keymap::load(name, None).0))
}

#[test]
fn every_bound_key_does_something_on_every_screen_in_every_keymap() {
    for (name, keymap) in keymaps() {
        // the logs need lines to move in: their keys are pressed in `logs_screen`
        for screen in REGISTRY.iter().filter(|s| s.id != ScreenId::Logs) {
            for binding in keymap.effective(&with_global(screen.id.make().scopes())) {
                let mut cockpit = in_the_middle(screen.id);
                prepare(&mut cockpit, screen.id, binding.command);
                cockpit.model.keys = Bindings(keymap.clone());
                let before = notice(&mut cockpit);
                let requests = cockpit.press_chords(&binding.keys);
                let noticed = notice(&mut cockpit) != before || !requests.is_empty();
                let expected = !leaves_all_as_it_is(screen.id, binding.command);
                let command = binding.command.spec().name;
                assert_eq!(noticed, expected, "{name}: {} ({command}) on the {}", binding.spelled(), screen.word);
            }
        }
    }
}

/// Whether a command is there for a key or a name on a screen, and it does something there or says why not.
#[test]
fn every_command_of_a_screen_is_handled_there_by_its_name_too() {
    for screen in REGISTRY.iter().filter(|s| s.id != ScreenId::Logs) {
        let scopes = scopes_of(screen.id);
        for row in TABLE.iter().filter(|row| scopes.contains(&row.scope) && row.takes.is_none()) {
            let mut cockpit = in_the_middle(screen.id);
            prepare(&mut cockpit, screen.id, row.id);
            let before = notice(&mut cockpit);
            let requests = update::command(&mut cockpit.model, row.id, cockpit.now);
            let noticed = notice(&mut cockpit) != before || !requests.is_empty();
            assert_eq!(noticed, !leaves_all_as_it_is(screen.id, row.id), "{} on the {}", row.name, screen.word);
        }
    }
}

#[test]
fn keys_are_read_as_they_are_written() {
    let keymap: Keymap<CommandId> = Keymap::bundled();
    for binding in keymap.bindings() {
        for chord in &binding.keys {
            assert_eq!(Chord::from(key(&chord.to_string())), *chord);
        }
    }
}

#[test]
fn a_released_key_is_no_key() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
    let mut released = key("q");
    released.kind = crossterm::event::KeyEventKind::Release;
    assert_eq!(cockpit.take(Msg::Input(Event::Key(released))), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Any keys leave a cockpit that draws, and only q, ctrl-c end it.
    #[test]
    fn any_keys_are_survived(keys in prop::collection::vec(any_key(), 0..40), (width, height) in (1u16..100, 1u16..40)) {
        let mut cockpit = cockpit(harbour(), ScreenId::Board, (width, height));
        for key in keys {
            let quits = cockpit.press(key).contains(&Request::Quit);
            prop_assert!(!quits || ["q", "ctrl-c"].contains(&key), "{}", key);
            prop_assert!(!cockpit.model.lens.text.contains('\n'));
        }
        cockpit.frame();
        let selected = cockpit.model.lens.selected.as_ref();
        prop_assert!(selected.is_none_or(|key| cockpit.model.apps.find(key).is_some()));
    }
}

fn any_key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &[
            "j",
            "k",
            "g",
            "G",
            "down",
            "up",
            "home",
            "end",
            "left",
            "right",
            "pagedown",
            "pageup",
            "ctrl-d",
            "ctrl-u",
            "enter",
            "esc",
            "o",
            "?",
            "v",
            "/",
            "!",
            "0",
            "1",
            "3",
            "9",
            ">",
            "<",
            "space",
            "r",
            "q",
            "ctrl-c",
            "tab",
            "backspace",
            "b",
            "ctrl-m",
            "ctrl-j",
            "alt-x",
            "x",
        ][..],
    )
}
