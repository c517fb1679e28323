//! The pods that could answer, and which one does: ready before all, then the newest; the one that answered last for as
//! long as it lives.

use serde_json::Value;

use super::ports::Remote;
use super::target::Target;
use crate::domain::Timestamp;
use crate::domain::text::clean;

/// A port a container declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerPort {
    /// The container.
    pub container: String,
    /// Its name; empty when it has none.
    pub name: String,
    /// Its number.
    pub number: u16,
}

/// A pod as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Tells it from an earlier pod of the same name.
    pub uid: String,
    /// Passes its readiness probes and is not going.
    pub ready: bool,
    /// Runs and is not going, ready or not: a paused process fails its readiness probe.
    pub alive: bool,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// TCP ports of its containers, in their order.
    pub ports: Vec<ContainerPort>,
    /// Its containers' names, in their order.
    pub containers: Vec<String>,
    /// Why it is not ready, in a word: `Terminating`, `Pending`, a container's reason.
    pub state: String,
}

impl Candidate {
    /// A pod of the API.
    #[must_use]
    pub fn of(pod: &Value) -> Option<Self> {
        let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str);
        let going = text("/metadata/deletionTimestamp").is_some();
        let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
        let condition = conditions.and_then(|all| all.iter().find(|one| one["type"] == "Ready"));
        let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
        let statuses = statuses.map_or(&[][..], Vec::as_slice);
        let ready = match condition {
            Some(condition) => condition["status"] == "True",
            None => !statuses.is_empty() && statuses.iter().all(|status| status["ready"] == true),
        };
        let phase = text("/status/phase").unwrap_or("Pending");
        let waiting = statuses.iter().find_map(|status| {
            ["waiting", "terminated"].iter().find_map(|state| status["state"][state]["reason"].as_str())
        });
        let state = if going { "Terminating" } else { waiting.unwrap_or(phase) };
        let containers = pod.pointer("/spec/containers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let ports = containers.iter().flat_map(|container| {
            let of = container["name"].as_str().unwrap_or_default();
            let ports = container["ports"].as_array().map_or(&[][..], Vec::as_slice);
            ports.iter().filter(|port| port["protocol"].as_str().is_none_or(|p| p == "TCP")).filter_map(move |port| {
                Some(ContainerPort {
                    container: clean(of).into_owned(),
                    name: clean(port["name"].as_str().unwrap_or_default()).into_owned(),
                    number: port["containerPort"].as_u64().and_then(|number| u16::try_from(number).ok())?,
                })
            })
        });
        Some(Self {
            name: clean(text("/metadata/name")?).into_owned(),
            uid: text("/metadata/uid").unwrap_or_default().to_owned(),
            ready: ready && !going && phase == "Running",
            alive: !going && phase == "Running",
            created: text("/metadata/creationTimestamp").and_then(|at| at.parse().ok()),
            ports: ports.collect(),
            containers: containers.iter().filter_map(|c| Some(clean(c["name"].as_str()?).into_owned())).collect(),
            state: clean(state).into_owned(),
        })
    }

    /// The number of a port and the container that declares it; a number that nobody declares belongs to the first
    /// container.
    #[must_use]
    pub fn port(&self, port: &Remote) -> Option<(u16, &str)> {
        let first = self.containers.first().map_or("", String::as_str);
        let of = |number: u16| self.ports.iter().find(|p| p.number == number).map_or(first, |p| &p.container);
        match port {
            Remote::Number(number) => Some((*number, of(*number))),
            Remote::Name(name) => {
                self.ports.iter().find(|port| port.name == *name).map(|port| (port.number, port.container.as_str()))
            }
        }
    }
}

/// A port of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Its name; empty when it has none.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// The pods' port it leads to.
    pub target: Remote,
}

/// The TCP ports of a service of the API.
#[must_use]
pub fn service_ports(service: &Value) -> Vec<ServicePort> {
    let ports = service.pointer("/spec/ports").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let tcp = ports.iter().filter(|port| port["protocol"].as_str().is_none_or(|protocol| protocol == "TCP"));
    tcp.filter_map(|port| {
        let number = port["port"].as_u64().and_then(|number| u16::try_from(number).ok())?;
        let target = match &port["targetPort"] {
            Value::String(name) => name.parse().ok()?,
            Value::Number(target) => match target.as_u64().and_then(|number| u16::try_from(number).ok()) {
                Some(0) | None => Remote::Number(number),
                Some(target) => Remote::Number(target),
            },
            _ => Remote::Number(number),
        };
        Some(ServicePort { name: clean(port["name"].as_str().unwrap_or_default()).into_owned(), number, target })
    })
    .collect()
}

/// The label selector of a workload or service of the API, as a query takes it; none when it selects nothing.
#[must_use]
pub fn selector(object: &Value, target: &Target) -> Option<String> {
    let spec = object.pointer("/spec/selector")?;
    let labels = if matches!(target, Target::Service(_)) { spec } else { &spec["matchLabels"] };
    let equal = labels.as_object().into_iter().flatten();
    let mut terms: Vec<String> = equal.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    for term in spec["matchExpressions"].as_array().into_iter().flatten() {
        let key = term["key"].as_str()?;
        let values: Vec<&str> = term["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let values = values.join(",");
        terms.push(match term["operator"].as_str()? {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    (!terms.is_empty()).then(|| terms.join(","))
}

/// Why no pod answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Nobody(pub String);

/// The pod that answers: `sticky` (a uid) while it is ready, or lives where `paused` says that it may be held by a
/// debugger; else the newest that is ready.
///
/// # Errors
/// What the pods do instead of being ready.
pub fn choose<'c>(pods: &'c [Candidate], sticky: Option<&str>, paused: bool) -> Result<&'c Candidate, Nobody> {
    let ready = || pods.iter().filter(|pod| pod.ready);
    let stays = |pod: &&Candidate| Some(&*pod.uid) == sticky && (pod.ready || (paused && pod.alive));
    if let Some(same) = pods.iter().find(stays) {
        return Ok(same);
    }
    // of pods of one second the name decides, so that the choice is the same every time
    let newest = ready().max_by(|a, b| (a.created, &b.name).cmp(&(b.created, &a.name)));
    newest.ok_or_else(|| match pods {
        [] => Nobody("there is no pod".to_owned()),
        [one] => Nobody(format!("{} is not ready: {}", one.name, one.state)),
        [first, ..] => Nobody(format!("none of {} pods is ready: {} is {}", pods.len(), first.name, first.state)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn pod(name: &str, ready: bool, second: i64) -> Candidate {
        Candidate {
            name: name.to_owned(),
            uid: format!("uid of {name}"),
            ready,
            alive: true,
            created: Timestamp::from_second(second).ok(),
            ports: Vec::new(),
            containers: Vec::new(),
            state: "Pending".to_owned(),
        }
    }

    #[test]
    fn the_newest_ready_pod_answers_and_stays() {
        let pods = [pod("old", true, 1), pod("new", true, 2), pod("newest", false, 3)];
        assert_eq!(choose(&pods, None, false).unwrap().name, "new");
        assert_eq!(choose(&pods, Some("uid of old"), false).unwrap().name, "old");
        assert_eq!(choose(&pods, Some("uid of newest"), false).unwrap().name, "new", "it is not ready");
        assert_eq!(choose(&pods, Some("uid of newest"), true).unwrap().name, "newest", "a debugger holds it");
        assert_eq!(choose(&pods[2..], None, false), Err(Nobody("newest is not ready: Pending".to_owned())));
        assert_eq!(choose(&[], None, false), Err(Nobody("there is no pod".to_owned())));
    }

    #[test]
    fn a_pod_that_goes_is_not_ready() {
        let mut raw = json!({
            "metadata": {"name": "a", "uid": "u", "creationTimestamp": "2026-01-02T03:04:05Z"},
            "spec": {"containers": [{"name": "api", "ports": [{"name": "http", "containerPort": 80},
                {"containerPort": 53, "protocol": "UDP"}]}, {"name": "side", "ports": [{"containerPort": 81}]}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        });
        let of = |raw: &Value| Candidate::of(raw).unwrap();
        assert!(of(&raw).ready);
        assert_eq!(of(&raw).port(&Remote::Name("http".into())), Some((80, "api")));
        assert_eq!(of(&raw).port(&Remote::Number(81)), Some((81, "side")));
        assert_eq!(of(&raw).port(&Remote::Number(5678)), Some((5678, "api")));
        assert_eq!(of(&raw).port(&Remote::Name("dns".into())), None);
        raw["metadata"]["deletionTimestamp"] = json!("2026-01-02T03:05:05Z");
        assert!(!of(&raw).ready);
        assert_eq!(of(&raw).state, "Terminating");
    }

    #[test]
    fn selectors_and_ports_are_read_from_the_api() {
        let service = json!({"spec": {"selector": {"app": "web"}, "ports": [
            {"name": "http", "port": 80, "targetPort": "web"}, {"port": 81, "targetPort": 8081}, {"port": 82},
            {"port": 53, "protocol": "UDP"}]}});
        assert_eq!(selector(&service, &Target::Service("s".into())).as_deref(), Some("app=web"));
        let ports: Vec<_> = service_ports(&service).iter().map(|p| format!("{}>{}", p.number, p.target)).collect();
        assert_eq!(ports, ["80>web", "81>8081", "82>82"]);
        let deployment = json!({"spec": {"selector": {"matchLabels": {"app": "web"}, "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]}, {"key": "old", "operator": "DoesNotExist"}]}}});
        let target = Target::workload("Deployment", "web").unwrap();
        assert_eq!(selector(&deployment, &target).as_deref(), Some("app=web,tier in (a,b),!old"));
        assert_eq!(selector(&json!({"spec": {}}), &target), None);
    }

    proptest! {
        #[test]
        fn whoever_is_chosen_is_ready_and_nobody_ready_is_newer(
            pods in prop::collection::vec((any::<bool>(), 0i64..5), 0..8),
            sticky in prop::option::of(0usize..8),
        ) {
            let pods: Vec<_> = pods.iter().enumerate().map(|(n, (ready, at))| pod(&n.to_string(), *ready, *at)).collect();
            let sticky = sticky.map(|n| format!("uid of {n}"));
            match choose(&pods, sticky.as_deref(), false) {
                Ok(chosen) => {
                    prop_assert!(chosen.ready);
                    let is_sticky = Some(&chosen.uid) == sticky.as_ref();
                    prop_assert!(is_sticky || pods.iter().all(|pod| !pod.ready || pod.created <= chosen.created));
                    if let Some(same) = pods.iter().find(|pod| Some(&pod.uid) == sticky.as_ref() && pod.ready) {
                        prop_assert_eq!(&same.name, &chosen.name);
                    }
                }
                Err(_) => prop_assert!(pods.iter().all(|pod| !pod.ready)),
            }
        }
    }
}
