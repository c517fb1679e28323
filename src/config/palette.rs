//! Colours: how they are written, what fewer colours make of them, and how well they are read.

use ratatui::style::Color;

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: bold, dim, underline and reverse only.
    None,
    /// The sixteen of ANSI.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// All.
    TrueColor,
}

/// What the environment says about colours.
#[derive(Clone, Copy, Debug, Default)]
pub struct ColorFacts<'a> {
    /// `NO_COLOR`.
    pub no_color: Option<&'a str>,
    /// `CLICOLOR_FORCE`.
    pub force: Option<&'a str>,
    /// `COLORTERM`.
    pub colorterm: Option<&'a str>,
    /// `TERM`.
    pub term: Option<&'a str>,
    /// Whether a person looks at the output.
    pub terminal: bool,
}

impl Depth {
    /// The depth those facts speak for: `NO_COLOR` with any text in it wins, `CLICOLOR_FORCE` makes up for a missing
    /// terminal.
    #[must_use]
    pub fn detect(facts: &ColorFacts<'_>) -> Self {
        let forced = facts.force.is_some_and(|v| !v.is_empty() && v != "0");
        if facts.no_color.is_some_and(|v| !v.is_empty()) || (!facts.terminal && !forced) {
            return Self::None;
        }
        let term = facts.term.unwrap_or_default();
        if term == "dumb" && !forced {
            Self::None
        } else if matches!(facts.colorterm, Some("truecolor" | "24bit")) || term.ends_with("-direct") {
            Self::TrueColor
        } else if term.contains("256color") || forced {
            Self::Ansi256
        } else if term.is_empty() {
            Self::None
        } else {
            Self::Ansi16
        }
    }
}

/// The red, green and blue of the sixteen colours as most terminals show them.
const SIXTEEN: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 49, 49),
    (13, 188, 121),
    (229, 229, 16),
    (36, 114, 200),
    (188, 63, 188),
    (17, 168, 205),
    (204, 204, 204),
    (118, 118, 118),
    (241, 76, 76),
    (35, 209, 139),
    (245, 245, 67),
    (59, 142, 234),
    (214, 112, 214),
    (41, 184, 219),
    (255, 255, 255),
];

const NAMES: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// The names of the sixteen colours.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    NAMES.iter().map(|(name, _)| *name)
}

/// Reads `#rrggbb`, a name of the sixteen, a number of the 256, or `default` (the terminal's own).
#[must_use]
pub fn parse(text: &str) -> Option<Color> {
    if text == "default" {
        return Some(Color::Reset);
    }
    if let Some((_, color)) = NAMES.iter().find(|(name, _)| *name == text) {
        return Some(*color);
    }
    if let Some(hex) = text.strip_prefix('#') {
        let digits = hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        let part = |n: usize| u8::from_str_radix(hex.get(n..n + 2)?, 16).ok();
        return if digits { Some(Color::Rgb(part(0)?, part(2)?, part(4)?)) } else { None };
    }
    text.parse().ok().map(Color::Indexed)
}

/// The nearest colour a terminal of that depth shows.
#[must_use]
pub fn at_depth(color: Color, depth: Depth) -> Color {
    match (depth, color) {
        (_, Color::Reset) | (Depth::TrueColor, _) => color,
        (Depth::None, _) => Color::Reset,
        (Depth::Ansi256, Color::Rgb(r, g, b)) => nearest((r, g, b), 16..=255),
        (Depth::Ansi16, Color::Rgb(..) | Color::Indexed(_)) => {
            let Some(rgb) = rgb(color) else { return color };
            let Color::Indexed(n) = nearest(rgb, 0..=15) else { return color };
            NAMES[usize::from(n)].1
        }
        _ => color,
    }
}

fn nearest(wanted: (u8, u8, u8), among: std::ops::RangeInclusive<u8>) -> Color {
    let distance = |n: &u8| {
        let (r, g, b) = rgb(Color::Indexed(*n)).unwrap_or_default();
        let part = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        // The eye tells greens apart best and blues worst.
        2 * part(wanted.0, r) + 4 * part(wanted.1, g) + 3 * part(wanted.2, b)
    };
    Color::Indexed(among.min_by_key(distance).unwrap_or_default())
}

/// Red, green and blue of a colour; nothing for the terminal's own.
#[must_use]
pub fn rgb(color: Color) -> Option<(u8, u8, u8)> {
    Some(match color {
        Color::Reset => return None,
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Indexed(n @ 0..=15) => SIXTEEN[usize::from(n)],
        Color::Indexed(n @ 16..=231) => {
            let level = |v: u8| if v == 0 { 0 } else { 55 + 40 * v };
            let n = n - 16;
            (level(n / 36), level(n / 6 % 6), level(n % 6))
        }
        Color::Indexed(n) => {
            let grey = 8 + 10 * (n - 232);
            (grey, grey, grey)
        }
        named => SIXTEEN[NAMES.iter().position(|(_, c)| *c == named)?],
    })
}

/// How well one colour is read on another, from 1 to 21 (WCAG 2.1, contrast ratio).
#[must_use]
pub fn contrast(ink: (u8, u8, u8), paper: (u8, u8, u8)) -> f64 {
    let luminance = |(r, g, b): (u8, u8, u8)| {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    };
    let (a, b) = (luminance(ink), luminance(paper));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_how_many_colours() {
        let facts = ColorFacts { terminal: true, term: Some("xterm-256color"), ..ColorFacts::default() };
        assert_eq!(Depth::detect(&facts), Depth::Ansi256);
        assert_eq!(Depth::detect(&ColorFacts { colorterm: Some("truecolor"), ..facts }), Depth::TrueColor);
        assert_eq!(Depth::detect(&ColorFacts { no_color: Some("1"), ..facts }), Depth::None);
        assert_eq!(Depth::detect(&ColorFacts { no_color: Some(""), ..facts }), Depth::Ansi256);
        assert_eq!(Depth::detect(&ColorFacts { term: Some("linux"), ..facts }), Depth::Ansi16);
        assert_eq!(Depth::detect(&ColorFacts { term: Some("dumb"), ..facts }), Depth::None);
        assert_eq!(Depth::detect(&ColorFacts { terminal: false, ..facts }), Depth::None);
        assert_eq!(Depth::detect(&ColorFacts { terminal: false, force: Some("1"), ..facts }), Depth::Ansi256);
        let of = |term, colorterm, force, no_color| {
            Depth::detect(&ColorFacts { term: Some(term), colorterm, force, no_color, terminal: true })
        };
        // a terminal that can do nothing says so louder than a variable that came along through ssh
        assert_eq!(of("dumb", Some("truecolor"), None, None), Depth::None);
        assert_eq!(of("dumb", Some("truecolor"), Some("1"), None), Depth::TrueColor);
        assert_eq!(of("linux", Some("truecolor"), Some("0"), None), Depth::TrueColor);
        assert_eq!(of("xterm-direct", None, None, None), Depth::TrueColor);
        assert_eq!(of("xterm", Some("24bit"), None, Some("1")), Depth::None);
        assert_eq!(of("screen", None, None, None), Depth::Ansi16);
        assert_eq!(of("", None, None, None), Depth::None);
    }

    #[test]
    fn fewer_colours_come_near() {
        assert_eq!(at_depth(Color::Rgb(255, 0, 0), Depth::Ansi256), Color::Indexed(196));
        assert_eq!(at_depth(Color::Rgb(240, 70, 70), Depth::Ansi16), Color::LightRed);
        assert_eq!(at_depth(Color::Rgb(1, 2, 3), Depth::None), Color::Reset);
    }

    #[test]
    fn colours_are_read_in_every_spelling() {
        assert_eq!(parse("#0a0B0c"), Some(Color::Rgb(10, 11, 12)));
        assert_eq!(parse("bright-red"), Some(Color::LightRed));
        assert_eq!(parse("208"), Some(Color::Indexed(208)));
        for wrong in ["#fff", "#gggggg", "#ééé", "reddish", "300", ""] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn black_on_white_is_read_best() {
        assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 0.01);
    }
}
