//! The program in a terminal, against a world: what is pressed, what is then there, and what the audit log says of it.

use super::sea::{Sea, audit};

#[test]
fn a_sync_that_is_confirmed_is_written_and_noted() {
    let sea = Sea::new();
    let mut screen = sea.open(&[], "redis-staging");
    let before = sea.app("redis-staging");
    screen.keys("s");
    screen.shows(&["Sync redis-staging to", "[ Cancel ]", "you may sync"]);
    // Cancel has the focus
    screen.keys("\r");
    screen.shows_no("[ Cancel ]");
    assert_eq!(sea.app("redis-staging")["operation"], before["operation"]);
    screen.keys("s");
    screen.shows(&["[ Cancel ]", "you may sync"]);
    screen.keys("\t");
    screen.shows(&["[ Sync redis-staging in staging (predator-cloud) ]"]);
    screen.keys("\r");
    screen.shows(&["asked for"]);
    let app = sea.app("redis-staging");
    let asked = [&app["operation"], &app["status"]["operationState"]["operation"]];
    let asked = asked.into_iter().find(|operation| operation.is_object()).unwrap();
    assert!(asked["initiatedBy"]["username"].is_string(), "{asked}");
    assert_eq!(audit(screen.home()), ["intent sync staging -", "outcome sync staging done"]);
}

#[test]
fn production_is_written_to_by_its_name_only() {
    let sea = Sea::new();
    let mut screen = sea.open(&[], "redis-prod");
    screen.keys("s");
    screen.shows(&["Sync redis-prod to", "PROD · predator-cloud", "you may sync"]);
    screen.keys("\t\r");
    screen.shows(&["type prod to sync redis-prod in PROD: "]);
    screen.keys("dev\r");
    screen.shows(&["nothing was done: the words are `prod`"]);
    assert!(audit(screen.home()).is_empty());
    screen.keys("\t\r");
    screen.shows(&["type prod to sync redis-prod in PROD: "]);
    screen.keys("prod\r");
    screen.shows(&["asked for"]);
    assert_eq!(audit(screen.home()), ["intent sync prod -", "outcome sync prod done"]);
}

#[test]
fn a_refresh_is_one_key_and_read_only_is_none() {
    let sea = Sea::new();
    let mut screen = sea.open(&[], "redis-prod");
    screen.keys("r");
    screen.shows(&["Compare redis-prod with Git: done"]);
    assert_eq!(audit(screen.home()), ["intent refresh prod -", "outcome refresh prod done"]);
    drop(screen);
    let mut screen = sea.open(&["--readonly"], "redis-prod");
    screen.keys("r");
    screen.shows(&["the cockpit is read-only"]);
    assert!(audit(screen.home()).is_empty());
}

#[test]
fn a_rollback_switches_auto_sync_off_first_and_leaves_a_badge() {
    let sea = Sea::new();
    let mut screen = sea.open(&[], "backend-staging");
    screen.keys("R");
    screen.shows(&["Deployments of backend-staging", "is there now"]);
    screen.keys("\r");
    screen.shows(&["step 1", "Switch auto-sync of backend-staging off", "[ Cancel ]", "you may rollback"]);
    // what is there and what would come back, side by side
    screen.until("the images are compared", |screen| {
        screen.contents().lines().any(|line| {
            line.contains("images")
                && line.contains("predator-backend:1.4.2")
                && line.contains("predator-backend:1.4.1")
        })
    });
    screen.keys("\t");
    screen.shows(&["[ Roll back backend-staging in staging (predator-cloud) ]"]);
    screen.keys("\r");
    screen.shows(&["asked for"]);
    let lines = ["intent autosync staging -", "outcome autosync staging done"];
    let lines = [lines, ["intent rollback staging -", "outcome rollback staging done"]].concat();
    assert_eq!(audit(screen.home()), lines);
    let app = sea.app("backend-staging");
    assert_eq!(app["spec"]["syncPolicy"]["automated"]["enabled"], false);
    screen.keys("\x1b");
    screen.shows(&["⏻", "by autosync from here"]);
    screen.keys("@");
    screen.shows(&["2 writes in the last 31 days", "Switch auto-sync of backend-staging off"]);
}
