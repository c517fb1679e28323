//! What a frame costs: counted work and bytes, never time.

use std::time::Duration;

use pilothouse::app::{Bindings, Msg, frame};
use pilothouse::command::Situation;
use pilothouse::config::glyph::UNICODE;
use pilothouse::config::keymap::Keymap;
use pilothouse::config::palette::Depth;
use pilothouse::config::theme::Theme;
use pilothouse::domain::operation::HELD_MESSAGE;
use pilothouse::domain::time::after;
use pilothouse::domain::{Operation, Phase, Timestamp};
use pilothouse::runtime::painter::Painter;
use pilothouse::store::{Apps, Delta};
use pilothouse::view::board::Board;
use pilothouse::view::fleet::Fleet;
use pilothouse::view::{Lens, REGISTRY, ScreenId, Seen, View, Work};
use ratatui::layout::Rect;

use crate::fixture::crowd::{Crowd, START};
use crate::fixture::{Cockpit, NOW, cockpit, harbour, voyage};

/// What the terminal gets in a frame.
fn paint(cockpit: &mut Cockpit, painter: &mut Painter) -> (usize, Work) {
    let (work, mut out) = (Work::default(), Vec::new());
    let Cockpit { model, now } = cockpit;
    painter.paint(&mut out, |buf| frame::draw(model, *now, &work, buf)).unwrap();
    (out.len(), work)
}

#[test]
fn no_more_rows_are_put_into_words_than_fit_the_screen() {
    let crowd = Crowd::default();
    for screen in [ScreenId::Fleet, ScreenId::Board] {
        let mut cockpit = cockpit(crowd.store(), screen, (200, 60));
        for keys in ["", "j", "G", "ctrl-u", "pageup", "!", "/ d e v enter", "esc"] {
            cockpit.press(keys);
            let (_, work) = cockpit.measured_frame();
            assert!((1..=62).contains(&work.rows()), "{screen:?} after {keys:?}: {}", work.rows());
        }
    }
}

/// Runs `check` with a view laid out over `apps`.
fn with_seen<R>(apps: &Apps, check: impl FnOnce(&Seen<'_>) -> R) -> R {
    let (theme, keys) = (Theme::bundled("dark", Depth::None).unwrap(), Bindings(Keymap::bundled()));
    let work = Work::default();
    let (logs, desk) = (pilothouse::store::LogStore::default(), pilothouse::view::Desk::default());
    check(&Seen {
        apps,
        logs: &logs,
        desk: &desk,
        now: START,
        theme: &theme,
        glyphs: &UNICODE,
        keys: &keys,
        below: &[],
        situation: Situation::default(),
        complaints: &[],
        work: &work,
    })
}

#[test]
fn a_heartbeat_rebuilds_nothing_and_a_change_rebuilds_once() {
    let mut crowd = Crowd::default();
    let mut apps = crowd.store();
    let (mut fleet, mut board, mut lens) = (Fleet::default(), Board::default(), Lens::default());
    let area = Rect::new(0, 0, 200, 60);
    let mut lay_out = |apps: &Apps, times: usize| {
        with_seen(apps, |seen| {
            for _ in 0..times {
                fleet.layout(&mut lens, seen, area);
                board.layout(&mut lens, seen, area);
            }
        });
        (fleet.rebuilds(), board.rebuilds())
    };
    assert_eq!(lay_out(&apps, 3), (1, 1));
    for _ in 0..50 {
        apps.apply(crowd.heartbeat(START), START);
        assert_eq!(lay_out(&apps, 1), (1, 1));
    }
    let gone = apps.all().next().unwrap().key.clone();
    apps.apply(Delta::Remove(gone), START);
    assert_eq!(lay_out(&apps, 3), (2, 2));
}

#[test]
fn a_storm_of_states_rebuilds_the_board_and_looks_no_service_up() {
    let mut crowd = Crowd::default();
    let mut apps = crowd.store();
    let (mut board, mut lens, area) = (Board::default(), Lens::default(), Rect::new(0, 0, 200, 60));
    with_seen(&apps, |seen| board.layout(&mut lens, seen, area));
    let (rebuilds, placings) = (board.rebuilds(), board.placings());
    for (at, delta) in crowd.second(START, 50) {
        apps.apply(delta, at);
        with_seen(&apps, |seen| board.layout(&mut lens, seen, area));
    }
    assert!(board.rebuilds() > rebuilds);
    assert_eq!(board.placings(), placings);
    let mut moved = apps.all().next().unwrap().clone();
    moved.service = "of its own".into();
    apps.apply(Delta::Upsert(Box::new(moved)), START);
    with_seen(&apps, |seen| board.layout(&mut lens, seen, area));
    assert!(board.placings() > placings);
}

/// A still screen stays still until the moment it announced.
#[test]
fn nothing_is_written_before_the_announced_moment() {
    for screen in &REGISTRY {
        for size in [(80, 24), (200, 60)] {
            let mut cockpit = cockpit(harbour(), screen.id, size);
            cockpit.press("j");
            let mut painter = Painter::new(cockpit.model.size);
            let (bytes, mut work) = paint(&mut cockpit, &mut painter);
            assert!(bytes > 0);
            for _ in 0..200 {
                let Some(wait) = work.wake() else { break };
                cockpit.now = after(cockpit.now, wait.saturating_sub(Duration::from_millis(1)));
                cockpit.take(Msg::Clock);
                let (bytes, _) = paint(&mut cockpit, &mut painter);
                assert_eq!(bytes, 0, "{} changed {wait:?} before it said it would", screen.word);
                cockpit.now = after(cockpit.now, Duration::from_millis(1));
                cockpit.take(Msg::Clock);
                (_, work) = paint(&mut cockpit, &mut painter);
            }
        }
    }
}

#[test]
fn an_idle_cockpit_writes_nothing_and_does_not_wake() {
    let crowd = Crowd::default();
    for screen in [ScreenId::Fleet, ScreenId::Board, ScreenId::Links, ScreenId::Help] {
        let mut cockpit = cockpit(crowd.store(), screen, (120, 40));
        let mut painter = Painter::new(cockpit.model.size);
        paint(&mut cockpit, &mut painter);
        let (bytes, work) = paint(&mut cockpit, &mut painter);
        assert_eq!(bytes, 0, "{screen:?}");
        // ages of an hour and more: the next changes in minutes
        assert!(work.wake().is_none_or(|wait| wait > Duration::from_secs(1)), "{screen:?}: {:?}", work.wake());
    }
}

/// Found as a loop that never slept: the message of a hold stays when the operation is over.
#[test]
fn an_operation_that_is_over_is_not_judged_again_and_again() {
    let over = Operation { message: Some(HELD_MESSAGE.into()), phase: Some(Phase::Failed), ..Operation::default() };
    let young = Operation { phase: Some(Phase::Running), started: Some(NOW), ..over.clone() };
    let asked = Operation { requested: true, phase: None, ..over.clone() };
    for (operation, ripens) in [(over, false), (asked, false), (young, true)] {
        let mut apps = voyage();
        let mut row = apps.all().find(|row| &*row.key.name == "backend-prod").unwrap().clone();
        row.operation = Some(Box::new(operation));
        apps.apply(Delta::Upsert(Box::new(row)), NOW);
        assert_eq!(apps.next_verdict().is_some(), ripens);
        apps.ripen(after(NOW, Duration::from_secs(3)));
        assert_eq!(apps.next_verdict(), None);
    }
}

/// Bytes a second a terminal of 120x40 gets while 50 of 10,000 Applications change every second, over ten seconds of
/// frames at the loop's pace.
fn storm(screen: ScreenId, keys: &str) -> usize {
    const SECONDS: u32 = 10;
    let mut crowd = Crowd::default();
    let mut cockpit = cockpit(crowd.store(), screen, (120, 40));
    cockpit.now = START;
    cockpit.press(keys);
    let mut painter = Painter::new(cockpit.model.size);
    paint(&mut cockpit, &mut painter);
    let mut written = 0;
    for second in 0..SECONDS {
        let begins = after(START, Duration::from_secs(second.into()));
        let mut changes = crowd.second(begins, 50).into_iter().peekable();
        for frame in 1..=FRAMES_A_SECOND {
            let due = after(begins, Duration::from_secs(1) * frame / FRAMES_A_SECOND);
            let is_due = |(at, _): &(Timestamp, Delta)| *at < due;
            let deltas = std::iter::from_fn(|| changes.next_if(is_due)).map(|(_, delta)| delta).collect();
            cockpit.now = due;
            cockpit.take(Msg::Data(deltas));
            written += paint(&mut cockpit, &mut painter).0;
        }
    }
    written / SECONDS as usize
}

/// The loop draws news ten times a second at the most.
const FRAMES_A_SECOND: u32 = 10;
const BUDGET: usize = 20_000;

#[test]
fn a_storm_stays_within_the_bytes_of_a_slow_line() {
    for (screen, keys) in [
        (ScreenId::Fleet, ""),
        (ScreenId::Board, ""),
        // the list whose rows move: trouble first, filtered to what is in trouble
        (ScreenId::Fleet, "> > > > > > >"),
        (ScreenId::Fleet, "!"),
        (ScreenId::Board, "!"),
    ] {
        let bytes = storm(screen, keys);
        assert!(bytes < BUDGET, "{screen:?} {keys:?}: {bytes} bytes a second");
    }
}
