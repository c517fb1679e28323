//! An Application that a whole world made has the fields of a recorded one, with its values where both worlds are the same, and
//! the same programs own them.

use std::collections::BTreeSet;

use pilothouse::sim::world::{SimOptions, World};
use serde_json::Value;

use super::client::{Ask, Client};
use super::conformance::facts;

/// What only this world's Application has: its set says which paths concern it, and its last sync ran hooks.
const OWN: [&str; 2] = [
    "/metadata/annotations/argocd.argoproj.io~1manifest-generate-paths",
    "/status/operationState/syncResult/resources/*/hookType",
];

/// Every field there is, whatever is in it.
fn paths(value: &Value, place: &str, all: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) if map.is_empty() => drop(all.insert(format!("{place} {{}}"))),
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| paths(value, &format!("{place}/{}", key.replace('/', "~1")), all));
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, &format!("{place}/*"), all)),
        _ => drop(all.insert(place.to_owned())),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conformance_kubernetes_application_of_a_world() {
    let facts = facts("application-fields");
    let world = World::start(SimOptions { speed: 0.001, ..SimOptions::default() }).unwrap();
    let (client, token) = Client::of(world.kubeconfig(), "minikube");
    let path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications".to_owned();
    let listed = client.send(&Ask { path, token: Some(token), ..Ask::default() }).await.unwrap().json().await;
    let mut items = listed["items"].as_array().unwrap().iter();
    let mut app = items.find(|app| app["metadata"]["name"] == "backend-dev").expect("it is there").clone();

    let mut managers = app["metadata"].as_object_mut().unwrap().remove("managedFields").unwrap();
    let owner = app["metadata"]["ownerReferences"][0]["uid"].as_str().unwrap().to_owned();
    for entry in managers.as_array_mut().unwrap() {
        assert!(entry.as_object_mut().unwrap().remove("time").is_some());
        let text = entry.to_string().replace(&owner, "UID");
        *entry = serde_json::from_str(&text).unwrap();
        let annotations = entry.pointer_mut("/fieldsV1/f:metadata/f:annotations").and_then(Value::as_object_mut);
        if let Some(annotations) = annotations {
            assert!(annotations.remove("f:argocd.argoproj.io/manifest-generate-paths").is_some());
        }
    }
    assert_eq!(managers, facts["managers"]);

    let mut own = BTreeSet::new();
    paths(&app, "", &mut own);
    for path in OWN {
        assert!(own.remove(path), "{path} is no longer there");
    }
    let recorded: BTreeSet<String> = serde_json::from_value(facts["paths"].clone()).unwrap();
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
    assert_eq!((only(&recorded, &own), only(&own, &recorded)), (vec![], vec![]), "recorded alone, told alone");

    for (pointer, value) in facts["values"].as_object().unwrap() {
        assert_eq!(app.pointer(pointer), Some(value), "{pointer}");
    }
}
