//! The simulated world as its clients see it: over HTTPS, through its kubeconfig and its control endpoint.

use futures::{StreamExt, TryStreamExt};
use kube::api::{Api, ApiResource, DynamicObject, ListParams, WatchEvent, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use pilothouse::sim::control;
use pilothouse::sim::kinds::KINDS;
use pilothouse::sim::scenario::{self, ScenarioError};
use pilothouse::sim::world::{SimOptions, World};
use pilothouse::sim::write::{Address, Patch, Validation, Writer};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(60);

fn start(options: SimOptions) -> World {
    World::start(options).unwrap()
}

async fn client(world: &World, context: &str) -> Client {
    let kubeconfig = Kubeconfig::read_from(world.kubeconfig()).unwrap();
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap()
}

fn resource(group: &str, version: &str, kind: &str, plural: &str) -> ApiResource {
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    ApiResource { group: group.into(), version: version.into(), api_version, kind: kind.into(), plural: plural.into() }
}

fn applications(client: Client) -> Api<DynamicObject> {
    Api::namespaced_with(client, "argocd", &resource("argoproj.io", "v1alpha1", "Application", "applications"))
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_predator12() {
    let world = start(SimOptions::default());
    assert_eq!(world.contexts(), ["minikube", "predator-cloud"]);
    let mut seen = BTreeSet::new();
    for context in ["minikube", "predator-cloud"] {
        let apps = applications(client(&world, context).await).list(&ListParams::default()).await.unwrap();
        for app in apps {
            let app = serde_json::to_value(app).unwrap();
            let name = text(&app, "/metadata/name").to_owned();
            let environment = text(&app, "/metadata/labels/environment");
            assert_eq!(name, format!("{}-{environment}", text(&app, "/metadata/labels/component")));
            assert_eq!(context == "minikube", environment == "dev");
            assert_eq!(text(&app, "/spec/destination/namespace"), format!("predator12-{environment}"));
            assert_eq!(text(&app, "/status/resourceHealthSource"), "appTree");
            assert_eq!(text(&app, "/metadata/ownerReferences/0/kind"), "ApplicationSet");
            if name.starts_with("backend-") {
                assert!(app["status"]["history"].as_array().unwrap().len() >= 2, "{name}");
                assert_eq!(text(&app, "/status/health/status"), "Healthy", "{name}");
                assert_eq!(text(&app, "/status/sync/status"), "Synced", "{name}");
                assert!(app["operation"].is_null(), "{name}");
                let automated = &app["spec"]["syncPolicy"]["automated"];
                match environment {
                    "dev" => assert_eq!(automated["selfHeal"], true),
                    "staging" => assert_eq!(automated["selfHeal"], false),
                    _ => assert!(automated.is_null()),
                }
            }
            match name.as_str() {
                "celery-dev" => assert_ne!(text(&app, "/status/health/status"), "Degraded"),
                "frontend-staging" => assert_eq!(text(&app, "/status/sync/status"), "OutOfSync"),
                "qdrant-dev" => {
                    assert_eq!(text(&app, "/status/operationState/phase"), "Running");
                    let message = text(&app, "/status/operationState/message");
                    assert_eq!(message, "waiting for healthy state of apps/StatefulSet/qdrant");
                    let results = app["status"]["operationState"]["syncResult"]["resources"].as_array().unwrap();
                    assert_eq!(results[0]["hookType"], "PreSync");
                    assert_eq!(results[0]["hookPhase"], "Succeeded");
                }
                _ => assert!(app["operation"].is_null(), "{name}"),
            }
            seen.insert(name);
        }
    }
    let services = ["backend", "celery", "frontend", "postgres", "redis", "qdrant", "opensearch"];
    let wanted: BTreeSet<String> =
        services.iter().flat_map(|s| ["dev", "staging", "prod"].map(|e| format!("{s}-{e}"))).collect();
    assert_eq!(seen, wanted);

    let crashing = world.store("minikube").unwrap().list("Pod", Some("predator12-dev"));
    let crashing = crashing.iter().find(|pod| text(pod, "/metadata/name").starts_with("celery-")).unwrap();
    let status = &crashing["status"]["containerStatuses"][0];
    assert_eq!(status["restartCount"], 6);
    assert_eq!(status["state"]["terminated"]["exitCode"], 1);

    let drifted = world.store("predator-cloud").unwrap().get("Deployment", "predator12-staging", "frontend").unwrap();
    assert_eq!(drifted["spec"]["replicas"], 3);
    let managers: Vec<&str> =
        drifted["metadata"]["managedFields"].as_array().unwrap().iter().map(|entry| text(entry, "/manager")).collect();
    assert!(managers.contains(&"kubectl-scale"), "{managers:?}");
}

/// What a newcomer is to see within two minutes without touching anything, on the world's clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_minutes_of_the_demo_show_what_it_is_about() {
    let world = start(SimOptions::default());
    let store = world.store("minikube").unwrap();
    let end = world.clock().now() + Duration::from_secs(120);
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let wanted = [
        "a sync waits for a wave",
        "a sync waits for a hook",
        "a commit is rolled out",
        "a deployment ends well",
        "an edit by hand differs",
        "it is undone",
        "a hook fails",
        "a container crash-loops",
    ];
    loop {
        control::send(world.control(), &["clock", "advance", "1s"].map(str::to_owned)).await.unwrap();
        let now = world.clock().now();
        if now > end || seen.len() == wanted.len() {
            break;
        }
        for app in store.list("Application", None) {
            let (name, message) = (text(&app, "/metadata/name"), text(&app, "/status/operationState/message"));
            let phase = text(&app, "/status/operationState/phase");
            if phase == "Running" && message.starts_with("waiting for healthy state of") {
                seen.insert(wanted[0]);
            }
            if phase == "Running" && message.starts_with("waiting for completion of hook") {
                seen.insert(wanted[1]);
            }
            if name == "frontend-dev" && text(&app, "/status/health/status") == "Progressing" {
                seen.insert(wanted[2]);
            }
            let rows = app["status"]["history"].as_array().map_or(0, Vec::len);
            if name == "qdrant-dev" && phase == "Succeeded" && rows == 3 {
                seen.insert(wanted[3]);
            }
            let results = app["status"]["operationState"]["syncResult"]["resources"].as_array();
            if results.into_iter().flatten().any(|row| row["hookPhase"] == "Failed") {
                seen.insert(wanted[6]);
            }
        }
        let replicas = store.get("StatefulSet", "predator12-dev", "postgres").unwrap()["spec"]["replicas"].clone();
        if replicas == 2 {
            seen.insert(wanted[4]);
        }
        let events = store.list("Event", Some("argocd"));
        let healed = |one: &Value| {
            text(one, "/involvedObject/name") == "postgres-dev"
                && text(one, "/message").starts_with("Partial sync operation to ")
        };
        if replicas == 1 && events.iter().any(healed) {
            // it may be edited and undone within one second
            seen.extend([wanted[4], wanted[5]]);
        }
        for pod in store.list("Pod", Some("predator12-dev")) {
            if pod["status"]["containerStatuses"][0]["restartCount"].as_i64().unwrap_or_default() > 6 {
                seen.insert(wanted[7]);
            }
        }
    }
    let missed: Vec<&str> = wanted.into_iter().filter(|one| !seen.contains(one)).collect();
    assert!(missed.is_empty(), "not seen in two minutes: {missed:?}");
}

/// What a newcomer is to see in the first minutes without touching anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn syncs_finish_hooks_fail_and_drift_is_healed() {
    let world = start(SimOptions::default());
    let store = world.store("minikube").unwrap();
    let app = |name: &str| store.get("Application", "argocd", name).unwrap();
    let said = |app: &str, words: &str| {
        let events = store.list("Event", Some("argocd"));
        events.iter().any(|one| text(one, "/involvedObject/name") == app && text(one, "/message").contains(words))
    };
    world.clock().advance(Duration::from_secs(80));
    until("the sync that ran goes through its waves", || {
        let app = app("qdrant-dev");
        text(&app, "/status/operationState/phase") == "Succeeded"
            && app["status"]["history"].as_array().unwrap().len() == 3
    })
    .await;
    until("a scaled workload is scaled back", || said("postgres-dev", "Partial sync operation to ")).await;
    assert_eq!(store.get("StatefulSet", "predator12-dev", "postgres").unwrap()["spec"]["replicas"], 1);
    until("a commit is rolled out", || said("frontend-dev", "Updated health status: Healthy -> Progressing")).await;
    world.clock().advance(Duration::from_secs(30));
    until("a hook fails, and the sync with it", || {
        let app = app("opensearch-dev");
        let rows = app["status"]["operationState"]["syncResult"]["resources"].as_array().cloned().unwrap_or_default();
        rows.iter().any(|row| row["hookType"] == "PreSync" && row["hookPhase"] == "Failed")
    })
    .await;
    world.clock().advance(Duration::from_mins(4));
    until("another commit puts it right", || {
        said("opensearch-dev", "(retried 2 times)") && text(&app("opensearch-dev"), "/status/sync/status") == "Synced"
    })
    .await;
    // nobody undoes what was done by hand where self-heal is off
    let staging = world.store("predator-cloud").unwrap().get("Application", "argocd", "frontend-staging").unwrap();
    assert_eq!(text(&staging, "/status/sync/status"), "OutOfSync");
}

#[tokio::test]
async fn the_ready_line_has_every_key() {
    let world = start(SimOptions::default());
    let line = world.ready_line();
    assert_eq!(line["ready"], true);
    assert_eq!(line["contexts"], serde_json::json!(["minikube", "predator-cloud"]));
    let source = &line["sources"]["minikube"];
    assert!(text(source, "/server").starts_with("https://127.0.0.1:"));
    assert_eq!(source["argocdNamespace"], "argocd");
    assert!(text(source, "/argocd/url").starts_with("https://127.0.0.1:"));
    assert!(text(source, "/argocd/plainUrl").starts_with("http://127.0.0.1:"));
    assert_eq!((text(source, "/argocd/user"), text(source, "/argocd/password").len()), ("admin", 32));
    assert!(text(source, "/redis").starts_with("redis://:"));
    let prometheus = text(source, "/prometheus");
    assert!(prometheus.starts_with("http://127.0.0.1:"), "{prometheus}");
    for user in ["admin", "developer", "viewer"] {
        assert_eq!(text(&line, &format!("/users/{user}")), world.token(user).unwrap());
    }
    assert!(text(&line, "/control").starts_with("http://127.0.0.1:"));
    assert_eq!(text(&line, "/git/url"), "https://git.predator12.example/platform/gitops.git");
    assert!(std::path::Path::new(text(&line, "/git/path")).join("HEAD").exists(), "{line}");
}

#[test]
fn input_a_wrong_scenario_names_file_line_and_what_was_meant() {
    let text = include_str!("../../assets/scenarios/predator12.toml");
    let wrong = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        scenario::parse("mine.toml", &text.replacen(from, to, 1)).unwrap_err().to_string()
    };
    let line = |from: &str| 1 + text.split(from).next().unwrap().lines().count() - 1;
    let unknown = wrong("nodes = [\"minikube\"]", "nodez = [\"minikube\"]");
    assert!(unknown.starts_with("mine.toml:11: ") && unknown.ends_with("did you mean `nodes`?"), "{unknown}");
    let app = wrong("app = \"celery-dev\"", "app = \"celary-dev\"");
    let at = line("app = \"celery-dev\"") + 1;
    assert_eq!(app, format!("mine.toml:{at}: there is no app `celary-dev`; did you mean `celery-dev`?"));
    let environment =
        wrong("environment = \"staging\", version = \"1.4.0\"", "environment = \"stagin\", version = \"1.4.0\"");
    assert!(environment.ends_with("there is no environment `stagin`; did you mean `staging`?"), "{environment}");
    let age = wrong("age = \"6d\"", "age = \"soon\"");
    assert!(age.contains("`soon` is not a duration"), "{age}");
    let broken = wrong("[[source]]", "[[source]");
    assert!(broken.starts_with("mine.toml:9: "), "{broken}");
    let name = scenario::load("predator13").unwrap_err();
    assert!(matches!(name, ScenarioError::Unknown { .. }));
    assert_eq!(name.to_string(), "there is no scenario `predator13`; did you mean `predator12`?");
    let file = scenario::load("no/such.toml").unwrap_err().to_string();
    assert!(file.starts_with("cannot read the scenario no/such.toml: "), "{file}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_stops_and_comes_back_on_its_port() {
    let world = start(SimOptions::default());
    let url = world.url("predator-cloud").unwrap();
    let act = |words: &'static str| {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let control = world.control().to_owned();
        async move { control::send(&control, &words).await }
    };
    let cloud = applications(client(&world, "predator-cloud").await);
    assert_eq!(cloud.list(&ListParams::default()).await.unwrap().items.len(), 14);
    act("source stop predator-cloud").await.unwrap();
    assert!(cloud.list(&ListParams::default()).await.is_err());
    let other = applications(client(&world, "minikube").await);
    assert_eq!(other.list(&ListParams::default()).await.unwrap().items.len(), 7);
    let state: Value = serde_json::from_str(&act("state").await.unwrap()).unwrap();
    assert_eq!(state["sources"]["predator-cloud"]["listening"], false);
    act("source start predator-cloud").await.unwrap();
    assert_eq!(world.url("predator-cloud").unwrap(), url);
    assert_eq!(cloud.list(&ListParams::default()).await.unwrap().items.len(), 14);

    let refused = act("source stop predator-clod").await.unwrap_err().to_string();
    assert_eq!(refused, "there is no source `predator-clod`; there are: minikube, predator-cloud");
    assert!(act("dance").await.unwrap_err().to_string().contains("there are: source stop|start NAME"));
    let stranger = world.control().split("token=").next().unwrap().to_owned() + "token=guessed";
    let stranger = control::send(&stranger, &["state".to_owned()]).await.unwrap_err().to_string();
    assert_eq!(stranger, "the token is not this world's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_pod_is_replaced() {
    let world = start(SimOptions { speed: 10.0, ..SimOptions::default() });
    let store = world.store("minikube").unwrap();
    let backend = || -> Vec<Value> {
        let pods = store.list("Pod", Some("predator12-dev"));
        pods.into_iter().filter(|pod| text(pod, "/metadata/labels/app.kubernetes.io~1name") == "backend").collect()
    };
    let before = text(&backend()[0], "/metadata/name").to_owned();
    control::send(world.control(), &["kill-pod".to_owned(), format!("predator12-dev/{before}")]).await.unwrap();
    until("another pod is ready", || {
        let now = backend();
        now.len() == 1
            && text(&now[0], "/metadata/name") != before
            && now[0]["status"]["containerStatuses"][0]["ready"] == true
    })
    .await;
    let deployment = || store.get("Deployment", "predator12-dev", "backend").unwrap();
    until("the Deployment is whole again", || deployment()["status"]["readyReplicas"] == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_can_be_advanced_and_the_crash_goes_on() {
    let world = start(SimOptions::default());
    let store = world.store("minikube").unwrap();
    let restarts = || {
        let pods = store.list("Pod", Some("predator12-dev"));
        let celery = pods.iter().find(|pod| text(pod, "/metadata/name").starts_with("celery-"));
        celery.and_then(|pod| pod["status"]["containerStatuses"][0]["restartCount"].as_i64()).unwrap_or_default()
    };
    assert_eq!(restarts(), 6);
    control::send(world.control(), &["clock", "advance", "12m"].map(str::to_owned)).await.unwrap();
    until("three more restarts", || restarts() == 9).await;
    let events = store.list("Event", Some("predator12-dev"));
    let back_off: Vec<_> = events.iter().filter(|event| event["reason"] == "BackOff").collect();
    assert_eq!(back_off.len(), 1, "counted into one event");
    assert_eq!(back_off[0]["type"], "Warning");
}

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
    let recorded = include_str!("../fixtures/argocd/deploy-order.txt");
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

async fn until(what: &str, condition: impl Fn() -> bool) {
    let reached = async {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        while !condition() {
            look.tick().await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, reached).await.is_ok(), "in vain: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_applications_fill_the_first_source_and_change() {
    let options = SimOptions { apps: Some(300), changes_per_second: 200.0, ..SimOptions::default() };
    let world = start(options);
    let apps = applications(client(&world, "minikube").await);
    let listed = apps.list(&ListParams::default()).await.unwrap();
    assert_eq!(listed.items.len(), 300, "the scenario's own apps are left out");
    assert_eq!(world.store("predator-cloud").unwrap().len("Application"), 0);
    let from = listed.metadata.resource_version.unwrap();
    let changes = apps.watch(&WatchParams::default(), &from).await.unwrap();
    let changes = changes.try_filter(|event| std::future::ready(matches!(event, WatchEvent::Modified(_))));
    let changes = tokio::time::timeout(DEADLINE, changes.take(20).try_collect::<Vec<_>>()).await;
    assert_eq!(changes.expect("twenty changes").unwrap().len(), 20);

    let named = SimOptions { apps: Some(5), scenario: Some("predator12".to_owned()), ..SimOptions::default() };
    assert_eq!(start(named).store("minikube").unwrap().len("Application"), 7 + 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_object_is_one_its_own_type_allows() {
    let options = SimOptions { apps: Some(20), scenario: Some("predator12".to_owned()), ..SimOptions::default() };
    let world = start(options);
    let mut wrong = Vec::new();
    for source in world.contexts() {
        let store = world.store(&source).unwrap();
        let writer = Writer::new(store, "client").validating(Validation::Strict).dry_run(true);
        for kind in KINDS.iter().filter(|kind| kind.is_stored() && !kind.is_alias()) {
            for mut object in store.list(kind.kind, None) {
                let place =
                    (text(&object, "/metadata/namespace").to_owned(), text(&object, "/metadata/name").to_owned());
                let address = Address::new(kind.kind, &place.0, &place.1).unwrap();
                let patch = Patch::Merge(json!({"metadata": {"labels": {"tried": "yes"}}}));
                let patched = writer.patch(&address, &patch).err();
                // sent as new it has to be refused, but only for its name
                object["metadata"]["resourceVersion"].take();
                let created = writer.create(object).err().filter(|failure| failure.reason != "AlreadyExists");
                // the world goes on meanwhile: what is gone was no worse for it
                if store.get(kind.kind, &place.0, &place.1).is_some() {
                    let failures = patched.into_iter().chain(created);
                    wrong.extend(failures.map(|failure| format!("{source} {} {place:?}: {failure:?}", kind.kind)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_run_does_not_pile_up() {
    let world = start(SimOptions::default());
    let store = world.store("minikube").unwrap();
    let rows = || {
        let app = store.get("Application", "argocd", "frontend-dev").unwrap();
        app["status"]["history"].as_array().unwrap().last().unwrap()["id"].as_i64().unwrap()
    };
    // a deployment every six minutes
    world.clock().advance(Duration::from_mins(75));
    let reached = async {
        while rows() < 14 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // an hour and more of everything that happens in two clusters
    assert!(tokio::time::timeout(5 * DEADLINE, reached).await.is_ok(), "in vain: a dozen more deployments");
    world.clock().advance(Duration::from_mins(5));
    let limit = world.clock().now() - Duration::from_mins(70);
    until("old events are forgotten", || {
        let events = store.list("Event", None);
        let last = |event: &Value| {
            let last = text(event, "/lastTimestamp").to_owned();
            if last.is_empty() { text(event, "/eventTime").to_owned() } else { last }
        };
        events.iter().all(|event| last(event) > limit.to_string())
    })
    .await;
    until("few old ReplicaSets stay", || {
        let sets = store.list("ReplicaSet", Some("predator12-dev"));
        sets.iter().filter(|set| text(set, "/metadata/name").starts_with("frontend-")).count() <= 4
    })
    .await;
    let app = store.get("Application", "argocd", "frontend-dev").unwrap();
    assert_eq!(app["status"]["history"].as_array().unwrap().len(), 10);
    assert_eq!(text(&store.get("Application", "argocd", "backend-dev").unwrap(), "/status/health/status"), "Healthy");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_successor_of_a_crashing_pod_crashes_too() {
    let world = start(SimOptions { speed: 20.0, ..SimOptions::default() });
    let store = world.store("minikube").unwrap();
    let celery = || {
        let pods = store.list("Pod", Some("predator12-dev"));
        pods.into_iter().find(|pod| text(pod, "/metadata/name").starts_with("celery-"))
    };
    let before = text(&celery().unwrap(), "/metadata/name").to_owned();
    control::send(world.control(), &["kill-pod".to_owned(), format!("predator12-dev/{before}")]).await.unwrap();
    until("another pod that restarts", || {
        celery().is_some_and(|pod| {
            text(&pod, "/metadata/name") != before
                && (1..6).contains(&pod["status"]["containerStatuses"][0]["restartCount"].as_i64().unwrap_or_default())
        })
    })
    .await;
}
