//! What a revision of Git, or a deployment of the history, wants: rendered by Argo CD, never here.

use serde_json::Value;

use super::argocd;
use super::desired::{NO_SERVER, Ways};
use super::kube::{self, ReadError};
use crate::domain::app::short_revision;
use crate::domain::text::clean;
use crate::domain::{Hook, ObjectName, Rung, State, SyncPhase};

/// Manifests as argocd-server renders them. Nothing is masked.
pub(super) struct Rendered {
    pub manifests: Vec<Value>,
    /// What they are called.
    pub name: Box<str>,
    pub notes: Vec<Box<str>>,
}

/// A deployment or revision, in words and as it is asked for.
struct Wanted {
    name: String,
    /// One a source; none for those the Application follows.
    revisions: Vec<String>,
    /// The deployment had another source than there is now.
    is_otherwise: bool,
}

/// Reads what a state other than what runs wants, hooks included. Argo CD's cache keeps such manifests too, with secrets in
/// clear: it is not asked for them.
///
/// # Errors
/// [`ReadError::Missing`] for a deployment that is not in the history; else why nobody renders it.
pub(super) async fn rendered(ways: &Ways, state: &State) -> Result<Rendered, ReadError> {
    let application = application(ways).await?;
    let wanted = wanted(ways, &application, state)?;
    let rendered = match &ways.server {
        Some(server) => {
            argocd::manifests(server, &ways.app, &wanted.revisions).await.map_err(|error| error.to_string())
        }
        None => Err(NO_SERVER.to_owned()),
    };
    let manifests = rendered.map_err(|refused| ReadError::Failed {
        why: format!("nobody renders {}: {refused}; argocd-server would: --argocd-server URL", wanted.name),
        hint: None,
    })?;
    let other = "its source was another then: this is its revision with the source there is now";
    let notes = wanted.is_otherwise.then(|| other.into()).into_iter().collect();
    Ok(Rendered { manifests, name: wanted.name.into(), notes })
}

async fn application(ways: &Ways) -> Result<Value, ReadError> {
    let app = &ways.app;
    let read = match &ways.clusters {
        Some(clusters) => kube::whole_application(&clusters.argo, &app.namespace, &app.name).await,
        None => Err(ReadError::Failed { why: "no context leads to it".to_owned(), hint: None }),
    };
    match (read, &ways.server) {
        (Err(_), Some(server)) => argocd::application(server, app).await,
        (read, _) => read,
    }
}

fn wanted(ways: &Ways, application: &Value, state: &State) -> Result<Wanted, ReadError> {
    let spec = &application["spec"];
    let several = spec["sources"].as_array().map_or(0, Vec::len);
    match state {
        State::Deployment(id) => {
            let history = application["status"]["history"].as_array().map_or(&[][..], Vec::as_slice);
            let entry = history.iter().find(|entry| entry["id"].as_i64() == Some(*id)).ok_or_else(|| {
                let ids: Vec<String> =
                    history.iter().rev().filter_map(|e| Some(e["id"].as_i64()?.to_string())).collect();
                let known =
                    if ids.is_empty() { "it has none".to_owned() } else { format!("it has {}", ids.join(", ")) };
                ReadError::Missing(format!("{} has no deployment {id} in its history: {known}", ways.app.name))
            })?;
            let revisions = texts(entry);
            let shown = revisions.first().map_or("", |revision| short_revision(revision));
            let name = format!("deployment {id} ({})", clean(shown));
            let is_otherwise = without_revision(&entry["source"]) != without_revision(&spec["source"])
                || without_revision(&entry["sources"]) != without_revision(&spec["sources"]);
            Ok(Wanted { name, revisions, is_otherwise })
        }
        State::Revision(revision) | State::Sync(revision) if !revision.is_empty() => {
            if several > 1 {
                let why = format!("{} has several sources: one revision does not say which", ways.app.name);
                return Err(ReadError::Failed {
                    why,
                    hint: Some("compare with deployments of its history".to_owned()),
                });
            }
            let name = format!("revision {}", clean(short_revision(revision)));
            Ok(Wanted { name, revisions: vec![revision.to_string()], is_otherwise: false })
        }
        _ => {
            let name = Rung::Server.desired().to_owned();
            Ok(Wanted { name, revisions: Vec::new(), is_otherwise: false })
        }
    }
}

/// `revisions`, or `revision` where there is one source.
fn texts(row: &Value) -> Vec<String> {
    let several = row["revisions"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let several: Vec<String> = several.map(ToOwned::to_owned).collect();
    let one = row["revision"].as_str().filter(|revision| !revision.is_empty());
    if several.is_empty() { one.map(ToOwned::to_owned).into_iter().collect() } else { several }
}

/// A source, or several, without the revisions they follow; nothing for none.
fn without_revision(source: &Value) -> Option<Value> {
    let mut source = source.clone();
    let one = |source: &mut Value| drop(source.as_object_mut().and_then(|fields| fields.remove("targetRevision")));
    match &mut source {
        Value::Array(all) if !all.is_empty() => all.iter_mut().for_each(one),
        Value::Object(_) => one(&mut source),
        _ => return None,
    }
    Some(source)
}

/// When a manifest runs as a hook: its phases; none for what is no hook.
pub(super) fn phases(manifest: &Value) -> Vec<&str> {
    let annotation = |name: &str| manifest.pointer("/metadata/annotations")?.get(name)?.as_str();
    if let Some(said) = annotation("argocd.argoproj.io/hook") {
        return said.split(',').map(str::trim).filter(|phase| !phase.is_empty()).collect();
    }
    let mut phases = Vec::new();
    for word in annotation("helm.sh/hook").unwrap_or_default().split(',').map(str::trim) {
        let phase = match word {
            "pre-install" | "pre-upgrade" => "PreSync",
            "post-install" | "post-upgrade" => "PostSync",
            "pre-delete" => "PreDelete",
            "post-delete" => "PostDelete",
            // Argo CD knows no such moment: it never runs
            "" | "crd-install" => continue,
            _ => "Skip",
        };
        if !phases.contains(&phase) {
            phases.push(phase);
        }
    }
    phases
}

/// The hooks a sync runs, by phase, wave and name.
pub(super) fn hooks(manifests: &[Value]) -> Vec<Hook> {
    let mut hooks: Vec<Hook> = Vec::new();
    for manifest in manifests {
        let wave = manifest.pointer("/metadata/annotations").and_then(|all| all.get("argocd.argoproj.io/sync-wave"));
        let wave = wave.and_then(Value::as_str).and_then(|wave| wave.parse().ok()).unwrap_or_default();
        for phase in phases(manifest).into_iter().filter(|phase| SyncPhase::parse(phase).is_some()) {
            hooks.push(Hook { object: named(manifest), phase: phase.into(), wave });
        }
    }
    hooks.sort_by(|a, b| {
        (SyncPhase::parse(&a.phase), a.wave, &a.object.kind, &a.object.name).cmp(&(
            SyncPhase::parse(&b.phase),
            b.wave,
            &b.object.kind,
            &b.object.name,
        ))
    });
    hooks
}

/// Which object a manifest is of.
pub(super) fn named(manifest: &Value) -> ObjectName {
    let text = |at: &str| clean(manifest.pointer(at).and_then(Value::as_str).unwrap_or_default()).into_owned();
    let version = text("/apiVersion");
    let (group, version) = version.split_once('/').unwrap_or(("", &version));
    ObjectName {
        group: group.into(),
        version: version.into(),
        kind: text("/kind").into(),
        namespace: text("/metadata/namespace").into(),
        name: text("/metadata/name").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hooks_are_told_by_either_annotation_in_the_order_they_run_in() {
        let job = |name: &str, annotations: Value| json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": name, "annotations": annotations } });
        let told = hooks(&[
            job("smoke", json!({ "argocd.argoproj.io/hook": "PostSync" })),
            job("late", json!({ "argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "2" })),
            job("migrate", json!({ "helm.sh/hook": "pre-install, pre-upgrade" })),
            job("never", json!({ "argocd.argoproj.io/hook": "Skip" })),
            job("plain", json!({})),
        ]);
        let told: Vec<String> =
            told.iter().map(|hook| format!("{} {} {}", hook.phase, hook.wave, hook.object.name)).collect();
        assert_eq!(told, ["PreSync 0 migrate", "PreSync 2 late", "PostSync 0 smoke"]);
        assert!(phases(&job("plain", json!({}))).is_empty());
    }

    #[test]
    fn a_source_is_the_same_whatever_revision_it_follows() {
        let source = |tag: &str, revision: &str| json!({ "repoURL": "r", "targetRevision": revision, "path": tag });
        assert_eq!(without_revision(&source("a", "main")), without_revision(&source("a", "dev")));
        assert_ne!(without_revision(&source("a", "main")), without_revision(&source("b", "main")));
        assert_eq!(without_revision(&Value::Null), without_revision(&json!([])));
        assert_eq!(texts(&json!({ "revision": "", "revisions": ["a", "b"] })), ["a", "b"]);
        assert_eq!(texts(&json!({ "revision": "a" })), ["a"]);
    }
}
