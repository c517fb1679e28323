//! The real kubectl changes the world, with its default validation.

use serde_json::{Value, json};

use super::kubectl::Kubectl;
use super::world::World;

const NAMESPACE: &str = "predator12-dev";

/// Runs a command line, split at spaces, and holds what it says against what it should.
async fn says(kubectl: &Kubectl, line: &str, expected: &str) {
    let args: Vec<&str> = line.split(' ').collect();
    let said = kubectl.run(&args).await;
    assert!(said.contains(expected), "kubectl {line}: {said}");
}

fn deployment(world: &World) -> Value {
    world.store.get("Deployment", NAMESPACE, "web").expect("the Deployment is there")
}

const MANIFEST: &str = r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [
            {"name": "web", "image": "nginx:1.27", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
             "resources": {"limits": {"cpu": 1}}}]}}}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_applies_from_its_side() {
    let world = World::new();
    let kubectl = Kubectl::new(&world);
    let apply = ["apply", "-f", "-"];
    // kubectl would take a number for another value than the text it becomes
    let manifest = MANIFEST.replace("\"cpu\": 1", "\"cpu\": \"1\"");
    let manifest = manifest.as_str();
    assert_eq!(kubectl.feed(&apply, manifest).await, "deployment.apps/web created\n");
    assert_eq!(kubectl.feed(&apply, manifest).await, "deployment.apps/web unchanged\n");
    // what others set stays, what is left out goes
    says(&kubectl, "set env deploy/web C=3", "deployment.apps/web env updated").await;
    let less = manifest.replace(r#"{"name": "A", "value": "1"}, "#, "").replace("1.27", "1.28");
    let diff = kubectl.feed(&["diff", "-f", "-"], &less).await;
    assert!(diff.contains("-        - name: A\n") && diff.contains("+        image: nginx:1.28\n"), "{diff}");
    assert!(deployment(&world).to_string().contains("nginx:1.27"), "a diff writes nothing");
    assert_eq!(kubectl.feed(&apply, &less).await, "deployment.apps/web configured\n");
    let container = deployment(&world)["spec"]["template"]["spec"]["containers"][0].clone();
    assert_eq!(container["image"], "nginx:1.28");
    assert_eq!(container["env"], json!([{"name": "B", "value": "2"}, {"name": "C", "value": "3"}]));
    let live = deployment(&world);
    let managers: Vec<&Value> =
        live["metadata"]["managedFields"].as_array().unwrap().iter().map(|entry| &entry["manager"]).collect();
    assert_eq!(managers, ["kubectl-client-side-apply", "kubectl-set"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_applies_from_the_servers_side() {
    let world = World::new();
    let kubectl = Kubectl::new(&world);
    let apply = ["apply", "--server-side", "-f", "-"];
    assert_eq!(kubectl.feed(&apply, MANIFEST).await, "deployment.apps/web serverside-applied\n");
    let version = deployment(&world)["metadata"]["resourceVersion"].clone();
    assert_eq!(deployment(&world)["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"], "1");
    assert_eq!(kubectl.feed(&apply, MANIFEST).await, "deployment.apps/web serverside-applied\n");
    assert_eq!(deployment(&world)["metadata"]["resourceVersion"], version, "the same again is no write");
    says(&kubectl, "scale deploy web --replicas=5 --dry-run=client", "scaled (dry run)").await;
    let other = ["apply", "--server-side", "--field-manager=other", "-f", "-"];
    let more = MANIFEST.replace("\"replicas\": 2", "\"replicas\": 4");
    let refused = kubectl.feed(&other, &more).await;
    assert!(refused.contains("Apply failed with 1 conflict: conflict with \"kubectl\": .spec.replicas"), "{refused}");
    let forced = [&other[..], &["--force-conflicts"]].concat();
    assert_eq!(kubectl.feed(&forced, &more).await, "deployment.apps/web serverside-applied\n");
    assert_eq!(deployment(&world)["spec"]["replicas"], 4);
    // one that gives up a field that another has leaves it alone
    let without = MANIFEST.replace("\"replicas\": 2, ", "");
    assert_eq!(kubectl.feed(&apply, &without).await, "deployment.apps/web serverside-applied\n");
    assert_eq!(deployment(&world)["spec"]["replicas"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_validates() {
    let world = World::new();
    let kubectl = Kubectl::new(&world);
    let wrong = MANIFEST.replace("\"replicas\"", "\"replicaz\"");
    let said = kubectl.feed(&["apply", "-f", "-"], &wrong).await;
    assert!(said.contains("strict decoding error: unknown field \"spec.replicaz\""), "{said}");
    let said = kubectl.feed(&["apply", "--server-side", "-f", "-"], &wrong).await;
    assert!(said.contains(".spec.replicaz: field not declared in schema"), "{said}");
    let said = kubectl.feed(&["create", "--validate=warn", "-f", "-"], &wrong).await;
    assert_eq!(said, "deployment.apps/web created\nWarning: unknown field \"spec.replicaz\"\n");
    let app = |field: &str| {
        format!(
            r#"{{"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {{"name": "new",
            "namespace": "argocd"}}, "spec": {{"project": "p", "destination": {{}}, "{field}": 1}}}}"#
        )
    };
    let said = kubectl.feed(&["create", "-f", "-"], &app("projet")).await;
    assert!(said.contains("unknown field \"spec.projet\""), "{said}");
    let said = kubectl.feed(&["create", "-f", "-"], &app("source")).await;
    assert!(said.contains("spec.source in body must be of type object: \"integer\""), "{said}");
    let said = kubectl.feed(&["create", "-f", "-"], &app("revisionHistoryLimit")).await;
    assert_eq!(said, "application.argoproj.io/new created\n");
    says(&kubectl, "explain application.spec.project", "FIELD: project <string>").await;
    says(&kubectl, "explain deployment.spec.template.spec.containers", "<[]Object>").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_changes_what_is_there() {
    let world = World::new();
    let kubectl = Kubectl::new(&world);
    says(&kubectl, "create deployment web --image=nginx:1 --replicas=2", "deployment.apps/web created").await;
    says(&kubectl, "create deployment web --image=nginx:1", "deployments.apps \"web\" already exists").await;
    says(&kubectl, "label deploy web tier=front", "deployment.apps/web labeled").await;
    says(&kubectl, "annotate deploy web note=1", "deployment.apps/web annotated").await;
    says(&kubectl, "set image deploy/web nginx=nginx:2", "deployment.apps/web image updated").await;
    says(&kubectl, "rollout restart deploy web", "deployment.apps/web restarted").await;
    says(&kubectl, r#"patch deploy web -p {"spec":{"replicas":3}}"#, "deployment.apps/web patched").await;
    says(&kubectl, r#"patch deploy web -p {"spec":{"replicas":3}}"#, "deployment.apps/web patched (no change)").await;
    says(&kubectl, r#"patch deploy web --type=merge -p {"spec":{"paused":true}}"#, "patched").await;
    says(&kubectl, r#"patch deploy web --type=json -p [{"op":"remove","path":"/spec/paused"}]"#, "patched").await;
    says(&kubectl, r#"patch deploy web --subresource=status -p {"status":{"replicas":3}}"#, "patched").await;
    says(&kubectl, r#"patch app backend-dev -n argocd --type=strategic -p {"spec":{}}"#, "is not supported by").await;
    let live = deployment(&world);
    assert_eq!(live["metadata"]["labels"], json!({"app": "web", "tier": "front"}));
    assert_eq!(live["spec"]["template"]["spec"]["containers"][0]["image"], "nginx:2");
    assert!(live["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].is_string());
    assert_eq!((&live["spec"]["replicas"], live["spec"].get("paused")), (&json!(3), None));
    assert_eq!(live["status"], json!({"replicas": 3}));
    assert_eq!(live["metadata"]["generation"], 6, "labels, annotations and status move nothing");
    let mut edited = live.clone();
    edited["spec"]["replicas"] = 1.into();
    assert_eq!(kubectl.feed(&["replace", "-f", "-"], &edited.to_string()).await, "deployment.apps/web replaced\n");
    let said = kubectl.feed(&["replace", "-f", "-"], &edited.to_string()).await;
    assert!(said.contains("the object has been modified; please apply your changes to the latest version"), "{said}");
    let shown = kubectl.run(&["get", "deploy", "web", "-o", "yaml", "--show-managed-fields"]).await;
    for manager in [
        "kubectl-create",
        "kubectl-label",
        "kubectl-annotate",
        "kubectl-set",
        "kubectl-rollout",
        "kubectl-patch",
        "kubectl-replace",
    ] {
        assert!(shown.contains(&format!("manager: {manager}\n")), "{manager}: {shown}");
    }
    for (line, expected) in [
        ("create configmap settings --from-literal=a=1", "configmap/settings created"),
        ("create secret generic key --from-literal=a=1", "secret/key created"),
        ("create job once --image=busybox -- true", "job.batch/once created"),
        ("create cronjob often --image=busybox --schedule=@hourly -- true", "cronjob.batch/often created"),
        ("create service clusterip web --tcp=80:8080", "service/web created"),
        ("create role reader --verb=get --resource=pods", "role.rbac.authorization.k8s.io/reader created"),
        ("create rolebinding reader --role=reader --user=x", "rolebinding.rbac.authorization.k8s.io/reader created"),
        ("create serviceaccount robot", "serviceaccount/robot created"),
    ] {
        says(&kubectl, line, expected).await;
    }
    assert_eq!(world.store.get("Secret", NAMESPACE, "key").unwrap()["data"], json!({"a": "MQ=="}));
    let service = world.store.get("Service", NAMESPACE, "web").unwrap();
    assert_eq!(service["spec"]["ports"][0]["targetPort"], 8080);
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_deletes() {
    let world = World::new();
    let kubectl = Kubectl::new(&world);
    says(&kubectl, "create configmap a --from-literal=a=1", "created").await;
    says(&kubectl, "delete configmap a --dry-run=server", "configmap \"a\" deleted (server dry run)").await;
    assert!(world.store.get("ConfigMap", NAMESPACE, "a").is_some());
    says(&kubectl, "delete configmap a --wait", "configmap \"a\" deleted").await;
    says(&kubectl, "delete configmap a", "Error from server (NotFound): configmaps \"a\" not found").await;
    says(&kubectl, "delete pod redis-0 --force --grace-period=0", "pod \"redis-0\" force deleted").await;
    assert!(world.store.get("Pod", NAMESPACE, "redis-0").is_none());
    says(&kubectl, "delete pods --all --now --wait=false", "deleted").await;
    for pod in world.store.list("Pod", Some(NAMESPACE)) {
        assert_eq!(pod["metadata"]["deletionGracePeriodSeconds"], 1, "{pod}");
    }
    says(&kubectl, "create namespace gone", "namespace/gone created").await;
    says(&kubectl, "create configmap b -n gone --from-literal=a=1", "created").await;
    says(&kubectl, "delete namespace gone --wait", "namespace \"gone\" deleted").await;
    assert!(world.store.get("ConfigMap", "gone", "b").is_none());
    assert!(world.store.get("Namespace", "", "gone").is_none());
    says(&kubectl, "create configmap b -n gone --from-literal=a=1", "namespaces \"gone\" not found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_knows_who_it_is() {
    let world = World::new();
    let kubectl = Kubectl::new(&world);
    says(&kubectl, "auth whoami", "admin").await;
    says(&kubectl, "auth whoami --context shop", "[system:authenticated]").await;
    says(&kubectl, "auth can-i delete pods --as nobody", "no").await;
    says(&kubectl, "get pods --as admin --context shop", "cannot impersonate resource \"users\"").await;
    says(&kubectl, "create clusterrole scaler --verb=patch --resource=deployments.apps/scale", "created").await;
    says(&kubectl, "create clusterrolebinding scaler --clusterrole=scaler --user=shop", "created").await;
    says(&kubectl, "auth can-i patch deployments.apps --subresource=scale --context shop", "yes").await;
    says(&kubectl, "auth can-i patch deployments.apps --context shop", "no").await;
    says(&kubectl, "auth can-i --list --context shop", "deployments.apps/scale").await;
    let denied = "cannot create resource \"configmaps\" in API group \"\" in the namespace \"predator12-dev\"";
    says(&kubectl, "create configmap a --from-literal=a=1 --context shop", denied).await;
}
