//! The `[[forward]]` and `[[debug]]` tables of the settings: what is forwarded again and again, and which folders are which.

use std::path::PathBuf;

use super::document::Entry;
use super::error::ConfigError;
use super::field::{self, DEBUG, FORWARD};
use crate::debug::{Folder, Mapped};
use crate::domain::Symbol;
use crate::forward::Profile;

/// Reads a forward that is kept.
pub(super) fn forward(item: &Entry<'_, '_>, errors: &mut Vec<ConfigError>) -> Result<Option<Profile>, ConfigError> {
    let mut profile = Profile::of(Symbol::default(), Symbol::default());
    profile.name.clear();
    let before = errors.len();
    for part in item.table()? {
        let mut read = || -> Result<(), ConfigError> {
            match part.key {
                "name" => part.text()?.clone_into(&mut profile.name),
                "service" => profile.service = part.text()?.into(),
                "environment" => profile.environment = part.text()?.into(),
                "target" => profile.target = Some(parsed(&part, "service/backend")?),
                "ports" => {
                    for port in part.list()? {
                        profile.ports.push(parsed(&port, "\"8000\", \"http\" or \"9000:8000\"")?);
                    }
                }
                "bind" => profile.bind = parsed(&part, "127.0.0.1")?,
                "unix" => profile.unix = Some(PathBuf::from(part.text()?)),
                "kubectl" => profile.kubectl = part.flag()?,
                _ => return Err(part.unknown("part of a forward", field::names(FORWARD))),
            }
            Ok(())
        };
        errors.extend(read().err());
    }
    if profile.service.is_empty() || profile.environment.is_empty() {
        let hint = "service = \"backend\" and environment = \"dev\"";
        let message = "a forward needs a service and an environment";
        return item.incomplete(errors.len() > before, message, hint);
    }
    if profile.unix.is_some() && profile.ports.len() > 1 {
        return Err(item.wrong("a Unix socket leads to one port", "give one port"));
    }
    if profile.name.is_empty() {
        profile.name = format!("{} {}", profile.service, profile.environment);
    }
    Ok(Some(profile))
}

/// Reads a folder of a workspace.
pub(super) fn debug(item: &Entry<'_, '_>, errors: &mut Vec<ConfigError>) -> Result<Option<Folder>, ConfigError> {
    let (mut service, mut environment) = (Symbol::default(), None);
    let (mut local, mut remote) = (String::new(), String::new());
    let before = errors.len();
    for part in item.table()? {
        let mut read = || -> Result<(), ConfigError> {
            match part.key {
                "service" => service = part.text()?.into(),
                "environment" => environment = Some(Symbol::from(part.text()?)),
                "local" => part.text()?.clone_into(&mut local),
                "remote" => part.text()?.clone_into(&mut remote),
                _ => return Err(part.unknown("part of a debug table", field::names(DEBUG))),
            }
            Ok(())
        };
        errors.extend(read().err());
    }
    if service.is_empty() || remote.is_empty() {
        let hint = "service = \"backend\" and remote = \"/app\"";
        return item.incomplete(errors.len() > before, "a debug table needs a service and a remote folder", hint);
    }
    if local.is_empty() {
        "${workspaceFolder}".clone_into(&mut local);
    }
    Ok(Some(Folder { service, environment, mapped: Mapped { local, remote } }))
}

/// A text that is read as something else.
fn parsed<T: std::str::FromStr>(entry: &Entry<'_, '_>, like: &str) -> Result<T, ConfigError> {
    let text = entry.text()?;
    let wrong = || entry.wrong(&format!("`{text}` is not understood"), format!("write it like {like}"));
    text.parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use crate::config::settings::Settings;

    #[test]
    fn forwards_and_folders_are_read() {
        let text = r#"[[forward]]
service = "backend"
environment = "dev"
target = "svc/backend"
ports = ["9000:http", "5432"]
[[forward]]
name = "db"
service = "postgres"
environment = "staging"
ports = ["many:1"]
[[debug]]
service = "backend"
remote = "/srv/app"
[[debug]]
service = "frontend"
"#;
        let (settings, errors) = Settings::read("config.toml", text);
        let told: Vec<String> =
            settings.forwards.iter().map(|one| format!("{}: {}", one.name, one.leads_to())).collect();
        assert_eq!(told, ["backend dev: service/backend 9000:http 5432", "db: first port"]);
        assert_eq!(settings.folders[0].mapped.local, "${workspaceFolder}");
        assert_eq!(settings.folders[0].mapped.remote, "/srv/app");
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(said[0].starts_with("config.toml:10: `many:1` is not understood"), "{said:?}");
        assert!(said[1].starts_with("config.toml:14: a debug table needs"), "{said:?}");
        assert_eq!(said.len(), 2, "{said:?}");
        let rows = settings.rows();
        let of = |field: &str| rows.iter().find(|row| row.field == field).map(|row| row.value.as_str());
        assert_eq!(of("forward"), Some("backend dev: backend in dev, service/backend 9000:http 5432"));
        assert_eq!(of("debug"), Some("backend: ${workspaceFolder} is /srv/app"));
    }
}
