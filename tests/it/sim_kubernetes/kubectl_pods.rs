//! kubectl works with pods that live: terminals, debugging, rollouts, cascades.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};

use super::client::DEADLINE;
use super::whole::{NAMESPACE, Terminal, Whole, ephemeral};

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_comes_in_on_a_terminal() {
    let whole = Whole::new();
    let pod = whole.pod();
    let mut terminal = Terminal::start(&whole, &format!("exec -it {pod} -- sh"));
    terminal.until("# ").await;
    terminal.type_line("stty size");
    terminal.until("30 100").await;
    terminal.type_line("hostname; exit 3");
    terminal.until(&format!("\n{pod}")).await;
    terminal.until("command terminated with exit code 3").await;
    assert_eq!(terminal.ended().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_debugs_a_pod() {
    let whole = Whole::new();
    let pod = whole.pod();
    whole.says(&format!("debug {pod} --image=busybox:1.36 -c told -- echo hello there"), "").await;
    whole.until("it has told", |store| ephemeral(store, &pod, "told")["state"]["terminated"]["exitCode"] == 0).await;
    let told = whole.run(&format!("logs {pod} -c told")).await;
    assert!(told.starts_with("hello there\n"), "{told}");
    assert_eq!(ephemeral(whole.store(), &pod, "told")["ready"], false);

    let mut terminal = Terminal::start(&whole, &format!("debug -it {pod} --image=busybox:1.36 -c why -- sh"));
    terminal.until("# ").await;
    terminal.type_line("echo I am $HOSTNAME");
    terminal.until(&format!("\nI am {pod}")).await;
    assert!(ephemeral(whole.store(), &pod, "why")["state"]["running"].is_object());
    whole.says(&format!("exec {pod} -c why -- hostname"), &pod).await;
    whole.says(&format!("describe pod {pod}"), "Ephemeral Containers:").await;
    let ready = whole.store().get("Pod", NAMESPACE, &pod).unwrap();
    assert_eq!(ready["status"]["containerStatuses"].as_array().unwrap().len(), 1);
    assert_eq!(ready["status"]["phase"], "Running");
    terminal.type_line("exit 4");
    terminal.ended().await;
    whole
        .until("the shell has ended", |store| ephemeral(store, &pod, "why")["state"]["terminated"]["exitCode"] == 4)
        .await;
    whole.says(&format!("logs {pod} -c why"), &format!("I am {pod}")).await;
    whole.says("get events -o yaml", "fieldPath: spec.ephemeralContainers{why}").await;
    let refused = whole.run(&format!("exec {pod} -c why -- hostname")).await;
    assert!(refused.contains("container not found (\"why\")"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_attaches_to_what_prints() {
    let whole = Whole::new();
    let pod = whole.pod();
    let mut command = whole.kubectl.command(&["-n", NAMESPACE, "attach", &pod]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = async {
        loop {
            // until the session stands, nobody hears
            whole.store().logs().write(&format!("{NAMESPACE}/{pod}"), "web", "mine", whole.store().now());
            let next = tokio::time::timeout(std::time::Duration::from_millis(200), lines.next_line()).await;
            if next.is_ok_and(|line| line.unwrap().is_some_and(|line| line == "mine")) {
                return;
            }
        }
    };
    tokio::time::timeout(DEADLINE, told).await.expect("the line is never passed on");
    child.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_rolls_out_and_waits() {
    let whole = Whole::new();
    whole.says("create deployment api --image=nginx:1 --replicas=2", "created").await;
    let done = "deployment \"api\" successfully rolled out";
    whole.says("rollout status deploy/api --timeout=60s", done).await;
    whole.says("rollout restart deploy/api", "deployment.apps/api restarted").await;
    whole.says("rollout status deploy/api --timeout=60s", done).await;
    whole.says("rollout history deploy/api", "REVISION").await;
    whole.says("scale deploy/api --replicas=3", "deployment.apps/api scaled").await;
    whole.says("wait deploy/api --for=jsonpath={.status.availableReplicas}=3 --timeout=60s", "condition met").await;
    whole.says("rollout undo deploy/api", "deployment.apps/api rolled back").await;
    whole.says("rollout status deploy/api --timeout=60s", done).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_deletes_with_what_hangs_on_it() {
    let whole = Whole::new();
    let owned = |kind: &str, name: &str| {
        let all = whole.store().list(kind, Some(NAMESPACE)).into_iter();
        all.filter(|object| object["metadata"]["name"].as_str().unwrap().starts_with(&format!("{name}-"))).count()
    };
    for cascade in ["foreground", "orphan", "background"] {
        whole.says(&format!("create deployment {cascade} --image=nginx:1"), "created").await;
        whole.says(&format!("rollout status deploy/{cascade} --timeout=60s"), "successfully rolled out").await;
        whole.says(&format!("delete deploy {cascade} --cascade={cascade} --wait"), "deleted").await;
        assert!(whole.store().get("Deployment", NAMESPACE, cascade).is_none());
        match cascade {
            "foreground" => assert_eq!(owned("ReplicaSet", cascade), 0, "the owner goes last"),
            "orphan" => {
                let sets = whole.store().list("ReplicaSet", Some(NAMESPACE)).into_iter();
                let mut sets = sets.filter(|set| set["metadata"]["name"].as_str().unwrap().starts_with("orphan-"));
                let set = sets.next().expect("the ReplicaSet stays");
                assert!(set["metadata"]["ownerReferences"].as_array().is_none_or(Vec::is_empty), "{set}");
                assert_eq!(owned("Pod", cascade), 1);
            }
            _ => {
                let gone = || owned("ReplicaSet", cascade) == 0 && owned("Pod", cascade) == 0;
                whole.until("everything is gone", |_| gone()).await;
            }
        }
    }
}

const OF_OPERATORS: &str = r"
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: keys}
spec:
  refreshInterval: 1h
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  target: {name: keys}
  data: [{secretKey: URL, remoteRef: {key: a/b, property: url}}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: api}
spec: {selector: {matchLabels: {app: api}}, endpoints: [{port: http, path: /metrics, interval: 30s}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api}
spec: {minReplicas: 3, maxReplicas: 5, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}}
";

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_applies_what_operators_act_on() {
    let whole = Whole::new();
    whole.says("create deployment api --image=nginx:1", "created").await;
    let said = whole.kubectl.feed(&["-n", NAMESPACE, "apply", "-f", "-"], OF_OPERATORS).await;
    assert_eq!(said.matches(" created\n").count(), 3, "{said}");
    whole.until("its Secret is there", |store| store.get("Secret", NAMESPACE, "keys").is_some()).await;
    let replicas = |store: &pilothouse::sim::store::Store| {
        store.get("Deployment", NAMESPACE, "api").unwrap()["spec"]["replicas"].clone()
    };
    whole.until("there are as many as the autoscaler wants", |store| replicas(store) == 3).await;
    whole.says("wait externalsecret/keys --for=condition=Ready --timeout=60s", "condition met").await;
    whole
        .says("get externalsecret", "NAME   STORETYPE            STORE   REFRESH INTERVAL   STATUS         READY")
        .await;
    whole.says("get servicemonitor", "NAME   AGE").await;
    let wrong = OF_OPERATORS.replace("remoteRef", "remoteReff");
    let said = whole.kubectl.feed(&["-n", NAMESPACE, "apply", "-f", "-"], &wrong).await;
    assert!(said.contains("unknown field \"spec.data[0].remoteReff\""), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_drains_a_node() {
    let whole = Whole::new();
    let before = whole.pod();
    let drained = whole.run("drain here --ignore-daemonsets --delete-emptydir-data --force --timeout=50s").await;
    assert!(drained.contains("node/here drained") || drained.contains("node/here cordoned"), "{drained}");
    whole.until("the pod is gone", |store| store.get("Pod", NAMESPACE, &before).is_none()).await;
}
