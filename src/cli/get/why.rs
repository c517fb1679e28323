//! `get why`: the reason an Application is in trouble.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::cli::arguments::Output;
use crate::cli::exit::Failure;
use crate::cli::setup::Setup;
use crate::domain::text::without_colour;
use crate::domain::{AppKey, LogNews, LogRequest, Timestamp};
use crate::source::kube::{Cluster, stream};
use crate::store::Apps;

/// Lines of the failing container's log that are shown.
const LINES: u32 = 10;
/// How long its log is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

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

/// The last lines of the failing container, if one fails and its log can be read. A container that waits for its next
/// start is still the current one (recorded, `crash`): its log is not the previous one.
pub(super) fn last_lines(setup: &Setup, key: &AppKey, io: &Runtime) -> Vec<String> {
    let now = setup.clock.now();
    let Some(id) = setup.apps.find(key) else { return Vec::new() };
    let Some(why) = setup.apps.why(id, now) else { return Vec::new() };
    let (Some(pod), Some(container), Some(place)) =
        (why.chain.iter().find(|o| &*o.kind == "Pod"), &why.container, setup.apps.place_of(id))
    else {
        return Vec::new();
    };
    let Some(spec) = setup.sources.spec(&place.0) else { return Vec::new() };
    let cluster = Cluster::new(spec.clone(), Arc::clone(&setup.clock));
    let request = LogRequest {
        namespace: pod.namespace.as_str().into(),
        pod: pod.name.as_str().into(),
        container: container.as_str().into(),
        tail: Some(LINES),
        ..LogRequest::default()
    };
    let (lane, mut news) = mpsc::channel(8);
    let mut lines = Vec::new();
    let collect = async {
        while let Some(told) = news.recv().await {
            if let LogNews::Lines(chunk) = told {
                lines.extend(chunk.lines.iter().map(|line| without_colour(&line.text).into_owned()));
            }
        }
    };
    let read = async { tokio::join!(stream(cluster, request, lane), collect) };
    // a log that does not come is no reason to say nothing
    _ = io.block_on(async { tokio::time::timeout(PATIENCE, read).await });
    lines
}

/// Prints the evidence.
pub(super) fn print(
    apps: &Apps,
    key: &AppKey,
    log: Vec<String>,
    output: Output,
    now: Timestamp,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let why = apps.find(key).and_then(|id| apps.why(id, now));
    let mut json = WhyJson { app: key.name.to_string(), log_tail: log, ..WhyJson::default() };
    let mut verdict = "nothing is known to be wrong".to_owned();
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
        verdict = format!("{}: {}", why.trouble.kind.short(), why.trouble.reason);
    }
    if output == Output::Json {
        return super::json(&json, out);
    }
    writeln!(out, "{}: {verdict}", json.app)?;
    let mut tell = |label: &str, text: Option<String>| match text {
        Some(text) => writeln!(out, "  {label:<10} {text}"),
        None => Ok(()),
    };
    let chain = why.iter().flat_map(|w| &w.chain).map(|o| format!("{} {}", o.kind, o.name)).collect::<Vec<_>>();
    tell("where", Some(chain.join(" > ")).filter(|c| !c.is_empty()))?;
    tell("container", json.container)?;
    tell("ended", json.exit_code.map(|code| format!("exit {code}, {} restarts", json.restarts)))?;
    for line in json.log_tail {
        tell("log", Some(line))?;
    }
    tell("event", json.event)?;
    tell("operation", json.operation)?;
    tell("since", json.since.map(|at| at.to_string()))?;
    Ok(())
}
