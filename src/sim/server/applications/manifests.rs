//! What Git wants, rendered.

use serde_json::json;

use super::super::desk::{Caller, Desk};
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::super::request::Asked;
use super::super::state::mask::masked;

/// Answers with the manifests of a revision, or of the one the Application follows; hooks are among them.
pub(in crate::sim::server) fn manifests(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let app = desk.app(caller, "get", asked, name)?;
    let rendered = desk.manifests(&app, asked.query.get("revision"));
    let rendered = rendered.map_err(|words| Refusal::unknown(words.join(";")))?;
    let texts: Vec<String> = rendered.into_iter().map(|object| masked(object).to_string()).collect();
    Ok(Reply::Json(if texts.is_empty() { json!({}) } else { json!({"manifests": texts}) }))
}
