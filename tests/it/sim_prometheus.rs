//! The Prometheus of the world, over HTTP as clients reach it.

use http::Request;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use pilothouse::sim::control;
use pilothouse::sim::world::{SimOptions, World};
use serde_json::Value;
use std::fmt::Write;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::wait::found;

fn start(scenario: &str) -> World {
    World::start(SimOptions { scenario: Some(scenario.to_owned()), ..SimOptions::default() }).unwrap()
}

/// Asks a Prometheus: the status and the answer.
async fn ask(world: &World, source: &str, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let line = world.ready_line();
    let url = line["sources"][source]["prometheus"].as_str().unwrap().to_owned();
    let mut form = String::new();
    for (key, value) in fields {
        write!(form, "&{key}=").unwrap();
        for byte in value.bytes() {
            write!(form, "%{byte:02X}").unwrap();
        }
    }
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path}?{form} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::from(body)))
}

/// The values of an instant query.
async fn query(world: &World, source: &str, query: &str) -> Vec<f64> {
    let (status, answer) = ask(world, source, "/api/v1/query", &[("query", query)]).await;
    assert_eq!(status, 200, "{query}: {answer}");
    assert_eq!(answer["status"], "success");
    let all = answer["data"]["result"].as_array().unwrap();
    all.iter().map(|one| one["value"][1].as_str().unwrap().parse().unwrap()).collect()
}

async fn advance(world: &World, by: &str) {
    control::send(world.control(), &["clock", "advance", by].map(str::to_owned)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prometheus_counts_what_argo_cd_does() {
    let world = start("predator12");
    let (_, answer) =
        ask(&world, "predator-cloud", "/api/v1/query", &[("query", "argocd_app_info{name=\"backend-prod\"}")]).await;
    assert_eq!(answer["data"]["resultType"], "vector");
    let labels = &answer["data"]["result"][0]["metric"];
    for (label, value) in [
        ("__name__", "argocd_app_info"),
        ("autosync_enabled", "false"),
        ("dest_namespace", "predator12-prod"),
        ("dest_server", "https://kubernetes.default.svc"),
        ("health_status", "Healthy"),
        ("operation", ""),
        ("project", "predator12"),
        ("repo", "https://git.predator12.example/platform/gitops"),
        ("sync_status", "Synced"),
    ] {
        assert_eq!(labels[label], value, "{label}");
    }
    assert_eq!(query(&world, "predator-cloud", "count(argocd_app_info)").await, [14.0]);
    let drifted = "argocd_app_info{sync_status=\"OutOfSync\",dest_namespace=\"predator12-staging\"}";
    assert_eq!(query(&world, "predator-cloud", drifted).await, [1.0]);
    let syncs = "sum(argocd_app_sync_total{name=\"qdrant-dev\",phase=\"Succeeded\"})";
    let before = query(&world, "minikube", syncs).await;
    found("the sync that runs is counted", async || {
        advance(&world, "15s").await;
        let now = query(&world, "minikube", syncs).await[0];
        if now > before[0] { Ok(()) } else { Err(now) }
    })
    .await;
    assert!(query(&world, "minikube", "sum(increase(argocd_app_sync_total[5m]))").await[0] > 0.0);
    assert!(
        query(&world, "minikube", "histogram_quantile(0.9, sum by (le) (argocd_app_reconcile_bucket))").await[0] > 0.0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prometheus_sees_a_crash_loop_and_a_failed_rollout() {
    let world = start("predator12");
    advance(&world, "2m").await;
    let failing = |namespace: &str| {
        format!(
            "sum(rate(predator_celery_tasks_total{{namespace=\"{namespace}\",state=\"failure\"}}[10m])) \
             / sum(rate(predator_celery_tasks_total{{namespace=\"{namespace}\"}}[10m]))"
        )
    };
    let crashing = query(&world, "minikube", &failing("predator12-dev")).await;
    let well = query(&world, "predator-cloud", &failing("predator12-staging")).await;
    assert!(crashing[0] > 0.1 && well[0] < 0.01, "{crashing:?} {well:?}");
    let restarts = "max(kube_pod_container_status_restarts_total{namespace=\"predator12-dev\",container=\"worker\"})";
    assert!(query(&world, "minikube", restarts).await[0] >= 6.0);
    let queue = "predator_celery_queue_length";
    assert!(query(&world, "minikube", queue).await[0] > 10.0, "tasks pile up");
    assert_eq!(query(&world, "predator-cloud", &format!("max({queue})")).await, [0.0]);
    let requests = "sum by (service) (rate(predator_requests_total{namespace=\"predator12-prod\"}[5m]))";
    let rates = query(&world, "predator-cloud", requests).await;
    assert!(rates.len() == 2 && rates.iter().all(|rate| (10.0..30.0).contains(rate)), "{rates:?}");
    let slow = "histogram_quantile(0.95, sum by (le) (rate(predator_request_duration_seconds_bucket[5m])))";
    let slow = query(&world, "predator-cloud", slow).await[0];
    assert!((0.05..0.5).contains(&slow), "{slow}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prometheus_answers_ranges_names_and_mistakes() {
    let world = start("quiet");
    let now = world.clock().now().as_second();
    let (start, end) = ((now - 600).to_string(), now.to_string());
    let fields = [("query", "up{job=\"backend\"}"), ("start", &start), ("end", &end), ("step", "60")];
    let (status, answer) = ask(&world, "minikube", "/api/v1/query_range", &fields).await;
    assert_eq!((status, &answer["data"]["resultType"]), (200, &Value::from("matrix")));
    assert_eq!(answer["data"]["result"][0]["values"].as_array().unwrap().len(), 11);
    let (_, names) = ask(&world, "minikube", "/api/v1/label/__name__/values", &[]).await;
    let names: Vec<&str> = names["data"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for name in ["argocd_app_info", "argocd_cluster_info", "predator_requests_total", "predator_db_connections", "up"] {
        assert!(names.contains(&name), "{name} of {names:?}");
    }
    let (_, series) = ask(&world, "minikube", "/api/v1/series", &[("match[]", "argocd_info")]).await;
    assert_eq!(series["data"][0]["version"], "v3.6.0");
    let (_, labels) = ask(&world, "minikube", "/api/v1/labels", &[("match[]", "argocd_info")]).await;
    assert_eq!(labels["data"], serde_json::json!(["__name__", "job", "version"]));
    let (status, refused) = ask(&world, "minikube", "/api/v1/query", &[("query", "sum(foo(up))")]).await;
    assert_eq!(status, 400);
    assert_eq!(
        refused,
        serde_json::json!({"status": "error", "errorType": "bad_data",
            "error": "invalid parameter \"query\": 1:5: parse error: unknown function with name \"foo\""})
    );
    let many = [("query", "up"), ("start", "0"), ("end", &end), ("step", "1")];
    let (status, refused) = ask(&world, "minikube", "/api/v1/query_range", &many).await;
    assert_eq!(status, 400);
    assert!(refused["error"].as_str().unwrap().starts_with("exceeded maximum resolution of 11,000 points"));
    let (status, _) = ask(&world, "minikube", "/api/v1/nothing", &[]).await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prometheus_is_a_service_of_its_cluster() {
    let world = start("quiet");
    let kubeconfig = Kubeconfig::read_from(world.kubeconfig()).unwrap();
    let options = KubeConfigOptions { context: Some("minikube".to_owned()), ..KubeConfigOptions::default() };
    let client = Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap();
    let path = "/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query?query=count(argocd_app_info)";
    let answer: Value = client.request(Request::get(path).body(Vec::new()).unwrap()).await.unwrap();
    assert_eq!(answer["data"]["result"][0]["value"][1], "7");
}
