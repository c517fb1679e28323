//! From a verb and facts to a plan: each verb has a file of its own, this one leads to it.

use super::plan::{Facts, Plan};
use super::refusal::Refusal;
use super::verb::Verb;
use super::{auto_sync, debug, delete, refresh, rollback, served, sync, terminate, workload};

/// The plans that do `verb`, one after the other. A rollback of an Application that syncs itself switches that off
/// first, and is planned for what the Application then is: anything else that changes in between refuses it.
///
/// # Errors
/// As [`plan`].
pub fn chain(verb: &Verb, facts: &Facts) -> Result<Vec<Plan>, Refusal> {
    if !matches!(verb, Verb::Rollback { .. }) || !facts.app.auto_sync().enabled {
        return Ok(vec![plan(verb, facts)?]);
    }
    let mut off = plan(&Verb::AutoSync { on: false }, facts)?;
    let switched = written(&Verb::AutoSync { on: false }, facts)?;
    let app = switched.requests.iter().fold(facts.app.clone(), |app, request| app.patched(&request.body));
    let back = plan(verb, &Facts { app, ..facts.clone() })?;
    // who says yes to the one has been told of the other
    off.risk = off.risk.max(back.risk);
    off.leads_on = true;
    off.windows.clone_from(&back.windows);
    off.caution("it stays off after the rollback, until it is given back");
    Ok(vec![off, back])
}

/// What `verb` would do to the Application of `facts`.
///
/// # Errors
/// When it cannot be done at all, whoever asks: Argo CD itself would refuse it, or there is nothing to do it to.
pub fn plan(verb: &Verb, facts: &Facts) -> Result<Plan, Refusal> {
    let plan = written(verb, facts)?;
    if facts.served { served::through_server(plan, facts) } else { Ok(plan) }
}

/// As it is written into the Application.
fn written(verb: &Verb, facts: &Facts) -> Result<Plan, Refusal> {
    match verb {
        Verb::Sync(options) => sync::plan(facts, options),
        Verb::Refresh { hard } => Ok(refresh::plan(facts, *hard)),
        Verb::Terminate => terminate::plan(facts),
        Verb::Rollback { id, prune } => rollback::plan(facts, *id, *prune),
        Verb::AutoSync { on } => auto_sync::plan(facts, *on),
        Verb::Restart(object) => workload::restart(facts, object),
        Verb::Scale { object, replicas } => workload::scale(facts, object, *replicas),
        Verb::Pause(object) => workload::pause(facts, object, true),
        Verb::Resume(object) => workload::pause(facts, object, false),
        Verb::Run { object, action } => workload::run(facts, object, action),
        Verb::Inject(injection) => debug::plan(facts, injection),
        Verb::DeleteResource { object, propagation } => delete::resource(facts, object, *propagation),
        Verb::Delete { cascade } => delete::application(facts, *cascade),
    }
}
