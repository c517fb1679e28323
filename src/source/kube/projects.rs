//! The AppProjects of an Argo CD: only their sync windows are kept.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::cluster::Cluster;
use super::collection::{Collection, Kept};
use crate::domain::Symbol;
use crate::domain::text::clean;
use crate::domain::window::{Project, ProjectWindows};
use crate::store::delta::{Delta, LiveDelta, NamespaceDelta, Sink};

/// Reads the AppProjects of a namespace until it is dropped, and pushes what it learns into the sink. Spawns nothing and
/// never ends: what goes wrong becomes the [`Link`](crate::domain::Link) of the place, and is tried again.
pub async fn watch_projects(cluster: Cluster, namespace: Symbol, sink: Arc<dyn Sink>) {
    Collection::new(cluster, namespace, sink, ProjectKind).run().await;
}

struct ProjectKind;

#[derive(Deserialize)]
struct ProjectObject {
    metadata: Meta,
    spec: Option<Spec>,
}

#[derive(Deserialize)]
struct Meta {
    name: String,
}

#[derive(Deserialize)]
struct Spec {
    #[serde(rename = "syncWindows")]
    windows: Option<Value>,
}

impl Kept for ProjectKind {
    type Item = Project;
    const API: &'static str = "/apis/argoproj.io/v1alpha1";
    const PLURAL: &'static str = "appprojects";

    fn item(&mut self, object: &[u8]) -> Option<Project> {
        let project: ProjectObject = serde_json::from_slice(object).ok()?;
        let windows = project.spec.and_then(|spec| spec.windows);
        Some(Project {
            name: clean(&project.metadata.name).as_ref().into(),
            windows: ProjectWindows::read(windows.as_ref()),
        })
    }

    fn delta((source, namespace): (Symbol, Symbol), change: NamespaceDelta<Project>) -> Delta {
        Delta::Live(LiveDelta::Projects(source, namespace, change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::window::Subject;

    #[test]
    fn the_windows_of_a_project_are_kept_and_nothing_else() {
        let project = |json: serde_json::Value| ProjectKind.item(json.to_string().as_bytes());
        let window = serde_json::json!({ "kind": "deny", "schedule": "0 0 * * *", "duration": "24h",
            "applications": ["*-prod"] });
        let read = project(serde_json::json!({
            "metadata": { "name": "shop", "labels": null },
            "spec": { "sourceRepos": ["*"], "syncWindows": [window] },
        }));
        let windows = read.unwrap().windows;
        let matching = |name| windows.matching(Subject { name, ..Subject::default() });
        assert!(!matching("backend-prod").is_empty());
        assert!(matching("backend-dev").is_empty());
        let without = project(serde_json::json!({ "metadata": { "name": "default" }, "spec": {} }));
        assert_eq!(without, Some(Project { name: "default".into(), windows: ProjectWindows::default() }));
        assert_eq!(project(serde_json::json!({ "spec": {} })), None);
    }
}
