//! What we find in the states a real Argo CD compared is what it said of them.

use pilothouse::diff::compare;
use pilothouse::domain::{Change, Comparison, Desired, Field, Rung};
use pilothouse::source::managed::pairs;
use serde_json::{Value, json};

/// What an Argo CD said, in the words of its API.
fn answer(text: &str) -> Vec<Value> {
    let rows: Vec<Value> = serde_json::from_str(text).unwrap();
    let told = |row: &Value| {
        let normalized = if row["normalized"] == "as live" { &row["live"] } else { &row["normalized"] };
        let predicted = if row["predicted"] == "as normalized" { normalized } else { &row["predicted"] };
        let mut item = row.clone();
        for (name, state) in [("targetState", &row["target"]), ("liveState", &row["live"])] {
            item[name] = state.to_string().into();
        }
        item["normalizedLiveState"] = normalized.to_string().into();
        item["predictedLiveState"] = predicted.to_string().into();
        item
    };
    rows.iter().map(told).collect()
}

fn compared(items: &[Value]) -> Comparison {
    compare(Desired::new(Rung::Server, Vec::new(), pairs(items), None))
}

fn said(field: &Field) -> String {
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let owner = field.owner.as_ref().map_or_else(
        || "nobody".to_owned(),
        |owner| {
            let time = owner.time.map_or_else(|| "-".to_owned(), |time| time.to_string());
            format!("{} {} {time}", owner.manager, owner.operation)
        },
    );
    format!("{} {} {} {owner}", field.path, value(&field.desired), value(&field.live))
}

/// What differs, who made it so, and what nobody reports: a line each.
fn told(comparison: &Comparison) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in &comparison.resources {
        let name = format!("{}/{}", resource.object.kind, resource.object.name);
        if resource.change != Change::Same {
            lines.push(format!("{} {name}", resource.change.word()));
        }
        lines.extend(resource.fields.iter().map(|field| format!("  {}", said(field))));
        lines.extend(resource.ignored.iter().map(|field| format!("  ignored {}", said(field))));
        for shadow in &resource.shadows {
            let time = shadow.owner.time.map_or_else(String::new, |time| time.to_string());
            lines.push(format!("  shadow {name} {} {} {} {time}", shadow.path, shadow.live, shadow.owner.manager));
        }
    }
    lines
}

const DRIFT: &str = include_str!("../../fixtures/managed-resources/drift-backend-staging.json");
const SCALED: &str = include_str!("../../fixtures/managed-resources/drift-frontend-staging.json");
const HEALED: &str = include_str!("../../fixtures/managed-resources/drift-backend-staging-after-sync.json");
const EQUAL: &str = include_str!("../../fixtures/managed-resources/api-backend-dev.json");
const PRUNE: &str = include_str!("../../fixtures/managed-resources/prune-requires-pruning.json");
const BEFORE: &str = include_str!("../../fixtures/managed-resources/rollback-before-sync.json");
const AFTER: &str = include_str!("../../fixtures/managed-resources/rollback-after-rollback.json");
const CACHE: &str = include_str!("../../fixtures/managed-resources/store-cache.json");

/// By hand, and unseen by Argo CD before and after its sync.
const SHADOWS: [&str; 2] = [
    "  shadow ConfigMap/backend-config data.EXTRA \"1\" kubectl-client-side-apply 2026-11-23T06:31:05Z",
    "  shadow Deployment/backend spec.template.spec.containers[api].env[WEB_CONCURRENCY] \
     {\"name\":\"WEB_CONCURRENCY\",\"value\":\"8\"} kubectl-edit 2026-11-23T06:31:05Z",
];

#[test]
fn drift_is_told_with_who_made_it_and_with_what_argo_cd_does_not_see() {
    let wanted = [
        "update ConfigMap/backend-config",
        "  data.LOG_LEVEL \"warn\" \"trace\" kubectl-client-side-apply Update 2026-11-23T06:31:05Z",
        SHADOWS[0],
        "update Deployment/backend",
        "  spec.template.spec.containers[api].resources.limits.memory \"64Mi\" \"96Mi\" kubectl-edit Update \
         2026-11-23T06:31:05Z",
        SHADOWS[1],
    ];
    assert_eq!(told(&compared(&answer(DRIFT))), wanted);
    let wanted =
        ["create Service/frontend", "update Deployment/frontend", "  spec.replicas 2 3 kubectl-scale Update -"];
    let mut found = told(&compared(&answer(SCALED)));
    found.sort_by_key(|line| !line.starts_with("create"));
    assert_eq!(found, wanted);
}

#[test]
fn the_resources_and_fields_that_differ_are_those_argo_cd_names() {
    // dev healed what was edited, and kept what was added
    for (text, wanted) in [(EQUAL, vec![SHADOWS[1]]), (PRUNE, vec!["prune ConfigMap/qdrant-config"])] {
        assert_eq!(told(&compared(&answer(text))), wanted);
    }
    for text in [BEFORE, AFTER] {
        let comparison = compared(&answer(text));
        let fields: Vec<String> = comparison
            .resources
            .iter()
            .flat_map(|resource| resource.fields.iter().map(|field| format!("{} {}", resource.object.name, field.path)))
            .collect();
        let image = "spec.template.spec.containers";
        assert_eq!(fields, [format!("backend {image}[api].image"), format!("celery {image}[worker].image")]);
        assert!(
            comparison
                .resources
                .iter()
                .flat_map(|r| &r.fields)
                .all(|field| { field.owner.as_ref().is_some_and(|owner| &*owner.manager == "argocd-controller") })
        );
    }
    // what Argo CD calls modified is what we show, and nothing else
    for text in [DRIFT, SCALED, HEALED, EQUAL, PRUNE, BEFORE, AFTER, CACHE] {
        let items = answer(text);
        let comparison = compared(&items);
        for item in items.iter().filter(|item| item["hook"] != json!(true)) {
            let one_side = item["targetState"] == "null" || item["liveState"] == "null";
            let differs = item["modified"] == json!(true) || one_side;
            let ours = comparison.resources.iter().find(|resource| {
                *resource.object.kind == *item["kind"].as_str().unwrap()
                    && *resource.object.name == *item["name"].as_str().unwrap()
            });
            assert_eq!(ours.unwrap().change != Change::Same, differs, "{}", item["name"]);
        }
    }
    assert_eq!(compared(&[]).resources, []);
}

#[test]
fn what_was_added_by_hand_outlives_the_sync() {
    assert_eq!(told(&compared(&answer(HEALED))), SHADOWS);
}

#[test]
fn hooks_are_not_compared() {
    let comparison = compared(&answer(CACHE));
    assert!(comparison.resources.iter().all(|resource| &*resource.object.kind != "Job"));
    assert!(!comparison.differs());
}

#[test]
fn waves_and_counts_stand_beside_the_resources() {
    let comparison = compared(&answer(DRIFT));
    let config = &comparison.resources[0];
    assert_eq!((&*config.object.kind, config.wave, config.counts), ("ConfigMap", -1, (1, 1)));
    assert_eq!(comparison.counts(), (0, 2, 0));
}

#[test]
fn an_ignored_difference_is_counted_and_not_shown_as_one() {
    let mut items = answer(SCALED);
    for item in &mut items {
        // as when a rule ignores replicas: both sides are compared without them
        for name in ["normalizedLiveState", "predictedLiveState"] {
            let mut state: Value = serde_json::from_str(item[name].as_str().unwrap()).unwrap();
            if item["kind"] == "Deployment" && state.is_object() {
                state["spec"].as_object_mut().unwrap().remove("replicas");
                item[name] = state.to_string().into();
            }
        }
    }
    let lines = told(&compared(&items));
    assert_eq!(lines, ["create Service/frontend", "  ignored spec.replicas 2 3 kubectl-scale Update -"]);
}
