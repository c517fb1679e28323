//! `history`: the deployments of an Application, newest first.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::super::arguments::{Everywhere, Output};
use super::super::exit::{Exit, Failure};
use super::super::get;
use super::super::read::Read;
use super::arguments::Look;
use super::run::{Way, unread};
use crate::action::{Entry, Past};
use crate::domain::Timestamp;
use crate::domain::app::short_revision;
use crate::domain::mask::masked;
use crate::domain::time::{coarse, elapsed};

/// A deployment as scripts read it (CLI.md).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryJson {
    id: i64,
    revision: String,
    deployed_at: Option<Timestamp>,
    initiated_by: Option<String>,
    images: Vec<String>,
    source: Value,
}

pub(super) fn run(on: &Look, everywhere: &Everywhere, out: &mut impl Write) -> Result<Exit, Failure> {
    let mut read = Read::start(everywhere, on.environment.as_deref(), on.timeout)?;
    let way = Way::find(&mut read, &on.app, on.environment.as_deref())?;
    let app = read.io.block_on(way.road.look(&way.key)).map_err(unread)?;
    let mut history = app.history();
    history.reverse();
    let past = read.io.block_on(Past::of(&way.road, &way.key, &app));
    let newest = history.first().map(|entry| entry.id);
    let images = |entry: &Entry| {
        if Some(entry.id) == newest { past.newest_images(entry, &app) } else { past.images(entry) }
    };
    if on.output == Output::Json {
        let rows: Vec<EntryJson> = history
            .iter()
            .map(|entry| EntryJson {
                id: entry.id,
                revision: entry.shown_revision(),
                deployed_at: entry.deployed,
                initiated_by: entry.by.clone(),
                images: images(entry),
                source: masked(entry.source.clone().unwrap_or_else(|| Value::Array(entry.sources.clone()))),
            })
            .collect();
        get::json(&rows, out)?;
    } else {
        let now = read.now();
        let mut lines = vec![["ID", "REVISION", "AGE", "BY", "IMAGES", "COMMIT"].map(str::to_owned).to_vec()];
        lines.extend(history.iter().map(|entry| {
            vec![
                entry.id.to_string(),
                short_revision(&entry.shown_revision()).to_owned(),
                entry.deployed.map_or_else(|| "-".to_owned(), |at| coarse(elapsed(at, now))),
                entry.by.clone().unwrap_or_else(|| "auto-sync".to_owned()),
                images(entry).join(" "),
                past.story(entry),
            ]
        }));
        get::columns(&lines, out)?;
    }
    read.end(out)
}
