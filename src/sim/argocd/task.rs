//! What a sync has to do, in the order in which it does it.

use super::annotation::{self, Phase};
use super::cluster;
use super::key::{Key, version};
use super::merge;
use super::target::Wanted;
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
    pub prunes: bool,
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
    operation: &Value,
    wanted: &Wanted,
    live: &BTreeMap<Key, Value>,
    project: &Value,
    rollback: bool,
) -> Result<Vec<Task>, String> {
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
        prunes: false,
        stand: Stand::Pending,
        status: "",
        message: String::new(),
        version: version(object).to_owned(),
    };
    let mut all = Vec::new();
    for object in &wanted.objects {
        let key = Key::of(object);
        let only_changed = annotation::in_options(options, "ApplyOutOfSyncOnly=true");
        let same = live.get(&key).is_some_and(|live| !merge::differs(live, object));
        if is_chosen(&key) && !(only_changed && same) {
            all.push(task(Phase::Sync, key, object, false));
        }
    }
    for object in wanted.hooks.iter().filter(|_| with_hooks) {
        for phase in annotation::phases(object) {
            all.push(task(phase, Key::of(object), object, true));
        }
    }
    let last = all.iter().filter(|task| task.phase == Phase::Sync).map(|task| task.wave).max().unwrap_or(0);
    let wants = |key: &Key| wanted.objects.iter().any(|object| Key::of(object) == *key);
    for (key, object) in live.iter().filter(|(key, object)| !wants(key) && !annotation::is_hook(object)) {
        if !is_chosen(key) {
            continue;
        }
        let at_the_end =
            annotation::in_options(options, "PruneLast=true") || annotation::has_option(object, "PruneLast=true");
        all.push(Task {
            target: None,
            prunes: sync["prune"] == true && !annotation::has_option(object, "Prune=false"),
            wave: if at_the_end { last + 1 } else { annotation::wave(object) },
            message: String::new(),
            ..task(Phase::Sync, key.clone(), object, false)
        });
    }
    all.sort_by(|a, b| order(a).cmp(&order(b)));
    let name = text(project, "/metadata/name");
    let mut wrong: Vec<String> = all
        .iter()
        .filter(|task| !cluster::allows(project, &task.key))
        .map(|task| format!("resource {}:{} is not permitted in project {name}", task.key.group, task.key.kind))
        .collect();
    wrong.dedup();
    if wrong.is_empty() {
        return Ok(all);
    }
    Err(format!("one or more synchronization tasks are not valid: {}", wrong.join("; ")))
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
