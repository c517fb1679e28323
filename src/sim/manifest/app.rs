//! An Application as the scenario tells it: what its object and its script are made from.

use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One Application of the world.
#[derive(Debug, Clone)]
pub struct App {
    /// `<service>-<environment>`.
    pub name: String,
    /// Where the Application object lives.
    pub argocd_namespace: String,
    /// Where its resources go.
    pub namespace: String,
    /// The row of the board; label `component`.
    pub service: String,
    /// Label `environment`.
    pub environment: String,
    /// Label `team`.
    pub team: String,
    /// The `AppProject`, and the name of the `ApplicationSet` that generated the app.
    pub project: String,
    /// The Git repository.
    pub repository: String,
    /// The folder of its chart or of its plain manifests.
    pub path: String,
    /// The chart's values in this environment; none for plain manifests.
    pub values: Option<String>,
    /// The branch.
    pub target_revision: String,
    /// Auto-sync, none when it is off.
    pub automated: Option<Automated>,
    /// The repository of the container image, without a tag.
    pub image: String,
    /// What was deployed, oldest first; never empty.
    pub releases: Vec<Release>,
    /// What Git's last commit on the branch is, whether or not it touched this app.
    pub head: String,
    /// What Argo CD manages for it, in the order in which it applies that.
    pub resources: Vec<ResourceRef>,
    /// What runs before and after a sync.
    pub hooks: Vec<Hook>,
    /// When the Application was created.
    pub created: Timestamp,
}

/// `spec.syncPolicy.automated`.
#[derive(Debug, Clone, Copy)]
pub struct Automated {
    /// Removes what Git no longer has.
    pub prune: bool,
    /// Undoes what people do by hand.
    pub self_heal: bool,
}

/// One deployment of an app.
#[derive(Debug, Clone)]
pub struct Release {
    /// The image tag.
    pub version: String,
    /// The message of the commit.
    pub message: String,
    /// The commit.
    pub revision: String,
    /// When the deployment ended.
    pub at: Timestamp,
    /// Who asked for it, none for auto-sync.
    pub by: Option<String>,
}

/// The kinds of workloads a scenario can tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub enum WorkloadKind {
    /// apps/v1 Deployment.
    Deployment,
    /// apps/v1 `StatefulSet`.
    StatefulSet,
}

impl WorkloadKind {
    /// As `kind` spells it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
        }
    }
}

/// A top-level resource of an app, as `status.resources` and sync results name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRef {
    /// API group, empty for core.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Sync wave.
    pub wave: i64,
    /// What its pods run.
    pub images: Vec<String>,
}

/// A resource that is no part of the desired state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// What is run.
    pub job: ResourceRef,
    /// `PreSync` or `PostSync`.
    pub phase: &'static str,
    /// Whether it is still there after it succeeded.
    pub stays: bool,
}

impl ResourceRef {
    /// As kubectl names it: `deployment.apps/x`, `configmap/x`.
    #[must_use]
    pub fn kubectl(&self) -> String {
        let dot = if self.group.is_empty() { "" } else { "." };
        format!("{}{dot}{}/{}", self.kind.to_lowercase(), self.group, self.name)
    }
    /// As health messages name it: `apps/Deployment:ns/x`, core kinds bare.
    #[must_use]
    pub fn cause(&self, namespace: &str) -> String {
        let slash = if self.group.is_empty() { "" } else { "/" };
        format!("{}{slash}{}:{namespace}/{}", self.group, self.kind, self.name)
    }
    /// A workload, and so something whose health changes.
    #[must_use]
    pub fn is_workload(&self) -> bool {
        self.group == "apps"
    }
}

impl App {
    /// The release that runs.
    #[must_use]
    pub fn release(&self) -> &Release {
        // `releases` is made with at least one row; an empty one would be a bug of the reader
        static NOTHING: Release = Release {
            version: String::new(),
            message: String::new(),
            revision: String::new(),
            at: Timestamp::UNIX_EPOCH,
            by: None,
        };
        self.releases.last().unwrap_or(&NOTHING)
    }

    /// The image that runs.
    #[must_use]
    pub fn running_image(&self) -> String {
        format!("{}:{}", self.image, self.release().version)
    }

    /// Everything its pods run, in order and each once.
    #[must_use]
    pub fn images(&self) -> BTreeSet<&str> {
        self.resources.iter().flat_map(|resource| &resource.images).map(String::as_str).collect()
    }

    /// What runs, in the order in which it is rolled out.
    pub fn workloads(&self) -> impl Iterator<Item = &ResourceRef> {
        self.resources.iter().filter(|resource| resource.is_workload())
    }

    /// `spec.source`, with `targetRevision` as it is now.
    #[must_use]
    pub fn source(&self) -> Value {
        let mut source = json!({"path": self.path, "repoURL": self.repository, "targetRevision": self.target_revision});
        if let Some(values) = &self.values {
            source["helm"] = json!({"valueFiles": [format!("/{values}")]});
        }
        source
    }

    /// The paths whose changes concern it, as the annotation lists them.
    #[must_use]
    pub fn concerns(&self) -> String {
        self.values.iter().fold(format!("/{}", self.path), |paths, values| format!("{paths};/{values}"))
    }
}
