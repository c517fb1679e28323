use super::*;
use proptest::prelude::*;

fn said(errors: &[ConfigError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn bundled_themes_load_without_a_complaint_and_can_be_read() {
    let rows = Theme::all(None);
    assert_eq!(rows.len(), BUNDLED.len());
    for row in rows {
        assert_eq!(said(&row.errors), [""; 0], "{}", row.name);
        assert_eq!(row.unreadable, [""; 0], "{}", row.name);
        let theme = Theme::bundled(&row.name, Depth::TrueColor).unwrap();
        assert!(row.name == "mono" || theme.style(Role::Text).bg.is_some(), "{}: names its paper", row.name);
    }
}

#[test]
fn sixteen_and_256_colours_never_hide_a_text_in_its_paper() {
    for (name, _) in BUNDLED {
        for depth in [Depth::Ansi16, Depth::Ansi256] {
            let theme = Theme::bundled(name, depth).unwrap();
            for role in Role::ALL {
                let style = theme.style(Role::Text).patch(theme.style(*role));
                let same = style.fg.is_some() && style.fg == style.bg && style.fg != Some(Color::Reset);
                assert!(!same, "{name} at {depth:?}: {}", role.word());
            }
        }
    }
}

#[test]
fn high_contrast_is_seven_to_one() {
    let theme = Theme::bundled("high-contrast", Depth::TrueColor).unwrap();
    for role in Role::ALL {
        let style = theme.style(Role::Text).patch(theme.style(*role));
        let [ink, paper] = [style.fg, style.bg].map(|c| c.and_then(palette::rgb).unwrap());
        assert!(palette::contrast(ink, paper) >= 7.0, "{}", role.word());
    }
}

#[test]
fn good_and_bad_differ_for_eyes_that_see_no_red_or_no_green() {
    // the opponent channel those eyes keep is blue against yellow: it alone must tell the verdicts apart
    let theme = Theme::bundled("colour-blind", Depth::TrueColor).unwrap();
    let channel = |role| {
        let (r, g, b) = theme.style(role).fg.and_then(palette::rgb).unwrap();
        i32::midpoint(i32::from(r), i32::from(g)) - i32::from(b)
    };
    assert!(channel(Role::Bad) - channel(Role::Ok) > 120, "{} {}", channel(Role::Bad), channel(Role::Ok));
    let brightness = |role| {
        let (r, g, b) = theme.style(role).fg.and_then(palette::rgb).unwrap();
        palette::contrast((r, g, b), (0, 0, 0))
    };
    assert!(brightness(Role::Warn) / brightness(Role::Bad) > 1.4);
}

#[test]
fn mono_and_no_color_use_no_colour_and_still_tell_the_selection() {
    for theme in [Theme::bundled("mono", Depth::TrueColor), Theme::bundled("dark", Depth::None)] {
        let theme = theme.unwrap();
        for role in Role::ALL {
            let style = theme.style(*role);
            let colours = [style.fg, style.bg].into_iter().flatten().filter(|c| *c != Color::Reset);
            assert_eq!(colours.count(), 0, "{}", role.word());
        }
        assert!(theme.style(Role::Selection).add_modifier.contains(Modifier::REVERSED));
    }
}

#[test]
fn a_file_of_ones_own_patches_a_bundled_theme() {
    let text = r##"inherits = "dark"
[palette]
sea = "#00aabb"
[roles]
ok = "sea"
bda = "red"
warn = { fgg = "red" }
busy = "#12"
title = { fg = "yelow", bold = true }
"##;
    let (theme, errors) = Theme::from_file("mine.toml", text, Depth::TrueColor);
    let dark = Theme::bundled("dark", Depth::TrueColor).unwrap();
    assert_eq!(theme.style(Role::Ok).fg, Some(Color::Rgb(0, 0xaa, 0xbb)));
    assert_eq!(theme.style(Role::Key).fg, Some(Color::Rgb(0, 0xaa, 0xbb)), "inherited roles see the new palette");
    let expected = [
        "mine.toml:6: there is no role `bda`\n  try: bad",
        "mine.toml:7: there is no part of a role `fgg`\n  try: fg",
        "mine.toml:8: there is no colour `#12` in the palette\n  try: a name of the palette, #rrggbb, a name like \
         bright-red, or 0 to 255",
        "mine.toml:9: there is no colour `yelow` in the palette\n  try: yellow",
    ];
    assert_eq!(said(&errors), expected);
    for role in [Role::Bad, Role::Busy, Role::Title, Role::Warn] {
        assert_eq!(theme.style(role), dark.style(role), "{}", role.word());
    }
}

#[test]
fn one_mistake_is_said_once_however_many_roles_hang_on_it() {
    let errors = |text: &str| said(&Theme::from_file("m.toml", text, Depth::TrueColor).1);
    let used = "[roles]\nok = \"tael\"\nwarn = \"tael\"\nbad = { fg = \"tael\" }\n";
    let wanted = "m.toml:4: there is no colour `tael` in the palette; 2 more below name it\n  try: teal";
    assert_eq!(errors(&format!("[palette]\nteal = \"#00aabb\"\n{used}")), [wanted]);
    let wanted = "m.toml:2: `#00aab` is no colour\n  try: #rrggbb, a name like bright-red, or 0 to 255";
    assert_eq!(errors(&format!("[palette]\ntael = \"#00aab\"\n{used}")), [wanted]);
    let dark = BUNDLED[0].1;
    for heading in ["[palette]", "[roles]"] {
        let said = errors(&dark.replace(&format!("{heading}\n"), ""));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains(&format!("put {heading} above line")), "{said:?}");
    }
}

#[test]
fn themes_of_ones_own_inherit_from_each_other_but_not_in_a_ring() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("dark.toml", "inherits = \"dark\"\n[roles]\nok = \"#010203\"\n");
    write("mine.toml", "inherits = \"dark\"\n[roles]\nbad = \"#040506\"\n");
    write("ring.toml", "inherits = \"gnir\"\n");
    write("gnir.toml", "\ninherits = \"ring\"\n");
    write("lost.toml", "inherits = \"drak\"\n[roles]\nbad = \"#040506\"\n");
    let load = |name: &str| Theme::load(name, Some(folder.path()), Depth::TrueColor);
    let (mine, errors) = load("mine");
    assert_eq!(said(&errors), [""; 0]);
    assert_eq!(mine.style(Role::Ok).fg, Some(Color::Rgb(1, 2, 3)));
    assert_eq!(mine.style(Role::Bad).fg, Some(Color::Rgb(4, 5, 6)));
    let (_, errors) = load("ring");
    let [error] = &said(&errors)[..] else { panic!("{errors:?}") };
    assert!(error.contains("gnir.toml:2: the theme inherits from itself: "), "{error}");
    let (lost, errors) = load("lost");
    assert!(said(&errors)[0].ends_with("lost.toml:1: there is no theme `drak` to inherit from\n  try: dark"));
    assert_eq!(lost.style(Role::Bad).fg, Some(Color::Rgb(4, 5, 6)));
    let (unknown, errors) = load("nihgt");
    assert_eq!(unknown, Theme::bundled("dark", Depth::TrueColor).unwrap());
    assert_eq!(errors.len(), 1);
    let names: Vec<_> = Theme::all(Some(folder.path())).into_iter().skip(BUNDLED.len()).map(|r| r.name).collect();
    assert_eq!(names, ["dark", "gnir", "lost", "mine", "ring"]);
}

proptest! {
    /// Whatever is done to a bundled theme, reading it ends in a theme and in errors that name a line of it.
    #[test]
    fn a_broken_theme_is_never_a_crash(which in 0..BUNDLED.len(), at: prop::sample::Index, noise in "[\\[\\]={}\"#a-z0-9,\n]{1,8}") {
        let text = BUNDLED[which].1;
        let cut = text.floor_char_boundary(at.index(text.len()));
        let rest = text.ceil_char_boundary((cut + noise.len()).min(text.len()));
        let broken = format!("{}{noise}{}", &text[..cut], &text[rest..]);
        let (_, errors) = Theme::from_file("broken.toml", &broken, Depth::TrueColor);
        for error in errors {
            prop_assert!((1..=broken.matches('\n').count() + 1).contains(&error.line), "{error}");
        }
    }
}

#[test]
fn what_can_hardly_be_read_is_said() {
    let (theme, errors) = Theme::from_file("m.toml", "[roles]\nok = \"#20242a\"\n", Depth::TrueColor);
    assert_eq!(said(&errors), [""; 0]);
    assert_eq!(theme.unreadable(), ["`ok` has a contrast of 1.2; 4.5 is readable"]);
}
