//! Terminate: the phase of the running operation is set, and the controller ends it (semantics 2.3).

use serde_json::json;

use super::plan::{Facts, Plan};
use super::refusal::Refusal;
use super::verb::Verb;

pub(super) fn plan(facts: &Facts) -> Result<Plan, Refusal> {
    let app = &facts.app;
    if !app.has_operation() {
        return Err(Refusal::impossible(
            format!("no operation is in progress on {}", app.name()),
            "there is nothing to terminate",
        ));
    }
    if app.phase().is_empty() {
        return Err(Refusal::impossible(
            format!("the operation on {} has not been picked up yet", app.name()),
            "try again in a moment",
        ));
    }
    let by = app.operation_by();
    let mut plan = Plan::new(facts, Verb::Terminate, format!("Terminate the operation on {}, by {by}", app.name()));
    plan.patch_app(json!({"status": {"operationState": {"phase": "Terminating"}}}), true);
    plan.caution("what is applied stays applied; a running hook is deleted");
    if app.auto_sync().enabled {
        plan.caution("auto-sync does not try this revision again; it will try the next");
    }
    Ok(plan)
}
