//! What a window is about, and what an Application is matched by.

use serde_json::Value;

use crate::domain::environment::matches_pattern;
use crate::domain::{AppRow, Symbol};

/// What windows match an Application by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// Its name.
    pub name: &'a str,
    /// Cluster name, server and namespace it deploys to; what it does not say is empty.
    pub destination: (&'a str, &'a str, &'a str),
}

impl<'a> Subject<'a> {
    /// What windows match an Application by.
    #[must_use]
    pub fn in_object(app: &'a Value) -> Self {
        let text = |pointer: &str| app.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let destination = ["name", "server", "namespace"].map(|part| text(&format!("/spec/destination/{part}")));
        Self { name: text("/metadata/name"), destination: destination.into() }
    }

    /// What windows match the Application of a row by.
    #[must_use]
    pub fn of(row: &'a AppRow) -> Self {
        let to = &row.destination;
        Self { name: &row.key.name, destination: (&to.name, &to.server, &to.namespace) }
    }
}

/// What a window is about. A list that was not given is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About {
    applications: Box<[Symbol]>,
    clusters: Box<[Symbol]>,
    namespaces: Box<[Symbol]>,
    /// All lists that are given have to match, not just one.
    all: bool,
}

impl About {
    pub(super) fn read(row: &Value) -> Self {
        let list = |name: &str| {
            let texts = row[name].as_array().into_iter().flatten().filter_map(Value::as_str);
            texts.map(Symbol::from).collect()
        };
        Self {
            applications: list("applications"),
            clusters: list("clusters"),
            namespaces: list("namespaces"),
            all: row["andOperator"].as_bool().unwrap_or_default(),
        }
    }

    pub(super) fn matches(&self, app: Subject<'_>) -> bool {
        let (cluster, server, namespace) = app.destination;
        let any = |patterns: &[Symbol], texts: &[&str]| {
            let fits = |pattern| texts.iter().any(|text| !text.is_empty() && matches_pattern(pattern, text));
            (!patterns.is_empty()).then(|| patterns.iter().any(|pattern| fits(pattern)))
        };
        let given = [
            any(&self.applications, &[app.name]),
            any(&self.clusters, &[cluster, server]),
            any(&self.namespaces, &[namespace]),
        ];
        let mut given = given.into_iter().flatten().peekable();
        // a window without a list is about nothing
        if given.peek().is_none() {
            return false;
        }
        if self.all { given.all(|it| it) } else { given.any(|it| it) }
    }
}
