//! A container that exits a second after every start, and the back-off between its starts.
//!
//! Argo CD never calls this Degraded: without a readiness probe every start makes the Deployment available for a
//! moment, so the app flips between Healthy and Progressing.

use super::controller::Controller;
use super::pods;
use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::app::{App, ResourceRef};
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{number, text};
use crate::sim::manifest::pod::{self, Container};
use crate::sim::populate::{Stage, say};
use crate::sim::time::{minus, plus};
use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// How long a container lives.
const LIFE: Duration = Duration::from_secs(1);

/// The kubelet's wait after so many restarts: 10 s, doubled each time, at most five minutes.
#[must_use]
pub fn back_off(restarts: u32) -> Duration {
    Duration::from_secs((10u64 << restarts.saturating_sub(1).min(5)).min(300))
}

/// Begins the loop so that at `now` there were `restarts`, and the next try comes `next` later.
pub fn begin(agenda: &mut Agenda, stage: &Stage, app: &App, restarts: u32, next: Duration, now: Timestamp) {
    // the first restart comes at once
    let waited: Duration = (1..=restarts).map(|done| back_off(done) + LIFE).sum();
    let first = minus(plus(now, next), waited + LIFE);
    let crash = Crash { controller: Controller::new(stage, &app.name), app: app.clone() };
    agenda.at(first, move |play| crash.exit(play));
}

#[derive(Clone)]
struct Crash {
    controller: Controller,
    app: App,
}

impl Crash {
    fn cause(&self) -> Option<String> {
        let workload = self.app.resources().into_iter().find(ResourceRef::is_workload)?;
        Some(workload.cause(&self.app.namespace))
    }

    fn recount(&self, play: &Play<'_>) {
        if let Some(work) = self.app.workloads.first() {
            pods::recount(&self.controller.stage, &self.app.namespace, work.kind.word(), &work.name, play);
        }
    }

    /// The pod that crashes; none while its controller makes a new one.
    fn pod(&self) -> Option<Value> {
        let stage = &self.controller.stage;
        let work = self.app.workloads.first()?;
        let workload = stage.store.get(work.kind.word(), &self.app.namespace, &work.name)?;
        pods::owned(stage, &pods::owner_of(stage, &workload)?).into_iter().next()
    }

    /// The container ends with exit code 1.
    fn exit(self, play: &mut Play<'_>) {
        let Some(pod) = self.pod() else { return self.retry(Duration::from_secs(5), play) };
        let stage = &self.controller.stage;
        let restarts = number(&pod, "/status/containerStatuses/0/restartCount");
        let (namespace, name) = (text(&pod, "/metadata/namespace"), text(&pod, "/metadata/name"));
        let ended = Container::Ended { code: 1, started: minus(play.at, LIFE), finished: play.at };
        stage.store.update("Pod", namespace, name, |pod| pod::contain(pod, &ended, restarts, play.at));
        // the first time the kubelet starts it again at once and says nothing
        if restarts > 0 {
            let container = text(&pod, "/spec/containers/0/name");
            let words = format!(
                "Back-off restarting failed container {container} in pod {name}_{namespace}({})",
                text(&pod, "/metadata/uid")
            );
            say(stage, &pod, Said::warning("BackOff", &words), "kubelet", play.at);
        }
        self.recount(play);
        let wait = if restarts == 0 { Duration::ZERO } else { back_off(u32::try_from(restarts).unwrap_or(u32::MAX)) };
        let blamed = self.clone();
        play.later(70, move |play| {
            blamed.controller.set_health("Progressing", blamed.cause().as_deref(), play.at);
        });
        let uid = text(&pod, "/metadata/uid").to_owned();
        let due = plus(play.at, wait.max(Duration::from_millis(100)));
        self.wait(uid, due, play);
    }

    /// Waits out the back-off of a pod; one that took its place meanwhile has a life of its own, and a short one.
    fn wait(self, uid: String, due: Timestamp, play: &mut Play<'_>) {
        const LOOK: Duration = Duration::from_secs(5);
        let next = due.min(plus(play.at, LOOK));
        play.agenda.at(next, move |play| match self.pod() {
            Some(other) if text(&other, "/metadata/uid") != uid => {
                if other["status"]["containerStatuses"][0]["ready"] == true {
                    self.exit(play);
                } else {
                    self.wait(uid, plus(play.at, LIFE), play);
                }
            }
            _ if play.at < due => self.wait(uid, due, play),
            _ => self.start(play),
        });
    }

    fn retry(self, wait: Duration, play: &mut Play<'_>) {
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        play.later(wait, move |play| self.start(play));
    }

    /// The back-off is over: a moment of `CrashLoopBackOff`, then the container runs again.
    fn start(self, play: &mut Play<'_>) {
        let Some(pod) = self.pod() else { return self.retry(Duration::from_secs(5), play) };
        let stage = self.controller.stage.clone();
        let restarts = number(&pod, "/status/containerStatuses/0/restartCount");
        let namespace = text(&pod, "/metadata/namespace").to_owned();
        let name = text(&pod, "/metadata/name").to_owned();
        if restarts > 0 {
            let message = format!(
                "back-off {}s restarting failed container={} pod={name}_{namespace}({})",
                back_off(u32::try_from(restarts).unwrap_or(u32::MAX)).as_secs(),
                text(&pod, "/spec/containers/0/name"),
                text(&pod, "/metadata/uid")
            );
            let waiting = Container::BackingOff { message };
            stage.store.update("Pod", &namespace, &name, |pod| pod::contain(pod, &waiting, restarts, play.at));
        }
        pods::start(&stage, &namespace, &name, restarts + 1, play);
        let seen = self.clone();
        play.later(130, move |play| {
            seen.recount(play);
            play.later(120, move |play| seen.controller.set_health("Healthy", None, play.at));
        });
        play.later(1_000, move |play| self.exit(play));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_five_minutes() {
        let waits: Vec<u64> = (1..=8).map(|restarts| back_off(restarts).as_secs()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300, 300]);
    }
}
