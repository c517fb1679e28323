//! The order in which one deployment is written.

use futures::{StreamExt, TryStreamExt};
use kube::api::{Api, DynamicObject, ListParams, WatchEvent, WatchParams};
use pilothouse::sim::world::SimOptions;
use serde_json::Value;
use std::time::Duration;

use super::client::{applications, client, resource, start, text};
use crate::wait::DEADLINE;

/// The order in which one deployment is written is the recorded one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_deploy() {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/argocd/deploy-order.toml");
    let world = start(SimOptions { scenario: Some(scenario.to_owned()), ..SimOptions::default() });
    let client = client(&world, "minikube").await;
    let apps = applications(client.clone());
    let events: Api<DynamicObject> = Api::namespaced_with(client, "argocd", &resource("", "v1", "Event", "events"));
    let watch = WatchParams::default().timeout(50);
    // from versions that were listed: a watch from "now" may begin later than its answer
    let listed = apps.list(&ListParams::default()).await.unwrap();
    let from = listed.metadata.resource_version.unwrap();
    let before = serde_json::to_value(&listed.items[0]).unwrap();
    let apps = apps.watch(&watch, &from).await.unwrap().boxed();
    let events = events.watch(&watch, &from).await.unwrap().boxed();
    let mut both = futures::stream::select(apps, events);
    let mut writes = Vec::new();
    let ended = |object: &Value| {
        let finished = text(object, "/status/operationState/finishedAt");
        object["kind"] == "Application"
            && object["operation"].is_null()
            && !writes_hook(object, "backend-smoke")
            && text(object, "/status/reconciledAt") >= finished
    };
    let collect = async {
        let (mut begun, mut over, mut said) = (false, false, false);
        // everything the hour brings falls due at once, in its order
        world.clock().advance(Duration::from_secs(3_700));
        while let Some(event) = both.try_next().await.unwrap() {
            let (WatchEvent::Added(object) | WatchEvent::Modified(object)) = event else { continue };
            let object = serde_json::to_value(object).unwrap();
            let version: u64 = text(&object, "/metadata/resourceVersion").parse().unwrap();
            over |= begun && ended(&object) && text(&object, "/status/operationState/phase") == "Succeeded";
            said |= object["reason"] == "OperationCompleted";
            begun |= object["operation"].is_object();
            writes.push((version, object));
            if over && said {
                break;
            }
        }
    };
    tokio::time::timeout(DEADLINE, collect).await.expect("the deployment ends");
    writes.sort_by_key(|(version, _)| *version);
    let told = distil(before, writes.into_iter().map(|(_, object)| object));
    // the hour before brought reconciles
    let mut told: Vec<String> = told.into_iter().skip_while(|line| line != "refresh requested").collect();
    // `reconciledAt` has whole seconds: a comparison within the second of the one before does not show
    told.retain(|line| line != "reconciled");
    let recorded = include_str!("../../fixtures/argocd/deploy-order.txt");
    let recorded: Vec<&str> = recorded.lines().filter(|line| !line.starts_with('#') && *line != "reconciled").collect();
    assert_eq!(told, recorded, "\n{}", told.join("\n"));
}

fn writes_hook(app: &Value, name: &str) -> bool {
    app["status"]["resources"].as_array().into_iter().flatten().any(|row| row["kind"] == "Job" && row["name"] == name)
}

/// Names what each write changed, in the words of the fixture.
fn distil(mut before: Value, objects: impl Iterator<Item = Value>) -> Vec<String> {
    let mut told = Vec::new();
    let differing = |app: &Value| {
        let rows = app["status"]["resources"].as_array();
        rows.into_iter().flatten().filter(|row| row["status"] == "OutOfSync").count()
    };
    for new in objects {
        if new["kind"] == "Event" {
            let message = text(&new, "/message").split(" (").next().unwrap();
            told.push(match message.strip_prefix("Updated ") {
                Some(change) => format!("event {}", change.replacen(" status:", "", 1)),
                None => format!("event {}", text(&new, "/reason")),
            });
            continue;
        }
        let changed = |pointer: &str| before.pointer(pointer) != new.pointer(pointer);
        let state = "/status/operationState";
        if changed("/metadata/annotations/argocd.argoproj.io~1refresh") {
            let there = new["metadata"]["annotations"]["argocd.argoproj.io/refresh"].is_string();
            told.push(format!("refresh {}", if there { "requested" } else { "taken" }));
        } else if changed("/operation") && new["operation"].is_object() {
            assert!(new.pointer(state).is_none(), "the last operation's state goes with the request");
            told.push("operation requested".to_owned());
        } else if changed("/status/history") {
            told.push("history row".to_owned());
        } else if changed("/status/operationState/phase") {
            let gone = if new["operation"].is_null() { ", operation gone" } else { "" };
            told.push(format!("phase {}{gone}", text(&new, "/status/operationState/phase")));
        } else if changed("/status/operationState/message") {
            let message = text(&new, "/status/operationState/message").split(" of ").next().unwrap().to_owned();
            let message = if text(&new, "/status/operationState/message").contains(" of hook ") {
                message + " of hook"
            } else {
                message
            };
            let results = new["status"]["operationState"]["syncResult"]["resources"].as_array().map_or(0, Vec::len);
            told.push(format!("message {message}, {results} results"));
        } else if changed("/status/health/status") {
            let health = text(&new, "/status/health/status");
            let rest = if health == "Healthy" { String::new() } else { format!(", {} differ", differing(&new)) };
            told.push(format!("health {health}{rest}"));
        } else if changed("/status/sync/status") {
            told.push(format!("sync {}, {} differ", text(&new, "/status/sync/status"), differing(&new)));
        } else if let Some((name, phase)) = [("backend-migrate", "PreSync"), ("backend-smoke", "PostSync")]
            .iter()
            .find(|(name, _)| writes_hook(&before, name) != writes_hook(&new, name))
        {
            if changed("/status/reconciledAt") {
                // the comparison that ends a sync sees that the hook is gone, when the Job goes as quickly as here
                told.push("reconciled".to_owned());
            }
            told.push(format!("hook row {}: {phase}", if writes_hook(&new, name) { "there" } else { "gone" }));
        } else if changed("/status/reconciledAt") {
            told.push("reconciled".to_owned());
        }
        before = new;
    }
    told
}
