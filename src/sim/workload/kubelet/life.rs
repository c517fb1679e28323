//! A container's life: created, started, ended, and maybe started again.

use super::run::{Ended, State};
use super::{change, image, of, probe, report, start, status};
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::text;
use crate::sim::process::Exited;
use crate::sim::workload::cluster::Work;
use crate::sim::workload::recorder::pod_in_words;
use jiff::Timestamp;
use std::time::Duration;

const CREATE: Duration = Duration::from_millis(10);
const START: Duration = Duration::from_millis(100);
const NOTICE: Duration = Duration::from_millis(10);
/// From the first end to the next start.
const AT_ONCE: Duration = Duration::from_millis(20);
/// A kubelet notices a moment late that a back-off is over.
const SLACK: Duration = Duration::from_millis(900);
/// Even what ends at once is seen running first: a kubelet looks for dead containers about once a second.
const LEAST: Duration = Duration::from_millis(1_100);
/// From the end of the last container to a sandbox that is down.
const TEARDOWN: Duration = Duration::from_millis(1_100);
/// What ran so long is forgiven its earlier crashes.
const FORGIVEN: Duration = Duration::from_mins(10);

/// The image is there: the container is created and started.
pub(super) fn create(work: &mut Work<'_, '_>, key: &str, uid: &str, index: usize, life: u64) {
    if !image::configured(work, key, uid, index, life) {
        return;
    }
    let (key, uid) = (key.to_owned(), uid.to_owned());
    work.later(CREATE, move |work| {
        if !say(work, &key, &uid, index, life, Said::normal("Created", "Container created")) {
            return;
        }
        work.later(START, move |work| {
            if say(work, &key, &uid, index, life, Said::normal("Started", "Container started")) {
                let since = work.at();
                work.later(NOTICE, move |work| running(work, &key, &uid, index, life, since));
            }
        });
    });
}

/// Says something about a container that is still in this life and not being stopped.
fn say(work: &mut Work<'_, '_>, key: &str, uid: &str, index: usize, life: u64, said: Said<'_>) -> bool {
    let Some(pod) = of(work, key, uid) else { return false };
    let name = change(work, key, uid, |run| {
        let stopping = run.stopping;
        run.containers.get(index).filter(|it| it.life == life && !stopping).map(|it| it.name.clone())
    });
    let Some(name) = name.flatten() else { return false };
    work.say_of(&pod, &name, said);
    true
}

fn running(work: &mut Work<'_, '_>, key: &str, uid: &str, index: usize, life: u64, since: Timestamp) {
    let Some(pod) = of(work, key, uid) else { return };
    let begun = change(work, key, uid, |run| {
        run.addressed = true;
        let (init, ephemeral) = (index < run.inits, index >= run.inits + run.mains);
        let (stopping, address) = (run.stopping, run.address.clone());
        let container = run.containers.get_mut(index).filter(|it| it.life == life && !stopping)?;
        if let State::Ended(ended) = &container.state {
            container.last = Some(ended.clone());
        }
        if container.last.is_some() {
            container.restarts += 1;
        }
        container.state = State::Running { since };
        let probes = probe::Probes::of(&pod, &address, &container.name);
        container.started = probes.startup.is_none();
        container.ready = container.started && probes.readiness.is_none() && (container.sidecar || !init) && !ephemeral;
        Some((container.name.clone(), container.behaviour.clone(), container.restarts, probes))
    });
    let Some((name, behaviour, restarts, probes)) = begun.flatten() else { return };
    report(work, key, uid);
    for line in &behaviour.lines {
        work.cluster.stage.store.logs().write(key, &name, line, work.play.at);
    }
    probe::begin(work, key, uid, index, life, &probes);
    if let Some(exit) = behaviour.exit.filter(|exit| exit.times.is_none_or(|times| restarts < times)) {
        let (key, uid) = (key.to_owned(), uid.to_owned());
        let reason = match (exit.oom, exit.code) {
            (true, _) => "OOMKilled",
            (false, 0) => "Completed",
            (false, _) => "Error",
        };
        work.later(exit.after.max(LEAST), move |work| end(work, &key, &uid, index, life, exit.code, reason));
    } else {
        start::next(work, key, uid);
    }
}

/// A process has ended by itself while somebody was attached to it.
pub(in crate::sim::workload) fn exited(work: &mut Work<'_, '_>, exited: &Exited) {
    let run = work.cluster.kubelet.runs.get(&exited.pod).filter(|run| run.uid == exited.uid);
    let mut containers = run.into_iter().flat_map(|run| run.containers.iter().enumerate());
    let found = containers.find(|(_, it)| it.name == exited.container).map(|(index, it)| (index, it.life));
    let Some((index, life)) = found else { return };
    let reason = if exited.code == 0 { "Completed" } else { "Error" };
    end(work, &exited.pod, &exited.uid, index, life, exited.code, reason);
}

/// A container's process has ended.
pub(super) fn end(work: &mut Work<'_, '_>, key: &str, uid: &str, index: usize, life: u64, code: i64, reason: &str) {
    let Some(pod) = of(work, key, uid) else { return };
    let now = work.at();
    let policy = text(&pod, "/spec/restartPolicy").to_owned();
    let outcome = change(work, key, uid, |run| {
        let name = run.containers.get(index)?;
        let id = status::id(run, name);
        let (init, ephemeral, stopping) = (index < run.inits, index >= run.inits + run.mains, run.stopping);
        let container = run.containers.get_mut(index).filter(|it| it.life == life)?;
        let State::Running { since } = container.state else { return None };
        let times = Some((since, now));
        let message = None;
        container.state = State::Ended(Ended { code, reason: reason.to_owned(), message, times, id: Some(id) });
        container.ready = init && code == 0 && !container.sidecar;
        container.started = false;
        let lived = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        container.crashes = if lived >= FORGIVEN { 1 } else { container.crashes + 1 };
        let restarts = match policy.as_str() {
            _ if ephemeral => false,
            "Never" => container.sidecar,
            "OnFailure" => container.sidecar || code != 0,
            _ => !init || container.sidecar || code != 0,
        };
        Some((container.name.clone(), restarts && !stopping, container.back_off(), init, stopping))
    });
    let Some((name, restarts, wait, init, stopping)) = outcome.flatten() else { return };
    report(work, key, uid);
    if stopping {
        return;
    }
    if restarts {
        return again(work, key, uid, index, life, &name, wait);
    }
    if init && code == 0 {
        return start::next(work, key, uid);
    }
    let over = change(work, key, uid, |run| {
        let failed_init = run
            .containers
            .iter()
            .take(run.inits)
            .any(|init| matches!(&init.state, State::Ended(ended) if ended.code != 0));
        failed_init || run.main().all(|container| matches!(container.state, State::Ended(_)))
    });
    if over == Some(true) {
        let (key, uid) = (key.to_owned(), uid.to_owned());
        work.later(TEARDOWN, move |work| {
            change(work, &key, &uid, |run| {
                run.over = true;
                run.sandbox = false;
            });
            report(work, &key, &uid);
        });
    }
}

/// Starts a container again: at once the first time, else after its back-off, in which it stays as it ended until just
/// before the next try.
fn again(work: &mut Work<'_, '_>, key: &str, uid: &str, index: usize, life: u64, name: &str, wait: Option<Duration>) {
    let (key, uid) = (key.to_owned(), uid.to_owned());
    let Some(wait) = wait else {
        return work.later(AT_ONCE, move |work| {
            if alive(work, &key, &uid, index, life) {
                image::ensure(work, &key, &uid, index);
            }
        });
    };
    let Some(pod) = of(work, &key, &uid) else { return };
    let who = pod_in_words(&pod);
    let words = format!("Back-off restarting failed container {name} in pod {who}");
    work.say_of(&pod, name, Said::warning("BackOff", &words));
    let message = format!("back-off {} restarting failed container={name} pod={who}", in_words(wait));
    work.later(wait + SLACK, move |work| {
        if !alive(work, &key, &uid, index, life) {
            return;
        }
        change(work, &key, &uid, |run| {
            let Some(container) = run.containers.get_mut(index) else { return };
            if let State::Ended(ended) = &container.state {
                container.last = Some(ended.clone());
            }
            let reason = "CrashLoopBackOff".to_owned();
            container.state = State::Waiting { reason, message: Some(message) };
        });
        report(work, &key, &uid);
        image::ensure(work, &key, &uid, index);
    });
}

/// As Go writes whole seconds.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) }
}

fn alive(work: &Work<'_, '_>, key: &str, uid: &str, index: usize, life: u64) -> bool {
    let run = work.cluster.kubelet.runs.get(key).filter(|run| run.uid == uid && !run.stopping);
    run.and_then(|run| run.containers.get(index)).is_some_and(|container| container.life == life)
}

/// How long a new pod takes until a container, whose image is there and which always lives so long, is about to be
/// started for the `tries`-th time again.
#[must_use]
pub fn restarting(tries: u32, life: Duration) -> Duration {
    let up = CREATE + START + NOTICE;
    let life = life.max(LEAST);
    let first = Duration::from_millis(450) + up + life;
    (1..tries).fold(first + AT_ONCE, |sum, done| sum + up + life + super::run::back_off(done - 1) + SLACK)
}
