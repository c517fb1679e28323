//! The `[[source]]` and `[[destination]]` tables of the settings: what is reached, and how.

use super::document::Entry;
use super::error::ConfigError;
use super::field::{self, DESTINATION, SOURCE};

/// An Argo CD control plane of the config.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SourceSetting {
    /// Its name.
    pub name: String,
    /// The kubeconfig context it is read through.
    pub context: Option<String>,
    /// Where Argo CD is installed.
    pub argocd_namespace: Option<String>,
    /// URL of its argocd-server.
    pub server: Option<String>,
    /// A file with the token for it.
    pub token_file: Option<String>,
    /// A file with the CA its certificate is checked against.
    pub certificate_authority: Option<String>,
    /// Whether it is on from the start; `None` leaves it to the flags.
    pub enabled: Option<bool>,
}

/// Which kubeconfig context reaches a destination of Argo CD.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DestinationSetting {
    /// The destination's server.
    pub server: Option<String>,
    /// Or its name.
    pub name: Option<String>,
    /// The kubeconfig context of the same cluster.
    pub context: String,
}

impl DestinationSetting {
    /// What Applications call it: its server, its name, or both.
    #[must_use]
    pub fn is(&self) -> String {
        self.server.iter().chain(&self.name).map(String::as_str).collect::<Vec<_>>().join(" or ")
    }
}

/// Reads a source.
pub(super) fn source(
    item: &Entry<'_, '_>,
    errors: &mut Vec<ConfigError>,
) -> Result<Option<SourceSetting>, ConfigError> {
    let mut source = SourceSetting::default();
    let before = errors.len();
    for part in item.table()? {
        let mut read = || -> Result<(), ConfigError> {
            match part.key {
                "name" => part.text()?.clone_into(&mut source.name),
                "context" => source.context = Some(part.text()?.to_owned()),
                "argocd_namespace" => source.argocd_namespace = Some(part.text()?.to_owned()),
                "server" => source.server = Some(server(&part)?),
                "token_file" => source.token_file = Some(part.text()?.to_owned()),
                "certificate_authority" => source.certificate_authority = Some(part.text()?.to_owned()),
                "enabled" => source.enabled = Some(part.flag()?),
                _ => return Err(part.unknown("part of a source", field::names(SOURCE))),
            }
            Ok(())
        };
        errors.extend(read().err());
    }
    if source.name.is_empty() {
        source.name = source.context.clone().unwrap_or_default();
    }
    if source.context.is_none() && source.server.is_none() {
        let known = errors.len() > before;
        return item.incomplete(known, "a source needs a context or a server", "context = \"minikube\"");
    }
    if source.context.is_none() && source.server.as_deref().is_some_and(is_forwarded) {
        let known = errors.len() > before;
        return item.incomplete(known, "a port-forward goes through a context", "context = \"minikube\"");
    }
    if source.name.is_empty() {
        let known = errors.len() > before;
        return item.incomplete(known, "a source that has no context needs a name", "name = \"cloud\"");
    }
    Ok(Some(source))
}

/// Whether argocd-server is reached by a port-forward, as in argocd's own configuration; a root path may follow.
fn is_forwarded(server: &str) -> bool {
    server.split('/').next() == Some("port-forward")
}

fn server(entry: &Entry<'_, '_>) -> Result<String, ConfigError> {
    let text = entry.text()?;
    if is_forwarded(text) { Ok(text.to_owned()) } else { url(entry) }
}

/// Reads a destination.
pub(super) fn destination(
    item: &Entry<'_, '_>,
    errors: &mut Vec<ConfigError>,
) -> Result<Option<DestinationSetting>, ConfigError> {
    let mut destination = DestinationSetting::default();
    let before = errors.len();
    for part in item.table()? {
        let mut read = || -> Result<(), ConfigError> {
            match part.key {
                "server" => destination.server = Some(url(&part)?),
                "name" => destination.name = Some(part.text()?.to_owned()),
                "context" => part.text()?.clone_into(&mut destination.context),
                _ => return Err(part.unknown("part of a destination", field::names(DESTINATION))),
            }
            Ok(())
        };
        errors.extend(read().err());
    }
    if destination.context.is_empty() || (destination.server.is_none() && destination.name.is_none()) {
        let hint = "server = \"https://10.0.0.1:6443\" and context = \"cloud\"";
        let message = "a destination needs a server or a name, and the context that reaches it";
        return item.incomplete(errors.len() > before, message, hint);
    }
    Ok(Some(destination))
}

/// A URL that says how to speak and carries no secret: files are shown, shared and put into Git.
pub(super) fn url(entry: &Entry<'_, '_>) -> Result<String, ConfigError> {
    let text = entry.text()?;
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).filter(|host| !host.is_empty());
    let Some(host) = host else {
        let hint = format!("{} = \"https://...\"", entry.key);
        return Err(entry.wrong(&format!("`{}` is no http or https URL", entry.key), hint));
    };
    if host.split('/').next().is_some_and(|authority| authority.contains('@')) {
        let hint = "tokens come from a file or the environment";
        return Err(entry.wrong(&format!("`{}` may not carry a user or a password", entry.key), hint));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::config::settings::Settings;

    #[test]
    fn sources_and_destinations_are_read() {
        let text = r#"[[source]]
context = "minikube"
enabled = false
[[source]]
name = "cloud"
server = "https://me:secret@argocd"
[[destination]]
server = "https://10.0.0.1:6443"
contxt = "cloud"
"#;
        let (settings, errors) = Settings::read("config.toml", text);
        assert_eq!(settings.sources[0].name, "minikube");
        assert_eq!(settings.sources[0].enabled, Some(false));
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(said[0].starts_with("config.toml:6: `server` may not carry a user or a password"), "{said:?}");
        assert!(said.iter().all(|e| !e.contains("secret")), "{said:?}");
        assert_eq!(said.len(), 2, "one a mistake: {said:?}");
        assert!(said.contains(&"config.toml:9: there is no part of a destination `contxt`\n  try: context".to_owned()));
    }
}
