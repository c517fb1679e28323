//! What the screen looks like at three sizes.

use pilothouse::domain::text::is_steering;
use pilothouse::store::LogStore;
use pilothouse::store::logs::Limits;
use pilothouse::view::Work;
use ratatui::style::Color;

use super::cockpit::{Cockpit, at};

fn sizes(name: &str, prepare: impl Fn(&mut Cockpit)) {
    for (width, height) in [(80, 24), (120, 40), (40, 10)] {
        let mut cockpit = Cockpit::new(width, height);
        prepare(&mut cockpit);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), cockpit.frame());
    }
}

#[test]
fn the_newest_lines() {
    sizes("logs_follow", |_| {});
}

#[test]
fn the_first_lines_wrapped() {
    sizes("logs_wrapped", |cockpit| cockpit.type_in("w1"));
}

#[test]
fn a_search_in_a_filtered_view() {
    sizes("logs_search", |cockpit| {
        cockpit.type_in("&!/health/");
        cockpit.press("enter");
        cockpit.type_in("/column");
        cockpit.press("enter");
        cockpit.press("N");
    });
}

#[test]
fn lines_that_come_in_while_the_view_is_held_are_counted() {
    let mut cockpit = Cockpit::new(80, 24);
    cockpit.press("space");
    let held = cockpit.frame();
    for n in 0..12 {
        cockpit.model.logs.push(cockpit.streams[0], at(100 + n), "INFO:     later", cockpit.now);
    }
    cockpit.model.logs.settle_all();
    let now = cockpit.frame();
    assert!(now.contains("paused, 12 new"), "{now}");
    assert_eq!(held.lines().skip(2).collect::<Vec<_>>(), now.lines().skip(2).collect::<Vec<_>>());
    cockpit.press("space");
    assert!(cockpit.frame().contains("later"));
}

#[test]
fn what_a_storm_pushes_out_is_counted_and_memory_stays_flat() {
    let limits = Limits { bytes: 1 << 20, lines: 100_000 };
    let mut cockpit = Cockpit::empty(80, 24);
    cockpit.model.logs = LogStore::new(limits);
    let stream = cockpit.model.logs.stream("backend-7cf7-9fdf8", "api");
    assert!(cockpit.frame().contains("0 dropped"));
    let mut most = 0;
    for n in 0..200_000_u64 {
        let text = format!("INFO:     10.88.0.1:51234 - \"GET /runs/{n} HTTP/1.1\" 200 OK");
        cockpit.model.logs.push(stream, at(n), &text, at(n));
        if n % 1_000 == 999 {
            cockpit.model.logs.settle(at(n));
            most = most.max(cockpit.model.logs.bytes());
        }
    }
    cockpit.model.logs.settle_all();
    let (dropped, kept) = (cockpit.model.logs.dropped(), cockpit.model.logs.len());
    assert!(dropped > 100_000 && dropped + kept == 200_000, "{dropped} dropped, {kept} kept");
    // twenty times its size went through
    assert!(most <= limits.bytes, "{most}");
    let frame = cockpit.frame();
    assert!(frame.contains(&format!("{dropped} dropped")) && frame.contains("runs/199999"), "{frame}");
}

#[test]
fn ended_runs_are_not_followed() {
    let mut cockpit = Cockpit::new(80, 24);
    assert!(cockpit.frame().lines().nth(1).unwrap().contains("follow"));
    cockpit.press("p");
    let frame = cockpit.frame();
    let head = frame.lines().nth(1).unwrap();
    assert!(head.contains("previous") && !head.contains("follow"), "{head}");
}

#[test]
fn nothing_but_colour_reaches_the_screen() {
    let mut cockpit = Cockpit::new(120, 40);
    cockpit.press("1");
    let frame = cockpit.frame();
    assert!(frame.contains("started worker 3 of 4") && !frame.contains("evil"), "{frame}");
    assert!(!frame.chars().any(|c| is_steering(c) && c != '\n'));
    let buf = cockpit.draw(&Work::default());
    let green = buf.content.iter().filter(|c| c.fg == Color::Indexed(2)).count();
    assert_eq!(green, "started".len());
}

#[test]
fn a_line_of_a_megabyte_costs_a_frame_no_more_than_its_rows() {
    for text in ["x".repeat(1 << 20), "日".repeat(400_000), format!("{{\"msg\":\"{}\"}}", "y".repeat(1 << 20))] {
        let mut cockpit = Cockpit::new(80, 24);
        cockpit.model.logs.push(cockpit.streams[0], at(100), &text, cockpit.now);
        cockpit.model.logs.settle_all();
        cockpit.press("w");
        for key in ["k", "j", "G", "x", "w", "right"] {
            cockpit.press(key);
            let work = Work::default();
            cockpit.draw(&work);
            assert!(work.rows() <= 24);
        }
    }
}

#[test]
fn an_empty_view_says_what_it_waits_for() {
    let mut cockpit = Cockpit::empty(80, 24);
    assert!(cockpit.frame().contains("no line has come in yet"));
    let mut cockpit = Cockpit::new(80, 24);
    cockpit.type_in("&nowhere");
    cockpit.press("enter");
    // markers pass filters: they say what happened, whatever is looked for
    let frame = cockpit.frame();
    assert!(frame.contains("sync 3f22a38 started") && !frame.contains("GET"), "{frame}");
}
