//! What the scenario says is there, and what is wrong in one is said.

use kube::api::ListParams;
use pilothouse::sim::scenario::{self, ScenarioError};
use pilothouse::sim::world::SimOptions;
use std::collections::BTreeSet;

use super::client::{applications, client, start, text};

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
    let text = include_str!("../../../assets/scenarios/predator12.toml");
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
