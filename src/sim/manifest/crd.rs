//! The `CustomResourceDefinition`s of Argo CD and of the operators its applications use, with the part of their schemas that clients ask about.

use crate::sim::manifest::definition::managers;
use crate::sim::manifest::meta::metadata;
use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What operators beside Argo CD bring along: External Secrets and the Prometheus operator.
#[must_use]
pub fn of_operators(created: Timestamp) -> Vec<Value> {
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let ready = |field: &str| format!(".status.conditions[?(@.type==\"Ready\")].{field}");
    let column = |name: &str, path: &str| json!({"name": name, "type": "string", "jsonPath": path});
    let secrets = json!([
        column("StoreType", ".spec.secretStoreRef.kind"),
        column("Store", ".spec.secretStoreRef.name"),
        column("Refresh Interval", ".spec.refreshInterval"),
        column("Status", &ready("reason")),
        column("Ready", &ready("status")),
    ]);
    let stores = json!([
        {"name": "AGE", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        column("Status", &ready("reason")),
        column("Capabilities", ".status.capabilities"),
        column("Ready", &ready("status")),
    ]);
    let remote = object(
        &json!({"key": text(), "property": text(), "version": text(), "metadataPolicy": text(),
            "conversionStrategy": text(), "decodingStrategy": text()}),
        &["key"],
    );
    let secret = object(
        &json!({
            "refreshInterval": text(),
            "refreshPolicy": text(),
            "secretStoreRef": object(&json!({"name": text(), "kind": text()}), &[]),
            "target": object(&json!({"name": text(), "creationPolicy": text(), "deletionPolicy": text(),
                "immutable": flag(), "template": anything}), &[]),
            "data": list(&object(&json!({"secretKey": text(), "remoteRef": remote, "sourceRef": anything}),
                &["remoteRef", "secretKey"])),
            "dataFrom": list(&anything),
        }),
        &[],
    );
    let store = object(
        &json!({"controller": text(), "provider": anything, "refreshInterval": whole(), "retrySettings": anything,
            "conditions": list(&anything)}),
        &["provider"],
    );
    let monitor = object(
        &json!({
            "selector": object(&json!({"matchLabels": {"type": "object", "additionalProperties": text()},
                "matchExpressions": list(&anything)}), &[]),
            "namespaceSelector": object(&json!({"any": flag(), "matchNames": list(&text())}), &[]),
            "endpoints": list(&anything),
            "jobLabel": text(),
            "targetLabels": list(&text()),
            "podTargetLabels": list(&text()),
            "sampleLimit": whole(),
        }),
        &["endpoints", "selector"],
    );
    let root = |spec: &Value| root(spec, &[("status", anything.clone())], &["spec"]);
    let made = |kind: &str, plural: &str, short: &str, group: &str, spec: &Value, columns: &Value| {
        let mut made = definition(kind, plural, &[short], &root(spec), columns, true, created);
        made["metadata"]["name"] = json!(format!("{plural}.{group}"));
        made["metadata"]["labels"] = json!({});
        made["metadata"]["managedFields"] = managers(&json!({}), created);
        made["spec"]["group"] = json!(group);
        made["spec"]["versions"][0]["name"] = json!("v1");
        made["status"]["storedVersions"] = json!(["v1"]);
        made
    };
    let external = "external-secrets.io";
    let mut all = vec![
        made("ExternalSecret", "externalsecrets", "es", external, &secret, &secrets),
        made("ClusterSecretStore", "clustersecretstores", "css", external, &store, &stores),
        made("ServiceMonitor", "servicemonitors", "smon", "monitoring.coreos.com", &monitor, &json!([])),
    ];
    all[1]["spec"]["scope"] = json!("Cluster");
    all
}

/// All three, as they stand in a cluster since `created`.
#[must_use]
pub fn all(created: Timestamp) -> Vec<Value> {
    vec![
        definition(
            "Application",
            "applications",
            &["app", "apps"],
            &application_schema(),
            &application_columns(),
            false,
            created,
        ),
        definition(
            "ApplicationSet",
            "applicationsets",
            &["appset", "appsets"],
            &set_schema(),
            &json!([]),
            true,
            created,
        ),
        definition(
            "AppProject",
            "appprojects",
            &["appproj", "appprojs"],
            &project_schema(),
            &json!([]),
            false,
            created,
        ),
    ]
}

fn definition(
    kind: &str,
    plural: &str,
    short: &[&str],
    schema: &Value,
    columns: &Value,
    status: bool,
    created: Timestamp,
) -> Value {
    let name = format!("{plural}.argoproj.io");
    let labels = json!({"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd"});
    let mut meta = metadata("CustomResourceDefinition", "", &name, &labels, created);
    meta["generation"] = json!(1);
    meta["managedFields"] = managers(&labels, created);
    let names = json!({"kind": kind, "listKind": format!("{kind}List"), "plural": plural,
        "singular": kind.to_lowercase(), "shortNames": short});
    let mut version = json!({"name": "v1alpha1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema},
        "subresources": if status { json!({"status": {}}) } else { json!({}) }});
    if columns.as_array().is_some_and(|columns| !columns.is_empty()) {
        version["additionalPrinterColumns"] = columns.clone();
    }
    let condition = |kind: &str, reason: &str, message: &str| json!({"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": stamp(created)});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": meta,
        "spec": {"group": "argoproj.io", "scope": "Namespaced", "names": names,
            "conversion": {"strategy": "None"}, "versions": [version]},
        "status": {
            "acceptedNames": names,
            "storedVersions": ["v1alpha1"],
            "conditions": [
                condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
            ],
        },
    })
}

fn application_columns() -> Value {
    json!([
        {"name": "Sync Status", "type": "string", "jsonPath": ".status.sync.status"},
        {"name": "Health Status", "type": "string", "jsonPath": ".status.health.status"},
        {"name": "Revision", "type": "string", "jsonPath": ".status.sync.revision", "priority": 10},
        {"name": "Project", "type": "string", "jsonPath": ".spec.project", "priority": 10},
    ])
}

fn object(properties: &Value, required: &[&str]) -> Value {
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn list(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

fn flag() -> Value {
    json!({"type": "boolean"})
}

fn whole() -> Value {
    json!({"type": "integer", "format": "int64"})
}

fn root(spec: &Value, more: &[(&str, Value)], required: &[&str]) -> Value {
    let mut schema =
        object(&json!({"apiVersion": text(), "kind": text(), "metadata": {"type": "object"}, "spec": spec}), required);
    for (name, part) in more {
        schema["properties"][*name] = part.clone();
    }
    schema
}

fn source() -> Value {
    object(
        &json!({
            "repoURL": text(), "path": text(), "targetRevision": text(), "chart": text(), "ref": text(), "name": text(),
            "helm": object(&json!({
                "valueFiles": list(&text()), "values": text(), "releaseName": text(), "version": text(),
                "valuesObject": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                "ignoreMissingValueFiles": flag(),
                "parameters": list(&object(&json!({"name": text(), "value": text(), "forceString": flag()}), &[])),
            }), &[]),
            "kustomize": object(&json!({"images": list(&text()), "namePrefix": text(), "nameSuffix": text()}), &[]),
            "directory": object(&json!({"recurse": flag(), "include": text(), "exclude": text()}), &[]),
        }),
        &["repoURL"],
    )
}

fn retry() -> Value {
    object(
        &json!({"limit": whole(), "refresh": flag(),
            "backoff": object(&json!({"duration": text(), "factor": whole(), "maxDuration": text()}), &[])}),
        &[],
    )
}

fn automated() -> Value {
    object(&json!({"prune": flag(), "selfHeal": flag(), "allowEmpty": flag(), "enabled": flag()}), &[])
}

fn application_spec() -> Value {
    object(
        &json!({
            "project": text(),
            "source": source(),
            "sources": list(&source()),
            "destination": object(&json!({"server": text(), "name": text(), "namespace": text()}), &[]),
            "syncPolicy": object(&json!({
                "automated": automated(), "syncOptions": list(&text()), "retry": retry(),
                "managedNamespaceMetadata": object(&json!({
                    "labels": {"type": "object", "additionalProperties": text()},
                    "annotations": {"type": "object", "additionalProperties": text()}}), &[]),
            }), &[]),
            "revisionHistoryLimit": whole(),
            "ignoreDifferences": list(&object(&json!({
                "group": text(), "kind": text(), "name": text(), "namespace": text(), "jsonPointers": list(&text()),
                "jqPathExpressions": list(&text()), "managedFieldsManagers": list(&text())}), &["kind"])),
            "info": list(&object(&json!({"name": text(), "value": text()}), &["name", "value"])),
        }),
        &["destination", "project"],
    )
}

fn operation() -> Value {
    object(
        &json!({
            "initiatedBy": object(&json!({"username": text(), "automated": flag()}), &[]),
            "info": list(&object(&json!({"name": text(), "value": text()}), &["name", "value"])),
            "retry": retry(),
            "sync": object(&json!({
                "revision": text(), "revisions": list(&text()), "prune": flag(), "dryRun": flag(),
                "source": source(), "sources": list(&source()), "syncOptions": list(&text()), "manifests": list(&text()),
                "autoHealAttemptsCount": whole(),
                "syncStrategy": object(&json!({
                    "apply": object(&json!({"force": flag()}), &[]), "hook": object(&json!({"force": flag()}), &[])}), &[]),
                "resources": list(&object(&json!({"group": text(), "kind": text(), "name": text(), "namespace": text()}),
                    &["kind", "name"])),
            }), &[]),
        }),
        &[],
    )
}

fn application_schema() -> Value {
    let health = object(&json!({"status": text(), "message": text(), "lastTransitionTime": time()}), &[]);
    let result = object(
        &json!({"group": text(), "version": text(), "kind": text(), "namespace": text(), "name": text(), "status": text(),
            "message": text(), "hookType": text(), "hookPhase": text(), "syncPhase": text(), "images": list(&text())}),
        &["group", "kind", "name", "namespace", "version"],
    );
    let resource = object(
        &json!({"group": text(), "version": text(), "kind": text(), "namespace": text(), "name": text(), "status": text(),
            "health": health, "hook": flag(), "requiresPruning": flag(), "requiresDeletionConfirmation": flag(),
            "syncWave": whole()}),
        &[],
    );
    let initiated = object(&json!({"username": text(), "automated": flag()}), &[]);
    let history = object(
        &json!({"id": whole(), "revision": text(), "revisions": list(&text()), "source": source(),
            "sources": list(&source()), "deployedAt": time(), "deployStartedAt": time(), "initiatedBy": initiated}),
        &["deployedAt", "id"],
    );
    let compared = object(
        &json!({"source": source(), "sources": list(&source()), "destination": {"type": "object",
        "properties": {"server": text(), "name": text(), "namespace": text()}}}),
        &["destination"],
    );
    let status = object(
        &json!({
            "controllerNamespace": text(),
            "conditions": list(&object(&json!({"type": text(), "message": text(), "lastTransitionTime": time()}),
                &["message", "type"])),
            "health": health,
            "history": list(&history),
            "observedAt": time(),
            "operationState": object(&json!({
                "operation": operation(), "phase": text(), "message": text(), "startedAt": time(), "finishedAt": time(),
                "retryCount": whole(),
                "syncResult": object(&json!({"revision": text(), "revisions": list(&text()), "source": source(),
                    "sources": list(&source()), "resources": list(&result)}), &["revision"]),
            }), &["operation", "phase", "startedAt"]),
            "reconciledAt": time(),
            "resourceHealthSource": text(),
            "resources": list(&resource),
            "sourceHydrator": {"type": "object"},
            "sourceType": text(),
            "sourceTypes": list(&text()),
            "summary": object(&json!({"images": list(&text()), "externalURLs": list(&text())}), &[]),
            "sync": object(&json!({"status": text(), "revision": text(), "revisions": list(&text()),
                "comparedTo": compared}), &["status"]),
        }),
        &[],
    );
    root(&application_spec(), &[("status", status), ("operation", operation())], &["metadata", "spec"])
}

fn set_schema() -> Value {
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let spec = object(
        &json!({
            "generators": list(&anything),
            "ignoreApplicationDifferences": list(&object(&json!({"name": text(), "jsonPointers": list(&text()),
                "jqPathExpressions": list(&text())}), &[])),
            "preservedFields": object(&json!({"annotations": list(&text()), "labels": list(&text())}), &[]),
            "goTemplate": flag(),
            "goTemplateOptions": list(&text()),
            "syncPolicy": object(&json!({"preserveResourcesOnDeletion": flag(), "applicationsSync": text()}), &[]),
            "template": object(&json!({"metadata": anything, "spec": application_spec()}), &["metadata", "spec"]),
            "templatePatch": text(),
        }),
        &["generators", "template"],
    );
    let status = object(
        &json!({
            "conditions": list(&object(&json!({"type": text(), "status": text(), "reason": text(), "message": text(),
                "lastTransitionTime": time()}), &["message", "reason", "status", "type"])),
            "health": anything,
            "resources": list(&anything),
            "resourcesCount": whole(),
        }),
        &[],
    );
    root(&spec, &[("status", status)], &["metadata", "spec"])
}

fn project_schema() -> Value {
    let kind = object(&json!({"group": text(), "kind": text()}), &["group", "kind"]);
    let spec = object(
        &json!({
            "description": text(),
            "sourceRepos": list(&text()),
            "destinations": list(&object(&json!({"server": text(), "name": text(), "namespace": text()}), &[])),
            "clusterResourceWhitelist": list(&kind),
            "clusterResourceBlacklist": list(&kind),
            "namespaceResourceWhitelist": list(&kind),
            "namespaceResourceBlacklist": list(&kind),
            "sourceNamespaces": list(&text()),
            "orphanedResources": object(&json!({"warn": flag()}), &[]),
            "roles": list(&object(&json!({"name": text(), "description": text(), "policies": list(&text()),
                "groups": list(&text())}), &["name"])),
            "syncWindows": list(&object(&json!({"kind": text(), "schedule": text(), "duration": text(),
                "applications": list(&text()), "namespaces": list(&text()), "clusters": list(&text()),
                "manualSync": flag(), "timeZone": text(), "description": text(), "andOperator": flag(),
                "syncOverrun": flag()}), &[])),
        }),
        &[],
    );
    let token = object(
        &json!({"iat": {"type": "integer", "format": "int64"}, "exp": {"type": "integer", "format": "int64"},
        "id": text()}),
        &["iat"],
    );
    let tokens = object(&json!({"items": list(&token)}), &[]);
    let status = object(&json!({"jwtTokensByRole": {"type": "object", "additionalProperties": tokens}}), &[]);
    root(&spec, &[("status", status)], &["metadata", "spec"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_sync_can_be_switched_off_by_its_own_field() {
        let all = all(Timestamp::UNIX_EPOCH);
        let schema = &all[0]["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        let automated = &schema["properties"]["spec"]["properties"]["syncPolicy"]["properties"]["automated"];
        assert_eq!(automated["properties"]["enabled"]["type"], "boolean");
    }
}
