//! The evidence behind a verdict, put together from what is known of pods and Events.

use super::apps::{Apps, RowId};
use crate::domain::{
    AppRow, Container, ContainerState, Event, ObjectRef, Pod, Symbol, Timestamp, Trouble, Why, trouble,
};

impl Apps {
    /// Why the row at `id` is in trouble; nothing when it is not. The last lines of a log are filled in by whoever
    /// reads logs.
    #[must_use]
    pub fn why(&self, id: RowId, now: Timestamp) -> Option<Why> {
        let row = self.get(id)?;
        let verdict = self.trouble(id, now)?;
        let culprit = self.culprit(id, &verdict, now);
        let container = culprit.and_then(failing);
        let ended = container.and_then(Container::ended);
        let waiting = container.and_then(|c| match &c.state {
            ContainerState::Waiting { reason, message } => Some((reason.clone(), message.clone())),
            ContainerState::Running { .. } | ContainerState::Terminated(_) => None,
        });
        let (reason, message) = match (ended, waiting) {
            (Some(ended), _) => (Some(ended.reason.clone()), ended.message.clone()),
            (None, Some((reason, message))) => (Some(reason).filter(|r| !r.is_empty()), message),
            (None, None) => (None, None),
        };
        let said = |o: &crate::domain::Operation| o.message.clone();
        Some(Why {
            app: row.key.clone(),
            chain: culprit.map_or_else(Vec::new, |pod| chain(row, pod)),
            container: container.map(|c| c.name.clone()),
            reason,
            message,
            exit_code: ended.map(|e| e.exit_code),
            restarts: container.map_or(0, |c| c.restarts),
            log: Vec::new(),
            event: self.telling(id, row, culprit),
            operation: row.operation.as_deref().filter(|o| o.is_active() || o.has_failed()).and_then(said),
            argocd: (row.health, row.health_message.clone()),
            since: verdict.since,
            trouble: verdict,
        })
    }

    /// The pod the verdict is about.
    fn culprit(&self, id: RowId, verdict: &Trouble, now: Timestamp) -> Option<&Pod> {
        let judged = |pod: &&Pod| trouble::of_pod(pod, None, now).0.is_some_and(|t| t.kind == verdict.kind);
        let pods = self.pods_of(id);
        pods.iter().copied().find(judged).or_else(|| pods.into_iter().find(|pod| pod.ready.0 < pod.ready.1))
    }

    /// The last Warning about the pod, else about the Application.
    fn telling(&self, id: RowId, row: &AppRow, pod: Option<&Pod>) -> Option<Event> {
        let there = self.place_of(id);
        let own = (row.key.source.clone(), row.key.namespace.clone());
        let about = |place: &(Symbol, Symbol), kind: &str, name: &Symbol| {
            let of = |event: &&Event| event.warning && &*event.object.kind == kind && event.object.name == *name;
            self.events().at(place).filter(of).max_by_key(|event| event.last).cloned()
        };
        let of_pod = pod.and_then(|pod| about(there.as_ref()?, "Pod", &pod.name));
        of_pod.or_else(|| about(&own, "Application", &row.key.name))
    }
}

/// The container that fails: the one that ends or waits, else the one that is not ready, restarted most often.
fn failing(pod: &Pod) -> Option<&Container> {
    let rank = |container: &&Container| {
        let badly = match &container.state {
            ContainerState::Waiting { .. } => 2,
            ContainerState::Terminated(ended) if ended.exit_code != 0 => 3,
            ContainerState::Running { .. } if !container.ready && !container.init => 1,
            _ => 0,
        };
        (badly, container.restarts)
    };
    pod.containers.iter().max_by_key(rank).filter(|c| rank(c).0 > 0 || c.restarts > 0)
}

/// From the workload the Application lists down to the pod.
fn chain(row: &AppRow, pod: &Pod) -> Vec<ObjectRef> {
    let object =
        |kind: &str, name: &str| ObjectRef { kind: kind.into(), namespace: pod.namespace.clone(), name: name.into() };
    let listed = |(kind, name): &(&str, &str)| row.workloads.iter().any(|(k, n)| &**k == *kind && &**n == *name);
    let maker = pod.workloads().find(listed);
    let owner = pod.owner.as_ref().map(|(kind, name)| (kind.as_str(), name.as_str()));
    let mut chain: Vec<ObjectRef> = Vec::new();
    for (kind, name) in maker.into_iter().chain(owner).chain([("Pod", pod.name.as_str())]) {
        let next = object(kind, name);
        if chain.last() != Some(&next) {
            chain.push(next);
        }
    }
    chain
}
