//! From an Application's shape to its row.

use std::sync::Arc;

use super::lenient::Text;
use super::operation;
use super::shape::{self, Object};
use crate::domain::environment::Facts;
use crate::domain::text::{clean, without_credentials};
use crate::domain::{
    AppKey, AppRow, AutoSync, Classifier, Condition, Deployment, Destination, Fullness, Health, Interner, Symbol, Sync,
    Timestamp, Workload, image,
};

/// The longest message that is kept, in bytes.
const MESSAGE: usize = 2048;

/// Makes rows of one source, sharing the texts they have in common.
#[derive(Debug)]
pub(in crate::source) struct Projector {
    source: Symbol,
    classifier: Arc<Classifier>,
    texts: Texts,
    /// The namespace the controller says it runs in, once an Application told.
    pub controller_namespace: Option<Symbol>,
}

/// Cleans texts and shares equal ones.
#[derive(Debug, Default)]
pub(in crate::source) struct Texts {
    interner: Interner,
}

impl Texts {
    /// `text` on one line without terminal controls, shared.
    pub fn symbol(&mut self, text: &str) -> Symbol {
        if is_plain(text) { self.interner.get(text) } else { self.interner.get(&clean(text)) }
    }

    /// As [`Texts::symbol`], nothing where no text is left.
    pub fn some(&mut self, text: &str) -> Option<Symbol> {
        let symbol = self.symbol(text);
        (!symbol.is_empty()).then_some(symbol)
    }

    fn url(&mut self, url: &str) -> Symbol {
        let url = without_credentials(url);
        self.symbol(&url)
    }
}

/// Printable ASCII needs no cleaning; nearly every text is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// A message, cleaned and cut to a bearable length; nothing for an empty one.
pub(in crate::source) fn message(text: &str) -> Option<Box<str>> {
    // cut before cleaning too, so that a megabyte of message costs no more than it shows
    let head = &text[..text.floor_char_boundary(4 * MESSAGE)];
    let cleaned = clean(head);
    if cleaned.is_empty() {
        return None;
    }
    let kept = cleaned.floor_char_boundary(MESSAGE);
    let ellipsis = if kept < cleaned.len() || head.len() < text.len() { "…" } else { "" };
    Some(format!("{}{ellipsis}", &cleaned[..kept]).into())
}

/// A moment as the API writes it; nothing when it is empty or not one.
pub(in crate::source) fn moment(text: &str) -> Option<Timestamp> {
    if text.is_empty() { None } else { text.parse().ok() }
}

/// The revision of a single source, else the first of several.
pub(in crate::source) fn revision<'a>(single: &'a str, several: &'a [Text<'_>]) -> &'a str {
    if single.is_empty() { several.first().map_or("", |r| &**r) } else { single }
}

impl Projector {
    /// A projector for the rows of `source`.
    pub fn new(source: Symbol, classifier: Arc<Classifier>) -> Self {
        Self { source, classifier, texts: Texts::default(), controller_namespace: None }
    }

    /// Who the object is; nothing when it has no name.
    pub fn key(&mut self, object: &Object<'_>) -> Option<AppKey> {
        let name = self.texts.some(&object.metadata.name)?;
        Some(AppKey { source: self.source.clone(), namespace: self.texts.symbol(&object.metadata.namespace), name })
    }

    /// The row of an Application; nothing when it has no name.
    pub fn row(&mut self, object: &Object<'_>) -> Option<AppRow> {
        let key = self.key(object)?;
        let (meta, spec, status) = (&object.metadata, &object.spec, &object.status);
        if self.controller_namespace.is_none() {
            self.controller_namespace = self.texts.some(&status.controller_namespace);
        }
        let mut labels: Vec<_> =
            meta.labels.0.iter().map(|(k, v)| (self.texts.symbol(k), self.texts.symbol(v))).collect();
        labels.sort_unstable();
        let destination = Destination {
            server: self.texts.url(&spec.destination.server),
            name: self.texts.symbol(&spec.destination.name),
            namespace: self.texts.symbol(&spec.destination.namespace),
        };
        let classifier = Arc::clone(&self.classifier);
        let facts = Facts { source: &self.source, name: &key.name, labels: &labels, destination: &destination };
        let environment = self.texts.interner.get(classifier.environment(&facts));
        let service = self.texts.interner.get(&classifier.service(&facts));
        let from = Origin::of(spec);
        let mut images: Vec<&str> = status.summary.images.0.iter().map(|image| &**image).collect();
        let ran = status.operation.as_ref().map(|state| &state.result.resources.0);
        let [applied, hooks] = ran.map_or_else(Default::default, |ran| {
            [&ran.applied, &ran.hooks].map(|images| images.iter().map(|image| &**image).collect::<Vec<&str>>())
        });
        image::lead_first(&mut images, &service, &applied, &hooks);
        let workloads = &status.resources.0.workloads;
        let texts = &mut self.texts;
        Some(AppRow {
            fullness: Fullness::Full,
            environment: Some(environment),
            service,
            project: texts.symbol(if spec.project.is_empty() { "default" } else { &spec.project }),
            repo: texts.url(from.repo),
            path: texts.symbol(from.path),
            target_revision: texts.symbol(from.target),
            sources: from.count,
            sync: Sync::parse(&status.sync.status),
            revision: texts.symbol(revision(&status.sync.revision, &status.sync.revisions.0)),
            health: Health::parse(&status.health.status),
            health_message: message(&status.health.message),
            health_since: moment(&status.health.since),
            images: images.iter().map(|image| texts.symbol(image)).collect(),
            operation: operation::project(object.operation.as_ref(), status.operation.as_ref(), texts).map(Box::new),
            auto_sync: auto_sync(&spec.sync_policy),
            deployed: status.history.0.as_ref().and_then(|row| deployment(row, texts)).map(Box::new),
            drift: status.resources.0.drift,
            resources: status.resources.0.total,
            prunable: status.resources.0.prunable,
            conditions: status.conditions.0.iter().map(|c| condition(c, texts)).collect(),
            created: moment(&meta.created),
            deleting: moment(&meta.deleting),
            refreshing: meta.annotations.refresh.is_some(),
            reconciled: moment(&status.reconciled),
            application_set: meta.owners.0.iter().find(|o| o.kind == "ApplicationSet").map(|o| texts.symbol(&o.name)),
            workloads: workloads.iter().map(|told| workload(told, &destination, texts)).collect(),
            labels: labels.into(),
            destination,
            key,
        })
    }

    /// The first quick look at an Application, from the cells name, sync, health, revision and project; nothing when it
    /// has no name. Its environment needs labels, so it is left open, and so is all the service is made from but the
    /// name.
    pub fn sketch(&mut self, namespace: &Symbol, cells: [&str; 5]) -> Option<AppRow> {
        let [name, sync, health, revision, project] = cells;
        let name = self.texts.some(name)?;
        let empty = self.texts.symbol("");
        Some(AppRow {
            fullness: Fullness::Sketch,
            service: name.clone(),
            project: self.texts.symbol(project),
            sync: Sync::parse(sync),
            health: Health::parse(health),
            revision: self.texts.symbol(revision),
            destination: Destination { server: empty.clone(), name: empty.clone(), namespace: empty.clone() },
            repo: empty.clone(),
            path: empty.clone(),
            target_revision: empty,
            key: AppKey { source: self.source.clone(), namespace: namespace.clone(), name },
            ..AppRow::default()
        })
    }

    /// A text from elsewhere, cleaned and shared.
    pub fn symbol(&mut self, text: &str) -> Symbol {
        self.texts.symbol(text)
    }
}

/// Where an Application's manifests come from.
struct Origin<'a> {
    repo: &'a str,
    path: &'a str,
    target: &'a str,
    count: u32,
}

impl<'a> Origin<'a> {
    /// A hydrator wins over `sources`, and `sources` over `source` (semantics 1.2).
    fn of(spec: &'a shape::Spec<'_>) -> Self {
        if let Some(hydrator) = &spec.hydrator {
            let (wet, dry) = (&hydrator.wet, &hydrator.dry);
            let repo = if wet.repo.is_empty() { &dry.repo } else { &wet.repo };
            return Self { repo, path: &wet.path, target: &wet.target_branch, count: 1 };
        }
        let (source, count) = match spec.sources.0.first() {
            Some(first) => (first, spec.sources.0.len() as u32),
            None => (&spec.source, 1),
        };
        let path = if source.path.is_empty() { &source.chart } else { &source.path };
        Self { repo: &source.repo, path, target: &source.target_revision, count }
    }
}

/// `automated: {}` is on; `enabled: false` is off (semantics 1.2).
fn auto_sync(policy: &shape::SyncPolicy<'_>) -> AutoSync {
    policy.automated.as_ref().map_or_else(AutoSync::default, |automated| AutoSync {
        enabled: automated.enabled.unwrap_or(true),
        prune: automated.prune,
        self_heal: automated.self_heal,
    })
}

fn deployment(row: &shape::HistoryRow<'_>, texts: &mut Texts) -> Option<Deployment> {
    Some(Deployment {
        id: row.id,
        revision: texts.symbol(revision(&row.revision, &row.revisions.0)),
        at: moment(&row.deployed)?,
        by: texts.some(&row.initiator.username),
    })
}

fn workload([kind, namespace, name]: &[Text<'_>; 3], destination: &Destination, texts: &mut Texts) -> Workload {
    let namespace = if namespace.is_empty() { destination.namespace.clone() } else { texts.symbol(namespace) };
    Workload { kind: texts.symbol(kind), namespace, name: texts.symbol(name) }
}

fn condition(condition: &shape::Condition<'_>, texts: &mut Texts) -> Condition {
    Condition {
        kind: texts.symbol(&condition.kind),
        message: message(&condition.message).unwrap_or_default(),
        since: moment(&condition.since),
    }
}
