//! `get why`: the reason an Application is in trouble.

use std::io::Write;

use serde::Serialize;

use crate::cli::arguments::Output;
use crate::cli::exit::Failure;
use crate::domain::{AppKey, Timestamp};
use crate::store::Apps;

/// The reason as scripts read it (CLI.md).
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct WhyJson {
    app: String,
    resource: Option<String>,
    pod: Option<String>,
    container: Option<String>,
    reason: Option<String>,
    exit_code: Option<i32>,
    restarts: u32,
    log_tail: Vec<String>,
    event: Option<String>,
    operation: Option<String>,
    since: Option<Timestamp>,
}

/// Prints the evidence.
pub(super) fn print(
    apps: &Apps,
    key: &AppKey,
    output: Output,
    now: Timestamp,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let why = apps.find(key).and_then(|id| apps.why(id, now));
    let mut json = WhyJson { app: key.name.to_string(), ..WhyJson::default() };
    if let Some(why) = &why {
        let named = |o: &crate::domain::ObjectRef| format!("{}/{}", o.kind, o.name);
        json.resource = why.chain.first().map(named);
        json.pod = why.chain.iter().find(|o| &*o.kind == "Pod").map(|o| o.name.to_string());
        json.container = why.container.as_ref().map(ToString::to_string);
        json.reason = Some(why.reason.as_ref().map_or_else(|| why.trouble.reason.clone(), ToString::to_string));
        json.exit_code = why.exit_code;
        json.restarts = why.restarts;
        json.event = why.event.as_ref().map(|e| format!("{}: {}", e.reason, e.message));
        json.operation = why.operation.as_ref().map(ToString::to_string);
        json.since = why.since;
        json.log_tail = why.log.iter().flat_map(|log| log.lines.iter().map(ToString::to_string)).collect();
    }
    if output == Output::Json {
        return super::json(&json, out);
    }
    match why {
        Some(why) => write!(out, "{}", why.text())?,
        None => writeln!(out, "{}: nothing is known to be wrong", json.app)?,
    }
    Ok(())
}
