//! What workloads are given, and Argo CD's Applications.

use serde_json::Value;

use super::Cell;
use super::read::{entries, items, text};
use super::table::{AGE, Column, NAME, Printer, age, column, name};

pub(super) static CONFIG_MAP: Printer = Printer {
    columns: &[NAME, column("Data", "Number of entries."), AGE],
    cells: |o| vec![name(o), Cell::count(entries(o, "/data") + entries(o, "/binaryData")), age(o)],
};

pub(super) static SECRET: Printer = Printer {
    columns: &[NAME, column("Type", "What the secret is for."), column("Data", "Number of entries."), AGE],
    cells: |o| {
        let kind = Some(text(o, "/type")).filter(|t| !t.is_empty()).unwrap_or("Opaque");
        vec![name(o), Cell::text(kind), Cell::count(entries(o, "/data")), age(o)]
    },
};

pub(super) static SERVICE_ACCOUNT: Printer = Printer {
    columns: &[NAME, column("Secrets", "Number of secrets."), AGE],
    cells: |o| vec![name(o), Cell::count(items(o, "/secrets").len()), age(o)],
};

pub(super) static LEASE: Printer = Printer {
    columns: &[NAME, column("Holder", "Who holds it."), AGE],
    cells: |o| vec![name(o), Cell::text(text(o, "/spec/holderIdentity")), age(o)],
};

/// Columns come from the CRD: a missing field stays empty, and there is no age.
pub(super) static APPLICATION: Printer = Printer {
    columns: &[
        NAME,
        column("Sync Status", "Custom resource definition column (in JSONPath format): .status.sync.status"),
        column("Health Status", "Custom resource definition column (in JSONPath format): .status.health.status"),
        Column {
            priority: 10,
            ..column("Revision", "Custom resource definition column (in JSONPath format): .status.sync.revision")
        },
        Column {
            priority: 10,
            ..column("Project", "Custom resource definition column (in JSONPath format): .spec.project")
        },
    ],
    cells: |o| {
        let cell = |pointer| o.pointer(pointer).and_then(Value::as_str).map_or(Cell::Empty, Cell::text);
        vec![
            name(o),
            cell("/status/sync/status"),
            cell("/status/health/status"),
            cell("/status/sync/revision"),
            cell("/spec/project"),
        ]
    },
};

/// Columns come from the CRD.
pub(super) static EXTERNAL_SECRET: Printer = Printer {
    columns: &[
        NAME,
        column("StoreType", "Custom resource definition column (in JSONPath format): .spec.secretStoreRef.kind"),
        column("Store", "Custom resource definition column (in JSONPath format): .spec.secretStoreRef.name"),
        column("Refresh Interval", "Custom resource definition column (in JSONPath format): .spec.refreshInterval"),
        column("Status", "The reason of the condition Ready."),
        column("Ready", "The condition Ready."),
    ],
    cells: |o| {
        vec![
            name(o),
            cell(o, "/spec/secretStoreRef/kind"),
            cell(o, "/spec/secretStoreRef/name"),
            cell(o, "/spec/refreshInterval"),
            cell(ready(o), "/reason"),
            cell(ready(o), "/status"),
        ]
    },
};

/// Columns come from the CRD.
pub(super) static SECRET_STORE: Printer = Printer {
    columns: &[
        NAME,
        AGE,
        column("Status", "The reason of the condition Ready."),
        column("Capabilities", "Custom resource definition column (in JSONPath format): .status.capabilities"),
        column("Ready", "The condition Ready."),
    ],
    cells: |o| {
        vec![name(o), age(o), cell(ready(o), "/reason"), cell(o, "/status/capabilities"), cell(ready(o), "/status")]
    },
};

fn cell(object: &Value, pointer: &str) -> Cell {
    object.pointer(pointer).and_then(Value::as_str).map_or(Cell::Empty, Cell::text)
}

fn ready(object: &Value) -> &Value {
    items(object, "/status/conditions").iter().find(|one| one["type"] == "Ready").unwrap_or(&Value::Null)
}
