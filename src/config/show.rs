//! Settings in words: what `pilothouse config show` prints.

use std::path::Path;

use super::cluster::{DestinationSetting, SourceSetting};
use super::field::{self, FIELDS};
use super::settings::Settings;
use crate::domain::{EnvironmentRule, Rule};

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
        let optional = |value: Option<&str>| vec![value.map_or_else(|| "none".to_owned(), text)];
        let values = |name: &str| match name {
            "theme" => vec![text(&self.theme)],
            "keymap" => vec![text(&self.keymap)],
            "ascii" => vec![self.ascii.to_string()],
            "mouse" => vec![self.mouse.to_string()],
            "readonly" => vec![self.readonly.to_string()],
            "escape_ms" => vec![self.escape.as_millis().to_string()],
            "ssh_host" => optional(self.ssh_host.as_deref()),
            "prometheus" => optional(self.prometheus.as_deref()),
            "git_checkout" => optional(self.git_checkout.as_deref().and_then(Path::to_str)),
            "environment" => each(&self.environments, environment),
            "filters" if self.filters.is_empty() => vec!["none".to_owned()],
            "filters" => self.filters.iter().map(|(name, filter)| format!("{name} = {}", text(filter))).collect(),
            "source" => each(&self.sources, source),
            _ => each(&self.destinations, destination),
        };
        let rows = |field: &'static str| {
            let origin = self.origins.get(field).map_or("default", String::as_str).to_owned();
            values(field).into_iter().map(move |value| SettingRow { field, value, origin: origin.clone() })
        };
        field::names(FIELDS).filter(|name| *name != "keys").flat_map(rows).collect()
    }
}

fn each<T>(items: &[T], say: impl Fn(&T) -> String) -> Vec<String> {
    if items.is_empty() { vec!["none".to_owned()] } else { items.iter().map(say).collect() }
}

/// `prod: order 40, typed, #d3a4f2, label tier=gold or cluster prod-*`
fn environment(rule: &EnvironmentRule) -> String {
    let is = &rule.environment;
    let mut parts = vec![format!("order {}", is.order), is.protection.word().to_owned()];
    parts.extend(is.color.clone());
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
    let told: Vec<&str> = destination.server.iter().chain(&destination.name).map(String::as_str).collect();
    format!("{} through context {}", told.join(" or "), destination.context)
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
    }
}
