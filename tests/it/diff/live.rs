//! The verb, on a world with drift: on the rung the rights allow, and never a secret.

use std::process::{Command, Output};

use pilothouse::sim::world::{SimOptions, World};
use serde_json::{Value, json};

use crate::program::screen::PROGRAM;

pub fn start(scenario: &str) -> World {
    World::start(SimOptions { scenario: Some(scenario.to_owned()), ..SimOptions::default() }).unwrap()
}

/// Runs the verb; it reads the world over HTTPS.
fn diff(world: &World, words: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.arg("--all-contexts").arg("diff").args(words).args(["--timeout", "60s"]);
    command.env("KUBECONFIG", world.kubeconfig()).env("HOME", home.path());
    for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        command.env(name, home.path());
    }
    command.output().unwrap()
}

pub fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&output.stderr)))
}

pub fn fields(told: &Value, kind: &str) -> Vec<String> {
    let of = told["resources"].as_array().unwrap().iter().filter(|resource| resource["kind"] == kind);
    of.flat_map(|resource| resource["fields"].as_array().unwrap())
        .map(|field| format!("{} {} {} {}", field["path"], field["desired"], field["live"], field["manager"]))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_read_out_of_argo_cds_cache_and_says_who_made_it() {
    let world = start("drift");
    let output = diff(&world, &["backend-staging", "-o", "json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = json_of(&output);
    assert_eq!((&told["app"], &told["rung"]), (&json!("backend-staging"), &json!("redis")));
    assert_eq!(fields(&told, "ConfigMap"), [r#""data.LOG_LEVEL" "info" "trace" "kubectl-edit""#]);
    let replicas = fields(&told, "Deployment");
    assert!(replicas.iter().any(|field| field.contains("spec.replicas") && field.ends_with(r#""kubectl-scale""#)));
    // as a unified diff, and equal where nothing differs
    let output = diff(&world, &["backend-staging"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("-  LOG_LEVEL: trace\n+  LOG_LEVEL: info\n"), "{text}");
    assert!(text.contains("by kubectl-edit, 18m ago"), "{text}");
    let equal = diff(&world, &["redis-prod", "-o", "stat"]);
    assert_eq!(equal.status.code(), Some(0), "{equal:?}");
    assert!(String::from_utf8(equal.stdout).unwrap().starts_with("0 of "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_cache_drift_is_told_as_what_it_is() {
    let world = start("drift");
    let store = world.store("predator-cloud").unwrap();
    assert!(store.delete("Secret", "argocd", "argocd-redis"));
    let output = diff(&world, &["backend-staging", "-o", "json"]);
    let told = json_of(&output);
    assert_eq!(told["rung"], "drift");
    assert_eq!(fields(&told, "ConfigMap"), [r#""data.LOG_LEVEL" "info" "trace" "kubectl-edit""#]);
    let lacks = told["lacks"].as_array().unwrap();
    assert!(lacks.iter().any(|lack| lack["rung"] == "redis" && lack["why"].as_str().unwrap().contains("password")));
    let text = String::from_utf8(diff(&world, &["backend-staging"]).stdout).unwrap();
    assert!(text.starts_with("# from the last apply, not from Git\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_planted_secret_is_printed_on_any_rung() {
    let world = start("drift");
    let store = world.store("predator-cloud").unwrap();
    let planted = ["hunter2", "aHVudGVyMg==", "hunter3", "aHVudGVyMw=="];
    for kind in ["Secret", "ConfigMap", "Deployment"] {
        let all = store.list(kind, Some("predator12-staging"));
        let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
        let object = all.iter().find(|object| name(object).starts_with("backend")).cloned();
        let Some(mut object) = object else { continue };
        match kind {
            "Secret" => object["data"]["PLANTED"] = "aHVudGVyMg==".into(),
            "ConfigMap" => {
                object["data"]["API_TOKEN"] = "hunter2".into();
                object["data"]["URL"] = "amqp://user:hunter3@broker/x".into();
                object["data"]["app.ini"] = "a = 1\npassword = hunter2\nb = 2\n".into();
            }
            _ => {
                let env = json!([{ "name": "DB_PASSWORD", "value": "hunter2" }, { "name": "U", "value": "http://a:hunter3@b" }]);
                object["spec"]["template"]["spec"]["containers"][0]["env"] = env;
            }
        }
        store.put(object);
    }
    for rung in ["redis", "drift"] {
        if rung == "drift" {
            assert!(store.delete("Secret", "argocd", "argocd-redis"));
        }
        for output in ["json", "unified", "stat"] {
            let output = diff(&world, &["backend-staging", "-o", output]);
            let said =
                format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(said.len() > 40, "{said}");
            for secret in planted {
                assert!(!said.contains(secret), "{rung} {secret}: {said}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_compared_is_said_with_its_exit_code() {
    let world = start("quiet");
    assert_eq!(diff(&world, &["nothing"]).status.code(), Some(3));
    assert_eq!(diff(&world, &["backend-dev", "--against", "yesterday"]).status.code(), Some(2));
    let output = diff(&world, &["backend-dev", "--against", "rev:elsewhere"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8(output.stderr).unwrap().contains("revision elsewhere"));
}
