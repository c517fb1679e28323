//! What is ordered of a running world with a `*` reaches all that begin so.

use kube::api::{Api, ApiResource, DynamicObject, ListParams};

use crate::sim_process::{PATIENCE, Process, SMALL};

async fn pods(world: &Process) -> Vec<String> {
    let resource = ApiResource {
        group: String::new(),
        version: "v1".into(),
        api_version: "v1".into(),
        kind: "Pod".into(),
        plural: "pods".into(),
    };
    let api: Api<DynamicObject> = Api::namespaced_with(world.client("here").await, "small-dev", &resource);
    let listed = tokio::time::timeout(PATIENCE, api.list(&ListParams::default())).await.unwrap().unwrap();
    listed.items.into_iter().map(|pod| pod.metadata.name.unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_star_stands_for_anything() {
    let world = Process::still(&SMALL.replace("branch = \"main\"", "branch = \"main\"\nreplicas = 3")).await;
    let before = pods(&world).await;
    assert_eq!(before.len(), 3);
    assert_eq!(world.ctl("log small-dev/web-* write web hello").await, "written to 3 containers");
    let request = http::Request::get(format!("/api/v1/namespaces/small-dev/pods/{}/log", before[2]));
    let log = world.client("here").await.request_text(request.body(Vec::new()).unwrap()).await.unwrap();
    assert!(log.ends_with("hello\n"), "{log}");
    let told = world.ctl("kill-pod small-dev/web-*").await;
    assert_eq!(told.lines().count(), 3, "{told}");
    world.pass(30_000).await;
    let after = pods(&world).await;
    assert_eq!(after.len(), 3);
    assert!(after.iter().all(|pod| !before.contains(pod)), "{before:?} {after:?}");
    assert!(world.ctl(&format!("evict-pod small-dev/{}", after[0])).await.starts_with("evicted pod small-dev/web-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_edits_what_an_application_deployed() {
    let world = Process::still(SMALL).await;
    let client = world.client("here").await;
    let deployment = async || {
        let request =
            http::Request::get("/apis/apps/v1/namespaces/small-dev/deployments/web").body(Vec::new()).unwrap();
        client.request::<serde_json::Value>(request).await.unwrap()
    };
    assert_eq!(world.ctl("drift web-dev").await, "kubectl-edit edited Deployment small-dev/web");
    assert_eq!(deployment().await["spec"]["replicas"], 2);
    world.ctl("drift web-dev Deployment/web /spec/replicas 4 by kubectl-scale").await;
    let live = deployment().await;
    assert_eq!(live["spec"]["replicas"], 4);
    let managers = live["metadata"]["managedFields"].as_array().unwrap();
    let scaled = managers.iter().find(|entry| entry["manager"] == "kubectl-scale").expect("it is on record");
    assert_eq!(scaled["fieldsV1"], serde_json::json!({"f:spec": {"f:replicas": {}}}));
    for words in ["drift none", "drift web-dev Deployment/none", "drift web-dev spec 1", "drift web-dev /a/b/c 1"] {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        assert!(pilothouse::sim::control::send(&world.control, &words).await.is_err(), "{words:?}");
    }
}
