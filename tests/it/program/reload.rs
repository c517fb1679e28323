//! Settings that are saved while the program runs.

use std::path::{Path, PathBuf};

use super::screen::{PATIENCE, Screen};
use super::world::Still;

/// As most editors do: beside it, then over it.
fn save(file: &Path, text: &str) {
    let beside = file.with_extension("tmp");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(&beside, file).unwrap();
}

fn start(text: &str) -> (Still, PathBuf, Screen) {
    let world = Still::new(&["dev"], 5);
    let folder = world.kubeconfig().with_file_name("settings");
    std::fs::create_dir(&folder).unwrap();
    let config = folder.join("config.toml");
    save(&config, text);
    let arguments = ["--config", config.to_str().unwrap()];
    let screen = Screen::start(&arguments, Some(&world.kubeconfig()), (120, 40));
    screen.shows(&["5 apps", "app04", "/ filter"]);
    (world, config, screen)
}

#[test]
fn a_key_bound_while_it_runs_works_at_once() {
    let (_world, config, mut screen) = start("");
    save(&config, "[keys.list]\n\"/\" = \"\"\n\"x\" = \"filter.open\"\n");
    screen.shows(&["settings were read anew"]);
    screen.shows(&["x filter"]);
    screen.keys("?");
    screen
        .until("in help", |s| s.contents().lines().any(|l| l.trim_start().starts_with("x  ") && l.contains("Filter")));
    screen.keys("qx");
    screen.keys("app03");
    screen.shows_no("app04-dev");
    // what is wrong is said while typing goes on, and what it was about stays
    save(&config, "[keys.list]\n\"/\" = \"\"\n\"x\" = \"filter.opne\"\n\"X\" = \"view.switch\"\n");
    screen.keys("\r");
    screen.shows(&["config.toml:3: there is no command `filter.opne`; try filter.open"]);
    screen.keys("X");
    screen.shows(&["application"]);
    screen.keys("\x1b");
    screen.shows(&["app04-dev"]);
    screen.keys("xapp02");
    screen.shows_no("app04-dev");
    screen.keys("\x1b");
    screen.shows(&["app04-dev"]);
    std::fs::remove_file(&config).unwrap();
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
    screen.assert_given_back();
}

#[test]
fn a_theme_saved_while_it_runs_is_seen_and_a_bad_line_loses_nothing() {
    let (_world, config, mut screen) = start("theme = \"mine\"\n");
    let colour = |wanted: (u8, u8, u8)| {
        move |s: &vt100::Screen| {
            let rgb = vt100::Color::Rgb(wanted.0, wanted.1, wanted.2);
            (0..s.size().1.get()).any(|x| s.cell(0, x).is_some_and(|cell| cell.bgcolor() == rgb))
        }
    };
    screen.until("dark for want of a theme", colour((0x1d, 0x22, 0x2a)));
    let theme = config.with_file_name("themes");
    std::fs::create_dir(&theme).unwrap();
    save(&theme.join("mine.toml"), "[roles]\nheader = { fg = \"#ffffff\", bg = \"#010203\" }\n");
    screen.until("the new header", colour((1, 2, 3)));
    save(&theme.join("mine.toml"), "[roles]\nheader = { fg = \"#ffffff\", bg = \"nosuch\" }\n");
    screen.shows(&["mine.toml:2: there is no colour `nosuch`"]);
    screen.until("the header as it was", colour((1, 2, 3)));
    save(&config, "theme = \"lihgt\"\n");
    screen.shows(&["there is no theme `"]);
    screen.until("the theme as it was", colour((1, 2, 3)));
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
}

#[test]
fn the_mouse_is_taken_and_left_as_the_settings_say() {
    let (_world, config, mut screen) = start("mouse = false\n");
    let taken = |s: &vt100::Screen| s.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
    screen.until("left to the terminal", |s| !taken(s));
    let asked = |bytes: &[u8]| bytes.windows(8).any(|w| w == b"\x1b[?1002h");
    assert!(!asked(&screen.bytes()), "it was never asked for");
    save(&config, "mouse = true\n");
    screen.until("taken", taken);
    screen.keys("v");
    screen.shows(&["application"]);
    // the third Application of the list, clicked twice
    let text = screen.shows(&["app02-dev"]);
    let row = text.lines().position(|l| l.contains("app02-dev")).unwrap() + 1;
    screen.keys(&format!("\x1b[<0;6;{row}M\x1b[<0;6;{row}m"));
    screen.until("selected", |s| s.contents().lines().any(|l| l.starts_with('›') && l.contains("app02-dev")));
    save(&config, "mouse = false\n");
    screen.until("left again", |s| !taken(s));
    screen.keys("q");
    assert_eq!(screen.exit(PATIENCE), 0);
    screen.assert_given_back();
}
