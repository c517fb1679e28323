//! What is known of a commit.

use serde_json::json;

use super::super::desk::{Caller, Desk};
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::super::request::Asked;

/// Answers with author, date and message of a commit.
pub(in crate::sim::server) fn metadata(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    (name, revision): (&str, &str),
) -> Result<Reply, Refusal> {
    desk.app(caller, "get", asked, name)?;
    let commit = desk.commits.describe(revision).ok_or_else(|| {
        Refusal::unknown(format!(
            "error acquiring repo lock: failed to initialize repository resources: rpc error: code = Internal desc = \
             Failed to checkout revision {revision}: `git fetch origin {revision} --tags --force --prune` failed exit \
             status 128: fatal: remote error: upload-pack: not our ref {revision}"
        ))
    })?;
    let mut answer = json!({"author": commit.author, "date": commit.date, "message": commit.message});
    if !commit.tags.is_empty() {
        answer["tags"] = json!(commit.tags);
    }
    Ok(Reply::Json(answer))
}
