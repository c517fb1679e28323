//! The resources of an Application: what its App screen shows.

use serde_json::Value;

use super::window::Windows;
use super::{Condition, Health, Phase, Symbol, Sync, Timestamp};

/// One object an Application manages, or one its last operation dealt with.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Resource {
    /// API group; empty for the core group.
    pub group: Symbol,
    /// Kind.
    pub kind: Symbol,
    /// API version, without the group.
    pub version: Symbol,
    /// Empty for objects without one.
    pub namespace: Symbol,
    /// Name.
    pub name: Symbol,
    /// Whether it equals Git; `None` for hooks and for what only the last operation knows.
    pub sync: Option<Sync>,
    /// A hook.
    pub hook: bool,
    /// It left Git and would be pruned.
    pub prune: bool,
    /// Its sync wave.
    pub wave: i64,
    /// `PreSync`, `Sync`, `PostSync`, `SyncFail`: where it stands in the last operation, if it was part of it.
    pub phase: Option<Symbol>,
    /// What the last operation made of it.
    pub result: Option<ResourceResult>,
    /// Our own verdict from the live object; `None` for a kind without a rule, and before the object was read.
    pub health: Option<(Health, Option<Box<str>>)>,
    /// What Argo CD says, where its version still says it per resource.
    pub argocd_health: Option<Health>,
    /// The live object is not there.
    pub missing: bool,
    /// Why the live object could not be read, in the server's own words.
    pub unread: Option<Box<str>>,
    /// When the live object was made.
    pub created: Option<Timestamp>,
}

/// The resource somebody wants to look at first: the one that is worst off, where all are well one that differs from Git,
/// else a workload. A hook that is gone has done its work.
#[must_use]
pub fn most_telling(resources: &[Resource]) -> Option<&Resource> {
    let rank = |resource: &&Resource| {
        let health = resource.health.as_ref().map(|(health, _)| *health);
        let is_missing = resource.missing && !resource.hook;
        let health = if is_missing { health.max(Some(Health::Missing)) } else { health };
        (health, resource.sync == Some(Sync::OutOfSync), &*resource.group == "apps")
    };
    // of several the last is taken: the first in the order of the screen
    resources.iter().rev().max_by_key(rank)
}

/// An object, as the API names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ObjectName {
    /// API group; empty for the core group.
    pub group: Symbol,
    /// API version, without the group.
    pub version: Symbol,
    /// Kind.
    pub kind: Symbol,
    /// Empty for objects without one.
    pub namespace: Symbol,
    /// Name.
    pub name: Symbol,
}

impl ObjectName {
    /// Of a resource.
    #[must_use]
    pub fn of(resource: &Resource) -> Self {
        Self {
            group: resource.group.clone(),
            version: resource.version.clone(),
            kind: resource.kind.clone(),
            namespace: resource.namespace.clone(),
            name: resource.name.clone(),
        }
    }

    /// Of a row of `status.resources`.
    #[must_use]
    pub fn of_row(row: &Value) -> Self {
        let text = |name: &str| row[name].as_str().unwrap_or_default().into();
        Self {
            group: text("group"),
            version: text("version"),
            kind: text("kind"),
            namespace: text("namespace"),
            name: text("name"),
        }
    }
}

/// A live object made fit to be shown: masked, cleaned, as YAML.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LiveObject {
    /// Its lines; where it has managedFields, one line stands for them.
    pub yaml: Vec<Box<str>>,
    /// The place of that line, and the lines it stands for.
    pub folded: Option<(usize, Vec<Box<str>>)>,
    /// Who has set fields of it, each once.
    pub managers: Vec<Symbol>,
    /// What it says of itself.
    pub conditions: Vec<ObjectCondition>,
    /// Our verdict on it; `None` for a kind without a rule.
    pub health: Option<(Health, Option<Box<str>>)>,
    /// What argocd-server offers to do to it; `None` where it was not asked.
    pub actions: Option<Vec<ResourceAction>>,
    /// Why it could not be read, or not anew: then the rest is older.
    pub failed: Option<Box<str>>,
}

/// Something argocd-server can do to a live object.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ResourceAction {
    /// Its name, which a request and the right to it carry.
    pub name: Symbol,
    /// What it calls itself, where that is something else.
    pub title: Symbol,
    /// Not as things are: pausing what is paused.
    pub disabled: bool,
    /// What has to be said along with it, like `replicas`.
    pub parameters: Vec<Symbol>,
}

/// A row of an object's `status.conditions`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ObjectCondition {
    /// `Ready`, `Available`, `Progressing`, ...
    pub kind: Symbol,
    /// `True`, `False`, `Unknown`.
    pub status: Symbol,
    /// One word.
    pub reason: Symbol,
    /// What it says, cleaned.
    pub message: Box<str>,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// What an operation made of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ResourceResult {
    /// `Synced`, `SyncFailed`, `Pruned`, `PruneSkipped`; empty while it waits.
    pub status: Symbol,
    /// What the server said.
    pub message: Option<Box<str>>,
    /// Phase of a hook, and of an ordinary resource too: `Running` is applied and waited for.
    pub phase: Option<Phase>,
}

/// A row of `status.history`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct HistoryEntry {
    /// Its id, which a rollback names.
    pub id: i64,
    /// The revision that was applied.
    pub revision: Symbol,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it was done.
    pub deployed: Option<Timestamp>,
    /// Who asked for it; `None` for auto-sync.
    pub by: Option<Symbol>,
}

/// What the App screen shows of one Application beyond its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppDetail {
    /// Its resources: by phase (PreSync, Sync, PostSync, SyncFail), wave, kind and name.
    pub resources: Vec<Resource>,
    /// All conditions.
    pub conditions: Vec<Condition>,
    /// All of `status.history`, oldest first.
    pub history: Vec<HistoryEntry>,
    /// The sync windows of its project, while one of them holds its operation back.
    pub windows: Option<Windows>,
    /// The cluster the live objects were read from, or why there was none to read.
    pub read_from: Result<Symbol, Box<str>>,
    /// When this was read.
    pub at: Option<Timestamp>,
    /// Why it could not be read anew, if the last attempt failed: what is here is older than that.
    pub failed: Option<Box<str>>,
}

impl Default for AppDetail {
    fn default() -> Self {
        Self {
            resources: Vec::new(),
            conditions: Vec::new(),
            history: Vec::new(),
            windows: None,
            read_from: Err("not read yet".into()),
            at: None,
            failed: None,
        }
    }
}

impl Resource {
    /// The order of a tree: phases in the order they run, then waves, then kinds and names.
    #[must_use]
    pub fn place(&self) -> (usize, i64, &str, &str, &str) {
        let phase = match self.phase.as_deref() {
            Some("PreSync") => 0,
            Some("PostSync") => 2,
            Some("SyncFail") => 3,
            _ => 1,
        };
        (phase, self.wave, &self.kind, &self.namespace, &self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worst_off_is_looked_at_first_and_a_hook_that_is_gone_is_not() {
        let resource = |kind: &str, group: &str, health: Option<Health>| Resource {
            kind: kind.into(),
            group: group.into(),
            health: health.map(|health| (health, None)),
            sync: Some(Sync::Synced),
            ..Resource::default()
        };
        let hook = Resource { hook: true, missing: true, sync: None, ..resource("Job", "batch", None) };
        let service = resource("Service", "", Some(Health::Healthy));
        let workload = resource("Deployment", "apps", Some(Health::Healthy));
        let config = resource("ConfigMap", "", None);
        let kind = |resources: &[Resource]| most_telling(resources).map(|resource| resource.kind.to_string());
        let mut all = vec![hook, service, config, workload];
        assert_eq!(kind(&all).as_deref(), Some("Deployment"));
        all[1].sync = Some(Sync::OutOfSync);
        assert_eq!(kind(&all).as_deref(), Some("Service"));
        all[2].missing = true;
        assert_eq!(kind(&all).as_deref(), Some("ConfigMap"));
        assert_eq!(kind(&[]), None);
    }
}
