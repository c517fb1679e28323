//! Looking around, leaving, and what a terminal may do meanwhile.

use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use super::screen::{PATIENCE, PROGRAM, Screen};
use super::world::{Still, application};

#[test]
fn demo_shows_the_board_live_and_its_screens() {
    let mut screen = Screen::start(&["demo"], None, (120, 40));
    screen.shows(&["21 apps", "backend", "celery", "opensearch", "dev", "PROD", "qdrant"]);
    screen.keys("v");
    screen.shows(&["application", "backend-dev", "minikube", "predator-cloud"]);
    screen.keys("/celery-p");
    screen.shows_no("backend-dev");
    screen.keys("\r?");
    screen.shows(&["Filter by words", "On an Application"]);
    screen.keys("q");
    screen.shows_no("On an Application");
    screen.keys("\x1b");
    screen.shows(&["backend-dev"]);
    screen.keys("o");
    screen.shows(&["live", "https://127.0.0.1:"]);
    screen.keys("\x1b");
    screen.shows(&["backend-dev"]);
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
    screen.assert_given_back();
}

/// What scripts do to the world of a demonstration they need not be told about.
#[test]
fn demo_is_the_world_that_orders_reach() {
    let mut screen = Screen::start(&["demo"], None, (120, 40));
    screen.shows(&["21 apps", "backend"]);
    let order = |words: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(["sim", "ctl"]).args(words).env_remove("PILOTHOUSE_CONTROL");
        command.env("HOME", screen.home()).env("XDG_RUNTIME_DIR", screen.home()).env("XDG_STATE_HOME", screen.home());
        command.output().unwrap()
    };
    let state = order(&["state"]);
    let state: serde_json::Value = serde_json::from_slice(&state.stdout).unwrap();
    assert_eq!(state["sources"]["minikube"]["apps"], 7, "{state}");
    assert!(order(&["source", "stop", "minikube"]).status.success());
    let after = order(&["state"]);
    let after: serde_json::Value = serde_json::from_slice(&after.stdout).unwrap();
    assert_eq!(after["sources"]["minikube"]["listening"], false);
    screen.keys("q");
    screen.exit(PATIENCE);
    let gone = Command::new(PROGRAM)
        .args(["sim", "ctl", "state"])
        .env_remove("PILOTHOUSE_CONTROL")
        .env("XDG_RUNTIME_DIR", screen.home())
        .output()
        .unwrap();
    assert_eq!(gone.status.code(), Some(3), "a world that ended is no longer known");
    assert!(String::from_utf8_lossy(&gone.stderr).contains("no simulated world is known"));
}

fn cockpit(world: &Still, size: (u16, u16)) -> Screen {
    let screen = Screen::start(&["--all-contexts"], Some(&world.kubeconfig()), size);
    screen.shows(&["app00", "apps"]);
    screen
}

#[test]
fn signals_end_it_and_give_the_terminal_back() {
    let world = Still::new(&["dev"], 3);
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let mut screen = cockpit(&world, (80, 24));
        screen.signal(signal);
        assert_eq!(screen.exit(PATIENCE), code, "{signal:?}");
        screen.assert_given_back();
    }
}

#[test]
fn a_key_split_by_a_slow_line_is_one_key() {
    let world = Still::new(&["dev"], 5);
    // a person on a slow line waits longer, and so does a test on a busy machine
    let config = world.kubeconfig().with_file_name("config.toml");
    std::fs::write(&config, "escape_ms = 1000\n").unwrap();
    let arguments = ["--config", config.to_str().unwrap()];
    let mut screen = Screen::start(&arguments, Some(&world.kubeconfig()), (80, 24));
    screen.shows(&["app00", "5 apps"]);
    screen.keys("vjjo");
    screen.shows(&["https://127.0.0.1"]);
    screen.keys("\x1b");
    let under_cursor = |name: &'static str| {
        // only a list shows other Applications too
        move |screen: &vt100::Screen| {
            let text = screen.contents();
            text.contains("app00") && text.lines().any(|l| l.starts_with('›') && l.contains(name))
        }
    };
    screen.until("third selected", under_cursor("app02"));
    screen.keys("\r");
    screen.shows(&["deploys to"]);
    screen.keys("q");
    screen.until("back in the list", under_cursor("app02"));
    while !screen.is_quiet_for(Duration::from_millis(100)) {}
    // the line is slow between the bytes of one key, less than a lone esc is waited for
    screen.keys("\x1b");
    assert!(screen.is_quiet_for(Duration::from_millis(10)), "a lone esc is waited for");
    screen.keys("[A");
    screen.until("second selected", under_cursor("app01"));
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
}

#[test]
fn small_and_tiny_terminals_are_drawn() {
    let world = Still::new(&["dev"], 5);
    let mut screen = cockpit(&world, (120, 40));
    for (columns, rows) in [(40, 10), (10, 3), (1, 1), (200, 50), (80, 24)] {
        screen.resize(columns, rows);
        screen.keys("\x0c");
        if columns >= 40 {
            screen.until("drawn", |s| s.contents().contains("5 apps") && s.size().1.get() == columns);
        }
    }
    screen.shows(&["app04"]);
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
}

#[test]
fn ctrl_z_hands_the_terminal_over_and_fg_draws_again() {
    let world = Still::new(&["dev"], 3);
    let script = "set -m; $pilothouse; echo STOPPED; read line; fg >/dev/null; echo OVER";
    let mut screen = Screen::shell(script, Some(&world.kubeconfig()), (80, 24));
    screen.shows(&["3 apps", "app02"]);
    screen.keys("\x1a");
    screen.until("stopped", |s| !s.alternate_screen() && s.contents().contains("STOPPED"));
    world.store("dev").put(application("while-away", "dev"));
    screen.keys("\n");
    screen.until("back", |s| s.alternate_screen() && s.contents().contains("while-away"));
    screen.keys("q");
    screen.shows(&["OVER"]);
    assert_eq!(screen.exit(PATIENCE), 0);
}

#[test]
fn a_stalled_terminal_loses_nothing() {
    let world = Still::new(&["dev"], 3);
    let mut screen = cockpit(&world, (120, 40));
    screen.keys("v");
    screen.shows(&["application"]);
    screen.stall(true);
    // more than lines and pipes hold
    for n in 0..300 {
        screen.keys("\x0c");
        if n % 3 == 0 {
            world.store("dev").put(application(&format!("late{n:03}"), "dev"));
        }
    }
    screen.stall(false);
    screen.shows(&["103 apps"]);
    screen.keys("G");
    screen.shows(&["late297"]);
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
    screen.assert_given_back();
}

#[test]
fn a_stalled_terminal_can_be_left() {
    let world = Still::new(&["dev"], 3);
    let mut screen = cockpit(&world, (200, 60));
    screen.stall(true);
    for _ in 0..200 {
        screen.keys("\x0c");
    }
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
    screen.stall(false);
    screen.assert_given_back();
}

#[test]
fn a_terminal_that_is_gone_ends_it() {
    let world = Still::new(&["dev"], 3);
    let mut screen = cockpit(&world, (80, 24));
    screen.close();
    assert_eq!(screen.exit(PATIENCE), 129);
}
