//! Where nobody may look inside: the port is asked in its own protocol, by one connection, and only where that is allowed.

use pilothouse::debug::Card;
use pilothouse::domain::Protection;
use pilothouse::runtime::survey::{Inquiry, survey};
use pilothouse::sim::network::Speaks;
use serde_json::json;

use super::attach::runs;
use super::client::Editor;
use super::process::{BREAKPOINT, Process};
use crate::forward::scene::{NAMESPACE, Yard, wish};

fn inquiry(protection: Protection) -> Inquiry {
    Inquiry { app: wish().app, pod: None, port: None, protection, inside: true, ours: 0, checkout: None }
}

async fn look(yard: &Yard, token: &str, inquiry: &Inquiry) -> Card {
    survey(&yard.place(token), inquiry).await.unwrap()
}

fn speaks(yard: &Yard, speaks: Option<Speaks>) {
    yard.store().network().order(&format!("{NAMESPACE}/backend-*"), 5678, speaks);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_is_asked_where_nobody_may_look_inside() {
    let yard = Yard::new();
    yard.pod(1, true);
    speaks(&yard, Some(Speaks::Debugpy { fragile: true }));
    let open = inquiry(Protection::Open);
    let card = look(&yard, "forwarder", &open).await;
    assert_eq!(card.findings[0].said, "a debugger answers on 5678");
    assert_eq!(card.findings[1].said, "whether somebody is attached is not known");
    let asked = yard.connections();
    assert_eq!(asked.len(), 1, "by one connection");
    assert!(!asked[0].attached);
    // who may look inside has no need to ask
    let card = look(&yard, "admin", &open).await;
    assert!(card.findings[0].said.starts_with("listens on"), "{:?}", card.findings);
    let guarded = look(&yard, "forwarder", &inquiry(Protection::Confirm)).await;
    assert!(guarded.findings[0].said.starts_with("whether something listens on 5678 is not known"));
    let ours = look(&yard, "forwarder", &Inquiry { ours: 1, ..open.clone() }).await;
    assert!(ours.findings[0].said.starts_with("whether something listens on 5678 is not known"));
    assert_eq!(yard.connections().len(), 1, "nobody else was asked");
    let again = look(&yard, "forwarder", &open).await;
    assert_eq!(again.findings[0].said, "a debugger answers on 5678", "it took no harm");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_answer_as_a_debugger_is_said() {
    let yard = Yard::new();
    yard.pod(1, true);
    for (what, said) in [
        (None, "nothing listens on 5678"),
        (Some(Speaks::Http), "what listens on 5678 does not answer as a debugger"),
        (Some(Speaks::Silent), "what listens on 5678 does not answer as a debugger"),
    ] {
        speaks(&yard, what);
        let card = look(&yard, "forwarder", &inquiry(Protection::Open)).await;
        assert_eq!(card.findings[0].said, said);
        assert_eq!(card.silent, what.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn debugpy_answers_the_probe_and_is_attached_to_afterwards() {
    let yard = Yard::new();
    yard.pod(1, true);
    let process = Process::start();
    runs(&yard, 1, &process);
    for _ in 0..3 {
        let card = look(&yard, "forwarder", &inquiry(Protection::Open)).await;
        assert_eq!(card.findings[0].said, "a debugger answers on 5678");
    }
    let open = yard.open("forwarder", &[":5678"], |wish| wish.debug = true).await.unwrap();
    let mut editor = Editor::connect(open.port()).await;
    editor.attach(&process.script, BREAKPOINT).await;
    editor.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_and_the_change_in_git_are_told() {
    let yard = Yard::new();
    yard.pod(1, true);
    speaks(&yard, None);
    let store = yard.store();
    let worker = json!([{"name": "worker", "image": "predator-backend:1.5.0",
        "command": ["celery", "-A", "predator.worker", "worker", "-c", "4"],
        "env": [{"name": "DEBUGPY_PORT", "value": "5679"}]}]);
    let labels = json!({"app": "celery"});
    store.put(json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "celery", "namespace": NAMESPACE},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": worker}}}}));
    store.put(json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "celery-1", "namespace": NAMESPACE, "uid": "celery-1", "labels": labels},
        "spec": {"nodeName": "n", "containers": worker},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}));
    store.update("Application", "argocd", "backend-dev", |app| {
        app["spec"]["source"]["path"] = json!("helm/charts/backend");
        app["spec"]["source"]["helm"] = json!({"valueFiles": ["../../overlays/dev/backend.yaml"]});
        let row = json!({"group": "apps", "version": "v1", "kind": "Deployment", "name": "celery",
            "namespace": NAMESPACE, "status": "Synced"});
        app["status"]["resources"].as_array_mut().unwrap().push(row);
    });
    let checkout = tempfile::tempdir().unwrap();
    let file = checkout.path().join("helm/overlays/dev/backend.yaml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "replicas: 1\ndebug: false\n").unwrap();
    let inquiry = Inquiry { checkout: Some(checkout.path().to_owned()), ..inquiry(Protection::Open) };
    let card = look(&yard, "admin", &inquiry).await;
    let words: Vec<String> = card.workers.iter().map(pilothouse::debug::Worker::words).collect();
    assert_eq!(
        words,
        ["worker celery-1 of deployment/celery ready: port 5679, tasks in 4 children of the process that listens"]
    );
    assert!(card.findings.iter().any(|finding| finding.about == "celery" && finding.said.contains("prefork")));
    let values = card.values.unwrap();
    assert_eq!(values.file, "helm/overlays/dev/backend.yaml");
    assert!(values.change.contains(&"+ debug: true".to_owned()), "{:?}", values.change);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "replicas: 1\ndebug: false\n", "it is shown, not made");
}
