//! Looks, keys and settings of all layers: defaults, the user's file, the project's, variables, flags.

use std::path::PathBuf;

use super::arguments::Everywhere;
use super::exit::{Exit, Failure};
use super::sources;
use crate::app::Looks;
use crate::command::Keymap;
use crate::config::error::ConfigError;
use crate::config::glyph::{ASCII, Glyphs};
use crate::config::palette::Depth;
use crate::config::settings::{Places, Settings};
use crate::config::theme::Theme;

/// The settings of all layers, and what is wrong in the files; it is left out and the rest applies.
pub fn settings(everywhere: &Everywhere) -> Result<(Settings, Vec<ConfigError>), Failure> {
    let (mut settings, errors) = Settings::load(everywhere.config.as_deref()).map_err(|error| {
        let missing = error.line == 0;
        let hint = if missing { "give --config a file that is there, or leave it out" } else { &error.hint };
        Failure::new(Exit::Usage, error.said()).hint(hint)
    })?;
    lay_over(&mut settings, everywhere);
    Ok((settings, errors))
}

/// Lays variables and flags over the files. They forbid more than a file does and never less.
fn lay_over(settings: &mut Settings, everywhere: &Everywhere) {
    settings.ascii |= everywhere.ascii;
    settings.readonly |= everywhere.readonly;
    if let Some(theme) = &everywhere.theme {
        settings.theme.clone_from(theme);
    }
    for (field, origin) in &everywhere.origins {
        let decides = match *field {
            "ascii" => everywhere.ascii,
            "readonly" => everywhere.readonly,
            _ => true,
        };
        if decides {
            settings.set_origin(field, origin.clone());
        }
    }
}

/// The theme of the settings at a depth; what it inherits stands in for what is wrong in it.
pub fn theme(settings: &Settings, depth: Depth) -> (Theme, Vec<ConfigError>) {
    let (theme, mut errors) = load_theme(settings, depth);
    name_who_asked(settings, &mut errors);
    (theme, errors)
}

fn load_theme(settings: &Settings, depth: Depth) -> (Theme, Vec<ConfigError>) {
    Theme::load(&settings.theme, settings.folder("themes").as_deref(), depth)
}

/// Has errors about a theme or a keymap that is not there say where its name was written.
fn name_who_asked(settings: &Settings, errors: &mut [ConfigError]) {
    for (field, name) in [("theme", &settings.theme), ("keymap", &settings.keymap)] {
        let message = format!("there is no {field} of this name");
        for error in errors.iter_mut().filter(|e| e.line == 0 && e.file == *name && e.message == message) {
            *error = sources::at(&settings.origin(field), format!("there is no {field} `{name}`"), &error.hint);
        }
    }
}

/// The keymap of the settings with the user's own keys over it; what is wrong in them is left out.
pub fn keymap(settings: &Settings) -> (Keymap, Vec<ConfigError>) {
    let (keymap, mut errors) = load_keymap(settings);
    name_who_asked(settings, &mut errors);
    (keymap, errors)
}

fn load_keymap(settings: &Settings) -> (Keymap, Vec<ConfigError>) {
    let (mut keymap, mut errors) = Keymap::load(&settings.keymap, settings.folder("keymaps").as_deref());
    if let Some(file) = &settings.file {
        errors.extend(keymap.patch_from_settings(&file.path, &file.text));
    }
    (keymap, errors)
}

/// Settings, keys and looks as they run, to be read again when their files change.
pub struct Running {
    everywhere: Everywhere,
    depth: Depth,
    settings: Settings,
    theme: Theme,
    keymap: Keymap,
    contexts: Vec<String>,
}

impl Running {
    /// What runs now; `contexts` are those of the kubeconfig.
    pub fn new(
        everywhere: Everywhere,
        depth: Depth,
        settings: Settings,
        (theme, keymap): (Theme, Keymap),
        contexts: Vec<String>,
    ) -> Self {
        Self { everywhere, depth, settings, theme, keymap, contexts }
    }

    /// The files that say it, and the folders with such files; existing or not.
    pub fn places(&self) -> Vec<PathBuf> {
        let Places { asked, user, project } = Places::here(self.everywhere.config.as_deref());
        let folders = ["themes", "keymaps"].iter().filter_map(|of| self.settings.folder(of));
        asked.or(user).into_iter().chain(project).chain(folders).collect()
    }

    /// Reads the files again. What is wrong in them leaves what it is about as it was.
    pub fn read_again(&mut self) -> Looks {
        let complaints = match Settings::load(self.everywhere.config.as_deref()) {
            Ok((settings, errors)) => self.replace(settings, errors),
            Err(error) => vec![error],
        };
        Looks {
            theme: self.theme.clone(),
            keys: self.keymap.clone(),
            glyphs: glyphs(&self.settings),
            settings: self.settings.clone(),
            complaints,
        }
    }

    fn replace(&mut self, mut settings: Settings, mut errors: Vec<ConfigError>) -> Vec<ConfigError> {
        settings.keep(&self.settings);
        // what forbids holds at once; what allows again waits for the next start
        settings.readonly |= self.settings.readonly;
        lay_over(&mut settings, &self.everywhere);
        let (mut theme, wrong) = load_theme(&settings, self.depth);
        // of a file that is not there or no TOML nothing is known
        if !wrong.iter().any(ConfigError::leaves_doubt) {
            theme.keep(&self.theme);
            self.theme = theme;
        }
        errors.extend(wrong);
        let (mut keymap, wrong) = load_keymap(&settings);
        let is_read = !wrong.iter().any(ConfigError::is_unread);
        errors.extend(wrong);
        if is_read {
            keymap.keep(&self.keymap, &errors);
            self.keymap = keymap;
        }
        errors.extend(sources::misled(&settings, &self.contexts));
        name_who_asked(&settings, &mut errors);
        self.settings = settings;
        errors
    }
}

/// The variables that decide the locale, the strongest first.
const LOCALE: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];

/// The signs of the settings, else of the locale.
#[must_use]
pub fn glyphs(settings: &Settings) -> &'static Glyphs {
    let locale = LOCALE.map(|name| std::env::var(name).ok());
    if settings.ascii { &ASCII } else { Glyphs::for_locale(locale.iter().map(|v| v.as_deref())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(settings: &Settings, field: &str) -> String {
        settings.rows().into_iter().find(|row| row.field == field).unwrap().origin
    }

    #[test]
    fn flags_and_variables_lie_over_files_and_never_allow_what_these_forbid() {
        let (mut settings, _) = Settings::read("config.toml", "theme = \"light\"\nreadonly = true\n");
        let everywhere = Everywhere {
            theme: Some("mono".to_owned()),
            origins: vec![("theme", "--theme".to_owned()), ("readonly", "PILOTHOUSE_READONLY".to_owned())],
            ..Everywhere::default()
        };
        lay_over(&mut settings, &everywhere);
        assert!(settings.readonly && settings.theme == "mono");
        assert_eq!([origin(&settings, "theme"), origin(&settings, "readonly")], ["--theme", "config.toml:2"]);
    }
}
