//! Objects that go: finalizers, owners, grace.

use pilothouse::sim::store::Store;
use pilothouse::sim::write::{DeleteOptions, Deleted, Propagation, Writer};
use serde_json::{Value, json};

const N: &str = "shop";

fn world() -> (Store, Writer) {
    let store = Store::new();
    store.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": N}}));
    let writer = Writer::new(&store, "tester");
    (store, writer)
}

fn owned(writer: &Writer, name: &str, owners: &[&Value]) -> Value {
    let references: Vec<Value> = owners
        .iter()
        .map(|o| {
            json!({"apiVersion": "v1", "kind": o["kind"], "name": o["metadata"]["name"], "uid": o["metadata"]["uid"],
                "blockOwnerDeletion": true})
        })
        .collect();
    let metadata = json!({"name": name, "namespace": N, "ownerReferences": references});
    writer.create(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})).unwrap().value()
}

fn pod(writer: &Writer, store: &Store, owner: &Value) -> Value {
    let reference = json!({"apiVersion": "v1", "kind": owner["kind"], "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "blockOwnerDeletion": true});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": N,
        "ownerReferences": [reference]}, "spec": {"nodeName": "n1", "containers": [{"name": "a", "image": "b:1"}]}});
    writer.create(pod).unwrap();
    store.get("Pod", N, "p").unwrap()
}

fn delete(writer: &Writer, name: &str, propagation: Propagation) -> Deleted {
    let options = DeleteOptions { propagation: Some(propagation), ..DeleteOptions::default() };
    writer.delete("ConfigMap", N, name, &options).unwrap()
}

fn names(store: &Store) -> Vec<String> {
    store.list("ConfigMap", Some(N)).iter().map(|o| o["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn dependents_go_with_their_last_owner() {
    let (store, writer) = world();
    let (a, b) = (owned(&writer, "a", &[]), owned(&writer, "b", &[]));
    let middle = owned(&writer, "middle", &[&a]);
    owned(&writer, "leaf", &[&middle]);
    owned(&writer, "both", &[&a, &b]);
    assert!(matches!(delete(&writer, "a", Propagation::Background), Deleted::Gone(_)));
    assert_eq!(names(&store), ["b", "both"]);
    let both = store.get("ConfigMap", N, "both").unwrap();
    assert_eq!(both["metadata"]["ownerReferences"].as_array().unwrap().len(), 1);
    delete(&writer, "b", Propagation::Background);
    assert!(names(&store).is_empty());
}

#[test]
fn orphans_stay_and_belong_to_nobody() {
    let (store, writer) = world();
    let a = owned(&writer, "a", &[]);
    owned(&writer, "child", &[&a]);
    delete(&writer, "a", Propagation::Orphan);
    assert_eq!(names(&store), ["child"]);
    assert!(store.get("ConfigMap", N, "child").unwrap()["metadata"].get("ownerReferences").is_none());
}

#[test]
fn an_owner_in_the_foreground_waits_for_its_pod() {
    let (store, writer) = world();
    let a = owned(&writer, "a", &[]);
    pod(&writer, &store, &a);
    assert!(matches!(delete(&writer, "a", Propagation::Foreground), Deleted::Waits(_)));
    let waiting = store.get("ConfigMap", N, "a").unwrap();
    assert_eq!(waiting["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    assert!(waiting["metadata"]["deletionTimestamp"].is_string());
    let going = store.get("Pod", N, "p").unwrap();
    assert_eq!(going["metadata"]["deletionGracePeriodSeconds"], 30);
    assert_eq!(going["metadata"]["generation"], 2);
    // the kubelet says that it is over
    let kubelet = Writer::new(&store, "kubelet");
    let options = DeleteOptions { grace: Some(0), ..DeleteOptions::default() };
    assert!(matches!(kubelet.delete("Pod", N, "p", &options).unwrap(), Deleted::Gone(_)));
    assert!(names(&store).is_empty(), "the owner goes with what it waited for");
}

#[test]
fn an_object_goes_with_its_last_finalizer() {
    let (store, writer) = world();
    writer
        .create(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": N,
        "finalizers": ["example.com/one", "example.com/two"]}}))
        .unwrap();
    assert!(matches!(delete(&writer, "a", Propagation::Background), Deleted::Waits(_)));
    let set = |list: Value| writer.edit("ConfigMap", N, "a", |o| o["metadata"]["finalizers"] = list.clone());
    let refused = set(json!(["example.com/one", "example.com/three"])).unwrap_err();
    assert!(refused.message.contains("no new finalizers can be added if the object is being deleted"), "{refused}");
    set(json!(["example.com/two"])).unwrap();
    assert_eq!(names(&store), ["a"]);
    set(json!([])).unwrap();
    assert!(names(&store).is_empty());
}

#[test]
fn a_namespace_waits_for_what_holds_it() {
    let (store, writer) = world();
    let a = owned(&writer, "a", &[]);
    pod(&writer, &store, &a);
    assert!(matches!(writer.delete("Namespace", "", N, &DeleteOptions::default()).unwrap(), Deleted::Waits(_)));
    assert!(names(&store).is_empty());
    assert_eq!(store.get("Namespace", "", N).unwrap()["status"]["phase"], "Terminating");
    let late = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late", "namespace": N}});
    let refused = writer.create(late).unwrap_err();
    assert!(refused.message.ends_with("because it is being terminated"), "{refused}");
    let options = DeleteOptions { grace: Some(0), ..DeleteOptions::default() };
    writer.delete("Pod", N, "p", &options).unwrap();
    assert!(store.get("Namespace", "", N).is_none());
}

#[test]
fn a_job_keeps_its_pods_unless_told_otherwise() {
    let (store, writer) = world();
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "once-", "namespace": N},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "b"}]}}}});
    let job = writer.create(job).unwrap().value();
    assert_eq!(job["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"], "Always");
    let name = job["metadata"]["name"].as_str().unwrap();
    assert_eq!(job["spec"]["template"]["metadata"]["labels"]["batch.kubernetes.io/job-name"], name);
    pod(&writer, &store, &job);
    writer.delete("Job", N, name, &DeleteOptions::default()).unwrap();
    assert!(store.get("Pod", N, "p").unwrap()["metadata"].get("ownerReferences").is_none());
}
