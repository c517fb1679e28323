//! `get pods`: the pods of the Applications that can be read.

use std::io::Write;

use serde::Serialize;

use super::listing::Listing;
use super::table::columns;

use crate::cli::arguments::Output;
use crate::cli::exit::Failure;
use crate::domain::time::{coarse, elapsed};
use crate::domain::{AppRow, Pod};

/// A pod as scripts read it (CLI.md).
#[derive(Debug, Serialize)]
struct PodJson<'a> {
    source: &'a str,
    namespace: &'a str,
    name: &'a str,
    app: &'a str,
    environment: Option<&'a str>,
    phase: &'a str,
    ready: String,
    restarts: u32,
    reason: &'a str,
    node: &'a str,
    containers: Vec<&'a str>,
}

/// Prints the pods listed, by Application and name.
pub(super) fn print(listing: Listing<'_>, out: &mut impl Write) -> Result<(), Failure> {
    let Listing { apps, output, now, .. } = listing;
    let mut rows: Vec<(&AppRow, &Pod)> = listing
        .rows()
        .flat_map(|row| {
            let pods = apps.find(&row.key).map(|id| apps.pods_of(id)).unwrap_or_default();
            pods.into_iter().map(move |pod| (row, pod))
        })
        .collect();
    rows.sort_by_key(|(row, pod)| (row.key.clone(), pod.name.clone()));
    let ready = |pod: &Pod| format!("{}/{}", pod.ready.0, pod.ready.1);
    if output == Output::Json {
        let rows: Vec<PodJson<'_>> = rows
            .iter()
            .map(|(row, pod)| PodJson {
                source: &row.key.source,
                namespace: &pod.namespace,
                name: &pod.name,
                app: &row.key.name,
                environment: row.environment.as_deref(),
                phase: &pod.phase,
                ready: ready(pod),
                restarts: pod.restarts,
                reason: &pod.reason,
                node: &pod.node,
                containers: pod.containers.iter().map(|c| c.name.as_str()).collect(),
            })
            .collect();
        return super::json(&rows, out);
    }
    let heading = ["SOURCE", "APP", "POD", "READY", "STATUS", "RESTARTS", "AGE", "NODE"];
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(|(row, pod)| {
        let age = pod.created.map_or_else(|| "-".to_owned(), |at| coarse(elapsed(at, now)));
        let names = [row.key.source.to_string(), row.key.name.to_string(), pod.name.to_string(), ready(pod)];
        let rest = [pod.reason.to_string(), pod.restarts.to_string(), age, pod.node.to_string()];
        names.into_iter().chain(rest).collect()
    }));
    Ok(columns(&lines, out)?)
}
