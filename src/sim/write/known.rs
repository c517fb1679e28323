//! Which fields an object may have: by its definition for custom resources, by the published types for the built-in ones.

use k8s_openapi::api;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::kinds::Kind;
use super::super::status::Failure;
use super::super::store::Store;
use super::schema::{self, FieldPath, Step};

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

fn reader(kind: &Kind) -> Option<Read> {
    Some(match kind.kind {
        "ConfigMap" => again::<api::core::v1::ConfigMap>,
        "Endpoints" => again::<api::core::v1::Endpoints>,
        "Event" => again::<api::core::v1::Event>,
        "Namespace" => again::<api::core::v1::Namespace>,
        "Node" => again::<api::core::v1::Node>,
        "PersistentVolumeClaim" => again::<api::core::v1::PersistentVolumeClaim>,
        "Pod" => again::<api::core::v1::Pod>,
        "Secret" => again::<api::core::v1::Secret>,
        "Service" => again::<api::core::v1::Service>,
        "ServiceAccount" => again::<api::core::v1::ServiceAccount>,
        "DaemonSet" => again::<api::apps::v1::DaemonSet>,
        "Deployment" => again::<api::apps::v1::Deployment>,
        "ReplicaSet" => again::<api::apps::v1::ReplicaSet>,
        "StatefulSet" => again::<api::apps::v1::StatefulSet>,
        "HorizontalPodAutoscaler" => again::<api::autoscaling::v2::HorizontalPodAutoscaler>,
        "CronJob" => again::<api::batch::v1::CronJob>,
        "Job" => again::<api::batch::v1::Job>,
        "Ingress" => again::<api::networking::v1::Ingress>,
        "NetworkPolicy" => again::<api::networking::v1::NetworkPolicy>,
        "ClusterRole" => again::<api::rbac::v1::ClusterRole>,
        "ClusterRoleBinding" => again::<api::rbac::v1::ClusterRoleBinding>,
        "Role" => again::<api::rbac::v1::Role>,
        "RoleBinding" => again::<api::rbac::v1::RoleBinding>,
        "Lease" => again::<api::coordination::v1::Lease>,
        "CustomResourceDefinition" => again::<CustomResourceDefinition>,
        _ => return None,
    })
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
