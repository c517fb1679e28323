//! Every screen as it looks, at every size that counts, and that none ever draws outside its place.

use std::fmt::Write as _;

use pilothouse::action::Verb;
use pilothouse::app::visits;
use pilothouse::command::Keymap;
use pilothouse::config::glyph::ASCII;
use pilothouse::config::palette::Depth;
use pilothouse::config::settings::Settings;
use pilothouse::config::theme::Theme;
use pilothouse::domain::{AppKey, Health, Link, Protection, Sync};
use pilothouse::store::{Apps, Delta};
use pilothouse::view::{REGISTRY, ScreenId, Seen, Work};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::{Color, Style};

use crate::fixture::{
    self, Cockpit, NOW, SHARED_CELL, below, deployment, drifted, guarding, harbour, plan, plan_sync, voyage, written,
};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 10)];

/// The cockpit on a screen with something telling selected.
fn on(screen: ScreenId, apps: Apps, size: (u16, u16)) -> Cockpit {
    let mut cockpit = fixture::cockpit(apps, screen, size);
    let telling = match screen {
        ScreenId::Chooser => SHARED_CELL,
        _ => "celery-staging",
    };
    select(&mut cockpit, telling);
    cockpit.model.lens.object = (screen == ScreenId::Resource).then(deployment);
    match screen {
        ScreenId::Plan => plan_sync(&mut cockpit, Protection::Confirm),
        ScreenId::Deployments => {
            plan(&mut cockpit, Verb::Rollback { id: None, prune: false }, Protection::Confirm);
        }
        ScreenId::Audit => cockpit.model.desk.records = Some(Ok((0..3).flat_map(written).collect())),
        ScreenId::Guard => {
            cockpit.model.desk.guards.insert(cockpit.model.lens.selected.clone().unwrap(), guarding(3));
        }
        ScreenId::Complaints => cockpit.model.complaints = complaints(),
        ScreenId::Sessions => {
            fixture::sessions(&mut cockpit, 0);
            cockpit.press("j");
        }
        ScreenId::Debug => fixture::card(&mut cockpit),
        _ => {}
    }
    cockpit
}

/// What two files have wrong.
fn complaints() -> Vec<String> {
    let mut keys = Keymap::bundled();
    let mut all =
        keys.patch("~/.config/pilothouse/config.toml", "[keys.list]\n\"x\" = \"filter.opne\"\n\"entr\" = 3\n");
    all.extend(Theme::from_file("themes/mine.toml", "[roles]\nok = \"gren\"\n", Depth::TrueColor).1);
    all.iter().map(ToString::to_string).collect()
}

fn select(cockpit: &mut Cockpit, name: &str) {
    let key = cockpit.model.apps.all().find(|row| &*row.key.name == name).map(|row| row.key.clone());
    cockpit.model.lens.selected = key;
}

fn world_of(screen: ScreenId) -> Apps {
    match screen {
        ScreenId::Links => harbour(),
        ScreenId::Diff => drifted(voyage()),
        ScreenId::App | ScreenId::Guard | ScreenId::Resource | ScreenId::Events | ScreenId::Why => below(voyage()),
        _ => voyage(),
    }
}

#[test]
fn every_screen_at_every_size() {
    for screen in &REGISTRY {
        for (width, height) in SIZES {
            let text = on(screen.id, world_of(screen.id), (width, height)).text();
            insta::assert_snapshot!(format!("{}_{width}x{height}", screen.word), text);
        }
    }
}

#[test]
fn the_timeline_and_a_plan_for_production_at_every_size() {
    for (width, height) in SIZES {
        let mut events = on(ScreenId::Events, world_of(ScreenId::Events), (width, height));
        events.press("tab");
        insta::assert_snapshot!(format!("timeline_{width}x{height}"), events.text());
        let mut plan = on(ScreenId::Plan, voyage(), (width, height));
        select(&mut plan, "celery-prod");
        plan_sync(&mut plan, Protection::Typed);
        insta::assert_snapshot!(format!("plan_prod_{width}x{height}"), plan.text());
    }
}

#[test]
fn wide_terminals_show_the_detail_beside_the_list() {
    for screen in [ScreenId::Board, ScreenId::Fleet] {
        let text = on(screen, harbour(), (180, 30)).text();
        insta::assert_snapshot!(format!("{screen:?}_beside").to_lowercase(), text);
    }
}

#[test]
fn every_link_state_stands_in_the_list_of_sources() {
    let text = on(ScreenId::Links, harbour(), (120, 40)).text();
    for words in ["live", "stale 1m", "denied", "down 7m", "auth", "reading 240", "connecting", "off"] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    // what is wrong and what to try, for each that is not well
    let told =
        [("denied", "forbidden"), ("down", "VPN"), ("down", "next try in 8s"), ("expired", "401"), ("spare", "on")];
    for (source, words) in told {
        let mut cockpit = on(ScreenId::Links, harbour(), (120, 40));
        let down = cockpit.model.apps.sources().keys().position(|name| &**name == source).unwrap();
        for _ in 0..down {
            cockpit.press("j");
        }
        assert!(cockpit.text().contains(words), "{source}: {words}:\n{}", cockpit.text());
    }
}

#[test]
fn ascii_frames_hold_nothing_but_ascii_of_ours() {
    for screen in &REGISTRY {
        let mut cockpit = on(screen.id, world_of(screen.id), (80, 24));
        cockpit.model.glyphs = &ASCII;
        // its name is not ours
        let wide = cockpit.model.apps.all().find(|row| !row.key.name.is_ascii()).unwrap().key.clone();
        cockpit.model.apps.apply(Delta::Remove(wide), NOW);
        let text = cockpit.text();
        assert!(text.is_ascii(), "{}:\n{text}", screen.word);
        insta::assert_snapshot!(format!("{}_ascii", screen.word), text);
    }
}

/// Which cells look how: a letter a cell, and what the letters stand for.
pub fn looks(buf: &Buffer) -> String {
    let mut known: Vec<Style> = Vec::new();
    let mut grid = String::new();
    for row in buf.content.chunks(usize::from(buf.area.width)) {
        for cell in row {
            let style = cell.style();
            let at = known.iter().position(|s| *s == style).unwrap_or_else(|| {
                known.push(style);
                known.len() - 1
            });
            grid.push(char::from(b'a' + u8::try_from(at).unwrap()));
        }
        grid.push('\n');
    }
    for (n, style) in known.iter().enumerate() {
        let [fg, bg] = [style.fg, style.bg].map(|c| c.map_or_else(|| "-".to_owned(), |c| c.to_string()));
        let letter = char::from(b'a' + n as u8);
        _ = writeln!(grid, "{letter} = {fg} on {bg} {:?}", style.add_modifier);
    }
    grid
}

#[test]
fn every_screen_in_every_theme_at_every_size() {
    for theme in ["dark", "light", "mono"] {
        for screen in &REGISTRY {
            let mut all = String::new();
            for (width, height) in SIZES {
                let mut cockpit = on(screen.id, world_of(screen.id), (width, height));
                cockpit.model.theme = Theme::bundled(theme, Depth::TrueColor).unwrap();
                _ = writeln!(all, "{width}x{height}\n{}", looks(&cockpit.frame()));
            }
            insta::assert_snapshot!(format!("{}_looks_{theme}", screen.word), all);
        }
    }
}

/// The words of every sign, which the mono theme has nothing but letters to say.
#[test]
fn without_colours_every_state_is_told_by_text_alone() {
    let mut cockpit = on(ScreenId::Fleet, voyage(), (200, 60));
    cockpit.model.theme = Theme::bundled("mono", Depth::TrueColor).unwrap();
    let buf = cockpit.frame();
    let coloured = buf.content.iter().filter(|c| ![c.fg, c.bg].iter().all(|c| *c == Color::Reset)).count();
    assert_eq!(coloured, 0);
    let rows: Vec<(AppKey, Health, Sync)> =
        cockpit.model.apps.all().map(|row| (row.key.clone(), row.health, row.sync)).collect();
    for (key, health, sync) in rows {
        cockpit.model.stack.push(ScreenId::App);
        cockpit.model.lens.selected = Some(key.clone());
        let text = cockpit.text();
        assert!(text.contains(health.word()) && text.contains(sync.word()), "{}:\n{text}", key.name);
    }
}

#[test]
fn production_looks_different_everywhere_and_not_by_colour_alone() {
    for theme in ["dark", "light", "high-contrast", "colour-blind", "mono"] {
        for screen in [ScreenId::Board, ScreenId::Fleet, ScreenId::App, ScreenId::Logs, ScreenId::Why] {
            let mut frames = ["celery-prod", "celery-staging"].map(|name| {
                let mut cockpit = on(screen, below(voyage()), (120, 40));
                select(&mut cockpit, name);
                cockpit.model.theme = Theme::bundled(theme, Depth::TrueColor).unwrap();
                cockpit
            });
            let [prod, staging] = frames.each_mut().map(crate::fixture::Cockpit::text);
            assert!(
                prod.contains("PROD"),
                "{theme}, {}:\n{prod}",
                REGISTRY.iter().find(|s| s.id == screen).unwrap().word
            );
            assert!(prod.contains("━━━") && !staging.contains("━━━") && staging.contains("───"), "{theme}:\n{prod}");
        }
    }
    // the colour the settings give an environment is that of its name in the header and on the Board, and of its frame
    let rules = "[[environment]]\nname = \"prod\"\ncolor = \"#12ab34\"\n";
    let (settings, _) = Settings::read("c.toml", rules);
    let mut cockpit = on(ScreenId::Board, voyage(), (120, 40));
    cockpit.model.apps.classify_by(std::sync::Arc::new(settings.classifier()));
    select(&mut cockpit, "celery-prod");
    let buf = cockpit.frame();
    let coloured = |row: u16| (0..buf.area.width).any(|x| buf[(x, row)].fg == Color::Rgb(0x12, 0xab, 0x34));
    assert!(coloured(0) && coloured(1) && coloured(2), "header, rule and heading");
}

#[test]
fn colour_is_never_the_only_sign() {
    let mut cockpit = on(ScreenId::Fleet, voyage(), (120, 40));
    cockpit.model.theme = Theme::bundled("dark", Depth::None).unwrap();
    let text = cockpit.text();
    for sign in ["●", "◐", "✖", "○", "‖", "?", "▲", "≠"] {
        assert!(text.contains(sign), "{sign}:\n{text}");
    }
}

/// Stores with nothing to show, and why.
fn empty_states() -> Vec<(&'static str, Apps)> {
    let link = |state| {
        let mut apps = Apps::default();
        fixture::link(&mut apps, "minikube", state);
        apps
    };
    let down = Link::Down { why: "connection refused".into(), retry_at: NOW, since: NOW };
    vec![
        ("no_source", Apps::default()),
        ("all_off", link(Link::Off)),
        ("connecting", link(Link::Connecting { loaded: 0 })),
        ("nothing_there", link(Link::Live)),
        ("denied", link(Link::Denied { what: "cannot list applications".into() })),
        ("auth", link(Link::Auth { why: "the token is refused".into() })),
        ("down", link(down)),
        ("stale", link(Link::Stale { since: NOW })),
    ]
}

#[test]
fn an_empty_list_says_why_and_what_to_do() {
    let mut all = String::new();
    for (name, apps) in empty_states() {
        let text = fixture::cockpit(apps, ScreenId::Board, (80, 10)).text();
        let said = text.lines().skip(1).take(8).any(|line| line.trim().len() > 20);
        assert!(said, "{name}:\n{text}");
        _ = writeln!(all, "--- {name}\n{text}");
    }
    let mut narrowed = fixture::cockpit(voyage(), ScreenId::Fleet, (80, 10));
    narrowed.model.lens.filter("nobody is called this");
    _ = writeln!(all, "--- filtered\n{}", narrowed.text());
    insta::assert_snapshot!("empty_states", all);
}

#[test]
fn a_service_can_be_told_from_another_at_the_smallest_size() {
    let text = on(ScreenId::Board, voyage(), (40, 10)).text();
    for service in ["backend", "celery", "frontend", "postgres"] {
        assert!(text.contains(service), "{service}:\n{text}");
    }
}

#[test]
fn applications_of_the_same_name_keep_their_sources() {
    let mut cockpit = on(ScreenId::Fleet, voyage(), (120, 40));
    let text = cockpit.text();
    let twins: Vec<&str> = text.lines().filter(|line| line.contains("backend-dev")).collect();
    assert!(twins.iter().any(|l| l.contains("minikube")) && twins.iter().any(|l| l.contains("edge")), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Whatever the size and wherever on the screen, a view draws in its place only.
    #[test]
    fn no_view_draws_outside_its_place(
        (x, y) in (0u16..20, 0u16..10),
        (width, height) in (0u16..=300, 0u16..=100),
        keys in prop::collection::vec(prop::sample::select(&["j", "G", "pagedown", "right", "k", "ctrl-u", ">"][..]), 0..4),
    ) {
        for screen in &REGISTRY {
            let mut cockpit = on(screen.id, world_of(screen.id), (width.max(1), height.max(1)));
            for key in &keys {
                cockpit.press(key);
            }
            let fixture::Cockpit { model, now } = &mut cockpit;
            let work = Work::default();
            let seen = Seen {
                apps: &model.apps, logs: &model.logs, desk: &model.desk, now: *now, theme: &model.theme, glyphs: model.glyphs, keys: &model.keys,
                below: model.stack.below(),
                situation: visits::situation(model), complaints: &model.complaints, work: &work,
            };
            let place = Rect::new(x, y, width, height);
            let mut buf = Buffer::filled(Rect::new(0, 0, x + width + 3, y + height + 3), ratatui::buffer::Cell::new("~"));
            let blank = buf.clone();
            let mut view = (screen.make)();
            view.layout(&mut model.lens, &seen, place);
            view.draw(&model.lens, &seen, place, &mut buf);
            for position in buf.area.positions().filter(|p| !place.contains(*p)) {
                prop_assert_eq!(&buf[position], &blank[position], "{} at {:?} in {:?}", screen.word, position, place);
            }
        }
    }

    /// Whatever the size, there is a frame.
    #[test]
    fn every_size_has_a_frame((width, height) in (1u16..=300, 1u16..=100), troubled: bool, typing: bool) {
        for screen in &REGISTRY {
            let apps = if troubled { harbour() } else { world_of(screen.id) };
            let mut cockpit = on(screen.id, apps, (width, height));
            if typing {
                cockpit.press("/ b");
            }
            cockpit.frame();
            cockpit.model.size = Size { width: height, height: width.min(100) };
            cockpit.frame();
        }
    }
}

#[test]
fn every_tiny_size_has_a_frame() {
    for screen in &REGISTRY {
        for (width, height) in (1..=12).flat_map(|w| (1..=6).map(move |h| (w, h))) {
            on(screen.id, harbour(), (width, height)).frame();
        }
    }
}
