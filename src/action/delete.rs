//! Deleting a live object, or an Application with or without what it deployed (semantics 2.7, 2.8).

use serde_json::{Value, json};

use super::plan::{Facts, Plan, Request, Right, Where, app_path};
use super::refusal::Refusal;
use super::verb::{Propagation, Verb};
use super::workload::{destination, object_path};
use crate::domain::ObjectName;

const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

fn options(propagation: Propagation) -> Value {
    json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation.word()})
}

pub(super) fn resource(facts: &Facts, object: &ObjectName, propagation: Propagation) -> Result<Plan, Refusal> {
    let verb = Verb::DeleteResource { object: object.clone(), propagation };
    let title = format!("Delete {} {} of {}", object.kind, object.name, facts.app.name());
    let mut plan = Plan::new(facts, verb, title);
    plan.requests.push(Request {
        place: destination(facts)?,
        method: "DELETE",
        path: object_path(facts)?,
        content_type: "application/json",
        body: options(propagation),
        guarded: false,
        right: Right::on("delete", object),
    });
    plan.warn(match propagation {
        Propagation::Orphan => "what it owns stays",
        _ => "what it owns is deleted with it",
    });
    let auto = facts.app.auto_sync();
    if auto.enabled && auto.self_heal {
        plan.caution("self-heal makes it anew");
    }
    Ok(plan)
}

pub(super) fn application(facts: &Facts, cascade: Option<Propagation>) -> Result<Plan, Refusal> {
    let app = &facts.app;
    if app.is_deleting() {
        return Err(Refusal::already(format!("{} is being deleted already", app.name())));
    }
    let how = if cascade.is_some() { "and all it deployed" } else { "and leave what it deployed" };
    let mut plan = Plan::new(facts, Verb::Delete { cascade }, format!("Delete {} {how}", app.name()));
    let ours = |name: &str| name == FINALIZER || name.starts_with(&format!("{FINALIZER}/"));
    let mut finalizers: Vec<String> = app.finalizers();
    let before = finalizers.clone();
    finalizers.retain(|name| !ours(name));
    match cascade {
        Some(Propagation::Background) => finalizers.push(format!("{FINALIZER}/background")),
        Some(_) => finalizers.push(FINALIZER.to_owned()),
        None => {}
    }
    if finalizers != before {
        plan.patch_app(json!({"metadata": {"finalizers": finalizers}}), true);
    }
    let right = Right {
        verb: "delete",
        group: "argoproj.io".to_owned(),
        kind: "Application".to_owned(),
        namespace: facts.key.namespace.to_string(),
        name: facts.key.name.to_string(),
    };
    plan.requests.push(Request {
        place: Where::ControlPlane,
        method: "DELETE",
        path: app_path(&facts.key),
        content_type: "application/json",
        body: json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": app.uid()}}),
        guarded: false,
        right,
    });
    let count = app.resources().count();
    if cascade.is_some() {
        // definitions stay whatever is asked for (semantics 2.7)
        let stays = |resource: &&Value| {
            facts.marks.wanted(resource, &[], "Delete") == Some("false")
                || resource["kind"] == "CustomResourceDefinition"
        };
        let waits = |resource: &&Value| facts.marks.wanted(resource, &[], "Delete") == Some("confirm");
        let (kept, awaited) = (app.resources().filter(stays).count(), app.resources().filter(waits).count());
        let gone = count - kept;
        plan.warn(format!("{gone} resources are deleted from the cluster, in reverse order of their waves"));
        if kept > 0 {
            plan.caution(format!("{kept} of {count} stay: they are definitions, or Delete=false keeps them"));
        }
        if awaited > 0 {
            plan.caution(format!("{awaited} wait until somebody approves it (argocd.argoproj.io/deletion-approved)"));
        }
        if facts.marks.unread > 0 {
            plan.caution(format!("of {} resources it is not known whether they stay", facts.marks.unread));
        }
    } else {
        plan.caution(format!("{count} resources go on running and nobody syncs them any more"));
    }
    if let Some(set) = app.application_set() {
        plan.caution(format!("ApplicationSet {set} makes it anew"));
    } else if let Some(parent) = app.parent() {
        plan.caution(format!("its parent {parent} may make it anew"));
    }
    Ok(plan)
}
