//! A guarded sync: watched from its start, and taken back when it goes wrong.

use std::io::{BufRead as _, BufReader};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::sea::Sea;

const GOOD: &str = "predator-backend:1.4.2";

fn image(sea: &Sea) -> String {
    let deployment = sea.object("predator-cloud", "Deployment", "predator12-staging", "backend");
    deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
}

fn auto_sync(sea: &Sea) -> Value {
    sea.app("backend-staging")["spec"]["syncPolicy"]["automated"]["enabled"].clone()
}

/// The verbs of the audit log that were carried out, in their order.
fn done(sea: &Sea) -> Vec<String> {
    let lines = sea.audit().into_iter().filter(|line| line.starts_with("outcome"));
    lines.map(|line| line.replace("outcome ", "").replace("staging ", "")).collect()
}

const SYNC: [&str; 6] = ["sync", "backend-staging", "--guard", "20s", "--confirm", "staging"];

#[test]
fn guard_bad_deploy_is_rolled_back_by_itself_and_does_not_come_back() {
    let sea = Sea::scenario("bad-deploy");
    // the webhook has auto-sync begin at once, or the sync is quicker: either is guarded
    sea.ctl("commit bad");
    let report = sea.does(&SYNC, 7);
    assert_eq!(report["outcome"], "rolledBack");
    let message = report["message"].as_str().unwrap();
    assert!(message.contains("in trouble") && message.ends_with("auto-sync stays off"), "{message}");
    assert_eq!(done(&sea), ["sync done", "autosync done", "terminate done", "rollback done"]);
    assert!(image(&sea).ends_with(GOOD), "{}", image(&sea));
    for _ in 0..20 {
        sea.ctl("clock advance 30s");
        assert_eq!(auto_sync(&sea), false);
        assert!(image(&sea).ends_with(GOOD), "the bad image is back: {}", image(&sea));
    }
    // giving it back says what it rolls forward to, and that this is what failed
    let plan = sea.does(&["autosync", "on", "backend-staging", "--plan"], 0);
    let app = sea.app("backend-staging");
    let revision = &app["status"]["sync"]["revision"].as_str().unwrap()[..7];
    let cautions: Vec<&str> = plan["plan"]["cautions"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let wanted = format!("it rolls forward to release/staging {revision} at once, the revision that failed");
    assert!(cautions.contains(&&*wanted), "{cautions:?}");
    // the badge stands
    let mut screen = crate::program::screen::Screen::at(sea.home(), &["--all-contexts"], sea.kubeconfig(), (140, 40));
    screen.shows(&["21 apps"]);
    screen.keys("v/backend-staging\r");
    screen.shows(&["⏻", "by autosync from here"]);
}

#[test]
fn guard_pods_that_crash_are_trouble_although_argo_cd_says_healthy() {
    // the migration goes well all the same
    let words = [
        ("behaviour = \"missing\"", "behaviour = \"exit=1 after=1s\""),
        ("behaviour = \"present\"", "behaviour = \"present exit=0 after=1s\""),
    ];
    let sea = Sea::changed("bad-deploy", &words);
    sea.ctl("commit bad");
    let report = sea.does(&SYNC, 7);
    let message = report["message"].as_str().unwrap();
    assert!(message.contains("crashes"), "{message}");
    assert!(image(&sea).ends_with(GOOD));
}

#[test]
fn guard_a_sync_that_holds_is_left_alone() {
    let sea = Sea::scenario("quiet");
    let report = sea.does(&["sync", "redis-staging", "--guard", "3s", "--confirm", "staging"], 0);
    assert_eq!((&report["outcome"], &report["phase"]), (&"done".into(), &"Succeeded".into()));
    assert_eq!(sea.audit(), ["intent sync staging -", "outcome sync staging done"]);
}

#[test]
fn guard_whoever_ends_it_is_told_what_stays_undone() {
    let sea = Sea::scenario("quiet");
    let arguments = ["sync", "redis-staging", "--guard", "5m", "--confirm", "staging"];
    let child = sea.start(None, &arguments);
    sea.until("the sync is written", |sea| sea.audit().contains(&"outcome sync staging done".to_owned()).then_some(()));
    // it listens to signals from then on; one that comes sooner ends it as well
    let deployed = sea.app("redis-staging")["status"]["history"].as_array().unwrap().len();
    sea.until("the sync is over", |sea| {
        let history = sea.app("redis-staging")["status"]["history"].as_array().unwrap().len();
        (history > deployed || sea.app("redis-staging")["operation"].is_null()).then_some(())
    });
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let ended = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{err}");
    assert!(err.contains("left undone: redis-staging is not guarded any more: it is watched no longer"), "{err}");
}

#[test]
fn guard_what_an_application_set_would_put_back_is_said_before() {
    let sea = Sea::scenario("quiet");
    let plan = sea.does(&["sync", "backend-dev", "--guard", "1m", "--plan"], 0);
    let cautions = plan["plan"]["cautions"].to_string();
    assert!(cautions.contains("ApplicationSet predator12 puts auto-sync back within moments"), "{cautions}");
    assert!(cautions.contains("if it fails, auto-sync goes off and deployment"), "{cautions}");
}

/// What a program that runs has written to stderr so far.
fn heard(child: &mut std::process::Child) -> Arc<Mutex<String>> {
    let said = Arc::new(Mutex::new(String::new()));
    let (lines, into) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&said));
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            into.lock().unwrap().push_str(&format!("{line}\n"));
        }
    });
    said
}

#[test]
fn guard_a_source_that_is_lost_for_a_while_ends_nothing() {
    let sea = Sea::scenario("quiet");
    let mut child = sea.start(None, &["sync", "redis-staging", "--guard", "8s", "--confirm", "staging"]);
    let said = heard(&mut child);
    sea.until("the sync is written", |sea| sea.audit().contains(&"outcome sync staging done".to_owned()).then_some(()));
    sea.ctl("source stop predator-cloud");
    sea.until("it is missed", |_| said.lock().unwrap().contains("it cannot be looked at").then_some(()));
    sea.ctl("source start predator-cloud");
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", said.lock().unwrap());
}

#[test]
fn guard_a_source_that_is_lost_on_the_way_back_is_waited_for() {
    let sea = Sea::scenario("bad-deploy");
    sea.ctl("commit bad");
    let mut child = sea.start(None, &SYNC);
    let said = heard(&mut child);
    sea.until("it is being taken back", |sea| done(sea).contains(&"autosync done".to_owned()).then_some(()));
    sea.ctl("source stop predator-cloud");
    sea.until("it is missed", |_| said.lock().unwrap().contains("it cannot be looked at").then_some(()));
    sea.ctl("source start predator-cloud");
    assert_eq!(child.wait().unwrap().code(), Some(7), "{}", said.lock().unwrap());
    // a write whose connection broke is looked at, and where it did not arrive it is planned anew
    assert!(done(&sea).iter().filter(|line| *line == "rollback done").count() <= 1, "{:?}", done(&sea));
    assert!(image(&sea).ends_with(GOOD), "{}", image(&sea));
    assert_eq!(auto_sync(&sea), false);
}

#[test]
fn guard_whoever_leaves_the_cockpit_is_asked_and_told_what_stays_undone() {
    let sea = Sea::scenario("bad-deploy");
    let mut screen = guarded(&sea, &[]);
    screen.shows(&["on leaving", "it is watched no longer"]);
    screen.keys("\x03");
    screen.shows(&["guarded sync of backend-staging: it is watched no longer"]);
    screen.keys("\x03");
    screen.exit(std::time::Duration::from_mins(1));
    let told = screen.contents();
    assert!(told.contains("left undone: the guarded sync of backend-staging: it is watched no longer"), "{told}");
}

/// The cockpit with the plan of a guarded sync of backend-staging confirmed.
fn guarded(sea: &Sea, arguments: &[&str]) -> crate::program::screen::Screen {
    let arguments = [&["--all-contexts"], arguments].concat();
    let mut screen = crate::program::screen::Screen::at(sea.home(), &arguments, sea.kubeconfig(), (140, 50));
    screen.shows(&["21 apps"]);
    screen.keys("v/backend-staging\r");
    screen.shows(&["› ●    backend-staging", "deploys to"]);
    screen.keys("S");
    screen.shows(&["Sync backend-staging to", "[x] guarded", "[ Cancel ]", "you may sync"]);
    screen.keys("\t");
    screen.shows(&["[ Sync, guarded, backend-staging in staging (predator-cloud) ]"]);
    screen.keys("\r");
    screen.shows(&["Guarded sync of backend-staging"]);
    screen
}

#[test]
fn guard_in_the_cockpit_takes_a_bad_deploy_back() {
    let sea = Sea::scenario("bad-deploy");
    let mut screen = guarded(&sea, &[]);
    sea.ctl("commit bad");
    sea.until("it is rolled back", |sea| done(sea).contains(&"rollback done".to_owned()).then_some(()));
    screen.shows(&["ended", "rolled back to", "auto-sync stays off"]);
    assert_eq!(auto_sync(&sea), false);
    assert!(image(&sea).ends_with(GOOD));
    screen.keys("\x1b");
    screen.shows(&["⏻ ", "guard "]);
}

#[test]
fn guard_that_has_to_ask_does_nothing_before_it_is_answered() {
    let sea = Sea::scenario("bad-deploy");
    let config = sea.home().join("config.toml");
    std::fs::write(&config, "[[environment]]\nname = \"staging\"\nguard = \"ask\"\n").unwrap();
    let mut screen = guarded(&sea, &["--config", config.to_str().unwrap()]);
    sea.ctl("commit bad");
    sea.until("it asks", |_| {
        let shown = screen.contents();
        (shown.contains("[ Leave it as it is ]") && shown.contains("failed")).then_some(())
    });
    assert_eq!(done(&sea), ["sync done"], "nobody answered yet");
    screen.keys("\t");
    screen.shows(&["[ Roll back to deployment"]);
    screen.keys("\r");
    sea.until("it is rolled back", |sea| done(sea).contains(&"rollback done".to_owned()).then_some(()));
    screen.shows(&["rolled back to"]);
}
