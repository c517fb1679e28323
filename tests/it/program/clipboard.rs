//! What is copied leaves the program as OSC 52.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::screen::{PATIENCE, Screen};

/// What the last OSC 52 sequence of `bytes` holds.
fn clipboard(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (_, rest) = text.rsplit_once("\x1b]52;c;")?;
    let (encoded, _) = rest.split_once('\x07')?;
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

#[test]
fn a_name_and_a_live_object_are_copied() {
    let mut screen = Screen::start(&["demo"], None, (120, 40));
    screen.shows(&["21 apps", "backend", "PROD"]);
    screen.keys("v/backend-d");
    screen.shows(&["backend-dev", "deploys to"]);
    screen.keys("\ry");
    screen.shows(&["Copy of backend-dev", "kubectl --context minikube -n argocd get applications"]);
    screen.keys("y");
    screen.shows(&["copied the name"]);
    assert_eq!(clipboard(&screen.bytes()).as_deref(), Some("backend-dev"));
    screen.keys("ym");
    screen.shows(&["copied Application backend-dev as YAML"]);
    let yaml = clipboard(&screen.bytes()).unwrap();
    assert!(yaml.starts_with("apiVersion: argoproj.io/v1alpha1\nkind: Application\n"), "{yaml}");
    screen.keys("q");
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
}
