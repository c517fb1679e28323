//! What a sync has to do, in the order in which it does it.

use super::annotation::{self, Phase};
use super::cluster::{self, Cluster};
use super::key::{Key, version};
use super::merge;
use super::project;
use super::target::Wanted;
use crate::sim::kinds;
use crate::sim::manifest::meta::text;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How far a task is: `hookPhase` in the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// Not begun.
    Pending,
    /// Applied; its health is awaited.
    Running,
    /// Done.
    Succeeded,
    /// Not done.
    Failed,
}

impl Stand {
    /// The word in `hookPhase`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

/// Whether an object that Git no longer names may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prune {
    /// It may.
    Yes,
    /// Once somebody approved of it.
    Confirm,
    /// The sync does not prune.
    NotAsked,
    /// It says itself that it may not.
    Never,
}

/// One object to apply, run or prune.
#[derive(Debug, Clone)]
pub struct Task {
    /// When.
    pub phase: Phase,
    /// When within the phase.
    pub wave: i64,
    /// Which object.
    pub key: Key,
    /// What to apply; none when the object is to go.
    pub target: Option<Value>,
    /// Whether it is a hook.
    pub is_hook: bool,
    /// Whether an object that is to go may go.
    pub prune: Prune,
    /// How far it is.
    pub stand: Stand,
    /// `Synced`, `SyncFailed`, `Pruned`, `PruneSkipped`; empty before it ran.
    pub status: &'static str,
    /// What kubectl or the object's health said.
    pub message: String,
    /// The API version of the object.
    pub version: String,
}

impl Task {
    /// The task's row of `syncResult.resources`; none before it ran.
    #[must_use]
    pub fn result(&self) -> Option<Value> {
        if self.status.is_empty() && self.stand == Stand::Pending {
            return None;
        }
        let mut row = json!({
            "group": self.key.group, "version": self.version, "kind": self.key.kind, "namespace": self.key.namespace,
            "name": self.key.name, "message": self.message, "hookPhase": self.stand.word(), "syncPhase": self.phase.word(),
        });
        if !self.status.is_empty() {
            row["status"] = json!(self.status);
        }
        if self.is_hook {
            row["hookType"] = json!(self.phase.word());
        }
        let images = self.target.as_ref().map(annotation::images).unwrap_or_default();
        if !images.is_empty() {
            row["images"] = json!(images);
        }
        Some(row)
    }
}

/// The place of a kind among the others of a wave.
pub(super) fn rank(kind: &str) -> i32 {
    const ORDER: &[&str] = &[
        "Namespace",
        "NetworkPolicy",
        "ResourceQuota",
        "LimitRange",
        "PodSecurityPolicy",
        "PodDisruptionBudget",
        "ServiceAccount",
        "Secret",
        "SecretList",
        "ConfigMap",
        "StorageClass",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "CustomResourceDefinition",
        "ClusterRole",
        "ClusterRoleList",
        "ClusterRoleBinding",
        "ClusterRoleBindingList",
        "Role",
        "RoleList",
        "RoleBinding",
        "RoleBindingList",
        "Service",
        "DaemonSet",
        "Pod",
        "ReplicationController",
        "ReplicaSet",
        "Deployment",
        "HorizontalPodAutoscaler",
        "StatefulSet",
        "Job",
        "CronJob",
        "IngressClass",
        "Ingress",
        "APIService",
    ];
    let at = ORDER.iter().position(|one| *one == kind).unwrap_or(ORDER.len());
    i32::try_from(at).unwrap_or(i32::MAX)
}

/// What an operation has to do.
///
/// # Errors
/// When the project does not allow it: the words of the failure.
pub fn tasks(
    app: &Value,
    wanted: &Wanted,
    live: &BTreeMap<Key, Value>,
    project: &Value,
    cluster: &Cluster,
) -> Result<Vec<Task>, String> {
    let operation = &app["operation"];
    let rollback = operation["sync"]["syncStrategy"]["apply"].is_object();
    let started = text(app, "/status/operationState/startedAt");
    let sync = &operation["sync"];
    let chosen = sync["resources"].as_array().filter(|list| !list.is_empty());
    let with_hooks = chosen.is_none() && !rollback;
    let options = &sync["syncOptions"];
    let is_chosen = |key: &Key| chosen.is_none_or(|list| list.iter().any(|entry| key.is_meant(entry)));
    let task = |phase: Phase, key: Key, object: &Value, is_hook: bool| Task {
        phase,
        wave: annotation::wave(object),
        key,
        target: Some(object.clone()),
        is_hook,
        prune: Prune::NotAsked,
        stand: Stand::Pending,
        status: "",
        message: String::new(),
        version: version(object).to_owned(),
    };
    let mut all = Vec::new();
    for object in &wanted.objects {
        let key = Key::of(object);
        let only_changed = annotation::wants(object, options, "ApplyOutOfSyncOnly", "true");
        let same = live.get(&key).is_some_and(|live| !merge::differs(live, object));
        if is_chosen(&key) && !(only_changed && same) {
            all.push(task(Phase::Sync, key, object, false));
        }
    }
    for object in wanted.hooks.iter().filter(|_| with_hooks) {
        for phase in annotation::phases(object) {
            let object = named(object, phase, wanted.revision(), started);
            all.push(task(phase, Key::of(&object), &object, true));
        }
    }
    let last = all.iter().filter(|task| task.phase == Phase::Sync).map(|task| task.wave).max().unwrap_or(0);
    let wants = |key: &Key| wanted.objects.iter().any(|object| Key::of(object) == *key);
    for (key, object) in live.iter().filter(|(key, object)| !wants(key) && !annotation::is_hook(object)) {
        if !is_chosen(key) {
            continue;
        }
        let at_the_end = annotation::wants(object, options, "PruneLast", "true");
        let wants = |value: &str| annotation::wants(object, options, "Prune", value);
        let prune = match () {
            () if wants("false") => Prune::Never,
            () if sync["prune"] != true => Prune::NotAsked,
            () if wants("confirm") && !annotation::is_approved(app, started) => Prune::Confirm,
            () => Prune::Yes,
        };
        all.push(Task {
            target: None,
            prune,
            wave: if at_the_end { last + 1 } else { annotation::wave(object) },
            message: String::new(),
            ..task(Phase::Sync, key.clone(), object, false)
        });
    }
    mirror(&mut all, last);
    all.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut wrong: Vec<String> = Vec::new();
    for task in &all {
        let words = refusal(task, options, project, cluster);
        wrong.extend(words.filter(|words| !wrong.contains(words)));
    }
    if wrong.is_empty() {
        return Ok(all);
    }
    Err(format!("one or more synchronization tasks are not valid: {}", wrong.join("; ")))
}

/// What is pruned goes in the opposite order of waves; what goes last stays last.
fn mirror(all: &mut [Task], last: i64) {
    let goes = |task: &&mut Task| task.target.is_none() && task.wave != last + 1;
    let mut waves: Vec<i64> = all.iter_mut().filter(goes).map(|task| task.wave).collect();
    waves.sort_unstable();
    waves.dedup();
    for task in all.iter_mut().filter(goes) {
        if let Ok(at) = waves.binary_search(&task.wave) {
            task.wave = waves[waves.len() - 1 - at];
        }
    }
}

/// A hook under the name it gets: one that only has the beginning of a name is told apart by revision, phase and time.
fn named(hook: &Value, phase: Phase, revision: &str, started: &str) -> Value {
    let mut hook = hook.clone();
    let prefix = text(&hook, "/metadata/generateName").to_owned();
    if !prefix.is_empty() && text(&hook, "/metadata/name").is_empty() {
        let short = revision.get(..7).unwrap_or(revision);
        let second = started.parse().map_or(0, jiff::Timestamp::as_second);
        let phase = phase.word().to_lowercase();
        hook["metadata"]["name"] = json!(format!("{prefix}{short}-{phase}-{second}"));
        super::record::remove(&mut hook["metadata"], "generateName");
    }
    hook
}

/// Why a task may not be done, if so.
fn refusal(task: &Task, options: &Value, project: &Value, cluster: &Cluster) -> Option<String> {
    let Key { group, kind, namespace, name } = &task.key;
    let target = task.target.as_ref();
    let known = kinds::by_kind(kind).is_some_and(|known| known.group == group);
    if !known && !target.is_some_and(|one| annotation::wants(one, options, "SkipDryRunOnMissingResource", "true")) {
        return Some(format!(
            "The Kubernetes API could not find {group}/{kind} for requested resource {namespace}/{name}. Make sure the \
             \"{kind}\" CRD is installed on the destination cluster."
        ));
    }
    let place = text(project, "/metadata/name");
    if !cluster::allows(project, &task.key) {
        return Some(format!("resource {group}:{kind} is not permitted in project {place}"));
    }
    let fits = namespace.is_empty() || project::is_destination(project, cluster, namespace);
    (!fits).then(|| format!("namespace {namespace} is not permitted in project '{place}'"))
}

fn order(task: &Task) -> (Phase, i64, i32, &str) {
    (task.phase, task.wave, rank(&task.key.kind), &task.key.name)
}

/// Whether the tasks take more than one step.
#[must_use]
pub fn is_multi_step(tasks: &[Task]) -> bool {
    let steps = |task: &Task| (task.phase, task.wave);
    tasks.first().is_some_and(|first| tasks.iter().any(|task| steps(task) != steps(first)))
}

/// The sentence about what is waited for.
#[must_use]
pub fn waiting(tasks: &[&Task], deleting: bool) -> String {
    let Some(first) = tasks.first() else { return "one or more tasks are running".to_owned() };
    let hook = first.is_hook;
    let what = match (deleting, hook) {
        (true, true) => "deletion of hook",
        (true, false) => "deletion of",
        (false, true) => "completion of hook",
        (false, false) => "healthy state of",
    };
    let more = match tasks.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more {}", if hook { "hooks" } else { "resources" }),
    };
    format!("waiting for {what} {}{more}", first.key)
}
