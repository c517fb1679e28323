//! Rollback: an earlier deployment is applied again, with its source as it was then (semantics 2.4).

use serde_json::{Map, json};

use super::application::Application;
use super::comparison::compare;
use super::entry::Entry;
use super::plan::{Facts, Plan};
use super::refusal::Refusal;
use super::sync::may_operate;
use super::verb::Verb;
use crate::domain::app::short_revision;

/// The deployment to go back to among `entries`, newest first: the last one where a later attempt failed, else the newest
/// that was something else, for the current one may have been synced more than once; `None` where there is no other.
#[must_use]
pub fn preselected(app: &Application, entries: &[Entry]) -> Option<usize> {
    let newest = entries.first()?;
    let failed = matches!(app.phase(), "Failed" | "Error");
    if failed && app.operation_revision() != newest.shown_revision() {
        return Some(0);
    }
    let other = entries.iter().position(|entry| !entry.is_like(newest));
    other.or_else(|| (entries.len() > 1).then_some(1))
}

/// The deployment a rollback goes to: the one named, else the one to go back to.
fn choose(app: &Application, id: Option<i64>) -> Result<Entry, Refusal> {
    let (name, mut history) = (app.name(), app.history());
    history.reverse();
    let found = match id {
        Some(id) => history.iter().find(|entry| entry.id == id),
        None => preselected(app, &history).and_then(|at| history.get(at)),
    };
    found.cloned().ok_or_else(|| {
        let ids: Vec<String> = history.iter().map(|entry| entry.id.to_string()).collect();
        match id {
            Some(id) => Refusal::missing(
                format!("{name} does not have a deployment with id {id}"),
                format!("one of {}", ids.join(", ")),
            ),
            None => Refusal::missing(format!("{name} has no earlier deployment"), "sync to a revision instead"),
        }
    })
}

pub(super) fn plan(facts: &Facts, id: Option<i64>, prune: bool) -> Result<Plan, Refusal> {
    let app = &facts.app;
    if app.is_deleting() {
        return Err(Refusal::impossible(format!("{} is being deleted", app.name()), "nothing can be applied any more"));
    }
    if app.auto_sync().enabled {
        return Err(Refusal::impossible(
            "rollback cannot be initiated when auto-sync is enabled".to_owned(),
            "switch auto-sync off first (autosync off): it stays off until it is given back",
        ));
    }
    let entry = choose(app, id)?;
    if entry.source.is_none() && entry.sources.is_empty() {
        return Err(Refusal::impossible(
            format!("deployment {} was made by a very old Argo CD that noted no source", entry.id),
            "sync to its revision instead",
        ));
    }
    may_operate(facts)?;
    let mut sync = Map::new();
    if !entry.revision.is_empty() {
        sync.insert("revision".to_owned(), json!(entry.revision));
    }
    if prune {
        sync.insert("prune".to_owned(), json!(true));
    }
    let options = app.sync_options();
    if !options.is_empty() {
        sync.insert("syncOptions".to_owned(), json!(options));
    }
    sync.insert("syncStrategy".to_owned(), json!({"apply": {}}));
    if entry.sources.is_empty() {
        sync.insert("source".to_owned(), json!(entry.source));
    } else {
        sync.insert("sources".to_owned(), json!(entry.sources));
        sync.insert("revisions".to_owned(), json!(entry.revisions));
    }
    let revision = entry.shown_revision();
    let title = format!("Roll {} back to deployment {}, {}", app.name(), entry.id, short_revision(&revision));
    let mut plan = Plan::new(facts, Verb::Rollback { id: Some(entry.id), prune }, title);
    let operation = json!({"initiatedBy": {"username": facts.user}, "retry": {}, "sync": sync});
    plan.patch_app(json!({"operation": operation, "status": {"operationState": null}}), true);
    plan.compared = compare(app, &entry, &facts.past);
    plan.caution("no hooks run");
    if prune {
        plan.warn("what that deployment did not have is deleted");
    } else {
        plan.caution("nothing is pruned");
    }
    plan.caution("the app will read OutOfSync: its spec goes on following Git");
    plan.restored(&facts.restorer, ", and that rolls forward again");
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(revisions: &[&str], failed_at: Option<&str>) -> Option<i64> {
        let source = json!({"repoURL": "https://git.example.com/a.git", "path": "a"});
        let rows = revisions.iter().enumerate();
        let rows: Vec<_> =
            rows.map(|(id, revision)| json!({"id": id, "revision": revision, "source": source})).collect();
        let state = failed_at.map(|at| json!({"phase": "Failed", "syncResult": {"revision": at}}));
        let app = Application::new(json!({"metadata": {"name": "a"},
            "status": {"history": rows, "operationState": state}}));
        choose(&app, None).ok().map(|entry| entry.id)
    }

    #[test]
    fn without_a_name_it_goes_to_the_newest_that_was_something_else() {
        assert_eq!(chosen(&["a", "b", "c"], None), Some(1));
        assert_eq!(chosen(&["a", "b", "b"], None), Some(0), "the same was synced twice");
        assert_eq!(chosen(&["a", "a"], None), Some(0), "nothing was ever something else");
        assert_eq!(chosen(&["a"], None), None);
        assert_eq!(chosen(&[], None), None);
    }

    #[test]
    fn where_a_later_attempt_failed_it_goes_to_the_last_that_went_well() {
        assert_eq!(chosen(&["a", "b"], Some("c")), Some(1));
        assert_eq!(chosen(&["a"], Some("c")), Some(0));
        assert_eq!(chosen(&["a", "b"], Some("b")), Some(0), "synced again, and badly");
    }
}
