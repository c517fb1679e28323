//! Gathering what a verdict rests on.

use std::time::Duration;

use super::apps::{Apps, RowId};
use super::changes::What;
use super::pods::Place;
use crate::domain::time::after;
use crate::domain::why::is_about as is_about_time;
use crate::domain::{
    AppRow, ContainerState, Event, ObjectRef, Pod, Resource, Run, Symbol, Timestamp, Trouble, TroubleKind, Why,
    progress, trouble,
};

impl Apps {
    /// Why the row at `id` is in trouble, with what is known of it now; `None` when it is not.
    #[must_use]
    pub fn why(&self, id: RowId, now: Timestamp) -> Option<Why> {
        let (row, verdict) = (self.get(id)?, self.trouble(id, now)?);
        let unhealthy = |pod: &Pod| self.live.unhealthy(&place_of(pod), pod);
        // no pod is why a window is closed, or why nobody brings back what drifted
        let pods = if verdict.kind.is_fault() { self.pods_of(id) } else { Vec::new() };
        let failing = pods.iter().filter_map(|pod| Some((*pod, trouble::of_pod(pod, unhealthy(pod), now).0?)));
        let worst = failing.min_by_key(|(_, trouble)| (trouble.kind, trouble.since.unwrap_or(Timestamp::MAX)));
        let worst = worst.filter(|(_, trouble)| trouble.kind == verdict.kind).map(|(pod, _)| pod);
        // a verdict on the row may still come from what its operation failed at, or from a pod that is not ready
        let pod =
            worst.or_else(|| self.of_failure(row, &pods)).or_else(|| pods.iter().copied().find(|pod| is_amiss(pod)));
        let mut why = blank(row, verdict);
        if let Some(pod) = pod {
            why.chain = chain(row, pod);
            let unready = || pod.containers.iter().find(|container| !container.ready && !container.init);
            if let Some(container) = trouble::culprit(pod, unhealthy(pod), now).or_else(unready) {
                why.container = Some(container.name.clone());
                why.restarts = container.restarts;
                let ended = container.ended();
                let run = Run {
                    context: pod.context.clone(),
                    namespace: pod.namespace.clone(),
                    pod: pod.name.clone(),
                    uid: pod.uid.clone(),
                    container: container.name.clone(),
                    ended: ended.and_then(|ended| ended.finished),
                };
                // one that was never started wrote nothing
                let started = ended.is_some() || matches!(container.state, ContainerState::Running { .. });
                why.log = self.last_words(&run).cloned();
                why.run = started.then_some(run);
                why.exit_code = ended.map(|ended| ended.exit_code);
                why.next_start = container.next_start().filter(|_| !pod.runs_once);
                why.before = ended.and_then(|ended| self.before(row, pod, &why.chain, ended.finished?));
                let waiting = match &container.state {
                    ContainerState::Waiting { reason, message } => Some((reason.clone(), message.clone())),
                    ContainerState::Running { .. } | ContainerState::Terminated(_) => None,
                };
                let ending = ended.map(|ended| (ended.reason.clone(), ended.message.clone()));
                // why it ended says more than that it waits to be started again; not so when it waits for its image
                let waits = matches!(why.trouble.kind, TroubleKind::ImagePull | TroubleKind::CannotStart);
                let said = if waits { waiting.or(ending) } else { ending.or(waiting) };
                let said = said.filter(|(reason, _)| !reason.is_empty());
                (why.reason, why.message) = said.map_or((None, None), |(reason, message)| (Some(reason), message));
            } else if let Some((message, _)) = &pod.unschedulable {
                why.reason = Some("Unschedulable".into());
                why.message = Some(message.clone());
            }
        }
        let about_pod = pod.and_then(|pod| {
            self.events().at(&place_of(pod)).find(|event| event.warning && is_about(event, "Pod", &pod.name))
        });
        let own = (row.key.source.clone(), row.key.namespace.clone());
        let about_app =
            || self.events().at(&own).find(|event| event.warning && is_about(event, "Application", &row.key.name));
        why.event = about_pod.or_else(about_app).cloned();
        if why.event == why.before {
            why.before = None;
        }
        why.versions = why.deployed.as_ref().and_then(|deployed| self.versions(row, deployed.at));
        Some(why)
    }

    /// The newest pod of a resource or hook the operation failed at, where its resources are read.
    fn of_failure<'p>(&self, row: &AppRow, pods: &[&'p Pod]) -> Option<&'p Pod> {
        let detail = self.detail(&row.key)?;
        let made = |pod: &&&Pod| {
            let by = |resource: &Resource| {
                pod.namespace == resource.namespace
                    && pod.workloads().any(|(kind, name)| *kind == *resource.kind && *name == *resource.name)
            };
            is_amiss(pod) && progress::failed(&detail.resources).any(by)
        };
        pods.iter().filter(made).max_by_key(|pod| pod.created).copied()
    }

    /// The last that was told of the pod, of what made it, or of the Application's operations, before a container ended.
    fn before(&self, row: &AppRow, pod: &Pod, chain: &[ObjectRef], ended: Timestamp) -> Option<Event> {
        // nodes tell ends in whole seconds
        let until = after(ended, Duration::from_secs(1));
        let is_earlier = |event: &&Event| event.last.is_some_and(|last| last < until);
        let place = place_of(pod);
        let of_pod = self.events().at(&place).find(|event| {
            is_earlier(event)
                && chain.contains(&event.object)
                && (event.warning || LED.contains(&&*event.reason))
                && &*event.reason != "BackOff"
        });
        let own = (row.key.source.clone(), row.key.namespace.clone());
        let of_app = self.events().at(&own).find(|event| {
            is_earlier(event) && is_about(event, "Application", &row.key.name) && &*event.reason == "OperationStarted"
        });
        [of_pod, of_app].into_iter().flatten().max_by_key(|event| event.last).cloned()
    }

    /// The versions before and after a deployment, if the cockpit looked on.
    fn versions(&self, row: &AppRow, deployed: Timestamp) -> Option<(Symbol, Symbol)> {
        let mut seen = self.changes().of(&row.key).filter_map(|change| match &change.what {
            What::Version(from, to) if is_about_time(change.at, deployed) => Some((from, to)),
            _ => None,
        });
        // during a rollout the old one may come up again
        let (first, _) = seen.clone().next()?;
        let (_, last) = seen.next_back()?;
        (first != last).then(|| (first.clone(), last.clone()))
    }
}

/// What is told in the ordinary way and still leads to an end: a probe's verdict, a new version.
const LED: [&str; 2] = ["Killing", "ScalingReplicaSet"];

fn blank(row: &AppRow, verdict: Trouble) -> Why {
    // one that went well has nothing to say about trouble
    let operation = row.operation.as_deref().filter(|operation| operation.is_active() || operation.has_failed());
    Why {
        app: row.key.clone(),
        environment: row.environment.clone(),
        since: verdict.since,
        trouble: verdict,
        next_start: None,
        before: None,
        versions: None,
        chain: Vec::new(),
        container: None,
        reason: None,
        message: None,
        exit_code: None,
        restarts: 0,
        run: None,
        log: None,
        event: None,
        operation: operation.and_then(|operation| operation.message.clone()),
        deployed: row.deployed.as_deref().cloned(),
        argocd: (row.health, row.health_message.clone()),
    }
}

/// Not all of it is ready, and it has not done its work either, as the pod of a hook that went well.
fn is_amiss(pod: &Pod) -> bool {
    pod.ready.0 < pod.ready.1 && &*pod.phase != "Succeeded"
}

fn place_of(pod: &Pod) -> Place {
    (pod.context.clone(), pod.namespace.clone())
}

fn is_about(event: &Event, kind: &str, name: &Symbol) -> bool {
    &*event.object.kind == kind && event.object.name == *name
}

/// From what the Application lists down to the pod.
fn chain(row: &AppRow, pod: &Pod) -> Vec<ObjectRef> {
    let reference =
        |kind: &str, name: &str| ObjectRef { kind: kind.into(), namespace: pod.namespace.clone(), name: name.into() };
    let listed = |kind: &str, name: &str| {
        row.workloads.iter().any(|w| &*w.kind == kind && &*w.name == name && w.namespace == pod.namespace)
    };
    let mut chain = vec![reference("Pod", &pod.name)];
    if let Some((kind, name)) = &pod.owner {
        chain.push(reference(kind, name));
        let makers = pod.workloads().filter(|(k, n)| listed(k, n));
        chain.extend(makers.map(|(k, n)| reference(k, n)).find(|maker| !chain.contains(maker)));
    }
    chain.reverse();
    chain
}
