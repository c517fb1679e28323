//! Looks by meaning. Views name a [`Role`]; only themes name colours.

use ratatui::style::{Color, Modifier, Style};

use super::document::{Document, Entry};
use super::error::{ConfigError, nearest};
pub use super::glyph::Glyphs;
use super::palette::{self, Depth};

macro_rules! roles {
    ($($role:ident $word:literal $parent:ident $meaning:literal;)*) => {
        /// What a piece of the screen means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Role {
            $(#[doc = $meaning] $role,)*
        }

        impl Role {
            /// Every role.
            pub const ALL: &'static [Self] = &[$(Self::$role,)*];

            /// Its word in themes.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$role => $word,)* }
            }

            /// The role whose looks it has where a theme does not name it.
            #[must_use]
            pub fn parent(self) -> Self {
                match self { $(Self::$role => Self::$parent,)* }
            }
        }
    };
}

roles! {
    Text        "text"        Text      "What is to be read, and the paper it stands on";
    Title       "title"       Text      "The name of what is looked at";
    Heading     "heading"     Dim       "Headings of columns";
    Dim         "dim"         Text      "What matters less";
    Faint       "faint"       Dim       "What is there only to be there";
    Border      "border"      Faint     "Rules between parts";
    Header      "header"      Text      "The first line";
    Accent      "accent"      Text      "What the person asked for: a filter, a message";
    Key         "key"         Accent    "A key to press";
    Cursor      "cursor"      Accent    "The sign beside the selected line";
    Selection   "selection"   Text      "The selected line";
    Ok          "ok"          Text      "All is well";
    Busy        "busy"        Text      "On its way";
    Warn        "warn"        Text      "Somebody should look";
    Bad         "bad"         Warn      "Something is broken";
    Doubtful    "doubtful"    Dim       "May have been overtaken";
    Environment "environment" Text      "An environment";
    Production  "production"  Bad       "An environment where mistakes cost most";
    Log1        "log-1"       Text      "The name of a container beside its log lines";
    Log2        "log-2"       Text      "The name of another container";
    Log3        "log-3"       Text      "The name of another container";
    Log4        "log-4"       Text      "The name of another container";
    Log5        "log-5"       Text      "The name of another container";
    Log6        "log-6"       Text      "The name of another container";
}

/// The themes that come with the program.
pub const BUNDLED: [(&str, &str); 3] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

/// Looks of every role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    styles: Vec<Style>,
    depth: Depth,
}

impl Default for Theme {
    /// The terminal's own looks for everything.
    fn default() -> Self {
        Self { styles: vec![Style::new(); Role::ALL.len()], depth: Depth::None }
    }
}

/// A theme as its file says it, before colours are resolved.
#[derive(Debug, Default)]
struct Draft {
    inherits: Option<String>,
    palette: Vec<(String, Color)>,
    roles: Vec<(Role, Looks)>,
}

#[derive(Debug, Default)]
struct Looks {
    /// A colour by its name in the palette of this theme or those it inherits from, else by its own name.
    fg: Option<String>,
    bg: Option<String>,
    modifiers: Modifier,
}

impl Theme {
    /// A bundled theme; the error names the nearest one there is.
    pub fn bundled(name: &str, depth: Depth) -> Result<Self, String> {
        let known = BUNDLED.iter().map(|(name, _)| *name);
        if !known.clone().any(|k| k == name) {
            let near = nearest(name, known.clone()).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            let all: Vec<_> = known.collect();
            return Err(format!("there is no theme `{name}`{near} Bundled are {}", all.join(", ")));
        }
        let (drafts, _) = bundled_line(name);
        Ok(Self::resolve(&drafts, depth))
    }

    /// A theme from a file; what is wrong in it is said, and the inherited looks stand in.
    #[must_use]
    pub fn from_file(file: &str, text: &str, depth: Depth) -> (Self, Vec<ConfigError>) {
        let (draft, mut errors) = Draft::read(file, text);
        let parent = draft.inherits.clone().unwrap_or_else(|| "dark".to_owned());
        let (mut line, more) = bundled_line(&parent);
        errors.extend(more);
        line.push(draft);
        (Self::resolve(&line, depth), errors)
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

    /// Colours that text brought along, as this terminal can show them.
    #[must_use]
    pub fn foreign(&self, style: Style) -> Style {
        let shown = |color: Option<Color>| color.map(|c| palette::at_depth(c, self.depth));
        Style { fg: shown(style.fg), bg: shown(style.bg), ..style }
    }

    /// Later drafts lie over earlier ones; the palette is looked up in all of them, the last one first.
    fn resolve(line: &[Draft], depth: Depth) -> Self {
        let find = |name: &str| line.iter().rev().flat_map(|d| &d.palette).find(|(n, _)| n == name).map(|(_, c)| *c);
        let ink = |name: &String| find(name).or_else(|| palette::parse(name));
        let looks = |role: Role| line.iter().rev().flat_map(|d| &d.roles).find(|(r, _)| *r == role).map(|(_, l)| l);
        let style = |role: Role| {
            let mut at = role;
            let found = loop {
                match looks(at) {
                    Some(found) => break Some(found),
                    None if at.parent() == at => break None,
                    None => at = at.parent(),
                }
            };
            let Some(found) = found else { return Style::new() };
            let mut style = Style::new().add_modifier(found.modifiers);
            if let Some(fg) = found.fg.as_ref().and_then(ink) {
                style = style.fg(palette::at_depth(fg, depth));
            }
            if let Some(bg) = found.bg.as_ref().and_then(ink) {
                style = style.bg(palette::at_depth(bg, depth));
            }
            // Without colours a background says nothing: reverse says it.
            if depth == Depth::None && found.bg.is_some() && role != Role::Text && role != Role::Header {
                style = style.add_modifier(Modifier::REVERSED);
            }
            style
        };
        Self { styles: Role::ALL.iter().map(|role| style(*role)).collect(), depth }
    }
}

/// A bundled theme with those it inherits from, the most general first.
fn bundled_line(name: &str) -> (Vec<Draft>, Vec<ConfigError>) {
    let mut line = Vec::new();
    let mut errors = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(name) = next.take() {
        let Some((file, text)) = BUNDLED.iter().find(|(known, _)| *known == name) else { break };
        if line.len() >= BUNDLED.len() {
            break;
        }
        let (draft, more) = Draft::read(file, text);
        errors.extend(more);
        next.clone_from(&draft.inherits);
        line.insert(0, draft);
    }
    (line, errors)
}

/// Modifiers by their names in a theme.
const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

impl Draft {
    fn read(file: &str, text: &str) -> (Self, Vec<ConfigError>) {
        let (document, mut errors) = Document::parse(file, text);
        let mut draft = Self::default();
        for entry in document.entries() {
            let read = match entry.key {
                "inherits" => entry.text().and_then(|name| draft.inherit(&entry, name)),
                "palette" => entry.table().map(|colors| colors.for_each(|c| draft.read_color(&c, &mut errors))),
                "roles" => Ok(()),
                _ => Err(entry.unknown("section", ["inherits", "palette", "roles"])),
            };
            errors.extend(read.err());
        }
        for entry in document.entries().filter(|e| e.key == "roles") {
            match entry.table() {
                Ok(roles) => roles.for_each(|role| match draft.read_role(&role) {
                    Ok(found) => draft.roles.push(found),
                    Err(error) => errors.push(error),
                }),
                Err(error) => errors.push(error),
            }
        }
        (draft, errors)
    }

    fn inherit(&mut self, entry: &Entry<'_, '_>, name: &str) -> Result<(), ConfigError> {
        let known = BUNDLED.iter().map(|(name, _)| *name);
        if known.clone().any(|k| k == name) {
            self.inherits = Some(name.to_owned());
            return Ok(());
        }
        let hint = nearest(name, known.clone()).map_or_else(|| known.collect::<Vec<_>>().join(", "), str::to_owned);
        Err(entry.wrong(&format!("there is no bundled theme `{name}` to inherit from"), Some(hint)))
    }

    fn read_color(&mut self, entry: &Entry<'_, '_>, errors: &mut Vec<ConfigError>) {
        let read = entry.text().and_then(|text| {
            palette::parse(text).ok_or_else(|| {
                let hint = nearest(text, palette::names()).unwrap_or("#rrggbb, a name like bright-red, or 0 to 255");
                entry.wrong(&format!("`{text}` is no colour"), Some(hint.to_owned()))
            })
        });
        match read {
            Ok(color) => self.palette.push((entry.key.to_owned(), color)),
            Err(error) => errors.push(error),
        }
    }

    fn read_role(&self, entry: &Entry<'_, '_>) -> Result<(Role, Looks), ConfigError> {
        let Some(role) = Role::ALL.iter().find(|r| r.word() == entry.key) else {
            return Err(entry.unknown("role", Role::ALL.iter().map(|r| r.word())));
        };
        let mut looks = Looks::default();
        if !entry.is_table() {
            looks.fg = Some(self.ink(entry)?);
            return Ok((*role, looks));
        }
        for part in entry.table()? {
            match part.key {
                "fg" => looks.fg = Some(self.ink(&part)?),
                "bg" => looks.bg = Some(self.ink(&part)?),
                name => {
                    let Some((_, modifier)) = MODIFIERS.iter().find(|(n, _)| *n == name) else {
                        let known = ["fg", "bg"].into_iter().chain(MODIFIERS.iter().map(|(n, _)| *n));
                        return Err(part.unknown("part of a role", known));
                    };
                    looks.modifiers.set(*modifier, part.flag()?);
                }
            }
        }
        Ok((*role, looks))
    }

    fn ink(&self, entry: &Entry<'_, '_>) -> Result<String, ConfigError> {
        let text = entry.text()?;
        let own = self.palette.iter().any(|(name, _)| name == text);
        if own || self.inherits.is_some() || palette::parse(text).is_some() {
            return Ok(text.to_owned());
        }
        let mut known: Vec<&str> = palette::names().collect();
        known.extend(self.palette.iter().map(|(name, _)| name.as_str()));
        let near = nearest(text, known).map(str::to_owned);
        Err(entry.wrong(&format!("there is no colour `{text}` in the palette"), near))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_themes_load_without_a_complaint_and_name_every_role_they_could_get_wrong() {
        for (name, text) in BUNDLED {
            let (_, errors) = Draft::read(name, text);
            assert_eq!(errors, [], "{name}");
            assert!(Theme::bundled(name, Depth::TrueColor).is_ok());
        }
    }

    #[test]
    fn what_is_to_be_read_can_be_read() {
        for name in ["dark", "light"] {
            let theme = Theme::bundled(name, Depth::TrueColor).unwrap();
            let paper = theme.style(Role::Text).bg.and_then(palette::rgb).expect("a theme names its paper");
            for role in Role::ALL.iter().filter(|r| !matches!(r, Role::Faint | Role::Border)) {
                let style = theme.style(Role::Text).patch(theme.style(*role));
                let ink = style.fg.and_then(palette::rgb).unwrap();
                let on = style.bg.and_then(palette::rgb).unwrap_or(paper);
                let ratio = palette::contrast(ink, on);
                assert!(ratio >= 4.5, "{name}: {} is read at {ratio:.1}", role.word());
            }
        }
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
        let text = "inherits = \"dark\"\n[palette]\nsea = \"#00aabb\"\n[roles]\nok = \"sea\"\nbda = \"red\"\nwarn = { fgg = \"red\" }\nbusy = \"#12\"\n";
        let (theme, errors) = Theme::from_file("mine.toml", text, Depth::TrueColor);
        assert_eq!(theme.style(Role::Ok).fg, Some(Color::Rgb(0, 0xaa, 0xbb)));
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(said[0].starts_with("mine.toml:6: ") && said[0].contains("bad"), "{said:?}");
        assert!(said[1].starts_with("mine.toml:7: ") && said[1].contains("fg"), "{said:?}");
        assert_eq!(theme.style(Role::Bad), Theme::bundled("dark", Depth::TrueColor).unwrap().style(Role::Bad));
    }
}
