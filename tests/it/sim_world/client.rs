//! A client of the world, and what it waits for.

use kube::api::{Api, ApiResource, DynamicObject};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use pilothouse::sim::world::{SimOptions, World};
use serde_json::Value;

pub(super) fn start(options: SimOptions) -> World {
    World::start(options).unwrap()
}

pub(super) async fn client(world: &World, context: &str) -> Client {
    let kubeconfig = Kubeconfig::read_from(world.kubeconfig()).unwrap();
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap()
}

pub(super) fn resource(group: &str, version: &str, kind: &str, plural: &str) -> ApiResource {
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    ApiResource { group: group.into(), version: version.into(), api_version, kind: kind.into(), plural: plural.into() }
}

pub(super) fn applications(client: Client) -> Api<DynamicObject> {
    Api::namespaced_with(client, "argocd", &resource("argoproj.io", "v1alpha1", "Application", "applications"))
}

pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
