//! An Argo CD Application as the lists need it: everything a row or its detail pane shows, and nothing else.

use super::{Operation, Symbol, Timestamp, Trouble, image, trouble};

/// The identity of an Application. The name alone never is: every Argo CD may have its own `backend-dev`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct AppKey {
    /// The source it was read from (a kube context, or the name of a configured source).
    pub source: Symbol,
    /// The Application's own namespace, not its destination's.
    pub namespace: Symbol,
    /// Its name.
    pub name: Symbol,
}

/// Health as Argo CD gives it, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Health {
    /// All is well.
    Healthy,
    /// Paused on purpose.
    Suspended,
    /// On its way.
    Progressing,
    /// Not in the cluster.
    Missing,
    /// Failed or stuck.
    Degraded,
    /// Not known, also: a word this version does not know.
    #[default]
    Unknown,
}

impl Health {
    /// Every health, best first.
    pub const ALL: [Self; 6] =
        [Self::Healthy, Self::Suspended, Self::Progressing, Self::Missing, Self::Degraded, Self::Unknown];

    /// The health a server names; absent, empty and unknown words are [`Health::Unknown`].
    #[must_use]
    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|h| h.word() == word).unwrap_or_default()
    }

    /// The word Argo CD uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Suspended => "Suspended",
            Self::Progressing => "Progressing",
            Self::Missing => "Missing",
            Self::Degraded => "Degraded",
            Self::Unknown => "Unknown",
        }
    }
}

/// Whether live equals Git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Sync {
    /// It does.
    Synced,
    /// It does not.
    OutOfSync,
    /// It could not be compared, or has not been yet.
    #[default]
    Unknown,
}

impl Sync {
    /// The status a server names; absent, empty and unknown words are [`Sync::Unknown`].
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "Synced" => Self::Synced,
            "OutOfSync" => Self::OutOfSync,
            _ => Self::Unknown,
        }
    }

    /// The word Argo CD uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Synced => "Synced",
            Self::OutOfSync => "OutOfSync",
            Self::Unknown => "Unknown",
        }
    }
}

/// Whether Argo CD syncs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AutoSync {
    /// `automated` is set and not disabled.
    pub enabled: bool,
    /// What left Git is deleted.
    pub prune: bool,
    /// Edits by hand are undone.
    pub self_heal: bool,
}

/// How much of an Application is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Fullness {
    /// Name, sync, health, revision and project only: the first quick look. It cannot be acted on.
    Sketch,
    /// All of it.
    #[default]
    Full,
}

/// A cluster and a namespace to deploy to.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Destination {
    /// API server URL, empty when the cluster is given by name.
    pub server: Symbol,
    /// Cluster name, empty when given by URL.
    pub name: Symbol,
    /// Namespace.
    pub namespace: Symbol,
}

/// A resource that makes pods, or a pod.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Workload {
    /// `Deployment`, `StatefulSet`, `Job`, ...
    pub kind: Symbol,
    /// Where it lives: often, and not always, the destination's namespace.
    pub namespace: Symbol,
    /// Its name.
    pub name: Symbol,
}

/// A row of `status.conditions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `ComparisonError`, `SyncError`, `OrphanedResourceWarning`, ...
    pub kind: Symbol,
    /// What it says, cleaned.
    pub message: Box<str>,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// The last row of `status.history`: what is really deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Its id, which a rollback names.
    pub id: i64,
    /// The revision that was applied.
    pub revision: Symbol,
    /// When it was done.
    pub at: Timestamp,
    /// Who asked for it; `None` for auto-sync.
    pub by: Option<Symbol>,
}

/// One Application, projected on arrival. All text in it has been cleaned of terminal controls.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AppRow {
    /// Who it is.
    pub key: AppKey,
    /// Whether this is the quick look or the whole.
    pub fullness: Fullness,
    /// Environment it belongs to; `None` for a sketch, whose labels are not known.
    pub environment: Option<Symbol>,
    /// The same app across environments.
    pub service: Symbol,
    /// AppProject.
    pub project: Symbol,
    /// Labels, in the order of their keys.
    pub labels: Box<[(Symbol, Symbol)]>,
    /// Where it deploys to.
    pub destination: Destination,
    /// Repository URL without credentials; of the first source when there are several.
    pub repo: Symbol,
    /// Path or chart in it.
    pub path: Symbol,
    /// Branch, tag or version it follows.
    pub target_revision: Symbol,
    /// How many sources it has.
    pub sources: u32,
    /// `status.sync.status`.
    pub sync: Sync,
    /// `status.sync.revision`: what Git holds, **not** what is deployed.
    pub revision: Symbol,
    /// `status.health.status`.
    pub health: Health,
    /// `status.health.message`.
    pub health_message: Option<Box<str>>,
    /// Since when it has this health.
    pub health_since: Option<Timestamp>,
    /// `status.summary.images`, the one that tells the version first.
    pub images: Box<[Symbol]>,
    /// The running or last operation.
    pub operation: Option<Box<Operation>>,
    /// Whether Argo CD syncs by itself.
    pub auto_sync: AutoSync,
    /// The last deployment.
    pub deployed: Option<Box<Deployment>>,
    /// Resources that are OutOfSync.
    pub drift: u32,
    /// Resources of the app, live hooks not counted.
    pub resources: u32,
    /// Resources that would be pruned, live hooks not counted.
    pub prunable: u32,
    /// What Argo CD complains about.
    pub conditions: Box<[Condition]>,
    /// Creation of the Application.
    pub created: Option<Timestamp>,
    /// Deletion was asked for at this moment.
    pub deleting: Option<Timestamp>,
    /// A refresh was asked for and has not been done yet.
    pub refreshing: bool,
    /// Last full comparison.
    pub reconciled: Option<Timestamp>,
    /// Owner that puts edits back: the name of an ApplicationSet.
    pub application_set: Option<Symbol>,
    /// Its resources that make pods, and its pods.
    pub workloads: Box<[Workload]>,
}

impl AppRow {
    /// What a person calls the version: the tag of the image that leads ([`image::lead_first`]), else the revision that is
    /// deployed, else the one Git holds; shortened if it is a hash.
    #[must_use]
    pub fn version(&self) -> &str {
        let tagged = self.images.first().and_then(|image| image::tag(image));
        let revision = || self.deployed.as_ref().map_or(&*self.revision, |d| &*d.revision);
        short_revision(tagged.unwrap_or_else(revision))
    }

    /// When what runs there was deployed, else when the Application was made.
    #[must_use]
    pub fn age_since(&self) -> Option<Timestamp> {
        self.deployed.as_ref().map(|d| d.at).or(self.created)
    }

    /// The verdict from the Application alone.
    #[must_use]
    pub fn trouble(&self, now: Timestamp) -> Option<Trouble> {
        trouble::of_row(self, now)
    }
}

/// A commit hash in seven characters; anything else as it is.
#[must_use]
pub fn short_revision(revision: &str) -> &str {
    if is_hash(revision) { &revision[..7] } else { revision }
}

/// Whether a revision is a whole commit hash, and no branch, tag or version.
#[must_use]
pub fn is_hash(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit())
}
