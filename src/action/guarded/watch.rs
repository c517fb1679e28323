//! Watching a sync until it has held, or fails.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use super::back::Back;
use super::harbour::Harbour;
use super::sick::{Sick, last_words, sick};
use crate::action::Application;
use crate::action::audit::Audit;
use crate::action::gather::Asked;
use crate::action::plan::Plan;
use crate::action::road::Road;
use crate::domain::app::short_revision;
use crate::domain::text::clean;
use crate::domain::time::{after, elapsed};
use crate::domain::{GuardPolicy, Health, Phase, Symbol, Timestamp};
use crate::source::kube::ReadError;

/// How often it is looked at.
const PACE: Duration = Duration::from_millis(500);
/// Pods are looked at more rarely: a list of them is long.
const PODS: Duration = Duration::from_secs(2);
/// Trouble of pods that passes sooner is none: a start is seldom smooth.
const PASSING: Duration = Duration::from_secs(10);
/// Resources that failed beyond these are not told.
const FEW: usize = 5;

/// How a guarded sync ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Watched {
    /// The sync succeeded and health held for as long as was asked.
    Held(Application),
    /// It failed and was taken back; auto-sync stays off.
    RolledBack {
        /// What failed.
        why: String,
        /// The Application now.
        app: Option<Application>,
        /// Who put auto-sync back meanwhile, so that the failed revision will come again.
        put_back: Option<String>,
    },
    /// It failed and was left as it is: so the policy has it, or the person.
    Left {
        /// What failed.
        why: String,
    },
    /// It failed, and taking it back did not succeed.
    Adrift {
        /// What failed first.
        why: String,
        /// What stood in the way of taking it back, and what had been done by then.
        then: String,
    },
    /// It could not be watched to its end.
    Open {
        /// What is known.
        why: String,
    },
}

/// What a guard tells while it watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// What it sees or does.
    Goes {
        /// In one line.
        now: String,
        /// What stays undone if the program ended now.
        leaves: String,
    },
    /// It failed.
    Failed {
        /// In one line.
        why: String,
        /// The resources that failed, and what was written last.
        found: Vec<String>,
    },
}

/// A sync that was begun, and how it is to be guarded.
#[derive(Clone, Copy, Debug)]
pub struct Voyage<'a> {
    /// What was begun.
    pub begun: &'a Plan,
    /// What is gone back to.
    pub harbour: &'a Harbour,
    /// Health has to hold for so long after the sync succeeded.
    pub hold: Duration,
    /// Until when it is watched.
    pub deadline: Timestamp,
}

/// What was found when it failed.
struct Failure {
    why: String,
    found: Vec<String>,
    /// The revision that was being applied; empty where nobody says.
    revision: String,
}

/// What fails in a sync that is under way or over; nothing while all is well.
#[must_use]
pub fn failing(app: &Application) -> Option<String> {
    let message = app.operation_message();
    let because = |what: &str| if message.is_empty() { what.to_owned() } else { format!("{what}: {message}") };
    match Phase::parse(app.phase()) {
        Some(phase @ (Phase::Failed | Phase::Error)) => return Some(because(&format!("the sync is {}", phase.word()))),
        // waiting for a retry is Running with an end (recorded, `hook-fails`)
        Some(Phase::Running) if app.has_ended_attempt() => return Some(because("an attempt failed")),
        _ => {}
    }
    (Health::parse(app.health()) == Health::Degraded).then(|| because("it is Degraded"))
}

/// Watches a sync that was begun until it has held, and takes it back when it fails, if the policy has it so. `say` hears
/// what is seen and done; `decide` is asked where the policy is to ask.
pub async fn watch<F: Future<Output = bool>>(
    road: &Road,
    audit: &Audit,
    asked: &Asked,
    voyage: &Voyage<'_>,
    mut say: impl FnMut(Said) + Send,
    decide: impl FnOnce() -> F,
) -> Watched {
    let Failure { why, found, revision } = match until_failure(road, asked, voyage, &mut say).await {
        Ok(ended) => return ended,
        Err(failure) => failure,
    };
    say(Said::Failed { why: why.clone(), found });
    let goes = match voyage.harbour.policy {
        GuardPolicy::Auto => true,
        GuardPolicy::Never => false,
        GuardPolicy::Ask => decide().await,
    };
    if !goes {
        return Watched::Left { why };
    }
    let taken = match (Back { road, audit, asked, harbour: voyage.harbour, revision: &revision }).take(&mut say).await {
        Ok(app) => app,
        Err(then) => return Watched::Adrift { why, then },
    };
    // an ApplicationSet or a parent puts auto-sync back within moments
    let put_back = taken.as_ref().filter(|app| app.auto_sync().enabled).map(|app| {
        let set = app.application_set().map(|set| format!("ApplicationSet {set}"));
        set.or_else(|| app.parent()).unwrap_or_else(|| "somebody".to_owned())
    });
    Watched::RolledBack { why, app: taken, put_back }
}

/// Pods that were in trouble before the sync, which speak neither for nor against it; and since when there are others.
#[derive(Debug, Default)]
struct Pods {
    before: Option<BTreeSet<Symbol>>,
    looked: Option<Timestamp>,
    since: Option<Timestamp>,
}

impl Pods {
    /// Why the sync fails by its pods: trouble that does not pass.
    async fn failing(&mut self, road: &Road, asked: &Asked, app: &Application) -> Option<(String, Sick)> {
        let now = road.clock.now();
        if self.looked.is_some_and(|at| now < after(at, PODS)) {
            return None;
        }
        self.looked = Some(now);
        let mut found = sick(road, asked, app).await;
        let begun = app.operation_started();
        let before = self.before.get_or_insert_with(|| {
            let is_older = |sick: &&Sick| sick.pod.created.zip(begun).is_none_or(|(made, begun)| made < begun);
            found.iter().filter(is_older).map(|sick| sick.pod.uid.clone()).collect()
        });
        found.retain(|sick| !before.contains(&sick.pod.uid));
        let worst = if found.is_empty() { None } else { Some(found.swap_remove(0)) };
        let Some(worst) = worst else {
            self.since = None;
            return None;
        };
        let since = *self.since.get_or_insert(now);
        (elapsed(since, now) >= PASSING)
            .then(|| (format!("pod {} is in trouble: {}", worst.pod.name, worst.trouble.reason), worst))
    }
}

/// What is wrong with an Application that ought to be well: its pods, leaving out those that were so before.
pub(super) async fn ill(
    road: &Road,
    asked: &Asked,
    app: &Application,
    before: Option<&BTreeSet<Symbol>>,
) -> Option<String> {
    let found = sick(road, asked, app).await;
    let mut new = found.iter().filter(|sick| before.is_none_or(|before| !before.contains(&sick.pod.uid)));
    new.next().map(|sick| sick.trouble.reason.clone())
}

/// Looks until the sync has held (`Ok`) or fails (`Err` with what, and what was found). A source that is lost for a while
/// ends nothing.
async fn until_failure(
    road: &Road,
    asked: &Asked,
    voyage: &Voyage<'_>,
    say: &mut (impl FnMut(Said) + Send),
) -> Result<Watched, Failure> {
    let Voyage { begun, hold, deadline, .. } = *voyage;
    let key = &begun.target.key;
    let (mut since, mut told, mut pods) = (None, String::new(), Pods::default());
    let leaves = "it is watched no longer: nobody rolls it back if it fails";
    loop {
        let now = road.clock.now();
        let known = match road.look(key).await {
            Ok(app) => {
                let sick = pods.failing(road, asked, &app).await;
                let failed = match (failing(&app), sick) {
                    (Some(why), _) => Some((why, super::sick::sick(road, asked, &app).await.into_iter().next())),
                    (None, Some((why, sick))) => Some((why, Some(sick))),
                    (None, None) => None,
                };
                if let Some((why, sick)) = failed {
                    let found = evidence(road, &app, sick.as_ref()).await;
                    return Err(Failure { why, found, revision: app.operation_revision() });
                }
                let is_done = !app.has_operation() && Phase::parse(app.phase()) == Some(Phase::Succeeded);
                let is_well = is_done && Health::parse(app.health()) == Health::Healthy && pods.since.is_none();
                match since {
                    Some(at) if is_well && now >= after(at, hold) => return Ok(Watched::Held(app)),
                    // well again begins anew: health that comes and goes has not held
                    _ if !is_well => since = None,
                    None => since = Some(now),
                    Some(_) => {}
                }
                state(&app, since, hold)
            }
            Err(ReadError::Missing(why)) => return Ok(Watched::Open { why }),
            Err(error) => format!("it cannot be looked at: {error}"),
        };
        if now >= deadline {
            return Ok(Watched::Open { why: format!("it was watched no longer: {known}") });
        }
        if known != told {
            say(Said::Goes { now: known.clone(), leaves: leaves.to_owned() });
            told = known;
        }
        road.clock.sleep(PACE).await;
    }
}

/// `Running: waiting for healthy state of ..., Progressing`, or since when it is well.
fn state(app: &Application, since: Option<Timestamp>, hold: Duration) -> String {
    if let Some(at) = since {
        let until = after(at, hold).strftime("%H:%M:%S").to_string();
        return format!("synced to {} and well; it has to hold until {until}", short_revision(&app.sync_revision()));
    }
    let phase = if app.phase().is_empty() { "not picked up yet" } else { app.phase() };
    let message = app.operation_message();
    let message = if message.is_empty() { message } else { format!(": {message}") };
    format!("{phase}{message}, {}", Health::parse(app.health()).word())
}

/// What failed, resource by resource, and the last lines of the log behind it.
async fn evidence(road: &Road, app: &Application, sick: Option<&Sick>) -> Vec<String> {
    let rows = app.at("/status/operationState/syncResult/resources").and_then(serde_json::Value::as_array);
    let is_bad = |row: &&serde_json::Value| {
        matches!(row["hookPhase"].as_str(), Some("Failed" | "Error")) || row["status"] == "SyncFailed"
    };
    let text = |row: &serde_json::Value, name: &str| clean(row[name].as_str().unwrap_or_default()).into_owned();
    let told = |row: &serde_json::Value| {
        format!("{} {} ({}): {}", text(row, "kind"), text(row, "name"), text(row, "syncPhase"), text(row, "message"))
    };
    let mut found: Vec<String> = rows.into_iter().flatten().filter(is_bad).take(FEW).map(told).collect();
    let Some(sick) = sick else { return found };
    found.push(format!("Pod {}: {}", sick.pod.name, sick.trouble.reason));
    if let Some(cluster) = &road.destination {
        found.extend(last_words(cluster, sick, road.clock.now()).await.into_iter().map(|line| format!("| {line}")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn app(status: &Value) -> Application {
        Application::new(json!({"metadata": {"name": "a"}, "operation": {}, "status": status}))
    }

    #[test]
    fn signs_of_failure() {
        for (status, fails) in [
            (json!({}), false),
            (
                json!({"operationState": {"phase": "Running", "message": "waiting for healthy state of apps/Deployment/a"}}),
                false,
            ),
            (json!({"operationState": {"phase": "Running", "finishedAt": "2026-11-23T06:00:00Z"}}), true),
            (json!({"operationState": {"phase": "Failed"}}), true),
            (json!({"operationState": {"phase": "Error"}}), true),
            (json!({"operationState": {"phase": "Succeeded"}, "health": {"status": "Healthy"}}), false),
            (json!({"operationState": {"phase": "Succeeded"}, "health": {"status": "Degraded"}}), true),
        ] {
            assert_eq!(failing(&app(&status)).is_some(), fails, "{status}");
        }
    }
}
