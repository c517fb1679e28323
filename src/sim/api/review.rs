//! Access reviews: may I, and what may I.

use http::Response;
use serde_json::{Value, json};

use super::super::access::{Access, Request, User};
use super::super::write::Writer;
use super::answer::is_public;
use super::respond::{self, Body};

/// Answers a `SelfSubjectAccessReview`.
pub(super) fn access(access: &Access, review: &Value, writer: &Writer) -> Response<Body> {
    let spec = &review["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let allowed = if let Some(asked) = spec.get("resourceAttributes") {
        let (plural, sub) = (text(&asked["resource"]), text(&asked["subresource"]));
        let resource = if sub.is_empty() { plural } else { format!("{plural}/{sub}") };
        access.allows(Request {
            verb: &text(&asked["verb"]),
            group: &text(&asked["group"]),
            resource: &resource,
            namespace: &text(&asked["namespace"]),
            name: &text(&asked["name"]),
        })
    } else {
        let asked = &spec["nonResourceAttributes"];
        is_public(&text(&asked["path"])) || access.allows_path(&text(&asked["verb"]), &text(&asked["path"]))
    };
    let mut answer = json!({
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": spec,
        "status": {"allowed": allowed},
    });
    // nobody keeps it, yet it says who asked
    let own = json!({"metadata": {}, "spec": spec});
    answer["metadata"] = writer.signed("authorization.k8s.io/v1", own)["metadata"].clone();
    respond::json(201, &answer)
}

/// Answers a `SelfSubjectReview`: who am I.
pub(super) fn own(user: &User) -> Response<Body> {
    let answer = json!({
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"creationTimestamp": null},
        "status": {"userInfo": {"username": user.name, "groups": user.all_groups()}},
    });
    respond::json(201, &answer)
}

/// Answers a `SelfSubjectRulesReview` for the namespace it names.
pub(super) fn rules(access: &Access, review: &Value) -> Response<Body> {
    let namespace = review["spec"]["namespace"].as_str().unwrap_or_default();
    let mut rules = vec![
        json!({
            "verbs": ["create"],
            "apiGroups": ["authorization.k8s.io"],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        }),
        json!({"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]}),
    ];
    let holds = || access.rules.iter().filter(|r| r.namespace.as_deref().is_none_or(|n| n == namespace));
    rules.extend(holds().filter(|r| r.urls.is_empty()).map(|r| {
        let mut rule = json!({"verbs": r.verbs, "apiGroups": r.groups, "resources": r.resources});
        if !r.names.is_empty() {
            rule["resourceNames"] = json!(r.names);
        }
        rule
    }));
    let mut paths = vec![
        json!({"verbs": ["get"], "nonResourceURLs": ["/.well-known", "/.well-known/*"]}),
        json!({"verbs": ["get"], "nonResourceURLs": [
            "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version",
            "/version/",
        ]}),
        json!({"verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"]}),
    ];
    let holds = holds().filter(|r| !r.urls.is_empty());
    paths.extend(holds.map(|r| json!({"verbs": r.verbs, "nonResourceURLs": r.urls})));
    let answer = json!({
        "kind": "SelfSubjectRulesReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": {},
        "status": {"resourceRules": rules, "nonResourceRules": paths, "incomplete": false},
    });
    respond::json(201, &answer)
}
