//! A theme as its file says it, before names of colours are looked up.

use ratatui::style::{Color, Modifier};

use super::document::{Document, Entry};
use super::error::{ConfigError, nearest};
use super::misplaced::{self, Stray};
use super::palette;
use super::role::Role;

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct ThemeFile {
    /// The file as the person knows it.
    pub file: String,
    /// The theme it lies over.
    pub inherits: Option<Ink>,
    /// Colours by name.
    pub palette: Vec<(String, Color)>,
    /// The roles it mentions.
    pub roles: Vec<(Role, Looks)>,
    /// The roles it says something wrong of.
    pub broken: Vec<Role>,
    /// Colours it may have meant to name: what is wrong is said where they stand, and not again where they are used.
    pub lost: Vec<String>,
    /// Which colours it names is not known.
    pub torn: bool,
}

/// A name, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Ink {
    /// A colour of the palette, else one that is written out.
    pub text: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// The looks of a role.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// Colour of the text.
    pub fg: Option<Ink>,
    /// Colour of the paper.
    pub bg: Option<Ink>,
    /// Bold and the like.
    pub modifiers: Modifier,
}

const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

impl ThemeFile {
    /// Reads a file; what is wrong in it is said and left out.
    pub(super) fn read(file: &str, text: &str) -> (Self, Vec<ConfigError>) {
        let (document, mut errors) = Document::parse(file, text);
        let mut theme = Self { file: file.to_owned(), torn: !errors.is_empty(), ..Self::default() };
        for entry in document.entries() {
            let read = match entry.key {
                "inherits" => ink(&entry).map(|name| theme.inherits = Some(name)),
                "palette" => entry.table().map(|colors| {
                    for color in colors {
                        match read_color(&color) {
                            Ok(found) => theme.palette.push(found),
                            Err(error) => {
                                theme.lost.push(color.key.to_owned());
                                errors.push(error);
                            }
                        }
                    }
                }),
                "roles" => entry.table().map(|roles| {
                    for role in roles {
                        match read_role(&role) {
                            Ok(found) => theme.roles.push(found),
                            Err(error) => {
                                theme.broken.extend(Role::ALL.iter().find(|r| r.word() == role.key));
                                errors.push(error);
                            }
                        }
                    }
                }),
                _ => {
                    theme.lost.push(entry.key.to_owned());
                    theme.lost.extend(entry.table().into_iter().flatten().map(|part| part.key.to_owned()));
                    Err(entry.unknown("part of a theme", ["inherits", "palette", "roles"]))
                }
            };
            errors.extend(read.err());
        }
        misplaced::fold(text, &mut errors, homes);
        (theme, errors)
    }
}

impl Ink {
    /// The error that nobody knows this colour, which so many more roles name.
    pub(super) fn unknown<'a>(&self, file: &str, more: usize, known: impl IntoIterator<Item = &'a str>) -> ConfigError {
        let hint =
            nearest(&self.text, known).unwrap_or("a name of the palette, #rrggbb, a name like bright-red, or 0 to 255");
        let others = if more > 0 { format!("; {more} more below name it") } else { String::new() };
        let message = format!("there is no colour `{}` in the palette{others}", self.text);
        ConfigError::at(file, (self.line, self.column), message, hint)
    }
}

/// Where a line that means nothing where it stands would mean something.
fn homes(stray: &Stray<'_>) -> Vec<String> {
    let is_color = stray.value.as_str().is_some_and(|text| palette::parse(text).is_some());
    let is_role = Role::ALL.iter().any(|role| role.word() == stray.key);
    let fits = [("[roles]", is_role), ("[palette]", is_color)];
    let fits = fits.into_iter().filter(|(heading, fits)| *fits && *heading != stray.under);
    fits.map(|(heading, _)| heading.to_owned()).collect()
}

fn ink(entry: &Entry<'_, '_>) -> Result<Ink, ConfigError> {
    let (line, column) = entry.place();
    Ok(Ink { text: entry.text()?.to_owned(), line, column })
}

fn read_color(entry: &Entry<'_, '_>) -> Result<(String, Color), ConfigError> {
    let text = entry.text()?;
    palette::parse(text).map(|color| (entry.key.to_owned(), color)).ok_or_else(|| {
        let hint = nearest(text, palette::names()).unwrap_or("#rrggbb, a name like bright-red, or 0 to 255");
        entry.wrong(&format!("`{text}` is no colour"), hint)
    })
}

fn read_role(entry: &Entry<'_, '_>) -> Result<(Role, Looks), ConfigError> {
    let Some(role) = Role::ALL.iter().find(|r| r.word() == entry.key) else {
        return Err(entry.unknown("role", Role::ALL.iter().map(|r| r.word())));
    };
    let mut looks = Looks::default();
    if !entry.is_table() {
        looks.fg = Some(ink(entry)?);
        return Ok((*role, looks));
    }
    for part in entry.table()? {
        match part.key {
            "fg" => looks.fg = Some(ink(&part)?),
            "bg" => looks.bg = Some(ink(&part)?),
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
