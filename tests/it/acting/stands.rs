//! How an operation of the world stands on screen, from its first phase to its failure.

use crate::program::screen::Screen;

use super::sea::Sea;

fn app(sea: &Sea, name: &str) -> Screen {
    let mut screen = Screen::start(&["--all-contexts"], Some(sea.kubeconfig()), (160, 50));
    screen.shows(&["21 apps"]);
    screen.keys("v");
    screen.shows(&["application"]);
    screen.keys(&format!("/{name}\r"));
    screen.shows(&["deploys to"]);
    screen.keys("\r");
    screen
}

#[test]
fn a_running_sync_is_told_by_phase_and_wave() {
    let sea = Sea::new();
    let screen = app(&sea, "qdrant-dev");
    screen.shows(&["PreSync done", "Sync wave 1: waiting for health of StatefulSet qdrant", "Sync wave 2 to come"]);
}

#[test]
fn a_hook_that_fails_is_told_with_its_attempts_and_its_last_words() {
    // the release comes at once and not after a while
    let sea = Sea::changed("predator12", &[("after = \"85s\"", "after = \"2s\"")]);
    let screen = app(&sea, "opensearch-dev");
    screen.shows(&[
        "2 of ",
        "next at ",
        "failed     Job opensearch-snapshot (PreSync): ",
        "log        ",
        "of opensearch-snapshot",
    ]);
}

#[test]
fn the_log_of_a_hook_is_one_key_away() {
    let sea = Sea::scenario("stuck-sync");
    let mut screen = app(&sea, "backend-dev");
    screen.shows(&["(H shows its log)"]);
    screen.keys("H");
    screen.shows(&["only hooks", "waiting for a lock on table documents"]);
    screen.shows_no("GET /health");
    screen.keys("\x1b");
    screen.shows(&["(H shows its log)"]);
    // the logs of all its containers have no hooks alone
    screen.keys("l");
    screen.shows(&["GET /health", "waiting for a lock on table documents"]);
}
