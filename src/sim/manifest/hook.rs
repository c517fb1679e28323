//! Jobs that Argo CD runs before and after a sync.

use crate::sim::manifest::app::App;
use crate::sim::manifest::meta::metadata;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The phase a hook runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Before anything is applied.
    Before,
    /// Once everything is healthy.
    After,
}

impl Phase {
    /// As Argo CD spells it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Before => "PreSync",
            Self::After => "PostSync",
        }
    }
}

/// What a hook runs that somebody got wrong.
pub const FAILING: &str =
    "echo 'connecting to the repository'; sleep 2; echo 'error: repository [backups] missing'; exit 1";

/// A hook's Job that was just created.
#[must_use]
pub fn job(app: &App, name: &str, phase: Phase, image: &str, created: Timestamp) -> Value {
    let mut meta = metadata("Job", &app.namespace, name, &json!({}), created);
    let uid = meta["uid"].clone();
    let labels = json!({"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name,
        "controller-uid": uid, "job-name": name});
    meta["labels"] = labels.clone();
    meta["generation"] = json!(1);
    let policy = if phase == Phase::Before { "BeforeHookCreation" } else { "HookSucceeded" };
    meta["annotations"] = json!({
        "argocd.argoproj.io/hook": phase.word(),
        "argocd.argoproj.io/hook-delete-policy": policy,
        "argocd.argoproj.io/tracking-id": format!("{}:batch/Job:{}/{name}", app.name, app.namespace),
    });
    let container = if phase == Phase::Before { "migrate" } else { "smoke" };
    let script =
        if phase == Phase::Before { "echo 'running upgrade'; sleep 3" } else { "echo 'GET /health 200'; sleep 2" };
    let spec = json!({
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 0,
        "completionMode": "NonIndexed",
        "manualSelector": false,
        "podReplacementPolicy": "TerminatingOrFailed",
        "suspend": false,
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
        "template": {"metadata": {"labels": labels}, "spec": {
            "containers": [{"name": container, "image": image, "command": ["sh", "-c", script], "resources": {},
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                "imagePullPolicy": "IfNotPresent"}],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "securityContext": {},
            "schedulerName": "default-scheduler",
        }},
    });
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": spec, "status": {}})
}
