//! An Application as a plan needs it: whole, as the server has it at this moment.

use std::collections::BTreeSet;

use serde_json::Value;

use super::entry::{Entry, of_several, parameters};
use crate::domain::window::{Subject, project_of};
use crate::domain::{AutoSync, Timestamp, text::clean};

/// An Application, read whole. Never shown or logged as it is: parameters of a source can hold credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Application(Value);

impl std::fmt::Debug for Application {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Application({}/{})", self.text("/metadata/namespace"), self.text("/metadata/name"))
    }
}

impl Application {
    /// An Application as the API server sent it.
    #[must_use]
    pub fn new(object: Value) -> Self {
        Self(object)
    }

    /// What it reads like after a merge patch (RFC 7396), as far as the server adds nothing of its own.
    pub(super) fn patched(&self, patch: &Value) -> Self {
        fn merge(into: &mut Value, patch: &Value) {
            let Value::Object(fields) = patch else {
                *into = patch.clone();
                return;
            };
            if !into.is_object() {
                *into = Value::Object(serde_json::Map::new());
            }
            for (name, value) in fields {
                if value.is_null() {
                    drop(into.as_object_mut().and_then(|object| object.remove(name)));
                } else {
                    merge(&mut into[name.as_str()], value);
                }
            }
        }
        let mut object = self.0.clone();
        merge(&mut object, patch);
        Self(object)
    }

    pub(super) fn at(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer).filter(|value| !value.is_null())
    }

    fn text(&self, pointer: &str) -> &str {
        self.at(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// Text for people: cleaned of terminal controls.
    fn said(&self, pointer: &str) -> String {
        clean(self.text(pointer)).into_owned()
    }

    /// `metadata.resourceVersion`, which a write carries.
    #[must_use]
    pub fn version(&self) -> &str {
        self.text("/metadata/resourceVersion")
    }

    /// `metadata.uid`.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.text("/metadata/uid")
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        self.said("/metadata/name")
    }

    /// Its AppProject; `default` where it names none.
    #[must_use]
    pub fn project(&self) -> &str {
        project_of(&self.0)
    }

    /// Destination as windows match it: cluster name, server and namespace.
    #[must_use]
    pub fn destination(&self) -> (&str, &str, &str) {
        (
            self.text("/spec/destination/name"),
            self.text("/spec/destination/server"),
            self.text("/spec/destination/namespace"),
        )
    }

    /// What sync windows match it by.
    #[must_use]
    pub fn subject(&self) -> Subject<'_> {
        Subject::in_object(&self.0)
    }

    /// Whether its deletion was asked for.
    #[must_use]
    pub fn is_deleting(&self) -> bool {
        self.at("/metadata/deletionTimestamp").is_some()
    }

    /// `operation` is set: something runs or is asked for.
    #[must_use]
    pub fn has_operation(&self) -> bool {
        self.at("/operation").is_some()
    }

    /// Who asked for the operation that runs, or `auto-sync`.
    #[must_use]
    pub fn operation_by(&self) -> String {
        let by = ["/operation/initiatedBy/username", "/status/operationState/operation/initiatedBy/username"];
        by.into_iter().map(|at| self.said(at)).find(|by| !by.is_empty()).unwrap_or_else(|| "auto-sync".to_owned())
    }

    /// Phase of the running or last operation; empty before the first.
    #[must_use]
    pub fn phase(&self) -> &str {
        self.text("/status/operationState/phase")
    }

    /// What the controller says of the running or last operation, cleaned.
    #[must_use]
    pub fn operation_message(&self) -> String {
        self.said("/status/operationState/message")
    }

    /// The revision the running or last operation applies, cleaned.
    #[must_use]
    pub fn operation_revision(&self) -> String {
        self.said("/status/operationState/syncResult/revision")
    }

    /// When the running or last operation began.
    #[must_use]
    pub fn operation_started(&self) -> Option<Timestamp> {
        self.text("/status/operationState/startedAt").parse().ok()
    }

    /// The last attempt of the operation has ended: while the phase is Running it waits for a retry.
    #[must_use]
    pub fn has_ended_attempt(&self) -> bool {
        self.at("/status/operationState/finishedAt").is_some()
    }

    /// `status.sync.status`.
    #[must_use]
    pub fn sync_status(&self) -> &str {
        self.text("/status/sync/status")
    }

    /// `status.sync.revision`: what Git holds, cleaned.
    #[must_use]
    pub fn sync_revision(&self) -> String {
        self.said("/status/sync/revision")
    }

    /// `status.health.status`.
    #[must_use]
    pub fn health(&self) -> &str {
        self.text("/status/health/status")
    }

    /// The branch, tag or version it follows; `HEAD` where it names none.
    #[must_use]
    pub fn target_revision(&self) -> String {
        let target = match self.at("/spec/sources").and_then(Value::as_array).and_then(|all| all.first()) {
            Some(first) => first.get("targetRevision").and_then(Value::as_str).unwrap_or_default(),
            None => self.text("/spec/source/targetRevision"),
        };
        if target.is_empty() { "HEAD".to_owned() } else { clean(target).into_owned() }
    }

    /// Whether it has several sources.
    #[must_use]
    pub fn is_multi_source(&self) -> bool {
        self.at("/spec/sources").and_then(Value::as_array).is_some_and(|all| !all.is_empty())
    }

    /// Whether Argo CD syncs it by itself: `automated` is there and not switched off (semantics 1.2).
    #[must_use]
    pub fn auto_sync(&self) -> AutoSync {
        let flag = |name| self.at(&format!("/spec/syncPolicy/automated/{name}")).and_then(Value::as_bool);
        AutoSync {
            enabled: self.at("/spec/syncPolicy/automated").is_some() && flag("enabled").unwrap_or(true),
            prune: flag("prune").unwrap_or_default(),
            self_heal: flag("selfHeal").unwrap_or_default(),
        }
    }

    /// `spec.syncPolicy.syncOptions`.
    #[must_use]
    pub fn sync_options(&self) -> Vec<String> {
        let options = self.at("/spec/syncPolicy/syncOptions").and_then(Value::as_array);
        options.into_iter().flatten().filter_map(|option| Some(option.as_str()?.to_owned())).collect()
    }

    /// `spec.syncPolicy.retry`.
    #[must_use]
    pub fn retry(&self) -> Option<&Value> {
        self.at("/spec/syncPolicy/retry")
    }

    /// The ApplicationSet that puts its spec, labels and annotations back.
    #[must_use]
    pub fn application_set(&self) -> Option<String> {
        let owners = self.at("/metadata/ownerReferences").and_then(Value::as_array)?;
        let set = owners.iter().find(|owner| owner["kind"] == "ApplicationSet")?;
        Some(clean(set["name"].as_str()?).into_owned())
    }

    /// The Application of Applications it is a part of, by its tracking id.
    #[must_use]
    pub fn parent(&self) -> Option<String> {
        let id = self.at("/metadata/annotations/argocd.argoproj.io~1tracking-id")?.as_str()?;
        let parent = id.split(':').next().filter(|name| !name.is_empty())?;
        Some(clean(parent).into_owned())
    }

    /// Type and message of the conditions that end every operation at once.
    #[must_use]
    pub fn blocking_condition(&self) -> Option<(String, String)> {
        let conditions = self.at("/status/conditions").and_then(Value::as_array)?;
        let blocks = |kind: &str| matches!(kind, "ComparisonError" | "InvalidSpecError");
        conditions.iter().find_map(|condition| {
            let kind = condition["type"].as_str().filter(|kind| blocks(kind))?;
            let message = condition["message"].as_str().unwrap_or_default();
            Some((kind.to_owned(), clean(message).into_owned()))
        })
    }

    /// Whether the controller leaves it alone altogether, so that an operation would wait for ever.
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        self.text("/metadata/annotations/argocd.argoproj.io~1skip-reconcile") == "true"
    }

    /// Whether a refresh was asked for and has not been done yet.
    #[must_use]
    pub fn is_refreshing(&self) -> bool {
        self.at("/metadata/annotations/argocd.argoproj.io~1refresh").is_some()
    }

    /// `metadata.finalizers`.
    #[must_use]
    pub fn finalizers(&self) -> Vec<String> {
        let finalizers = self.at("/metadata/finalizers").and_then(Value::as_array);
        finalizers.into_iter().flatten().filter_map(|name| Some(name.as_str()?.to_owned())).collect()
    }

    /// `status.resources`, as they are.
    pub fn resources(&self) -> impl Iterator<Item = &Value> {
        self.at("/status/resources").and_then(Value::as_array).into_iter().flatten()
    }

    /// The resources that are OutOfSync, each as `group/kind/namespace/name`.
    #[must_use]
    pub fn out_of_sync(&self) -> BTreeSet<String> {
        let part = |resource: &Value, name: &str| resource[name].as_str().unwrap_or_default().to_owned();
        self.resources()
            .filter(|resource| resource["status"] == "OutOfSync")
            .map(|resource| ["group", "kind", "namespace", "name"].map(|name| part(resource, name)).join("/"))
            .collect()
    }

    /// `status.history`, oldest first.
    #[must_use]
    pub fn history(&self) -> Vec<Entry> {
        let rows = self.at("/status/history").and_then(Value::as_array);
        rows.into_iter().flatten().filter_map(Entry::read).collect()
    }

    /// What its source or sources set now, as [`Entry::parameters`] says it of an earlier deployment.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, String)> {
        match self.at("/spec/sources").and_then(Value::as_array).filter(|sources| !sources.is_empty()) {
            Some(sources) => of_several(sources),
            None => self.at("/spec/source").map(parameters).unwrap_or_default(),
        }
    }

    /// `status.summary.images`, cleaned.
    #[must_use]
    pub fn images(&self) -> Vec<String> {
        let images = self.at("/status/summary/images").and_then(Value::as_array);
        images.into_iter().flatten().filter_map(|image| Some(clean(image.as_str()?).into_owned())).collect()
    }
}
