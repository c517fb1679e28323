//! The terminal is given back on every road out.

use std::io::Read;

use pilothouse::runtime::signal::Signal;

use super::run::{ENTERED, LEFT, Run};
use crate::wait::until_blocking;

#[test]
fn terminal_is_given_back_on_quit_and_keys_arrive() {
    let mut run = Run::start(None, true);
    let start = run.seen.wait_for("<ready 100x30>", 1);
    assert!(start.contains(ENTERED) && start.contains("\x1b[?1006h"), "{start:?}");
    assert_ne!(run.modes(), run.modes_before);
    run.type_in(b"\x1b[1;5A");
    run.seen.wait_for("<key Up KeyModifiers(CONTROL)>", 1);
    run.type_in(b"\x1b");
    run.seen.wait_for("<key Esc KeyModifiers(0x0)>", 1);
    run.type_in(b"q");
    let end = run.seen.wait_for("<over>", 1);
    assert!(end.contains(LEFT) && end.contains("\x1b[?2004l") && end.contains("\x1b[?1000l"), "{end:?}");
    assert_eq!(run.modes(), run.modes_before);
    assert_eq!(run.exit(), 0);
}

#[test]
fn terminal_is_given_back_before_a_panic_is_reported() {
    let mut run = Run::start(None, true);
    run.seen.wait_for("<ready", 1);
    run.type_in(b"p");
    let end = run.seen.wait_for("asked to", 1);
    assert!(end.find(LEFT).unwrap() < end.find("panicked at").unwrap(), "{end:?}");
    assert_ne!(run.exit(), 0);
    assert_eq!(run.modes(), run.modes_before);
}

#[test]
fn terminal_is_kept_when_a_task_panics_and_its_scope_hears_of_it() {
    let mut run = Run::start(None, true);
    run.seen.wait_for("<ready", 1);
    run.type_in(b"t");
    let heard = run.seen.wait_for("small_cockpit.rs:", 1);
    assert!(heard.contains("<heard task was asked to (tests/it/terminal/small_cockpit.rs:"), "{heard:?}");
    assert!(!heard.contains(LEFT) && !heard.contains("panicked at"), "{heard:?}");
    run.type_in(b"q");
    run.seen.wait_for("<over>", 1);
}

#[test]
fn terminal_is_given_back_by_sigterm_though_the_loop_does_not_end() {
    let mut run = Run::start(None, true);
    run.seen.wait_for("<ready", 1);
    run.signal(rustix::process::Signal::TERM);
    run.seen.wait_for("<signal Terminate>", 1);
    assert_eq!(run.exit(), u32::from(Signal::Terminate.exit_code()));
    run.seen.wait_for(LEFT, 1);
    assert_eq!(run.modes(), run.modes_before);
}

#[test]
fn terminal_is_given_back_at_once_by_a_second_interrupt() {
    let mut run = Run::start(None, true);
    run.seen.wait_for("<ready", 1);
    run.signal(rustix::process::Signal::INT);
    run.seen.wait_for("<signal Interrupt>", 1);
    run.signal(rustix::process::Signal::INT);
    assert_eq!(run.exit(), 130);
    run.seen.wait_for(LEFT, 1);
}

#[test]
fn terminal_that_is_closed_ends_the_process() {
    let mut run = Run::start(None, false);
    run.input = None;
    // the small cockpit has to be up before its terminal goes
    let mut output = run.master.as_ref().unwrap().try_clone_reader().unwrap();
    let (mut text, mut byte) = (String::new(), [0]);
    while !text.ends_with("<ready") {
        output.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
    }
    drop(output);
    run.master = None;
    run.exit();
}

#[test]
fn terminal_that_is_stalled_does_not_hold_the_process() {
    let mut run = Run::start(None, false);
    run.type_in(b"b");
    until_blocking("it stalls", || run.folder.path().join("stalled").exists());
    run.signal(rustix::process::Signal::TERM);
    assert_eq!(run.exit(), 143);
    assert_eq!(run.modes(), run.modes_before);
    // whoever looks again finds the way back behind what was stuck
    run.read();
    run.seen.wait_for(LEFT, 1);
}

#[test]
fn terminal_is_given_back_while_suspended_and_taken_again() {
    let mut run = Run::start(Some("set -m; $cockpit; echo '<stopped>'; stty -a; fg; echo '<done>'"), true);
    run.seen.wait_for("<ready", 1);
    run.type_in(b"\x1a");
    let stopped = run.seen.wait_for("<stopped>", 1);
    assert!(stopped.contains(LEFT), "{stopped:?}");
    let back = run.seen.wait_for("<back>", 1);
    assert_eq!(back.matches(ENTERED).count(), 2);
    assert!(back.contains(" icanon"), "the shell had its modes: {back:?}");
    run.type_in(b"j");
    run.seen.wait_for("<key Char('j')", 1);
    run.type_in(b"q");
    run.seen.wait_for("<done>", 1);
    assert_eq!(run.exit(), 0);
}

#[test]
fn terminal_nobody_could_continue_is_not_stopped() {
    let mut run = Run::start(None, true);
    run.seen.wait_for("<ready", 1);
    run.type_in(b"\x1a");
    run.seen.wait_for("<back>", 1);
    run.type_in(b"q");
    run.seen.wait_for("<over>", 1);
}
