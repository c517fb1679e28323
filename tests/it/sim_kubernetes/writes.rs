//! Writes are answered as a recorded API server answered them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use pilothouse::sim::manifest::crd;
use pilothouse::sim::write::Writer;
use serde_json::{Value, json};

use super::client::{Ask, Reply};
use super::conformance::{ask, facts, keys, same};
use super::world::World;

const APP: (&str, &str, &str) = ("Application", "argocd", "frontend-prod");

macro_rules! same {
    ($($test:ident: $name:literal;)*) => {$(
        #[tokio::test]
        async fn $test() {
            let world = World::new();
            scene(&world, $name);
            same(&world, $name).await;
        }
    )*};
}

same! {
    conformance_kubernetes_apply_conflict: "apply-conflict";
    conformance_kubernetes_apply_without_manager: "apply-without-manager";
    conformance_kubernetes_create_exists: "create-exists";
    conformance_kubernetes_delete_again: "delete-again";
    conformance_kubernetes_patch_invalid_value: "patch-invalid-value";
    conformance_kubernetes_patch_json_test_fails: "patch-json-test-fails";
    conformance_kubernetes_patch_merge_rv_conflict: "patch-merge-rv-conflict";
    conformance_kubernetes_patch_missing_required: "patch-missing-required";
    conformance_kubernetes_patch_strategic_on_crd: "patch-strategic-on-crd";
    conformance_kubernetes_put_conflict: "put-conflict";
}

/// What was there before the recorded request.
fn scene(world: &World, name: &str) {
    if matches!(name, "apply-conflict" | "create-exists" | "apply-force" | "delete") {
        Writer::new(&world.store, "one").apply(&facts("apply-create")["ask"]["body"], false).unwrap();
    }
}

fn app(world: &World) -> Value {
    world.store.get(APP.0, APP.1, APP.2).unwrap()
}

/// The same but for what a server makes up: uid, version, times.
fn told(object: &Value) -> Value {
    let mut out = object.clone();
    for field in ["uid", "resourceVersion", "creationTimestamp"] {
        assert!(out["metadata"][field].is_string(), "{field}: {object}");
        out["metadata"].as_object_mut().unwrap().remove(field);
    }
    for entry in out["metadata"]["managedFields"].as_array_mut().unwrap() {
        assert!(entry.as_object_mut().unwrap().remove("time").is_some(), "{object}");
    }
    out
}

#[tokio::test]
async fn conformance_kubernetes_apply_create() {
    let (world, facts) = (World::new(), facts("apply-create"));
    let body = ask(&world, &facts).await.json().await;
    assert_eq!(told(&body), told(&facts["body"]));
    assert_eq!(world.store.get("ConfigMap", "predator12-dev", "ssa").unwrap(), body);
}

#[tokio::test]
async fn conformance_kubernetes_apply_force() {
    let (world, facts) = (World::new(), facts("apply-force"));
    scene(&world, "apply-force");
    let body = ask(&world, &facts).await.json().await;
    assert_eq!(told(&body), told(&facts["body"]));
}

#[tokio::test]
async fn conformance_kubernetes_delete() {
    let (world, facts) = (World::new(), facts("delete"));
    scene(&world, "delete");
    let uid = world.store.get("ConfigMap", "predator12-dev", "ssa").unwrap()["metadata"]["uid"].clone();
    let mut expected = facts["body"].clone();
    expected["details"]["uid"] = uid;
    assert_eq!(ask(&world, &facts).await.json().await, expected);
    assert!(world.store.get("ConfigMap", "predator12-dev", "ssa").is_none());
}

#[tokio::test]
async fn conformance_kubernetes_delete_precondition() {
    let (world, facts) = (World::new(), facts("delete-precondition"));
    let body = ask(&world, &facts).await.json().await;
    let uid = app(&world)["metadata"]["uid"].as_str().unwrap().to_owned();
    let said = body["message"].as_str().unwrap().replace(&uid, "e76ccbdb-9c78-4e72-b53f-bf483d0b6f9a");
    assert_eq!(said, facts["body"]["message"]);
    assert_eq!(body["details"], facts["body"]["details"]);
    assert_eq!(body["reason"], facts["body"]["reason"]);
}

#[tokio::test]
async fn conformance_kubernetes_patch_unknown_field_strict() {
    let (world, facts) = (World::new(), facts("patch-unknown-field-strict"));
    let before = app(&world);
    let body = ask(&world, &facts).await.json().await;
    let (message, text) = (body["message"].as_str().unwrap(), |field: &str| facts[field].as_str().unwrap());
    assert!(message.starts_with(text("begins")) && message.ends_with(text("ends")), "{message}");
    assert!(message.contains("\\\"nothing\\\":1"), "{message}");
    let mut details = keys(&body["details"]);
    details.sort_unstable();
    assert_eq!(json!(details), facts["details_keys"]);
    let cause = &body["details"]["causes"][0];
    assert_eq!(json!({"reason": cause["reason"], "field": cause["field"]}), facts["cause"]);
    assert!(message.ends_with(cause["message"].as_str().unwrap()));
    assert_eq!(app(&world), before);
}

/// An Application as its set made it, which others then patched.
async fn patched(world: &World, name: &str) -> (Reply, Value) {
    let made = facts("managed-application");
    world.store.delete(APP.0, APP.1, APP.2);
    let manager = made["manager"].as_str().unwrap();
    Writer::new(&world.store, manager).create(made["object"].clone()).unwrap();
    let edit = |manager: &str, change: &dyn Fn(&mut Value)| {
        Writer::new(&world.store, manager).edit(APP.0, APP.1, APP.2, |o| change(o)).unwrap();
    };
    // the controller of Applications fills in what the set left empty, and takes it over
    edit("argocd-application-controller", &|o| {
        o["status"]["controllerNamespace"] = "argocd".into();
        o["status"]["sync"]["status"] = "Synced".into();
        o["status"]["sync"]["comparedTo"]["source"]["repoURL"] = "https://git.example.com/x".into();
    });
    let entries = by_manager(&app(world)["metadata"]["managedFields"]);
    let first = entries.iter().find(|entry| entry["manager"] == made["manager"]).unwrap();
    assert_eq!(first["fieldsV1"], made["fields"]);
    match name {
        "patch-merge" => {}
        "patch-json-test-absent" => edit("pilothouse", &|o| o["metadata"]["annotations"]["note"] = "2".into()),
        _ => edit("python-requests", &|o| o["metadata"]["annotations"]["note"] = "3".into()),
    }
    let facts = facts(name);
    let before = app(world);
    let reply = ask(world, &facts).await;
    (reply, before)
}

/// Entries in an order that does not depend on when they were written: time stands still here.
fn by_manager(entries: &Value) -> Vec<Value> {
    let mut entries = entries.as_array().unwrap().clone();
    entries.sort_by_key(|entry| entry["manager"].to_string());
    entries
}

async fn patch(name: &str) -> (Value, Value, Value) {
    let world = World::new();
    let (reply, before) = patched(&world, name).await;
    let warning = reply.headers.get("warning").map(|w| w.to_str().unwrap().to_owned());
    let body = reply.json().await;
    let facts = facts(name);
    assert_eq!(warning.as_deref(), facts["warning"].as_str());
    assert_eq!(body["metadata"]["annotations"], facts["annotations"]);
    assert_eq!(json!(keys(&body)), facts["keys"]);
    assert_eq!(body["metadata"]["generation"], before["metadata"]["generation"], "metadata moves no generation");
    let (entries, recorded) = (by_manager(&body["metadata"]["managedFields"]), by_manager(&facts["managers"]));
    assert_eq!(entries.len(), recorded.len());
    for (entry, recorded) in entries.iter().zip(&recorded) {
        for (key, value) in recorded.as_object().unwrap() {
            assert_eq!(entry[key], *value, "{entry}");
        }
    }
    (before, body, app(&world))
}

#[tokio::test]
async fn conformance_kubernetes_patch_merge() {
    let (before, body, after) = patch("patch-merge").await;
    assert_eq!(body, after);
    assert_ne!(before["metadata"]["resourceVersion"], after["metadata"]["resourceVersion"]);
}

#[tokio::test]
async fn conformance_kubernetes_patch_json_test_absent() {
    let (_, body, after) = patch("patch-json-test-absent").await;
    assert_eq!(body, after);
}

#[tokio::test]
async fn conformance_kubernetes_patch_unknown_field_warn() {
    let (before, body, after) = patch("patch-unknown-field-warn").await;
    assert_eq!((&body, &before), (&after, &after), "what is left of the patch changes nothing");
}

#[tokio::test]
async fn conformance_kubernetes_patch_dry_run() {
    let (before, body, after) = patch("patch-dry-run").await;
    assert_eq!(before, after);
    assert_ne!(body["metadata"]["annotations"], after["metadata"]["annotations"]);
}

/// A Deployment as Argo CD applies it from the client's side, and as a person edits it.
#[tokio::test]
async fn conformance_kubernetes_managed_deployment() {
    let (world, facts) = (World::new(), facts("managed-deployment"));
    let namespace = facts["created"]["metadata"]["namespace"].as_str().unwrap();
    world.store.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}));
    let mut object = facts["created"].clone();
    let applied = "kubectl.kubernetes.io/last-applied-configuration";
    object["metadata"]["annotations"][applied] = "{}".into();
    Writer::new(&world.store, "argocd-controller").create(object).unwrap();
    let edited = Writer::new(&world.store, "kubectl-edit").edit("Deployment", namespace, "backend", |object| {
        let container = &mut object["spec"]["template"]["spec"]["containers"][0];
        container["env"] = json!([{"name": "WEB_CONCURRENCY", "value": "8"}]);
        container["resources"]["limits"]["memory"] = "96Mi".into();
    });
    let edited = edited.unwrap().value();
    assert_eq!(edited["metadata"]["generation"], 2);
    for (field, value) in facts["filled"].as_object().unwrap() {
        assert_eq!(edited["spec"][field], *value, "{field}");
    }
    let mut entries = edited["metadata"]["managedFields"].clone();
    for entry in entries.as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("time");
    }
    assert_eq!(entries, facts["managers"]);
}

/// Argo CD ends an operation by adding a null to it.
#[tokio::test]
async fn a_null_is_kept_only_where_the_type_has_one() {
    let world = World::new();
    Writer::new(&world.store, "one").edit(APP.0, APP.1, APP.2, |app| app["operation"] = json!({"sync": {}})).unwrap();
    let patch = |path: &str, patch: Value| Ask {
        method: Some("PATCH".to_owned()),
        path: path.to_owned(),
        token: Some("admin".to_owned()),
        content: Some("application/json-patch+json".to_owned()),
        body: Some(patch),
        ..Ask::default()
    };
    let path = format!("/apis/argoproj.io/v1alpha1/namespaces/{}/applications/{}", APP.1, APP.2);
    let over = json!([{"op": "add", "path": "/operation", "value": null}]);
    let reply = world.client().send(&patch(&path, over)).await.unwrap();
    assert_eq!(reply.status, 200);
    assert!(reply.json().await.get("operation").is_none());
    assert!(app(&world).get("operation").is_none());
    let service = json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]},
        "metadata": {"namespace": "predator12-dev", "name": "nothing"}});
    Writer::new(&world.store, "one").create(service).unwrap();
    let path = "/api/v1/namespaces/predator12-dev/services/nothing";
    let change = json!([{"op": "add", "path": "/spec/loadBalancerIP", "value": null}]);
    let body = world.client().send(&patch(path, change)).await.unwrap().json().await;
    assert!(body["spec"].get("loadBalancerIP").is_none(), "{body}");
}

#[tokio::test]
async fn what_is_written_into_a_secret_as_text_is_kept_as_bytes() {
    let world = World::new();
    let secret = |data: Value| {
        json!({"apiVersion": "v1", "kind": "Secret", "stringData": data, "data": {"b": "Mg=="},
            "metadata": {"namespace": "predator12-dev", "name": "plain"}})
    };
    let text = |value: &str| json!({"stringData": {"a": value}});
    let roads = [
        ("POST", "", "application/json", secret(json!({"a": "1"}))),
        ("PUT", "/plain", "application/json", secret(json!({"a": "2"}))),
        ("PATCH", "/plain", "application/merge-patch+json", text("3")),
        ("PATCH", "/plain", "application/strategic-merge-patch+json", text("4")),
        (
            "PATCH",
            "/plain",
            "application/json-patch+json",
            json!([{"op": "add", "path": "/stringData", "value": {"a": "5"}}]),
        ),
        ("PATCH", "/plain?fieldManager=t&force=true", "application/apply-patch+yaml", secret(json!({"a": "6"}))),
    ];
    for (number, (method, name, content, body)) in roads.into_iter().enumerate() {
        let ask = Ask {
            method: Some(method.to_owned()),
            path: format!("/api/v1/namespaces/predator12-dev/secrets{name}"),
            token: Some("admin".to_owned()),
            content: Some(content.to_owned()),
            body: Some(body),
            ..Ask::default()
        };
        let kept = world.client().send(&ask).await.unwrap().json().await;
        let expected = json!({"a": STANDARD.encode((number + 1).to_string()), "b": "Mg=="});
        assert_eq!((&kept["data"], kept.get("stringData")), (&expected, None), "{method} {content}: {kept}");
    }
}

/// argocd-server writes tokens into the status of a project.
#[tokio::test]
async fn a_project_has_a_status() {
    let world = World::new();
    world.store.put(crd::all(Timestamp::UNIX_EPOCH).remove(2));
    let project = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "spec": {},
        "metadata": {"namespace": "argocd", "name": "tokens"},
        "status": {"jwtTokensByRole": {"ci": {"items": [{"iat": 1, "id": "a"}]}}}});
    let ask = Ask {
        method: Some("POST".to_owned()),
        path: "/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects?fieldValidation=Strict".to_owned(),
        token: Some("admin".to_owned()),
        body: Some(project.clone()),
        ..Ask::default()
    };
    let reply = world.client().send(&ask).await.unwrap();
    assert_eq!(reply.status, 201);
    assert_eq!(reply.json().await["status"], project["status"]);
}
