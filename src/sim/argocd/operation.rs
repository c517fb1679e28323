//! An operation from request to end: begun, held, retried, terminated, finished.

use super::annotation;
use super::cluster::{self, Cluster, Link};
use super::compare;
use super::controller::{Controller, Level, POLL};
use super::history;
use super::ignore;
use super::project;
use super::record::{self, is_over};
use super::retry::Retry;
use super::revisions;
use super::target;
use super::task::{self, Stand, Task};
use super::window;
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{number, text};
use crate::sim::store::Store;
use crate::sim::time::{plus, stamp};
use crate::sim::write::Propagation;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// From the history row to the end of the operation.
const END: Duration = Duration::from_millis(15);
/// From the end of an operation to the comparison after it.
const AFTERWARDS: Duration = Duration::from_millis(30);

/// An operation that has its tasks.
#[derive(Debug)]
pub(super) struct Running {
    /// What is to be done, in order.
    pub tasks: Vec<Task>,
    /// The commit of each source.
    pub revisions: Vec<String>,
    /// Where it is done.
    pub store: Store,
    /// Whether the tasks take more than one step.
    pub is_multi_step: bool,
    /// Whether hooks for failure were begun.
    pub has_failed: bool,
}

/// The end of an operation, or of a try of it.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// `Succeeded`, `Failed` or `Error`.
    pub phase: &'static str,
    /// Why.
    pub message: String,
}

impl Outcome {
    pub(super) fn new(phase: &'static str, message: impl Into<String>) -> Self {
        Self { phase, message: message.into() }
    }
}

impl Controller {
    /// Looks at an Application's operation.
    pub(super) fn operate(&mut self, name: &str) {
        let Some(app) = self.app(name) else { return };
        let state = &app["status"]["operationState"];
        if app["operation"].is_null() {
            if let Some(known) = self.apps.get_mut(name) {
                known.running = None;
                known.knows_window = false;
            }
            return;
        }
        if self.state(name).is_busy {
            return;
        }
        if !state.is_object() || is_over(state) {
            return self.begin(name, &app);
        }
        if state["phase"] == "Terminating" {
            return self.terminate(name, &app);
        }
        if state["finishedAt"].is_string() {
            return self.await_retry(name, &app);
        }
        self.state(name).is_busy = true;
        let name = name.to_owned();
        if self.state(&name).running.is_some() {
            return self.after(self.pace.again, move |controller| {
                controller.state(&name).is_busy = false;
                controller.pass(&name);
            });
        }
        self.state(&name).is_busy = false;
        if !self.is_held(&name, &app) {
            self.state(&name).is_busy = true;
            self.prepare(&name, &app, self.pace.prepare);
        }
    }

    fn begin(&mut self, name: &str, app: &Value) {
        let started = stamp(self.now);
        let mut operation = app["operation"].clone();
        if operation["retry"].is_null() {
            operation["retry"] = json!({});
        }
        let known = self.state(name);
        known.running = None;
        known.knows_window = false;
        self.write(name, |app| {
            app["status"]["operationState"] = json!({"operation": operation, "phase": "Running", "startedAt": started});
        });
    }

    /// Whether a sync window holds the operation; who began it is asked about from the second time on.
    fn is_held(&mut self, name: &str, app: &Value) -> bool {
        let Some(project) = project::of_app(&self.home, &self.namespace, app) else { return false };
        let cluster = cluster::of_app(&self.clusters, app).map(|cluster| cluster.name.clone()).unwrap_or_default();
        let manual = app["operation"]["initiatedBy"]["automated"] != true;
        let again = std::mem::replace(&mut self.state(name).knows_window, true);
        let began = text(app, "/status/operationState/startedAt").parse().ok();
        if window::allows(&project, app, &cluster, manual && again, began, self.now) {
            return false;
        }
        self.look_at_operation(name, if again { POLL } else { Duration::from_millis(20) });
        let result = revisions::deployed(app, &app["operation"], &[]);
        self.write_state(name, |state| {
            state["message"] = json!("Sync operation blocked by sync window");
            if state["syncResult"].is_null() {
                state["syncResult"] = result;
            }
        });
        true
    }

    /// Renders and compares what the operation goes to, and finds out what is to be done.
    fn prepare(&mut self, name: &str, app: &Value, wait: Duration) {
        let operation = &app["operation"];
        let sources = target::sources_of(app, operation);
        let found = cluster::of_app(&self.clusters, app).cloned();
        let asked = asked(app);
        let rendering = found.as_ref().is_ok_and(|cluster| {
            let wanted = target::wanted(&*self.repository, cluster, app, &sources, &asked);
            self.has_to_render(name, &sources, &wanted)
        });
        let wait = if rendering { wait + self.pace.render } else { wait };
        let (name, app) = (name.to_owned(), app.clone());
        self.after(wait, move |controller| {
            controller.state(&name).is_busy = false;
            match controller.enter(&name, &app, found) {
                Ok(running) => {
                    controller.state(&name).running = Some(running);
                    controller.pass(&name);
                }
                Err((outcome, result)) => {
                    controller.write_state(&name, |state| state["syncResult"] = result);
                    controller.finish(&name, &outcome);
                }
            }
        });
    }

    fn enter(
        &mut self,
        name: &str,
        app: &Value,
        cluster: Result<Cluster, String>,
    ) -> Result<Running, (Outcome, Value)> {
        let operation = &app["operation"];
        let sources = target::sources_of(app, operation);
        let asked = asked(app);
        let result = |revisions: &[String]| revisions::deployed(app, operation, revisions);
        let error = |words: String, revisions: &[String]| (Outcome::new("Error", words), result(revisions));
        let wrong = project::check(&self.home, &self.namespace, &self.clusters, app);
        if !wrong.is_empty() {
            let words: Vec<String> = wrong.iter().map(|words| format!("InvalidSpecError: {words}")).collect();
            return Err(error(words.join(";"), &asked));
        }
        let cluster = cluster.map_err(|words| error(format!("InvalidSpecError: {words}"), &asked))?;
        let mut wanted = target::wanted(&*self.repository, &cluster, app, &sources, &asked);
        let Link::Up(store) = &cluster.link else {
            return Err(error(conditions(&wanted), &wanted.revisions));
        };
        if wanted.is_broken() {
            return Err(error(conditions(&wanted), &wanted.revisions));
        }
        let project = project::of_app(&self.home, &self.namespace, app).unwrap_or_default();
        let live = target::live(store, name, &wanted);
        ignore::respect(app, &operation["sync"]["syncOptions"], &mut wanted.objects, &live);
        let options = &operation["sync"]["syncOptions"];
        let shared = compare::shared(app, &wanted, &live);
        if annotation::in_options(options, "FailOnSharedResource=true") && !shared.is_empty() {
            let words: Vec<String> = shared.into_iter().map(|(_, words)| words).collect();
            let outcome = Outcome::new("Failed", format!("Shared resource found: {}", words.join(", ")));
            return Err((outcome, result(&wanted.revisions)));
        }
        let tasks = task::tasks(app, &wanted, &live, &project, &cluster)
            .map_err(|words| (Outcome::new("Failed", words), result(&wanted.revisions)))?;
        let is_multi_step = task::is_multi_step(&tasks);
        Ok(Running { tasks, revisions: wanted.revisions, store: store.clone(), is_multi_step, has_failed: false })
    }

    /// `syncResult` as the tasks stand.
    pub(super) fn result(&self, name: &str, app: &Value) -> Value {
        let Some(running) = self.apps.get(name).and_then(|state| state.running.as_ref()) else {
            return app["status"]["operationState"]["syncResult"].clone();
        };
        let mut result = revisions::deployed(app, &app["operation"], &running.revisions);
        let rows: Vec<Value> = running.tasks.iter().filter_map(Task::result).collect();
        if !rows.is_empty() {
            result["resources"] = json!(rows);
        }
        result
    }

    /// Says what a running operation waits for.
    pub(super) fn progress(&mut self, name: &str, message: &str) {
        let Some(app) = self.app(name) else { return };
        if text(&app, "/status/operationState/phase") != "Running" {
            return;
        }
        let result = self.result(name, &app);
        self.write_state(name, |state| {
            state["message"] = json!(message);
            state["syncResult"] = result;
        });
    }

    /// Ends a try: for good, or until the next one.
    pub(super) fn finish(&mut self, name: &str, outcome: &Outcome) {
        let Some(app) = self.app(name) else { return };
        let result = self.result(name, &app);
        let state = &app["status"]["operationState"];
        let retry = Retry::of(&state["operation"]["retry"]);
        let done = u32::try_from(number(state, "/retryCount")).unwrap_or_default();
        let terminated = state["phase"] == "Terminating";
        let finished = stamp(self.now);
        let known = self.state(name);
        known.is_busy = false;
        if outcome.phase != "Succeeded" && !terminated && retry.is_left(done) {
            known.running = None;
            let due = due(&finished, retry, done + 1);
            let clock = due.strftime("%-I:%M%p");
            let message = format!("{}. Retrying attempt #{} at {clock}.", outcome.message, done + 1);
            self.write_state(name, |state| {
                state["message"] = json!(message);
                state["retryCount"] = json!(done + 1);
                state["finishedAt"] = json!(finished);
                state["syncResult"] = result;
            });
            return;
        }
        known.is_busy = true;
        let message = if done > 0 && outcome.phase != "Succeeded" {
            format!("{} (retried {done} times).", outcome.message)
        } else {
            outcome.message.clone()
        };
        let sync = &state["operation"]["sync"];
        let dry_run = sync["dryRun"] == true;
        let partial = sync["resources"].as_array().is_some_and(|list| !list.is_empty());
        if outcome.phase == "Succeeded" && !dry_run && !partial {
            let now = self.now;
            self.write(name, |app| history::append(app, &result, now));
        }
        let (name, phase) = (name.to_owned(), outcome.phase);
        self.after(END, move |controller| {
            controller.end(&name, phase, &message, &result, dry_run, partial);
        });
    }

    fn end(&mut self, name: &str, phase: &str, message: &str, result: &Value, dry_run: bool, partial: bool) {
        let finished = stamp(self.now);
        self.write(name, |app| {
            record::remove(app, "operation");
            let state = &mut app["status"]["operationState"];
            state["phase"] = json!(phase);
            state["message"] = json!(message);
            state["finishedAt"] = json!(finished);
            state["syncResult"] = result.clone();
        });
        let state = self.state(name);
        (state.is_busy, state.running, state.knows_window) = (false, None, false);
        let Some(app) = self.app(name) else { return };
        let revision = text(result, "/revision");
        let what = if partial { "Partial sync" } else { "Sync" };
        if phase == "Succeeded" {
            let words = format!("{what} operation to {revision} succeeded");
            self.say(&app, Said::normal("OperationCompleted", &words), self.now);
        } else {
            let words = format!("{what} operation to {revision} failed: {message}");
            self.say(&app, Said::warning("OperationCompleted", &words), self.now);
        }
        if !dry_run {
            let by_hand = app["status"]["operationState"]["operation"]["initiatedBy"]["automated"] != true;
            let level = if by_hand { Level::ForceResolve } else { Level::Latest };
            self.request(name, Some(level), AFTERWARDS);
        }
    }

    fn await_retry(&mut self, name: &str, app: &Value) {
        let state = &app["status"]["operationState"];
        let retry = Retry::of(&state["operation"]["retry"]);
        let count = u32::try_from(number(state, "/retryCount")).unwrap_or_default();
        let due = due(text(state, "/finishedAt"), retry, count);
        if due > self.now {
            return self.look_at_operation(name, Duration::try_from(due.duration_since(self.now)).unwrap_or_default());
        }
        let words = if retry.refresh { "Retrying operation with latest revisions." } else { "Retrying operation." };
        self.write_state(name, |state| {
            state["message"] = json!(format!("{words} Attempt #{count}"));
            record::remove(state, "finishedAt");
            record::remove(state, "syncResult");
        });
    }

    fn terminate(&mut self, name: &str, app: &Value) {
        let result = &app["status"]["operationState"]["syncResult"];
        let result =
            if result.is_null() { json!({"revision": app["operation"]["sync"]["revision"]}) } else { result.clone() };
        if let Some(running) = self.apps.get_mut(name).and_then(|state| state.running.as_mut()) {
            let mut gone = Vec::new();
            for task in running.tasks.iter_mut().filter(|task| task.is_hook && task.stand == Stand::Running) {
                super::apply::release(&running.store, task);
                gone.push(task.key.clone());
                task.stand = Stand::Failed;
                "Terminated".clone_into(&mut task.message);
            }
            for key in gone {
                super::apply::delete(&running.store, &key, Propagation::Foreground);
            }
        }
        self.write_state(name, |state| {
            if state["syncResult"].is_null() {
                state["syncResult"] = result;
            }
        });
        self.finish(name, &Outcome::new("Failed", "Operation terminated"));
    }
}

/// The revisions an operation goes to; a retry that refreshes goes to what the sources follow.
fn asked(app: &Value) -> Vec<String> {
    let state = &app["status"]["operationState"];
    let fresh = number(state, "/retryCount") > 0 && Retry::of(&state["operation"]["retry"]).refresh;
    if fresh { Vec::new() } else { revisions::of(&app["operation"]["sync"]) }
}

/// When the next try begins: counted from the second in which the last one ended.
fn due(finished: &str, retry: Retry, count: u32) -> Timestamp {
    plus(finished.parse().unwrap_or(Timestamp::MIN), retry.delay(count))
}

fn conditions(wanted: &target::Wanted) -> String {
    let words = wanted.conditions.iter().filter(|(kind, _)| *kind == "ComparisonError");
    words.map(|(kind, message)| format!("{kind}: {message}")).collect::<Vec<_>>().join(";")
}
