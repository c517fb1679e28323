//! The same plans through argocd-server: its own calls in place of what is written into the Application. It checks again
//! what it is asked for, and refuses in its own words.

use serde_json::{Map, Value, json};

use super::plan::{Facts, Plan, Request, Right, Where, escape};
use super::refusal::Refusal;
use super::verb::{Propagation, Verb};
use crate::domain::ObjectName;

impl Right {
    /// A right as argocd-server names it: an action on an Application of a project.
    pub(super) fn served(action: &'static str, project: &str, name: &str) -> Self {
        Self {
            verb: action,
            group: String::new(),
            kind: "applications".to_owned(),
            namespace: project.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// The plan with the requests that argocd-server takes.
///
/// # Errors
/// When it has no call that does this.
pub(super) fn through_server(mut plan: Plan, facts: &Facts) -> Result<Plan, Refusal> {
    let asked = plan.requests.first().map(|request| request.body.clone()).unwrap_or_default();
    if plan.requests.is_empty() {
        return Ok(plan);
    }
    let call = match &plan.verb {
        Verb::Sync(_) => post(facts, "sync", sync(&asked), "sync"),
        Verb::Rollback { id, prune } => {
            post(facts, "rollback", json!({"id": id.unwrap_or_default(), "prune": prune}), "sync")
        }
        Verb::Terminate => call(facts, "DELETE", &format!("/operation?{}", namespace(facts)), Value::Null, "sync"),
        Verb::Refresh { hard } => {
            let how = if *hard { "hard" } else { "normal" };
            // it answers when it has looked
            call(facts, "GET", &format!("?refresh={how}&{}", namespace(facts)), Value::Null, "get")
        }
        Verb::AutoSync { .. } => {
            let body = json!({"name": facts.key.name.as_str(), "patchType": "merge", "patch": asked.to_string(),
                "appNamespace": facts.key.namespace.as_str()});
            call(facts, "PATCH", "", body, "update")
        }
        Verb::Restart(object) => action(facts, object, "restart", &[]),
        Verb::Pause(object) => action(facts, object, "pause", &[]),
        Verb::Resume(object) => action(facts, object, "resume", &[]),
        Verb::Scale { object, replicas } => action(facts, object, "scale", &[("replicas", replicas.to_string())]),
        Verb::Run { object, action: name } => action(facts, object, name, &[]),
        Verb::DeleteResource { object, propagation } => {
            let how = match propagation {
                Propagation::Foreground => "",
                Propagation::Orphan => "&orphan=true",
                Propagation::Background => {
                    return Err(Refusal::impossible(
                        "argocd-server deletes what an object owns first, or leaves it".to_owned(),
                        "leave out --propagation, or take orphan",
                    ));
                }
            };
            let rest = format!("/resource?{}&{}{how}", namespace(facts), query(object));
            // the right names the object too: `delete/apps/Deployment/shop/web`, which the server checks itself
            call(facts, "DELETE", &rest, Value::Null, "get")
        }
        Verb::Delete { cascade } => {
            let how = match cascade {
                None => "cascade=false",
                Some(Propagation::Background) => "cascade=true&propagationPolicy=background",
                Some(_) => "cascade=true&propagationPolicy=foreground",
            };
            call(facts, "DELETE", &format!("?{how}&{}", namespace(facts)), Value::Null, "delete")
        }
        verb @ Verb::Inject(_) => {
            return Err(Refusal::impossible(
                format!("{} is not done through argocd-server", verb.word()),
                "give the source a context of the kubeconfig: context = \"...\" in its [[source]]",
            ));
        }
    };
    plan.requests = vec![call];
    Ok(plan)
}

/// The query that names a live object.
fn query(object: &ObjectName) -> String {
    let parts = [
        ("namespace", &object.namespace),
        ("resourceName", &object.name),
        ("version", &object.version),
        ("group", &object.group),
        ("kind", &object.kind),
    ];
    parts.map(|(name, part)| format!("{name}={}", escape(part))).join("&")
}

fn namespace(facts: &Facts) -> String {
    format!("appNamespace={}&project={}", escape(&facts.key.namespace), escape(facts.app.project()))
}

fn call(facts: &Facts, method: &'static str, rest: &str, body: Value, right: &'static str) -> Request {
    Request {
        place: Where::ControlPlane,
        method,
        path: format!("/api/v1/applications/{}{rest}", escape(&facts.key.name)),
        content_type: "application/json",
        body,
        guarded: false,
        right: Right::served(right, facts.app.project(), &facts.key.name),
    }
}

fn post(facts: &Facts, what: &str, mut body: Value, right: &'static str) -> Request {
    body["name"] = json!(facts.key.name.as_str());
    body["appNamespace"] = json!(facts.key.namespace.as_str());
    body["project"] = json!(facts.app.project());
    call(facts, "POST", &format!("/{what}"), body, right)
}

/// What the call to sync is named otherwise than in an operation.
fn sync(asked: &Value) -> Value {
    let operation = &asked["operation"];
    let mut body = Map::new();
    for (there, here) in [
        ("revision", "revision"),
        ("prune", "prune"),
        ("dryRun", "dryRun"),
        ("syncStrategy", "strategy"),
        ("resources", "resources"),
    ] {
        if let Some(value) = operation["sync"].get(there) {
            body.insert(here.to_owned(), value.clone());
        }
    }
    if let Some(options) = operation["sync"].get("syncOptions") {
        body.insert("syncOptions".to_owned(), json!({"items": options}));
    }
    if operation["retry"].as_object().is_some_and(|retry| !retry.is_empty()) {
        body.insert("retryStrategy".to_owned(), operation["retry"].clone());
    }
    Value::Object(body)
}

/// An action on a live object, by the server's list.
fn action(facts: &Facts, object: &ObjectName, action: &str, parameters: &[(&str, String)]) -> Request {
    let parameters: Vec<Value> = parameters.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let mut body = json!({"namespace": object.namespace.as_str(), "resourceName": object.name.as_str(),
        "version": object.version.as_str(), "group": object.group.as_str(), "kind": object.kind.as_str(),
        "action": action});
    if !parameters.is_empty() {
        body["resourceActionParameters"] = json!(parameters);
    }
    let mut request = post(facts, "resource/actions/v2", body, "action");
    // the right names the action too: `action/apps/Deployment/restart`, which the server checks itself
    request.right.verb = "get";
    request
}
