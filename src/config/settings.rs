//! The settings file: what a person wants different from the defaults.
//!
//! ```toml
//! theme = "light"
//! ascii = false
//! readonly = false
//! escape_ms = 30
//!
//! [[environment]]
//! name = "prod"
//! order = 40
//! protection = "typed"        # open, confirm, typed, readonly
//! color = "magenta"
//! labels = { environment = "prod" }
//! namespaces = ["*-prod"]
//! clusters = ["prod-*"]
//! names = ["*-prod"]
//! ```

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::document::{Document, Entry};
use super::error::ConfigError;
use super::palette;
use crate::domain::{Classifier, Environment, EnvironmentRule, Protection, Rule, Symbol};

/// What can be set.
const FIELDS: [&str; 5] = ["theme", "ascii", "readonly", "escape_ms", "environment"];

/// Settings of the defaults with the user's file over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Name of the theme.
    pub theme: String,
    /// ASCII signs whatever the locale says.
    pub ascii: bool,
    /// Refuse every write.
    pub readonly: bool,
    /// How long a lone Esc waits for the rest of a key: slow lines split keys.
    pub escape: Duration,
    /// Environments by rule.
    pub environments: Vec<EnvironmentRule>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: "dark".to_owned(),
            ascii: false,
            readonly: false,
            escape: Duration::from_millis(30),
            environments: Vec::new(),
        }
    }
}

/// Where the user's settings are looked for, existing or not.
#[must_use]
pub fn user_file() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "pilothouse").map(|dirs| dirs.config_dir().join("config.toml"))
}

impl Settings {
    /// The defaults with a file over them: `file` if given (then it must be there), else the user's if there is one.
    /// What is wrong inside is said and left out.
    pub fn load(file: Option<&Path>) -> Result<(Self, Vec<ConfigError>), String> {
        let (path, asked_for) = match file {
            Some(path) => (path.to_owned(), true),
            None => match user_file() {
                Some(path) => (path, false),
                None => return Ok((Self::default(), Vec::new())),
            },
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self::read(&path.display().to_string(), &text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !asked_for => {
                Ok((Self::default(), Vec::new()))
            }
            Err(error) => Err(format!("cannot read the settings file {}: {error}", path.display())),
        }
    }

    /// The defaults with the text of a file over them.
    #[must_use]
    pub fn read(file: &str, text: &str) -> (Self, Vec<ConfigError>) {
        let (document, mut errors) = Document::parse(file, text);
        let mut settings = Self::default();
        for entry in document.entries() {
            let read = match entry.key {
                "theme" => entry.text().map(|name| name.clone_into(&mut settings.theme)),
                "ascii" => entry.flag().map(|yes| settings.ascii = yes),
                "readonly" => entry.flag().map(|yes| settings.readonly = yes),
                "escape_ms" => entry.number(1..=1_000).map(|ms| settings.escape = Duration::from_millis(ms)),
                "environment" => entry.list().map(|list| {
                    for (n, item) in list.enumerate() {
                        settings.environments.extend(environment(&item, n, &mut errors));
                    }
                }),
                _ => Err(entry.unknown("setting", FIELDS)),
            };
            errors.extend(read.err());
        }
        (settings, errors)
    }

    /// What sorts Applications into environments.
    #[must_use]
    pub fn classifier(&self) -> Classifier {
        Classifier::new(self.environments.clone())
    }
}

fn environment(item: &Entry<'_, '_>, place: usize, errors: &mut Vec<ConfigError>) -> Option<EnvironmentRule> {
    const FIELDS: [&str; 8] = ["name", "order", "color", "protection", "labels", "namespaces", "clusters", "names"];
    let fields = match item.table() {
        Ok(fields) => fields,
        Err(error) => {
            errors.push(error);
            return None;
        }
    };
    let mut name = None;
    let mut order = (place as u16 + 1) * 10;
    let mut color = None;
    let mut protection = None;
    let mut rules = Vec::new();
    for field in fields {
        let read = match field.key {
            "name" => field.text().map(|text| name = Some(Symbol::from(text))),
            "order" => field.number(0..=u64::from(u16::MAX)).map(|n| order = n as u16),
            "color" => read_color(&field).map(|read| color = Some(read)),
            "protection" => read_protection(&field).map(|read| protection = Some(read)),
            "labels" => field.table().and_then(|labels| {
                for label in labels {
                    rules.push(Rule::Label { key: label.key.to_owned(), value: label.text()?.to_owned() });
                }
                Ok(())
            }),
            "namespaces" => patterns(&field, Rule::Namespace, &mut rules),
            "clusters" => patterns(&field, Rule::Cluster, &mut rules),
            "names" => patterns(&field, Rule::Name, &mut rules),
            _ => Err(field.unknown("part of an environment", FIELDS)),
        };
        errors.extend(read.err());
    }
    let Some(name) = name else {
        errors.push(item.wrong("an environment has no name", Some("name = \"prod\"".to_owned())));
        return None;
    };
    // What nobody gave a protection gets the one its name speaks for.
    let protection = protection.unwrap_or_else(|| Classifier::default().describe(&name).protection);
    Some(EnvironmentRule { environment: Environment { name, order, protection, color }, rules })
}

fn read_color(field: &Entry<'_, '_>) -> Result<String, ConfigError> {
    let text = field.text()?;
    let hint = || Some("#rrggbb or a name like magenta".to_owned());
    palette::parse(text).ok_or_else(|| field.wrong(&format!("`{text}` is no colour"), hint()))?;
    Ok(text.to_owned())
}

fn read_protection(field: &Entry<'_, '_>) -> Result<Protection, ConfigError> {
    let text = field.text()?;
    let hint = || Some(Protection::ALL.map(Protection::word).join(", "));
    Protection::parse(text).ok_or_else(|| field.wrong(&format!("there is no protection `{text}`"), hint()))
}

fn patterns(field: &Entry<'_, '_>, rule: fn(String) -> Rule, rules: &mut Vec<Rule>) -> Result<(), ConfigError> {
    for pattern in field.list()? {
        rules.push(rule(pattern.text()?.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FULL: &str = r##"theme = "light"
ascii = true
readonly = true
escape_ms = 50

[[environment]]
name = "prod"
color = "#aa00ff"
labels = { tier = "gold" }
clusters = ["prod-*"]

[[environment]]
name = "lab"
protection = "open"
namespaces = ["lab-*", "tmp"]
"##;

    #[test]
    fn a_whole_file_is_read() {
        let (settings, errors) = Settings::read("config.toml", FULL);
        assert_eq!(errors, []);
        assert_eq!((settings.theme.as_str(), settings.ascii, settings.escape.as_millis()), ("light", true, 50));
        let [prod, lab] = &settings.environments[..] else { panic!("{settings:?}") };
        assert_eq!(prod.environment.protection, Protection::Typed);
        assert_eq!(prod.rules.len(), 2);
        assert_eq!((lab.environment.protection, lab.environment.order), (Protection::Open, 20));
    }

    #[test]
    fn an_unknown_field_is_said_with_line_and_nearest_name_and_the_rest_applies() {
        let (settings, errors) = Settings::read("config.toml", "them = \"light\"\nascii = true\nreadonly = \"no\"\n");
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(said[0], "config.toml:1: there is no setting `them`\n  try: theme");
        assert!(said[1].starts_with("config.toml:3: `readonly` takes true or false;"), "{said:?}");
        assert!(settings.ascii && settings.theme == "dark");
    }

    #[test]
    fn a_missing_file_is_an_error_only_when_it_was_asked_for() {
        let error = Settings::load(Some(Path::new("/nonexistent/pilothouse.toml"))).unwrap_err();
        assert!(error.contains("/nonexistent/pilothouse.toml"), "{error}");
    }

    proptest! {
        /// Whatever is done to a file, reading it ends in settings and errors, never in a crash.
        #[test]
        fn a_broken_file_is_never_a_crash(cut in 0..FULL.len(), noise in "[\\[\\]={}\"#a-z0-9\n]{0,8}") {
            let broken = format!("{}{noise}{}", &FULL[..cut], &FULL[(cut + noise.len()).min(FULL.len())..]);
            let (_, errors) = Settings::read("config.toml", &broken);
            for error in errors {
                prop_assert!(error.line <= broken.matches('\n').count() + 1);
            }
        }
    }
}
