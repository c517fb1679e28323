//! `get apps`: what is there, for people and for programs.

use std::io::Write;

use serde::Serialize;

use super::listing::Listing;
use super::table::columns;

use crate::cli::arguments::Output;
use crate::cli::exit::Failure;
use crate::domain::app::short_revision;
use crate::domain::time::{coarse, elapsed};
use crate::domain::{AppRow, Phase, Symbol, Timestamp, Trouble};
use crate::store::Apps;

/// An Application as scripts read it (CLI.md). Keys are never omitted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AppJson<'a> {
    source: &'a str,
    namespace: &'a str,
    name: &'a str,
    environment: Option<&'a str>,
    service: &'a str,
    project: &'a str,
    sync: &'static str,
    health: &'static str,
    trouble: Option<TroubleJson>,
    revision: &'a str,
    target_revision: &'a str,
    images: Vec<&'a str>,
    operation: Option<OperationJson<'a>>,
    auto_sync: bool,
    drift: u32,
    link: &'static str,
}

#[derive(Debug, Serialize)]
struct TroubleJson {
    kind: &'static str,
    reason: String,
    since: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OperationJson<'a> {
    phase: Option<&'static str>,
    message: Option<&'a str>,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    retry_count: u32,
}

/// Prints the Applications in the order of environment, service and name.
pub(super) fn print(listing: Listing<'_>, out: &mut impl Write) -> Result<(), Failure> {
    let Listing { apps, output, now, .. } = listing;
    let environments: Vec<Symbol> = apps.environments().into_iter().map(|e| e.name).collect();
    let place = |row: &AppRow| environments.iter().position(|e| Some(e) == row.environment.as_ref());
    let mut rows: Vec<&AppRow> = listing.rows().collect();
    rows.sort_by_key(|row| (place(row), row.service.clone(), row.key.clone()));
    match output {
        Output::Json => {
            let rows: Vec<_> = rows.into_iter().map(|row| json(apps, row, now)).collect();
            super::json(&rows, out)?;
        }
        Output::Table => table(&rows, apps, now, false, out)?,
        Output::Wide => table(&rows, apps, now, true, out)?,
    }
    Ok(())
}

fn json<'a>(apps: &Apps, row: &'a AppRow, now: Timestamp) -> AppJson<'a> {
    AppJson {
        source: &row.key.source,
        namespace: &row.key.namespace,
        name: &row.key.name,
        environment: row.environment.as_deref(),
        service: &row.service,
        project: &row.project,
        sync: row.sync.word(),
        health: row.health.word(),
        trouble: trouble_of(apps, row, now).map(|Trouble { kind, reason, since }| TroubleJson {
            kind: kind.word(),
            reason,
            since,
        }),
        revision: &row.revision,
        target_revision: &row.target_revision,
        images: row.images.iter().map(Symbol::as_str).collect(),
        operation: row.operation.as_ref().map(|o| OperationJson {
            phase: o.phase.map(Phase::word),
            message: o.message.as_deref(),
            started_at: o.started,
            finished_at: o.finished,
            retry_count: o.retries,
        }),
        auto_sync: row.auto_sync.enabled,
        drift: row.drift,
        link: apps.link(&row.key.source).word(),
    }
}

/// The verdict with what its pods tell.
fn trouble_of(apps: &Apps, row: &AppRow, now: Timestamp) -> Option<Trouble> {
    apps.find(&row.key).and_then(|id| apps.trouble(id, now))
}

/// What goes on; `-` when nothing does. Synced and Healthy is not done while a PostSync hook runs.
fn operation_word(row: &AppRow) -> String {
    let Some(operation) = row.operation.as_ref().filter(|operation| operation.is_active()) else {
        return "-".to_owned();
    };
    match (operation.phase, operation.sync_phase) {
        (Some(Phase::Running), _) if operation.is_retrying() => "Retrying".to_owned(),
        (Some(Phase::Running), Some(phase)) => format!("Running/{}", phase.word()),
        (Some(phase), _) => phase.word().to_owned(),
        (None, _) => "Requested".to_owned(),
    }
}

fn table(rows: &[&AppRow], apps: &Apps, now: Timestamp, wide: bool, out: &mut impl Write) -> std::io::Result<()> {
    let mut lines = vec![
        ["SOURCE", "NAME", "ENVIRONMENT", "SYNC", "HEALTH", "OPERATION", "TROUBLE", "VERSION", "AGE"]
            .map(str::to_owned)
            .to_vec(),
    ];
    if wide {
        lines[0].extend(["NAMESPACE", "PROJECT", "REVISION", "TARGET", "DRIFT", "LINK"].map(str::to_owned));
    }
    for row in rows {
        let mut line = vec![
            row.key.source.to_string(),
            row.key.name.to_string(),
            row.environment.as_deref().unwrap_or("-").to_owned(),
            row.sync.word().to_owned(),
            row.health.word().to_owned(),
            operation_word(row),
            trouble_of(apps, row, now).map_or("-", |t| t.kind.word()).to_owned(),
            row.version().to_owned(),
            row.age_since().map_or_else(|| "-".to_owned(), |at| coarse(elapsed(at, now))),
        ];
        if wide {
            line.extend([
                row.key.namespace.to_string(),
                row.project.to_string(),
                short_revision(&row.revision).to_owned(),
                row.target_revision.to_string(),
                row.drift.to_string(),
                apps.link(&row.key.source).word().to_owned(),
            ]);
        }
        lines.push(line);
    }
    columns(&lines, out)
}
