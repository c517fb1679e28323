//! The pods of a namespace: their shape, what is kept of them, and the watch on them.

use std::sync::Arc;

use super::cluster::Cluster;
use super::collection::{Collection, Kept};
use super::decode::read;
use super::lenient::{List, Text, objects};
use super::objects::ReadError;
use super::project::{Texts, message, moment};
use super::request::escape;
use crate::domain::text::{clean, without_colour};
use crate::domain::{Container, ContainerState, Pod, Symbol, Terminated};
use crate::store::delta::{Delta, LiveDelta, NamespaceDelta, Sink};

/// More containers, conditions or owners than this are not kept.
const FEW: usize = 64;

objects! {
    PodObject {
        metadata: PodMeta<'de> = "metadata",
        spec: PodSpec<'de> = "spec",
        status: PodStatus<'de> = "status",
    }

    PodMeta {
        name: Text<'de> = "name",
        namespace: Text<'de> = "namespace",
        uid: Text<'de> = "uid",
        created: Text<'de> = "creationTimestamp",
        deleting: Text<'de> = "deletionTimestamp",
        labels: PodLabels<'de> = "labels",
        owners: List<PodOwner<'de>, FEW> = "ownerReferences",
    }

    PodLabels {
        instance: Text<'de> = "app.kubernetes.io/instance",
    }

    PodOwner {
        kind: Text<'de> = "kind",
        name: Text<'de> = "name",
        controller: bool = "controller",
    }

    PodSpec {
        node: Text<'de> = "nodeName",
        restart_policy: Text<'de> = "restartPolicy",
        containers: List<ContainerSpec<'de>, FEW> = "containers",
        init_containers: List<ContainerSpec<'de>, FEW> = "initContainers",
    }

    ContainerSpec {
        name: Text<'de> = "name",
        image: Text<'de> = "image",
        restart_policy: Text<'de> = "restartPolicy",
    }

    PodStatus {
        phase: Text<'de> = "phase",
        reason: Text<'de> = "reason",
        conditions: List<PodCondition<'de>, FEW> = "conditions",
        containers: List<ContainerStatus<'de>, FEW> = "containerStatuses",
        init_containers: List<ContainerStatus<'de>, FEW> = "initContainerStatuses",
    }

    PodCondition {
        kind: Text<'de> = "type",
        status: Text<'de> = "status",
        reason: Text<'de> = "reason",
        message: Text<'de> = "message",
        since: Text<'de> = "lastTransitionTime",
    }

    ContainerStatus {
        name: Text<'de> = "name",
        ready: bool = "ready",
        started: bool = "started",
        restarts: i64 = "restartCount",
        state: StateShape<'de> = "state",
        last: StateShape<'de> = "lastState",
    }

    StateShape {
        waiting: Option<WaitingShape<'de>> = "waiting",
        running: Option<RunningShape<'de>> = "running",
        terminated: Option<TerminatedShape<'de>> = "terminated",
    }

    WaitingShape {
        reason: Text<'de> = "reason",
        message: Text<'de> = "message",
    }

    RunningShape {
        started: Text<'de> = "startedAt",
    }

    TerminatedShape {
        exit_code: i64 = "exitCode",
        signal: i64 = "signal",
        reason: Text<'de> = "reason",
        message: Text<'de> = "message",
        started: Text<'de> = "startedAt",
        finished: Text<'de> = "finishedAt",
    }
}

/// Reads the pods of a namespace until it is dropped, and pushes what it learns into the sink. Spawns nothing and never
/// ends: what goes wrong becomes the [`Link`](crate::domain::Link) of the place, and is tried again.
pub async fn watch_pods(cluster: Cluster, namespace: Symbol, sink: Arc<dyn Sink>) {
    let kind = PodKind { context: cluster.context().clone(), texts: Texts::default() };
    Collection::new(cluster, namespace, sink, kind).run().await;
}

/// The largest list of pods that is read at once, in bytes.
const LARGEST: usize = 64 << 20;
/// The most of a log's end that is read, in bytes.
const END: usize = 1 << 20;

/// The pods of a namespace, read once.
///
/// # Errors
/// When they may not be read, or the cluster cannot be asked.
pub async fn pods(cluster: &Cluster, namespace: &str) -> Result<Vec<Pod>, ReadError> {
    #[derive(serde::Deserialize)]
    struct Page<'a> {
        #[serde(borrow, default)]
        items: Vec<&'a serde_json::value::RawValue>,
    }
    let what = format!("pods in namespace {namespace}");
    let uri = format!("/api/v1/namespaces/{}/pods", escape(namespace));
    let bytes = cluster.fetch(&uri, LARGEST).await.map_err(|fault| ReadError::of(fault, &what))?;
    let garbled = |_| ReadError::Failed { why: format!("{what} came garbled"), hint: None };
    let page: Page<'_> = serde_json::from_slice(&bytes).map_err(garbled)?;
    let mut kind = PodKind { context: cluster.context().clone(), texts: Texts::default() };
    Ok(page.items.iter().filter_map(|item| kind.item(item.get().as_bytes())).collect())
}

/// The last lines of a container's log, cleaned; none where they cannot be read.
pub async fn last_lines(cluster: &Cluster, pod: &Pod, container: &str, previous: bool, lines: u32) -> Vec<String> {
    let (namespace, name, container) = (escape(&pod.namespace), escape(&pod.name), escape(container));
    let uri = format!(
        "/api/v1/namespaces/{namespace}/pods/{name}/log?container={container}&tailLines={lines}&previous={previous}"
    );
    let bytes = cluster.fetch(&uri, END).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.lines().map(|line| without_colour(&clean(line)).into_owned()).collect()
}

/// A pod read through a context, from its JSON; nothing when it cannot be read.
pub(in crate::source) fn read_pod(context: &Symbol, json: &[u8], texts: &mut Texts) -> Option<Pod> {
    project(context, &read::<PodObject<'_>>(json).ok()?.0, texts)
}

struct PodKind {
    context: Symbol,
    texts: Texts,
}

impl Kept for PodKind {
    type Item = Pod;
    const PLURAL: &'static str = "pods";

    fn item(&mut self, object: &[u8]) -> Option<Pod> {
        read_pod(&self.context, object, &mut self.texts)
    }

    fn delta((context, namespace): (Symbol, Symbol), change: NamespaceDelta<Pod>) -> Delta {
        Delta::Live(LiveDelta::Pods(context, namespace, change))
    }
}

fn project(context: &Symbol, object: &PodObject<'_>, texts: &mut Texts) -> Option<Pod> {
    let (meta, spec, status) = (&object.metadata, &object.spec, &object.status);
    let name = texts.some(&meta.name)?;
    let sum = Summary::of(object);
    let containers = spec
        .init_containers
        .0
        .iter()
        .map(|c| container(c, &status.init_containers.0, true, texts))
        .collect::<Vec<_>>()
        .into_iter()
        .chain(spec.containers.0.iter().map(|c| container(c, &status.containers.0, false, texts)))
        .collect();
    let owner = meta.owners.0.iter().find(|o| o.controller);
    let unscheduled = status
        .conditions
        .0
        .iter()
        .find(|c| c.kind == "PodScheduled" && c.status == "False" && c.reason == "Unschedulable");
    Some(Pod {
        context: context.clone(),
        namespace: texts.symbol(&meta.namespace),
        uid: texts.symbol(&meta.uid),
        node: texts.symbol(&spec.node),
        phase: texts.symbol(&status.phase),
        ready: sum.ready,
        restarts: sum.restarts,
        reason: texts.symbol(&sum.reason),
        containers,
        owner: owner.map(|o| (texts.symbol(&o.kind), texts.symbol(&o.name))),
        instance: texts.some(&meta.labels.instance),
        runs_once: spec.restart_policy == "Never",
        unschedulable: unscheduled.map(|c| (message(&c.message).unwrap_or_default(), moment(&c.since))),
        created: moment(&meta.created),
        deleting: moment(&meta.deleting),
        name,
    })
}

fn container(spec: &ContainerSpec<'_>, statuses: &[ContainerStatus<'_>], init: bool, texts: &mut Texts) -> Container {
    let status = statuses.iter().find(|s| s.name == spec.name);
    Container {
        name: texts.symbol(&spec.name),
        image: texts.symbol(&spec.image),
        init,
        sidecar: init && spec.restart_policy == "Always",
        ready: status.is_some_and(|s| s.ready),
        restarts: status.map_or(0, |s| count(s.restarts)),
        state: status.map(|s| state(&s.state, texts)).unwrap_or_default(),
        last: status.and_then(|s| s.last.terminated.as_ref()).map(|ended| terminated(ended, texts)),
    }
}

fn state(state: &StateShape<'_>, texts: &mut Texts) -> ContainerState {
    if let Some(ended) = &state.terminated {
        ContainerState::Terminated(terminated(ended, texts))
    } else if let Some(running) = &state.running {
        ContainerState::Running { since: moment(&running.started) }
    } else {
        let waiting = state.waiting.as_ref();
        ContainerState::Waiting {
            reason: waiting.map(|w| texts.symbol(&w.reason)).unwrap_or_default(),
            message: waiting.and_then(|w| message(&w.message)),
        }
    }
}

fn terminated(ended: &TerminatedShape<'_>, texts: &mut Texts) -> Terminated {
    Terminated {
        exit_code: i32::try_from(ended.exit_code).unwrap_or(-1),
        reason: texts.symbol(&ended.reason),
        message: message(&ended.message),
        started: moment(&ended.started),
        finished: moment(&ended.finished),
    }
}

fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// What kubectl puts into the columns READY, STATUS and RESTARTS.
struct Summary {
    ready: (u32, u32),
    restarts: u32,
    reason: String,
}

impl Summary {
    fn of(object: &PodObject<'_>) -> Self {
        let (spec, status) = (&object.spec, &object.status);
        let is_sidecar =
            |name: &str| spec.init_containers.0.iter().any(|c| c.name == name && c.restart_policy == "Always");
        let sidecars = spec.init_containers.0.iter().filter(|c| c.restart_policy == "Always").count();
        let is_true = |kind: &str| status.conditions.0.iter().any(|c| c.kind == kind && c.status == "True");
        let mut ready = 0;
        let said = [&status.reason, &status.phase].into_iter().find(|text| !text.is_empty());
        let mut reason = said.map(ToString::to_string).unwrap_or_default();
        if status.conditions.0.iter().any(|c| c.kind == "PodScheduled" && c.reason == "SchedulingGated") {
            "SchedulingGated".clone_into(&mut reason);
        }
        let (mut restarts, mut sidecar_restarts, mut initializing) = (0u32, 0u32, false);
        for (at, container) in status.init_containers.0.iter().enumerate() {
            let sidecar = is_sidecar(&container.name);
            restarts = restarts.saturating_add(count(container.restarts));
            if sidecar {
                sidecar_restarts = sidecar_restarts.saturating_add(count(container.restarts));
            }
            let ended = container.state.terminated.as_ref();
            if ended.is_some_and(|e| e.exit_code == 0) {
                continue;
            }
            if sidecar && container.started {
                ready += u32::from(container.ready);
                continue;
            }
            let waits = container.state.waiting.as_ref().map_or("", |w| &w.reason);
            reason = match ended {
                Some(ended) => format!("Init:{}", ending(ended)),
                None if !waits.is_empty() && waits != "PodInitializing" => format!("Init:{waits}"),
                None => format!("Init:{at}/{}", spec.init_containers.0.len()),
            };
            initializing = true;
            break;
        }
        if !initializing || is_true("Initialized") {
            restarts = sidecar_restarts;
            let mut runs = false;
            for container in status.containers.0.iter().rev() {
                restarts = restarts.saturating_add(count(container.restarts));
                let waits = container.state.waiting.as_ref().map_or("", |w| &w.reason);
                if !waits.is_empty() {
                    waits.clone_into(&mut reason);
                } else if let Some(ended) = &container.state.terminated {
                    reason = ending(ended);
                } else if container.ready && container.state.running.is_some() {
                    runs = true;
                    ready += 1;
                }
            }
            if reason == "Completed" && runs {
                if is_true("Ready") { "Running" } else { "NotReady" }.clone_into(&mut reason);
            }
        }
        if !object.metadata.deleting.is_empty() {
            if status.reason == "NodeLost" {
                "Unknown".clone_into(&mut reason);
            } else if !matches!(&*status.phase, "Succeeded" | "Failed") {
                "Terminating".clone_into(&mut reason);
            }
        }
        let total = u32::try_from(spec.containers.0.len() + sidecars).unwrap_or(u32::MAX);
        Self { ready: (ready, total), restarts, reason }
    }
}

fn ending(ended: &TerminatedShape<'_>) -> String {
    if !ended.reason.is_empty() {
        ended.reason.to_string()
    } else if ended.signal != 0 {
        format!("Signal:{}", ended.signal)
    } else {
        format!("ExitCode:{}", ended.exit_code)
    }
}

#[cfg(test)]
#[path = "pods_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "replay_tests.rs"]
mod replays;
