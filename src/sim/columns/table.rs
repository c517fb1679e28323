//! Which columns each kind has, and the cells of its objects.

use serde_json::Value;

use super::super::kinds::Kind;
use super::read::{created, text};
use super::{Cell, cluster, config, event, network, pod, storage, workload};

/// The definition of one column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Heading.
    pub name: &'static str,
    /// `OpenAPI` type of the cells.
    pub r#type: &'static str,
    /// `name` for the column that names the object, else empty.
    pub format: &'static str,
    /// What the column tells.
    pub description: &'static str,
    /// 0 is always shown; more only with `-o wide`.
    pub priority: u8,
}

/// The column that names the object.
pub(super) const NAME: Column = Column {
    name: "Name",
    r#type: "string",
    format: "name",
    description: "Name of the object, unique within its namespace.",
    priority: 0,
};

/// The column of custom resources without columns of their own.
pub(super) const AGE: Column = column("Age", "Time since the object was created.");

/// A column of texts.
pub(super) const fn column(name: &'static str, description: &'static str) -> Column {
    Column { name, r#type: "string", format: "", description, priority: 0 }
}

/// A column of texts that only `-o wide` shows.
pub(super) const fn wide(name: &'static str, description: &'static str) -> Column {
    Column { priority: 1, ..column(name, description) }
}

/// A column of numbers.
pub(super) const fn count(name: &'static str, description: &'static str) -> Column {
    Column { r#type: "integer", ..column(name, description) }
}

/// A kind's columns and how to fill them.
pub(super) struct Printer {
    pub columns: &'static [Column],
    pub cells: fn(&Value) -> Vec<Cell>,
}

/// Kinds without columns of their own.
static PLAIN: Printer = Printer { columns: &[NAME, AGE], cells: |o| vec![name(o), age(o)] };

fn printer(kind: &Kind) -> &'static Printer {
    match kind.kind {
        "Pod" => &pod::POD,
        "Deployment" => &workload::DEPLOYMENT,
        "ReplicaSet" => &workload::REPLICA_SET,
        "StatefulSet" => &workload::STATEFUL_SET,
        "DaemonSet" => &workload::DAEMON_SET,
        "Job" => &workload::JOB,
        "CronJob" => &workload::CRON_JOB,
        "HorizontalPodAutoscaler" => &workload::AUTOSCALER,
        "Service" => &network::SERVICE,
        "Endpoints" => &network::ENDPOINTS,
        "EndpointSlice" => &network::ENDPOINT_SLICE,
        "ControllerRevision" => &workload::CONTROLLER_REVISION,
        "Ingress" => &network::INGRESS,
        "IngressClass" => &network::CLASS,
        "NetworkPolicy" => &network::POLICY,
        "ConfigMap" => &config::CONFIG_MAP,
        "Secret" => &config::SECRET,
        "ServiceAccount" => &config::SERVICE_ACCOUNT,
        "PersistentVolumeClaim" => &storage::CLAIM,
        "PersistentVolume" => &storage::VOLUME,
        "StorageClass" => &storage::CLASS,
        "ResourceQuota" => &storage::QUOTA,
        "PodDisruptionBudget" => &workload::BUDGET,
        "Lease" => &config::LEASE,
        "Application" => &config::APPLICATION,
        "ExternalSecret" => &config::EXTERNAL_SECRET,
        "ClusterSecretStore" => &config::SECRET_STORE,
        "Namespace" => &cluster::NAMESPACE,
        "Node" => &cluster::NODE,
        "CustomResourceDefinition" | "LimitRange" | "Role" | "ClusterRole" => &cluster::CREATED_AT,
        "RoleBinding" | "ClusterRoleBinding" => &cluster::BINDING,
        "Event" => &event::EVENT,
        _ => &PLAIN,
    }
}

/// The columns of a kind.
#[must_use]
pub fn of(kind: &Kind) -> &'static [Column] {
    printer(kind).columns
}

/// The cells of an object, one for each column of its kind.
#[must_use]
pub fn cells(kind: &Kind, object: &Value) -> Box<[Cell]> {
    (printer(kind).cells)(object).into()
}

/// The object's name as a cell.
pub(super) fn name(object: &Value) -> Cell {
    Cell::text(text(object, "/metadata/name"))
}

/// The object's age as a cell.
pub(super) fn age(object: &Value) -> Cell {
    Cell::Since(created(object))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::kinds::KINDS;
    use super::*;

    #[test]
    fn every_kind_fills_its_columns_even_from_an_empty_object() {
        for kind in KINDS {
            let cells = cells(kind, &json!({"metadata": {"name": "a"}}));
            assert_eq!(cells.len(), of(kind).len(), "{}", kind.kind);
            assert!(of(kind).iter().any(|c| c.format == "name"), "{}", kind.kind);
        }
    }
}
