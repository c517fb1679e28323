//! What of an Application a forward can lead to, and which of it is meant when nobody says.

use serde_json::Value;

use super::target::Target;
use crate::domain::text::clean;

/// A service or workload of an Application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// What it is.
    pub target: Target,
    /// The namespace it is in.
    pub namespace: String,
}

/// The services and workloads of an Application of the API: services first, those named like `called` before the others
/// of their kind.
#[must_use]
pub fn served(app: &Value, called: &str) -> Vec<Served> {
    let resources = app.pointer("/status/resources").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut found: Vec<Served> = resources
        .iter()
        .filter(|resource| resource["hook"] != true)
        .filter_map(|resource| {
            let name = resource["name"].as_str()?;
            let target = match (resource["group"].as_str().unwrap_or_default(), resource["kind"].as_str()?) {
                ("", "Service") => Target::Service(name.to_owned()),
                ("apps", kind) => Target::workload(kind, name)?,
                _ => return None,
            };
            Some(Served { target, namespace: resource["namespace"].as_str().unwrap_or_default().to_owned() })
        })
        .collect();
    let named = |served: &Served| {
        let name = served.target.name();
        if name == called { 0 } else { 1 + usize::from(!name.ends_with(&format!("-{called}"))) }
    };
    found.sort_by_key(|served| (!matches!(served.target, Target::Service(_)), named(served)));
    found
}

/// The TCP ports the containers of a workload of the API declare: name, number and container, in their order.
#[must_use]
pub fn declared_ports(workload: &Value) -> Vec<(String, u16, String)> {
    let containers = workload.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    let mut ports = Vec::new();
    for container in containers.map_or(&[][..], Vec::as_slice) {
        for port in container["ports"].as_array().map_or(&[][..], Vec::as_slice) {
            let number = port["containerPort"].as_u64().and_then(|number| u16::try_from(number).ok());
            let is_tcp = port["protocol"].as_str().is_none_or(|protocol| protocol == "TCP");
            if let Some(number) = number.filter(|_| is_tcp) {
                let text = |value: &Value| clean(value.as_str().unwrap_or_default()).into_owned();
                ports.push((text(&port["name"]), number, text(&container["name"])));
            }
        }
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn services_come_before_workloads_and_namesakes_before_others() {
        let row =
            |group: &str, kind: &str, name: &str| json!({"group": group, "kind": kind, "name": name, "namespace": "n"});
        let mut hook = row("apps", "Deployment", "hook");
        hook["hook"] = json!(true);
        let app = json!({"status": {"resources": [
            row("", "ConfigMap", "backend"), row("apps", "Deployment", "backend-worker"), row("apps", "Deployment", "backend"),
            row("", "Service", "other"), row("", "Service", "predator-backend"), hook,
        ]}});
        let found: Vec<_> = served(&app, "backend").iter().map(|s| s.target.to_string()).collect();
        let wanted = ["service/predator-backend", "service/other", "deployment/backend", "deployment/backend-worker"];
        assert_eq!(found, wanted);
    }
}
