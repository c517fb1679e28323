//! Settings in words: what `pilothouse config show` prints.

use std::path::Path;

use super::cluster::{DestinationSetting, SourceSetting};
use super::field::{self, FIELDS};
use super::settings::Settings;
use crate::debug::Folder;
use crate::domain::{EnvironmentRule, GuardPolicy, Rule};
use crate::forward::Profile;

/// One line of `pilothouse config show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingRow {
    /// Name of the field.
    pub field: &'static str,
    /// Its value as TOML would have it; of environments, sources and destinations what they say, one row each.
    pub value: String,
    /// `default`, `file:line`, the variable or the flag that set it.
    pub origin: String,
}

impl Settings {
    /// Every field but the keys, with its value and where that comes from.
    #[must_use]
    pub fn rows(&self) -> Vec<SettingRow> {
        let text = |text: &str| format!("{text:?}");
        let one = |field: &str, value: String| vec![(value, self.origin(field))];
        let optional = |field: &str, value: Option<&str>| one(field, value.map_or_else(|| "none".to_owned(), text));
        let rows = |field: &'static str| {
            let of = |name: &str| self.origin_of(field, name);
            let told: Vec<(String, String)> = match field {
                "theme" => one(field, text(&self.theme)),
                "keymap" => one(field, text(&self.keymap)),
                "ascii" => one(field, self.ascii.to_string()),
                "mouse" => one(field, self.mouse.to_string()),
                "readonly" => one(field, self.readonly.to_string()),
                "escape_ms" => one(field, self.escape.as_millis().to_string()),
                "ssh_host" => optional(field, self.ssh_host.as_deref()),
                "prometheus" => optional(field, self.prometheus.as_deref()),
                "git_checkout" => optional(field, self.git_checkout.as_deref().and_then(Path::to_str)),
                "environment" => {
                    self.environments.iter().map(|rule| (environment(rule), of(&rule.environment.name))).collect()
                }
                "filters" => {
                    self.filters.iter().map(|(name, filter)| (format!("{name} = {}", text(filter)), of(name))).collect()
                }
                "forward" => self.forwards.iter().map(|told| (forward(told), of(&told.name))).collect(),
                "debug" => self.folders.iter().map(|told| (folder(told), of(&told.service))).collect(),
                "source" => self.sources.iter().map(|told| (source(told), of(&told.name))).collect(),
                _ => self.destinations.iter().map(|told| (destination(told), of(&told.is()))).collect(),
            };
            let told = if told.is_empty() { one(field, "none".to_owned()) } else { told };
            told.into_iter().map(move |(value, origin)| SettingRow { field, value, origin })
        };
        field::names(FIELDS).filter(|name| *name != "keys").flat_map(rows).collect()
    }
}

/// `prod: order 40, typed, #d3a4f2, label tier=gold or cluster prod-*`
fn environment(rule: &EnvironmentRule) -> String {
    let is = &rule.environment;
    let mut parts = vec![format!("order {}", is.order), is.protection.word().to_owned()];
    parts.extend(is.color.clone());
    if is.guard != GuardPolicy::conventional(is.protection) {
        parts.push(format!("guard {}", is.guard.word()));
    }
    let rules = rule.rules.iter().map(|rule| match rule {
        Rule::Label { key, value } => format!("label {key}={value}"),
        Rule::Namespace(pattern) => format!("namespace {pattern}"),
        Rule::Cluster(pattern) => format!("cluster {pattern}"),
        Rule::Name(pattern) => format!("name {pattern}"),
    });
    let rules: Vec<String> = rules.collect();
    parts.push(if rules.is_empty() { "by its name".to_owned() } else { rules.join(" or ") });
    format!("{}: {}", is.name, parts.join(", "))
}

/// `cloud: context predator-cloud, Argo CD in argocd, on`
fn source(source: &SourceSetting) -> String {
    let said = |word: &str, value: &Option<String>| value.as_ref().map(|value| format!("{word} {value}"));
    let parts = [
        said("context", &source.context),
        said("server", &source.server),
        said("Argo CD in", &source.argocd_namespace),
        source.enabled.map(|on| if on { "on from the start" } else { "off at the start" }.to_owned()),
    ];
    format!("{}: {}", source.name, parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// `https://10.0.0.1:6443 through context cloud`
fn destination(destination: &DestinationSetting) -> String {
    format!("{} through context {}", destination.is(), destination.context)
}

/// `api: backend in dev, service/backend 9000:http`
fn forward(profile: &Profile) -> String {
    let how = [
        (!profile.bind.is_loopback()).then(|| format!("on {}", profile.bind)),
        profile.unix.as_ref().map(|path| format!("on {}", path.display())),
        profile.kubectl.then(|| "carried by kubectl".to_owned()),
    ];
    let parts = [format!("{} in {}", profile.service, profile.environment), profile.leads_to()];
    let parts: Vec<String> = parts.into_iter().chain(how.into_iter().flatten()).collect();
    format!("{}: {}", profile.name, parts.join(", "))
}

/// `backend in dev: ${workspaceFolder} is /app`
fn folder(folder: &Folder) -> String {
    let place = folder.environment.as_ref().map(|environment| format!(" in {environment}")).unwrap_or_default();
    format!("{}{place}: {} is {}", folder.service, folder.mapped.local, folder.mapped.remote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_said_one_a_row() {
        let text = r##"[[environment]]
name = "prod"
order = 40
color = "#d3a4f2"
labels = { tier = "gold" }
clusters = ["prod-*"]
[[environment]]
name = "lab"
protection = "open"
[[source]]
name = "cloud"
context = "predator-cloud"
argocd_namespace = "argo"
enabled = false
[[destination]]
server = "https://10.0.0.1:6443"
context = "cloud"
"##;
        let (settings, errors) = Settings::read("c.toml", text);
        assert_eq!(errors, []);
        let rows = settings.rows();
        let of =
            |field: &str| -> Vec<&str> { rows.iter().filter(|r| r.field == field).map(|r| r.value.as_str()).collect() };
        let environments =
            ["prod: order 40, typed, #d3a4f2, label tier=gold or cluster prod-*", "lab: order 20, open, by its name"];
        assert_eq!(of("environment"), environments);
        assert_eq!(of("source"), ["cloud: context predator-cloud, Argo CD in argo, off at the start"]);
        assert_eq!(of("destination"), ["https://10.0.0.1:6443 through context cloud"]);
        assert_eq!(of("ssh_host"), ["none"]);
        let origins: Vec<&str> = rows.iter().filter(|r| r.origin != "default").map(|r| r.origin.as_str()).collect();
        assert_eq!(origins, ["c.toml:1", "c.toml:7", "c.toml:10", "c.toml:15"]);
    }
}
