//! Namespaces with what all of them have, and `ConfigMap`s.

use crate::sim::manifest::meta::metadata;
use jiff::Timestamp;
use serde_json::{Value, json};

/// An active Namespace.
#[must_use]
pub fn namespace(name: &str, created: Timestamp) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": metadata("Namespace", "", name, &json!({"kubernetes.io/metadata.name": name}), created),
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    })
}

/// A `ConfigMap` with settings of Argo CD; it looks at none without this label.
#[must_use]
pub fn config_map(namespace: &str, name: &str, data: &Value, created: Timestamp) -> Value {
    plain_map(namespace, name, &of_argocd(name), data, created)
}

/// The labels of what Argo CD is installed with.
#[must_use]
pub fn of_argocd(name: &str) -> Value {
    json!({"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd"})
}

fn plain_map(namespace: &str, name: &str, labels: &Value, data: &Value, created: Timestamp) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata("ConfigMap", namespace, name, labels, created),
        "data": data,
    })
}

/// What controllers put into every namespace.
#[must_use]
pub fn furniture(namespace: &str, created: Timestamp) -> [Value; 2] {
    let words = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as \
                 the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of \
                 Kubernetes clusters.";
    // the certificate is made anew with every world, and pods do not really look at it
    let certificate = json!({"ca.crt": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"});
    let mut trusted = plain_map(namespace, "kube-root-ca.crt", &json!({}), &certificate, created);
    trusted["metadata"]["annotations"] = json!({"kubernetes.io/description": words});
    let account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata("ServiceAccount", namespace, "default", &json!({}), created),
    });
    [account, trusted]
}

/// The Service that leads to the API server itself.
#[must_use]
pub fn api_service(created: Timestamp) -> Value {
    let labels = json!({"component": "apiserver", "provider": "kubernetes"});
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata("Service", "default", "kubernetes", &labels, created),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.96.0.1",
            "clusterIPs": ["10.96.0.1"],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
            "sessionAffinity": "None",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
        },
        "status": {"loadBalancer": {}},
    })
}

/// The class of volumes that claims get which name none.
#[must_use]
pub fn storage_class(created: Timestamp) -> Value {
    let mut class = json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": metadata("StorageClass", "", STORAGE_CLASS, &json!({}), created),
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    });
    class["metadata"]["annotations"] = json!({"storageclass.kubernetes.io/is-default-class": "true"});
    class
}

/// The name of that class.
pub const STORAGE_CLASS: &str = "standard";
/// Who makes its volumes.
pub const PROVISIONER: &str = "k8s.io/minikube-hostpath";
