//! Pods in trouble: what Argo CD's health tells late or, of a crash loop, never (recorded, `crash`).

use std::collections::BTreeSet;

use crate::action::{Application, Asked, Road};
use crate::domain::{Pod, Symbol, Timestamp, Trouble, trouble};
use crate::source::kube::{Cluster, last_lines, pods};

/// Last lines of a log that are told.
const LINES: u32 = 8;

/// A pod in trouble.
pub(super) struct Sick {
    pub pod: Pod,
    pub trouble: Trouble,
}

/// The pods of an Application that are in trouble, worst first; none where nobody knows the way to them, or they may
/// not be read.
pub(super) async fn sick(road: &Road, asked: &Asked, app: &Application) -> Vec<Sick> {
    let Some(cluster) = &road.destination else { return Vec::new() };
    let now = road.clock.now();
    let mut found = Vec::new();
    for namespace in namespaces(app) {
        let Ok(all) = pods(cluster, &namespace).await else { continue };
        let own = all.into_iter().filter(|pod| is_of(pod, app, &asked.key.name));
        found.extend(own.filter_map(|pod| Some(Sick { trouble: trouble::of_pod(&pod, None, now).0?, pod })));
    }
    found.sort_by_key(|sick| (sick.trouble.kind, sick.trouble.since.unwrap_or(Timestamp::MAX)));
    found
}

/// Where the objects of an Application live.
fn namespaces(app: &Application) -> BTreeSet<Symbol> {
    let named = app.resources().filter_map(|resource| resource["namespace"].as_str());
    named.chain([app.destination().2]).filter(|name| !name.is_empty()).map(Symbol::from).collect()
}

/// Whether a resource of the Application made a pod, or its label names it.
fn is_of(pod: &Pod, app: &Application, name: &str) -> bool {
    let made = |kind: &str, name: &str| {
        app.resources().any(|resource| {
            resource["kind"] == kind && resource["name"] == name && resource["namespace"] == pod.namespace.as_str()
        })
    };
    pod.workloads().any(|(kind, name)| made(kind, name)) || pod.instance.as_deref() == Some(name)
}

/// What the container behind the trouble wrote last.
pub(super) async fn last_words(cluster: &Cluster, sick: &Sick, now: Timestamp) -> Vec<String> {
    let Some(container) = trouble::culprit(&sick.pod, None, now).filter(|container| container.ended().is_some()) else {
        return Vec::new();
    };
    // one that waits for its next start is still the current one (recorded, `crash`)
    let previous = matches!(container.state, crate::domain::ContainerState::Running { .. });
    last_lines(cluster, &sick.pod, &container.name, previous, LINES).await
}
