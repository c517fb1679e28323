//! What can be set, once: names for hints, the JSON schema for editors and the sample file are made from this table.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};
use toml::de::DeValue;

/// What a field takes.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A text in quotes.
    Text,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number within a range.
    Number(RangeInclusive<u64>),
    /// A list of texts.
    Texts,
    /// Texts under names of the person's own.
    Pairs,
    /// Keys and commands by scope, written as in keymap files.
    Keys,
    /// Any number of tables with these fields.
    Tables(&'static [Field]),
}

impl Kind {
    /// Whether a value is of this kind.
    pub(super) fn takes(&self, value: &DeValue<'_>) -> bool {
        match self {
            Self::Text | Self::Word(_) => value.is_str(),
            Self::Flag => value.is_bool(),
            Self::Number(_) => value.is_integer(),
            Self::Texts | Self::Tables(_) => value.is_array(),
            Self::Pairs | Self::Keys => value.is_table(),
        }
    }
}

/// One thing that can be set.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name in the file.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is for.
    pub help: &'static str,
    /// A value as it is written.
    pub sample: &'static str,
}

const fn field(name: &'static str, kind: Kind, sample: &'static str, help: &'static str) -> Field {
    Field { name, kind, help, sample }
}

/// How long a lone Esc may wait, in milliseconds: longer and leaving feels slow.
pub const ESCAPE_MS: RangeInclusive<u64> = 1..=1_000;

/// The words of [`Protection`](crate::domain::Protection).
const PROTECTIONS: &[&str] = &["open", "confirm", "typed", "readonly"];
const POLICIES: &[&str] = &["ask", "auto", "never"];

/// What can be set, in the order of the sample file.
pub static FIELDS: &[Field] = &[
    field("theme", Kind::Text, "\"dark\"", "Name of a bundled theme, or of a file in themes/ beside this one"),
    field("keymap", Kind::Text, "\"default\"", "Name of a bundled keymap, or of a file in keymaps/ beside this one"),
    field("ascii", Kind::Flag, "false", "ASCII signs whatever the locale says"),
    field("mouse", Kind::Flag, "true", "Whether the mouse selects and scrolls"),
    field("readonly", Kind::Flag, "false", "Refuse every write, in every environment"),
    field("escape_ms", Kind::Number(ESCAPE_MS), "30", "How long a lone Esc waits for the rest of a key, on slow lines"),
    field("ssh_host", Kind::Text, "\"devops@bastion\"", "Where a laptop reaches this machine by ssh"),
    field("prometheus", Kind::Text, "\"http://prometheus:9090\"", "URL of a Prometheus API"),
    field("git_checkout", Kind::Text, "\"/home/me/gitops\"", "Folder of a local checkout of the GitOps repository"),
    field(
        "filters",
        Kind::Pairs,
        "{ mine = \"label:team=core -env:prod\" }",
        "Filters under names, for :filter in the cockpit",
    ),
    field(
        "environment",
        Kind::Tables(ENVIRONMENT),
        "",
        "An environment; an Application belongs to the first that matches",
    ),
    field("source", Kind::Tables(SOURCE), "", "An Argo CD control plane, beside the contexts of the kubeconfig"),
    field("destination", Kind::Tables(DESTINATION), "", "Which kubeconfig context reaches a destination of Argo CD"),
    field("forward", Kind::Tables(FORWARD), "", "A port-forward that is kept, to be started in the sessions screen"),
    field("debug", Kind::Tables(DEBUG), "", "Which folder of a workspace is which folder of a service's pods"),
    field("keys", Kind::Keys, "", "Keys over those of the keymap: [keys.list] and \"ctrl-f\" = \"filter.open\""),
];

/// Fields of an `[[environment]]`.
pub static ENVIRONMENT: &[Field] = &[
    field("name", Kind::Text, "\"prod\"", "Its name"),
    field("order", Kind::Number(0..=65_535), "40", "Its place among the others, lowest first"),
    field("color", Kind::Text, "\"#d3a4f2\"", "#rrggbb, a name like magenta, or 0 to 255"),
    field("protection", Kind::Word(PROTECTIONS), "\"typed\"", "What a write there takes"),
    field(
        "guard",
        Kind::Word(POLICIES),
        "\"ask\"",
        "What is done when a guarded sync fails there: ask, auto (roll back) or never",
    ),
    field("labels", Kind::Pairs, "{ environment = \"prod\" }", "Labels, of which one is enough; values may hold *"),
    field("namespaces", Kind::Texts, "[\"*-prod\"]", "Destination namespaces; may hold *"),
    field("clusters", Kind::Texts, "[\"prod-*\"]", "Destination servers or names, or sources; may hold *"),
    field("names", Kind::Texts, "[\"*-prod\"]", "Names of Applications; may hold *"),
];

/// Fields of a `[[source]]`.
pub static SOURCE: &[Field] = &[
    field("name", Kind::Text, "\"cloud\"", "Its name"),
    field("context", Kind::Text, "\"predator-cloud\"", "The kubeconfig context it is read through"),
    field("argocd_namespace", Kind::Text, "\"argocd\"", "Where Argo CD is installed"),
    field("server", Kind::Text, "\"https://argocd.example.com\"", "URL of its argocd-server, or port-forward"),
    field("token_file", Kind::Text, "\"/home/me/.argocd-token\"", "File with the token for it, mode 0600"),
    field("certificate_authority", Kind::Text, "\"/etc/ssl/argocd.pem\"", "CA its certificate is checked against"),
    field("enabled", Kind::Flag, "true", "Whether it is on from the start"),
];

/// Fields of a `[[destination]]`.
pub static DESTINATION: &[Field] = &[
    field("server", Kind::Text, "\"https://10.0.0.1:6443\"", "The destination's server, as Applications name it"),
    field("name", Kind::Text, "\"cloud\"", "Or its name, as Applications name it"),
    field("context", Kind::Text, "\"predator-cloud\"", "The kubeconfig context of the same cluster"),
];

/// Fields of a `[[forward]]`.
pub static FORWARD: &[Field] = &[
    field("name", Kind::Text, "\"api\"", "Its name; service and environment if left out"),
    field("service", Kind::Text, "\"backend\"", "The service"),
    field("environment", Kind::Text, "\"dev\"", "The environment"),
    field("target", Kind::Text, "\"service/backend\"", "What of it: pod/NAME, service/NAME, deployment/NAME"),
    field("ports", Kind::Texts, "[\"9000:8000\"]", "Ports: 8000, http, 9000:8000, or :8000 for any free local port"),
    field("bind", Kind::Text, "\"127.0.0.1\"", "Listen on this address; anything but loopback lets other machines in"),
    field("unix", Kind::Text, "\"/run/user/1000/backend.sock\"", "Listen on a Unix socket instead"),
    field("kubectl", Kind::Flag, "false", "Let kubectl port-forward carry it"),
];

/// Fields of a `[[debug]]`.
pub static DEBUG: &[Field] = &[
    field("service", Kind::Text, "\"backend\"", "The service"),
    field("environment", Kind::Text, "\"dev\"", "Only in this environment"),
    field("local", Kind::Text, "\"${workspaceFolder}/backend\"", "The folder of the workspace"),
    field("remote", Kind::Text, "\"/app\"", "The folder of the pods"),
];

/// The names of fields.
pub fn names(fields: &'static [Field]) -> impl Iterator<Item = &'static str> + Clone {
    fields.iter().map(|f| f.name)
}

/// A settings file with every field, commented out.
#[must_use]
pub fn sample() -> String {
    let mut out =
        String::from("# Settings of Pilothouse. Every line is a comment; take the # away to set something.\n");
    for field in FIELDS {
        let _ = write!(out, "\n# {}\n", field.help);
        match &field.kind {
            Kind::Tables(fields) => {
                let _ = writeln!(out, "#[[{}]]", field.name);
                for field in *fields {
                    let _ = writeln!(out, "#{} = {}   # {}", field.name, field.sample, field.help);
                }
            }
            Kind::Keys => out.push_str("#[keys.list]\n#\"ctrl-f\" = \"filter.open\"\n"),
            _ => {
                let _ = writeln!(out, "#{} = {}", field.name, field.sample);
            }
        }
    }
    out
}

/// A JSON schema of the settings file, for editors.
#[must_use]
pub fn schema() -> Value {
    let mut schema = table(FIELDS);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("Pilothouse settings");
    schema
}

fn table(fields: &[Field]) -> Value {
    let properties: Map<String, Value> = fields.iter().map(|f| (f.name.to_owned(), property(f))).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn property(field: &Field) -> Value {
    let mut property = match &field.kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Number(range) => json!({ "type": "integer", "minimum": range.start(), "maximum": range.end() }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Pairs => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Kind::Keys => json!({
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": { "anyOf": [{ "type": "string" }, { "const": false }] },
            },
        }),
        Kind::Tables(fields) => json!({ "type": "array", "items": table(fields) }),
    };
    property["description"] = json!(field.help);
    property
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::Settings;
    use crate::domain::{GuardPolicy, Protection};

    #[test]
    fn the_sample_is_a_file_that_says_nothing_and_says_everything_when_uncommented() {
        let (settings, errors) = Settings::read("sample", &sample());
        assert_eq!((settings, errors), (Settings::default(), Vec::new()));
        let sample = sample();
        let code: Vec<_> = sample.lines().filter_map(|l| l.strip_prefix('#').filter(|l| !l.starts_with(' '))).collect();
        let (settings, errors) = Settings::read("sample", &code.join("\n"));
        assert_eq!(errors, []);
        assert_eq!(settings.environments[0].environment.protection, Protection::Typed);
        assert_eq!((settings.sources.len(), settings.destinations.len()), (1, 1));
        assert_eq!((settings.forwards.len(), settings.folders.len()), (1, 1));
        let set: Vec<_> = settings.rows().into_iter().filter(|r| r.origin != "default").map(|r| r.field).collect();
        let all: Vec<_> = names(FIELDS).filter(|f| *f != "keys").collect();
        assert_eq!(set, all, "every field that can be set is shown with its origin");
    }

    #[test]
    fn the_words_of_protection_are_those_of_the_domain() {
        assert_eq!(Protection::ALL.map(Protection::word), PROTECTIONS);
        assert_eq!(GuardPolicy::ALL.map(GuardPolicy::word), POLICIES);
    }

    #[test]
    fn the_schema_knows_every_field() {
        let schema = schema();
        for field in FIELDS {
            assert!(schema["properties"][field.name]["description"].is_string(), "{}", field.name);
        }
        assert_eq!(schema["properties"]["environment"]["items"]["properties"]["protection"]["enum"][2], "typed");
    }
}
