//! What an object must be like to be kept, beyond the types of its fields.

use serde_json::{Value, json};

use super::super::kinds::Kind;
use super::super::status::Failure;
use super::super::store::Store;
use super::options::Address;
use super::{known, schema};

/// One cause of a refusal.
pub fn cause(field: &str, reason: &str, message: &str) -> Value {
    json!({"reason": reason, "message": message, "field": field})
}

fn required(field: &str) -> Value {
    cause(field, "FieldValueRequired", "Required value")
}

/// Whether a new object can be at this place: it has a name and its namespace is there.
pub fn place(store: &Store, address: &Address, prefix: &str) -> Result<(), Failure> {
    let kind = address.kind;
    if address.name.is_empty() && prefix.is_empty() {
        let cause = cause("metadata.name", "FieldValueRequired", "Required value: name or generateName is required");
        return Err(Failure::invalid(kind, "", &[cause]));
    }
    if address.namespace.is_empty() {
        return Ok(());
    }
    let Some(namespace) = store.get("Namespace", "", &address.namespace) else {
        // a world without namespace objects at all does not care
        if store.len("Namespace") == 0 {
            return Ok(());
        }
        return Err(Failure::no_namespace(&address.namespace));
    };
    if namespace["metadata"]["deletionTimestamp"].is_null() {
        return Ok(());
    }
    Err(Failure::terminating(kind, &address.name, &address.namespace))
}

/// Whether a new version is of the same object.
pub fn same(address: &Address, new: &Value, old: &Value) -> Result<(), Failure> {
    let text = |field: &str| new["metadata"][field].as_str().unwrap_or_default();
    let name = text("name");
    if !name.is_empty() && name != address.name {
        let message = format!("the name of the object ({name}) does not match the name on the URL ({})", address.name);
        return Err(Failure::bad_request(message));
    }
    let namespace = text("namespace");
    if !namespace.is_empty() && namespace != address.namespace {
        return Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    let uid = text("uid");
    if !uid.is_empty() && new["metadata"]["uid"] != old["metadata"]["uid"] {
        let own = old["metadata"]["uid"].as_str().unwrap_or_default();
        return Err(Failure::other_uid(address.kind, &address.name, uid, own));
    }
    Ok(())
}

/// Whether an object may be kept: names, schema, what must be there and what must not change.
pub fn check(store: &Store, kind: &Kind, new: &Value, old: Option<&Value>) -> Result<(), Failure> {
    let name = new["metadata"]["name"].as_str().unwrap_or_default();
    let mut causes = Vec::new();
    if old.is_none() {
        causes.extend(name_causes(kind, name));
    }
    if kind.is_custom() {
        if let Some(schema) = known::schema(store, kind) {
            causes.extend(schema::violations(&schema, new));
        }
    } else {
        causes.extend(missing(kind, new));
    }
    if kind.kind == "Service" {
        causes.extend(ports(new));
    }
    if let Some(old) = old {
        causes.extend(changed(kind, new, old));
    }
    if kind.kind == "Pod" {
        causes.extend(ephemeral(new, old));
    }
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid(kind, name, &causes)) }
}

/// Ports of a Service that no network has.
fn ports(service: &Value) -> Vec<Value> {
    let mut causes = Vec::new();
    for (index, port) in service["spec"]["ports"].as_array().into_iter().flatten().enumerate() {
        for field in ["port", "targetPort"] {
            if let Some(number) = port[field].as_i64().filter(|number| !(1..=65_535).contains(number)) {
                let words = format!("Invalid value: {number}: must be between 1 and 65535, inclusive");
                causes.push(cause(&format!("spec.ports[{index}].{field}"), "FieldValueInvalid", &words));
            }
        }
    }
    causes
}

fn name_causes(kind: &Kind, name: &str) -> Option<Value> {
    let label = matches!(kind.kind, "Namespace" | "Service");
    let free = kind.group == "rbac.authorization.k8s.io";
    let part = |part: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(inner) && part.ends_with(inner) && part.chars().all(|c| inner(c) || c == '-')
    };
    let valid =
        if free { !name.contains(['/', '%']) } else { name.split('.').all(part) && !(label && name.contains('.')) };
    if valid && name.len() <= if label { 63 } else { 253 } {
        return None;
    }
    let rule = if label {
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end \
         with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
         '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    } else {
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start \
         and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    };
    Some(cause("metadata.name", "FieldValueInvalid", &format!("Invalid value: \"{name}\": {rule}")))
}

/// What a built-in type cannot do without.
fn missing(kind: &Kind, new: &Value) -> Vec<Value> {
    let mut causes = Vec::new();
    let template = match (kind.group, kind.kind) {
        ("", "Pod") => "spec",
        ("apps", "ControllerRevision") => return causes,
        ("apps", _) | ("batch", "Job") => "spec.template.spec",
        ("batch", "CronJob") => "spec.jobTemplate.spec.template.spec",
        _ => return causes,
    };
    if kind.group == "apps" {
        let selector = &new["spec"]["selector"];
        if selector.is_null() {
            causes.push(required("spec.selector"));
        }
        let labels = &new["spec"]["template"]["metadata"]["labels"];
        let wanted = selector["matchLabels"].as_object();
        if wanted.is_some_and(|wanted| wanted.iter().any(|(key, value)| labels.get(key) != Some(value))) {
            let shown = if labels.is_null() { "{}".to_owned() } else { labels.to_string() };
            let message = format!("Invalid value: {shown}: `selector` does not match template `labels`");
            causes.push(cause("spec.template.metadata.labels", "FieldValueInvalid", &message));
        }
    }
    let containers = template.split('.').fold(new, |at, field| &at[field])["containers"].as_array();
    let containers = containers.map_or(&[][..], Vec::as_slice);
    if containers.is_empty() {
        causes.push(required(&format!("{template}.containers")));
    }
    for (index, container) in containers.iter().enumerate() {
        for field in ["name", "image"] {
            if container[field].as_str().is_none_or(str::is_empty) {
                causes.push(required(&format!("{template}.containers[{index}].{field}")));
            }
        }
    }
    if kind.group == "batch" && template.split('.').fold(new, |at, field| &at[field])["restartPolicy"] == "Always" {
        let message = "Required value: valid values: \"OnFailure\", \"Never\"";
        causes.push(cause(&format!("{template}.restartPolicy"), "FieldValueRequired", message));
    }
    causes
}

/// Containers for debugging are added to a pod that runs, and stay as they are.
fn ephemeral(new: &Value, old: Option<&Value>) -> Vec<Value> {
    const FIELD: &str = "spec.ephemeralContainers";
    let list = |pod: &Value, list: &str| pod["spec"][list].as_array().cloned().unwrap_or_default();
    let all = list(new, "ephemeralContainers");
    let Some(old) = old else {
        let message = "Forbidden: cannot be set on create";
        return if all.is_empty() { Vec::new() } else { vec![cause(FIELD, "FieldValueForbidden", message)] };
    };
    let mut causes = Vec::new();
    for before in list(old, "ephemeralContainers") {
        let now = all.iter().find(|container| container["name"] == before["name"]);
        if now != Some(&before) {
            let what = if now.is_some() { "changed" } else { "removed" };
            let message = format!("Forbidden: existing ephemeral containers {} may not be {what}", before["name"]);
            causes.push(cause(FIELD, "FieldValueForbidden", &message));
        }
    }
    let others: Vec<Value> = [list(new, "containers"), list(new, "initContainers")].concat();
    for (index, container) in all.iter().enumerate() {
        for field in ["name", "image"].into_iter().filter(|field| container[*field].as_str().is_none_or(str::is_empty))
        {
            causes.push(required(&format!("{FIELD}[{index}].{field}")));
        }
        let twice = all[..index].iter().chain(&others).any(|other| other["name"] == container["name"]);
        if twice {
            let message = format!("Duplicate value: {}", container["name"]);
            causes.push(cause(&format!("{FIELD}[{index}].name"), "FieldValueDuplicate", &message));
        }
        let target = &container["targetContainerName"];
        if target.as_str().is_some_and(|name| !name.is_empty()) && !others.iter().any(|other| other["name"] == *target)
        {
            let message = format!("Not found: {target}");
            causes.push(cause(&format!("{FIELD}[{index}].targetContainerName"), "FieldValueNotFound", &message));
        }
    }
    causes
}

/// What must not change once it is written.
fn changed(kind: &Kind, new: &Value, old: &Value) -> Vec<Value> {
    let mut causes = Vec::new();
    if !old["metadata"]["deletionTimestamp"].is_null() {
        let list = |object: &Value| object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        let before = list(old);
        if let Some(fresh) = list(new).iter().find(|finalizer| !before.contains(finalizer)) {
            let message = format!(
                "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers \
                 []string{{{fresh}}}"
            );
            causes.push(cause("metadata.finalizers", "FieldValueForbidden", &message));
        }
    }
    let fixed: &[&str] = match (kind.group, kind.kind) {
        ("apps", "StatefulSet") => &[],
        ("apps", _) => &["spec.selector"],
        ("batch", "Job") => &["spec.selector", "spec.completions", "spec.template"],
        ("", "Secret") => &["type"],
        ("", "Service") => &["spec.clusterIP"],
        _ => &[],
    };
    let at = |object: &Value, path: &str| path.split('.').fold(object, |at, field| &at[field]).clone();
    for field in fixed {
        let value = at(new, field);
        let before = at(old, field);
        // an old object may lack what the server fills in today
        if value != before && !before.is_null() {
            causes.push(cause(field, "FieldValueInvalid", &format!("Invalid value: {value}: field is immutable")));
        }
    }
    if kind.group == "rbac.authorization.k8s.io" && kind.kind.ends_with("Binding") && new["roleRef"] != old["roleRef"] {
        let message = format!("Invalid value: {}: cannot change roleRef", new["roleRef"]);
        causes.push(cause("roleRef", "FieldValueInvalid", &message));
    }
    if matches!(kind.kind, "ConfigMap" | "Secret") && old["immutable"] == true {
        let message = "Forbidden: field is immutable when `immutable` is set";
        for field in ["immutable", "data", "binaryData"] {
            if new[field] != old[field] {
                causes.push(cause(field, "FieldValueForbidden", message));
            }
        }
    }
    if (kind.group, kind.kind) == ("apps", "StatefulSet") {
        let free = [
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
        ];
        if differs(&new["spec"], &old["spec"], &free) {
            let message = "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', \
                           'template', 'updateStrategy', 'revisionHistoryLimit', \
                           'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
            causes.push(cause("spec", "FieldValueForbidden", message));
        }
    }
    if (kind.group, kind.kind) == ("", "Pod") {
        let images = |object: &Value| {
            let mut spec = object["spec"].clone();
            for list in ["containers", "initContainers"] {
                for container in spec[list].as_array_mut().into_iter().flatten() {
                    container["image"] = Value::Null;
                }
            }
            spec
        };
        // what the world binds and fills in is not told apart from what people change, but for the containers
        let (new, old) = (images(new), images(old));
        if new["containers"].as_array().map(Vec::len) != old["containers"].as_array().map(Vec::len)
            || new["restartPolicy"] != old["restartPolicy"] && !old["restartPolicy"].is_null()
            || new["nodeName"] != old["nodeName"] && !old["nodeName"].is_null()
        {
            let message = "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,\
                           `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only \
                           additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be \
                           set to 1 if it was previously negative)";
            causes.push(cause("spec", "FieldValueForbidden", message));
        }
    }
    causes
}

/// Whether two maps differ in a field that is not free and that the old one had.
fn differs(new: &Value, old: &Value, free: &[&str]) -> bool {
    let old = old.as_object();
    old.into_iter().flatten().any(|(field, value)| !free.contains(&field.as_str()) && new[field] != *value)
}
