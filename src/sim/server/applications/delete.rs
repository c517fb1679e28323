//! Applications that go.

use serde_json::{Value, json};

use super::super::super::write::{Address, DeleteOptions, Patch, Writer};
use super::super::desk::{Caller, Desk};
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::super::request::Asked;

const CASCADE: &str = "resources-finalizer.argocd.argoproj.io";

/// Deletes an Application, with its resources unless `cascade=false`.
pub(in crate::sim::server) fn delete(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let app = desk.app(caller, "get", asked, name)?;
    desk.require(caller, "applications", "delete", &desk.rbac_name(&app))?;
    let cascade = asked.query.given("cascade").is_none_or(|given| given != "false");
    let policy = asked.query.get("propagationPolicy");
    if !cascade && !policy.is_empty() {
        return Err(Refusal::invalid("cannot set propagation policy when cascading is disabled"));
    }
    let own = match policy {
        "" => CASCADE.to_owned(),
        "foreground" | "background" => format!("{CASCADE}/{policy}"),
        other => return Err(Refusal::invalid(format!("invalid propagation policy: {other}"))),
    };
    let before: Vec<Value> = app["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    let mut finalizers = before.clone();
    if cascade {
        if !finalizers.iter().any(|one| *one == own) && app["metadata"]["deletionTimestamp"].is_null() {
            finalizers.retain(|one| !is_cascade(one));
            finalizers.push(json!(own));
        }
    } else {
        finalizers.retain(|one| !is_cascade(one));
    }
    let writer = Writer::new(&desk.store, "argocd-server");
    if finalizers != before {
        let patch = Patch::Merge(json!({"metadata": {"finalizers": finalizers}}));
        writer.patch(&Address::new("Application", &desk.namespace, name)?, &patch)?;
    }
    writer.delete("Application", &desk.namespace, name, &DeleteOptions::default())?;
    desk.tell(caller, &app, "ResourceDeleted", "deleted application");
    Ok(Reply::Json(json!({})))
}

fn is_cascade(finalizer: &Value) -> bool {
    finalizer
        .as_str()
        .is_some_and(|one| one == CASCADE || one.strip_prefix(CASCADE).is_some_and(|rest| rest.starts_with('/')))
}
