//! Everything the bundled GitOps repository deploys is accepted by a cluster that has nothing of it yet.

use std::path::{Path, PathBuf};

use pilothouse::sim::kinds;
use serde_json::{Value, json};

use super::client::Ask;
use super::whole::Whole;
use super::world::World;

/// What `helm template` makes of each Application at each revision.
fn rendered() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/predator12/rendered");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "nothing is bundled");
    files
}

fn objects(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rendered_object_is_accepted_strictly() {
    let world = World::new();
    for definition in pilothouse::sim::manifest::crd::of_operators(world.store.now()) {
        world.store.put(definition);
    }
    let mut count = 0;
    for file in rendered() {
        let namespace = file.file_stem().unwrap().to_str().unwrap().to_lowercase();
        world.store.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}));
        for mut object in objects(&file) {
            let kind = kinds::by_kind(object["kind"].as_str().unwrap()).expect("the world serves it");
            assert_eq!(kind.api_version(), object["apiVersion"], "{}", file.display());
            let root = if kind.group.is_empty() { "/api" } else { "/apis" };
            let place = if kind.namespaced { format!("namespaces/{namespace}/") } else { String::new() };
            if kind.namespaced {
                object["metadata"]["namespace"] = json!(namespace);
            }
            let ask = Ask {
                method: Some("POST".to_owned()),
                path: format!("{root}/{}/{place}{}?fieldValidation=Strict", kind.api_version(), kind.plural),
                token: Some("admin".to_owned()),
                body: Some(object.clone()),
                ..Ask::default()
            };
            let reply = world.client().send(&ask).await.unwrap();
            let (status, warning) = (reply.status, reply.headers.get("warning").cloned());
            let answer = reply.json().await;
            let named = format!("{} {}: {}", file.display(), object["metadata"]["name"], answer["message"]);
            let there = !kind.namespaced && answer["reason"] == "AlreadyExists";
            assert!((status == 201 && warning.is_none()) || there, "{status} {warning:?} {named}");
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_applies_every_chart() {
    let whole = Whole::new();
    let mut seen = Vec::new();
    let named = regex::Regex::new(r"(?m)^(  namespace: ).*$").unwrap();
    for file in rendered() {
        let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let app = stem.rsplit_once('-').unwrap().0.to_owned();
        // one revision of each Application; the other test has them all
        if seen.contains(&app) {
            continue;
        }
        let namespace = format!("fresh-{app}");
        whole.kubectl.run(&["create", "namespace", &namespace]).await;
        let count = objects(&file).len();
        let text = std::fs::read_to_string(&file).unwrap();
        // its own namespace, whatever the rendered text names
        let text = named.replace_all(&text, format!("${{1}}{namespace}"));
        let said = whole.kubectl.feed(&["-n", &namespace, "apply", "-f", "-"], &text).await;
        let done = said.lines().filter(|line| line.ends_with(" created") || line.ends_with(" unchanged")).count();
        assert_eq!(done, count, "{stem}: {said}");
        seen.push(app);
    }
    assert!(seen.len() > 20, "{seen:?}");
}
