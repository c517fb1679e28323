//! The ApplicationSets of a world: they leave alone what is as they want it, and put back what is not.

use kube::api::{Api, ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use pilothouse::sim::world::{SimOptions, World};
use serde_json::json;

use crate::wait::found;

async fn client(world: &World, context: &str) -> Client {
    let kubeconfig = Kubeconfig::read_from(world.kubeconfig()).unwrap();
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap()
}

fn objects(client: &Client, group: &str, version: &str, kind: &str, plural: &str) -> Api<DynamicObject> {
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let resource = ApiResource {
        group: group.into(),
        version: version.into(),
        api_version,
        kind: kind.into(),
        plural: plural.into(),
    };
    Api::namespaced_with(client.clone(), "argocd", &resource)
}

/// What the ApplicationSet controller said.
async fn said(client: &Client) -> Vec<String> {
    let events = objects(client, "", "v1", "Event", "events").list(&ListParams::default()).await.unwrap();
    let own = events.into_iter().filter(|event| event.data["source"]["component"] == "applicationset-controller");
    own.map(|event| event.data["message"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sets_of_the_scenario_put_back_what_is_edited_and_nothing_else() {
    let world = World::start(SimOptions::default()).unwrap();
    for context in world.contexts() {
        let client = client(&world, context.as_ref()).await;
        let apps = objects(&client, "argoproj.io", "v1alpha1", "Application", "applications");
        let first = apps.list(&ListParams::default()).await.unwrap().into_iter().next().unwrap();
        let name = first.metadata.name.clone().unwrap();
        let path = first.data["spec"]["source"]["path"].clone();
        let edit = json!({"spec": {"source": {"path": "by/hand"}}, "metadata": {"labels": {"note": "by-hand"}}});
        apps.patch(&name, &PatchParams::default(), &Patch::Merge(&edit)).await.unwrap();
        found(&format!("{context} {name} is put back"), async || {
            let now = apps.get(&name).await.unwrap();
            let labels = now.metadata.labels.unwrap_or_default();
            let is_back = now.data["spec"]["source"]["path"] == path && !labels.contains_key("note");
            if is_back { Ok(()) } else { Err(now.data["spec"]["source"].clone()) }
        })
        .await;
        found(&format!("{context} says so"), async || said(&client).await.pop().ok_or("nothing was said")).await;
        assert_eq!(said(&client).await, [format!("updated Application \"{name}\"")]);
    }
}
