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
    assert!(told.lines().any(|line| line == "hello there"), "{told}");
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
    let drained = whole.run("drain node1 --ignore-daemonsets --delete-emptydir-data --force --timeout=50s").await;
    assert!(drained.contains("node/node1 drained") || drained.contains("node/node1 cordoned"), "{drained}");
    whole.until("the pod is gone", |store| store.get("Pod", NAMESPACE, &before).is_none()).await;
}

const DAEMON: &str = r#"
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: "agent:1"}], terminationGracePeriodSeconds: 1}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec: {containers: [{name: store, image: "store:1", ports: [{name: sql, containerPort: 5432}]}], terminationGracePeriodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: store}
spec: {selector: {app: store}, ports: [{name: sql, port: 5432, targetPort: sql}]}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_rolls_sets_back() {
    let whole = Whole::new();
    let said = whole.kubectl.feed(&["-n", NAMESPACE, "apply", "-f", "-"], DAEMON).await;
    assert_eq!(said.matches(" created\n").count(), 3, "{said}");
    for (kind, name) in [("ds", "agent"), ("sts", "store")] {
        whole.says(&format!("rollout status {kind}/{name} --timeout=60s"), "").await;
        whole.says(&format!("set image {kind}/{name} {name}={name}:2"), "image updated").await;
        whole.says(&format!("rollout status {kind}/{name} --timeout=60s"), "").await;
        whole.says(&format!("get pods -l app={name} -o jsonpath={{.items[0].spec.containers[0].image}}"), ":2").await;
        let history = whole.run(&format!("rollout history {kind}/{name}")).await;
        assert!(history.contains("\n1 ") && history.contains("\n2 "), "{history}");
        whole.says(&format!("rollout undo {kind}/{name}"), "rolled back").await;
        whole.says(&format!("rollout status {kind}/{name} --timeout=60s"), "").await;
        whole.says(&format!("get pods -l app={name} -o jsonpath={{.items[0].spec.containers[0].image}}"), ":1").await;
        whole.says(&format!("get controllerrevisions -l app={name}"), "   3 ").await;
        whole.says(&format!("describe {kind} {name}"), "SuccessfulCreate").await;
    }
    whole.says("get ds agent", "NAME    DESIRED   CURRENT   READY").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_sees_what_stands_behind_a_service() {
    let whole = Whole::new();
    whole.kubectl.feed(&["-n", NAMESPACE, "apply", "-f", "-"], DAEMON).await;
    whole.says("rollout status sts/store --timeout=60s", "").await;
    let behind = |store: &pilothouse::sim::store::Store| {
        store.get("Endpoints", NAMESPACE, "store").is_some_and(|it| it["subsets"][0]["addresses"][0]["ip"].is_string())
    };
    whole.until("the pod stands behind its Service", behind).await;
    let address = whole.run("get pod store-0 -o jsonpath={.status.podIP}").await;
    whole.says("describe svc store", &format!("{address}:5432")).await;
    whole.says("get endpoints store", &format!("{address}:5432")).await;
    whole.says("get endpointslices -l kubernetes.io/service-name=store", &address).await;
    whole.says("scale sts store --replicas=0", "scaled").await;
    whole.until("nothing stands behind it", |store| !behind(store)).await;
    whole.says("delete svc store", "deleted").await;
    let gone = |store: &pilothouse::sim::store::Store| {
        let slices = store.list("EndpointSlice", Some(NAMESPACE));
        let own = slices.iter().any(|slice| slice["metadata"]["labels"]["kubernetes.io/service-name"] == "store");
        !own && store.get("Endpoints", NAMESPACE, "store").is_none()
    };
    whole.until("nobody remembers it", gone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_describes_what_runs() {
    let whole = Whole::new();
    let pod = whole.pod();
    for (line, expected) in [
        ("scale deploy web --replicas=2", "scaled"),
        ("rollout status deploy/web --timeout=60s", "successfully rolled out"),
        ("describe deploy web", "Scaled up replica set web-"),
        ("describe rs", "Controlled By:  Deployment/web"),
        ("describe node node1", "Non-terminated Pods:"),
        ("describe ns small-dev", "Status:       Active"),
        (&format!("describe pod {pod}"), "Controlled By:  ReplicaSet/web-"),
        ("get deploy,rs,pods -o wide", "node1"),
        ("events --for deploy/web", "ScalingReplicaSet"),
        ("top pods", "Metrics API not available"),
    ] {
        whole.says(line, expected).await;
    }
    whole.says(&format!("delete pod {pod} --wait"), &format!("pod \"{pod}\" deleted")).await;
    whole.says("rollout status deploy/web --timeout=60s", "successfully rolled out").await;
    whole.says(&format!("get pod {pod}"), "not found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_reads_what_a_job_said() {
    let whole = Whole::new();
    whole.says("create job told --image=busybox:1.36 -- echo hello there", "job.batch/told created").await;
    whole.says("wait job/told --for=condition=complete --timeout=60s", "condition met").await;
    // kubectl looks for its pods by the Job's own selector
    whole.says("logs job/told", "hello there").await;
    whole.says("create ingress told --rule=told.example/api=web:8000", "ingress.networking.k8s.io/told created").await;
    whole.says("describe ingress told", "told.example").await;
    let path = whole.run("get ingress told -o jsonpath={.spec.rules[0].http.paths[0]}").await;
    let path: serde_json::Value = serde_json::from_str(&path).unwrap();
    let service = serde_json::json!({"name": "web", "port": {"number": 8000}});
    assert_eq!(
        (&path["path"], &path["pathType"], &path["backend"]["service"]),
        (&"/api".into(), &"Exact".into(), &service)
    );
}

/// What controllers wrote is theirs: whoever applies it has to take it from them.
#[tokio::test(flavor = "multi_thread")]
async fn kubectl_conflicts_with_controllers() {
    let whole = Whole::new();
    let apply = ["-n", NAMESPACE, "apply", "--server-side", "-f", "-"];
    let scaled = r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "small-dev"},
        "spec": {"replicas": 3}}"#;
    let refused = whole.kubectl.feed(&apply, scaled).await;
    assert!(refused.contains("conflict with \"argocd-controller\" using apps/v1: .spec.replicas"), "{refused}");
    let revision = r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web",
        "namespace": "small-dev", "annotations": {"deployment.kubernetes.io/revision": "9"}}}"#;
    let refused = whole.kubectl.feed(&apply, revision).await;
    let words = "conflict with \"kube-controller-manager\" with subresource \"status\" using apps/v1: \
                 .metadata.annotations.deployment.kubernetes.io/revision";
    assert!(refused.contains(words), "{refused}");
    let taken = whole.kubectl.feed(&[&apply[..], &["--force-conflicts"]].concat(), scaled).await;
    assert!(taken.contains("serverside-applied"), "{taken}");
}
