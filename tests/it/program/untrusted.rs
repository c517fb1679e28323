//! Text from a cluster steers nobody's terminal.

use serde_json::json;

use super::screen::{PATIENCE, Screen};
use super::world::{Still, application};

/// Clipboard, title, cursor, screen, a C1 introducer, a bidi override, a device string, a bell.
const ATTACK: &str = "EVIL\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}]0;owned\u{1b}\\\u{1b}[10;10H\u{1b}[2J\u{9b}31m\u{9d}2;owned\u{9c}\u{202e}gnp\u{2066}\u{1b}P1$r\u{1b}\\\u{7}\u{8}END";

/// A world in which every text that is shown holds the attack.
fn world() -> Still {
    let world = Still::new(&["dev"], 1);
    let mut app = application("victim", "dev");
    app["metadata"]["labels"] = json!({ "environment": "dev", "component": ATTACK, "team": ATTACK });
    app["metadata"]["annotations"] = json!({ "argocd.argoproj.io/refresh": ATTACK });
    app["spec"]["project"] = json!(ATTACK);
    app["spec"]["source"] = json!({ "repoURL": ATTACK, "path": ATTACK, "targetRevision": ATTACK });
    app["spec"]["destination"] = json!({ "name": ATTACK, "namespace": ATTACK });
    app["status"] = json!({
        "sync": { "status": "OutOfSync", "revision": ATTACK },
        "health": { "status": "Degraded", "message": ATTACK },
        "summary": { "images": [format!("registry/{ATTACK}:{ATTACK}")] },
        "conditions": [{ "type": ATTACK, "message": ATTACK, "lastTransitionTime": "2026-01-02T03:04:05Z" }],
        "operationState": {
            "phase": "Failed", "message": ATTACK, "startedAt": "2026-01-02T03:04:05Z",
            "finishedAt": "2026-01-02T03:05:05Z",
            "operation": { "initiatedBy": { "username": ATTACK }, "sync": { "revision": ATTACK } }
        }
    });
    world.store("dev").put(app);
    let mut named = application("named", "dev");
    named["metadata"]["name"] = json!(format!("named{ATTACK}"));
    world.store("dev").put(named);
    world
}

fn assert_harmless(text: &str) {
    assert!(text.contains("EVIL"), "the rest of the text is there:\n{text}");
    for part in ["ZXZpbA", "owned", "\u{1b}", "\u{7}", "\u{8}", "\u{9b}", "\u{9d}", "\u{202e}", "\u{2066}"] {
        assert!(!text.contains(part), "{part:?} in {text:?}");
    }
}

#[test]
fn nothing_of_it_reaches_a_terminal() {
    let world = world();
    let mut screen = Screen::start(&[], Some(&world.kubeconfig()), (160, 50));
    screen.keys("v");
    screen.shows(&["3 apps", "victim"]);
    screen.keys("/victim\r\r");
    screen.shows(&["deploys to", "EVIL"]);
    screen.keys("qvo");
    screen.shows(&["https://127.0.0.1"]);
    screen.keys("qq");
    assert_eq!(screen.exit(PATIENCE), 0);
    screen.assert_given_back();
    let bytes = screen.bytes();
    let text = String::from_utf8(bytes).unwrap();
    for part in ["ZXZpbA", "owned", "\u{1b}]", "\u{1b}P", "\u{7}", "\u{8}", "\u{9b}", "\u{9d}", "\u{202e}", "\u{2066}"]
    {
        assert!(!text.contains(part), "{part:?} in {text:?}");
    }
}

#[test]
fn nothing_of_it_is_printed() {
    let world = world();
    for arguments in [
        &["get", "apps"][..],
        &["get", "apps", "-o", "wide"],
        &["get", "apps", "-o", "json"],
        &["snapshot", "--view", "fleet", "--size", "160x40"],
        &["snapshot", "--view", "app", "--app", "victim", "--size", "160x60"],
    ] {
        let done = world.run(arguments);
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        let text = String::from_utf8(done.stdout).unwrap();
        assert_harmless(&text);
        // nor as an escape of JSON that whoever reads it turns back
        assert!(!text.contains("\\u001b") && !text.contains("\\u009b"), "{text}");
    }
    let svg = world.run(&["snapshot", "--view", "fleet", "--format", "svg"]);
    assert!(!String::from_utf8(svg.stdout).unwrap().contains("owned"));
}
