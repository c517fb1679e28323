//! Settings: what a person wants different from the defaults.
//!
//! Layers, each over the one before: defaults, the user's file, the project's `.pilothouse.toml` (which only tightens),
//! environment variables, flags. What can be set stands in [`FIELDS`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::chord::Chord;
pub use super::cluster::{DestinationSetting, SourceSetting};
use super::cluster::{destination, source, url};
use super::document::{Document, Entry};
use super::environment::environment;
use super::error::ConfigError;
use super::field::{self, ESCAPE_MS, FIELDS, Kind};
pub use super::layers::{Places, user_file};
use super::misplaced::{self, Stray};
use super::place;
use super::session::{debug, forward};
pub use super::show::SettingRow;
use crate::debug::Folder;
use crate::domain::{Classifier, EnvironmentRule};
use crate::forward::Profile;

/// Settings of all layers.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Name of the theme.
    pub theme: String,
    /// Name of the keymap.
    pub keymap: String,
    /// ASCII signs whatever the locale says.
    pub ascii: bool,
    /// Whether the mouse selects and scrolls.
    pub mouse: bool,
    /// Refuse every write.
    pub readonly: bool,
    /// How long a lone Esc waits for the rest of a key: slow lines split keys.
    pub escape: Duration,
    /// Where a laptop reaches this machine by ssh.
    pub ssh_host: Option<String>,
    /// URL of a Prometheus API.
    pub prometheus: Option<String>,
    /// Local checkout of the GitOps repository.
    pub git_checkout: Option<PathBuf>,
    /// Environments by rule.
    pub environments: Vec<EnvironmentRule>,
    /// Argo CDs beside the contexts of the kubeconfig.
    pub sources: Vec<SourceSetting>,
    /// Filters under names.
    pub filters: BTreeMap<String, String>,
    /// Which context reaches which destination.
    pub destinations: Vec<DestinationSetting>,
    /// Port-forwards that are kept.
    pub forwards: Vec<Profile>,
    /// Folders of workspaces that are folders of pods.
    pub folders: Vec<Folder>,
    /// The user's file as it was read; its `[keys]` are for the keymap.
    pub file: Option<UserFile>,
    /// Where each field that is not a default was set.
    pub(super) origins: BTreeMap<&'static str, String>,
    /// Where each table, and each filter, was set: by field and name.
    parts: BTreeMap<(&'static str, String), String>,
    /// The fields the user's file says something wrong of.
    broken: BTreeSet<&'static str>,
    /// The user's file is no TOML somewhere: what it does not say may stand there.
    torn: bool,
}

/// The user's settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFile {
    /// Its path.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: "dark".to_owned(),
            keymap: "default".to_owned(),
            ascii: false,
            mouse: true,
            readonly: false,
            escape: Duration::from_millis(30),
            ssh_host: None,
            prometheus: None,
            git_checkout: None,
            environments: Vec::new(),
            sources: Vec::new(),
            filters: BTreeMap::new(),
            destinations: Vec::new(),
            forwards: Vec::new(),
            folders: Vec::new(),
            file: None,
            origins: BTreeMap::new(),
            parts: BTreeMap::new(),
            broken: BTreeSet::new(),
            torn: false,
        }
    }
}

impl Settings {
    /// The layers that are files: `file` if given (then it must be there), else the user's if there is one, and the
    /// project's over it. What is wrong inside is said and left out.
    pub fn load(file: Option<&Path>) -> Result<(Self, Vec<ConfigError>), ConfigError> {
        Self::load_from(&Places::here(file))
    }

    /// As [`Settings::load`], with the places handed in. Fails when the user's file cannot be read, or was asked for and
    /// is not there.
    pub fn load_from(places: &Places) -> Result<(Self, Vec<ConfigError>), ConfigError> {
        let user = places.asked.as_ref().or(places.user.as_ref());
        let read = |path: &PathBuf| place::read(path).map(|text| UserFile { path: path.display().to_string(), text });
        let file = match user {
            Some(path) if places.asked.is_some() || path.exists() => Some(read(path)?),
            _ => None,
        };
        let (mut settings, mut errors) = file.as_ref().map_or_else(Default::default, |f| Self::read(&f.path, &f.text));
        settings.file = file;
        match places.project.as_ref().map(|path| (path, read(path))) {
            Some((_, Ok(file))) => errors.extend(settings.tighten(&file.path, &file.text)),
            // a project that wants more care and cannot say so gets all of it
            Some((path, Err(error))) => {
                settings.set_readonly(path.display().to_string());
                let message = format!("{}; until it can be read, everything is read-only", error.message);
                errors.push(ConfigError { message, ..error });
            }
            None => {}
        }
        Ok((settings, errors))
    }

    /// The defaults with the text of a user's file over them.
    #[must_use]
    pub fn read(file: &str, text: &str) -> (Self, Vec<ConfigError>) {
        let (document, mut errors) = Document::parse(file, text);
        let mut settings = Self { torn: !errors.is_empty(), ..Self::default() };
        for entry in document.entries() {
            let before = errors.len();
            let read = settings.read_field(&entry, &mut errors);
            if errors.len() > before {
                settings.broken.extend(field::names(FIELDS).find(|name| *name == entry.key));
            }
            match read {
                Ok(Some(name)) => settings.set_origin(name, format!("{file}:{}", entry.line())),
                Ok(None) => {}
                Err(error) => {
                    settings.broken.extend(field::names(FIELDS).find(|name| *name == entry.key));
                    errors.push(error);
                }
            }
        }
        misplaced::fold(text, &mut errors, homes);
        // whose heading is missing is part of nothing
        settings.torn |= errors.iter().any(|error| error.until > error.line);
        ConfigError::one_a_cause(text, &mut errors);
        (settings, errors)
    }

    /// Reads a field; its name when that set something.
    fn read_field(
        &mut self,
        entry: &Entry<'_, '_>,
        errors: &mut Vec<ConfigError>,
    ) -> Result<Option<&'static str>, ConfigError> {
        match entry.key {
            "theme" => entry.text()?.clone_into(&mut self.theme),
            "keymap" => entry.text()?.clone_into(&mut self.keymap),
            "ascii" => self.ascii = entry.flag()?,
            "mouse" => self.mouse = entry.flag()?,
            "readonly" => self.readonly = entry.flag()?,
            "escape_ms" => self.escape = Duration::from_millis(entry.number(ESCAPE_MS)?),
            "ssh_host" => self.ssh_host = Some(entry.text()?.to_owned()),
            "prometheus" => self.prometheus = Some(url(entry)?),
            "git_checkout" => self.git_checkout = Some(PathBuf::from(entry.text()?)),
            "environment" => {
                for (n, item) in entry.list()?.enumerate() {
                    let read = kept(environment(&item, n, errors), errors).flatten();
                    if let Some(rule) = &read {
                        self.set_part("environment", &rule.environment.name, &item);
                    }
                    self.environments.extend(read);
                }
            }
            "source" => {
                for item in entry.list()? {
                    let read = kept(source(&item, errors), errors).flatten();
                    if let Some(source) = &read {
                        self.set_part("source", &source.name, &item);
                    }
                    self.sources.extend(read);
                }
            }
            "destination" => {
                for item in entry.list()? {
                    let read = kept(destination(&item, errors), errors).flatten();
                    if let Some(destination) = &read {
                        self.set_part("destination", &destination.is(), &item);
                    }
                    self.destinations.extend(read);
                }
            }
            "forward" => {
                for item in entry.list()? {
                    let read = kept(forward(&item, errors), errors).flatten();
                    if let Some(profile) = &read {
                        self.set_part("forward", &profile.name, &item);
                    }
                    self.forwards.extend(read);
                }
            }
            "debug" => {
                for item in entry.list()? {
                    let read = kept(debug(&item, errors), errors).flatten();
                    if let Some(folder) = &read {
                        self.set_part("debug", &folder.service, &item);
                    }
                    self.folders.extend(read);
                }
            }
            "filters" => {
                for item in entry.table()? {
                    let text = kept(item.text().map(str::to_owned), errors);
                    self.set_part("filters", item.key, &item);
                    self.filters.extend(text.map(|text| (item.key.to_owned(), text)));
                }
            }
            // the keymap reads these, and says what is wrong in them
            "keys" => return entry.table().map(|_| None),
            _ => return Err(entry.unknown("setting", field::names(FIELDS))),
        }
        Ok(field::names(FIELDS).find(|name| *name == entry.key))
    }

    /// Forbids every write, because of `origin`.
    pub(super) fn set_readonly(&mut self, origin: String) {
        self.readonly = true;
        self.set_origin("readonly", origin);
    }

    /// Where the value of a field comes from: `default`, or file and line, or a flag.
    #[must_use]
    pub fn origin(&self, field: &str) -> String {
        self.origins.get(field).map_or("default", String::as_str).to_owned()
    }

    /// Where the table or filter of a name was set; where its field was, when that is not known.
    #[must_use]
    pub fn origin_of(&self, field: &'static str, name: &str) -> String {
        self.parts.get(&(field, name.to_owned())).cloned().unwrap_or_else(|| self.origin(field))
    }

    /// Notes where the table or filter of a name stands. The first of a name is the one that counts.
    pub(super) fn set_part(&mut self, field: &'static str, name: &str, entry: &Entry<'_, '_>) {
        let place = entry.wrong("", "");
        self.parts.entry((field, name.to_owned())).or_insert_with(|| format!("{}:{}", place.file, place.line));
    }

    /// Notes what made an environment stricter.
    pub(super) fn set_environment_origin(&mut self, name: &str, origin: String) {
        self.parts.insert(("environment", name.to_owned()), origin);
    }

    /// Notes what set a field: `file:line`, a variable or a flag.
    pub fn set_origin(&mut self, field: &'static str, origin: impl Into<String>) {
        self.origins.insert(field, origin.into());
    }

    /// Where the file is wrong about what changes while the cockpit runs, takes that from `before`.
    pub fn keep(&mut self, before: &Self) {
        let unsure = |field: &str| self.broken.contains(field) || (self.torn && !self.origins.contains_key(field));
        let [theme, keymap, ascii, mouse] = ["theme", "keymap", "ascii", "mouse"].map(unsure);
        let [readonly, escape, filters, environments] = ["readonly", "escape_ms", "filters", "environment"].map(unsure);
        if theme {
            self.theme.clone_from(&before.theme);
        }
        if keymap {
            self.keymap.clone_from(&before.keymap);
        }
        if ascii {
            self.ascii = before.ascii;
        }
        if mouse {
            self.mouse = before.mouse;
        }
        if readonly {
            self.readonly |= before.readonly;
        }
        if escape {
            self.escape = before.escape;
        }
        if filters {
            let missing = before.filters.iter().filter(|(name, _)| !self.filters.contains_key(*name));
            self.filters.extend(missing.map(|(name, text)| (name.clone(), text.clone())).collect::<Vec<_>>());
        }
        if environments {
            // one that fell out would take its protection with it
            self.environments.clone_from(&before.environments);
        }
    }

    /// What sorts Applications into environments.
    #[must_use]
    pub fn classifier(&self) -> Classifier {
        Classifier::new(self.environments.clone())
    }

    /// The folder of the user's themes or keymaps, beside the settings file.
    #[must_use]
    pub fn folder(&self, of: &str) -> Option<PathBuf> {
        let file = self.file.as_ref().map(|f| PathBuf::from(&f.path)).or_else(user_file)?;
        file.parent().map(|beside| beside.join(of))
    }
}

/// The tables whose fields have the name of a line, and what it holds.
fn homes(stray: &Stray<'_>) -> Vec<String> {
    let tables = FIELDS.iter().filter_map(|table| match table.kind {
        Kind::Tables(fields) => Some((format!("[[{}]]", table.name), fields)),
        _ => None,
    });
    let has = |fields: &[field::Field]| fields.iter().any(|f| f.name == stray.key && f.kind.takes(stray.value));
    let mut homes: Vec<String> = tables.filter(|(_, fields)| has(fields)).map(|(heading, _)| heading).collect();
    if stray.value.as_str().is_some_and(|name| name.contains('.')) && Chord::sequence(stray.key).is_ok() {
        homes.push("[keys.global]".to_owned());
    }
    homes.retain(|heading| heading != stray.under);
    homes
}

/// The value of what was read, its error noted.
fn kept<T>(read: Result<T, ConfigError>, errors: &mut Vec<ConfigError>) -> Option<T> {
    read.map_err(|error| errors.push(error)).ok()
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
