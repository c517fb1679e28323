//! What goes wrong around a write: it is told, and never made twice or somewhere else.

use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use pilothouse::domain::Clock as _;
use pilothouse::runtime::clock::SystemClock;
use pilothouse::sim::fault::{Aim, Answer, Only};
use serde_json::{Value, json};

use super::sea::{Sea, audit, audit_files};
use crate::program::screen::{PROGRAM, Screen};
use crate::program::world::{Still, application};
use crate::wait::{found_blocking, until_blocking};

fn writes() -> Aim {
    Aim { prefix: "/apis/argoproj.io".into(), only: Only::Writes, times: Some(1), every: 0 }
}

fn operation(world: &Still, source: &str, name: &str) -> Value {
    world.store(source).get("Application", "argocd", name).unwrap()["operation"].clone()
}

#[test]
fn a_write_nobody_answered_is_looked_at_and_not_sent_twice() {
    let world = Still::new(&["dev"], 1);
    world.server("dev").faults().strike(writes(), Answer::Drop);
    let done = world.run(&["sync", "app00-dev", "--confirm", "dev", "--timeout", "20s", "-o", "json"]);
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((done.status.code(), &report["outcome"]), (Some(8), &json!("unknown")), "{report}");
    assert!(report["message"].as_str().unwrap().contains("it was not written, or not yet"), "{report}");
    // a second request would have been answered
    assert!(operation(&world, "dev", "app00-dev").is_null());
    assert_eq!(audit(world.home()), ["intent sync dev -", "outcome sync dev unknown"]);
}

#[test]
fn a_program_killed_between_intent_and_outcome_is_told_until_somebody_says_so() {
    let world = Still::new(&["dev"], 1);
    world.server("dev").faults().strike(writes(), Answer::Silence);
    let mut child = world.start(&["sync", "app00-dev", "--confirm", "dev"]);
    until_blocking("an intent is written", || !audit(world.home()).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(audit(world.home()), ["intent sync dev -"]);
    world.server("dev").faults().clear();
    let open = || Screen::at(world.home(), &["--context", "dev"], &world.kubeconfig(), (120, 30));
    let mut screen = open();
    screen.shows(&["nobody knows how this ended: Sync app00-dev"]);
    screen.keys("@");
    screen.shows(&["no outcome", "Sync app00-dev"]);
    screen.keys("a");
    screen.shows(&["acknowledged"]);
    screen.keys("\x03");
    assert_eq!(screen.exit(Duration::from_mins(1)), 0);
    assert_eq!(audit(world.home()), ["intent sync dev -", "outcome sync dev acknowledged"]);
    let mut screen = open();
    screen.shows(&["1 app", "app00"]);
    screen.keys("@");
    screen.shows(&["1 writes in the last 31 days", "acknowledged"]);
    screen.shows_no("nobody knows how this ended: Sync app00-dev");
}

#[test]
fn a_full_disk_refuses_the_write() {
    let world = Still::new(&["dev"], 1);
    let folder = world.home().join("pilothouse");
    std::fs::create_dir_all(&folder).unwrap();
    // this month's and, should the test run into it, the next one's
    let now = SystemClock.now();
    for at in [now, now + jiff::SignedDuration::from_hours(24)] {
        let file = folder.join(format!("audit-{}.jsonl", at.strftime("%Y-%m")));
        _ = symlink("/dev/full", file);
    }
    let done = world.run(&["sync", "app00-dev", "--confirm", "dev", "--timeout", "20s", "-o", "json"]);
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((done.status.code(), &report["outcome"]), (Some(4), &json!("refused")), "{report}");
    assert!(report["message"].as_str().unwrap().contains("audit log"), "{report}");
    assert!(operation(&world, "dev", "app00-dev").is_null());
    assert!(!audit_files(world.home()).is_empty());
}

/// The list of a still world with a plan of a sync of its first Application open, and the button under the cursor.
fn planned(world: &Still) -> Screen {
    let mut screen = Screen::at(world.home(), &["--context", "dev"], &world.kubeconfig(), (120, 40));
    screen.shows(&["1 app"]);
    screen.keys("v");
    screen.shows(&["app00-dev", "deploys to"]);
    screen.keys("s");
    screen.shows(&["Sync app00-dev to", "[ Cancel ]", "you may sync"]);
    screen.keys("\t");
    screen.shows(&["[ Sync app00-dev in dev (dev) ]"]);
    screen
}

#[test]
fn a_heartbeat_refuses_nothing() {
    let world = Still::new(&["dev"], 1);
    let mut screen = planned(&world);
    world.store("dev").update("Application", "argocd", "app00-dev", |app| {
        app["status"]["reconciledAt"] = json!("2026-11-23T12:00:00Z");
    });
    screen.keys("\r");
    screen.shows(&["asked for"]);
    assert!(operation(&world, "dev", "app00-dev").is_object());
}

#[test]
fn what_is_no_longer_as_the_person_saw_it_is_refused_with_what_changed() {
    let world = Still::new(&["dev"], 1);
    let mut screen = planned(&world);
    world.store("dev").update("Application", "argocd", "app00-dev", |app| {
        app["spec"]["source"]["targetRevision"] = json!("elsewhere");
    });
    screen.keys("\r");
    screen.shows(&["it is no longer as you saw it: its spec was edited"]);
    assert!(operation(&world, "dev", "app00-dev").is_null());
    assert!(audit(world.home()).is_empty());
}

#[test]
fn of_two_operators_one_wins_and_the_other_is_told_who_was_first() {
    let world = Still::new(&["dev"], 1);
    let mut screen = planned(&world);
    let bob = std::process::Command::new(PROGRAM)
        .args(["sync", "app00-dev", "--context", "dev", "--confirm", "dev", "--timeout", "20s"])
        .env("KUBECONFIG", world.kubeconfig())
        .env("USER", "bob")
        .envs(["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"].map(|name| (name, world.home().join("bob"))))
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    let mut bob = bob.unwrap();
    until_blocking("bob writes", || !operation(&world, "dev", "app00-dev").is_null());
    // the controller takes it up
    world.store("dev").update("Application", "argocd", "app00-dev", |app| {
        let operation = app["operation"].clone();
        app["status"]["operationState"] =
            json!({"operation": operation, "phase": "Running", "startedAt": "2026-11-23T12:00:00Z"});
    });
    screen.keys("\r");
    screen.shows(&["bob was first: an operation was started at 2026-11-23T12:00:00Z"]);
    assert_eq!(operation(&world, "dev", "app00-dev")["initiatedBy"]["username"], "bob");
    assert!(audit(world.home()).is_empty(), "the other wrote nothing");
    bob.kill().unwrap();
    bob.wait().unwrap();
}

/// Two people who act at the same moment, each with the window between looking and writing held wide open.
#[test]
fn of_two_operators_at_once_one_writes_and_the_other_is_refused() {
    let world = Still::new(&["dev"], 4);
    world.server("dev").faults().latency(Duration::from_millis(300));
    let names = ["ann", "bob"];
    let start = |user: &str, app: &str| {
        std::process::Command::new(PROGRAM)
            .args(["sync", app, "--context", "dev", "--confirm", "dev", "--timeout", "60s", "-o", "json"])
            .env("KUBECONFIG", world.kubeconfig())
            .env("USER", user)
            .envs(["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"].map(|name| (name, world.home().join(user))))
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut wins = [0, 0];
    for round in 0..4 {
        let app = format!("app{round:02}-dev");
        let mut both = names.map(|name| start(name, &app));
        // nobody takes the operation up here, so whoever wrote it waits
        let loser = found_blocking("somebody is refused", || {
            both.iter_mut().position(|child| child.try_wait().unwrap().is_some()).ok_or("both run")
        });
        let [first, second] = both;
        let (told, mut winner) = if loser == 0 { (first, second) } else { (second, first) };
        let told = told.wait_with_output().unwrap();
        let report: Value = serde_json::from_slice(&told.stdout).unwrap();
        winner.kill().unwrap();
        winner.wait().unwrap();
        let (won, lost) = (names[1 - loser], names[loser]);
        assert_eq!((told.status.code(), &report["outcome"]), (Some(4), &json!("refused")), "{report}");
        let message = report["message"].as_str().unwrap();
        assert!(message.contains(won), "{lost} is not told of {won}: {message}");
        assert_eq!(operation(&world, "dev", &app)["initiatedBy"]["username"], *won);
        wins[1 - loser] += 1;
        let wrote = names
            .map(|name| audit(&world.home().join(name)).iter().filter(|line| *line == "outcome sync dev done").count());
        assert_eq!(wrote, wins, "who was refused has written nothing");
    }
}

#[test]
fn nothing_is_done_to_the_twin_in_another_source() {
    let world = Still::new(&["one", "two"], 0);
    for source in ["one", "two"] {
        world.store(source).put(application("twin", "dev"));
    }
    let timeout = ["--timeout", "1s", "--confirm", "dev"];
    let run = |app: &str| world.run(&[&["--all-contexts", "sync", app][..], &timeout].concat()).status.code();
    assert_eq!(run("twin"), Some(3), "it has to be said which");
    assert_eq!(run("one/argocd/twin"), Some(8), "nobody takes it up here");
    assert!(operation(&world, "one", "twin").is_object());
    assert!(operation(&world, "two", "twin").is_null());
    // and from the row of the list
    let mut screen = Screen::at(world.home(), &["--all-contexts"], &world.kubeconfig(), (140, 40));
    screen.shows(&["2 apps"]);
    screen.keys("vG");
    screen.shows(&["deploys to"]);
    screen.until("two is selected", |screen| {
        screen.contents().lines().any(|line| line.starts_with('›') && line.contains("two"))
    });
    screen.keys("s");
    screen.shows(&["dev · two", "you may sync"]);
    screen.keys("\t\r");
    screen.shows(&["asked for"]);
    assert!(operation(&world, "two", "twin").is_object());
}

#[test]
fn who_may_not_has_the_keys_off_with_the_reason_and_sends_nothing() {
    let sea = Sea::scenario("rbac");
    let mut screen = Screen::at(sea.home(), &["--all-contexts"], sea.kubeconfig(), (140, 40));
    screen.shows(&["21 apps"]);
    screen.keys("v/redis-prod\r");
    screen.shows(&["› ●    redis-prod", "deploys to"]);
    // before anything was planned; asked as soon as the source is live
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        screen.keys("s");
        let text = screen.until("an answer", |screen| {
            let text = screen.contents();
            text.contains("needs patch applications in argocd") || text.contains("[ Cancel ]")
        });
        if !text.contains("[ Cancel ]") {
            break;
        }
        assert!(Instant::now() < deadline, "it was never asked");
        screen.keys("\x1b");
        screen.shows_no("[ Cancel ]");
    }
    screen.shows(&["› ●    redis-prod"]);
    assert!(sea.audit().is_empty());
    let report = sea.does(&["sync", "redis-prod", "--confirm", "prod"], 4);
    assert!(report["message"].as_str().unwrap().contains("needs patch applications in argocd"), "{report}");
    assert!(sea.app("redis-prod")["operation"].is_null() && sea.audit().is_empty());
    // what they may, they do
    sea.does(&["restart", "celery-dev", "--confirm", "dev"], 0);
}
