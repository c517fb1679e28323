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
use crate::domain::{Change, Comparison, Field, Timestamp};
use crate::store::Interest;

/// The comparison as scripts read it (CLI.md); what is beyond it stands behind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DiffJson {
    app: String,
    rung: Option<&'static str>,
    resources: Vec<ResourceJson>,
    lacks: Vec<LackJson>,
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
    if let Some(against) = &on.against {
        return Err(unreachable_pair(against));
    }
    let deadline = read.deadline;
    read.setup.look_until(&[Interest::Comparison(key.clone())], deadline, &read.io);
    let comparison = read.setup.apps.comparison(&key).cloned();
    let Some(comparison) = comparison else {
        return Err(Failure::new(Exit::TimedOut, format!("{} was not compared in time", key.name)).hint("--timeout 1m"));
    };
    if let (Some(why), None) = (&comparison.failed, comparison.rung) {
        return Err(Failure::new(Exit::Source, format!("{} cannot be compared: {why}", key.name)));
    }
    for lack in &comparison.lacks {
        super::complain(&format!("note: not from {}: {}", lack.rung.word(), lack.why));
    }
    match on.output {
        DiffOutput::Json => get::json(&json(&key.name, &comparison), out)?,
        DiffOutput::Stat => write!(out, "{}", stat(&comparison))?,
        DiffOutput::Unified => print(&comparison, read.now(), out)?,
    }
    let ended = read.end(out)?;
    let is_partial = comparison.resources.iter().any(|resource| resource.unread.is_some());
    Ok(match ended {
        Exit::Ok if is_partial => Exit::Source,
        Exit::Ok if comparison.differs() => Exit::NotReached,
        ended => ended,
    })
}

/// What is not compared yet, and what it takes.
fn unreachable_pair(against: &Against) -> Failure {
    let what = match against {
        Against::History(id) => format!("deployment {id} of the history"),
        Against::Revision(revision) => format!("revision {revision}"),
        Against::Environment(environment) => format!("environment {environment}"),
    };
    let failure = Failure::new(Exit::Source, format!("no source renders the manifests of {what}"));
    failure.hint("leave --against out to compare what Git wants now with what runs")
}

fn json(app: &str, comparison: &Comparison) -> DiffJson {
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
    }
}

/// As a unified diff; who made each field differ stands behind `#`, where patch passes it over.
fn print(comparison: &Comparison, now: Timestamp, out: &mut impl Write) -> std::io::Result<()> {
    if let Some(rung) = comparison.rung {
        writeln!(out, "# {}", rung.said())?;
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
