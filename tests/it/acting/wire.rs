//! The program in a terminal, against a world: what is pressed, what is then there, and what the audit log says of it.

use std::path::Path;

use pilothouse::sim::world::{SimOptions, World};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::program::screen::Screen;

/// The default world with the program on it.
struct Sea {
    world: World,
    _runtime: Runtime,
}

impl Sea {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let inside = runtime.enter();
        let world = World::start(SimOptions::default()).unwrap();
        drop(inside);
        Self { world, _runtime: runtime }
    }

    fn open(&self, arguments: &[&str], app: &str) -> Screen {
        let arguments: Vec<&str> = ["--all-contexts"].iter().chain(arguments).copied().collect();
        let mut screen = Screen::start(&arguments, Some(self.world.kubeconfig()), (120, 40));
        screen.shows(&["21 apps"]);
        screen.keys("v");
        screen.shows(&["application"]);
        screen.keys(&format!("/{app}\r"));
        // known whole: a sketch is not acted on
        screen.shows(&[&format!("› ●    {app}"), "deploys to"]);
        screen
    }

    fn app(&self, source: &str, name: &str) -> Value {
        self.world.store(source).unwrap().get("Application", "argocd", name).unwrap()
    }
}

/// The lines of the audit log below a home: half, verb, environment, outcome.
pub fn audit(home: &Path) -> Vec<[String; 4]> {
    let mut lines = Vec::new();
    let folder = home.join("pilothouse");
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).map(|all| all.flatten().map(|e| e.path()).collect()).unwrap_or_default();
    files.sort();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "jsonl")) {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            lines.push(
                ["event", "verb", "environment", "outcome"].map(|k| record[k].as_str().unwrap_or("-").to_owned()),
            );
        }
    }
    lines
}

fn line(words: &str) -> [String; 4] {
    words.split(' ').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn a_sync_that_is_confirmed_is_written_and_noted() {
    let sea = Sea::new();
    let mut screen = sea.open(&[], "redis-staging");
    let before = sea.app("predator-cloud", "redis-staging");
    screen.keys("s");
    screen.shows(&["Sync redis-staging to", "[ Cancel ]", "you may sync"]);
    // Cancel has the focus
    screen.keys("\r");
    screen.shows_no("[ Cancel ]");
    assert_eq!(sea.app("predator-cloud", "redis-staging")["operation"], before["operation"]);
    screen.keys("s");
    screen.shows(&["[ Cancel ]", "you may sync"]);
    screen.keys("\t");
    screen.shows(&["[ Sync redis-staging in staging (predator-cloud) ]"]);
    screen.keys("\r");
    screen.shows(&["asked for"]);
    let app = sea.app("predator-cloud", "redis-staging");
    let asked = [&app["operation"], &app["status"]["operationState"]["operation"]];
    let asked = asked.into_iter().find(|operation| operation.is_object()).unwrap();
    assert!(asked["initiatedBy"]["username"].is_string(), "{asked}");
    assert_eq!(audit(screen.home()), [line("intent sync staging -"), line("outcome sync staging done")]);
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
    assert_eq!(audit(screen.home()), [line("intent sync prod -"), line("outcome sync prod done")]);
}

#[test]
fn a_refresh_is_one_key_and_read_only_is_none() {
    let sea = Sea::new();
    let mut screen = sea.open(&[], "redis-prod");
    screen.keys("r");
    screen.shows(&["Compare redis-prod with Git: done"]);
    assert_eq!(audit(screen.home()), [line("intent refresh prod -"), line("outcome refresh prod done")]);
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
    screen.keys("\t");
    screen.shows(&["[ Roll back backend-staging in staging (predator-cloud) ]"]);
    screen.keys("\r");
    screen.shows(&["asked for"]);
    let lines = ["intent autosync staging -", "outcome autosync staging done"];
    let lines: Vec<_> = lines.iter().chain(&["intent rollback staging -", "outcome rollback staging done"]).collect();
    assert_eq!(audit(screen.home()), lines.into_iter().map(|words| line(words)).collect::<Vec<_>>());
    let app = sea.app("predator-cloud", "backend-staging");
    assert_eq!(app["spec"]["syncPolicy"]["automated"]["enabled"], false);
    screen.keys("\x1b");
    screen.shows(&["⏻", "by autosync from here"]);
    screen.keys("@");
    screen.shows(&["2 writes in the last 31 days", "Switch auto-sync of backend-staging off"]);
}
