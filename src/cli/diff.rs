//! `diff`: what a sync would change, and who made it differ.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::arguments::{Against, DiffOutput, DiffVerb, Everywhere};
use super::exit::{Exit, Failure};
use super::find::find;
use super::get;
use super::read::Read;
use crate::diff::{stat, unified};
use crate::domain::time::{coarse, elapsed};
use crate::domain::{AppKey, Change, Comparison, Field, State, Timestamp, Usual, Versus};
use crate::store::{Apps, Interest};

/// The comparison as scripts read it (CLI.md); what is beyond it stands behind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DiffJson {
    app: String,
    rung: Option<&'static str>,
    resources: Vec<ResourceJson>,
    lacks: Vec<LackJson>,
    /// Null for what Git wants now against what runs.
    against: Option<AgainstJson>,
    usual: Vec<UsualJson>,
    notes: Vec<String>,
}

/// What the two sides are.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AgainstJson {
    desired: String,
    live: String,
}

/// What environments have differently as a rule; it is in no resource.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UsualJson {
    what: &'static str,
    desired: String,
    live: String,
    fields: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceJson {
    group: String,
    kind: String,
    namespace: String,
    name: String,
    change: &'static str,
    fields: Vec<FieldJson>,
    ignored: Vec<FieldJson>,
    shadows: Vec<FieldJson>,
    unread: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FieldJson {
    path: String,
    desired: Option<Value>,
    live: Option<Value>,
    manager: Option<String>,
    operation: Option<String>,
    time: Option<Timestamp>,
    hidden: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LackJson {
    rung: &'static str,
    why: String,
}

pub(super) fn run(on: &DiffVerb, everywhere: &Everywhere, out: &mut impl Write) -> Result<Exit, Failure> {
    let mut read = Read::start(everywhere, on.environment.as_deref(), on.timeout)?;
    let key = find(&read.setup.apps, &on.app, on.environment.as_deref());
    if key.is_err() {
        super::exit_of(&read.setup.apps, &read.setup.sources);
    }
    let key = key?;
    let versus = match &on.against {
        Some(against) => versus(&read.setup.apps, &key, against)?,
        None => Versus::default(),
    };
    let deadline = read.deadline;
    read.setup.look_until(&[Interest::Comparison(key.clone(), versus.clone())], deadline, &read.io);
    let comparison = read.setup.apps.comparison(&key, &versus).cloned();
    let Some(comparison) = comparison else {
        return Err(Failure::new(Exit::TimedOut, format!("{} was not compared in time", key.name)).hint("--timeout 1m"));
    };
    if let (Some(why), None) = (&comparison.failed, comparison.rung) {
        let exit = if comparison.missing { Exit::NotFound } else { Exit::Source };
        return Err(Failure::new(exit, format!("{} cannot be compared: {why}", key.name)));
    }
    for lack in &comparison.lacks {
        super::complain(&format!("note: not from {}: {}", lack.rung.word(), lack.why));
    }
    for note in &comparison.notes {
        super::complain(&format!("note: {note}"));
    }
    match on.output {
        DiffOutput::Json => get::json(&json(&key.name, &comparison, on.against.is_some()), out)?,
        DiffOutput::Stat => write!(out, "{}", stat(&comparison))?,
        DiffOutput::Unified => print(&comparison, read.now(), on.against.is_some(), out)?,
    }
    let ended = read.end(out)?;
    let is_partial = comparison.resources.iter().any(|resource| resource.unread.is_some());
    Ok(match ended {
        Exit::Ok if is_partial => Exit::Source,
        Exit::Ok if comparison.differs() => Exit::NotReached,
        ended => ended,
    })
}

/// What is compared: of two of a kind the later word is the side of the wanted.
fn versus(apps: &Apps, app: &AppKey, against: &Against) -> Result<Versus, Failure> {
    let revision = |text: &str| State::Revision(text.into());
    Ok(match against {
        Against::History(id) => Versus::live(State::Deployment(*id)),
        Against::Histories(from, to) => Versus { wanted: State::Deployment(*to), base: State::Deployment(*from) },
        Against::Revision(text) => Versus::live(revision(text)),
        Against::Revisions(from, to) => Versus { wanted: revision(to), base: revision(from) },
        Against::Environment(name) => Versus { wanted: State::App(twin(apps, app, name)?), base: State::Git },
    })
}

/// The Application of the same service in another environment.
fn twin(apps: &Apps, app: &AppKey, environment: &str) -> Result<AppKey, Failure> {
    let row = apps.find(app).and_then(|id| apps.get(id));
    let service = row.map(|row| row.service.clone()).unwrap_or_default();
    if row.and_then(|row| row.environment.as_deref()) == Some(environment) {
        return Err(Failure::new(Exit::Usage, format!("{} is in {environment} itself", app.name)));
    }
    let of_service = || apps.all().filter(|row| row.service == service && row.key != *app);
    let found: Vec<&AppKey> =
        of_service().filter(|row| row.environment.as_deref() == Some(environment)).map(|row| &row.key).collect();
    match found[..] {
        [one] => Ok(one.clone()),
        [] => {
            let others: Vec<&str> = of_service().filter_map(|row| row.environment.as_deref()).collect();
            let why = format!("there is no {service} in environment `{environment}`");
            let failure = Failure::new(Exit::NotFound, why);
            Err(if others.is_empty() { failure } else { failure.hint(others.join("  ")) })
        }
        _ => {
            let all: Vec<String> = found.iter().map(|key| key.name.to_string()).collect();
            let why = format!("{service} is several Applications in environment `{environment}`");
            Err(Failure::new(Exit::NotFound, why).hint(all.join("  ")))
        }
    }
}

fn json(app: &str, comparison: &Comparison, is_against: bool) -> DiffJson {
    let field = |field: &Field| FieldJson {
        path: field.path.to_string(),
        desired: field.desired.clone(),
        live: field.live.clone(),
        manager: field.owner.as_ref().map(|owner| owner.manager.to_string()),
        operation: field.owner.as_ref().map(|owner| owner.operation.to_string()),
        time: field.owner.as_ref().and_then(|owner| owner.time),
        hidden: field.hidden,
    };
    let resources = comparison.resources.iter().map(|resource| ResourceJson {
        group: resource.object.group.to_string(),
        kind: resource.object.kind.to_string(),
        namespace: resource.object.namespace.to_string(),
        name: resource.object.name.to_string(),
        change: resource.change.word(),
        fields: resource.fields.iter().map(field).collect(),
        ignored: resource.ignored.iter().map(field).collect(),
        shadows: resource
            .shadows
            .iter()
            .map(|shadow| FieldJson {
                path: shadow.path.to_string(),
                desired: None,
                live: Some(shadow.live.clone()),
                manager: Some(shadow.owner.manager.to_string()),
                operation: Some(shadow.owner.operation.to_string()),
                time: shadow.owner.time,
                hidden: false,
            })
            .collect(),
        unread: resource.unread.as_ref().map(ToString::to_string),
    });
    DiffJson {
        app: app.to_owned(),
        rung: comparison.rung.map(crate::domain::Rung::word),
        resources: resources.collect(),
        lacks: comparison
            .lacks
            .iter()
            .map(|lack| LackJson { rung: lack.rung.word(), why: lack.why.to_string() })
            .collect(),
        against: is_against.then(|| {
            let [desired, live] = &comparison.names;
            AgainstJson { desired: desired.to_string(), live: live.to_string() }
        }),
        usual: comparison
            .usual
            .iter()
            .map(|usual| UsualJson {
                what: usual.what,
                desired: usual.desired.to_string(),
                live: usual.live.to_string(),
                fields: usual
                    .fields
                    .iter()
                    .map(|(object, path)| format!("{}/{} {path}", object.kind, object.name))
                    .collect(),
            })
            .collect(),
        notes: comparison.notes.iter().map(ToString::to_string).collect(),
    }
}

/// As a unified diff; who made each field differ stands behind `#`, where patch passes it over.
fn print(comparison: &Comparison, now: Timestamp, is_against: bool, out: &mut impl Write) -> std::io::Result<()> {
    if let Some(rung) = comparison.rung {
        writeln!(out, "# {}", rung.said())?;
    }
    if is_against {
        let [desired, live] = &comparison.names;
        writeln!(out, "# - {live}\n# + {desired}")?;
    }
    for usual in &comparison.usual {
        let Usual { what, desired, live, fields } = usual;
        writeln!(out, "# usual: {what} {live} -> {desired} ({} fields)", fields.len())?;
    }
    for resource in &comparison.resources {
        let name = format!("{} {}", resource.object.kind, resource.object.name);
        if let Some(why) = &resource.unread {
            writeln!(out, "# {name} could not be read: {why}")?;
        }
        let who = |owner: Option<&crate::domain::Owner>| {
            owner.map_or_else(String::new, |owner| {
                let age = owner.time.map_or_else(String::new, |at| format!(", {} ago", coarse(elapsed(at, now))));
                format!(" by {}{age}", owner.said())
            })
        };
        for field in &resource.fields {
            let hidden = if field.hidden { " (value hidden)" } else { "" };
            writeln!(out, "# {name} {}: changed{hidden}{}", field.path, who(field.owner.as_ref()))?;
        }
        for shadow in &resource.shadows {
            let owner = who(Some(&shadow.owner));
            writeln!(out, "# {name} {}: added{owner}, not seen by Argo CD", shadow.path)?;
        }
        if !resource.ignored.is_empty() {
            writeln!(out, "# {name}: {} ignored by rules", resource.ignored.len())?;
        }
        if resource.change != Change::Same {
            write!(out, "{}", unified(resource))?;
        }
    }
    Ok(())
}
