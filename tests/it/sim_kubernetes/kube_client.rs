//! kube-rs understands the world.

use futures::{StreamExt, pin_mut};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, WatchEvent, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, Error};
use pilothouse::sim::kubeconfig::{self, Context};

use super::client::DEADLINE;
use super::world::World;

async fn client(world: &World, user: &str) -> Client {
    let context = Context {
        name: "world".to_owned(),
        server: world.server.url(),
        token: user.to_owned(),
        namespace: "argocd".to_owned(),
    };
    let config = Kubeconfig::from_yaml(&kubeconfig::render(&world.ca, &[context])).unwrap();
    let mut config = Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await.unwrap();
    // whatever proxy this machine has, it is not for loopback
    config.proxy_url = None;
    Client::try_from(config).unwrap()
}

fn applications(client: Client) -> Api<DynamicObject> {
    let resource = ApiResource {
        group: "argoproj.io".to_owned(),
        version: "v1alpha1".to_owned(),
        api_version: "argoproj.io/v1alpha1".to_owned(),
        kind: "Application".to_owned(),
        plural: "applications".to_owned(),
    };
    Api::all_with(client, &resource)
}

#[tokio::test]
async fn kube_lists_gets_and_pages() {
    let world = World::new();
    let client = client(&world, "admin").await;
    let pods: Api<Pod> = Api::namespaced(client.clone(), "predator12-dev");
    assert_eq!(pods.list(&ListParams::default()).await.unwrap().items.len(), 5);
    let pod = pods.get("redis-0").await.unwrap();
    assert_eq!(pod.status.unwrap().phase.as_deref(), Some("Running"));
    assert!(pods.get_opt("nonsense").await.unwrap().is_none());
    let first = applications(client.clone()).list(&ListParams::default().limit(5)).await.unwrap();
    let token = first.metadata.continue_.unwrap();
    let rest = applications(client).list(&ListParams::default().limit(5).continue_token(&token)).await.unwrap();
    assert_eq!((first.items.len(), rest.items.len()), (5, 4));
}

#[tokio::test]
async fn kube_streams_a_list_and_goes_on() {
    let world = World::new();
    let api = applications(client(&world, "admin").await);
    let events = api.watch(&WatchParams::default().initial_events(), "").await.unwrap();
    pin_mut!(events);
    let mut next =
        async || tokio::time::timeout(DEADLINE, events.next()).await.expect("the watch hangs").unwrap().unwrap();
    for _ in 0..9 {
        assert!(matches!(next().await, WatchEvent::Added(_)));
    }
    let WatchEvent::Bookmark(end) = next().await else { panic!("the list has no end") };
    assert_eq!(end.metadata.annotations["k8s.io/initial-events-end"], "true");
    world.store.delete("Application", "argocd", "backend-dev");
    assert!(matches!(next().await, WatchEvent::Deleted(_)));
}

#[tokio::test]
async fn kube_reads_refusals() {
    let world = World::new();
    let refused = applications(client(&world, "dev-user").await).list(&ListParams::default()).await;
    let Err(Error::Api(status)) = refused else { panic!("no refusal") };
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    world.store.compact();
    let api = applications(client(&world, "admin").await);
    let events = api.watch(&WatchParams::default(), "1").await.unwrap();
    pin_mut!(events);
    let Some(Ok(WatchEvent::Error(status))) = events.next().await else { panic!("no expiry") };
    assert_eq!(status.code, 410);
}
