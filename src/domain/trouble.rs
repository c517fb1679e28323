//! The cockpit's own verdict beside Argo CD's health.

use std::time::Duration;

use super::app::short_revision;
use super::time::{after, elapsed};
use super::{
    AppRow, AutoSync, Container, ContainerState, Event, Fullness, Health, Phase, Pod, Sync, Terminated, Timestamp,
};

/// What kind of trouble an Application is in. The order is the order of urgency, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TroubleKind {
    /// A container keeps exiting.
    CrashLoop,
    /// An image cannot be pulled.
    ImagePull,
    /// A container cannot be made: its configuration names what is not there, or its command cannot be run.
    CannotStart,
    /// A container was killed for its memory.
    OutOfMemory,
    /// No node takes the pod.
    Unschedulable,
    /// A probe keeps failing.
    ProbeFailing,
    /// The last operation ended in Failed or Error.
    OperationFailed,
    /// An operation failed and waits for its next attempt.
    OperationRetrying,
    /// A sync window holds an operation.
    OperationHeld,
    /// Argo CD itself says Degraded.
    Degraded,
    /// Argo CD cannot compare: the source, the spec or the cluster is broken.
    Broken,
    /// A sync window holds auto-sync. Argo CD leaves no trace of that: no operation, no condition.
    Window,
    /// What runs is not what was deployed, and nobody puts it back.
    Drift,
}

impl TroubleKind {
    /// The name in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::CrashLoop => "crashLoop",
            Self::ImagePull => "imagePull",
            Self::CannotStart => "cannotStart",
            Self::OutOfMemory => "outOfMemory",
            Self::Unschedulable => "unschedulable",
            Self::ProbeFailing => "probeFailing",
            Self::OperationFailed => "operationFailed",
            Self::OperationRetrying => "operationRetrying",
            Self::OperationHeld => "operationHeld",
            Self::Degraded => "degraded",
            Self::Broken => "broken",
            Self::Window => "window",
            Self::Drift => "drift",
        }
    }

    /// Whether something is broken, or waits for a cause that is. Drift and a closed window are facts to see.
    #[must_use]
    pub fn is_fault(self) -> bool {
        !matches!(self, Self::Window | Self::Drift)
    }

    /// A short phrase for a cell of the Board.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::CrashLoop => "crash loop",
            Self::ImagePull => "no image",
            Self::CannotStart => "cannot start",
            Self::OutOfMemory => "out of memory",
            Self::Unschedulable => "no node",
            Self::ProbeFailing => "probe fails",
            Self::OperationFailed => "sync failed",
            Self::OperationRetrying => "retrying",
            Self::OperationHeld => "held",
            Self::Degraded => "degraded",
            Self::Broken => "broken",
            Self::Window => "held by window",
            Self::Drift => "drift",
        }
    }
}

/// A verdict with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind.
    pub kind: TroubleKind,
    /// Why, in one line.
    pub reason: String,
    /// Since when, as far as known.
    pub since: Option<Timestamp>,
}

/// Argo CD's conditions that mean it cannot do its work (semantics 1.5).
const BROKEN: [&str; 4] = ["ComparisonError", "InvalidSpecError", "UnknownError", "DeletionError"];

/// What the Application itself tells of trouble; pods and events add theirs elsewhere.
#[must_use]
pub fn of_row(row: &AppRow, now: Timestamp) -> Option<Trouble> {
    let operation = row.operation.as_ref();
    let message = || operation.and_then(|o| o.message.as_deref()).unwrap_or_default().to_owned();
    if let Some(operation) = operation {
        if operation.is_held(now) {
            return Some(trouble(TroubleKind::OperationHeld, message(), operation.started));
        }
        // the attempt after a failed one is not well before it has succeeded
        if operation.is_retrying() || (operation.is_active() && operation.retries > 0) {
            let since = operation.finished.or(operation.started);
            return Some(trouble(TroubleKind::OperationRetrying, message(), since));
        }
    }
    if let Some(condition) = row.conditions.iter().find(|c| BROKEN.contains(&&*c.kind)) {
        return Some(trouble(
            TroubleKind::Broken,
            format!("{}: {}", condition.kind, condition.message),
            condition.since,
        ));
    }
    if let Some(operation) = operation
        && operation.has_failed()
        && matches!(operation.phase, Some(Phase::Failed | Phase::Error))
    {
        return Some(trouble(TroubleKind::OperationFailed, message(), operation.finished));
    }
    if row.health == Health::Degraded {
        let why = row.health_message.as_deref().unwrap_or("Argo CD gives no reason").to_owned();
        return Some(trouble(TroubleKind::Degraded, why, row.health_since));
    }
    is_left_drifted(row).then(|| trouble(TroubleKind::Drift, drift_reason(row), None))
}

/// Whether auto-sync has something to do here and does not do it: what is left is that a window holds it.
#[must_use]
pub fn awaits_auto_sync(row: &AppRow) -> bool {
    let idle = !row.operation.as_ref().is_some_and(|operation| operation.is_active());
    let acts = row.auto_sync.enabled && (row.auto_sync.self_heal || !is_deployed(row));
    // nothing but what it would have to prune is no reason for it to sync
    let finds = row.drift > row.prunable || row.auto_sync.prune || row.drift == 0;
    row.sync == Sync::OutOfSync && row.fullness == Fullness::Full && row.deleting.is_none() && idle && acts && finds
}

/// The verdict on an Application whose auto-sync is closed out by the windows, and what they say.
#[must_use]
pub fn held_by_window(why: &str, opens: Option<Timestamp>) -> Trouble {
    let opens = match opens {
        Some(at) => format!("it opens at {at}"),
        None => "nobody can say when it opens: look at the AppProject".to_owned(),
    };
    trouble(TroubleKind::Window, format!("auto-sync is blocked by sync window: {why}; {opens}"), None)
}

/// What runs differs from Git, and nobody brings it back. A commit that waits for somebody to sync it is news and no drift;
/// auto-sync would have taken it at once.
fn is_left_drifted(row: &AppRow) -> bool {
    let is_settled = row.fullness == Fullness::Full && row.deleting.is_none() && !row.refreshing;
    let idle = !row.operation.as_ref().is_some_and(|operation| operation.is_active());
    let heals = row.auto_sync.enabled && row.auto_sync.self_heal && (row.drift > row.prunable || row.auto_sync.prune);
    let is_news = !row.auto_sync.enabled && !is_deployed(row);
    row.sync == Sync::OutOfSync && row.drift > 0 && is_settled && idle && !heals && !is_news
}

/// Whether the newest that Git holds was deployed.
fn is_deployed(row: &AppRow) -> bool {
    row.deployed.as_ref().is_some_and(|deployed| deployed.revision == row.revision)
}

/// `2 resources differ from 3f22a38; auto-sync is off`
fn drift_reason(row: &AppRow) -> String {
    let count = |n: u32| if n == 1 { "1 resource".to_owned() } else { format!("{n} resources") };
    let (differ, left) = (row.drift.saturating_sub(row.prunable), row.prunable);
    let of = short_revision(&row.revision);
    let what = match (differ, left) {
        (0, left) => format!("{} left {of} and {} still there", count(left), if left == 1 { "is" } else { "are" }),
        (1, 0) => format!("1 resource differs from {of}"),
        (differ, 0) => format!("{} differ from {of}", count(differ)),
        (differ, left) => format!("{} not as in {of}, {} no longer in it", count(differ), count(left)),
    };
    let why = match row.auto_sync {
        AutoSync { enabled: false, .. } => "auto-sync is off",
        // other commits of the repository move the revision too
        AutoSync { self_heal: false, .. } if !is_deployed(row) => {
            "auto-sync leaves edits by hand, or a window holds it"
        }
        AutoSync { self_heal: false, .. } => "auto-sync leaves edits by hand",
        _ => "auto-sync does not prune",
    };
    format!("{what}; {why}")
}

fn trouble(kind: TroubleKind, reason: String, since: Option<Timestamp>) -> Trouble {
    Trouble { kind, reason, since }
}

/// The more urgent of two verdicts; of two of one kind the older.
#[must_use]
pub fn worse(a: Option<Trouble>, b: Option<Trouble>) -> Option<Trouble> {
    // a verdict without a beginning is the younger one
    let order = |t: &Trouble| (t.kind, t.since.unwrap_or(Timestamp::MAX));
    match (a, b) {
        (Some(a), Some(b)) => Some(if order(&b) < order(&a) { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// A container that ran for this long is taken for well again: kubelet forgets its back-off then.
const STEADY: Duration = Duration::from_mins(10);
/// A container may take this long to become ready.
const WARM_UP: Duration = Duration::from_mins(5);
/// What a node says when it cannot have an image.
const NO_IMAGE: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
];
/// What a node says when it cannot make or start a container.
const NO_START: [&str; 4] = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError"];
/// Exit codes of a process that was told to end, or made to: 128 + SIGKILL, 128 + SIGTERM.
const KILLED: [i32; 2] = [137, 143];

/// What a pod tells of trouble, and when time alone may change that. `unhealthy` is the latest Event about a failed
/// probe of it, where Events are read.
#[must_use]
pub fn of_pod(pod: &Pod, unhealthy: Option<&Event>, now: Timestamp) -> (Option<Trouble>, Option<Timestamp>) {
    if pod.deleting.is_some() || matches!(&*pod.phase, "Succeeded" | "Failed") {
        return (None, None);
    }
    if let Some((why, since)) = &pod.unschedulable {
        return (Some(trouble(TroubleKind::Unschedulable, format!("no node takes {}: {why}", pod.name), *since)), None);
    }
    let (mut worst, mut next) = (None, None);
    for container in &pod.containers {
        let (verdict, until) = of_container(pod, container, unhealthy, now);
        worst = worse(worst, verdict);
        next = [next, until].into_iter().flatten().min();
    }
    (worst, next)
}

/// The container a pod's trouble comes from.
#[must_use]
pub fn culprit<'a>(pod: &'a Pod, unhealthy: Option<&Event>, now: Timestamp) -> Option<&'a Container> {
    let judged = pod.containers.iter().filter_map(|c| Some((c, of_container(pod, c, unhealthy, now).0?)));
    judged.min_by_key(|(_, verdict)| (verdict.kind, verdict.since.unwrap_or(Timestamp::MAX))).map(|(c, _)| c)
}

fn of_container(
    pod: &Pod,
    container: &Container,
    unhealthy: Option<&Event>,
    now: Timestamp,
) -> (Option<Trouble>, Option<Timestamp>) {
    let none = (None, None);
    match &container.state {
        ContainerState::Waiting { reason, message } => {
            if NO_IMAGE.contains(&&**reason) {
                let said = message.as_deref().map(|m| format!(": {m}")).unwrap_or_default();
                let why = format!("container {} has no image {} ({reason}{said})", container.name, container.image);
                return (Some(trouble(TroubleKind::ImagePull, why, pod.created)), None);
            }
            if NO_START.contains(&&**reason) {
                let said = message.as_deref().map(|m| format!(": {m}")).unwrap_or_default();
                let why = format!("container {} cannot start ({reason}{said})", container.name);
                return (Some(trouble(TroubleKind::CannotStart, why, pod.created)), None);
            }
            match &container.last {
                Some(last) if &**reason == "CrashLoopBackOff" => (Some(crash(pod, container, last)), None),
                _ => none,
            }
        }
        ContainerState::Terminated(ended) => {
            let is_out_of_memory = &*ended.reason == "OOMKilled";
            // an init container that is through has ended well
            let is_done = pod.runs_once || (ended.exit_code == 0 && container.init && !container.sidecar);
            if is_done || !(is_out_of_memory || container.restarts > 0 && is_short(ended)) {
                return none;
            }
            (Some(crash(pod, container, ended)), None)
        }
        ContainerState::Running { since } => of_running(pod, container, *since, unhealthy, now),
    }
}

/// A container that runs may be between two crashes, or run without ever being ready.
fn of_running(
    pod: &Pod,
    container: &Container,
    since: Option<Timestamp>,
    unhealthy: Option<&Event>,
    now: Timestamp,
) -> (Option<Trouble>, Option<Timestamp>) {
    let Some(since) = since else { return (None, None) };
    let age = elapsed(since, now);
    if let Some(last) = &container.last
        && age < STEADY
    {
        let steady = Some(after(since, STEADY));
        if &*last.reason == "OOMKilled" {
            return (Some(crash(pod, container, last)), steady);
        }
        let was_killed = !container.ready && KILLED.contains(&last.exit_code);
        if was_killed && container.restarts > 0 {
            let why = format!("container {} is killed by its probe, {}", container.name, times(container.restarts));
            return (Some(trouble(TroubleKind::ProbeFailing, why, beginning(pod, container, last))), steady);
        }
        if container.restarts > 1 && is_short(last) {
            return (Some(crash(pod, container, last)), steady);
        }
    }
    if container.ready || container.init {
        return (None, None);
    }
    if let Some(event) = unhealthy.filter(|event| event.last.is_some_and(|at| at >= since)) {
        let why = format!("container {}: {}", container.name, event.message);
        return (Some(trouble(TroubleKind::ProbeFailing, why, event.first)), None);
    }
    if age < WARM_UP {
        return (None, Some(after(since, WARM_UP)));
    }
    let why = format!("container {} runs but does not become ready", container.name);
    (Some(trouble(TroubleKind::ProbeFailing, why, Some(since))), None)
}

/// It did not run long enough to be taken for well.
fn is_short(run: &Terminated) -> bool {
    match (run.started, run.finished) {
        (Some(started), Some(finished)) => elapsed(started, finished) < STEADY,
        _ => true,
    }
}

fn crash(pod: &Pod, container: &Container, ended: &Terminated) -> Trouble {
    let (kind, what) = if &*ended.reason == "OOMKilled" {
        (TroubleKind::OutOfMemory, "is killed for its memory")
    } else {
        (TroubleKind::CrashLoop, "crashes")
    };
    let often = times(container.restarts.max(1));
    let why = format!("container {} {what}, {often}, exit code {}", container.name, ended.exit_code);
    trouble(kind, why, beginning(pod, container, ended))
}

/// Since when it has been ending over and over: since the pod was made, if it may have done nothing else; otherwise the
/// oldest run that is known.
fn beginning(pod: &Pod, container: &Container, ended: &Terminated) -> Option<Timestamp> {
    let oldest = container.last.iter().chain([ended]).filter_map(|run| run.started).min();
    let (Some(created), Some(finished)) = (pod.created, ended.finished) else { return oldest };
    // each run is short and each back-off at the most five minutes
    let longest = (STEADY + Duration::from_mins(5)).saturating_mul(container.restarts.saturating_add(1));
    if elapsed(created, finished) <= longest { Some(created) } else { oldest }
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Deployment;

    const REVISION: &str = "067467c10a3d4c3fb31dd4b6a1a7b1c4a38de5b7";

    fn drifted() -> AppRow {
        let deployed = Deployment { id: 1, revision: REVISION.into(), at: Timestamp::UNIX_EPOCH, by: None };
        AppRow {
            fullness: Fullness::Full,
            sync: Sync::OutOfSync,
            health: Health::Healthy,
            revision: REVISION.into(),
            deployed: Some(Box::new(deployed)),
            drift: 1,
            auto_sync: AutoSync { enabled: true, prune: true, self_heal: false },
            ..AppRow::default()
        }
    }

    fn verdict(row: &AppRow) -> Option<(TroubleKind, String)> {
        of_row(row, Timestamp::UNIX_EPOCH).map(|verdict| (verdict.kind, verdict.reason))
    }

    #[test]
    fn drift_is_trouble_where_nobody_heals_it() {
        let row = drifted();
        let said = |row: &AppRow| verdict(row).map(|(_, why)| why).unwrap_or_default();
        assert_eq!(said(&row), "1 resource differs from 067467c; auto-sync leaves edits by hand");
        let off = AppRow { auto_sync: AutoSync::default(), drift: 3, prunable: 1, ..drifted() };
        assert_eq!(said(&off), "2 resources not as in 067467c, 1 resource no longer in it; auto-sync is off");
        let healing = AutoSync { enabled: true, prune: false, self_heal: true };
        assert_eq!(verdict(&AppRow { auto_sync: healing, ..drifted() }), None);
        let left = AppRow { auto_sync: healing, prunable: 1, ..drifted() };
        assert_eq!(said(&left), "1 resource left 067467c and is still there; auto-sync does not prune");
        let moved = AppRow { revision: "3f22a38".into(), ..drifted() };
        assert_eq!(
            said(&moved),
            "1 resource differs from 3f22a38; auto-sync leaves edits by hand, or a window holds it"
        );
        let news = AppRow { auto_sync: AutoSync::default(), ..moved };
        assert_eq!(verdict(&news), None, "a commit waits for its sync");
        let syncing = crate::domain::Operation { phase: Some(Phase::Running), ..crate::domain::Operation::default() };
        assert_eq!(verdict(&AppRow { operation: Some(Box::new(syncing)), ..drifted() }), None);
        assert_eq!(verdict(&AppRow { sync: Sync::Synced, drift: 0, ..drifted() }), None);
    }
}
