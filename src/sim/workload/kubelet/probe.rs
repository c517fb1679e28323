//! Probes: started, alive, ready.

use super::run::State;
use super::{change, life, of, report, start};
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::number;
use crate::sim::workload::behaviour::{Behaviour, Stop};
use crate::sim::workload::cluster::Work;
use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// The probes of a container.
#[derive(Debug, Clone, Default)]
pub(super) struct Probes {
    pub startup: Option<Probe>,
    pub readiness: Option<Probe>,
    pub liveness: Option<Probe>,
}

/// One probe, with its defaults.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    what: What,
    delay: Duration,
    period: Duration,
    failures: u32,
    successes: u32,
    /// What a failure reads like, after `… probe failed: `.
    words: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Startup,
    Readiness,
    Liveness,
}

/// Which life of which container of which pod is probed.
#[derive(Debug, Clone)]
struct Whom {
    key: String,
    uid: String,
    index: usize,
    life: u64,
}

impl Probes {
    /// The probes a pod's spec has for a container; `address` is the pod's, which its status may not tell yet.
    pub fn of(pod: &Value, address: &str, container: &str) -> Self {
        let lists = ["initContainers", "containers"];
        let specs = lists.iter().filter_map(|list| pod["spec"][*list].as_array()).flatten();
        let Some(spec) = specs.into_iter().find(|spec| spec["name"] == container) else { return Self::default() };
        let one = |field: &str, what| {
            spec[field].is_object().then(|| Probe::of(&spec[field], what, (address, &spec["ports"])))
        };
        Self {
            startup: one("startupProbe", What::Startup),
            readiness: one("readinessProbe", What::Readiness),
            liveness: one("livenessProbe", What::Liveness),
        }
    }
}

impl Probe {
    fn of(spec: &Value, what: What, (address, ports): (&str, &Value)) -> Self {
        let seconds = |pointer: &str, absent: u64| {
            spec.pointer(pointer).and_then(Value::as_u64).map_or(Duration::from_secs(absent), Duration::from_secs)
        };
        let times = |pointer: &str, absent: u32| {
            u32::try_from(number(spec, pointer)).ok().filter(|times| *times > 0).unwrap_or(absent)
        };
        let asked = &spec["tcpSocket"]["port"];
        let mut named = ports.as_array().into_iter().flatten();
        let port = named.find(|port| port["name"] == *asked).map_or(asked, |port| &port["containerPort"]);
        let words = if spec["httpGet"].is_object() {
            "HTTP probe failed with statuscode: 503".to_owned()
        } else if spec["tcpSocket"].is_object() {
            format!("dial tcp {address}:{port}: connect: connection refused")
        } else if spec["grpc"].is_object() {
            "service unhealthy (responded with \"NOT_SERVING\")".to_owned()
        } else {
            "command exited with code 1".to_owned()
        };
        Self {
            what,
            delay: seconds("/initialDelaySeconds", 0),
            period: seconds("/periodSeconds", 10).max(Duration::from_secs(1)),
            failures: times("/failureThreshold", 3),
            successes: times("/successThreshold", 1),
            words,
        }
    }
}

/// Probes a container that has just started.
pub(super) fn begin(work: &mut Work<'_, '_>, key: &str, uid: &str, index: usize, life: u64, probes: &Probes) {
    let whom = Whom { key: key.to_owned(), uid: uid.to_owned(), index, life };
    match &probes.startup {
        Some(startup) => {
            let rest = Probes { startup: None, ..probes.clone() };
            schedule(work, whom, startup.clone(), startup.delay, (0, 0), rest);
        }
        None => begin_rest(work, &whom, probes),
    }
}

/// Readiness and liveness, once the container has started.
fn begin_rest(work: &mut Work<'_, '_>, whom: &Whom, probes: &Probes) {
    let behaviour = behaviour(work, whom);
    if let Some(readiness) = &probes.readiness {
        schedule(work, whom.clone(), readiness.clone(), readiness.delay, (0, 0), Probes::default());
    }
    // a liveness probe that passes leaves no trace: the first look that matters is the one that fails
    if let (Some(liveness), Some((Some(hang), since))) =
        (&probes.liveness, behaviour.map(|(behaviour, since)| (behaviour.hang, since)))
    {
        let lived = Duration::try_from(work.at().duration_since(since)).unwrap_or_default();
        let mut first = liveness.delay;
        while lived + first < hang {
            first += liveness.period;
        }
        schedule(work, whom.clone(), liveness.clone(), first, (0, 0), Probes::default());
    }
}

fn schedule(
    work: &mut Work<'_, '_>,
    whom: Whom,
    probe: Probe,
    wait: Duration,
    (passed, failed): (u32, u32),
    rest: Probes,
) {
    // the very first look comes a moment after the start
    let wait = wait.max(Duration::from_millis(300));
    work.later(wait, move |work| look(work, whom, probe, (passed, failed), rest));
}

/// What the probed life does, and since when it runs; none when it is over.
fn behaviour(work: &Work<'_, '_>, whom: &Whom) -> Option<(Behaviour, Timestamp)> {
    let run = work.cluster.kubelet.runs.get(&whom.key).filter(|run| run.uid == whom.uid && !run.stopping)?;
    let container = run.containers.get(whom.index).filter(|container| container.life == whom.life)?;
    let State::Running { since } = container.state else { return None };
    Some((container.behaviour.clone(), since))
}

fn look(work: &mut Work<'_, '_>, whom: Whom, probe: Probe, (passed, failed): (u32, u32), rest: Probes) {
    let Some((behaviour, since)) = behaviour(work, &whom) else { return };
    let lived = Duration::try_from(work.at().duration_since(since)).unwrap_or_default();
    let answers = match probe.what {
        What::Startup | What::Readiness => {
            behaviour.ready.is_some_and(|ready| lived >= ready) && behaviour.hang.is_none_or(|hang| lived < hang)
        }
        What::Liveness => behaviour.hang.is_none_or(|hang| lived < hang),
    };
    let period = probe.period;
    if answers {
        let passed = passed + 1;
        if passed < probe.successes {
            return schedule(work, whom, probe, period, (passed, 0), rest);
        }
        pass(work, &whom, probe.what);
        if probe.what == What::Startup {
            return begin_rest(work, &whom, &rest);
        }
        // a container that hangs one day will fail again; until then nothing changes
        if let Some(hang) = behaviour.hang {
            let mut wait = period;
            while lived + wait < hang {
                wait += period;
            }
            schedule(work, whom, probe, wait, (0, 0), rest);
        }
        return;
    }
    let failed = failed + 1;
    unhealthy(work, &whom, &probe);
    if failed < probe.failures {
        return schedule(work, whom, probe, period, (0, failed), rest);
    }
    if probe.what == What::Readiness {
        if failed == probe.failures {
            change(work, &whom.key, &whom.uid, |run| {
                if let Some(container) = run.containers.get_mut(whom.index) {
                    container.ready = false;
                }
            });
            report(work, &whom.key, &whom.uid);
        }
        return schedule(work, whom, probe, period, (0, failed), rest);
    }
    kill(work, &whom, probe.what);
}

fn pass(work: &mut Work<'_, '_>, whom: &Whom, what: What) {
    let readiness = what == What::Startup
        && of(work, &whom.key, &whom.uid).is_some_and(|pod| {
            let names = work.cluster.kubelet.runs.get(&whom.key).and_then(|run| run.containers.get(whom.index));
            names.is_some_and(|container| Probes::of(&pod, "", &container.name).readiness.is_some())
        });
    change(work, &whom.key, &whom.uid, |run| {
        if let Some(container) = run.containers.get_mut(whom.index) {
            container.started = true;
            container.ready = what == What::Readiness || !readiness;
        }
    });
    report(work, &whom.key, &whom.uid);
    start::next(work, &whom.key, &whom.uid);
}

fn unhealthy(work: &mut Work<'_, '_>, whom: &Whom, probe: &Probe) {
    let Some(pod) = of(work, &whom.key, &whom.uid) else { return };
    let Some(name) = name(work, whom) else { return };
    let kind = match probe.what {
        What::Startup => "Startup",
        What::Readiness => "Readiness",
        What::Liveness => "Liveness",
    };
    let words = format!("{kind} probe failed: {}", probe.words);
    work.say_of(&pod, &name, Said::warning("Unhealthy", &words));
}

fn name(work: &Work<'_, '_>, whom: &Whom) -> Option<String> {
    Some(work.cluster.kubelet.runs.get(&whom.key)?.containers.get(whom.index)?.name.clone())
}

/// A container that failed too often is stopped, and started again as its pod says.
fn kill(work: &mut Work<'_, '_>, whom: &Whom, what: What) {
    let Some(pod) = of(work, &whom.key, &whom.uid) else { return };
    let (Some(name), Some((behaviour, _))) = (name(work, whom), behaviour(work, whom)) else { return };
    let kind = if what == What::Startup { "startup" } else { "liveness" };
    let words = format!("Container {name} failed {kind} probe, will be restarted");
    work.say_of(&pod, &name, Said::normal("Killing", &words));
    let grace = pod["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
    // what hangs does not hear SIGTERM either
    let (wait, code) = match behaviour.stop {
        Stop::Ends(time, code) if what == What::Startup && time.as_secs() < grace => (time, code),
        _ => (Duration::from_secs(grace), 137),
    };
    let whom = whom.clone();
    let reason = if code == 0 { "Completed" } else { "Error" };
    work.later(wait, move |work| life::end(work, &whom.key, &whom.uid, whom.index, whom.life, code, reason));
}
