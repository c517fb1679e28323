//! How it looks: at three sizes, and in three themes.

use pilothouse::config::glyph::ASCII;
use pilothouse::config::palette::Depth;
use pilothouse::config::theme::Theme;
use pilothouse::view::ScreenId;

use crate::fixture::{Cockpit, cockpit, voyage};
use crate::screens::looks;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 10)];

/// What lies over the lists, and how to get there.
const OVERLAYS: [(&str, &str, &str); 7] = [
    ("palette", ":", ""),
    ("palette_fuzzy", ":", "bkd"),
    ("palette_argument", ":", "only "),
    ("palette_refused", ":", "unmark"),
    ("which", "g", ""),
    ("filter_error", "/", "env:dev healht:x"),
    ("marks", "space j j space", ""),
];

fn overlay(keys: &str, text: &str, size: (u16, u16)) -> Cockpit {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, size);
    cockpit.press(keys);
    cockpit.type_text(text);
    cockpit
}

#[test]
fn every_overlay_at_every_size() {
    for (name, keys, text) in OVERLAYS {
        for (width, height) in SIZES {
            let shown = overlay(keys, text, (width, height)).text();
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), shown);
        }
    }
}

#[test]
fn every_theme_on_the_overlays() {
    for theme in ["dark", "light", "mono"] {
        for (name, keys, text) in [OVERLAYS[1], OVERLAYS[3], OVERLAYS[4], OVERLAYS[6]] {
            let mut cockpit = overlay(keys, text, (60, 12));
            cockpit.model.theme = Theme::bundled(theme, Depth::TrueColor).unwrap();
            insta::assert_snapshot!(format!("{name}_{theme}"), looks(&cockpit.frame()));
        }
    }
}

#[test]
fn help_searched_and_refused_at_every_size() {
    for (width, height) in SIZES {
        let mut cockpit = overlay("? /", "environment", (width, height));
        insta::assert_snapshot!(format!("help_searched_{width}x{height}"), cockpit.text());
    }
}

#[test]
fn overlays_are_ascii_where_nothing_else_is_shown() {
    for (name, keys, text) in OVERLAYS {
        let mut cockpit = overlay(keys, text, (80, 8));
        cockpit.model.glyphs = &ASCII;
        assert!(cockpit.text().is_ascii(), "{name}:\n{}", cockpit.text());
    }
}
