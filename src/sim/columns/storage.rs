//! Where data is kept, and how much of anything a namespace may have.

use serde_json::Value;

use super::Cell;
use super::read::{items, text};
use super::table::{AGE, NAME, Printer, age, column, name, wide};

pub(super) static CLAIM: Printer = Printer {
    columns: &[
        NAME,
        column("Status", "Whether it is bound."),
        column("Volume", "The volume it is bound to."),
        column("Capacity", "Size of the volume."),
        column("Access Modes", "How the volume may be mounted."),
        column("StorageClass", "Class of the volume."),
        column("VolumeAttributesClass", "Class of the volume's attributes."),
        AGE,
        wide("VolumeMode", "File system or block device."),
    ],
    cells: |o| {
        vec![
            name(o),
            Cell::text(text(o, "/status/phase")),
            Cell::text(text(o, "/spec/volumeName")),
            Cell::text(text(o, "/status/capacity/storage")),
            Cell::text(modes(o, "/status/accessModes")),
            Cell::text(text(o, "/spec/storageClassName")),
            Cell::text(or(o, "/spec/volumeAttributesClassName", "<unset>")),
            age(o),
            Cell::text(or(o, "/spec/volumeMode", "Filesystem")),
        ]
    },
};

pub(super) static VOLUME: Printer = Printer {
    columns: &[
        NAME,
        column("Capacity", "Size of the volume."),
        column("Access Modes", "How the volume may be mounted."),
        column("Reclaim Policy", "What becomes of the volume without its claim."),
        column("Status", "Whether it is bound."),
        column("Claim", "The claim it is bound to."),
        column("StorageClass", "Class of the volume."),
        column("VolumeAttributesClass", "Class of the volume's attributes."),
        column("Reason", "Why it is as it is."),
        AGE,
        wide("VolumeMode", "File system or block device."),
    ],
    cells: |o| {
        let claim = match text(o, "/spec/claimRef/name") {
            "" => String::new(),
            name => format!("{}/{name}", text(o, "/spec/claimRef/namespace")),
        };
        vec![
            name(o),
            Cell::text(text(o, "/spec/capacity/storage")),
            Cell::text(modes(o, "/spec/accessModes")),
            Cell::text(text(o, "/spec/persistentVolumeReclaimPolicy")),
            Cell::text(text(o, "/status/phase")),
            Cell::text(claim),
            Cell::text(text(o, "/spec/storageClassName")),
            Cell::text(or(o, "/spec/volumeAttributesClassName", "<unset>")),
            Cell::text(text(o, "/status/reason")),
            age(o),
            Cell::text(or(o, "/spec/volumeMode", "Filesystem")),
        ]
    },
};

pub(super) static CLASS: Printer = Printer {
    columns: &[
        NAME,
        column("Provisioner", "Who makes its volumes."),
        column("ReclaimPolicy", "What becomes of a volume without its claim."),
        column("VolumeBindingMode", "When a claim gets its volume."),
        column("AllowVolumeExpansion", "Whether a claim may ask for more."),
        AGE,
    ],
    cells: |o| {
        let default = &o["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true";
        let mark = if default { " (default)" } else { "" };
        vec![
            Cell::text(format!("{}{mark}", text(o, "/metadata/name"))),
            Cell::text(text(o, "/provisioner")),
            Cell::text(or(o, "/reclaimPolicy", "Delete")),
            Cell::text(or(o, "/volumeBindingMode", "Immediate")),
            Cell::text(o["allowVolumeExpansion"].as_bool().unwrap_or_default().to_string()),
            age(o),
        ]
    },
};

pub(super) static QUOTA: Printer = Printer {
    columns: &[
        NAME,
        column("Request", "Used and allowed of what pods ask for."),
        column("Limit", "Used and allowed of what pods are held to."),
        AGE,
    ],
    cells: |o| {
        let shown = |limits: bool| {
            let all = o.pointer("/status/hard").and_then(Value::as_object).into_iter().flatten();
            let of = all.filter(|(resource, _)| resource.starts_with("limits.") == limits);
            let one = |(resource, hard): (&String, &Value)| {
                let used = o["status"]["used"][resource].as_str().unwrap_or("0");
                format!("{resource}: {used}/{}", hard.as_str().unwrap_or_default())
            };
            Cell::text(of.map(one).collect::<Vec<_>>().join(", "))
        };
        vec![name(o), shown(false), shown(true), age(o)]
    },
};

fn modes(object: &Value, pointer: &str) -> String {
    let short = |mode: &Value| match mode.as_str().unwrap_or_default() {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => "",
    };
    items(object, pointer).iter().map(short).collect::<Vec<_>>().join(",")
}

fn or<'a>(object: &'a Value, pointer: &str, other: &'a str) -> &'a str {
    Some(text(object, pointer)).filter(|text| !text.is_empty()).unwrap_or(other)
}
