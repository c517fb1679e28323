//! What the API server would let us do: asked, not guessed.

use serde_json::{Value, json};

use super::guard::missing_right;
use super::plan::Right;
use crate::source::kube::{Cluster, Write, plural_of, write};

/// What is missing to change the Applications of a namespace, or one of them; nothing when it may be done, or when the
/// server does not say.
pub async fn may_change(cluster: &Cluster, namespace: &str, name: Option<&str>) -> Option<String> {
    let right = Right {
        verb: "patch",
        group: "argoproj.io".to_owned(),
        kind: "Application".to_owned(),
        namespace: namespace.to_owned(),
        name: name.unwrap_or_default().to_owned(),
    };
    missing(cluster, &right).await
}

/// What is missing to do something; nothing when it may be done, or when the server does not say.
pub(super) async fn missing(cluster: &Cluster, right: &Right) -> Option<String> {
    // `Pod/ephemeralcontainers` is a part of a Pod
    let (kind, part) = right.kind.split_once('/').unwrap_or((&right.kind, ""));
    let plural = plural_of(cluster, &right.group, kind).await;
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {
            "verb": right.verb, "group": right.group, "resource": plural, "subresource": part,
            "namespace": right.namespace, "name": right.name,
        }},
    });
    let request = Write {
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        content_type: "application/json",
        body,
    };
    let review = write(cluster, &request).await.ok()?;
    let allowed = review.pointer("/status/allowed").and_then(Value::as_bool)?;
    let plural = if part.is_empty() { plural } else { format!("{plural}/{part}") };
    (!allowed).then(|| missing_right(right.verb, &plural, &right.namespace, &review))
}
