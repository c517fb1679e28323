//! Refusals, in the words of a real API server.

use serde_json::{Value, json};

use super::super::history::Expired;
use super::super::kinds::Kind;

/// A refused request: a `Status` object with its HTTP code.
#[derive(Debug)]
pub(super) struct Failure {
    pub code: u16,
    pub reason: &'static str,
    pub message: String,
    /// Left out when null.
    pub details: Value,
    /// A token to go on with, for expired lists.
    pub go_on: Option<String>,
}

impl Failure {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Value::Null, go_on: None }
    }

    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// A path outside the resources that this user may not see.
    pub fn forbidden_path(user: &str, verb: &str, path: &str) -> Self {
        let message = format!("forbidden: User \"{user}\" cannot {verb} path \"{path}\"");
        Self { details: json!({}), ..Self::new(403, "Forbidden", message) }
    }

    /// `qualified` is `plural.group`; `scope` ends the sentence.
    pub fn forbidden(group: &str, plural: &str, name: &str, sentence: &str) -> Self {
        let qualified = super::super::kinds::qualify(plural, group);
        let subject = if name.is_empty() { qualified } else { format!("{qualified} \"{name}\"") };
        Self {
            details: details(group, plural, name),
            ..Self::new(403, "Forbidden", format!("{subject} is forbidden: {sentence}"))
        }
    }

    pub fn not_found(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", kind.qualified());
        Self { details: details(kind.group, kind.plural, name), ..Self::new(404, "NotFound", message) }
    }

    /// A resource type nobody serves.
    pub fn no_such_resource() -> Self {
        Self { details: json!({}), ..Self::new(404, "NotFound", "the server could not find the requested resource") }
    }

    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self { details: json!({}), ..Self::new(405, "MethodNotAllowed", message) }
    }

    pub fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json, application/yaml, \
                       application/vnd.kubernetes.protobuf";
        Self::new(406, "NotAcceptable", message)
    }

    /// What stands behind the server cannot be had.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(503, "ServiceUnavailable", message)
    }

    /// Options that contradict each other.
    pub fn invalid_options(field: &str, message: &str) -> Self {
        let text = format!("ListOptions.meta.k8s.io \"\" is invalid: {field}: Forbidden: {message}");
        let cause =
            json!({"reason": "FieldValueForbidden", "message": format!("Forbidden: {message}"), "field": field});
        Self {
            details: json!({"group": "meta.k8s.io", "kind": "ListOptions", "causes": [cause]}),
            ..Self::new(422, "Invalid", text)
        }
    }

    /// Options for a pod's log that are out of range: reason, field and message of each.
    pub fn invalid_log_options(pod: &str, wrong: &[(&str, String, String)]) -> Self {
        let said: Vec<String> = wrong.iter().map(|(_, field, message)| format!("{field}: {message}")).collect();
        let said = if said.len() == 1 { said.concat() } else { format!("[{}]", said.join(", ")) };
        let causes: Vec<Value> = wrong
            .iter()
            .map(|(reason, field, message)| json!({"reason": reason, "message": message, "field": field}))
            .collect();
        Self {
            details: json!({"name": pod, "kind": "PodLogOptions", "causes": causes}),
            ..Self::new(422, "Invalid", format!("PodLogOptions \"{pod}\" is invalid: {said}"))
        }
    }

    /// A version the store has not reached.
    pub fn too_large(asked: u64, current: u64) -> Self {
        let cause = json!({"reason": "ResourceVersionTooLarge", "message": "Too large resource version"});
        Self {
            details: json!({"causes": [cause], "retryAfterSeconds": 1}),
            ..Self::new(504, "Timeout", format!("Timeout: Too large resource version: {asked}, current: {current}"))
        }
    }

    /// A watch from a version that is forgotten.
    pub fn expired(expired: Expired) -> Self {
        Self::new(410, "Expired", expired.to_string())
    }

    /// A list at a version that is forgotten.
    pub fn expired_list() -> Self {
        Self::new(410, "Expired", "The resourceVersion for the provided list is too old.")
    }

    /// A page of a list whose version is forgotten; `token` goes on without consistency.
    pub fn expired_page(token: String) -> Self {
        let message = "The provided continue parameter is too old to display a consistent list result. You can start \
                       a new list without the continue parameter, or use the continue token in this response to \
                       retrieve the remainder of the results. Continuing with the provided token results in an \
                       inconsistent list - objects that were created, modified, or deleted between the time the first \
                       chunk was returned and now may show up in the list.";
        Self { go_on: Some(token), ..Self::new(410, "Expired", message) }
    }

    /// The store behind the server is too old for streamed lists.
    pub fn no_watch_progress() -> Self {
        let message = "a watch stream was requested by the client but the required storage feature \
                       RequestWatchProgress is disabled";
        Self::new(500, "InternalError", message)
    }

    /// The `Status` object.
    pub fn to_value(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        });
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        if let Some(token) = &self.go_on {
            status["metadata"]["continue"] = token.as_str().into();
        }
        status
    }
}

fn details(group: &str, plural: &str, name: &str) -> Value {
    let mut details = json!({"kind": plural});
    for (key, value) in [("name", name), ("group", group)] {
        if !value.is_empty() {
            details[key] = value.into();
        }
    }
    details
}
