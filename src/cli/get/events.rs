//! `get events`: what controllers told about the Applications and their objects.

use std::cmp::Reverse;
use std::io::Write;

use serde::Serialize;

use super::listing::Listing;
use super::table::columns;

use crate::cli::arguments::Output;
use crate::cli::exit::Failure;
use crate::domain::time::{coarse, elapsed};
use crate::domain::{AppRow, Event, Timestamp};

/// An Event as scripts read it (CLI.md).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EventJson<'a> {
    source: &'a str,
    namespace: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    reason: &'a str,
    object: String,
    message: &'a str,
    count: u32,
    last_seen: Option<Timestamp>,
    app: &'a str,
}

/// Prints the Events listed: Warnings first, the newest of each first.
pub(super) fn print(listing: Listing<'_>, out: &mut impl Write) -> Result<(), Failure> {
    let Listing { apps, output, now, .. } = listing;
    let mut rows: Vec<(&AppRow, Event)> = listing
        .rows()
        .flat_map(|row| {
            let events = apps.find(&row.key).map(|id| apps.events_of(id)).unwrap_or_default();
            events.into_iter().map(move |event| (row, event))
        })
        .collect();
    rows.sort_by_key(|(row, event)| (!event.warning, Reverse(event.last), row.key.clone()));
    let kind = |event: &Event| if event.warning { "Warning" } else { "Normal" };
    let object = |event: &Event| format!("{}/{}", event.object.kind, event.object.name);
    if output == Output::Json {
        let rows: Vec<EventJson<'_>> = rows
            .iter()
            .map(|(row, event)| EventJson {
                source: &row.key.source,
                namespace: &event.object.namespace,
                kind: kind(event),
                reason: &event.reason,
                object: object(event),
                message: &event.message,
                count: event.count,
                last_seen: event.last,
                app: &row.key.name,
            })
            .collect();
        return super::json(&rows, out);
    }
    let heading = ["LAST SEEN", "TYPE", "REASON", "APP", "OBJECT", "COUNT", "MESSAGE"];
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(|(row, event)| {
        let age = event.last.map_or_else(|| "-".to_owned(), |at| coarse(elapsed(at, now)));
        let told = [age, kind(event).to_owned(), event.reason.to_string(), row.key.name.to_string()];
        let rest = [object(event), event.count.to_string(), event.message.to_string()];
        told.into_iter().chain(rest).collect()
    }));
    Ok(columns(&lines, out)?)
}
