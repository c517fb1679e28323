//! Two sources on one screen: what happens to one is no business of the other.

use super::screen::{PATIENCE, Screen};
use super::world::{Still, application};

#[test]
fn a_source_that_stops_says_since_when_and_comes_back_by_itself() {
    let world = Still::new(&["near", "far"], 2);
    let mut screen = Screen::start(&["--all-contexts"], Some(&world.kubeconfig()), (120, 40));
    screen.keys("v");
    screen.shows(&["app00-far", "app01-near", "4 apps"]);
    screen.keys("j");
    screen.until("the second row selected", |s| {
        s.contents().lines().any(|l| l.starts_with('›') && l.contains("app00-near"))
    });
    world.stop("far");
    // its rows stay, in the looks of what is doubtful, and its age is shown
    screen.until("dimmed", |s| row_is_italic(s, "app00-far") && s.contents().contains("far down"));
    screen.until("not dimmed", |s| !row_is_italic(s, "app01-near"));
    // the other goes on
    world.store("near").put(application("news-near", "near"));
    screen.shows(&["news-near", "app00-far", "far down"]);
    screen.keys("o");
    screen.shows(&["next try in"]);
    world.start_again("far");
    screen.shows_no("next try in");
    screen.keys("\x1b");
    screen.until("well again", |s| !row_is_italic(s, "app00-far") && !s.contents().contains("down"));
    world.store("far").put(application("news-far", "far"));
    screen.shows(&["news-far", "news-near", "6 apps"]);
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
}

fn row_is_italic(screen: &vt100::Screen, name: &str) -> bool {
    let rows: Vec<String> = screen.rows(0, 120).collect();
    let Some(row) = rows.iter().position(|row| row.contains(name) && !row.starts_with('›')) else {
        return false;
    };
    let row = row as u16;
    (5..15).any(|column| screen.cell(row, column).is_some_and(vt100::Cell::italic))
}

#[test]
fn what_could_be_read_is_printed_when_a_source_is_down() {
    let world = Still::new(&["near", "far"], 2);
    world.stop("far");
    for output in ["table", "json", "wide"] {
        let done = world.run(&["get", "apps", "--all-contexts", "-o", output]);
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(5), "{err}");
        assert!(out.contains("app01-near") && !out.contains("-far"), "{out}");
        assert!(err.contains("source far is down") && err.contains("refused"), "{err}");
    }
    world.start_again("far");
    let done = world.run(&["get", "apps", "--all-contexts", "-o", "json"]);
    assert_eq!(done.status.code(), Some(0));
    let apps: Vec<serde_json::Value> = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(apps.len(), 4);
}
