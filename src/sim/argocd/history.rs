//! `status.history`: what was deployed.

use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Rows kept when the spec does not say.
const LIMIT: u64 = 10;

/// Adds a row for the operation that is about to be Succeeded, and forgets the oldest over the limit.
pub fn append(app: &mut Value, result: &Value, at: Timestamp) {
    let limit = app["spec"]["revisionHistoryLimit"].as_u64().unwrap_or(LIMIT);
    let state = &app["status"]["operationState"];
    let mut row = json!({
        "deployStartedAt": state["startedAt"],
        "deployedAt": stamp(at),
        "initiatedBy": state["operation"]["initiatedBy"],
        "source": result["source"],
    });
    let several = result["sources"].is_array();
    for field in if several { &["revisions", "sources"][..] } else { &["revision"] } {
        row[*field] = result[*field].clone();
    }
    if row["initiatedBy"].is_null() {
        row["initiatedBy"] = json!({});
    }
    let mut rows = app["status"]["history"].as_array().cloned().unwrap_or_default();
    let last = rows.last().and_then(|row| row["id"].as_u64());
    row["id"] = json!(last.map_or(0, |id| id + 1));
    rows.push(row);
    let over = rows.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    rows.drain(..over);
    app["status"]["history"] = Value::Array(rows);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_and_limited() {
        let mut app = json!({"spec": {"revisionHistoryLimit": 2}, "status": {"operationState": {"operation": {}}}});
        for revision in ["a", "b", "c"] {
            append(&mut app, &json!({"revision": revision, "source": {}}), Timestamp::UNIX_EPOCH);
        }
        let ids: Vec<_> = app["status"]["history"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
        assert_eq!(ids, [1, 2]);
    }
}
