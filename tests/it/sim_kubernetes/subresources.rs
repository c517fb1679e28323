//! The parts of objects that are asked for by themselves: scale, eviction, binding.

use pilothouse::sim::write::Writer;
use serde_json::{Value, json};

use super::client::{Ask, Client};
use super::kubectl::Kubectl;
use super::world::World;

const NAMESPACE: &str = "predator12-dev";
const SCALE: &str = "/apis/apps/v1/namespaces/predator12-dev/deployments/web/scale";

fn workload(world: &World, kind: &str) {
    let made = Writer::new(&world.store, "test").create(json!({
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "nginx:1"}]}}},
    }));
    made.expect("it is created");
    world.store.update(kind, NAMESPACE, "web", |made| made["status"] = json!({"replicas": 1}));
}

async fn send(client: &Client, method: &str, path: &str, content: &str, body: Value) -> (u16, Value) {
    let ask = Ask {
        method: Some(method.to_owned()),
        path: path.to_owned(),
        token: Some("admin".to_owned()),
        content: Some(content.to_owned()),
        body: Some(body),
        ..Ask::default()
    };
    let reply = client.send(&ask).await.unwrap();
    (reply.status, reply.json().await)
}

async fn says(kubectl: &Kubectl, line: &str, expected: &str) {
    let said = kubectl.run(&line.split(' ').collect::<Vec<_>>()).await;
    assert!(said.contains(expected), "kubectl {line}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_scales() {
    let world = World::new();
    let kubectl = Kubectl::new(&world);
    for (kind, word, named) in [
        ("Deployment", "deploy", "deployment.apps/web"),
        ("StatefulSet", "sts", "statefulset.apps/web"),
        ("ReplicaSet", "rs", "replicaset.apps/web"),
    ] {
        workload(&world, kind);
        let replicas = || world.store.get(kind, NAMESPACE, "web").unwrap()["spec"]["replicas"].clone();
        says(&kubectl, &format!("scale {word} web --replicas=5"), &format!("{named} scaled\n")).await;
        assert_eq!(replicas(), 5, "{kind}");
        let refused = "Expected replicas to be 4, was 5";
        says(&kubectl, &format!("scale {word} web --current-replicas=4 --replicas=1"), refused).await;
        let refused = "Expected resource version to be 1, was ";
        says(&kubectl, &format!("scale {word} web --resource-version=1 --replicas=1"), refused).await;
        assert_eq!(replicas(), 5, "{kind}");
        says(&kubectl, &format!("scale {word} web --current-replicas=5 --replicas=0"), &format!("{named} scaled"))
            .await;
        assert_eq!(replicas(), 0, "{kind}");
        says(&kubectl, &format!("scale {word} web --replicas=7 --dry-run=server"), "(server dry run)").await;
        assert_eq!(replicas(), 0, "{kind}");
        let live = world.store.get(kind, NAMESPACE, "web").unwrap();
        let managed = live["metadata"]["managedFields"].as_array().unwrap();
        let scaled = managed.iter().find(|entry| entry["subresource"] == "scale").expect("an entry for the scale");
        assert_eq!(scaled["fieldsV1"], json!({"f:spec": {"f:replicas": {}}}));
        assert_eq!(live["metadata"]["generation"], 3, "{kind}");
    }
    says(&kubectl, "scale deploy none --replicas=5", "deployments.apps \"none\" not found").await;
    let denied = "cannot patch resource \"deployments/scale\" in API group \"apps\"";
    says(&kubectl, "scale deploy web --replicas=5 --context shop", denied).await;
    says(&kubectl, "get deploy web --subresource=scale", "NAME   DESIRED   AVAILABLE").await;
    says(&kubectl, "patch deploy web --subresource=scale --type=merge -p {\"spec\":{\"replicas\":4}}", "patched").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scale_is_read_and_written_apart() {
    let world = World::new();
    workload(&world, "Deployment");
    let client = world.client();
    let scale = client.json(SCALE).await;
    assert_eq!((&scale["kind"], &scale["apiVersion"]), (&json!("Scale"), &json!("autoscaling/v1")));
    assert_eq!(scale["spec"], json!({"replicas": 2}));
    assert_eq!(scale["status"], json!({"replicas": 1, "selector": "app=web"}));
    let mut more = scale.clone();
    more["spec"]["replicas"] = 3.into();
    let (code, written) = send(&client, "PUT", SCALE, "application/json", more.clone()).await;
    assert_eq!((code, &written["spec"]["replicas"]), (200, &json!(3)));
    let (code, refused) = send(&client, "PUT", SCALE, "application/json", more.clone()).await;
    assert_eq!((code, &refused["reason"]), (409, &json!("Conflict")), "the version is an old one: {refused}");
    let test = json!([{"op": "test", "path": "/spec/replicas", "value": 3},
        {"op": "replace", "path": "/spec/replicas", "value": 4}]);
    let json_patch = "application/json-patch+json";
    assert_eq!(send(&client, "PATCH", SCALE, json_patch, test.clone()).await.1["spec"]["replicas"], 4);
    assert_eq!(send(&client, "PATCH", SCALE, json_patch, test).await.0, 422);
    let below = json!({"spec": {"replicas": -1}});
    let (code, refused) = send(&client, "PATCH", SCALE, "application/merge-patch+json", below).await;
    assert_eq!(code, 422);
    let why =
        "Scale.autoscaling \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0";
    assert_eq!(refused["message"], why);
    assert_eq!(client.get("/api/v1/namespaces/predator12-dev/pods/redis-0/scale").await.status, 404);
    assert_eq!(send(&client, "POST", SCALE, "application/json", more).await.0, 405);
    let resources = client.json("/apis/apps/v1").await;
    let row = resources["resources"].as_array().unwrap().iter().find(|row| row["name"] == "deployments/scale").unwrap();
    assert_eq!(
        (&row["group"], &row["kind"], &row["verbs"]),
        (&json!("autoscaling"), &json!("Scale"), &json!(["get", "patch", "update"]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_are_evicted_and_bound() {
    let world = World::new();
    let client = world.client();
    let pods = "/api/v1/namespaces/predator12-dev/pods";
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": "redis-0", "namespace": NAMESPACE}, "deleteOptions": {"gracePeriodSeconds": 7}});
    let evict = format!("{pods}/redis-0/eviction");
    let (code, done) = send(&client, "POST", &evict, "application/json", eviction.clone()).await;
    assert_eq!((code, &done["status"]), (201, &json!("Success")));
    let pod = world.store.get("Pod", NAMESPACE, "redis-0").unwrap();
    assert_eq!(pod["metadata"]["deletionGracePeriodSeconds"], 7);
    let gone = format!("{pods}/none/eviction");
    let mut other = eviction;
    other["metadata"]["name"] = "none".into();
    assert_eq!(send(&client, "POST", &gone, "application/json", other).await.0, 404);
    assert_eq!(client.get(&evict).await.status, 405);

    world.store.put(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "new", "namespace": NAMESPACE},
        "spec": {"containers": [{"name": "a", "image": "b"}]}}));
    let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "new"},
        "target": {"kind": "Node", "name": "node1"}});
    let bind = format!("{pods}/new/binding");
    assert_eq!(send(&client, "POST", &bind, "application/json", binding.clone()).await.0, 201);
    assert_eq!(world.store.get("Pod", NAMESPACE, "new").unwrap()["spec"]["nodeName"], "node1");
    let (code, refused) = send(&client, "POST", &bind, "application/json", binding).await;
    assert_eq!(code, 409);
    assert!(
        refused["message"].as_str().unwrap().ends_with("pod new is already assigned to node \"node1\""),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ephemeral_containers_are_added_and_stay() {
    let world = World::new();
    let client = world.client();
    let path = "/api/v1/namespaces/predator12-dev/pods/redis-0/ephemeralcontainers";
    let strategic = "application/strategic-merge-patch+json";
    let with = |name: &str, image: &str| json!({"spec": {"ephemeralContainers": [{"name": name, "image": image}]}});
    let (code, pod) = send(&client, "PATCH", path, strategic, with("why", "busybox")).await;
    assert_eq!(code, 200, "{pod}");
    assert_eq!(pod["spec"]["ephemeralContainers"][0]["imagePullPolicy"], "Always");
    let (code, pod) = send(&client, "PATCH", path, strategic, with("more", "busybox:1")).await;
    assert_eq!((code, pod["spec"]["ephemeralContainers"].as_array().unwrap().len()), (200, 2));
    let (code, refused) = send(&client, "PATCH", path, strategic, with("why", "other")).await;
    assert_eq!(code, 422);
    let why = "existing ephemeral containers \"why\" may not be changed";
    assert!(refused["message"].as_str().unwrap().contains(why), "{refused}");
    let (code, refused) = send(&client, "PATCH", path, strategic, with("main", "busybox")).await;
    assert_eq!(code, 422);
    assert!(refused["message"].as_str().unwrap().contains("Duplicate value: \"main\""), "{refused}");
    let before = pod["metadata"]["labels"].clone();
    let mut labelled = with("third", "busybox");
    labelled["metadata"] = json!({"labels": {"a": "b"}});
    let (_, pod) = send(&client, "PATCH", path, strategic, labelled).await;
    assert_eq!(pod["metadata"]["labels"], before, "only the containers are written here");
    let whole = path.trim_end_matches("/ephemeralcontainers");
    let (code, _) = send(&client, "PATCH", whole, "application/merge-patch+json", with("why", "other")).await;
    assert_eq!(code, 422, "the pod's own patch does not reach them");
}
