//! The cockpit shut out of an argocd-server in mid-flight, and back by its own login.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::scene::{SOURCE, Scene};
use crate::program::screen::{PATIENCE, Screen};

const STREAM: &str = "fault watch-close path /api/v1/stream/applications times 1";

/// The program in a terminal, with nothing but what `arguments` and `variables` say.
fn cockpit(scene: &Scene, variables: &str, arguments: &str, size: (u16, u16)) -> Screen {
    let script = format!(
        "export SSL_CERT_FILE='{}' PILOTHOUSE_LOG_FILE=\"$HOME/log\" {variables}; exec $pilothouse -vvv {arguments}",
        scene.ca().display()
    );
    Screen::shell(&script, Some(scene.world.kubeconfig()), size)
}

/// Everything in the files below a folder but the token that is kept.
fn files(folder: &Path, all: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tokens") {
            files(&path, all);
        } else if path.is_file() {
            all.extend(std::fs::read(path).unwrap());
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The one token that was kept, and its mode.
fn kept(screen: &Screen) -> String {
    let mut tokens = std::fs::read_dir(screen.home().join("pilothouse/tokens")).unwrap();
    let path = tokens.next().unwrap().unwrap().path();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::read_to_string(path).unwrap()
}

fn nothing_is_told(scene: &Scene, screen: &Screen) {
    let mut told = screen.bytes();
    files(screen.home(), &mut told);
    for secret in [scene.argocd("password"), scene.token("admin"), kept(screen)] {
        assert!(!contains(&told, &secret), "a secret was told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_revoked_in_mid_flight_leaves_the_data_and_a_login_brings_it_back() {
    let scene = Scene::new();
    let variables = format!("ARGOCD_AUTH_TOKEN='{}'", scene.token("admin"));
    let mut screen = cockpit(&scene, &variables, &format!("--argocd-server {}", scene.argocd("url")), (80, 24));
    screen.shows(&["9 apps", "backend"]);
    scene.order("revoke all").await;
    scene.order(STREAM).await;
    // what was read stays, and the link says so
    let frame = screen.shows(&["auth", "U log in"]);
    assert!(frame.contains("9 apps") && frame.contains("backend"), "{frame}");
    screen.keys("U");
    screen.shows(&["token is revoked", "password"]);
    screen.keys("not the password\r");
    let frame = screen.shows(&["Invalid username or password", "5 failures"]);
    assert!(!frame.contains("not the password"), "{frame}");
    screen.keys(&format!("\x1b[200~{}\x1b[201~\r", scene.argocd("password")));
    screen.shows(&["logged in as admin"]);
    screen.shows_no("auth");
    screen.shows(&["9 apps"]);
    // what changes from here on is seen
    let store = scene.world.store(SOURCE).unwrap();
    let mut extra = store.get("Application", "argocd", "frontend-prod").unwrap();
    extra["metadata"] = serde_json::json!({"name": "extra", "namespace": "argocd"});
    store.put(extra);
    screen.shows(&["10 apps"]);
    nothing_is_told(&scene, &screen);
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_a_token_logs_in_through_a_port_forward() {
    let scene = Scene::new();
    let arguments = format!("--argocd-server port-forward --context {SOURCE}");
    let mut screen = cockpit(&scene, "", &arguments, (60, 20));
    let frame = screen.shows(&["no token for port-forward", "U log in"]);
    // the key first, the command line second
    assert!(frame.find("U logs in").unwrap() < frame.find("pilothouse login").unwrap(), "{frame}");
    screen.keys("U");
    screen.shows(&["user", "admin", "password"]);
    screen.keys(&format!("{}\r", scene.argocd("password")));
    screen.shows(&["logged in as admin"]);
    screen.shows(&["9 apps"]);
    screen.keys("o");
    screen.shows(&["live", "certificate not verified"]);
    nothing_is_told(&scene, &screen);
    screen.keys("q");
    screen.shows_no("certificate not verified");
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
}
