//! The schemas of the served types: kubectl looks them up before it validates, and to explain.

use http::Response;
use serde_json::{Map, Value, json};

use super::super::kinds::{KINDS, Kind};
use super::super::store::Store;
use super::super::write::known;
use super::discovery::is_served;
use super::respond::{self, Body};
use super::shape::of as shape_of;

/// The answer below `/openapi/v3`; none when the path is something else.
pub(super) fn answer(store: &Store, path: &str) -> Option<Response<Body>> {
    let place = path.strip_prefix("/openapi/v3")?.trim_start_matches('/');
    if place.is_empty() {
        let paths: Map<String, Value> = KINDS
            .iter()
            .filter(|kind| is_served(store, kind))
            .map(|kind| {
                let place = place_of(kind);
                let url = format!("/openapi/v3/{place}?hash={:X}", fingerprint(store, kind));
                (place, json!({"serverRelativeURL": url}))
            })
            .collect();
        return Some(respond::json(200, &json!({"paths": paths})));
    }
    let kinds: Vec<&'static Kind> =
        KINDS.iter().filter(|kind| place_of(kind) == place && is_served(store, kind)).collect();
    if kinds.is_empty() { None } else { Some(respond::json(200, &document(store, place, &kinds))) }
}

/// `api/v1`, `apis/apps/v1`.
fn place_of(kind: &Kind) -> String {
    if kind.group.is_empty() { format!("api/{}", kind.version) } else { format!("apis/{}", kind.api_version()) }
}

/// What tells clients that a document is another than the one they have.
fn fingerprint(store: &Store, kind: &Kind) -> usize {
    if !kind.is_custom() {
        return 1;
    }
    store.get("CustomResourceDefinition", "", &kind.qualified()).map_or(0, |definition| definition.to_string().len())
}

fn document(store: &Store, place: &str, kinds: &[&'static Kind]) -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for kind in kinds {
        let names = json!([{"group": kind.group, "version": kind.version, "kind": kind.kind}]);
        let mut schema = schema(store, kind).unwrap_or_else(|| json!({"type": "object"}));
        schema["description"] = format!("{} of {}.", kind.kind, kind.api_version()).into();
        schema["x-kubernetes-group-version-kind"] = names.clone();
        schemas.insert(component(kind), schema);
        let scope = if kind.namespaced { "/namespaces/{namespace}" } else { "" };
        let all = format!("/{place}{scope}/{}", kind.plural);
        let operation = |verb: &str, media: &[&str]| operation(kind, verb, media);
        let json = &["application/json"][..];
        let mut collection = json!({"post": operation("post", json)});
        if kind.is_stored() {
            collection["get"] = operation("list", &[]);
            // strategic merge patches are left out: the schemas say nothing of merge keys, kubectl's own types do
            let patches =
                ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];
            let one = json!({
                "get": operation("get", &[]),
                "put": operation("put", json),
                "patch": operation("patch", &patches),
                "delete": operation("delete", json),
            });
            paths.insert(format!("{all}/{{name}}"), one);
        }
        paths.insert(all, collection);
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.36.2"},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

fn component(kind: &Kind) -> String {
    let group = if kind.group.is_empty() { "core" } else { kind.group.split('.').next().unwrap_or_default() };
    if kind.is_custom() {
        let reversed: Vec<&str> = kind.group.rsplit('.').collect();
        format!("{}.{}.{}", reversed.join("."), kind.version, kind.kind)
    } else {
        format!("io.k8s.api.{group}.{}.{}", kind.version, kind.kind)
    }
}

fn operation(kind: &Kind, verb: &str, media: &[&str]) -> Value {
    let reference = json!({"$ref": format!("#/components/schemas/{}", component(kind))});
    let mut out = json!({
        "x-kubernetes-action": verb,
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": reference}}}},
    });
    if matches!(verb, "post" | "put" | "patch") {
        let option =
            |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
        out["parameters"] = ["dryRun", "fieldManager", "fieldValidation"].iter().map(|name| option(name)).collect();
        let content: Map<String, Value> =
            media.iter().map(|media| ((*media).to_owned(), json!({"schema": {"type": "object"}}))).collect();
        out["requestBody"] = json!({"content": content});
    }
    out
}

fn schema(store: &Store, kind: &'static Kind) -> Option<Value> {
    if kind.is_custom() {
        return known::schema(store, kind);
    }
    // definitions hold schemas, which hold schemas
    if kind.kind == "CustomResourceDefinition" {
        return None;
    }
    let find: Option<fn() -> Option<Value>> = known::by_type!(kind, shape_of);
    find?()
}
