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
