//! A row of an Application's history: what was deployed, and from which sources.

use serde_json::Value;

use crate::domain::mask::masked;
use crate::domain::{Timestamp, text::clean};

/// A row of `status.history`, with all a rollback writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: i64,
    /// The revision that was applied; empty with several sources.
    pub revision: String,
    /// The revisions of several sources, in their order.
    pub revisions: Vec<String>,
    /// When it was done.
    pub deployed: Option<Timestamp>,
    /// Who asked for it; `None` for auto-sync.
    pub by: Option<String>,
    /// The source as it was, if there was one.
    pub source: Option<Value>,
    /// The sources as they were, if there were several.
    pub sources: Vec<Value>,
}

/// What a source sets, for people.
pub(super) fn parameters(source: &Value) -> Vec<(String, String)> {
    let source = masked(source.clone());
    let shown = |value: &Value| match value.as_str() {
        Some(text) => clean(text).into_owned(),
        None => clean(&value.to_string()).into_owned(),
    };
    let mut told = Vec::new();
    for (name, pointer) in [
        ("path", "/path"),
        ("chart", "/chart"),
        ("targetRevision", "/targetRevision"),
        ("valueFiles", "/helm/valueFiles"),
        ("values", "/helm/values"),
        ("valuesObject", "/helm/valuesObject"),
        ("images", "/kustomize/images"),
    ] {
        if let Some(value) = source.pointer(pointer).filter(|value| !value.is_null()) {
            told.push((name.to_owned(), shown(value)));
        }
    }
    for parameter in source["helm"]["parameters"].as_array().into_iter().flatten() {
        told.push((shown(&parameter["name"]), shown(&parameter["value"])));
    }
    told
}

/// What several sources set; which of them does stands before each name.
pub(super) fn of_several(sources: &[Value]) -> Vec<(String, String)> {
    let named = sources.iter().enumerate().flat_map(|(n, source)| {
        parameters(source).into_iter().map(move |(name, value)| (format!("{} {name}", n + 1), value))
    });
    named.collect()
}

impl Entry {
    pub(super) fn read(row: &Value) -> Option<Self> {
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        let is_set = |source: &&Value| source["repoURL"].as_str().is_some_and(|url| !url.is_empty());
        let list = |name: &str| row[name].as_array().into_iter().flatten();
        let by = row["initiatedBy"]["username"].as_str().filter(|by| !by.is_empty());
        Some(Self {
            id: row["id"].as_i64()?,
            revision: text("revision").to_owned(),
            revisions: list("revisions").filter_map(|one| Some(one.as_str()?.to_owned())).collect(),
            deployed: text("deployedAt").parse().ok(),
            by: by.map(|by| clean(by).into_owned()),
            source: Some(&row["source"]).filter(is_set).cloned(),
            sources: list("sources").cloned().collect(),
        })
    }

    /// The images its source names itself, as parameters of Kustomize or Helm; what a chart makes of its own values is
    /// not known.
    #[must_use]
    pub fn images(&self) -> Vec<String> {
        let kustomize = |source: &Value| {
            let images = source["kustomize"]["images"].as_array().into_iter().flatten();
            images.filter_map(|image| Some(clean(image.as_str()?).into_owned())).collect::<Vec<_>>()
        };
        let helm = |source: &Value| {
            let parameters = source["helm"]["parameters"].as_array().into_iter().flatten();
            let tags =
                parameters.filter(|parameter| parameter["name"].as_str().is_some_and(|n| n.ends_with("image.tag")));
            tags.filter_map(|parameter| Some(clean(parameter["value"].as_str()?).into_owned())).collect::<Vec<_>>()
        };
        self.source.iter().chain(&self.sources).flat_map(|source| [kustomize(source), helm(source)].concat()).collect()
    }

    /// What its source sets: target revision, then parameters and images by name. Values that look like secrets are masked.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, String)> {
        match &self.source {
            Some(source) => parameters(source),
            None => of_several(&self.sources),
        }
    }

    /// Whether it applied the same as another: the same revision of the same source.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let what = |entry: &Self| (entry.shown_revision(), entry.parameters());
        what(self) == what(other)
    }

    /// The revisions that were applied, one a source, cleaned.
    #[must_use]
    pub fn all_revisions(&self) -> Vec<String> {
        let several = self.revisions.iter().filter(|_| self.revision.is_empty());
        let one = Some(&self.revision).filter(|revision| !revision.is_empty());
        one.into_iter().chain(several).map(|revision| clean(revision).into_owned()).collect()
    }

    /// What a person calls the revision: the only one, or the first of several.
    #[must_use]
    pub fn shown_revision(&self) -> String {
        let revision = self.revisions.first().filter(|_| self.revision.is_empty()).unwrap_or(&self.revision);
        clean(revision).into_owned()
    }
}
