//! What rows are made of: the facts of Argo CD's objects that are easy to get wrong, and input that is not what it
//! should be.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::text::clean;
use crate::domain::{Fullness, Health, Phase, Sync};

fn decoder() -> Decoder {
    Decoder::new("minikube".into(), Arc::default())
}

/// An Application of ordinary shape, in the middle of nothing.
fn application() -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": "backend-dev", "namespace": "argocd", "resourceVersion": "42",
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "labels": { "team": "core", "component": "backend", "environment": "dev" },
            "managedFields": [{ "fieldsV1": { "f:spec": {} } }],
            "ownerReferences": [{ "kind": "ApplicationSet", "name": "predator12" }]
        },
        "spec": {
            "project": "predator12",
            "destination": { "server": "https://kubernetes.default.svc", "namespace": "predator12-dev" },
            "source": { "repoURL": "https://bot:pw@git.example/gitops.git", "path": "charts/backend", "targetRevision": "main" },
            "syncPolicy": { "automated": { "prune": true, "selfHeal": true } }
        },
        "status": {
            "sync": { "status": "OutOfSync", "revision": "20e8e6f7" },
            "health": { "status": "Healthy", "lastTransitionTime": "2026-01-02T03:05:00Z" },
            "resources": [
                { "kind": "ConfigMap", "name": "a", "status": "OutOfSync", "requiresPruning": true },
                { "kind": "Service", "name": "b", "status": "OutOfSync" },
                { "kind": "Deployment", "name": "c", "status": "Synced" },
                { "kind": "Job", "name": "d", "hook": true, "requiresPruning": true }
            ],
            "history": [
                { "id": 0, "revision": "old", "deployedAt": "2026-01-02T03:04:30Z", "initiatedBy": { "automated": true } },
                { "id": 7, "revision": "new", "deployedAt": "2026-01-03T00:00:00Z", "initiatedBy": { "username": "dev@bastion" } }
            ],
            "operationState": {
                "phase": "Running", "startedAt": "2026-01-03T00:00:00Z", "finishedAt": "2026-01-03T00:01:00Z",
                "message": "one task failed. Retrying attempt #1 at 3:04PM.", "retryCount": 1,
                "operation": {
                    "initiatedBy": { "automated": true },
                    "retry": { "limit": 2, "backoff": { "duration": "5s", "factor": 2, "maxDuration": "1m" } },
                    "sync": { "revision": "20e8e6f7" }
                },
                "syncResult": { "revision": "20e8e6f7", "resources": [
                    { "status": "Synced", "hookPhase": "Succeeded" },
                    { "status": "Synced", "hookPhase": "Running" },
                    { "status": "Pruned" }
                ] }
            },
            "conditions": [{ "type": "SyncError", "message": "it\nfailed", "lastTransitionTime": "2026-01-03T00:01:00Z" }],
            "summary": { "images": ["predator-backend:1.1.0"] },
            "reconciledAt": "2026-01-03T00:01:05Z",
            "controllerNamespace": "argocd"
        },
        "operation": { "sync": {} }
    })
}

fn line(object: &Value) -> Vec<u8> {
    serde_json::to_vec(&json!({ "type": "MODIFIED", "object": object })).unwrap()
}

fn row_of(object: &Value) -> AppRow {
    match decoder().event(&line(object)) {
        Event::Changed { row, .. } => *row,
        other => panic!("{other:?}"),
    }
}

/// The row of the ordinary Application after `change`.
fn row_with(change: impl FnOnce(&mut Value)) -> AppRow {
    let mut object = application();
    change(&mut object);
    row_of(&object)
}

fn at(text: &str) -> crate::domain::Timestamp {
    text.parse().unwrap()
}

#[test]
fn an_application_becomes_a_row() {
    let mut decoder = decoder();
    let Event::Changed { row, version } = decoder.event(&line(&application())) else { panic!("not a row") };
    assert_eq!((&*version, decoder.odd()), ("42", 0), "{:?}", decoder.odd_example());
    assert_eq!((&*row.key.source, &*row.key.namespace, &*row.key.name), ("minikube", "argocd", "backend-dev"));
    assert_eq!((row.environment.as_deref(), &*row.service), (Some("dev"), "backend"));
    assert_eq!(&*row.labels[0].0, "component", "labels stand in the order of their keys");
    assert_eq!(&*row.repo, "https://git.example/gitops.git");
    assert_eq!((row.sync, row.health, row.fullness), (Sync::OutOfSync, Health::Healthy, Fullness::Full));
    assert_eq!((row.resources, row.drift, row.prunable), (3, 2, 1), "a live hook is neither drift nor to be pruned");
    let deployed = row.deployed.as_ref().unwrap();
    assert_eq!((deployed.id, &*deployed.revision, deployed.by.as_deref()), (7, "new", Some("dev@bastion")));
    assert_eq!((&*row.conditions[0].kind, &*row.conditions[0].message), ("SyncError", "it failed"));
    assert_eq!(row.application_set.as_deref(), Some("predator12"));
    assert_eq!((row.sources, row.refreshing, row.deleting), (1, false, None));
    assert!(row.auto_sync.enabled && row.auto_sync.prune && row.auto_sync.self_heal);
    assert_eq!(decoder.controller_namespace().map(|n| &**n), Some("argocd"));
}

#[test]
fn running_with_an_end_waits_for_its_next_attempt() {
    let row = row_with(|_| {});
    let operation = row.operation.unwrap();
    assert!(operation.is_retrying() && operation.requested && operation.automated);
    assert_eq!(operation.next_attempt, Some(at("2026-01-03T00:01:10Z")));
    assert_eq!((operation.retries, operation.retry_limit), (1, Some(2)));
    assert_eq!((operation.done, operation.total), (2, 3));
}

#[test]
fn a_new_request_is_not_spoken_of_by_the_old_state() {
    let row = row_with(|o| {
        o["status"]["operationState"]["phase"] = json!("Succeeded");
        o["operation"] = json!({ "initiatedBy": { "username": "dev@bastion" }, "sync": { "revision": "83409bf3" } });
    });
    let operation = row.operation.unwrap();
    assert_eq!((operation.phase, operation.requested, operation.message.as_deref()), (None, true, None));
    assert_eq!((operation.by.as_deref(), operation.revision.as_deref()), (Some("dev@bastion"), Some("83409bf3")));

    let over = row_with(|o| {
        o["status"]["operationState"]["phase"] = json!("Succeeded");
        o.as_object_mut().unwrap().remove("operation");
    });
    assert_eq!(over.operation.map(|o| (o.phase, o.is_active())), Some((Some(Phase::Succeeded), false)));
}

#[test]
fn auto_sync_is_on_unless_it_says_otherwise() {
    let enabled = |automated: Value| row_with(|o| o["spec"]["syncPolicy"]["automated"] = automated).auto_sync.enabled;
    assert!(enabled(json!({})));
    assert!(enabled(json!({ "enabled": null })));
    assert!(!enabled(json!({ "enabled": false })));
    assert!(!enabled(Value::Null));
}

#[test]
fn several_sources_win_over_one() {
    let row = row_with(|o| {
        o["spec"]["sources"] = json!([{ "repoURL": "https://charts", "chart": "redis", "targetRevision": "1.2.3" }, { "repoURL": "https://values" }]);
        o["status"]["sync"] = json!({ "status": "Synced", "revisions": ["1.2.3", "abc"] });
        o["status"]["history"] = json!([{ "id": 1, "source": { "repoURL": "" }, "revisions": ["1.2.2", "abb"], "deployedAt": "2026-01-03T00:00:00Z" }]);
    });
    assert_eq!((&*row.repo, &*row.path, &*row.target_revision, row.sources), ("https://charts", "redis", "1.2.3", 2));
    assert_eq!((&*row.revision, &*row.deployed.unwrap().revision), ("1.2.3", "1.2.2"));
}

#[test]
fn a_new_application_has_hardly_anything() {
    let row = row_of(&json!({
        "metadata": { "name": "lab", "namespace": "argocd", "labels": null, "ownerReferences": null,
                      "deletionTimestamp": "2026-01-03T00:00:00Z", "annotations": { "argocd.argoproj.io/refresh": "normal" } },
        "spec": { "project": "", "destination": {}, "sources": null, "syncPolicy": null },
        "status": { "sync": { "status": "", "comparedTo": { "source": { "repoURL": "" } } }, "health": {}, "resources": null },
        "operation": { "sync": { "dryRun": true } }
    }));
    assert_eq!((row.sync, row.health, &*row.project), (Sync::Unknown, Health::Unknown, "default"));
    assert!(row.refreshing && row.deleting.is_some());
    assert!(row.operation.is_some_and(|o| o.requested && o.dry_run && o.phase.is_none()));
}

#[test]
fn text_is_cleaned_and_capped() {
    let row = row_with(|o| {
        o["metadata"]["labels"] = json!({ "component": "\u{1b}]52;c;ZXZpbA==\u{7}backend\u{202e}" });
        o["status"]["operationState"]["message"] = json!(format!("\u{1b}[2J{}", "long ".repeat(100_000)));
        o["status"]["health"]["status"] = json!("Splendid");
    });
    assert_eq!((&*row.service, row.health), ("backend", Health::Unknown));
    let message = row.operation.unwrap().message.unwrap();
    assert!(message.len() < 2100 && message.starts_with("long") && message.ends_with('…'), "{}", message.len());
}

#[test]
fn wrong_types_cost_their_field_and_are_counted() {
    let mut object = application();
    object["status"]["health"] = json!(["Healthy"]);
    object["spec"]["destination"]["namespace"] = json!(7);
    let mut decoder = decoder();
    let Event::Changed { row, .. } = decoder.event(&line(&object)) else { panic!("not a row") };
    assert_eq!((row.health, row.sync, &*row.destination.namespace), (Health::Unknown, Sync::OutOfSync, ""));
    assert_eq!(decoder.odd(), 1, "one odd object, however much of it is odd");
    assert_eq!(
        decoder.odd_example(),
        Some("argocd/backend-dev: spec.destination.namespace is a number where text belongs")
    );
}

#[test]
fn what_is_not_an_application_is_counted_and_passed_over() {
    let mut decoder = decoder();
    assert_eq!(
        decoder.event(&line(&json!({ "metadata": { "resourceVersion": "9" } }))),
        Event::Odd { version: "9".into() }
    );
    assert_eq!(decoder.event(&line(&json!("nonsense"))), Event::Odd { version: String::new() });
    assert_eq!(decoder.event(br#"{"type":"ADDED","object":{"metadata":{"name":"#), Event::Broken);
    assert_eq!(decoder.event(b"[]"), Event::Odd { version: String::new() });
    assert_eq!(decoder.odd(), 4);
}

#[test]
fn bytes_that_are_not_utf8_cost_no_row() {
    let mut bytes = line(&application());
    let at = bytes.windows(4).position(|w| w == b"core").unwrap();
    bytes[at] = 0xff;
    let mut decoder = decoder();
    let Event::Changed { row, .. } = decoder.event(&bytes) else { panic!("not a row") };
    assert!(row.labels.iter().any(|(_, v)| &**v == "\u{fffd}ore"), "{:?}", row.labels);
    assert_eq!((decoder.odd(), decoder.odd_example()), (1, Some("argocd/backend-dev: bytes that are not UTF-8")));
}

#[test]
fn bookmarks_and_errors_are_told_apart() {
    let mut decoder = decoder();
    let bookmark = br#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5","annotations":{"k8s.io/initial-events-end":"true"}}}}"#;
    assert_eq!(decoder.event(bookmark), Event::Bookmark { version: "5".into(), complete: true });
    let expired = br#"{"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"too old","reason":"Expired","code":410}}"#;
    assert_eq!(decoder.event(expired), Event::Failed { code: 410, message: "too old".into() });
    assert_eq!(decoder.odd(), 0);
}

#[test]
fn one_odd_object_does_not_cost_a_page() {
    let list = json!({ "metadata": { "resourceVersion": "8", "continue": "x" }, "items": [application(), null, 3, { "spec": {} }] });
    let mut decoder = decoder();
    let page = decoder.page(&serde_json::to_vec(&list).unwrap()).unwrap();
    assert_eq!((page.rows.len(), &*page.version, &*page.more, decoder.odd()), (1, "8", "x", 3));
    assert!(decoder.page(b"{\"items\":[").is_err());
}

#[test]
fn a_table_gives_sketches_by_the_names_of_its_columns() {
    let table = json!({
        "kind": "Table",
        "columnDefinitions": [{ "name": "Project" }, { "name": "Name" }, { "name": "Health Status" }, { "name": "Sync Status" }],
        "rows": [{ "cells": ["core", "backend-dev", "Degraded", "Synced"], "object": null }, { "cells": [] }, null]
    });
    let rows = decoder().table(&serde_json::to_vec(&table).unwrap(), &"argocd".into()).unwrap();
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(
        (&*row.key.name, &*row.project, row.health, row.sync),
        ("backend-dev", "core", Health::Degraded, Sync::Synced)
    );
    assert_eq!((row.fullness, row.environment.as_ref()), (Fullness::Sketch, None));
    assert!(decoder().table(br#"{"kind":"ApplicationList","items":[]}"#, &"argocd".into()).unwrap().is_empty());
}

/// Replaces the `nth` value of a tree, counted depth first.
fn replace(value: &mut Value, nth: &mut usize, with: &Value) {
    if *nth == 0 {
        *nth = usize::MAX;
        *value = with.clone();
        return;
    }
    *nth -= 1;
    match value {
        Value::Array(items) => items.iter_mut().for_each(|v| {
            if *nth != usize::MAX {
                replace(v, nth, with);
            }
        }),
        Value::Object(fields) => fields.values_mut().for_each(|v| {
            if *nth != usize::MAX {
                replace(v, nth, with);
            }
        }),
        _ => {}
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([null, 1, "x", {}, []])),
        Just(json!({ "name": [], "x": {} })),
    ]
}

proptest! {
    /// Whatever stands in an object, it is a row as long as it has a name, and the stream goes on.
    #[test]
    fn wrong_values_never_stop_the_stream(places in proptest::collection::vec((0usize..150, any_value()), 1..5)) {
        let mut object = application();
        for (mut nth, value) in places {
            replace(&mut object, &mut nth, &value);
        }
        let named = object["metadata"]["name"].as_str().is_some_and(|n| !clean(n).is_empty());
        let mut decoder = decoder();
        match decoder.event(&line(&object)) {
            Event::Changed { .. } => prop_assert!(named),
            Event::Odd { .. } => prop_assert!(!named && decoder.odd() > 0),
            other => prop_assert!(false, "{other:?}"),
        }
    }

    /// Bytes that were cut or garbled on the way give at worst a broken line.
    #[test]
    fn garbled_bytes_never_panic(at in 0usize..3000, byte in any::<u8>(), cut in 0usize..3500) {
        let mut bytes = line(&application());
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(cut);
        let mut decoder = decoder();
        decoder.event(&bytes);
        let _ = decoder.page(&bytes);
        let _ = decoder.table(&bytes, &"argocd".into());
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        decoder().event(&bytes);
    }
}
