//! The terminal is lent to k9s, on the cluster and namespace of what is selected.

use std::os::unix::fs::PermissionsExt as _;

use super::screen::{PATIENCE, Screen};
use super::world::Still;

/// A k9s that says how it was called and waits for a line.
const FAKE: &str = "#!/bin/sh\necho \"k9s was given: $*\"\necho \"with $KUBECONFIG\"\nread line\necho \"typed: $line\"\nexit ${line:-0}\n";

/// The program with a folder of ours before all others in PATH.
fn start(world: &Still, fake: Option<&str>, arguments: &str) -> (Screen, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    // without a fake there is no k9s at all, whatever the machine has
    let path = if let Some(text) = fake {
        let file = folder.path().join("k9s");
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        format!("{}:$PATH", folder.path().display())
    } else {
        folder.path().display().to_string()
    };
    let script = format!("PATH={path} exec $pilothouse --all-contexts {arguments}");
    let screen = Screen::shell(&script, Some(&world.kubeconfig()), (100, 24));
    screen.shows(&["3 apps", "app02"]);
    (screen, folder)
}

#[test]
fn k9s_is_given_context_and_namespace_and_the_screen_comes_back() {
    let world = Still::new(&["dev"], 3);
    let (mut screen, _folder) = start(&world, Some(FAKE), "");
    screen.keys("K");
    let text = screen.until("k9s", |s| !s.alternate_screen() && s.contents().contains("--context=dev --namespace=dev"));
    assert!(!text.contains("--readonly"), "{text}");
    // keys are k9s's now
    screen.keys("0\r");
    screen.until("back", |s| s.alternate_screen() && s.contents().contains("3 apps"));
    screen.keys("v");
    screen.shows(&["application"]);
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
    screen.assert_given_back();
}

#[test]
fn k9s_may_only_look_where_nothing_may_be_changed_and_its_failure_is_told() {
    let world = Still::new(&["prod"], 3);
    let (mut screen, _folder) = start(&world, Some(FAKE), "");
    screen.keys("K");
    screen.until("k9s", |s| s.contents().contains("--context=prod --namespace=prod --readonly"));
    screen.keys("3\r");
    screen.until("back", |s| s.alternate_screen() && s.contents().contains("k9s ended with exit status: 3"));
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);

    let world = Still::new(&["dev"], 3);
    let (mut screen, _folder) = start(&world, Some(FAKE), "--readonly");
    screen.keys("K");
    screen.until("k9s", |s| s.contents().contains("--namespace=dev --readonly"));
    screen.keys("\r");
    screen.until("back", |s| s.alternate_screen() && s.contents().contains("3 apps"));
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
}

#[test]
fn without_k9s_one_line_says_so() {
    let world = Still::new(&["dev"], 3);
    let (mut screen, _folder) = start(&world, None, "");
    screen.keys("K");
    screen.shows(&["k9s is not installed"]);
    screen.shows(&["3 apps"]);
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
    screen.assert_given_back();
}
