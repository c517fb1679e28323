//! Credentials: exec plugins, token files.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pilothouse::domain::{Clock, Link, time};
use pilothouse::source::kube::SourceSpec;
use serde_json::{Value, json};

use super::harness::{ADMIN, World, start, start_at};
use crate::clock::ManualClock;
use crate::told::Told;
use crate::wait::until;

/// A source whose credentials come from a shell script.
fn with_plugin(world: &World, script: &str, change: impl FnOnce(&mut Value)) -> SourceSpec {
    world.spec_with(|config| {
        let mut exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "sh",
            "args": ["-c", script],
            "env": [{ "name": "GREETING", "value": "ahoy" }],
            "interactiveMode": "IfAvailable"
        });
        change(&mut exec);
        config["users"][0]["user"] = json!({ "exec": exec });
    })
}

fn credential(token: &str) -> String {
    format!(
        r#"{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{{"token":"{token}"}}}}"#
    )
}

fn auth(told: &Told) -> Option<&str> {
    match &told.link {
        Link::Auth { why } => Some(why),
        _ => None,
    }
}

fn is_alive(pid: &str) -> bool {
    Path::new("/proc").join(pid).exists()
}

#[tokio::test]
async fn a_plugin_is_told_what_it_needs_and_its_token_is_used() {
    let world = World::with(2);
    let seen = world.home.path("seen");
    let script = format!(
        "printf '%s %s' \"$GREETING\" \"$KUBERNETES_EXEC_INFO\" > '{}'; echo '{}'",
        seen.display(),
        credential(ADMIN)
    );
    let spec = with_plugin(&world, &script, |exec| exec["provideClusterInfo"] = true.into());
    start(spec).until_live().await;
    let seen = std::fs::read_to_string(seen).unwrap();
    let info: Value = serde_json::from_str(seen.strip_prefix("ahoy ").unwrap()).unwrap();
    assert_eq!(info["spec"]["interactive"], false);
    assert_eq!(info["spec"]["cluster"]["server"], world.server.url());
    assert!(info["spec"]["cluster"]["certificate-authority-data"].is_string());
}

#[tokio::test]
async fn a_refused_token_is_made_anew_once_at_once() {
    let world = World::with(2);
    let runs = world.home.path("runs");
    let script = format!(
        "echo run >> '{0}'; if [ $(wc -l < '{0}') = 1 ]; then echo '{1}'; else echo '{2}'; fi",
        runs.display(),
        credential("old"),
        credential(ADMIN)
    );
    // a clock that stands still: there is no pause between
    let clock = Arc::new(ManualClock::new());
    let told = start_at(with_plugin(&world, &script, |_| {}), clock).until_live().await;
    assert_eq!(std::fs::read_to_string(runs).unwrap().lines().count(), 2);
    assert!(!told.log.contains(&"auth".to_owned()), "{:?}", told.log);
}

#[tokio::test]
async fn a_credential_is_made_anew_before_its_end_and_kept_until_then() {
    let world = World::with(2);
    let clock = ManualClock::new();
    let end = time::after(clock.now(), Duration::from_mins(5));
    let runs = world.home.path("runs");
    let answer = credential(ADMIN).replace(r#""status":{"#, &format!(r#""status":{{"expirationTimestamp":"{end}","#));
    let script = format!("echo run >> '{}'; echo '{answer}'", runs.display());
    let mut source = start_at(with_plugin(&world, &script, |_| {}), Arc::new(clock.clone()));
    let count = || std::fs::read_to_string(&runs).unwrap().lines().count();
    source.until_live().await;
    // silence makes the source connect again
    for (minutes, expected) in [(2, 1), (3, 2)] {
        let lives = |t: &Told| t.log.iter().filter(|l| *l == "live").count();
        let before = lives(&source.now());
        clock.advance(Duration::from_mins(minutes));
        source.until(|t| lives(t) > before).await;
        assert_eq!(count(), expected, "after {minutes} more minutes");
    }
}

#[tokio::test]
async fn what_a_plugin_complains_of_is_told_and_what_it_prints_is_not() {
    let world = World::with(0);
    let script =
        format!("printf '\\033[31mlogin expired\\033[0m\\nmore\\n' >&2; echo '{}'; exit 3", credential("s3cret"));
    let told = start(with_plugin(&world, &script, |_| {})).until(|t| auth(t).is_some()).await;
    assert_eq!(auth(&told), Some("credential plugin `sh`: login expired"));

    let told = start(with_plugin(&world, "echo s3cret", |_| {})).until(|t| auth(t).is_some()).await;
    assert!(!format!("{told:?}").contains("s3cret"), "{told:?}");

    let missing = with_plugin(&world, "", |exec| {
        exec["command"] = "no-such-plugin".into();
        exec["installHint"] = "brew install no-such-plugin".into();
    });
    let told = start(missing).until(|t| auth(t).is_some()).await;
    assert_eq!(auth(&told), Some("credential plugin `no-such-plugin` is not installed"));
    assert_eq!(told.facts.hint.as_deref(), Some("brew install no-such-plugin"));

    let in_a_terminal = with_plugin(&world, "", |exec| exec["interactiveMode"] = "Always".into());
    let told = start(in_a_terminal).until(|t| auth(t).is_some()).await;
    assert!(auth(&told).unwrap().contains("terminal"), "{told:?}");
}

#[tokio::test]
async fn hanging_plugins_delay_nobody_and_are_ended_with_their_children() {
    let world = World::with(20);
    let clock = ManualClock::new();
    let plugin = |name: &str| {
        let script =
            format!("sleep 1000 & echo $$ $! > '{0}.new'; mv '{0}.new' '{0}'; wait", world.home.path(name).display());
        start_at(with_plugin(&world, &script, |_| {}), Arc::new(clock.clone()))
    };
    let (mut one, two) = (plugin("one"), plugin("two"));
    start(world.spec()).until_live().await;
    let pids = |name: &str| {
        let text = std::fs::read_to_string(world.home.path(name)).unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    until("both are asked", || pids("one").len() == 2 && pids("two").len() == 2).await;
    assert_eq!(one.now().link, Link::Connecting { loaded: 0 });

    let (of_one, of_two) = (pids("one"), pids("two"));
    drop(two);
    until("those of the one are gone", || !of_two.iter().any(|pid| is_alive(pid))).await;
    assert!(of_one.iter().all(|pid| is_alive(pid)));

    clock.advance(Duration::from_secs(21));
    let told = one.until(|t| auth(t).is_some()).await;
    assert!(auth(&told).unwrap().contains("within 20 s"), "{told:?}");
    until("those of the other are gone", || !of_one.iter().any(|pid| is_alive(pid))).await;
}

#[tokio::test]
async fn a_token_file_is_read_again_when_its_token_is_refused() {
    let world = World::with(2);
    let file = world.home.path("token");
    std::fs::write(&file, "old\n").unwrap();
    let spec = world.spec_with(|config| config["users"][0]["user"] = json!({ "tokenFile": "token" }));
    let mut source = start(spec);
    source.until(|t| auth(t).is_some()).await;
    std::fs::write(&file, format!("{ADMIN}\n")).unwrap();
    source.until_live().await;
}
