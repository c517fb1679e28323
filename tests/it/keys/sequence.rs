//! Several keys that belong together, and the way back.

use crossterm::event::Event;
use pilothouse::app::{Msg, Request};
use pilothouse::view::{REGISTRY, ScreenId};

use crate::fixture::{cockpit, key, voyage};

use super::in_the_middle;

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
