//! Restart, scale, pause and resume of a live workload (semantics 2.9), on the cluster it runs in.

use serde_json::{Value, json};

use super::plan::{Facts, Plan, Request, Right, Where};
use super::refusal::Refusal;
use super::verb::Verb;
use crate::domain::{ObjectName, Symbol};

impl Right {
    /// The right to do something to a live object.
    pub(super) fn on(verb: &'static str, object: &ObjectName) -> Self {
        Self {
            verb,
            group: object.group.to_string(),
            kind: object.kind.to_string(),
            namespace: object.namespace.to_string(),
            name: object.name.to_string(),
        }
    }
}

/// The cluster the objects of an Application are in.
pub(super) fn destination(facts: &Facts) -> Result<Where, Refusal> {
    match facts.route.context() {
        Some(context) => Ok(Where::Destination(context.clone())),
        None => Err(Refusal::impossible(
            format!("{} of {}", facts.route, facts.app.name()),
            "name its context in a [[destination]] of the settings",
        )),
    }
}

/// The path of the object a verb names, as its cluster has it.
pub(super) fn object_path(facts: &Facts) -> Result<String, Refusal> {
    facts.path.clone().map_err(Refusal::no_way)
}

fn patch(facts: &Facts, object: &ObjectName, verb: Verb, title: String, body: Value) -> Result<Plan, Refusal> {
    let mut plan = Plan::new(facts, verb, title);
    plan.requests.push(Request {
        place: destination(facts)?,
        method: "PATCH",
        path: object_path(facts)?,
        content_type: "application/merge-patch+json",
        body,
        guarded: false,
        right: Right::on("patch", object),
    });
    Ok(plan)
}

fn undone(facts: &Facts, plan: &mut Plan, what: &str) {
    let auto = facts.app.auto_sync();
    if auto.enabled && auto.self_heal {
        plan.caution(format!("self-heal may undo {what}"));
    }
}

fn only(object: &ObjectName, kinds: &[&str], verb: &str) -> Result<(), Refusal> {
    if kinds.contains(&object.kind.as_str()) {
        return Ok(());
    }
    Err(Refusal::impossible(format!("a {} cannot be {verb}", object.kind), format!("{} can", kinds.join(", "))))
}

pub(super) fn restart(facts: &Facts, object: &ObjectName) -> Result<Plan, Refusal> {
    only(object, &["Deployment", "StatefulSet", "DaemonSet"], "restarted")?;
    let at = facts.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let body = json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": at}}}}});
    let title = format!("Restart {} {}: its pods are replaced one after the other", object.kind, object.name);
    patch(facts, object, Verb::Restart(object.clone()), title, body)
}

pub(super) fn scale(facts: &Facts, object: &ObjectName, replicas: u32) -> Result<Plan, Refusal> {
    only(object, &["Deployment", "StatefulSet", "ReplicaSet"], "scaled")?;
    let title = format!("Scale {} {} to {replicas}", object.kind, object.name);
    let verb = Verb::Scale { object: object.clone(), replicas };
    let mut plan = patch(facts, object, verb, title, json!({"spec": {"replicas": replicas}}))?;
    if replicas == 0 {
        plan.warn("nothing of it runs any more");
    }
    undone(facts, &mut plan, "the number of replicas");
    Ok(plan)
}

/// What argocd-server does to an object by rules of its own; nobody else can.
pub(super) fn run(facts: &Facts, object: &ObjectName, action: &Symbol) -> Result<Plan, Refusal> {
    if !facts.served {
        let what = format!("`{action}` is an action of argocd-server, which this source is not written through");
        return Err(Refusal::impossible(what, "look at it with --argocd-server"));
    }
    let title = format!("Run `{action}` on {} {}, as argocd-server does it", object.kind, object.name);
    let verb = Verb::Run { object: object.clone(), action: action.clone() };
    let mut plan = patch(facts, object, verb, title, json!({}))?;
    undone(facts, &mut plan, "what it changes");
    Ok(plan)
}

pub(super) fn pause(facts: &Facts, object: &ObjectName, paused: bool) -> Result<Plan, Refusal> {
    only(object, &["Deployment"], if paused { "paused" } else { "resumed" })?;
    let (verb, word) =
        if paused { (Verb::Pause(object.clone()), "Pause") } else { (Verb::Resume(object.clone()), "Resume") };
    let value = if paused { json!(true) } else { Value::Null };
    let title = format!("{word} the rollout of {} {}", object.kind, object.name);
    let mut plan = patch(facts, object, verb, title, json!({"spec": {"paused": value}}))?;
    undone(facts, &mut plan, "it");
    Ok(plan)
}
