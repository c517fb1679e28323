//! What must hold of server-side apply whatever is applied by whom.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::fields::FieldSet;
use super::{Writer, typed};
use crate::sim::store::Store;

type Data = BTreeMap<String, u8>;

#[derive(Debug, Clone)]
enum Step {
    Apply { manager: u8, data: Data, force: bool },
    Set { manager: u8, key: String, value: u8 },
    Drop { manager: u8, key: String },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let data = || proptest::collection::btree_map("[a-d]", 0..3_u8, 0..4);
    let step = prop_oneof![
        4 => (0..3_u8, data(), any::<bool>()).prop_map(|(manager, data, force)| Step::Apply { manager, data, force }),
        1 => (0..3_u8, "[a-d]", 0..3_u8).prop_map(|(manager, key, value)| Step::Set { manager, key, value }),
        1 => (0..3_u8, "[a-d]").prop_map(|(manager, key)| Step::Drop { manager, key }),
    ];
    proptest::collection::vec(step, 1..16)
}

/// The same data as variables of a container: items of a list that is merged by name.
fn config(data: &Data) -> Value {
    let env: Vec<Value> = data.iter().map(|(name, value)| json!({"name": name, "value": value.to_string()})).collect();
    let labels: BTreeMap<&str, String> = data.iter().map(|(key, value)| (key.as_str(), value.to_string())).collect();
    let mut config = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "n"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:1"}]},
            },
        },
    });
    // nobody applies an empty list to say that there is none
    if !data.is_empty() {
        config["metadata"]["labels"] = json!(labels);
        config["spec"]["template"]["spec"]["containers"][0]["env"] = env.into();
    }
    config
}

fn values(object: &Value) -> Data {
    let env = object.pointer("/spec/template/spec/containers/0/env").and_then(Value::as_array);
    let pair = |item: &Value| Some((item["name"].as_str()?.to_owned(), item["value"].as_str()?.parse().ok()?));
    env.into_iter().flatten().filter_map(pair).collect()
}

fn set_of(object: &Value, manager: &str, operation: &str) -> FieldSet {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let mut own = entries.filter(|entry| entry["manager"] == manager && entry["operation"] == operation);
    own.next().map(|entry| FieldSet::read(&entry["fieldsV1"])).unwrap_or_default()
}

/// Everything that stands on record is there.
fn is_truthful(object: &Value) -> bool {
    let there = typed::difference(false, &json!({}), object).written();
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    entries.map(|entry| FieldSet::read(&entry["fieldsV1"])).all(|set| set.without(&there).is_empty())
}

fn step(writer: &Writer, store: &Store, step: &Step) -> Result<(), TestCaseError> {
    let live = || store.get("Deployment", "n", "web");
    match step {
        Step::Apply { data, force, .. } => {
            let before = live();
            let applied = writer.apply(&config(data), *force);
            let after = live();
            let Ok(written) = applied else {
                prop_assert!(!force, "force takes what it wants");
                prop_assert_eq!(before, after, "a conflict changes nothing");
                return Ok(());
            };
            let after = after.expect("it is there now");
            prop_assert_eq!(&written.value(), &after);
            let found = values(&after);
            for (key, value) in data {
                prop_assert_eq!(found.get(key), Some(value), "what was applied holds");
            }
            let manager = writer_name(step);
            let own = set_of(&after, &manager, "Apply");
            prop_assert!(!own.is_empty());
            let last = before.map(|before| (set_of(&before, &manager, "Apply"), before)).unwrap_or_default();
            for key in values(&last.1).keys().filter(|key| !data.contains_key(*key)) {
                let path: Vec<String> = env_path(key);
                let mine = last.0.paths().contains(&path);
                let entries = after["metadata"]["managedFields"].as_array().unwrap();
                let others = entries.iter().any(|e| FieldSet::read(&e["fieldsV1"]).paths().contains(&path));
                let there = after.to_string().contains(&format!("\"name\":\"{key}\""));
                prop_assert_eq!(there, !mine || others, "{} goes with its last owner", key);
            }
            let version = store.resource_version();
            writer.apply(&config(data), false).expect("who owns everything it applies meets no conflict");
            prop_assert_eq!(store.resource_version(), version, "the same again is no write");
        }
        Step::Set { key, value, .. } => {
            // before anything is applied there is nothing to change
            let _ = writer.edit("Deployment", "n", "web", |object| set(object, key, Some(*value)));
        }
        Step::Drop { key, .. } => {
            let _ = writer.edit("Deployment", "n", "web", |object| set(object, key, None));
        }
    }
    if let Some(object) = live() {
        prop_assert!(is_truthful(&object), "{object:#}");
    }
    Ok(())
}

fn env_path(key: &str) -> Vec<String> {
    ["f:spec", "f:template", "f:spec", "f:containers", "k:{\"name\":\"web\"}", "f:env"]
        .into_iter()
        .map(str::to_owned)
        .chain([format!("k:{{\"name\":\"{key}\"}}")])
        .collect()
}

fn set(object: &mut Value, key: &str, value: Option<u8>) {
    let container = object.pointer_mut("/spec/template/spec/containers/0").and_then(Value::as_object_mut);
    let Some(container) = container else { return };
    let env = container.entry("env").or_insert_with(|| json!([]));
    let Some(items) = env.as_array_mut() else { return };
    items.retain(|item| item["name"] != key);
    items.extend(value.map(|value| json!({"name": key, "value": value.to_string()})));
    if items.is_empty() {
        container.remove("env");
    }
}

fn writer_name(step: &Step) -> String {
    let (Step::Apply { manager, .. } | Step::Set { manager, .. } | Step::Drop { manager, .. }) = step;
    format!("manager-{manager}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn apply_keeps_its_promises(steps in steps()) {
        let store = Store::new();
        for one in &steps {
            step(&Writer::new(&store, &writer_name(one)), &store, one)?;
        }
    }
}

#[test]
fn several_conflicts_are_told_by_manager() {
    let store = Store::new();
    let data = |pairs: &[(&str, u8)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect::<Data>();
    Writer::new(&store, "one").apply(&config(&data(&[("a", 1)])), false).unwrap();
    Writer::new(&store, "two").edit("Deployment", "n", "web", |o| set(o, "b", Some(1))).unwrap();
    let refused = Writer::new(&store, "three").apply(&config(&data(&[("a", 2), ("b", 2)])), false).unwrap_err();
    let env = ".spec.template.spec.containers[name=\"web\"].env";
    let expected = format!(
        "Apply failed with 3 conflicts: conflicts with \"one\":\n- .metadata.labels.a\n- {env}[name=\"a\"].value\n\
         conflicts with \"two\" using apps/v1:\n- {env}[name=\"b\"].value"
    );
    assert_eq!(refused.message, expected);
    assert_eq!((refused.code, refused.reason), (409, "Conflict"));
}

#[test]
fn writers_count_generations_and_say_when() {
    let store = Store::new();
    let writer = Writer::new(&store, "tester");
    let made = writer.create(config(&Data::new())).unwrap().value();
    assert_eq!((&made["metadata"]["generation"], &made["status"]), (&json!(1), &json!({})));
    let status = writer.at("status").edit("Deployment", "n", "web", |o| {
        o["status"]["replicas"] = 3.into();
        o["spec"]["replicas"] = 9.into();
    });
    let status = status.unwrap().value();
    assert_eq!((&status["spec"]["replicas"], &status["status"]["replicas"]), (&json!(1), &json!(3)));
    let entry = &status["metadata"]["managedFields"][1];
    assert_eq!(
        (&entry["subresource"], &entry["fieldsV1"]),
        (&json!("status"), &json!({"f:status": {"f:replicas": {}}}))
    );
    let spec = writer.edit("Deployment", "n", "web", |o| o["spec"]["replicas"] = 2.into()).unwrap().value();
    assert_eq!((&spec["metadata"]["generation"], &spec["status"]["replicas"]), (&json!(2), &json!(3)));
    let selector = writer.edit("Deployment", "n", "web", |o| o["spec"]["selector"]["matchLabels"] = json!({"a": "b"}));
    assert!(selector.unwrap_err().message.contains("field is immutable"));
}
