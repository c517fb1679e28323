//! A commit, and everything until the app has followed it: the order of writes of a real Argo CD.
//!
//! What surprises in that order is real: `operation` comes before the status that says `OutOfSync`, a wave's objects
//! exist two seconds before the operation names them, the history row comes before Succeeded, and Synced and Healthy
//! come before the hook after the sync has even begun.

use super::controller::Controller;
use super::health;
use super::heartbeat::branch;
use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::app::{App, Release, ResourceRef};
use crate::sim::manifest::application::{self, Step};
use crate::sim::manifest::hook::{self, Phase};
use crate::sim::manifest::meta::{commit, text};
use crate::sim::populate::{Stage, apply};
use crate::sim::time::{minus, plus};
use crate::sim::workload::{Rule, Workloads};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// The engine sleeps so long after applying a wave, before it writes what it did.
const WAVE_DELAY: u64 = 2_000;
/// What Argo CD needs to notice that a hook's Job is complete.
const NOTICE: u64 = 5_000;

/// How a deployment goes.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What it goes to; the last number of the running version plus one when none.
    pub version: Option<String>,
    /// From the creation of new pods until they are ready.
    pub ready: Duration,
    /// From one deployment to the next; never again when none.
    pub every: Option<Duration>,
}

/// Has a commit arrive at a moment, and the app follow it.
pub fn begin(agenda: &mut Agenda, stage: &Stage, workloads: &Workloads, app: &App, plan: Plan, at: Timestamp) {
    let (stage, workloads, app) = (stage.clone(), workloads.clone(), app.clone());
    agenda.at(at, move |play| push(stage, workloads, app, plan, play));
}

/// A deployment that is under way at `now`: its first waves are done, a workload is ready `left` later.
pub fn begin_under_way(
    agenda: &mut Agenda,
    stage: &Stage,
    workloads: &Workloads,
    app: &App,
    version: &str,
    left: Duration,
    now: Timestamp,
) {
    // long enough ago for the hook and the waves before the slow one
    const AGO: Duration = Duration::from_secs(36);
    let before: u64 = application::steps_of(app)
        .iter()
        .take_while(|step| !matches!(step, Step::Wave(resources) if resources.iter().any(ResourceRef::is_workload)))
        .map(|step| match step {
            Step::Hook(..) => 350 + WAVE_DELAY + 430 + 4_000 + NOTICE,
            Step::Wave(_) => WAVE_DELAY + 140,
        })
        .sum();
    let ready = left + AGO.saturating_sub(Duration::from_millis(before));
    let plan = Plan { version: Some(version.to_owned()), ready, every: None };
    begin(agenda, stage, workloads, app, plan, minus(now, AGO));
}

/// The next patch version: the last number plus one.
#[must_use]
pub fn next_version(version: &str) -> String {
    let digits = version.len() - version.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    let (head, tail) = version.split_at(version.len() - digits);
    tail.parse::<u64>().map_or_else(|_| format!("{version}.1"), |number| format!("{head}{}", number + 1))
}

#[derive(Clone)]
struct Deploy {
    controller: Controller,
    workloads: Workloads,
    app: App,
    image: String,
    revision: String,
    ready: Duration,
    steps: Vec<Step>,
}

fn push(stage: Stage, workloads: Workloads, mut app: App, plan: Plan, play: &mut Play<'_>) {
    let controller = Controller::new(&stage, &app.name);
    if controller.busy() {
        return play.later(30_000, move |play| push(stage, workloads, app, plan, play));
    }
    let version = plan.version.unwrap_or_else(|| next_version(&app.release().version));
    let message = format!("{} {version}", app.service);
    let revision = commit(&app.target_revision, &message);
    play.agenda.heads.insert(branch(&stage, &app), revision.clone());
    app.releases.push(Release { version, message, at: play.at, by: None });
    let deploy = Deploy {
        controller,
        image: app.running_image(),
        revision,
        ready: plan.ready,
        steps: application::steps_of(&app),
        app: app.clone(),
        workloads: workloads.clone(),
    };
    deploy.notice(play);
    if let Some(every) = plan.every {
        let at = plus(play.at, every.max(Duration::from_mins(1)));
        begin(play.agenda, &stage, &workloads, &app, Plan { version: None, ..plan }, at);
    }
}

impl Deploy {
    /// Refresh, operation, comparison: all within a third of a second.
    fn notice(self, play: &mut Play<'_>) {
        let refresh = "argocd.argoproj.io/refresh";
        self.controller.write(|object| object["metadata"]["annotations"][refresh] = json!("normal"));
        let this = self.clone();
        play.later(280, move |_| {
            let operation = application::operation(&this.app, &this.revision, None);
            this.controller.write(|object| application::ask(object, &operation));
        });
        let this = self.clone();
        play.later(290, move |play| {
            let words = format!("Initiated automated sync to '{}'", this.revision);
            this.controller.say("OperationStarted", &words, play.at);
            this.controller.announce(Some("OutOfSync"), None, play.at);
        });
        let this = self.clone();
        play.later(300, move |play| this.controller.write(|object| application::begin(object, play.at)));
        let this = self.clone();
        play.later(310, move |play| {
            let differing = this.differing_after(None);
            this.controller.write(|object| application::compare(object, &this.revision, &differing, true, play.at));
        });
        let this = self.clone();
        play.later(330, move |_| {
            this.controller.write(|object| {
                if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
                    annotations.remove(refresh);
                }
            });
        });
        play.later(350, move |play| self.step(0, play));
    }

    /// Workloads that still differ from Git once `wave` and everything before it was applied.
    fn differing_after(&self, wave: Option<i64>) -> Vec<ResourceRef> {
        let mut all = self.app.resources();
        all.retain(|resource| resource.is_workload() && wave.is_none_or(|applied| resource.wave > applied));
        all
    }

    fn step(self, index: usize, play: &mut Play<'_>) {
        match self.steps.get(index).cloned() {
            None => self.finish(play),
            Some(Step::Hook(phase, name)) => self.hook(index, phase, name, play),
            Some(Step::Wave(resources)) => self.wave(index, &resources, play),
        }
    }

    /// What the operation has to say while it waits for a step.
    fn report(&self, index: usize, play: &Play<'_>) {
        let Some(step) = self.steps.get(index) else { return };
        let results = application::results(&self.app, &self.image, index + 1, false);
        let message = application::waiting_for(step);
        self.controller.write(|object| application::progress(object, &message, &results, play.at));
    }

    fn wave(self, index: usize, resources: &[ResourceRef], play: &mut Play<'_>) {
        let workloads: Vec<ResourceRef> = resources.iter().filter(|resource| resource.is_workload()).cloned().collect();
        for work in &self.app.workloads {
            if workloads.iter().any(|resource| resource.name == work.name) {
                // how long the new image is pulled decides when its pods are ready
                let pull = self.ready.saturating_sub(Duration::from_millis(600));
                self.workloads.teach(Rule {
                    pods: format!("{}/{}-*", self.app.namespace, work.name),
                    image: self.image.clone(),
                    words: format!("pull={}ms", pull.as_millis()),
                    lines: Vec::new(),
                });
                apply(&self.controller.stage, &self.app, work, &self.image, play.at);
            }
        }
        if let Some(first) = workloads.first() {
            let (this, first) = (self.clone(), first.clone());
            play.later(60, move |play| this.apply_seen(&first, play));
        }
        if index + 1 == self.steps.len() {
            // nothing comes after the last wave, so nobody waits for its health
            return play.later(40, move |play| self.finish(play));
        }
        let this = self.clone();
        play.later(WAVE_DELAY, move |play| this.report(index, play));
        play.later(WAVE_DELAY + 140, move |play| self.wait(index, workloads, play));
    }

    /// Goes on once every workload of a wave is healthy.
    fn wait(self, index: usize, workloads: Vec<ResourceRef>, play: &mut Play<'_>) {
        const LOOK: u64 = 500;
        let store = &self.controller.stage.store;
        let healthy = workloads.iter().all(|resource| {
            store.get(resource.kind, &self.app.namespace, &resource.name).is_some_and(|it| health::of(&it) == "Healthy")
        });
        match (healthy, workloads.is_empty()) {
            (false, _) => play.later(LOOK, move |play| self.wait(index, workloads, play)),
            (true, true) => self.step(index + 1, play),
            // the app's health is written first
            (true, false) => play.later(LOOK, move |play| self.step(index + 1, play)),
        }
    }

    /// The comparison that follows an applied workload, and the health that follows its pods.
    fn apply_seen(&self, resource: &ResourceRef, play: &mut Play<'_>) {
        let differing = self.differing_after(Some(resource.wave));
        let cause = resource.cause(&self.app.namespace);
        let sync = if differing.is_empty() { "Synced" } else { "OutOfSync" };
        self.controller.announce(Some(sync), Some(("Progressing", Some(&cause))), play.at);
        let old = self.app.releases.iter().rev().nth(1).map(|release| self.app.image_of(release));
        let images: Vec<String> = old.into_iter().chain([self.image.clone()]).collect();
        self.controller.write(|object| {
            application::compare(object, &self.revision, &differing, false, play.at);
            application::set_health(object, "Progressing", Some(&cause), play.at);
            application::set_images(object, &images);
        });
        if differing.is_empty() {
            let this = self.clone();
            play.later(9_000, move |_| {
                this.controller.write(|object| application::set_images(object, std::slice::from_ref(&this.image)));
            });
        }
    }

    /// A hook: the Job left from last time goes first, which costs a wait of its own.
    fn hook(self, index: usize, phase: Phase, name: String, play: &mut Play<'_>) {
        let stage = self.controller.stage.clone();
        let namespace = self.app.namespace.clone();
        let Some(old) = stage.store.get("Job", &namespace, &name) else {
            return self.create_hook(index, phase, &name, if phase == Phase::Before { WAVE_DELAY } else { 30 }, play);
        };
        remove_job(&stage, &old);
        let (this, gone) = (self.clone(), name.clone());
        play.later(100, move |play| {
            this.controller.write(|object| application::show_hook(object, &this.app, &gone, false, play.at));
        });
        let (this, gone) = (self.clone(), name.clone());
        play.later(WAVE_DELAY, move |play| {
            let message = format!("waiting for deletion of hook batch/Job/{gone}");
            this.controller.write(|object| application::progress(object, &message, &[], play.at));
        });
        play.later(WAVE_DELAY + 430, move |play| self.create_hook(index, phase, &name, WAVE_DELAY, play));
    }

    fn create_hook(self, index: usize, phase: Phase, name: &str, told: u64, play: &mut Play<'_>) {
        let stage = self.controller.stage.clone();
        let job = hook::job(&self.app, name, phase, &self.image, play.at);
        stage.store.put(job);
        let this = self.clone();
        play.later(told, move |play| this.report(index, play));
        // the row of the Job itself comes with the next comparison: before the message, or just after a short one
        let (this, row) = (self.clone(), name.to_owned());
        play.later(if told > 80 { 80 } else { told + 20 }, move |play| {
            this.controller.write(|object| application::show_hook(object, &this.app, &row, true, play.at));
        });
        let name = name.to_owned();
        play.later(4_000, move |play| self.wait_hook(index, name, play));
    }

    /// Goes on once a hook's Job is complete, and Argo CD has noticed.
    fn wait_hook(self, index: usize, name: String, play: &mut Play<'_>) {
        let job = self.controller.stage.store.get("Job", &self.app.namespace, &name);
        let complete = |job: &Value| job["status"]["completionTime"].is_string();
        if job.as_ref().is_none_or(complete) {
            play.later(NOTICE, move |play| self.step(index + 1, play));
        } else {
            play.later(500, move |play| self.wait_hook(index, name, play));
        }
    }

    /// The history row, then everything else at once; hooks that succeeded go, a last comparison follows.
    fn finish(self, play: &mut Play<'_>) {
        let this = self.clone();
        self.controller.write(|object| application::remember(object, play.at));
        play.later(15, move |play| {
            let results = application::results(&this.app, &this.image, usize::MAX, true);
            this.controller.write(|object| application::end(object, application::ending(&this.app), &results, play.at));
            let words = format!("Sync operation to {} succeeded", this.revision);
            this.controller.say("OperationCompleted", &words, play.at);
            let stage = &this.controller.stage;
            if let Some(job) =
                this.app.post_sync.as_ref().and_then(|name| stage.store.get("Job", &this.app.namespace, name))
            {
                remove_job(stage, &job);
            }
            let after = this.clone();
            play.later(30, move |play| {
                after.controller.write(|object| application::reconcile(object, &after.revision, play.at));
            });
            play.later(50, move |play| {
                if let Some(name) = &this.app.post_sync {
                    this.controller.write(|object| application::show_hook(object, &this.app, name, false, play.at));
                }
            });
        });
    }
}

/// A Job and its pods go at once.
fn remove_job(stage: &Stage, job: &Value) {
    let namespace = text(job, "/metadata/namespace");
    for pod in stage.store.list("Pod", Some(namespace)) {
        if pod["metadata"]["ownerReferences"][0]["uid"] == job["metadata"]["uid"] {
            stage.store.delete("Pod", namespace, text(&pod, "/metadata/name"));
        }
    }
    stage.store.delete("Job", namespace, text(job, "/metadata/name"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_version_counts_the_last_number() {
        for (from, to) in [("2.3.1", "2.3.2"), ("1.9", "1.10"), ("1.5.0-rc2", "1.5.0-rc3"), ("latest", "latest.1")] {
            assert_eq!(next_version(from), to);
        }
    }
}
