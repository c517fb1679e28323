//! Sync: an operation written into the Application (semantics 2.1).

use serde_json::{Map, Value, json};

use super::guarded::Harbour;
use super::plan::{Facts, OWN, Plan, Step, StepKind, in_order};
use super::refusal::Refusal;
use super::sync_options::{Strategy, SyncOptions};
use super::verb::Verb;
use crate::domain::app::short_revision;
use crate::domain::text::clean;
use crate::domain::time::exact;
use crate::domain::window::{Verdict, until};
use crate::domain::{GuardPolicy, ObjectName, Risk};

impl SyncOptions {
    /// `syncOptions`: the Application's own, with those asked for laid over them.
    pub(super) fn options(&self, own: Vec<String>) -> Vec<String> {
        let mut options = own;
        let asked = [
            (self.replace, "Replace=true"),
            (self.server_side, "ServerSideApply=true"),
            (self.out_of_sync_only, "ApplyOutOfSyncOnly=true"),
        ];
        for (_, option) in asked.into_iter().filter(|(asked, _)| *asked) {
            let name = option.split('=').next().unwrap_or(option);
            options.retain(|known| known.split('=').next() != Some(name));
            options.push(option.to_owned());
        }
        options
    }

    fn operation(&self, facts: &Facts) -> Value {
        let mut sync = Map::new();
        if let Some(revision) = &self.revision {
            sync.insert("revision".to_owned(), json!(revision));
        }
        for (name, set) in [("prune", self.prune), ("dryRun", self.dry_run)] {
            if set {
                sync.insert(name.to_owned(), json!(true));
            }
        }
        let inner = if self.force { json!({"force": true}) } else { json!({}) };
        match self.strategy {
            Strategy::Hook if self.force => drop(sync.insert("syncStrategy".to_owned(), json!({"hook": inner}))),
            Strategy::Hook => {}
            Strategy::Apply => drop(sync.insert("syncStrategy".to_owned(), json!({"apply": inner}))),
        }
        let options = self.options(facts.app.sync_options());
        if !options.is_empty() {
            sync.insert("syncOptions".to_owned(), json!(options));
        }
        if !self.resources.is_empty() {
            let rows = self.resources.iter().map(|object| {
                let mut row = json!({"kind": object.kind.as_str(), "name": object.name.as_str()});
                for (name, value) in [("group", &object.group), ("namespace", &object.namespace)] {
                    if !value.is_empty() {
                        row[name] = json!(value.as_str());
                    }
                }
                row
            });
            sync.insert("resources".to_owned(), rows.collect());
        }
        let retry = match self.retries {
            Some(limit) => json!({"limit": limit}),
            None => facts.app.retry().cloned().unwrap_or_else(|| json!({})),
        };
        json!({"initiatedBy": {"username": facts.user}, "retry": retry, "sync": sync})
    }

    fn leaves_out(&self, resource: &Value) -> bool {
        let text = |name: &str| resource[name].as_str().unwrap_or_default();
        let named = |object: &ObjectName| {
            text("group") == object.group.as_str()
                && text("kind") == object.kind.as_str()
                && text("name") == object.name.as_str()
                && (object.namespace.is_empty() || text("namespace") == object.namespace.as_str())
        };
        !self.resources.is_empty() && !self.resources.iter().any(named)
    }
}

/// What is said of a resource that is not deleted without a word.
const APPROVED: &str = "waits until its deletion is approved";

/// What every operation needs, whoever asks: Argo CD would refuse it or end it at once (semantics 2.1).
pub(super) fn may_operate(facts: &Facts) -> Result<(), Refusal> {
    let app = &facts.app;
    if app.is_deleting() {
        return Err(Refusal::impossible(format!("{} is being deleted", app.name()), "nothing can be applied any more"));
    }
    if app.has_operation() {
        let since = app.operation_started().map(|at| format!(", since {at}")).unwrap_or_default();
        let message = app.operation_message();
        let by = app.operation_by();
        let what = if message.is_empty() { String::new() } else { format!(": {message}") };
        return Err(Refusal::busy(format!("another operation is already in progress, by {by}{since}{what}")));
    }
    if app.is_skipped() {
        return Err(Refusal::impossible(
            format!(
                "{} carries skip-reconcile: its controller leaves it alone and the operation would wait for ever",
                app.name()
            ),
            "take the annotation argocd.argoproj.io/skip-reconcile away",
        ));
    }
    Ok(())
}

pub(super) fn plan(facts: &Facts, options: &SyncOptions) -> Result<Plan, Refusal> {
    let app = &facts.app;
    // one that runs already can still be watched, if it is what was asked for
    let is_plain = SyncOptions { guard: None, ..options.clone() } == SyncOptions::default();
    if options.guard.is_some() && app.has_operation() && is_plain {
        return adopt(facts, options);
    }
    may_operate(facts)?;
    let target = app.target_revision();
    let auto = app.auto_sync();
    if let Some(revision) = options.revision.as_ref().filter(|revision| **revision != target)
        && auto.enabled
        && !options.dry_run
    {
        return Err(Refusal::impossible(
            format!("cannot sync to {}: auto-sync follows {target} and would undo it", clean(revision)),
            "switch auto-sync off first, or follow the other revision in the spec",
        ));
    }
    if app.is_multi_source() && options.revision.is_some() {
        return Err(Refusal::impossible(
            format!("{} has several sources: one revision does not say which", app.name()),
            "sync without --revision",
        ));
    }
    if let Some((kind, message)) = app.blocking_condition() {
        return Err(Refusal::impossible(
            format!("the sync would end at once: {kind}: {message}"),
            "mend the source or the spec, then refresh",
        ));
    }
    let wanted = options.revision.as_deref().map_or_else(
        || format!("{target} {}", short_revision(&app.sync_revision())),
        |revision| short_revision(&clean(revision)).to_owned(),
    );
    let dry = if options.dry_run { " (dry run)" } else { "" };
    let title = format!("Sync {} to {wanted}{dry}", app.name());
    let mut plan = Plan::new(facts, Verb::Sync(options.clone()), title);
    plan.patch_app(json!({"operation": options.operation(facts), "status": {"operationState": null}}), true);
    steps(facts, options, &mut plan);
    cautions(facts, options, &mut plan);
    guarded(facts, options, &mut plan)?;
    Ok(plan)
}

/// Guards a sync that somebody else has begun: nothing is written, it is watched.
fn adopt(facts: &Facts, options: &SyncOptions) -> Result<Plan, Refusal> {
    let app = &facts.app;
    // a rollback carries a source of its own too, with a revision that is not Git's
    let asked = app.at("/operation/sync/revision").and_then(Value::as_str).unwrap_or_default();
    let automated = app.at("/operation/initiatedBy/automated").and_then(Value::as_bool).unwrap_or_default();
    let goes_back = !automated && !asked.is_empty() && asked != app.sync_revision() && asked != app.target_revision();
    if goes_back || app.at("/operation/sync").is_none() || app.is_deleting() || app.is_skipped() {
        may_operate(facts)?;
    }
    let revision = app.operation_revision();
    let revision = if revision.is_empty() { app.sync_revision() } else { revision };
    let title = format!(
        "Guard the sync of {} to {} that is under way, by {}",
        app.name(),
        short_revision(&revision),
        app.operation_by()
    );
    let mut plan = Plan::new(facts, Verb::Sync(options.clone()), title);
    plan.caution("an operation is in progress already: it is watched, and nothing is written while it goes well");
    steps(facts, options, &mut plan);
    guarded(facts, options, &mut plan)?;
    Ok(plan)
}

/// What is gone back to, and what that takes: whoever says yes to the sync says yes to that.
fn guarded(facts: &Facts, options: &SyncOptions, plan: &mut Plan) -> Result<(), Refusal> {
    let Some(watch) = options.guard else { return Ok(()) };
    let app = &facts.app;
    let policy = watch.policy.unwrap_or(facts.environment.guard);
    let Some(harbour) = Harbour::of(app, policy) else {
        return Err(Refusal::impossible(
            format!("{} has no deployment to roll back to, so it cannot be guarded", app.name()),
            "sync without a guard",
        ));
    };
    let hold = exact(watch.hold);
    let back = format!("deployment {} ({})", harbour.id, short_revision(&harbour.revision));
    plan.caution(match policy {
        GuardPolicy::Auto => {
            format!("guarded until it has held for {hold}: if it fails, auto-sync goes off and {back} comes back")
        }
        GuardPolicy::Ask => {
            format!("guarded until it has held for {hold}: if it fails, you are asked whether {back} comes back")
        }
        GuardPolicy::Never => format!("watched until it has held for {hold}; if it fails, that is said and no more"),
    });
    if policy != GuardPolicy::Never {
        plan.risk = plan.risk.max(Risk::Danger);
        if app.auto_sync().enabled {
            plan.restored(&facts.restorer, " when the guard switches it off: then it cannot be rolled back");
        }
    }
    plan.harbour = Some(harbour);
    Ok(())
}

/// What the Application itself says of its resources: without desired manifests no more can be known.
fn steps(facts: &Facts, options: &SyncOptions, plan: &mut Plan) {
    plan.known_from = "from Argo CD's last comparison and operation; what Git wants in detail is not known here";
    let all = options.options(facts.app.sync_options());
    let only_differing = all.iter().any(|option| option == "ApplyOutOfSyncOnly=true");
    for resource in facts.app.resources() {
        let text = |name: &str| clean(resource[name].as_str().unwrap_or_default()).into_owned();
        let prune = resource["requiresPruning"].as_bool().unwrap_or_default();
        if resource["hook"].as_bool().unwrap_or_default() {
            continue;
        }
        let missing = resource["health"]["status"] == "Missing";
        let differs = resource["status"] == "OutOfSync";
        let wanted = |name| facts.marks.wanted(resource, &all, name);
        let is_made_anew = options.force || [wanted("Replace"), wanted("Force")].contains(&Some("true"));
        let (kind, mut note) = match (prune, differs) {
            _ if options.leaves_out(resource) => (StepKind::Skip, "not selected".to_owned()),
            (true, _) if !options.prune => (StepKind::Keep, "left Git; prune is off".to_owned()),
            (true, _) => match wanted("Prune") {
                Some("false") => (StepKind::Keep, "left Git, and is never pruned".to_owned()),
                Some("confirm") => (StepKind::Prune, format!("left Git; {APPROVED}")),
                _ => (StepKind::Prune, "left Git".to_owned()),
            },
            (false, true) if missing => (StepKind::Create, String::new()),
            (false, true) if is_made_anew => (StepKind::Replace, String::new()),
            (false, true) => (StepKind::Update, String::new()),
            (false, false) if only_differing => (StepKind::Skip, "in sync".to_owned()),
            (false, false) => (StepKind::Same, String::new()),
        };
        let own = facts.marks.of_resource(resource);
        if !own.is_empty() {
            let gap = if note.is_empty() { "" } else { "; " };
            note.push_str(&format!("{gap}{OWN}{}", own.join(", ")));
        }
        let wave = resource["syncWave"].as_i64().unwrap_or_default();
        let resource = format!("{} {}", text("kind"), text("name"));
        plan.steps.push(Step { kind, resource, phase: "Sync".to_owned(), wave, note });
    }
    hooks(facts, options, plan);
    in_order(&mut plan.steps);
}

/// The hooks of the last operation: they are in no comparison, so those of the next one can only be guessed from them.
fn hooks(facts: &Facts, options: &SyncOptions, plan: &mut Plan) {
    let rows = facts.app.at("/status/operationState/syncResult/resources").and_then(Value::as_array);
    for row in rows.into_iter().flatten() {
        let text = |name: &str| clean(row[name].as_str().unwrap_or_default()).into_owned();
        if text("hookType").is_empty() {
            continue;
        }
        let phase = if text("syncPhase").is_empty() { text("hookType") } else { text("syncPhase") };
        let (kind, note) = if options.runs_hooks() {
            (StepKind::Hook, "ran in the last operation".to_owned())
        } else {
            (StepKind::Skip, "hooks do not run".to_owned())
        };
        let resource = format!("{} {}", text("kind"), text("name"));
        plan.steps.push(Step { kind, resource, phase, wave: 0, note });
    }
}

fn cautions(facts: &Facts, options: &SyncOptions, plan: &mut Plan) {
    let auto = facts.app.auto_sync();
    match &facts.windows {
        Ok(windows) => {
            if let Verdict::Open { until: Some(at) } = windows.verdict(facts.now) {
                plan.caution(format!("the sync window closes in {}", until(at, facts.now)));
            }
        }
        Err(why) => plan.caution(format!("sync windows are not known: {why}")),
    }
    match (auto.enabled, auto.self_heal) {
        (true, false) => plan.caution("auto-sync is on without self-heal: it does not undo edits by hand"),
        (false, _) => plan.caution("auto-sync is off: nothing follows Git by itself"),
        _ => {}
    }
    if !options.runs_hooks() {
        plan.caution("no hooks run");
    }
    if facts.marks.unread > 0 {
        let count = facts.marks.unread;
        plan.caution(format!("options that {count} resources have of their own are not known: they could not be read"));
    }
    let kept = plan.count(StepKind::Keep);
    if kept > 0 && !options.prune {
        let (noun, stays) = if kept == 1 { ("resource", "stays") } else { ("resources", "stay") };
        plan.caution(format!("{kept} {noun} left Git and {stays}: prune is off"));
    }
    let pruned = plan.count(StepKind::Prune);
    if pruned > 0 && !options.dry_run {
        plan.warn(format!("{pruned} resources are deleted"));
        let awaited = plan.steps.iter().filter(|step| step.kind == StepKind::Prune && step.note.contains(APPROVED));
        if awaited.count() > 0 {
            plan.caution("the sync waits until somebody approves the deletion (argocd.argoproj.io/deletion-approved)");
        }
    }
    if plan.count(StepKind::Replace) > 0 && !options.dry_run {
        // by options of its own, too, nobody has asked for here
        plan.risk = plan.risk.max(Risk::Danger);
    }
    if (options.force || options.replace || plan.count(StepKind::Replace) > 0) && !options.dry_run {
        plan.warn("objects are replaced or deleted and made anew: they can be gone for a while");
    }
    if !options.resources.is_empty() {
        plan.caution("a partial sync: it is not written into the history");
    }
}
