//! An Application as the scenario tells it: what its object, its workloads and its script are all made from.

use crate::sim::network::Listener;
use jiff::Timestamp;
use serde_json::{Value, json};

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
    /// The chart, below `helm/charts`.
    pub chart: String,
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
    /// Its workloads, in the order of their waves.
    pub workloads: Vec<Workload>,
    /// Keys of its `ConfigMap`.
    pub config: Vec<(String, String)>,
    /// The Job before the sync, if it has one.
    pub pre_sync: Option<String>,
    /// The Job after the sync, if it has one.
    pub post_sync: Option<String>,
    /// Replicas its workloads ask for in Git.
    pub replicas: u32,
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

/// What runs.
#[derive(Debug, Clone)]
pub struct Workload {
    /// `Deployment` or `StatefulSet`.
    pub kind: WorkloadKind,
    /// Its name, and the value of `app.kubernetes.io/name`.
    pub name: String,
    /// The name of its container.
    pub container: String,
    /// `app.kubernetes.io/component`.
    pub component: String,
    /// The command the container runs, one string for `sh -c`.
    pub command: String,
    /// Named container ports.
    pub ports: Vec<(String, u16)>,
    /// Seconds in which a Deployment has to get further.
    pub progress_deadline: u64,
    /// `argocd.argoproj.io/sync-wave`.
    pub wave: i64,
    /// What answers on its ports; by their names when none.
    pub listeners: Option<Vec<Listener>>,
}

/// The kinds of workloads the world runs.
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
    pub group: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Name.
    pub name: String,
    /// Sync wave.
    pub wave: i64,
}

impl ResourceRef {
    /// As wait messages name it: `apps/Deployment/x`, `/ConfigMap/x`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}/{}", self.group, self.kind, self.name)
    }
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

    /// The image of a release, with its tag.
    #[must_use]
    pub fn image_of(&self, release: &Release) -> String {
        format!("{}:{}", self.image, release.version)
    }

    /// The image that runs.
    #[must_use]
    pub fn running_image(&self) -> String {
        self.image_of(self.release())
    }

    /// The file of the repository that differs by environment.
    #[must_use]
    pub fn overlay(&self) -> String {
        format!("helm/overlays/{}/{}.yaml", self.environment, self.service)
    }

    /// `spec.source`, with `targetRevision` as it is now.
    #[must_use]
    pub fn source(&self) -> Value {
        json!({
            "helm": {"valueFiles": [format!("/{}", self.overlay())]},
            "path": format!("helm/charts/{}", self.chart),
            "repoURL": self.repository,
            "targetRevision": self.target_revision,
        })
    }

    /// What Argo CD manages for this app, by wave and then in the order in which Argo CD applies kinds.
    #[must_use]
    pub fn resources(&self) -> Vec<ResourceRef> {
        let mut all =
            vec![ResourceRef { group: "", kind: "ConfigMap", name: format!("{}-config", self.service), wave: -1 }];
        if self.listens() {
            all.push(ResourceRef { group: "", kind: "Service", name: self.service.clone(), wave: 0 });
        }
        all.extend(self.workloads.iter().map(|workload| ResourceRef {
            group: "apps",
            kind: workload.kind.word(),
            name: workload.name.clone(),
            wave: workload.wave,
        }));
        all.sort_by_key(|resource| resource.wave);
        all
    }

    /// Whether there is something to put a Service in front of.
    #[must_use]
    pub fn listens(&self) -> bool {
        self.workloads.first().is_some_and(|first| !first.ports.is_empty())
    }

    /// The annotation that says which app an object belongs to.
    #[must_use]
    pub fn tracking_id(&self, resource: &ResourceRef) -> String {
        format!("{}:{}/{}:{}/{}", self.name, resource.group, resource.kind, self.namespace, resource.name)
    }

    /// Labels of a workload's pods (without the template hash).
    #[must_use]
    pub fn pod_labels(&self, workload: &Workload) -> Value {
        json!({
            "app.kubernetes.io/name": workload.name,
            "app.kubernetes.io/instance": self.name,
            "app.kubernetes.io/component": workload.component,
        })
    }
}
