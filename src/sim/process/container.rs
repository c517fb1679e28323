//! A running container as a process within it sees it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::network::Listener;
use super::super::store::Store;

/// A container of a pod.
#[derive(Debug, Clone)]
pub struct Container {
    /// The cluster it runs in.
    pub store: Store,
    /// The pod as it stood when somebody came in.
    pub pod: Value,
    /// The container's name.
    pub name: String,
}

impl Container {
    /// The container's part of the pod's spec; null when there is none.
    #[must_use]
    pub fn spec(&self) -> &Value {
        let lists = ["containers", "initContainers", "ephemeralContainers"];
        let all = lists.iter().filter_map(|list| self.pod["spec"][list].as_array()).flatten();
        all.into_iter().find(|container| container["name"] == self.name.as_str()).unwrap_or(&Value::Null)
    }

    /// The status of the container, null when the kubelet knows none.
    #[must_use]
    pub fn status(pod: &Value, name: &str) -> Value {
        let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
        let all = lists.iter().filter_map(|list| pod["status"][list].as_array()).flatten();
        all.into_iter().find(|status| status["name"] == name).cloned().unwrap_or_default()
    }

    /// `namespace/name` of its pod.
    #[must_use]
    pub fn key(&self) -> String {
        super::super::object::key(self.text("/metadata/namespace"), self.text("/metadata/name"))
    }

    /// The runtime's id, without the runtime's name.
    #[must_use]
    pub fn id(&self) -> String {
        let id = Self::status(&self.pod, &self.name)["containerID"].as_str().unwrap_or_default().to_owned();
        id.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// What the container was started with.
    #[must_use]
    pub fn command(&self) -> Vec<String> {
        let words = ["command", "args"].iter().filter_map(|field| self.spec()[field].as_array()).flatten();
        words.filter_map(|word| word.as_str().map(str::to_owned)).collect()
    }

    /// Its host name: the pod's name.
    #[must_use]
    pub fn hostname(&self) -> &str {
        self.text("/metadata/name")
    }

    /// The open ports of its pod at this moment.
    #[must_use]
    pub fn listeners(&self) -> Vec<Listener> {
        let live = self.store.get("Pod", self.text("/metadata/namespace"), self.hostname());
        live.map(|pod| self.store.network().listeners(&pod)).unwrap_or_default()
    }

    /// Text at a place of the pod.
    #[must_use]
    pub fn text(&self, pointer: &str) -> &str {
        self.pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The environment its processes get.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<String, String> {
        let mut all: BTreeMap<String, String> = [
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("HOME", "/root"),
            ("HOSTNAME", self.hostname()),
            ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
            ("KUBERNETES_SERVICE_PORT", "443"),
            ("KUBERNETES_SERVICE_PORT_HTTPS", "443"),
            ("KUBERNETES_PORT", "tcp://10.96.0.1:443"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        let config = |name: &Value| {
            let name = name.as_str().unwrap_or_default();
            self.store.get("ConfigMap", self.text("/metadata/namespace"), name).unwrap_or_default()
        };
        for from in self.spec()["envFrom"].as_array().into_iter().flatten() {
            let data = config(&from["configMapRef"]["name"]);
            for (key, value) in data["data"].as_object().into_iter().flatten() {
                all.insert(key.clone(), value.as_str().unwrap_or_default().to_owned());
            }
        }
        for one in self.spec()["env"].as_array().into_iter().flatten() {
            let Some(name) = one["name"].as_str() else { continue };
            let (map, field) = (&one["valueFrom"]["configMapKeyRef"], &one["valueFrom"]["fieldRef"]["fieldPath"]);
            let value = if let Some(value) = one["value"].as_str() {
                value.to_owned()
            } else if let Some(key) = map["key"].as_str() {
                config(&map["name"])["data"][key].as_str().unwrap_or_default().to_owned()
            } else if let Some(path) = field.as_str() {
                self.text(&format!("/{}", path.replace('.', "/"))).to_owned()
            } else {
                continue;
            };
            all.insert(name.to_owned(), value);
        }
        all
    }
}
