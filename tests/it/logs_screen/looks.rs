//! What the screen looks like at three sizes.

use pilothouse::domain::text::is_steering;
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
