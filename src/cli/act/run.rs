//! One write, from the words of the command line to its end.

use std::io::Write;

use super::super::arguments::{Everywhere, Output};
use super::super::exit::{Exit, Failure};
use super::super::read::Read;
use super::super::{complain, find, get, state};
use super::arguments::On;
use super::report::{PlanJson, Report, refused, tell};
use super::{confirm, guarded};
use crate::action::{
    Application, Approved, Asked, Audit, Consent, End, Guard, Memory, ObjectName, Outcome, Plan, Refusal, RefusalKind,
    Road, SyncOptions, Verb, chain, execute, follow, forecast, guard, plan,
};
use crate::config::error::nearest;
use crate::domain::app::short_revision;
use crate::domain::time::after;
use crate::domain::{AppKey, AppRow, Timestamp, Versus};
use crate::source::kube::ReadError;
use crate::store::Interest;
use tokio::runtime::Runtime;

/// The way to the clusters of an Application, and where writes are noted.
pub struct Way {
    /// The Application.
    pub key: AppKey,
    /// The way.
    pub road: Road,
    /// What is known of it.
    pub asked: Asked,
    /// The log.
    pub audit: Audit,
}

impl Way {
    /// Finds the Application and the way to it.
    pub fn find(read: &mut Read, app: &str, environment: Option<&str>) -> Result<Self, Failure> {
        let setup = &mut read.setup;
        let key = find::find(&setup.apps, app, environment)?;
        let is_named = |row: &AppRow| setup.apps.routes().is_only_named(&row.destination);
        if setup.apps.all().any(|row| row.key == key && is_named(row)) {
            // where that is, has to be read first
            setup.look(&[Interest::Pods(key.clone())], read.deadline, &read.io);
        }
        let row = setup.apps.find(&key).and_then(|id| setup.apps.get(id));
        let row = row.ok_or_else(|| Failure::new(Exit::NotFound, format!("{} is gone", key.name)))?;
        let environment = row.environment.clone().unwrap_or_default();
        let environment = setup.apps.describe(&environment);
        let route = setup.apps.routes().of(row);
        let folder = state::folder()?;
        let no_way = || Failure::new(Exit::Source, format!("no way to source {}", key.source));
        let control = setup.interests.access.control(&key.source).ok_or_else(no_way)?;
        let destination = route.context().cloned().and_then(|context| setup.interests.access.cluster(&context));
        let readonly = setup.settings.readonly.then(|| setup.settings.origin("readonly"));
        let who = state::who();
        let asked = Asked { key: key.clone(), environment, route, user: who.user.clone() };
        let road = Road {
            control,
            server: setup.interests.access.server(&key.source),
            destination,
            guard: Guard { readonly },
            memory: Memory::new(&folder),
            clock: setup.clock.clone(),
        };
        Ok(Self { key, road, asked, audit: Audit::new(folder, who) })
    }
}

/// Why an Application could not be read.
pub fn unread(error: ReadError) -> Failure {
    match error {
        ReadError::Missing(why) => Failure::new(Exit::NotFound, why),
        ReadError::Denied(why) => Failure::new(Exit::Source, why),
        ReadError::Failed { why, hint } => {
            let failure = Failure::new(Exit::Source, why);
            match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        }
    }
}

/// Plans, asks, does and follows what `verb` makes of the Application.
pub fn perform(
    on: &On,
    everywhere: &Everywhere,
    out: &mut impl Write,
    verb: impl Fn(&Application) -> Result<Verb, Failure>,
) -> Result<Exit, Failure> {
    let mut read = Read::start(everywhere, on.look.environment.as_deref(), on.look.timeout)?;
    let way = Way::find(&mut read, &on.look.app, on.look.environment.as_deref())?;
    let io = &read.io;
    let app = io.block_on(way.road.look(&way.key)).map_err(unread)?;
    let verb = verb(&app)?;
    let facts = io.block_on(way.road.facts(&way.asked, app, &verb));
    let say = Say { on, key: &way.key };
    let plans = match chain(&verb, &facts) {
        Ok(plans) => plans,
        Err(refusal) => return say.refused(None, &refusal, out),
    };
    if on.plan {
        let plans = plans.into_iter().map(|plan| foreseen(&mut read, &facts.app, plan)).collect::<Vec<_>>();
        return say.planned(&plans, out);
    }
    if on.look.output != Output::Json {
        plans.iter().try_for_each(|plan| tell(plan, &mut std::io::stderr()))?;
    }
    // the first of several has the risk of them all
    let answer = match plans.first() {
        Some(first) => confirm::ask(first, &way.road.guard, on.confirm.as_deref())?,
        None => Consent::Nothing,
    };
    let audit = io.block_on(way.audit.as_known_to(&way.road.control));
    let report = PlanJson::of(&plans);
    let deadline = after(way.road.clock.now(), on.look.timeout);
    let count = plans.len();
    for (at, planned) in plans.into_iter().enumerate() {
        let written = write(io, &way, &audit, planned, &answer);
        let (kept, outcome) = match written {
            Ok(written) => written,
            Err(refused) => return say.refused(Some(report), &refused.1, out),
        };
        // what was planned anew is what was done
        let report = if count == 1 { PlanJson::of(std::slice::from_ref(&kept)) } else { report.clone() };
        match outcome {
            Outcome::Done { .. } => {}
            Outcome::Refused(refusal) => return say.refused(Some(report), &refusal, out),
            Outcome::Failed { why, after_some } => {
                let some = if after_some || at > 0 { "; a part was written before" } else { "" };
                return say.ended(Some(report), "failed", None, Some(format!("{why}{some}")), None, Exit::Failed, out);
            }
            Outcome::Reverted { why } => {
                let phase = Some("Reverted".to_owned());
                return say.ended(Some(report), "failed", phase, Some(why), None, Exit::Failed, out);
            }
            Outcome::Unknown { why } => {
                return say.ended(Some(report), "unknown", None, Some(why), None, Exit::TimedOut, out);
            }
        }
        if at + 1 == count {
            return finish(io, &way, &audit, (&kept, report), deadline, &say, out);
        }
        match io.block_on(follow(&way.road, &kept, deadline, |_| {})) {
            End::Well(_) => {}
            end => return say.over(report, end, out),
        }
    }
    Ok(Exit::Ok)
}

/// A plan with what Git wants in detail in place of what the last comparison left, where somebody tells it in time.
fn foreseen(read: &mut Read, app: &Application, mut plan: Plan) -> Plan {
    let Some(state) = plan.verb.wants() else { return plan };
    let (key, versus) = (plan.target.key.clone(), Versus::live(state));
    read.setup.look_until(&[Interest::Comparison(key.clone(), versus.clone())], read.deadline, &read.io);
    let Some(comparison) = read.setup.apps.comparison(&key, &versus) else { return plan };
    if let (Some(steps), Some(rung)) = (forecast(&plan, app, comparison), comparison.rung) {
        (plan.steps, plan.known_from) = (steps, rung.said());
    }
    plan
}

/// Has one plan approved and carried out.
fn write(
    io: &Runtime,
    way: &Way,
    audit: &Audit,
    mut planned: Plan,
    answer: &Consent,
) -> Result<(Plan, Outcome), Box<(Plan, Refusal)>> {
    loop {
        let (kept, approved) = approve(io, way, planned, answer)?;
        match io.block_on(execute(approved, &way.road, audit)) {
            // a guarded sync that somebody was quicker to begin while it was written
            Outcome::Refused(refusal) if refusal.kind == RefusalKind::Busy && can_be_watched(&kept) => planned = kept,
            outcome => return Ok((kept, outcome)),
        }
    }
}

/// Follows what was written last to its end, or guards it.
fn finish(
    io: &Runtime,
    way: &Way,
    audit: &Audit,
    (kept, report): (&Plan, PlanJson),
    deadline: Timestamp,
    say: &Say<'_>,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let on = say.on;
    if let (Verb::Sync(SyncOptions { guard: Some(watch), .. }), Some(harbour)) = (&kept.verb, &kept.harbour) {
        return guarded::guard(io, way, audit, (kept, harbour, watch.hold), say, out);
    }
    let mut said = String::new();
    let progress = |seen: Result<&Application, &str>| {
        let now = seen.map_or_else(str::to_owned, |app| format!("{} {}", app.phase(), app.operation_message()));
        let now = now.trim().to_owned();
        if kept.verb.is_operation() && on.look.output != Output::Json && now != said && !now.is_empty() {
            complain(&format!("  {now}"));
            said = now;
        }
    };
    let end = io.block_on(follow(&way.road, kept, deadline, progress));
    say.over(report, end, out)
}

/// A guarded sync that is still to be written: what somebody else has begun is watched in its place.
fn can_be_watched(plan: &Plan) -> bool {
    plan.harbour.is_some() && !plan.requests.is_empty()
}

/// Looks, and has the guard decide. A guarded sync that somebody else was quicker to begin is planned anew: then what they
/// began is watched, and less is written than was said yes to.
fn approve(
    io: &Runtime,
    way: &Way,
    mut planned: Plan,
    answer: &Consent,
) -> Result<(Plan, Approved), Box<(Plan, Refusal)>> {
    loop {
        let evidence = match io.block_on(way.road.evidence(&planned)) {
            Ok(evidence) => evidence,
            Err(error) => return Err(Box::new((planned, Refusal::unread(&error)))),
        };
        match guard(planned.clone(), &way.road.guard, &evidence, answer.as_given()) {
            Ok(approved) => return Ok((planned, approved)),
            Err(refusal) if refusal.kind == RefusalKind::Busy && can_be_watched(&planned) => {
                let facts = io.block_on(way.road.facts(&way.asked, evidence.app, &planned.verb));
                planned = match plan(&planned.verb, &facts) {
                    Ok(anew) => anew,
                    Err(_) => return Err(Box::new((planned, refusal))),
                };
            }
            Err(refusal) => return Err(Box::new((planned, refusal))),
        }
    }
}

/// Says how it ended.
pub(super) struct Say<'a> {
    pub(super) on: &'a On,
    key: &'a AppKey,
}

impl Say<'_> {
    fn planned(&self, plans: &[Plan], out: &mut impl Write) -> Result<Exit, Failure> {
        if self.on.look.output == Output::Json {
            let report = Some(PlanJson::of(plans));
            return self.ended(report, "planned", None, None, None, Exit::Ok, out);
        }
        plans.iter().try_for_each(|plan| tell(plan, out))?;
        for request in PlanJson::of(plans).lines() {
            writeln!(out, "  would send {request}")?;
        }
        out.flush()?;
        Ok(Exit::Ok)
    }

    fn refused(&self, plan: Option<PlanJson>, refusal: &Refusal, out: &mut impl Write) -> Result<Exit, Failure> {
        let (exit, outcome) = match refusal.kind {
            RefusalKind::Already => (Exit::Ok, "nothingToDo"),
            RefusalKind::Missing => (Exit::NotFound, "refused"),
            RefusalKind::Unreachable => (Exit::Source, "refused"),
            _ => (Exit::Refused, "refused"),
        };
        if self.on.look.output != Output::Json {
            complain(&refused(refusal));
            return Ok(exit);
        }
        self.ended(plan, outcome, None, Some(refusal.why.clone()), None, exit, out)
    }

    pub(super) fn over(&self, plan: PlanJson, end: End, out: &mut impl Write) -> Result<Exit, Failure> {
        match end {
            End::Well(app) if !plan.is_of_operation() => {
                let looked = app.as_ref().filter(|_| plan.is_refresh());
                let (message, revision) = (looked.map(found), looked.map(Application::sync_revision));
                self.ended(Some(plan), "done", None, message, revision, Exit::Ok, out)
            }
            End::Well(app) => {
                let phase = app.as_ref().map(|app| app.phase().to_owned()).filter(|phase| !phase.is_empty());
                let message = app.as_ref().map(Application::operation_message).filter(|message| !message.is_empty());
                let revision = app.as_ref().map(Application::operation_revision);
                self.ended(Some(plan), "done", phase, message, revision, Exit::Ok, out)
            }
            End::Badly { phase, message, app } => {
                let revision = Some(app.operation_revision());
                self.ended(Some(plan), "failed", Some(phase), Some(message), revision, Exit::Failed, out)
            }
            End::Open { message } => self.ended(Some(plan), "timedOut", None, Some(message), None, Exit::TimedOut, out),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the keys of one JSON object, in their order")]
    pub(super) fn ended(
        &self,
        plan: Option<PlanJson>,
        outcome: &'static str,
        phase: Option<String>,
        message: Option<String>,
        revision: Option<String>,
        exit: Exit,
        out: &mut impl Write,
    ) -> Result<Exit, Failure> {
        let report = Report { app: self.key.name.to_string(), plan, outcome, phase, message, revision };
        if self.on.look.output == Output::Json {
            get::json(&report, out)?;
        } else {
            let phase = report.phase.map(|phase| format!(" {phase}")).unwrap_or_default();
            let message = report.message.map(|message| format!(": {message}")).unwrap_or_default();
            writeln!(out, "{} {outcome}{phase}{message}", report.app)?;
        }
        out.flush()?;
        Ok(exit)
    }
}

/// What a look at Git has found.
fn found(app: &Application) -> String {
    let revision = app.sync_revision();
    let at = if revision.is_empty() { String::new() } else { format!(" at {}", short_revision(&revision)) };
    let or = |word: &str| if word.is_empty() { "Unknown".to_owned() } else { word.to_owned() };
    format!("{}{at}, {}", or(app.sync_status()), or(app.health()))
}

fn objects(app: &Application) -> impl Iterator<Item = ObjectName> {
    app.resources().map(ObjectName::of_row)
}

fn spelled(object: &ObjectName) -> String {
    format!("{}:{}:{}", object.group, object.kind, object.name)
}

/// The resource of an Application that was named.
pub fn managed(app: &Application, wanted: &ObjectName) -> Result<ObjectName, Failure> {
    let found = objects(app).find(|o| (&o.group, &o.kind, &o.name) == (&wanted.group, &wanted.kind, &wanted.name));
    found.ok_or_else(|| {
        let names: Vec<String> = objects(app).map(|object| spelled(&object)).collect();
        let failure = Failure::new(Exit::NotFound, format!("{} has no resource {}", app.name(), spelled(wanted)));
        match nearest(&spelled(wanted), names.iter().map(String::as_str)) {
            Some(near) => failure.hint(near),
            None => failure.hint(names.join("  ")),
        }
    })
}

/// The workload that was named, or the only one there is.
pub fn workload(app: &Application, wanted: Option<&ObjectName>, kinds: &[&str]) -> Result<ObjectName, Failure> {
    if let Some(wanted) = wanted {
        return managed(app, wanted);
    }
    let mut found: Vec<ObjectName> = objects(app).filter(|object| kinds.contains(&object.kind.as_str())).collect();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Failure::new(Exit::NotFound, format!("{} has no {}", app.name(), kinds.join(" or ")))),
        _ => {
            let names: Vec<String> = found.iter().map(spelled).collect();
            let failure = Failure::new(Exit::NotFound, format!("{} has several workloads", app.name()));
            Err(failure.hint(format!("--resource with one of {}", names.join("  "))))
        }
    }
}
