//! Looks by meaning. Views name a [`Role`]; only themes name colours.

use std::path::Path;

use ratatui::style::{Color, Modifier, Style};

use super::error::{ConfigError, nearest};
pub use super::glyph::Glyphs;
use super::palette::{self, Depth};
use super::place;
pub use super::role::Role;
use super::theme_file::{Ink, Looks, ThemeFile};

/// The themes that come with the program.
pub const BUNDLED: [(&str, &str); 5] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../themes/colour-blind.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

/// What a file of one's own lies over when it names nothing to inherit from.
const DEFAULT: &str = "dark";

/// The least contrast at which text is read without effort (WCAG 2.1, level AA).
const READABLE: f64 = 4.5;

/// Looks of every role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    styles: Vec<Style>,
    depth: Depth,
    /// Roles that a file of it says something wrong of.
    broken: Vec<Role>,
}

impl Default for Theme {
    /// The terminal's own looks for everything.
    fn default() -> Self {
        Self { styles: vec![Style::new(); Role::ALL.len()], depth: Depth::None, broken: Vec::new() }
    }
}

/// A theme by its name and what is wrong with it: one line of `pilothouse themes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeRow {
    /// Its name.
    pub name: String,
    /// `bundled`, or the path of the file.
    pub origin: String,
    /// What is wrong in its file.
    pub errors: Vec<ConfigError>,
    /// What can hardly be read, one sentence a role.
    pub unreadable: Vec<String>,
}

impl Theme {
    /// A bundled theme; the error names the nearest one there is.
    pub fn bundled(name: &str, depth: Depth) -> Result<Self, String> {
        let known = BUNDLED.iter().map(|(name, _)| *name);
        let Some((_, text)) = BUNDLED.iter().find(|(known, _)| *known == name) else {
            let near = nearest(name, known.clone()).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            let all: Vec<_> = known.collect();
            return Err(format!("there is no theme `{name}`{near} Bundled are {}", all.join(", ")));
        };
        let (mut line, _) = lineage(ThemeFile::read(name, text).0, None);
        Ok(Self::resolve(&mut line, depth).0)
    }

    /// The theme called `name`: `name.toml` in `folder`, else a bundled one. What is wrong is said, and what it inherits
    /// from stands in; an unknown name gives the default.
    #[must_use]
    pub fn load(name: &str, folder: Option<&Path>, depth: Depth) -> (Self, Vec<ConfigError>) {
        let found = match place::find(name, folder, &BUNDLED) {
            Ok(found) => found,
            Err(error) => {
                return (Self::bundled(DEFAULT, depth).unwrap_or_default(), vec![error.into_config_error("theme")]);
            }
        };
        Self::read(found.name(), found.text(), found.is_bundled(), folder, depth)
    }

    /// A theme from a file; what is wrong in it is said, and the inherited looks stand in.
    #[must_use]
    pub fn from_file(file: &str, text: &str, depth: Depth) -> (Self, Vec<ConfigError>) {
        Self::read(file, text, false, None, depth)
    }

    /// The names of the themes there are: the bundled ones, then those in `folder`.
    #[must_use]
    pub fn names(folder: Option<&Path>) -> Vec<String> {
        place::all_names(&BUNDLED, folder)
    }

    /// Every theme there is, the bundled ones first, each checked.
    #[must_use]
    pub fn all(folder: Option<&Path>) -> Vec<ThemeRow> {
        let bundled = BUNDLED.iter().map(|(name, _)| ((*name).to_owned(), None));
        let own = place::names(folder).into_iter().map(|(name, path)| (name, Some(path)));
        let row = |(name, path): (String, Option<String>)| {
            let (theme, errors) = Self::load(&name, folder.filter(|_| path.is_some()), Depth::TrueColor);
            let origin = path.unwrap_or_else(|| "bundled".to_owned());
            ThemeRow { name, origin, errors, unreadable: theme.unreadable() }
        };
        bundled.chain(own).map(row).collect()
    }

    fn read(file: &str, text: &str, bundled: bool, folder: Option<&Path>, depth: Depth) -> (Self, Vec<ConfigError>) {
        let (mut own, mut errors) = ThemeFile::read(file, text);
        if !bundled && own.inherits.is_none() {
            own.inherits = Some(Ink { text: DEFAULT.to_owned(), line: 0, column: 0 });
        }
        let (mut line, more) = lineage(own, folder);
        errors.extend(more);
        let (theme, more) = Self::resolve(&mut line, depth);
        errors.extend(more);
        ConfigError::one_a_cause(text, &mut errors);
        errors.sort_by_key(|e| (e.file != file, e.line, e.column));
        (theme, errors)
    }

    /// Gives the roles that a file is wrong about the looks they had before.
    pub fn keep(&mut self, before: &Self) {
        for role in self.broken.clone() {
            if let Some(style) = self.styles.get_mut(role as usize) {
                *style = before.style(role);
            }
        }
    }

    /// The looks of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// The looks of an environment that has a colour of its own in the config.
    #[must_use]
    pub fn colored(&self, role: Role, color: &str) -> Style {
        let base = self.style(role);
        palette::parse(color).map_or(base, |c| base.fg(palette::at_depth(c, self.depth)))
    }

    /// The roles whose ink can hardly be read on their paper, one sentence each. What is there only to be there is left
    /// out, and so is what the terminal's own colours decide.
    #[must_use]
    pub fn unreadable(&self) -> Vec<String> {
        let [text, header, selection] = [Role::Text, Role::Header, Role::Selection].map(|role| self.style(role));
        let read = Role::ALL.iter().filter(|r| !matches!(r, Role::Faint | Role::Border));
        let hard = |role: &Role| {
            let own = self.style(*role);
            let over = [
                ("", text.patch(own)),
                (" in the header", text.patch(header).patch(own)),
                (" in the selected line", text.patch(own).patch(selection)),
            ];
            over.into_iter().find_map(|(place, style)| {
                let ratio = palette::contrast(style.fg.and_then(palette::rgb)?, style.bg.and_then(palette::rgb)?);
                let said = || format!("`{}` has a contrast of {ratio:.1}{place}; {READABLE} is readable", role.word());
                (ratio < READABLE).then(said)
            })
        };
        read.filter_map(hard).collect()
    }

    /// Colours that text brought along, as this terminal can show them.
    #[must_use]
    pub fn foreign(&self, style: Style) -> Style {
        let shown = |color: Option<Color>| color.map(|c| palette::at_depth(c, self.depth));
        Style { fg: shown(style.fg), bg: shown(style.bg), ..style }
    }

    /// Later files lie over earlier ones; the palette is looked up in all of them, the last one first. A role that names
    /// a colour nobody knows is said and taken out.
    fn resolve(line: &mut [ThemeFile], depth: Depth) -> (Self, Vec<ConfigError>) {
        let palette: Vec<(String, Color)> = line.iter().rev().flat_map(|f| f.palette.clone()).collect();
        let ink = |ink: &Ink| {
            let own = palette.iter().find(|(name, _)| *name == ink.text).map(|(_, color)| *color);
            own.or_else(|| palette::parse(&ink.text))
        };
        let mut errors = Vec::new();
        let mut broken: Vec<Role> = line.iter().flat_map(|file| file.broken.clone()).collect();
        let lost: Vec<String> = line.iter().flat_map(|file| file.lost.clone()).collect();
        let torn = line.iter().any(|file| file.torn);
        for file in line.iter_mut() {
            let name = file.file.clone();
            // each colour is missed once, however many roles name it
            let mut missed: Vec<(Ink, usize)> = Vec::new();
            let mut known: Vec<&str> = palette::names().collect();
            known.extend(palette.iter().map(|(name, _)| name.as_str()));
            file.roles.retain(|(role, looks)| {
                let unknown = [&looks.fg, &looks.bg].into_iter().flatten().find(|i| ink(i).is_none());
                if let Some(unknown) = unknown.filter(|i| !torn && !lost.contains(&i.text)) {
                    match missed.iter_mut().find(|(ink, _)| ink.text == unknown.text) {
                        Some((_, more)) => *more += 1,
                        None => missed.push((unknown.clone(), 0)),
                    }
                }
                broken.extend(unknown.map(|_| *role));
                unknown.is_none()
            });
            errors.extend(missed.into_iter().map(|(ink, more)| ink.unknown(&name, more, known.iter().copied())));
        }
        let looks = |role: Role| line.iter().rev().flat_map(|f| &f.roles).find(|(r, _)| *r == role).map(|(_, l)| l);
        let style = |role: Role| {
            let nearest = std::iter::successors(Some(role), |r| Some(r.parent()).filter(|parent| parent != r));
            let Some(Looks { fg, bg, modifiers }) = nearest.into_iter().find_map(looks) else { return Style::new() };
            let mut style = Style::new().add_modifier(*modifiers);
            if let Some(fg) = fg.as_ref().and_then(ink) {
                style = style.fg(palette::at_depth(fg, depth));
            }
            if let Some(bg) = bg.as_ref().and_then(ink) {
                style = style.bg(palette::at_depth(bg, depth));
            }
            // Without colours a background says nothing: reverse says it.
            if depth == Depth::None && bg.is_some() && role != Role::Text && role != Role::Header {
                style = style.add_modifier(Modifier::REVERSED);
            }
            style
        };
        (Self { styles: Role::ALL.iter().map(|role| style(*role)).collect(), depth, broken }, errors)
    }
}

/// A theme with those it inherits from, the most general first.
fn lineage(own: ThemeFile, folder: Option<&Path>) -> (Vec<ThemeFile>, Vec<ConfigError>) {
    let mut errors = Vec::new();
    let mut line = vec![own];
    while let Some(Ink { text: name, line: at, column }) = line[0].inherits.clone() {
        let heir = line[0].file.clone();
        let wrong = |message: String, hint: &str| ConfigError::at(heir.clone(), (at, column), message, hint);
        let seen = |file: &str| line.iter().any(|f| f.file == file);
        let found = match place::find(&name, folder, &BUNDLED) {
            // a file of one's own called `dark` may inherit from the `dark` it hides
            Ok(found) if found.name() == heir => place::find(&name, None, &BUNDLED),
            found => found,
        };
        match found {
            Ok(found) if seen(found.name()) => {
                let mut round: Vec<&str> = line.iter().rev().map(|f| f.file.as_str()).collect();
                round.push(found.name());
                let message = format!("the theme inherits from itself: {}", round.join(", "));
                errors.push(wrong(message, "inherit from a bundled theme, like dark"));
                line[0].torn = true;
                break;
            }
            Ok(found) => {
                let (file, more) = ThemeFile::read(found.name(), found.text());
                errors.extend(more);
                line.insert(0, file);
            }
            Err(error) => {
                let error = error.into_config_error("theme");
                errors.push(wrong(format!("there is no theme `{name}` to inherit from"), &error.hint));
                line[0].torn = true;
                break;
            }
        }
    }
    (line, errors)
}

#[cfg(test)]
#[path = "theme_tests.rs"]
mod tests;
