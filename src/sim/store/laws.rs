//! What must hold of a store whatever is written to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Store;
use crate::sim::clock::Clock;

fn clock() -> (Clock, Arc<AtomicI64>) {
    let seconds = Arc::new(AtomicI64::new(1_000));
    let read = Arc::clone(&seconds);
    (Clock::new(move || Timestamp::from_second(read.load(Ordering::Relaxed)).unwrap()), seconds)
}

fn object(kind: &str, name: &str, spec: u8) -> Value {
    let version = match kind {
        "Application" | "ApplicationSet" => "argoproj.io/v1alpha1",
        "Deployment" => "apps/v1",
        _ => "v1",
    };
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "n"}, "spec": {"x": spec}})
}

#[derive(Debug, Clone)]
enum Step {
    Put(u8, u8),
    Label(u8, u8),
    Delete(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..5_u8, 0..3_u8).prop_map(|(name, spec)| Step::Put(name, spec)),
        1 => (0..5_u8, 0..3_u8).prop_map(|(name, label)| Step::Label(name, label)),
        1 => (0..5_u8).prop_map(Step::Delete),
    ];
    proptest::collection::vec(step, 0..40)
}

fn apply(store: &Store, step: &Step) {
    match step {
        Step::Put(name, spec) => {
            store.put(object("Application", &name.to_string(), *spec));
        }
        Step::Label(name, label) => {
            store.update("Application", "n", &name.to_string(), |o| {
                o["metadata"]["labels"]["l"] = label.to_string().into();
            });
        }
        Step::Delete(name) => {
            store.delete("Application", "n", &name.to_string());
        }
    }
}

type State = BTreeMap<String, Vec<u8>>;

fn state(store: &Store, at: Option<u64>) -> State {
    let snapshot = store.snapshot("Application", None, at).unwrap();
    snapshot.objects.iter().map(|o| (o.key().to_owned(), o.body().to_vec())).collect()
}

proptest! {
    /// Whoever lists at any version and then follows the changes ends up with what is there, and the past can be
    /// listed as it was.
    #[test]
    fn replay_from_any_version_gives_the_present(steps in steps()) {
        let store = Store::new();
        let mut past = vec![(store.resource_version(), state(&store, None))];
        for step in &steps {
            apply(&store, step);
            past.push((store.resource_version(), state(&store, None)));
        }
        let now = state(&store, None);
        for (version, then) in past {
            prop_assert_eq!(&state(&store, Some(version)), &then, "listed at {}", version);
            let mut replayed = then;
            let mut last = version;
            let (changes, complete) = store.changes("Application", version, usize::MAX).unwrap();
            for change in changes {
                prop_assert!(change.resource_version > last, "versions only grow");
                last = change.resource_version;
                prop_assert_eq!(change.object.resource_version, last);
                prop_assert_eq!(change.before.is_some(), replayed.contains_key(change.object.key()));
                if change.deleted {
                    replayed.remove(change.object.key());
                } else {
                    replayed.insert(change.object.key().to_owned(), change.object.body().to_vec());
                }
            }
            prop_assert_eq!(&replayed, &now, "replayed from {}", version);
            prop_assert_eq!(complete, store.resource_version());
        }
    }

    /// Writing what is there already is not a write.
    #[test]
    fn writing_the_same_again_changes_nothing(steps in steps()) {
        let store = Store::new();
        for step in &steps {
            apply(&store, step);
        }
        let version = store.resource_version();
        for object in store.list("Application", None) {
            let own = object["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap();
            prop_assert_eq!(store.put(object), own);
        }
        prop_assert_eq!(store.resource_version(), version);
    }
}

#[test]
fn a_new_object_gets_what_a_server_gives() {
    let (clock, _) = clock();
    let store = Store::with(clock, 1);
    let version = store.put(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "web-"}}));
    let pod = &store.list("Pod", Some("default"))[0];
    assert_eq!(pod["metadata"]["resourceVersion"], version.to_string());
    assert_eq!(pod["metadata"]["creationTimestamp"], "1970-01-01T00:16:40Z");
    assert_eq!(pod["metadata"]["uid"].as_str().map(str::len), Some(36));
    assert_eq!(pod["metadata"]["generation"], 1);
    assert_eq!(pod["metadata"]["name"].as_str().map(str::len), Some("web-abcde".len()));
}

#[test]
fn uids_follow_from_the_seed() {
    let uid = |seed| {
        let store = Store::with(Clock::wall(), seed);
        store.put(object("Pod", "a", 0));
        store.get("Pod", "n", "a").unwrap()["metadata"]["uid"].clone()
    };
    assert_eq!(uid(7), uid(7));
    assert_ne!(uid(7), uid(8));
}

#[test]
fn identity_and_creation_time_survive_a_replacement() {
    let (clock, seconds) = clock();
    let store = Store::with(clock, 1);
    store.put(object("Deployment", "a", 0));
    let before = store.get("Deployment", "n", "a").unwrap();
    seconds.store(2_000, Ordering::Relaxed);
    store.put(object("Deployment", "a", 1));
    let after = store.get("Deployment", "n", "a").unwrap();
    for field in ["uid", "creationTimestamp"] {
        assert_eq!(before["metadata"][field], after["metadata"][field], "{field}");
    }
}

#[test]
fn generation_moves_as_each_kind_does_it() {
    let store = Store::new();
    // kind, then the generation after a change of status, of spec and of a label
    for (kind, expected) in [("Deployment", [1, 2, 2]), ("ApplicationSet", [1, 2, 2]), ("Application", [2, 3, 3])] {
        store.put(object(kind, "a", 0));
        let changes: [fn(&mut Value); 3] = [
            |o| o["status"]["x"] = 1.into(),
            |o| o["spec"]["x"] = 9.into(),
            |o| o["metadata"]["labels"]["a"] = "b".into(),
        ];
        for (change, expected) in changes.into_iter().zip(expected) {
            assert!(store.update(kind, "n", "a", change).is_some());
            assert_eq!(store.get(kind, "n", "a").unwrap()["metadata"]["generation"], expected, "{kind}");
        }
    }
    store.put(object("ConfigMap", "a", 0));
    assert!(store.get("ConfigMap", "n", "a").unwrap()["metadata"].get("generation").is_none());
}

#[test]
fn a_deletion_carries_its_own_version_and_the_last_state() {
    let store = Store::new();
    let written = store.put(object("Pod", "a", 3));
    assert!(store.delete("Pod", "n", "a"));
    assert!(!store.delete("Pod", "n", "a"));
    let (changes, complete) = store.changes("Pod", written, 9).unwrap();
    assert_eq!((changes.len(), changes[0].deleted, complete), (1, true, written + 1));
    let last: Value = serde_json::from_slice(changes[0].object.body()).unwrap();
    assert_eq!(last["metadata"]["resourceVersion"], (written + 1).to_string());
    assert_eq!(last["spec"]["x"], 3);
}

#[test]
fn forgotten_history_is_refused() {
    let store = Store::new();
    let old = store.put(object("Pod", "a", 0));
    let new = store.put(object("Pod", "a", 1));
    store.compact();
    assert_eq!(
        store.changes("Pod", old, 9).unwrap_err().to_string(),
        format!("too old resource version: {old} ({new})")
    );
    assert!(store.snapshot("Pod", None, Some(old)).is_err());
    assert!(store.changes("Pod", new, 9).unwrap().0.is_empty());
}

#[test]
fn history_is_bounded_by_bytes() {
    let store = Store::new();
    let first = store.put(object("ConfigMap", "a", 0));
    for i in 0..100 {
        store.update("ConfigMap", "n", "a", |o| o["data"] = json!({"big": format!("{i}{}", "x".repeat(1 << 20))}));
    }
    assert!(store.changes("ConfigMap", first, 1).is_err());
    assert!(store.changes("ConfigMap", store.resource_version() - 10, 10).is_ok());
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let store = Store::new();
    let version = store.resource_version();
    for bad in
        [json!(null), json!({"kind": "Nonsense"}), json!({"kind": "Pod"}), json!({"kind": "Pod", "metadata": {}})]
    {
        assert_eq!(store.put(bad), version);
    }
    assert!(store.is_empty());
}

#[test]
fn namespaces_that_share_a_beginning_are_kept_apart() {
    let store = Store::new();
    for namespace in ["shop", "shop-dev"] {
        store.put(json!({"kind": "Pod", "metadata": {"name": "a", "namespace": namespace}}));
    }
    assert_eq!(store.list("Pod", Some("shop")).len(), 1);
    assert_eq!(store.list("Pod", None).len(), 2);
    assert_eq!(store.len("Pod"), 2);
}
