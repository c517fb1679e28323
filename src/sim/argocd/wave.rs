//! One step of a sync: what runs is looked at, then the next wave is begun.

use super::annotation::{self, DeletePolicy, Phase, delete_policies};
use super::apply;
use super::controller::{Controller, POLL};
use super::health::{self, Health};
use super::operation::{Outcome, Running};
use super::task::{self, Prune, Stand, Task};
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use crate::sim::write::Propagation;
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;

/// Slept after each wave but the last, before it is reported.
const WAVE_DELAY: Duration = Duration::from_secs(2);

/// From letting go of an old hook to the new one.
const RELEASED: Duration = Duration::from_millis(60);

const FAILED: &str = "one or more synchronization tasks completed unsuccessfully";

impl Running {
    /// The live object of a task.
    fn live(store: &Store, task: &Task) -> Option<Value> {
        store.get(&task.key.kind, &task.key.namespace, &task.key.name)
    }

    /// Looks at what was applied and not yet done; an object that vanished is an error.
    fn update(&mut self) -> Result<(), Outcome> {
        for task in self.tasks.iter_mut().filter(|task| task.stand == Stand::Running) {
            let Some(live) = Self::live(&self.store, task) else {
                let words = format!("Resource {} is missing, it might have been deleted", task.key);
                return Err(Outcome::new("Error", words));
            };
            let judged = health::of(&live);
            task.stand = match judged.as_ref().map(|judged| judged.health) {
                None | Some(Health::Healthy) => Stand::Succeeded,
                Some(Health::Degraded) => Stand::Failed,
                Some(Health::Unknown) if task.is_hook => Stand::Failed,
                Some(_) => Stand::Running,
            };
            if task.is_hook && task.stand != Stand::Running {
                apply::release(&self.store, task);
            }
            let said = judged.map(|judged| judged.message).unwrap_or_default();
            if task.stand != Stand::Running && !said.is_empty() {
                task.message = said;
            }
        }
        Ok(())
    }

    fn with(&self, stand: Stand) -> Vec<&Task> {
        self.tasks.iter().filter(|task| task.stand == stand).collect()
    }

    /// The tasks still to begin; those for a failure count once there is one.
    fn pending(&self) -> Vec<usize> {
        let counts = |task: &Task| task.stand == Stand::Pending && (task.phase == Phase::SyncFail) == self.has_failed;
        (0..self.tasks.len()).filter(|index| counts(&self.tasks[*index])).collect()
    }

    /// Deletes the hooks whose policy says so.
    fn clean(&self, policy: DeletePolicy) {
        for task in self.tasks.iter().filter(|task| task.is_hook && !task.status.is_empty()) {
            if task.target.as_ref().is_some_and(|hook| delete_policies(hook).contains(&policy)) {
                apply::delete(&self.store, &task.key, Propagation::Foreground);
            }
        }
    }

    /// The words of a failure: what the API server refused is the reason.
    fn failure(&self) -> String {
        let reasons: Vec<&str> =
            self.tasks.iter().filter(|task| task.status == "SyncFailed").map(|task| &*task.message).collect();
        if reasons.is_empty() { FAILED.to_owned() } else { format!("{FAILED}, reason: {}", reasons.join(",")) }
    }
}

/// Whether a sync deletes and makes again what it cannot change.
fn is_forced(sync: &Value) -> bool {
    ["apply", "hook"].into_iter().any(|strategy| sync["syncStrategy"][strategy]["force"] == true)
}

impl Controller {
    /// One step of a running sync.
    pub(super) fn pass(&mut self, name: &str) {
        let Some(app) = self.app(name) else { return };
        let state = &app["status"]["operationState"];
        if state["phase"] != "Running" || state["finishedAt"].is_string() {
            return self.operate(name);
        }
        let dry_run = app["operation"]["sync"]["dryRun"] == true;
        let Some(running) = self.state(name).running.as_mut() else { return };
        if let Err(outcome) = running.update() {
            return self.finish(name, &outcome);
        }
        let waits = running.with(Stand::Running);
        if !waits.is_empty() && (running.is_multi_step || waits.iter().any(|task| task.is_hook)) {
            let message = task::waiting(&waits, false);
            self.progress(name, &message);
            return self.look_at_operation(name, POLL);
        }
        let leaving: Vec<&Task> = running
            .tasks
            .iter()
            .filter(|task| task.status == "Pruned" && Running::live(&running.store, task).is_some())
            .collect();
        if !leaving.is_empty() && !dry_run {
            let message = task::waiting(&leaving, true);
            self.progress(name, &message);
            return self.look_at_operation(name, POLL);
        }
        if !running.with(Stand::Failed).is_empty() {
            running.has_failed = true;
            if running.pending().is_empty() {
                running.clean(DeletePolicy::Failed);
                let words = running.failure();
                return self.finish(name, &Outcome::new("Failed", words));
            }
        }
        if running.pending().is_empty() {
            if !dry_run {
                running.clean(DeletePolicy::Succeeded);
            }
            return self.finish(name, &Outcome::new("Succeeded", "successfully synced (no more tasks)"));
        }
        if dry_run { self.try_out(name, &app) } else { self.begin_wave(name, &app) }
    }

    /// A dry run does everything at once, and nothing happens.
    fn try_out(&mut self, name: &str, app: &Value) {
        let Some(running) = self.state(name).running.as_mut() else { return };
        for task in &mut running.tasks {
            let sync = &app["operation"]["sync"];
            apply::apply(&running.store, task, &sync["syncOptions"], is_forced(sync), true);
        }
        self.pass(name);
    }

    fn begin_wave(&mut self, name: &str, app: &Value) {
        let Some(running) = self.state(name).running.as_mut() else { return };
        apply::create_namespace(&running.store, app, &app["operation"]["sync"]["syncOptions"]);
        let pending = running.pending();
        let place = |index: &usize| (running.tasks[*index].phase, running.tasks[*index].wave);
        let Some(first) = pending.first().map(place) else { return };
        let wave: Vec<usize> = pending.iter().filter(|index| place(index) == first).copied().collect();
        let is_last = wave.len() == pending.len();
        // what nobody may delete without a word waits for it
        let started = text(app, "/status/operationState/startedAt");
        if annotation::is_approved(app, started) {
            for task in running.tasks.iter_mut().filter(|task| task.prune == Prune::Confirm) {
                task.prune = Prune::Yes;
            }
        }
        let asks = |index: &&usize| running.tasks[**index].prune == Prune::Confirm;
        if let Some(first) = wave.iter().find(asks) {
            let more = wave.iter().filter(asks).count() - 1;
            let more = if more == 0 { String::new() } else { format!(" and {more} more resources") };
            let message = format!("waiting for pruning confirmation of {}{more}", running.tasks[*first].key);
            self.progress(name, &message);
            return self.look_at_operation(name, POLL);
        }
        // hooks that wait to be let go are, and are gone before they are made again
        let going = |task: &&Task| {
            let live = Running::live(&running.store, task);
            task.is_hook && live.is_some_and(|live| live["metadata"]["deletionTimestamp"].is_string())
        };
        let going: Vec<&Task> = wave.iter().map(|index| &running.tasks[*index]).filter(going).collect();
        if !going.is_empty() {
            for task in going {
                apply::release(&running.store, task);
            }
            self.state(name).is_busy = true;
            let name = name.to_owned();
            return self.after(RELEASED, move |controller| {
                controller.state(&name).is_busy = false;
                controller.pass(&name);
            });
        }
        // hooks left from last time go first, and that is a step of its own
        let left: Vec<&Task> = wave
            .iter()
            .map(|index| &running.tasks[*index])
            .filter(|task| task.is_hook && Running::live(&running.store, task).is_some())
            .filter(|task| {
                task.target.as_ref().is_some_and(|hook| delete_policies(hook).contains(&DeletePolicy::BeforeCreation))
            })
            .collect();
        if !left.is_empty() {
            let message = task::waiting(&left, true);
            for task in left {
                apply::release(&running.store, task);
                apply::delete(&running.store, &task.key, Propagation::Foreground);
            }
            return self.report_after(name, WAVE_DELAY, message);
        }
        // what has to go does first
        let (pruned, wave): (Vec<usize>, Vec<usize>) =
            wave.into_iter().partition(|index| running.tasks[*index].target.is_none());
        for index in &pruned {
            let sync = &app["operation"]["sync"];
            apply::apply(&running.store, &mut running.tasks[*index], &sync["syncOptions"], is_forced(sync), false);
        }
        let mut groups: VecDeque<Vec<usize>> = VecDeque::new();
        for index in wave {
            let kind = &running.tasks[index].key.kind;
            match groups.back_mut() {
                Some(group) if group.last().is_some_and(|last| running.tasks[*last].key.kind == *kind) => {
                    group.push(index);
                }
                _ => groups.push_back(vec![index]),
            }
        }
        self.state(name).is_busy = true;
        let name = name.to_owned();
        self.after(self.pace.apply, move |controller| controller.apply_groups(&name, groups, pruned, is_last));
    }

    /// Applies one kind of the wave, and the others after it.
    fn apply_groups(&mut self, name: &str, mut groups: VecDeque<Vec<usize>>, mut done: Vec<usize>, is_last: bool) {
        let Some(app) = self.app(name) else { return };
        let Some(group) = groups.pop_front() else { return self.end_wave(name, &done, is_last) };
        let Some(running) = self.state(name).running.as_mut() else { return };
        for index in &group {
            let sync = &app["operation"]["sync"];
            let task = &mut running.tasks[*index];
            apply::apply(&running.store, task, &sync["syncOptions"], is_forced(sync), false);
        }
        done.extend(group);
        if groups.is_empty() {
            return self.end_wave(name, &done, is_last);
        }
        let name = name.to_owned();
        self.after(self.pace.apply, move |controller| controller.apply_groups(&name, groups, done, is_last));
    }

    fn end_wave(&mut self, name: &str, wave: &[usize], is_last: bool) {
        self.state(name).is_busy = false;
        let Some(running) = self.state(name).running.as_ref() else { return };
        let tasks: Vec<&Task> = wave.iter().map(|index| &running.tasks[*index]).collect();
        let refused = tasks.iter().any(|task| task.stand == Stand::Failed);
        if is_last && !refused && !tasks.iter().any(|task| task.is_hook) {
            return self.finish(name, &Outcome::new("Succeeded", "successfully synced (all tasks run)"));
        }
        let message = task::waiting(&running.with(Stand::Running), false);
        self.report_after(name, if is_last || refused { Duration::ZERO } else { WAVE_DELAY }, message);
    }

    /// Says what is waited for after a while; nobody looks at the operation meanwhile.
    fn report_after(&mut self, name: &str, wait: Duration, message: String) {
        self.state(name).is_busy = true;
        let name = name.to_owned();
        self.after(wait, move |controller| {
            controller.state(&name).is_busy = false;
            controller.progress(&name, &message);
            // somebody may have ended it meanwhile
            let ended =
                controller.app(&name).is_some_and(|app| text(&app, "/status/operationState/phase") != "Running");
            controller.look_at_operation(&name, if ended { Duration::ZERO } else { Duration::from_millis(10) });
        });
    }
}
