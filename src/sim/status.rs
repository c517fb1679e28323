//! Refusals, in the words of a real API server.

use serde_json::{Value, json};

use super::history::Expired;
use super::kinds::Kind;
use super::write::Conflict;

/// A refused request: a `Status` object with its HTTP code.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The HTTP status.
    pub code: u16,
    /// One word for programs; empty when there is none.
    pub reason: &'static str,
    /// The sentence for people.
    pub message: String,
    /// Left out when null.
    pub details: Value,
    /// A token to go on with, for expired lists.
    pub go_on: Option<String>,
}

impl Failure {
    pub(in crate::sim) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Value::Null, go_on: None }
    }

    /// A token nobody has.
    pub(in crate::sim) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// A request that makes no sense.
    pub(in crate::sim) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// A path outside the resources that this user may not see.
    pub(in crate::sim) fn forbidden_path(user: &str, verb: &str, path: &str) -> Self {
        let message = format!("forbidden: User \"{user}\" cannot {verb} path \"{path}\"");
        Self { details: json!({}), ..Self::new(403, "Forbidden", message) }
    }

    /// `qualified` is `plural.group`; `scope` ends the sentence.
    pub(in crate::sim) fn forbidden(group: &str, plural: &str, name: &str, sentence: &str) -> Self {
        let qualified = super::kinds::qualify(plural, group);
        let subject = if name.is_empty() { qualified } else { format!("{qualified} \"{name}\"") };
        Self {
            details: details(group, plural, name),
            ..Self::new(403, "Forbidden", format!("{subject} is forbidden: {sentence}"))
        }
    }

    /// No such object.
    pub(in crate::sim) fn not_found(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", kind.qualified());
        Self { details: details(kind.group, kind.plural, name), ..Self::new(404, "NotFound", message) }
    }

    /// A resource type nobody serves.
    pub(in crate::sim) fn no_such_resource() -> Self {
        Self { details: json!({}), ..Self::new(404, "NotFound", "the server could not find the requested resource") }
    }

    /// A verb the resource does not have.
    pub(in crate::sim) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self { details: json!({}), ..Self::new(405, "MethodNotAllowed", message) }
    }

    /// A form of answer the server cannot give.
    pub(in crate::sim) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json, application/yaml, \
                       application/vnd.kubernetes.protobuf";
        Self::new(406, "NotAcceptable", message)
    }

    /// What stands behind the server cannot be had.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(503, "ServiceUnavailable", message)
    }

    /// Options that contradict each other.
    pub(in crate::sim) fn invalid_options(field: &str, message: &str) -> Self {
        let text = format!("ListOptions.meta.k8s.io \"\" is invalid: {field}: Forbidden: {message}");
        let cause =
            json!({"reason": "FieldValueForbidden", "message": format!("Forbidden: {message}"), "field": field});
        Self {
            details: json!({"group": "meta.k8s.io", "kind": "ListOptions", "causes": [cause]}),
            ..Self::new(422, "Invalid", text)
        }
    }

    /// Options for a pod's log that are out of range: reason, field and message of each.
    pub(in crate::sim) fn invalid_log_options(pod: &str, wrong: &[(&str, String, String)]) -> Self {
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
    pub(in crate::sim) fn too_large(asked: u64, current: u64) -> Self {
        let cause = json!({"reason": "ResourceVersionTooLarge", "message": "Too large resource version"});
        Self {
            details: json!({"causes": [cause], "retryAfterSeconds": 1}),
            ..Self::new(504, "Timeout", format!("Timeout: Too large resource version: {asked}, current: {current}"))
        }
    }

    /// A watch from a version that is forgotten.
    pub(in crate::sim) fn expired(expired: Expired) -> Self {
        Self::new(410, "Expired", expired.to_string())
    }

    /// A list at a version that is forgotten.
    pub(in crate::sim) fn expired_list() -> Self {
        Self::new(410, "Expired", "The resourceVersion for the provided list is too old.")
    }

    /// A page of a list whose version is forgotten; `token` goes on without consistency.
    pub(in crate::sim) fn expired_page(token: String) -> Self {
        let message = "The provided continue parameter is too old to display a consistent list result. You can start \
                       a new list without the continue parameter, or use the continue token in this response to \
                       retrieve the remainder of the results. Continuing with the provided token results in an \
                       inconsistent list - objects that were created, modified, or deleted between the time the first \
                       chunk was returned and now may show up in the list.";
        Self { go_on: Some(token), ..Self::new(410, "Expired", message) }
    }

    /// The store behind the server is too old for streamed lists.
    pub(in crate::sim) fn no_watch_progress() -> Self {
        let message = "a watch stream was requested by the client but the required storage feature \
                       RequestWatchProgress is disabled";
        Self::new(500, "InternalError", message)
    }

    /// An object of this name is there already.
    pub(in crate::sim) fn already_exists(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", kind.qualified());
        Self { details: details(kind.group, kind.plural, name), ..Self::new(409, "AlreadyExists", message) }
    }

    /// Somebody else wrote since the version the client knows.
    pub(in crate::sim) fn modified(kind: &Kind, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::unfulfilled(kind, kind.plural, name, why)
    }

    /// A precondition of a deletion does not hold; `what` is `UID` or `ResourceVersion`.
    pub(in crate::sim) fn precondition(kind: &Kind, name: &str, what: &str, asked: &str, own: &str) -> Self {
        let why = format!(
            "the {what} in the precondition ({asked}) does not match the {what} in record ({own}). The object might \
             have been deleted and then recreated"
        );
        let why = if what == "UID" { why } else { why.replace("deleted and then recreated", "modified") };
        Self::unfulfilled(kind, kind.kind, name, &why)
    }

    /// An update of an object that was replaced by another of the same name.
    pub(in crate::sim) fn other_uid(kind: &Kind, name: &str, asked: &str, own: &str) -> Self {
        let why = format!("Precondition failed: UID in precondition: {asked}, UID in object meta: {own}");
        Self::unfulfilled(kind, kind.plural, name, &why)
    }

    /// A pod that has a node already is bound again.
    pub(in crate::sim) fn bound(pod: &str, node: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on pods/binding \"{pod}\": pod {pod} is already assigned to node \"{node}\""
        );
        Self { details: details("", "pods/binding", pod), ..Self::new(409, "Conflict", message) }
    }

    fn unfulfilled(kind: &Kind, word: &str, name: &str, why: &str) -> Self {
        let qualified = super::kinds::qualify(word, kind.group);
        let message = format!("Operation cannot be fulfilled on {qualified} \"{name}\": {why}");
        Self { details: details(kind.group, word, name), ..Self::new(409, "Conflict", message) }
    }

    /// Server-side apply met fields of others.
    pub(in crate::sim) fn apply_conflict(conflicts: &[Conflict]) -> Self {
        let cause = |c: &Conflict| json!({"reason": "FieldManagerConflict", "message": format!("conflict with {}", c.with), "field": c.field});
        let message = if let [only] = conflicts {
            format!("Apply failed with 1 conflict: conflict with {}: {}", only.with, only.field)
        } else {
            let mut managers: Vec<&str> = conflicts.iter().map(|c| c.with.as_str()).collect();
            managers.sort_unstable();
            managers.dedup();
            let lines = managers.iter().flat_map(|manager| {
                let own = conflicts.iter().filter(|c| c.with == *manager).map(|c| format!("- {}", c.field));
                std::iter::once(format!("conflicts with {manager}:")).chain(own).collect::<Vec<_>>()
            });
            let lines: Vec<String> = lines.collect();
            format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
        };
        let causes: Vec<Value> = conflicts.iter().map(cause).collect();
        Self { details: json!({"causes": causes}), ..Self::new(409, "Conflict", message) }
    }

    /// An object that its type does not allow; causes as [`Status`](Self::to_value) lists them.
    pub(in crate::sim) fn invalid(kind: &Kind, name: &str, causes: &[Value]) -> Self {
        let text = |cause: &Value, field: &str| cause[field].as_str().unwrap_or_default().to_owned();
        let said: Vec<String> =
            causes.iter().map(|cause| format!("{}: {}", text(cause, "field"), text(cause, "message"))).collect();
        let said = if said.len() == 1 { said.concat() } else { format!("[{}]", said.join(", ")) };
        let mut details = details(kind.group, kind.kind, name);
        details["causes"] = causes.into();
        let qualified = super::kinds::qualify(kind.kind, kind.group);
        Self { details, ..Self::new(422, "Invalid", format!("{qualified} \"{name}\" is invalid: {said}")) }
    }

    /// A patch that gives an object with fields its type does not have.
    pub(in crate::sim) fn invalid_patch(object: &Value, why: &str) -> Self {
        let message = format!("Invalid value: {:?}: {why}", object.to_string());
        let cause = json!({"reason": "FieldValueInvalid", "message": message, "field": "patch"});
        Self {
            details: json!({"causes": [cause]}),
            ..Self::new(422, "Invalid", format!(" \"\" is invalid: patch: {message}"))
        }
    }

    /// Options of a write that contradict each other or lack something: `options` is `PatchOptions` or its like.
    pub(in crate::sim) fn invalid_write(options: &str, field: &str, reason: &str, message: &str) -> Self {
        let cause = json!({"reason": reason, "message": message, "field": field});
        Self {
            details: json!({"group": "meta.k8s.io", "kind": options, "causes": [cause]}),
            ..Self::new(422, "Invalid", format!("{options}.meta.k8s.io \"\" is invalid: {field}: {message}"))
        }
    }

    /// A JSON patch that cannot be done; the server does not say why.
    pub(in crate::sim) fn unprocessable() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self { details: json!({}), ..Self::new(422, "Invalid", message) }
    }

    /// A JSON patch with more operations than a server does.
    pub(in crate::sim) fn too_many_operations(found: usize, allowed: usize) -> Self {
        let message = format!(
            "Request entity too large: The allowed maximum operations in a JSON patch is {allowed}, got {found}"
        );
        Self::new(413, "RequestEntityTooLarge", message)
    }

    /// A body that is no object of its type.
    pub(in crate::sim) fn undecodable(kind: &Kind, why: &str) -> Self {
        let message =
            format!("{} in version \"{}\" cannot be handled as a {}: {why}", kind.kind, kind.version, kind.kind);
        Self::bad_request(message)
    }

    /// A patch in a form that the type does not take.
    pub(in crate::sim) fn unsupported_patch(custom: bool) -> Self {
        let strategic = if custom { "" } else { "application/strategic-merge-patch+json, " };
        Self::unsupported_media(&format!(
            "application/json-patch+json, application/merge-patch+json, {strategic}application/apply-patch+yaml"
        ))
    }

    /// A body in a form that the server does not take.
    pub(in crate::sim) fn unsupported_media(accepted: &str) -> Self {
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// A namespace that is not there.
    pub(in crate::sim) fn no_namespace(name: &str) -> Self {
        let message = format!("namespaces \"{name}\" not found");
        Self { details: details("", "namespaces", name), ..Self::new(404, "NotFound", message) }
    }

    /// A namespace that is going takes nothing new in.
    pub(in crate::sim) fn terminating(kind: &Kind, name: &str, namespace: &str) -> Self {
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let mut failure = Self::forbidden(kind.group, kind.plural, name, &why);
        let message = format!("namespace {namespace} is being terminated");
        failure.details["causes"] =
            json!([{"reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace"}]);
        failure
    }

    /// An eviction that would leave fewer pods than a budget needs.
    pub(in crate::sim) fn disruption(budget: &str, needed: i64, current: i64) -> Self {
        let message = format!("The disruption budget {budget} needs {needed} healthy pods and has {current} currently");
        let cause = json!({"reason": "DisruptionBudget", "message": message});
        let message = "Cannot evict pod as it would violate the pod's disruption budget.";
        Self { details: json!({"causes": [cause]}), ..Self::new(429, "TooManyRequests", message) }
    }

    /// An eviction of a pod that counts for more than one budget.
    pub(in crate::sim) fn several_budgets() -> Self {
        let message =
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        Self::new(500, "InternalError", message)
    }

    /// The `Status` object.
    pub(in crate::sim) fn to_value(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.into();
        }
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
