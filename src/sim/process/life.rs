//! How long a pod and its containers live.

use serde_json::Value;

use super::super::store::Store;
use super::container::Container;

/// Ends when a pod is gone, or replaced by another of its name, or, with a container, when that run of it is over.
pub async fn ended(store: Store, pod: Value, container: Option<String>) {
    let text = |field: &str| pod["metadata"][field].as_str().unwrap_or_default();
    let (namespace, name) = (text("namespace"), text("name"));
    let run = container.as_deref().map(|container| Container::status(&pod, container)["containerID"].clone());
    let mut changed = store.subscribe("Pod");
    loop {
        changed.borrow_and_update();
        let Some(live) = store.get("Pod", namespace, name) else { return };
        let phase = live["status"]["phase"].as_str().unwrap_or_default();
        if live["metadata"]["uid"] != pod["metadata"]["uid"] || matches!(phase, "Succeeded" | "Failed") {
            return;
        }
        if let (Some(container), Some(run)) = (&container, &run) {
            let status = Container::status(&live, container);
            if status["containerID"] != *run || !status["state"]["running"].is_object() {
                return;
            }
        }
        if changed.changed().await.is_err() {
            return;
        }
    }
}
