//! The fields of a scenario; the module above documents them.

use super::history::Waiting;
use crate::sim::manifest::app::WorkloadKind;
use crate::sim::time::read_duration;
use crate::sim::workload::Behaviour;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use toml::Spanned;

/// A whole scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A bundled scenario whose name, repository, sources, environments, services and users this one takes over.
    pub extends: Option<Spanned<String>>,
    /// Also the project's name.
    #[serde(default = "nameless")]
    pub name: Spanned<String>,
    /// The Git repository.
    #[serde(default)]
    pub repository: String,
    /// What the ApplicationSet leaves alone in its Applications: JSON pointers.
    #[serde(default)]
    pub unmanaged: Vec<String>,
    /// Generated Applications in the first source.
    pub generate: Option<Generate>,
    /// What lies there: the name of a bundled repository, or a folder of files with a `history.toml`.
    pub gitops: Option<Spanned<String>>,
    /// Clusters, each with an Argo CD.
    #[serde(rename = "source", default)]
    pub sources: Vec<Source>,
    /// Environments in their order.
    #[serde(rename = "environment", default)]
    pub environments: Vec<Environment>,
    /// Services.
    #[serde(rename = "service", default)]
    pub services: Vec<Service>,
    /// What crash-loops.
    #[serde(rename = "crash", default)]
    pub crashes: Vec<Crash>,
    /// What was changed by hand.
    #[serde(rename = "drift", default)]
    pub drifts: Vec<Drift>,
    /// What is in mid-sync.
    #[serde(rename = "syncing", default)]
    pub syncing: Vec<Syncing>,
    /// Conditions of apps.
    #[serde(rename = "condition", default)]
    pub notices: Vec<Notice>,
    /// What images do.
    #[serde(rename = "image", default)]
    pub images: Vec<Image>,
    /// Deployments that come by themselves.
    #[serde(rename = "deploy", default)]
    pub deploys: Vec<Deploy>,
    /// Commits that wait to be pushed.
    #[serde(rename = "commit", default)]
    pub commits: Vec<Waiting>,
    /// When syncs may not run.
    #[serde(rename = "window", default)]
    pub windows: Vec<Window>,
    /// What goes wrong between clients and clusters.
    #[serde(rename = "fault", default)]
    pub faults: Vec<Fault>,
    /// Who may come in.
    #[serde(rename = "user", default)]
    pub users: Vec<User>,
    /// Sources that die and return.
    #[serde(rename = "outage", default)]
    pub outages: Vec<Outage>,
}

impl Scenario {
    /// Takes over from `base` what this one does not say itself; what goes on in `base` stays there.
    pub(super) fn over(&mut self, base: Self) {
        fn or<T>(own: &mut Vec<T>, base: Vec<T>) {
            if own.is_empty() {
                *own = base;
            }
        }
        if self.name.get_ref().is_empty() {
            self.name = base.name;
        }
        if self.repository.is_empty() {
            self.repository = base.repository;
        }
        self.gitops = self.gitops.take().or(base.gitops);
        or(&mut self.sources, base.sources);
        or(&mut self.environments, base.environments);
        or(&mut self.services, base.services);
        or(&mut self.users, base.users);
    }
}

/// Applications that are made up.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generate {
    /// How many.
    pub apps: usize,
    /// Changes of them in a second of the wall's time.
    #[serde(default)]
    pub changes_per_second: f64,
}

/// A source that dies and returns.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// Which.
    pub source: Spanned<String>,
    /// From the world's start.
    #[serde(deserialize_with = "duration")]
    pub after: Duration,
    /// Until it listens again, never when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub lasts: Option<Duration>,
    /// From one death to the next; once when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub every: Option<Duration>,
}

/// Somebody who may come in: into every cluster, with the same token.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Its name.
    pub name: String,
    /// Its bearer token; a random one when absent.
    pub token: Option<String>,
    /// Where it may read: `*` for everywhere, `*-dev` for the namespaces that end so.
    #[serde(default)]
    pub reads: Vec<String>,
    /// Where it may do anything.
    #[serde(default)]
    pub writes: Vec<String>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, token: _, reads, writes } = self;
        f.debug_struct("User").field("name", name).field("reads", reads).field("writes", writes).finish_non_exhaustive()
    }
}

/// Who is there when a scenario names nobody.
pub(super) fn people() -> Vec<User> {
    let user = |name: &str, reads: &[&str], writes: &[&str]| User {
        name: name.to_owned(),
        token: None,
        reads: reads.iter().map(|place| (*place).to_owned()).collect(),
        writes: writes.iter().map(|place| (*place).to_owned()).collect(),
    };
    // a developer reads everything and changes what runs in development
    vec![user("admin", &[], &["*"]), user("developer", &["*"], &["*-dev"]), user("viewer", &["*"], &[])]
}

/// A cluster with an Argo CD.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The context's name.
    pub name: Spanned<String>,
    /// Where Argo CD lives.
    #[serde(default = "argocd")]
    pub argocd_namespace: String,
    /// The version of its kubelets.
    #[serde(default = "kubernetes")]
    pub kubernetes: String,
    /// Names of its nodes.
    #[serde(default)]
    pub nodes: Vec<String>,
}

/// A named group of Applications.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Its name.
    pub name: Spanned<String>,
    /// The source it lives in.
    pub source: Spanned<String>,
    /// The branch it follows.
    pub branch: String,
    /// Replicas of each workload.
    #[serde(default = "one")]
    pub replicas: u32,
    /// Auto-sync, off when absent.
    pub auto_sync: Option<AutoSync>,
}

/// Auto-sync of an environment.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutoSync {
    /// Removes what Git no longer has.
    #[serde(default)]
    pub prune: bool,
    /// Undoes changes by hand.
    #[serde(default)]
    pub self_heal: bool,
}

/// A service: an Application in each environment it was released to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its name.
    pub name: Spanned<String>,
    /// Label `team`.
    pub team: String,
    /// Its chart below `helm/charts`, the name when absent.
    pub chart: Option<String>,
    /// The image without a tag, the name when absent.
    pub image: Option<String>,
    /// A Job before the waves.
    pub pre_sync: Option<String>,
    /// A Job after the waves.
    pub post_sync: Option<String>,
    /// Its `ConfigMap`.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// What runs.
    #[serde(rename = "workload")]
    pub workloads: Vec<Work>,
    /// What was deployed where, newest last.
    #[serde(rename = "release")]
    pub releases: Vec<Release>,
}

/// A workload of a service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Deployment or `StatefulSet`.
    pub kind: WorkloadKind,
    /// The service's name when absent.
    pub name: Option<String>,
    /// The container's name.
    pub container: String,
    /// The container's name when absent.
    pub component: Option<String>,
    /// Container ports by name.
    #[serde(default)]
    pub ports: BTreeMap<String, u16>,
    /// Run by `sh -c`.
    #[serde(default = "wait")]
    pub command: String,
    /// In which a Deployment has to get further, ten minutes when absent.
    #[serde(default = "ten_minutes", deserialize_with = "duration")]
    pub progress_deadline: Duration,
    /// The sync wave.
    #[serde(default)]
    pub wave: i64,
    /// What answers on its ports; when absent, ports whose names say what they speak.
    pub listen: Option<Vec<Listen>>,
}

/// An open port of a workload's pods.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// The port.
    pub port: Spanned<u16>,
    /// What it speaks; or `to`.
    pub speaks: Option<Spanned<String>>,
    /// A real process on the machine's loopback that it leads to.
    pub to: Option<Spanned<SocketAddr>>,
    /// The address it is bound to.
    #[serde(default = "everywhere")]
    pub address: IpAddr,
    /// Where it is open; in all environments when absent.
    pub environments: Option<Vec<Spanned<String>>>,
    /// Of `debugpy`: a client that leaves without a word ruins it.
    #[serde(default)]
    pub fragile: bool,
}

/// A sync window of the project.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// `deny` or `allow`.
    pub kind: WindowKind,
    /// When it opens: five fields of cron.
    pub schedule: String,
    /// How long it stays open.
    pub duration: String,
    /// The Applications it is about; `*` stands for anything.
    #[serde(default = "every_app")]
    pub applications: Vec<String>,
    /// People may sync all the same.
    #[serde(default)]
    pub manual_sync: bool,
    /// The zone of the schedule.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// Why it is there.
    #[serde(default)]
    pub description: String,
}

/// What a window does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    /// No syncs while it is open.
    Deny,
    /// Syncs only while one of its kind is open.
    Allow,
}

impl WindowKind {
    /// As projects spell it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Allow => "allow",
        }
    }
}

/// Trouble between clients and a cluster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The source.
    pub source: Spanned<String>,
    /// In the words of `sim ctl fault`.
    pub what: Spanned<String>,
    /// From the world's start until it begins, at once when absent.
    #[serde(default, deserialize_with = "duration")]
    pub after: Duration,
    /// How long it lasts, for ever when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub lasts: Option<Duration>,
}

/// A deployment of the past.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Where.
    pub environment: Spanned<String>,
    /// The image tag.
    pub version: String,
    /// How long ago it ended.
    #[serde(deserialize_with = "duration")]
    pub age: Duration,
    /// The commit's message.
    pub commit: Option<String>,
    /// Who asked for it, auto-sync when absent.
    pub by: Option<String>,
}

/// What some images do in some pods.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Images; `*` stands for anything.
    pub image: String,
    /// `namespace/name` of pods; all of them when absent.
    #[serde(default = "anything")]
    pub pods: String,
    /// The words for it.
    #[serde(deserialize_with = "behaviour")]
    pub behaviour: String,
    /// Lines the container prints when it starts.
    #[serde(default)]
    pub lines: Vec<String>,
}

/// A crash loop.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// The Application.
    pub app: Spanned<String>,
    /// Restarts so far.
    pub restarts: u32,
    /// From the world's start to the next try.
    #[serde(deserialize_with = "duration")]
    pub next: Duration,
}

/// A change by hand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// The Application.
    pub app: Spanned<String>,
    /// The object that was edited, `ConfigMap/backend-config`; the first workload when absent.
    pub object: Option<String>,
    /// What somebody scaled it to.
    pub replicas: Option<u32>,
    /// What else somebody set: values by JSON pointer.
    #[serde(default)]
    pub set: BTreeMap<String, serde_json::Value>,
    /// The field manager's name.
    pub manager: String,
    /// How long before the world's start.
    #[serde(default, deserialize_with = "duration")]
    pub age: Duration,
    /// From the world's start until then, if it comes later.
    #[serde(default, deserialize_with = "optional_duration")]
    pub after: Option<Duration>,
    /// From one time to the next; once when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub every: Option<Duration>,
}

/// A sync that runs when the world starts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Syncing {
    /// The Application.
    pub app: Spanned<String>,
    /// The version it goes to.
    pub version: String,
    /// From the world's start until its workload is ready.
    #[serde(deserialize_with = "duration")]
    pub ready_after: Duration,
}

/// A condition of an Application.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The Application.
    pub app: Spanned<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its words.
    pub message: String,
}

/// A deployment that comes by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// The Application.
    pub app: Spanned<String>,
    /// From the world's start to the commit.
    #[serde(deserialize_with = "duration")]
    pub after: Duration,
    /// From one commit to the next; once when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub every: Option<Duration>,
    /// From the creation of new pods until they are ready, 6 s when absent.
    #[serde(default = "six_seconds", deserialize_with = "duration")]
    pub rollout: Duration,
    /// Its hooks fail until a commit so much later; they do not when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub hooks_fail_for: Option<Duration>,
}

fn nameless() -> Spanned<String> {
    Spanned::new(0..0, String::new())
}

fn argocd() -> String {
    "argocd".to_owned()
}

fn kubernetes() -> String {
    "v1.33.4".to_owned()
}

fn every_app() -> Vec<String> {
    vec!["*".to_owned()]
}

fn utc() -> String {
    "UTC".to_owned()
}

fn everywhere() -> IpAddr {
    Ipv4Addr::UNSPECIFIED.into()
}

fn one() -> u32 {
    1
}

fn ten_minutes() -> Duration {
    Duration::from_mins(10)
}

fn six_seconds() -> Duration {
    Duration::from_secs(6)
}

fn wait() -> String {
    "while true; do sleep 60; done".to_owned()
}

fn anything() -> String {
    "*".to_owned()
}

fn behaviour<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let words = String::deserialize(from)?;
    Behaviour::default().read(&words).map_err(serde::de::Error::custom)?;
    Ok(words)
}

pub(super) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    read_duration(&text)
        .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a duration; write 90s, 5m, 3h or 41d")))
}

pub(super) fn optional_duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    duration(from).map(Some)
}
