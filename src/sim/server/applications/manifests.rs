//! What Git wants, rendered.

use serde_json::json;

use super::super::super::argocd::inspect;
use super::super::desk::{Caller, Desk};
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::super::request::Asked;
use super::super::state::mask::masked;

/// Answers with the manifests of a revision, of one for each source named by its place, or of what the Application
/// follows; hooks are among them.
pub(in crate::sim::server) fn manifests(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let app = desk.app(caller, "get", asked, name)?;
    let mut revisions = vec![asked.query.get("revision").to_owned()];
    for (at, revision) in asked.query.all("sourcePositions").zip(asked.query.all("revisions")) {
        let sources = inspect::sources(&app).len();
        let at = at.parse::<usize>().ok().filter(|at| (1..=sources).contains(at));
        let at = at.ok_or_else(|| Refusal::invalid("source position is out of range"))?;
        revisions.resize(sources, String::new());
        revision.clone_into(&mut revisions[at - 1]);
    }
    let rendered = desk.manifests(&app, &revisions);
    let rendered = rendered.map_err(|words| Refusal::unknown(words.join(";")))?;
    let texts: Vec<String> = rendered.into_iter().map(|object| masked(object).to_string()).collect();
    Ok(Reply::Json(if texts.is_empty() { json!({}) } else { json!({"manifests": texts}) }))
}
