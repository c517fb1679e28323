//! What annotations ask of a sync: wave, hooks, when hooks go, options.

use crate::sim::manifest::meta::text;
use serde_json::Value;

/// Asks for a refresh; the value says how hard.
pub const REFRESH: &str = "argocd.argoproj.io/refresh";
/// Says which Application an object is part of.
pub const TRACKING: &str = "argocd.argoproj.io/tracking-id";
/// What was applied last, for the next three-way merge.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Holds a hook's object while it runs.
pub const HOOK_FINALIZER: &str = "argocd.argoproj.io/hook-finalizer";
/// On an Application: a revision that changes none of these paths brings nothing new.
pub const PATHS: &str = "argocd.argoproj.io/manifest-generate-paths";
/// On an Application: nobody looks at it.
pub const SKIP: &str = "argocd.argoproj.io/skip-reconcile";

/// When in a sync something is done; in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Before anything else.
    PreSync,
    /// With everything else.
    Sync,
    /// After everything is healthy.
    PostSync,
    /// When the sync failed.
    SyncFail,
}

impl Phase {
    /// The word in `syncPhase` and `hookType`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PreSync => "PreSync",
            Self::Sync => "Sync",
            Self::PostSync => "PostSync",
            Self::SyncFail => "SyncFail",
        }
    }

    fn read(word: &str) -> Option<Self> {
        match word {
            "PreSync" | "pre-install" | "pre-upgrade" => Some(Self::PreSync),
            "Sync" => Some(Self::Sync),
            "PostSync" | "post-install" | "post-upgrade" => Some(Self::PostSync),
            "SyncFail" => Some(Self::SyncFail),
            _ => None,
        }
    }
}

/// When a hook's object is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletePolicy {
    /// Once the hook succeeded.
    Succeeded,
    /// Once the hook failed.
    Failed,
    /// Before it is created again; the default.
    BeforeCreation,
}

/// An annotation's value; empty when there is none.
#[must_use]
pub fn value<'a>(object: &'a Value, name: &str) -> &'a str {
    object["metadata"]["annotations"][name].as_str().unwrap_or_default()
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// Whether the object is a hook and so no part of the desired state.
#[must_use]
pub fn is_hook(object: &Value) -> bool {
    !value(object, "argocd.argoproj.io/hook").is_empty()
        || list(value(object, "helm.sh/hook")).any(|word| word != "crd-install")
}

/// The phases in which a hook runs; none for hooks that are never run.
#[must_use]
pub fn phases(object: &Value) -> Vec<Phase> {
    let own = value(object, "argocd.argoproj.io/hook");
    let words = if own.is_empty() { value(object, "helm.sh/hook") } else { own };
    let mut phases: Vec<Phase> = list(words).filter_map(Phase::read).collect();
    phases.sort_unstable();
    phases.dedup();
    phases
}

/// The wave within the phase; 0 unless an annotation says otherwise.
#[must_use]
pub fn wave(object: &Value) -> i64 {
    let own = value(object, "argocd.argoproj.io/sync-wave").parse();
    own.or_else(|_| value(object, "helm.sh/hook-weight").parse()).unwrap_or(0)
}

/// When the hook's object goes.
#[must_use]
pub fn delete_policies(object: &Value) -> Vec<DeletePolicy> {
    let own = value(object, "argocd.argoproj.io/hook-delete-policy");
    let words = if own.is_empty() { value(object, "helm.sh/hook-delete-policy") } else { own };
    let policies: Vec<DeletePolicy> = list(words)
        .filter_map(|word| match word {
            "HookSucceeded" | "hook-succeeded" => Some(DeletePolicy::Succeeded),
            "HookFailed" | "hook-failed" => Some(DeletePolicy::Failed),
            "BeforeHookCreation" | "before-hook-creation" => Some(DeletePolicy::BeforeCreation),
            _ => None,
        })
        .collect();
    if policies.is_empty() { vec![DeletePolicy::BeforeCreation] } else { policies }
}

/// Whether a sync option such as `Prune=false` is set on the object itself.
#[must_use]
pub fn has_option(object: &Value, option: &str) -> bool {
    list(value(object, "argocd.argoproj.io/sync-options")).any(|one| one == option)
}

/// Whether a sync option is in a list such as `spec.syncPolicy.syncOptions`.
#[must_use]
pub fn in_options(options: &Value, option: &str) -> bool {
    options.as_array().into_iter().flatten().any(|one| one == option)
}

/// The images an object's pods run, in order.
#[must_use]
pub fn images(object: &Value) -> Vec<String> {
    let spec = match text(object, "/kind") {
        "Pod" => &object["spec"],
        "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        _ => &object["spec"]["template"]["spec"],
    };
    let of = |field: &str| spec[field].as_array().cloned().unwrap_or_default();
    let all = of("initContainers").into_iter().chain(of("containers"));
    all.filter_map(|container| container["image"].as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hooks_are_read_in_both_spellings() {
        let own = json!({"metadata": {"annotations": {"argocd.argoproj.io/hook": "PostSync, PreSync"}}});
        assert_eq!(phases(&own), [Phase::PreSync, Phase::PostSync]);
        let helm = json!({"metadata": {"annotations": {"helm.sh/hook": "pre-upgrade,pre-install",
            "helm.sh/hook-weight": "-3", "helm.sh/hook-delete-policy": "hook-succeeded"}}});
        assert_eq!((phases(&helm), wave(&helm)), (vec![Phase::PreSync], -3));
        assert_eq!(delete_policies(&helm), [DeletePolicy::Succeeded]);
        let test = json!({"metadata": {"annotations": {"helm.sh/hook": "test"}}});
        assert!(is_hook(&test) && phases(&test).is_empty());
        assert!(!is_hook(&json!({"metadata": {}})));
    }
}
