//! A pod as lists, trouble and logs need it.

use std::time::Duration;

use super::time::after;
use super::{Symbol, Timestamp};

/// A pod, projected on arrival. All text in it has been cleaned of terminal controls.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Pod {
    /// The kube context it was read through.
    pub context: Symbol,
    /// Its namespace.
    pub namespace: Symbol,
    /// Its name.
    pub name: Symbol,
    /// Tells it from an earlier pod of the same name.
    pub uid: Symbol,
    /// The node it was given; empty while it has none.
    pub node: Symbol,
    /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
    pub phase: Symbol,
    /// Containers that are ready, of how many; init containers not counted.
    pub ready: (u32, u32),
    /// Restarts of all its containers.
    pub restarts: u32,
    /// What kubectl shows as STATUS: `Running`, `Error`, `Init:0/1`, `ImagePullBackOff`, `Terminating`, ...
    pub reason: Symbol,
    /// Its containers, init containers first, each kind in the order of the spec.
    pub containers: Box<[Container]>,
    /// Kind and name of its controller.
    pub owner: Option<(Symbol, Symbol)>,
    /// Label `app.kubernetes.io/instance`.
    pub instance: Option<Symbol>,
    /// Its containers are not started again when they end (`restartPolicy: Never`).
    pub runs_once: bool,
    /// Why no node takes it, in the scheduler's words, and since when.
    pub unschedulable: Option<(Box<str>, Option<Timestamp>)>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Deletion was asked for; it is gone at this moment at the latest.
    pub deleting: Option<Timestamp>,
}

/// A container of a pod, spec and status together.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Container {
    /// Its name.
    pub name: Symbol,
    /// The image of its spec.
    pub image: Symbol,
    /// Runs before the others; one that stays beside them is [`Container::sidecar`] too.
    pub init: bool,
    /// An init container that is kept running.
    pub sidecar: bool,
    /// Passes its readiness probe.
    pub ready: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// What it does now.
    pub state: ContainerState,
    /// How it ended the time before.
    pub last: Option<Terminated>,
}

/// What a container does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// Not started, with the reason: `ContainerCreating`, `ErrImagePull`, `CrashLoopBackOff`, ...
    Waiting {
        /// One word; empty when the node has not said anything yet.
        reason: Symbol,
        /// What the node says of it.
        message: Option<Box<str>>,
    },
    /// Running.
    Running {
        /// Since when.
        since: Option<Timestamp>,
    },
    /// Ended. Between the restarts of a crash loop too, and for nearly all of that time.
    Terminated(Terminated),
}

impl Default for ContainerState {
    fn default() -> Self {
        Self::Waiting { reason: Symbol::default(), message: None }
    }
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Terminated {
    /// Exit code; 128 + n for signal n.
    pub exit_code: i32,
    /// `Completed`, `Error`, `OOMKilled`, ...
    pub reason: Symbol,
    /// What it left in its termination log.
    pub message: Option<Box<str>>,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
}

/// What kubelet waits before it starts a container again: at once the first time, then this, and twice as long after
/// every further end.
const FIRST_BACK_OFF: Duration = Duration::from_secs(10);
/// The longest it waits.
const LONGEST_BACK_OFF: Duration = Duration::from_mins(5);

impl Container {
    /// When its node will start it again, if it has ended, as far as restarts and the time of the end tell. Kubelet
    /// forgets its back-off after ten good minutes, so it may be sooner.
    #[must_use]
    pub fn next_start(&self) -> Option<Timestamp> {
        let ended = match &self.state {
            ContainerState::Terminated(ended) => ended,
            ContainerState::Waiting { reason, .. } if &**reason == "CrashLoopBackOff" => self.last.as_ref()?,
            ContainerState::Waiting { .. } | ContainerState::Running { .. } => return None,
        };
        let wait = match self.restarts.checked_sub(1) {
            None => Duration::ZERO,
            // five doublings are above the longest already
            Some(doublings) => (FIRST_BACK_OFF * 2_u32.pow(doublings.min(5))).min(LONGEST_BACK_OFF),
        };
        Some(after(ended.finished?, wait))
    }

    /// How it ended most recently: now, else the time before.
    #[must_use]
    pub fn ended(&self) -> Option<&Terminated> {
        match &self.state {
            ContainerState::Terminated(ended) => Some(ended),
            ContainerState::Waiting { .. } | ContainerState::Running { .. } => self.last.as_ref(),
        }
    }
}

impl Pod {
    /// The workloads this pod may have been made by, nearest first: its controller, and what made that, as far as the
    /// names tell (a Deployment's ReplicaSets and a CronJob's Jobs are named after it with one more part).
    pub fn workloads(&self) -> impl Iterator<Item = (&str, &str)> {
        let owner = self.owner.as_ref().map(|(kind, name)| (kind.as_str(), name.as_str()));
        let maker = owner.and_then(|(kind, name)| {
            let parent = match kind {
                "ReplicaSet" => &["Deployment", "Rollout"][..],
                "Job" => &["CronJob"][..],
                _ => return None,
            };
            Some((parent, name.rsplit_once('-')?.0))
        });
        let makers = maker.into_iter().flat_map(|(kinds, name)| kinds.iter().map(move |kind| (*kind, name)));
        owner.into_iter().chain(makers).chain(std::iter::once(("Pod", self.name.as_str())))
    }

    /// The container of a name.
    #[must_use]
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|c| &*c.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_for_the_next_start_doubles_up_to_five_minutes() {
        let ended = Terminated { finished: Some(Timestamp::UNIX_EPOCH), ..Terminated::default() };
        let waits = |restarts, state: ContainerState, last: Option<Terminated>| {
            let container = Container { restarts, state, last, ..Container::default() };
            container.next_start().map(Timestamp::as_second)
        };
        for (restarts, seconds) in [(0, 0), (1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 300), (4_000, 300)] {
            assert_eq!(waits(restarts, ContainerState::Terminated(ended.clone()), None), Some(seconds));
            let waiting = ContainerState::Waiting { reason: "CrashLoopBackOff".into(), message: None };
            assert_eq!(waits(restarts, waiting, Some(ended.clone())), Some(seconds));
        }
        assert_eq!(waits(3, ContainerState::Running { since: None }, Some(ended.clone())), None);
        let pulls = ContainerState::Waiting { reason: "ImagePullBackOff".into(), message: None };
        assert_eq!(waits(3, pulls, Some(ended)), None);
    }

    #[test]
    fn a_pod_knows_what_may_have_made_it() {
        let pod = |kind: &str, name: &str| Pod {
            name: "p".into(),
            owner: Some((kind.into(), name.into())),
            ..Pod::default()
        };
        let of = |pod: &Pod| pod.workloads().map(|(k, n)| format!("{k}/{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(
            of(&pod("ReplicaSet", "celery-beat-7cf7")),
            "ReplicaSet/celery-beat-7cf7 Deployment/celery-beat Rollout/celery-beat Pod/p"
        );
        assert_eq!(of(&pod("Job", "backup-29384")), "Job/backup-29384 CronJob/backup Pod/p");
        assert_eq!(of(&pod("StatefulSet", "postgres")), "StatefulSet/postgres Pod/p");
        assert_eq!(of(&Pod { name: "p".into(), ..Pod::default() }), "Pod/p");
    }
}
