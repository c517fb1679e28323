//! What every cluster has around its pods, and the commands that need it: kubectl shows no errors in between.

use std::process::Stdio;

use pilothouse::sim::store::Store;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::client::DEADLINE;
use super::whole::{NAMESPACE, Whole};

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_finds_what_every_cluster_has() {
    let whole = Whole::new();
    whole.says("get serviceaccount default", "default   0").await;
    whole.says("get configmap kube-root-ca.crt", "kube-root-ca.crt   1").await;
    whole.says("get service kubernetes -n default", "10.96.0.1").await;
    whole.says("get storageclass", "standard (default)").await;
    whole.says("get resourcequotas,limitranges,ingressclasses", "No resources found").await;
    let node = whole.run("describe node node1").await;
    assert!(node.contains("HolderIdentity:  node1") && !node.contains("Failed to get lease"), "{node}");
    let namespace = whole.run("describe namespace small-dev").await;
    assert!(namespace.contains("No resource quota.") && !namespace.contains("rror"), "{namespace}");

    let renewed = |store: &Store| store.get("Lease", "kube-node-lease", "node1").unwrap()["spec"]["renewTime"].clone();
    let before = renewed(whole.store());
    whole.until("the node tells again that it is there", |store| renewed(store) != before).await;

    whole.says("create namespace fresh", "created").await;
    let has = |store: &Store, kind: &str, name: &str| store.get(kind, "fresh", name).is_some();
    whole.until("the namespace has an account", |store| has(store, "ServiceAccount", "default")).await;
    whole.until("the namespace has the certificate", |store| has(store, "ConfigMap", "kube-root-ca.crt")).await;
    whole.says("delete serviceaccount default -n fresh", "deleted").await;
    whole.until("the account is back", |store| has(store, "ServiceAccount", "default")).await;
    whole.says("delete namespace fresh --wait", "deleted").await;
    assert!(!has(whole.store(), "ServiceAccount", "default"));
}

const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 3Gi}}}
";

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_follows_a_claim_to_its_volume() {
    let whole = Whole::new();
    let said = whole.kubectl.feed(&["-n", NAMESPACE, "apply", "-f", "-"], CLAIM).await;
    assert_eq!(said, "persistentvolumeclaim/data created\n");
    whole.says("wait pvc/data --for=jsonpath={.status.phase}=Bound --timeout=60s", "condition met").await;
    let volume = whole.run("get pvc data -o jsonpath={.spec.volumeName}").await;
    let shown = whole.run(&format!("get pv {volume}")).await;
    let row: Vec<&str> = shown.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[1..7], ["3Gi", "RWO", "Delete", "Bound", "small-dev/data", "standard"], "{shown}");
    whole.says(&format!("describe pv {volume}"), "HostPath").await;
    whole.says("delete pvc data --wait", "deleted").await;
    whole.until("the volume goes after its claim", |store| store.get("PersistentVolume", "", &volume).is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_autoscales() {
    let whole = Whole::new();
    // this version of kubectl writes the older spelling and reads the newer one
    let said = "horizontalpodautoscaler.autoscaling/web autoscaled";
    whole.says("autoscale deploy/web --min=2 --max=4 --cpu-percent=50", said).await;
    whole.says("get hpa web", "cpu: <unknown>/50%").await;
    whole.says("wait hpa/web --for=jsonpath={.status.currentReplicas}=2 --timeout=60s", "condition met").await;
    whole.says("describe hpa web", "2 current / 2 desired").await;
    let old = "get --raw /apis/autoscaling/v1/namespaces/small-dev/horizontalpodautoscalers/web";
    let old: serde_json::Value = serde_json::from_str(&whole.run(old).await).unwrap();
    assert_eq!(
        (&old["apiVersion"], &old["spec"]["targetCPUUtilizationPercentage"]),
        (&"autoscaling/v1".into(), &50.into())
    );
    assert!(old["spec"].get("metrics").is_none(), "{old}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_reads_what_a_script_says_and_nothing_else() {
    let whole = Whole::new();
    let args =
        ["-n", NAMESPACE, "run", "one", "--image=busybox", "--restart=Never", "--", "sh", "-c", "echo hi; exit 3"];
    assert_eq!(whole.kubectl.run(&args).await, "pod/one created\n");
    whole.says("wait pod/one --for=jsonpath={.status.phase}=Failed --timeout=60s", "condition met").await;
    assert_eq!(whole.run("logs one").await, "hi\n");
    let events = whole.run("describe pod one").await;
    let place = |word: &str| events.find(&format!(" {word} ")).unwrap_or_else(|| panic!("no {word}: {events}"));
    let places = ["Scheduled", "Pulling", "Pulled", "Created", "Started"].map(place);
    assert!(places.is_sorted(), "Events stand in their order: {events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_edits() {
    let whole = Whole::new();
    let mut command = whole.kubectl.command(&["-n", NAMESPACE, "edit", "deploy", "web"]);
    command.env("EDITOR", "sed -i s/replicas:.1/replicas:\\ 2/");
    let output = tokio::time::timeout(DEADLINE, command.output()).await.expect("kubectl hangs").unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "deployment.apps/web edited\n");
    whole.says("get deploy web -o jsonpath={.spec.replicas}", "2").await;
    let managers = whole.run("get deploy web -o yaml --show-managed-fields").await;
    assert!(managers.contains("manager: kubectl-edit\n"), "{managers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_forwards_a_workload_by_both_tunnels() {
    let whole = Whole::new();
    for websockets in ["true", "false"] {
        let mut command = whole.kubectl.command(&["-n", NAMESPACE, "port-forward", "deploy/web", ":8000"]);
        command.env("KUBECTL_PORT_FORWARD_WEBSOCKETS", websockets).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(DEADLINE, lines.next_line()).await.expect("kubectl hangs").unwrap();
        let line = line.expect("kubectl listens");
        let local = line.strip_prefix("Forwarding from 127.0.0.1:").and_then(|rest| rest.split(' ').next());
        let local: u16 = local.unwrap_or_else(|| panic!("{line}")).parse().unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", local)).await.unwrap();
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 15];
        tokio::time::timeout(DEADLINE, stream.read_exact(&mut answer)).await.expect("silence").unwrap();
        assert_eq!(&answer[9..], b"200 OK");
        child.kill().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_is_refused_in_the_servers_words() {
    let whole = Whole::new();
    for (line, expected) in [
        ("get pods --field-selector=nope=1", "field label not supported: nope"),
        ("get pods -l app=(", "unable to parse requirement: found '(', expected: identifier"),
        ("logs nope", "pods \"nope\" not found in namespace \"small-dev\""),
        ("port-forward pod/nope :80", "Error from server (NotFound): pods \"nope\" not found"),
        ("scale deploy/web --replicas=3 --current-replicas=9", "Expected replicas to be 9, was 1"),
        ("rollout undo deploy/web --to-revision=9", "unable to find specified revision 9 in history"),
        ("label deploy web app.kubernetes.io/name=x", "--overwrite is false"),
        ("delete deploy web --cascade=foreground --dry-run=server", "deleted (server dry run)"),
    ] {
        whole.says(line, expected).await;
    }
    whole.says(&format!("logs {} --previous", whole.pod()), "previous terminated container \"web\"").await;
    whole.says(&format!("logs {} -c nope", whole.pod()), "container nope is not valid for pod").await;
}
