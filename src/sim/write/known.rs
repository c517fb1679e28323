//! Which fields an object may have: by its definition for custom resources, by the published types for the built-in ones.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::kinds::Kind;
use super::super::status::Failure;
use super::super::store::Store;
use super::schema::{self, FieldPath, Step};

/// What servers of the recorded version know beyond the published types: kind and field.
const NEWER: &[(&str, &str)] = &[("Pod", "status.resources")];

/// Fields of an object that its type does not have.
///
/// # Errors
/// When a field is of another type than it must be (built-in types only; [`schema::violations`] says it of the others).
pub fn unknown(store: &Store, kind: &'static Kind, object: &Value) -> Result<Vec<FieldPath>, Failure> {
    if kind.is_custom() {
        return Ok(schema(store, kind).map(|schema| schema::unknown(&schema, object)).unwrap_or_default());
    }
    let Some(read) = reader(kind) else { return Ok(Vec::new()) };
    let understood = read(object).map_err(|error| Failure::undecodable(kind, &error.to_string()))?;
    let mut out = Vec::new();
    lost(object, &understood, &mut FieldPath::default(), &mut out);
    out.retain(|path| !NEWER.contains(&(kind.kind, path.to_string().as_str())));
    Ok(out)
}

/// The schema of a custom resource, as its definition in the cluster has it.
#[must_use]
pub fn schema(store: &Store, kind: &Kind) -> Option<Value> {
    let definition = store.get("CustomResourceDefinition", "", &kind.qualified())?;
    let versions = definition["spec"]["versions"].as_array()?;
    let version = versions.iter().find(|version| version["name"] == kind.version)?;
    version.pointer("/schema/openAPIV3Schema").cloned()
}

type Read = fn(&Value) -> serde_json::Result<Value>;

/// Reads and writes an object: what the type does not have is lost.
fn again<T: DeserializeOwned + Serialize>(object: &Value) -> serde_json::Result<Value> {
    serde_json::to_value(T::deserialize(object)?)
}

/// Picks a function for the published type of a built-in kind; none for any other kind.
macro_rules! by_type {
    ($kind:expr, $with:ident) => {
        match $kind.kind {
            "ConfigMap" => Some($with::<k8s_openapi::api::core::v1::ConfigMap> as _),
            "Endpoints" => Some($with::<k8s_openapi::api::core::v1::Endpoints> as _),
            "Event" => Some($with::<k8s_openapi::api::core::v1::Event> as _),
            "LimitRange" => Some($with::<k8s_openapi::api::core::v1::LimitRange> as _),
            "Namespace" => Some($with::<k8s_openapi::api::core::v1::Namespace> as _),
            "Node" => Some($with::<k8s_openapi::api::core::v1::Node> as _),
            "PersistentVolumeClaim" => Some($with::<k8s_openapi::api::core::v1::PersistentVolumeClaim> as _),
            "PodDisruptionBudget" => Some($with::<k8s_openapi::api::policy::v1::PodDisruptionBudget> as _),
            "PersistentVolume" => Some($with::<k8s_openapi::api::core::v1::PersistentVolume> as _),
            "Pod" => Some($with::<k8s_openapi::api::core::v1::Pod> as _),
            "ResourceQuota" => Some($with::<k8s_openapi::api::core::v1::ResourceQuota> as _),
            "Secret" => Some($with::<k8s_openapi::api::core::v1::Secret> as _),
            "Service" => Some($with::<k8s_openapi::api::core::v1::Service> as _),
            "ServiceAccount" => Some($with::<k8s_openapi::api::core::v1::ServiceAccount> as _),
            "ControllerRevision" => Some($with::<k8s_openapi::api::apps::v1::ControllerRevision> as _),
            "EndpointSlice" => Some($with::<k8s_openapi::api::discovery::v1::EndpointSlice> as _),
            "DaemonSet" => Some($with::<k8s_openapi::api::apps::v1::DaemonSet> as _),
            "Deployment" => Some($with::<k8s_openapi::api::apps::v1::Deployment> as _),
            "ReplicaSet" => Some($with::<k8s_openapi::api::apps::v1::ReplicaSet> as _),
            "StatefulSet" => Some($with::<k8s_openapi::api::apps::v1::StatefulSet> as _),
            "HorizontalPodAutoscaler" => Some($with::<k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler> as _),
            "CronJob" => Some($with::<k8s_openapi::api::batch::v1::CronJob> as _),
            "Job" => Some($with::<k8s_openapi::api::batch::v1::Job> as _),
            "IngressClass" => Some($with::<k8s_openapi::api::networking::v1::IngressClass> as _),
            "Ingress" => Some($with::<k8s_openapi::api::networking::v1::Ingress> as _),
            "NetworkPolicy" => Some($with::<k8s_openapi::api::networking::v1::NetworkPolicy> as _),
            "StorageClass" => Some($with::<k8s_openapi::api::storage::v1::StorageClass> as _),
            "ClusterRole" => Some($with::<k8s_openapi::api::rbac::v1::ClusterRole> as _),
            "ClusterRoleBinding" => Some($with::<k8s_openapi::api::rbac::v1::ClusterRoleBinding> as _),
            "Role" => Some($with::<k8s_openapi::api::rbac::v1::Role> as _),
            "RoleBinding" => Some($with::<k8s_openapi::api::rbac::v1::RoleBinding> as _),
            "Lease" => Some($with::<k8s_openapi::api::coordination::v1::Lease> as _),
            "CustomResourceDefinition" => Some(
                $with::<k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition>
                    as _,
            ),
            _ => None,
        }
    };
}
pub(in crate::sim) use by_type;

fn reader(kind: &Kind) -> Option<Read> {
    by_type!(kind, again)
}

fn lost(sent: &Value, understood: &Value, at: &mut FieldPath, out: &mut Vec<FieldPath>) {
    match (sent, understood) {
        (Value::Object(sent), Value::Object(understood)) => {
            for (name, value) in sent.iter().filter(|(_, value)| !value.is_null()) {
                at.with(Step::Field(name.clone()), |at| match understood.get(name) {
                    Some(understood) => lost(value, understood, at, out),
                    None => out.push(at.clone()),
                });
            }
        }
        (Value::Array(sent), Value::Array(understood)) => {
            for (index, (sent, understood)) in sent.iter().zip(understood).enumerate() {
                at.with(Step::Item(index), |at| lost(sent, understood, at, out));
            }
        }
        _ => {}
    }
}
