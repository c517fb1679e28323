//! Keys as the loop hands them in: each that is bound does something, and nothing else does.

use crossterm::event::Event;
use pilothouse::action::Verb;
use pilothouse::app::{Bindings, Msg, Request, update};
use pilothouse::command::hint::{self, with_global};
use pilothouse::command::{CommandId, Scope, TABLE};
use pilothouse::config::keymap::{BUNDLED, Binding, Chord, Keymap, Lookup};
use pilothouse::domain::{self, ObjectRef, Protection, Timestamp};
use pilothouse::store::delta::NamespaceDelta;
use pilothouse::store::{Delta, LiveDelta};
use pilothouse::view::{REGISTRY, ScreenId};
use proptest::prelude::*;
use ratatui::buffer::Buffer;

use crate::fixture::{
    Cockpit, SHARED_CELL, below, cockpit, deployment, drifted, guarding, harbour, key, moored, plan, plan_sync, voyage,
    written,
};

/// A cockpit on a screen with room to move in every direction.
pub fn in_the_middle(screen: ScreenId) -> Cockpit {
    // the evidence of one Application is short: a smaller screen makes it scroll too
    let size = if screen == ScreenId::Why { (40, 6) } else { (80, 10) };
    let apps = if screen == ScreenId::Resource { below(harbour()) } else { drifted(harbour()) };
    let mut cockpit = cockpit(apps, screen, size);
    let name = if screen == ScreenId::Chooser { SHARED_CELL } else { "celery-staging" };
    let row = cockpit.model.apps.all().find(|row| &*row.key.name == name).unwrap();
    cockpit.model.lens.selected = Some(row.key.clone());
    match screen {
        ScreenId::Actions | ScreenId::Chooser | ScreenId::Copy | ScreenId::Why => drop(cockpit.press("j")),
        ScreenId::Links | ScreenId::App | ScreenId::Help | ScreenId::Diff => drop(cockpit.press("j j j j j")),
        ScreenId::Resource => {
            cockpit.model.lens.object = Some(deployment());
            drop(cockpit.press("j j j j j"));
        }
        ScreenId::Board => drop(cockpit.press("home j j j")),
        ScreenId::Events => {
            tell_events(&mut cockpit);
            drop(cockpit.press("j j j j j"));
        }
        ScreenId::Complaints => {
            cockpit.model.complaints = (0..30).map(|n| format!("config.toml:{n}: something is wrong")).collect();
            drop(cockpit.press("j j j j j"));
        }
        ScreenId::Plan => {
            plan_sync(&mut cockpit, Protection::Confirm);
            drop(cockpit.press("j j"));
        }
        ScreenId::Deployments => {
            plan(&mut cockpit, Verb::Rollback { id: None, prune: false }, Protection::Confirm);
            drop(cockpit.press("home j"));
        }
        ScreenId::Sessions | ScreenId::Debug => moored(&mut cockpit, screen),
        ScreenId::Audit => {
            cockpit.model.desk.records = Some(Ok((0..30).flat_map(written).collect()));
            drop(cockpit.press("j j"));
        }
        ScreenId::Guard => {
            cockpit.model.desk.guards.insert(cockpit.model.lens.selected.clone().unwrap(), guarding(30));
            drop(cockpit.press("j j"));
        }
        ScreenId::Fleet | ScreenId::Logs => {}
    }
    cockpit
}

/// Thirty Events about the selected Application.
fn tell_events(cockpit: &mut Cockpit) {
    let key = cockpit.model.lens.selected.clone().unwrap();
    let now = cockpit.now;
    let event = |n: i64| domain::Event {
        name: format!("e{n}").into(),
        reason: "ResourceUpdated".into(),
        object: ObjectRef { kind: "Application".into(), namespace: key.namespace.clone(), name: key.name.clone() },
        message: format!("told {n}").into(),
        count: 1,
        last: Timestamp::from_second(now.as_second() - n).ok(),
        ..domain::Event::default()
    };
    let events = NamespaceDelta::Replace((0..30).map(event).collect());
    cockpit.model.apps.apply(Delta::Live(LiveDelta::Events(key.source, key.namespace, events)), now);
}

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
fn keymaps() -> impl Iterator<Item = (&'static str, Keymap<CommandId>)> {
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
fn keys_may_come_faster_than_frames() {
    let mut burst = cockpit(voyage(), ScreenId::Board, (80, 24));
    for word in "v j j / c e l e r y enter j j enter".split_whitespace() {
        burst.take(Msg::Input(Event::Key(key(word))));
    }
    assert_eq!((burst.screen(), burst.selected().as_deref()), (ScreenId::App, Some("predator-cloud/celery-staging")));
}

#[test]
fn a_bare_g_never_acts() {
    for screen in &REGISTRY {
        let mut cockpit = in_the_middle(screen.id);
        let (selected, at) = (cockpit.selected(), cockpit.screen());
        assert_eq!(cockpit.press("g"), []);
        assert_eq!((cockpit.selected(), cockpit.screen()), (selected.clone(), at));
        assert!(cockpit.text().contains(" g\n"), "what was typed so far is shown");
        // esc takes the beginning of the sequence away and nothing else
        assert_eq!(cockpit.press("esc"), []);
        assert_eq!((cockpit.selected(), cockpit.screen()), (selected, at), "{}", screen.word);
        assert!(cockpit.model.pressed.is_empty());
    }
}

#[test]
fn a_key_that_does_not_go_on_with_a_sequence_counts_by_itself() {
    let mut cockpit = in_the_middle(ScreenId::Fleet);
    let mut other = in_the_middle(ScreenId::Fleet);
    cockpit.press("g j");
    other.press("j");
    assert_eq!(cockpit.selected(), other.selected());
    assert_eq!(cockpit.press("g x"), []);
    assert!(cockpit.model.pressed.is_empty());
}

#[test]
fn esc_takes_one_thing_away_at_a_time_and_never_quits() {
    for screen in &REGISTRY {
        let mut cockpit = in_the_middle(screen.id);
        for _ in 0..6 {
            assert_eq!(cockpit.press("esc"), [], "{}", screen.word);
        }
        assert!(matches!(cockpit.screen(), ScreenId::Board | ScreenId::Fleet));
    }
    let mut cockpit = cockpit(voyage(), ScreenId::Board, (80, 24));
    cockpit.press("1 ! / c enter enter");
    assert_eq!(cockpit.screen(), ScreenId::App);
    let mut left = Vec::new();
    for _ in 0..4 {
        cockpit.press("esc");
        left.push((cockpit.screen(), cockpit.model.lens.words().len()));
    }
    assert_eq!(left, [3, 2, 1, 0].map(|words| (ScreenId::Board, words)));
}

#[test]
fn q_goes_back_and_quits_at_the_root() {
    for screen in &REGISTRY {
        let mut cockpit = in_the_middle(screen.id);
        if !matches!(screen.id, ScreenId::Board | ScreenId::Fleet) {
            assert_eq!(cockpit.press("q"), [], "{}", screen.word);
        }
        // sessions that are open are said first, and end with the second
        if !cockpit.model.desk.sessions.is_empty() {
            assert_eq!(cockpit.press("q"), [], "{}", screen.word);
            assert!(cockpit.text().contains("sessions are open; the same key again ends them"), "{}", screen.word);
        }
        assert_eq!(cockpit.press("q"), [Request::Quit], "{}", screen.word);
    }
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
    assert_eq!(cockpit.press("o ctrl-c"), [Request::Quit]);
}

#[test]
fn a_filter_is_typed_kept_and_cleared() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
    cockpit.press("/");
    cockpit.type_text("celery q");
    // letters are letters here, and the list follows while they are typed
    assert_eq!(cockpit.model.lens.text, "celery q");
    assert!(cockpit.text().contains("No Application matches"), "{}", cockpit.text());
    cockpit.press("backspace");
    assert_eq!(names(&mut cockpit), ["celery-dev", "celery-prod", "celery-staging"]);
    cockpit.press("down");
    assert_eq!(cockpit.selected().as_deref(), Some("predator-cloud/celery-prod"));
    cockpit.press("up enter");
    assert!(cockpit.model.prompt.is_none());
    assert_eq!(names(&mut cockpit).len(), 3);
    // opened again it can be changed, and esc clears it
    cockpit.press("/");
    cockpit.type_text("dev");
    assert_eq!(cockpit.model.lens.text, "celery dev");
    assert_eq!(cockpit.press("esc"), []);
    assert!(cockpit.model.lens.query.is_everything());
    assert_eq!(cockpit.selected().as_deref(), Some("minikube/celery-dev"));
}

#[test]
fn the_line_is_edited_as_in_a_shell() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
    cockpit.press("/");
    cockpit.type_text("celery dev");
    cockpit.press("ctrl-w");
    assert_eq!(cockpit.model.lens.text, "celery ");
    cockpit.press("ctrl-a x ctrl-e y");
    assert_eq!(cockpit.model.lens.text, "xcelery y");
    cockpit.press("ctrl-u");
    assert_eq!(cockpit.model.lens.text, "");
}

/// The names of the Applications in the visible list.
fn names(cockpit: &mut Cockpit) -> Vec<String> {
    let text = cockpit.text();
    let words = text.lines().skip(2).filter_map(|line| line.split_whitespace().find(|w| w.contains('-')));
    words
        .filter(|w| w.ends_with("-dev") || w.ends_with("-prod") || w.ends_with("-staging"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_paste_goes_into_the_filter_as_one_clean_line() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
    let paste = "cel\u{202e}ery\r\n\u{1b}]52;c;ZXZpbA==\u{7}dev\n";
    // outside the filter a paste is no keys
    cockpit.take(Msg::Input(Event::Paste("q\u{3}".into())));
    assert!(cockpit.model.prompt.is_none());
    cockpit.press("/");
    cockpit.take(Msg::Input(Event::Paste(paste.into())));
    assert_eq!(cockpit.model.lens.text, "celery dev");
    assert_eq!(names(&mut cockpit), ["celery-dev"]);
}

#[test]
fn a_pasted_line_break_is_never_enter() {
    let paste = |cockpit: &mut Cockpit, text: &str| cockpit.take(Msg::Input(Event::Paste(text.into())));
    for keys in ["", "g", ":", "/", "enter /", "o", "? /"] {
        let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
        cockpit.press(keys);
        let (at, palette) = (cockpit.screen(), cockpit.model.palette.is_some());
        let typing = cockpit.model.prompt.is_some();
        for text in ["\n", "q\n", "theme light\r\nq\r", "\u{2028}quit\u{85}\n"] {
            assert_eq!(paste(&mut cockpit, text), [], "{keys}: {text:?}");
            assert_eq!((cockpit.screen(), cockpit.model.palette.is_some()), (at, palette), "{keys}: {text:?}");
            assert_eq!(cockpit.model.prompt.is_some(), typing, "{keys}: {text:?}");
        }
        if let Some(palette) = &cockpit.model.palette {
            assert_eq!(palette.text().trim(), "qtheme light qquit", "one line of words");
        }
    }
}

#[test]
fn digits_choose_an_environment() {
    for screen in [ScreenId::Board, ScreenId::Fleet] {
        let mut cockpit = cockpit(voyage(), screen, (120, 40));
        let environments: Vec<String> = cockpit.model.apps.environments().iter().map(|e| e.name.to_string()).collect();
        assert_eq!(environments, ["dev", "preview-417", "staging", "prod"]);
        for (n, name) in environments.iter().enumerate() {
            cockpit.press(&(n + 1).to_string());
            assert_eq!(cockpit.model.lens.query.environment.as_deref(), Some(name.as_str()));
        }
        cockpit.press("5");
        assert_eq!(cockpit.model.lens.query.environment.as_deref(), Some("prod"), "there is no fifth");
        assert!(cockpit.text().contains("no environment 5"), "{}", cockpit.text());
        cockpit.press("0");
        assert!(cockpit.model.lens.query.environment.is_none());
    }
}

#[test]
fn what_was_answered_goes_with_the_next_key() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (120, 40));
    cockpit.press("9");
    assert!(cockpit.text().contains("there is no environment 9"), "{}", cockpit.text());
    cockpit.press("j");
    assert!(!cockpit.text().contains("there is no environment 9") && cockpit.text().contains(" filter"));
    // news are no answer: they stay
    cockpit.model.tell("celery-dev was synced".to_owned(), cockpit.now);
    cockpit.press("j");
    assert!(cockpit.text().contains("celery-dev was synced"), "{}", cockpit.text());
}

#[test]
fn a_chosen_one_of_several_is_opened() {
    let mut cockpit = cockpit(voyage(), ScreenId::Board, (120, 40));
    let row = cockpit.model.apps.all().find(|row| &*row.key.name == SHARED_CELL).unwrap();
    cockpit.model.lens.selected = Some(row.key.clone());
    cockpit.press("enter");
    assert_eq!(cockpit.screen(), ScreenId::Chooser);
    cockpit.press("G enter");
    assert_eq!(cockpit.screen(), ScreenId::App);
    assert_eq!(cockpit.selected().as_deref(), Some("minikube/search-dev-3"));
    assert!(cockpit.text().contains(" search-dev-3"), "{}", cockpit.text());
    cockpit.press("esc esc");
    assert_eq!(cockpit.screen(), ScreenId::Board);
}

#[test]
fn sources_are_asked_for_by_their_own_keys() {
    let mut cockpit = cockpit(harbour(), ScreenId::Links, (80, 24));
    assert_eq!(cockpit.press("j enter"), [Request::Toggle("down".into())]);
    assert_eq!(cockpit.press("space"), [Request::Toggle("down".into())]);
    assert_eq!(cockpit.press("r"), [Request::Reconnect(Some("down".into()))]);
    assert_eq!(cockpit.press("ctrl-r"), [Request::Reconnect(None)]);
    assert_eq!(cockpit.press("ctrl-z"), [Request::Suspend]);
    assert_eq!(cockpit.press("ctrl-l"), [Request::Redraw]);
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

#[test]
fn a_released_key_is_no_key() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (80, 24));
    let mut released = key("q");
    released.kind = crossterm::event::KeyEventKind::Release;
    assert_eq!(cockpit.take(Msg::Input(Event::Key(released))), []);
}
