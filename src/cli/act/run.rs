//! One write, from the words of the command line to its end.

use std::io::Write;
use std::time::Duration;

use super::super::arguments::{Everywhere, Output};
use super::super::exit::{Exit, Failure};
use super::super::read::Read;
use super::super::{complain, find, get, state};
use super::arguments::On;
use super::confirm;
use super::report::{PlanJson, Report, refused, tell};
use crate::action::{
    Application, Asked, Audit, End, Guard, Harbour, Memory, ObjectName, Outcome, Plan, Refusal, RefusalKind, Road,
    Verb, Voyage, Watched, execute, follow, guard, plan, watch,
};
use crate::config::error::nearest;
use crate::domain::app::short_revision;
use crate::domain::time::after;
use crate::domain::{AppKey, AppRow};
use crate::source::kube::ReadError;
use crate::store::Interest;

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
        let control = setup.interests.cluster(&key.source).ok_or_else(no_way)?;
        let destination = route.context().cloned().and_then(|context| setup.interests.cluster(&context));
        let readonly = setup.settings.readonly.then(|| setup.settings.origin("readonly"));
        let who = state::who();
        let asked = Asked { key: key.clone(), environment, route, user: who.user.clone() };
        let road = Road {
            control,
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
    guarded(on, everywhere, out, None, verb)
}

/// The same, and a sync is watched for `hold` after it, and rolled back when it fails.
pub fn guarded(
    on: &On,
    everywhere: &Everywhere,
    out: &mut impl Write,
    hold: Option<Duration>,
    verb: impl Fn(&Application) -> Result<Verb, Failure>,
) -> Result<Exit, Failure> {
    let mut read = Read::start(everywhere, on.look.environment.as_deref(), on.look.timeout)?;
    let way = Way::find(&mut read, &on.look.app, on.look.environment.as_deref())?;
    let io = &read.io;
    let app = io.block_on(way.road.look(&way.key)).map_err(unread)?;
    let verb = verb(&app)?;
    let facts = io.block_on(way.road.facts(&way.asked, app, &verb));
    let say = Say { on, key: &way.key };
    let planned = match plan(&verb, &facts) {
        Ok(plan) => plan,
        Err(refusal) => return say.refused(None, &refusal, out),
    };
    if on.plan {
        return say.planned(&planned, out);
    }
    if on.look.output != Output::Json {
        tell(&planned, &mut std::io::stderr())?;
    }
    let harbour = match hold {
        Some(_) => Some(harbour(&facts.app, on)?),
        None => None,
    };
    let answer = confirm::ask(&planned, &way.road.guard, on.confirm.as_deref())?;
    let evidence = io.block_on(way.road.evidence(&planned)).map_err(unread)?;
    let report = PlanJson::of(&planned);
    let kept = planned.clone();
    let approved = match guard(planned, &way.road.guard, &evidence, answer.as_given()) {
        Ok(approved) => approved,
        Err(refusal) => return say.refused(Some(report), &refusal, out),
    };
    let audit = io.block_on(way.audit.as_known_to(&way.road.control));
    let outcome = io.block_on(execute(approved, &way.road, &audit));
    match outcome {
        Outcome::Done { .. } => {}
        Outcome::Refused(refusal) => return say.refused(Some(report), &refusal, out),
        Outcome::Failed { why, after_some } => {
            let some = if after_some { "; a part was written before" } else { "" };
            return say.ended(Some(report), "failed", None, Some(format!("{why}{some}")), None, Exit::Failed, out);
        }
        Outcome::Unknown { why } => {
            return say.ended(Some(report), "unknown", None, Some(why), None, Exit::TimedOut, out);
        }
    }
    let deadline = after(way.road.clock.now(), on.look.timeout);
    if let (Some(hold), Some(harbour)) = (hold, harbour) {
        let is_quiet = on.look.output == Output::Json;
        let tell = |what: String| {
            if !is_quiet {
                complain(&format!("  {what}"));
            }
        };
        let deadline = after(deadline, hold);
        let voyage = Voyage { begun: &kept, harbour: &harbour, hold, deadline };
        let watched = watch(&way.road, &audit, &way.asked, &voyage, tell);
        return say.watched(report, io.block_on(watched), out);
    }
    let mut said = String::new();
    let progress = |app: &Application| {
        let now = format!("{} {}", app.phase(), app.operation_message());
        if kept.verb.is_operation() && on.look.output != Output::Json && now != said && now.trim() != "" {
            complain(&format!("  {now}"));
            said = now;
        }
    };
    let end = io.block_on(follow(&way.road, &kept, deadline, progress));
    say.over(report, end, out)
}

/// What a guarded sync would go back to; said before anybody says yes.
fn harbour(app: &Application, on: &On) -> Result<Harbour, Failure> {
    let harbour = Harbour::of(app).ok_or_else(|| {
        let why = format!("{} has no deployment to roll back to, so it cannot be guarded", app.name());
        Failure::new(Exit::Refused, why).hint("sync without --guard")
    })?;
    if on.look.output != Output::Json {
        complain(&format!(
            "  guarded: if it fails, auto-sync goes off and deployment {} ({}) comes back",
            harbour.id,
            short_revision(&harbour.revision)
        ));
        if let Some(set) = app.application_set() {
            complain(&format!("  ApplicationSet {set} may put auto-sync back, and with it the failed revision"));
        }
    }
    Ok(harbour)
}

struct Say<'a> {
    on: &'a On,
    key: &'a AppKey,
}

impl Say<'_> {
    fn planned(&self, plan: &Plan, out: &mut impl Write) -> Result<Exit, Failure> {
        if self.on.look.output == Output::Json {
            let report = Some(PlanJson::of(plan));
            return self.ended(report, "planned", None, None, None, Exit::Ok, out);
        }
        tell(plan, out)?;
        for request in PlanJson::of(plan).lines() {
            writeln!(out, "  would send {request}")?;
        }
        out.flush()?;
        Ok(Exit::Ok)
    }

    fn refused(&self, plan: Option<PlanJson>, refusal: &Refusal, out: &mut impl Write) -> Result<Exit, Failure> {
        let (exit, outcome) = match refusal.kind {
            RefusalKind::Already => (Exit::Ok, "nothingToDo"),
            RefusalKind::Missing => (Exit::NotFound, "refused"),
            _ => (Exit::Refused, "refused"),
        };
        if self.on.look.output != Output::Json {
            complain(&refused(refusal));
            return Ok(exit);
        }
        self.ended(plan, outcome, None, Some(refusal.why.clone()), None, exit, out)
    }

    fn watched(&self, plan: PlanJson, watched: Watched, out: &mut impl Write) -> Result<Exit, Failure> {
        match watched {
            Watched::Held(app) => self.over(plan, End::Well(Some(app)), out),
            Watched::RolledBack { why, app, put_back } => {
                let back = if put_back {
                    "; auto-sync was put back by somebody: the failed revision comes again"
                } else {
                    "; auto-sync stays off"
                };
                let phase = app.as_ref().map(|app| app.phase().to_owned());
                let revision = app.as_ref().map(Application::operation_revision);
                let message = Some(format!("{why}{back}"));
                self.ended(Some(plan), "rolledBack", phase, message, revision, Exit::RolledBack, out)
            }
            Watched::Adrift { why, then } => {
                let message = Some(format!("{why}; it could not be rolled back: {then}"));
                self.ended(Some(plan), "failed", None, message, None, Exit::Failed, out)
            }
            Watched::Open { why } => self.ended(Some(plan), "timedOut", None, Some(why), None, Exit::TimedOut, out),
        }
    }

    fn over(&self, plan: PlanJson, end: End, out: &mut impl Write) -> Result<Exit, Failure> {
        match end {
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
    fn ended(
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

fn objects(app: &Application) -> impl Iterator<Item = ObjectName> {
    app.resources().map(|resource| {
        let text = |name: &str| resource[name].as_str().unwrap_or_default().into();
        ObjectName {
            group: text("group"),
            version: text("version"),
            kind: text("kind"),
            namespace: text("namespace"),
            name: text("name"),
        }
    })
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
