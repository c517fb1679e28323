//! A project's `.pilothouse.toml`: it may make things stricter and nothing else.

use std::path::{Path, PathBuf};

use super::document::{Document, Entry};
use super::environment::protection;
use super::error::ConfigError;
use super::field::{self, FIELDS};
use super::settings::Settings;
use crate::domain::{Environment, EnvironmentRule, Symbol};

/// The `.pilothouse.toml` of a folder or the nearest one above it.
#[must_use]
pub fn project_file(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|f| f.join(".pilothouse.toml")).find(|f| f.is_file())
}

impl Settings {
    /// Lays a project's file over the settings: it may make things stricter and nothing else.
    pub fn tighten(&mut self, file: &str, text: &str) -> Vec<ConfigError> {
        let (document, mut errors) = Document::parse(file, text);
        for entry in document.entries() {
            let read = match entry.key {
                "readonly" => entry.flag().and_then(|wanted| match (wanted, self.readonly) {
                    (true, _) => {
                        self.set_readonly(format!("{file}:{}", entry.line()));
                        Ok(())
                    }
                    (false, true) => {
                        let hint = "take the line away, or change readonly in your own settings file";
                        Err(entry.wrong("a project may not allow what the user forbids", hint))
                    }
                    (false, false) => Ok(()),
                }),
                "environment" => entry.list().map(|list| {
                    for item in list {
                        errors.extend(self.tighten_environment(file, &item).err());
                    }
                }),
                key if field::names(FIELDS).any(|name| name == key) => {
                    let hint = "write it into your own settings file";
                    Err(entry
                        .wrong_key(&format!("a project may not set `{key}`: it may only tighten protection"), hint))
                }
                _ => Err(entry.unknown("setting of a project", ["readonly", "environment"])),
            };
            errors.extend(read.err());
        }
        ConfigError::one_a_cause(text, &mut errors);
        errors
    }

    fn tighten_environment(&mut self, file: &str, item: &Entry<'_, '_>) -> Result<(), ConfigError> {
        let (mut name, mut wanted) = (None, None);
        for part in item.table()? {
            match part.key {
                "name" => name = Some(Symbol::from(part.text()?)),
                "protection" => wanted = Some((protection(&part)?, part)),
                _ => return Err(part.unknown("part of an environment in a project", ["name", "protection"])),
            }
        }
        let (Some(name), Some((wanted, part))) = (name, wanted) else {
            let hint = "name = \"prod\" and protection = \"typed\"";
            return Err(item.wrong("an environment of a project needs its name and a protection", hint));
        };
        let now = self.classifier().describe(&name);
        if wanted < now.protection {
            let message = format!(
                "`{name}` is `{}` already: a project may not loosen it to `{}`",
                now.protection.word(),
                wanted.word()
            );
            let hint = format!("take the environment away, or change `{name}` in your own settings file");
            return Err(part.wrong(&message, hint));
        }
        match self.environments.iter_mut().find(|rule| rule.environment.name == name) {
            Some(rule) => rule.environment.protection = wanted,
            // without rules it takes in what convention would have called by this name anyway
            None => self
                .environments
                .push(EnvironmentRule { environment: Environment { protection: wanted, ..now }, rules: Vec::new() }),
        }
        let origin = format!("{file}:{}", item.place().0);
        self.set_environment_origin(&name, origin.clone());
        self.set_origin("environment", origin);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::Places;
    use crate::domain::Protection;

    #[test]
    fn a_project_tightens_and_never_loosens() {
        let mut settings = Settings::read("config.toml", "[[environment]]\nname = \"lab\"\nprotection = \"typed\"\n").0;
        let errors = settings.tighten(
            ".pilothouse.toml",
            r#"theme = "light"
[[environment]]
name = "lab"
protection = "open"
[[environment]]
name = "dev"
protection = "typed"
[[environment]]
name = "prod"
protection = "readonly"
[[environment]]
name = "prod"
protection = "opne"
[keys.global]
"q" = "program.quit"
"#,
        );
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let expected = [
            ".pilothouse.toml:1: a project may not set `theme`: it may only tighten protection\n  try: write it into your \
             own settings file",
            ".pilothouse.toml:4: `lab` is `typed` already: a project may not loosen it to `open`\n  try: take the \
             environment away, or change `lab` in your own settings file",
            ".pilothouse.toml:13: there is no protection `opne`\n  try: open",
            ".pilothouse.toml:14: a project may not set `keys`: it may only tighten protection\n  try: write it into your \
             own settings file",
        ];
        assert_eq!(said, expected);
        let protection = |name: &str| settings.classifier().describe(&name.into()).protection;
        assert_eq!(
            ["lab", "dev", "prod", "staging"].map(protection),
            [Protection::Typed, Protection::Typed, Protection::ReadOnly, Protection::Confirm]
        );
        assert_eq!(settings.theme, "dark");
    }

    #[test]
    fn a_project_that_cannot_be_read_makes_everything_read_only() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join(".pilothouse.toml");
        std::fs::write(&project, [0xff]).unwrap();
        let places = Places { project: Some(project), ..Places::default() };
        let (settings, errors) = Settings::load_from(&places).unwrap();
        assert!(settings.readonly && errors.len() == 1, "{errors:?}");
    }

    #[test]
    fn the_nearest_project_file_above_counts() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        let file = folder.path().join("a/.pilothouse.toml");
        std::fs::write(&file, "readonly = true\n").unwrap();
        assert_eq!(project_file(&inner), Some(file.clone()));
        let (settings, errors) = Settings::load_from(&Places { project: Some(file), ..Places::default() }).unwrap();
        assert!(settings.readonly && errors.is_empty());
    }
}
