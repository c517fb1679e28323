//! Every key of the screen does what its row says.

use std::collections::BTreeSet;

use pilothouse::app::Request;
use pilothouse::command::{Keymap, Scope, TABLE};
use pilothouse::domain::time::elapsed;
use pilothouse::store::logs::LogQuery;

use super::cockpit::Cockpit;

fn wanted(cockpit: &Cockpit) -> LogQuery {
    cockpit.model.stack.wanted(&cockpit.model.lens).unwrap()
}

/// What a key does, said so that a test can read it.
type Case = (&'static str, fn(&mut Cockpit));

const CASES: &[Case] = &[
    ("/", |c| {
        c.type_in("/GET /r");
        c.press("enter");
        assert!(c.frame().contains("30 of 30"), "{}", c.frame());
    }),
    ("n", |c| {
        c.type_in("/GET /r");
        c.press("enter");
        c.press("n");
        assert!(c.frame().contains(" 1 of 30"), "around the end: {}", c.frame());
        c.press("n");
        assert!(c.frame().contains(" 2 of 30"), "{}", c.frame());
    }),
    ("N", |c| {
        c.type_in("/GET /r");
        c.press("enter");
        c.press("N");
        assert!(c.frame().contains("29 of 30"), "{}", c.frame());
    }),
    ("&", |c| {
        c.type_in("&runs/4");
        c.press("enter");
        assert_eq!(c.frame().matches("GET").count(), 10);
        c.press("esc");
        assert!(c.frame().matches("GET").count() > 10);
    }),
    ("L", |c| {
        for (word, count) in [("debug", 39), ("info", 38), ("warn", 6), ("error", 5)] {
            c.press("L");
            assert!(c.frame().contains(&format!("level {word}+")), "{}", c.frame());
            let rows = c.frame().lines().filter(|l| l.contains("14:02:")).count();
            assert_eq!(rows, count.min(35), "{}", c.frame());
        }
        c.press("L");
        assert!(!c.frame().contains("level debug+") && !c.frame().contains("level error+"));
    }),
    ("tab", |c| {
        c.press("tab");
        assert!(c.frame().contains("only api 9fdf8") && !c.frame().contains(" api cf488 "), "{}", c.frame());
        c.press("tab");
        c.press("tab");
        assert!(!c.frame().contains("only"));
    }),
    ("space", |c| {
        c.press("space");
        assert!(c.frame().contains("paused, 0 new"));
        c.press("space");
        assert!(c.frame().contains("follow"));
    }),
    ("s", |c| {
        c.press("s");
        assert!(c.frame().contains("scrolled"));
        c.press("k");
        c.press("s");
        assert!(c.frame().contains("follow") && c.frame().contains("runs/49"));
    }),
    ("0", |c| {
        c.press("2");
        c.press("0");
        assert_eq!((wanted(c).tail, wanted(c).since), (Some(1000), None));
    }),
    ("1", |c| {
        c.press("1");
        assert_eq!((wanted(c).tail, wanted(c).since), (None, None));
        assert!(c.frame().contains("/health") && c.frame().contains("from the start"));
    }),
    ("2", |c| window(c, "2", "1m", 1)),
    ("3", |c| window(c, "3", "5m", 5)),
    ("4", |c| window(c, "4", "15m", 15)),
    ("5", |c| window(c, "5", "30m", 30)),
    ("6", |c| window(c, "6", "1h", 60)),
    ("t", |c| {
        c.press("t");
        assert!(!c.frame().contains("14:02:49"));
        c.press("t");
        assert!(c.frame().contains("14:02:49"));
    }),
    ("w", |c| {
        c.press("1");
        assert!(!c.frame().contains("wrapped there"));
        c.press("w");
        assert!(c.frame().contains("wrapped there") || c.frame().contains("or wrapped"), "{}", c.frame());
    }),
    ("J", |c| raw(c, "J")),
    ("x", |c| raw(c, "x")),
    ("p", |c| {
        c.press("p");
        assert!(wanted(c).previous && c.frame().contains("previous"));
        c.press("p");
        assert!(!wanted(c).previous);
    }),
    ("ctrl-s", |c| {
        c.type_in("&runs/4");
        c.press("enter");
        c.press("ctrl-s");
        let Some(Request::Save { name, excerpt }) = c.requests.pop() else { panic!("nothing is saved") };
        let text = excerpt.text();
        assert_eq!(name, "backend-dev-20260112-150200.log");
        assert_eq!(text.lines().count(), 12, "ten lines and two markers: {text}");
        assert!(text.contains("2026-01-12T14:02:40Z backend-7cf7-9fdf8 api INFO:     10.88.0.1"), "{text}");
    }),
    ("right", |c| {
        c.press("right");
        assert!(!c.frame().contains("10.88.0.1:51234"), "{}", c.frame());
    }),
    ("left", |c| {
        c.press("right");
        c.press("left");
        assert!(c.frame().contains("10.88.0.1:51234"));
    }),
];

fn window(c: &mut Cockpit, key: &str, word: &str, minutes: u64) {
    c.press(key);
    assert!(c.frame().contains(&format!("since {word}")), "{}", c.frame());
    let since = wanted(c).since.unwrap();
    assert_eq!(elapsed(since, c.now).as_secs(), 60 * minutes);
}

fn raw(c: &mut Cockpit, key: &str) {
    c.press("1");
    assert!(c.frame().contains("slow query query="));
    c.press(key);
    assert!(c.frame().contains("{\"level\":\"warn\""), "{}", c.frame());
}

#[test]
fn every_key_of_the_logs_does_what_its_row_says() {
    let keymap = Keymap::bundled();
    let bound: BTreeSet<String> = TABLE
        .iter()
        .filter(|row| row.scope == Scope::Logs)
        .flat_map(|row| keymap.keys_of(Scope::Logs, row.id))
        .collect();
    let tested: BTreeSet<String> = CASES.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(bound, tested);
    for (_, case) in CASES {
        let mut cockpit = Cockpit::new(100, 40);
        cockpit.frame();
        case(&mut cockpit);
    }
}

#[test]
fn logs_open_from_every_screen_of_an_application_and_esc_takes_one_thing_away_at_a_time() {
    let mut cockpit = Cockpit::new(100, 40);
    cockpit.type_in("&runs");
    cockpit.press("enter");
    cockpit.type_in("/4");
    cockpit.press("enter");
    for _ in 0..2 {
        cockpit.press("esc");
        assert!(cockpit.frame().contains("follow") || cockpit.frame().contains("scrolled"));
    }
    cockpit.press("esc");
    assert!(cockpit.model.stack.wanted(&cockpit.model.lens).is_none(), "the Fleet wants no logs");
    for open in ["", "v", "enter"] {
        let mut cockpit = Cockpit::new(100, 40);
        cockpit.press("esc");
        if !open.is_empty() {
            cockpit.press(open);
        }
        cockpit.press("p");
        assert!(wanted(&cockpit).previous, "{open}");
        cockpit.press("?");
        assert_eq!(&*wanted(&cockpit).app.name, "backend-dev", "help on top does not end them");
    }
}

#[test]
fn a_match_far_above_is_found_over_several_frames_and_shown() {
    let mut cockpit = Cockpit::new(100, 40);
    for n in 0..100_000_u32 {
        let text =
            format!("INFO:     a line of some length so that a step of the search does not reach all of it, {n:>6}");
        cockpit.model.logs.push(cockpit.streams[0], super::cockpit::at(60 + u64::from(n)), &text, cockpit.now);
    }
    cockpit.model.logs.settle_all();
    cockpit.type_in("/GET /health");
    cockpit.press("enter");
    let mut frames = 0;
    while !cockpit.frame().contains("1 of 1\n") && frames < 50 {
        frames += 1;
    }
    let frame = cockpit.frame();
    assert!(frame.contains("\"GET /health"), "{frame}");
    assert!((1..20).contains(&frames), "{frames} frames");
}
