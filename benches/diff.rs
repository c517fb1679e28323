//! Desired against live: from what was read to the lines that are shown.

use pilothouse::diff::{compare, walk};
use pilothouse::domain::{Desired, ObjectName, Pair, Rung};
use serde_json::{Value, json};

/// A Deployment with so many environment variables; every tenth one reads differently on the other side.
fn manifest(variables: usize, changed: bool) -> Value {
    let value = |n: usize| {
        format!("a value of some length, number {}", if changed && n.is_multiple_of(10) { n + 1 } else { n })
    };
    let env: Vec<Value> =
        (0..variables).map(|n| json!({ "name": format!("SETTING_NUMBER_{n:06}"), "value": value(n) })).collect();
    let fields = (0..variables).map(|n| {
        (format!("k:{{\"name\":\"SETTING_NUMBER_{n:06}\"}}"), json!({ ".": {}, "f:name": {}, "f:value": {} }))
    });
    let managed: Value = Value::Object(fields.take(500).collect());
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "api", "managedFields": [
            { "manager": "kubectl-edit", "operation": "Update", "fieldsV1": { "f:spec": { "f:template": { "f:spec": {
                "f:containers": { "k:{\"name\":\"api\"}": { "f:env": managed } } } } } } }] },
        "spec": { "template": { "spec": { "containers": [{ "name": "api", "image": "api:1", "env": env }] } } } })
}

/// 1 MB against 1 MB: 50 ms at the most.
#[divan::bench(sample_count = 20)]
fn diff_megabyte(bencher: divan::Bencher<'_, '_>) {
    let (desired, live) = (manifest(11_500, false), manifest(11_500, true));
    assert!(desired.to_string().len() > 900_000);
    bencher.bench_local(|| walk(Some(&desired), Some(&live)));
}

/// 200 resources of some 6 KB: 200 ms at the most, with who changed what.
#[divan::bench(sample_count = 20)]
fn diff_application(bencher: divan::Bencher<'_, '_>) {
    let (desired, live) = (manifest(70, false), manifest(70, true));
    let pair = |n: usize| Pair {
        object: ObjectName {
            kind: "Deployment".into(),
            name: format!("r{n}").as_str().into(),
            ..ObjectName::default()
        },
        target: Some(desired.clone()),
        desired: Some(desired.clone()),
        live: Some(live.clone()),
        whole: Some(live.clone()),
        ..Pair::default()
    };
    let desired = || Desired::new(Rung::Redis, Vec::new(), (0..200).map(pair).collect(), None);
    bencher.with_inputs(desired).bench_local_values(compare);
}
