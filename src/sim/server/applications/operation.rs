//! The operation of an Application: begun, and ended before its time.

use serde_json::{Value, json};

use super::super::super::write::Writer;
use super::super::desk::{Caller, Desk};
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::super::request::Asked;

/// Has the controller do an operation; the Application as it was written.
pub(super) fn begin(desk: &Desk, name: &str, operation: &Value) -> Result<Value, Refusal> {
    let mut busy = false;
    let written = Writer::new(&desk.store, "argocd-server").edit("Application", &desk.namespace, name, |app| {
        busy = app["operation"].is_object();
        if busy {
            return;
        }
        app["operation"] = operation.clone();
        if let Some(status) = app["status"].as_object_mut() {
            status.remove("operationState");
        }
    })?;
    if busy {
        return Err(Refusal::precondition("another operation is already in progress"));
    }
    Ok(written.value())
}

/// Ends the operation that runs.
pub(in crate::sim::server) fn terminate(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let app = desk.app(caller, "sync", asked, name)?;
    let mut runs = false;
    Writer::new(&desk.store, "argocd-server").edit("Application", &desk.namespace, name, |app| {
        runs = app["operation"].is_object() && app["status"]["operationState"].is_object();
        if runs {
            app["status"]["operationState"]["phase"] = json!("Terminating");
        }
    })?;
    if !runs {
        return Err(Refusal::invalid("Unable to terminate operation. No operation is in progress"));
    }
    desk.tell(caller, &app, "ResourceUpdated", "terminated running operation");
    Ok(Reply::Json(json!({})))
}
