//! The network of a cluster: rules that say what listens, and the log of connections.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::io::DuplexStream;

use super::super::clock::Clock;
use super::connection::{Connection, Line, Meter, Via};
use super::listener::{Listener, Speaks};

/// Closed connections that are remembered; older ones go.
const REMEMBERED: usize = 2_000;
/// Bytes on the way in each direction of a connection.
const IN_FLIGHT: usize = 64 << 10;
/// What kernels give to those who dial: 32768 to 60999.
const EPHEMERAL: (u16, u16) = (32_768, 28_232);

/// What listens in all pods of a workload.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The pods' namespace.
    pub namespace: String,
    /// The pods' label `app.kubernetes.io/name`.
    pub workload: String,
    /// The container that listens: when it does not run, nothing does.
    pub container: String,
    /// Its ports.
    pub listeners: Vec<Listener>,
}

/// The network of one cluster; clones share it.
#[derive(Debug, Clone)]
pub struct Network(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    orders: Vec<Order>,
    open: Vec<(Connection, Arc<Meter>)>,
    closed: VecDeque<Connection>,
    /// Ports of pods (by uid) that answer nobody any more.
    ruined: HashSet<(String, u16)>,
    count: u64,
}

/// Another listener than the rules say, on order.
#[derive(Debug)]
struct Order {
    /// `namespace/name`; a `*` at its end stands for anything.
    pods: String,
    port: u16,
    /// None for nothing.
    speaks: Option<Speaks>,
}

impl Network {
    /// A network where nothing listens but what pods declare.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Shared { clock, state: Mutex::default() }))
    }

    /// Adds a rule; the first that matches a pod counts.
    pub fn rule(&self, rule: Rule) {
        self.state().rules.push(rule);
    }

    /// From now on this answers on a port of these pods (`namespace/name`, `*` at the end for all that begin so, also
    /// those yet to come); with none nothing does.
    pub fn order(&self, pods: &str, port: u16, speaks: Option<Speaks>) {
        let mut state = self.state();
        state.orders.retain(|order| order.pods != pods || order.port != port);
        state.orders.push(Order { pods: pods.to_owned(), port, speaks });
    }

    /// The open ports of a pod as it stands, in their order.
    #[must_use]
    pub fn listeners(&self, pod: &Value) -> Vec<Listener> {
        let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
        let workload = text("/metadata/labels/app.kubernetes.io~1name");
        let runs = |container: &str| {
            let statuses = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
            statuses.into_iter().any(|status| status["name"] == container && status["state"]["running"].is_object())
        };
        let state = self.state();
        let rule = state.rules.iter().find(|rule| rule.namespace == namespace && rule.workload == workload);
        let mut listeners = match rule {
            Some(rule) if runs(&rule.container) => {
                let of = |listener: &Listener| Listener { container: rule.container.clone(), ..listener.clone() };
                rule.listeners.iter().map(of).collect()
            }
            Some(_) => Vec::new(),
            None => declared(pod, runs),
        };
        for listener in injected(pod, runs) {
            if listeners.iter().all(|known| known.port != listener.port) {
                listeners.push(listener);
            }
        }
        let names = pod["spec"]["containers"].as_array().into_iter().flatten();
        if let Some(first) = names.filter_map(|container| container["name"].as_str()).find(|name| runs(name)) {
            let key = format!("{namespace}/{name}");
            let meant =
                |order: &&Order| order.pods.strip_suffix('*').map_or(order.pods == key, |head| key.starts_with(head));
            for order in state.orders.iter().filter(meant) {
                listeners.retain(|listener| listener.port != order.port);
                let container = first.to_owned();
                listeners.extend(
                    order.speaks.map(|speaks| Listener { container, ..Listener::everywhere(order.port, speaks) }),
                );
            }
        }
        listeners.sort_by_key(|listener| listener.port);
        listeners
    }

    /// Connects to a port of a pod: the end of who dials, and the pod's.
    #[must_use]
    pub fn open(&self, pod: &Value, port: u16, via: Via) -> (DuplexStream, Line) {
        let text = |field: &str| pod["metadata"][field].as_str().unwrap_or_default().to_owned();
        let meter = Arc::new(Meter::default());
        let mut state = self.state();
        state.count += 1;
        let number = state.count;
        let connection = Connection {
            number,
            namespace: text("namespace"),
            pod: text("name"),
            uid: text("uid"),
            port,
            from: EPHEMERAL.0 + (number.wrapping_mul(7919) % u64::from(EPHEMERAL.1)) as u16,
            via,
            opened: self.0.clock.now(),
            closed: None,
            received: 0,
            sent: 0,
            attached: false,
        };
        state.open.push((connection, Arc::clone(&meter)));
        drop(state);
        let (near, far) = tokio::io::duplex(IN_FLIGHT);
        (near, Line::new(far, meter, self.clone(), number))
    }

    /// Every connection that is remembered, oldest first.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        let state = self.state();
        let open = state.open.iter().map(|(connection, meter)| read(connection, meter));
        let mut all: Vec<Connection> = state.closed.iter().cloned().chain(open).collect();
        all.sort_unstable_by_key(|connection| connection.number);
        all
    }

    pub(super) fn close(&self, number: u64) {
        let mut state = self.state();
        let Some(at) = state.open.iter().position(|(connection, _)| connection.number == number) else { return };
        let (connection, meter) = state.open.swap_remove(at);
        let connection = Connection { closed: Some(self.0.clock.now()), ..read(&connection, &meter) };
        if state.closed.len() == REMEMBERED {
            state.closed.pop_front();
        }
        state.closed.push_back(connection);
    }

    pub(super) fn attach(&self, number: u64) -> bool {
        let state = self.state();
        let Some((asking, meter)) = state.open.iter().find(|(connection, _)| connection.number == number) else {
            return false;
        };
        let taken = state.open.iter().any(|(other, meter)| {
            other.number != number
                && (&other.uid, other.port) == (&asking.uid, asking.port)
                && meter.attached.load(Ordering::Relaxed)
        });
        if !taken {
            meter.attached.store(true, Ordering::Relaxed);
        }
        !taken
    }

    pub(super) fn ruin(&self, number: u64) {
        let mut state = self.state();
        if let Some(place) = place(&state, number) {
            // most of so many are of pods that are long gone
            if state.ruined.len() == REMEMBERED {
                state.ruined.clear();
            }
            state.ruined.insert(place);
        }
    }

    pub(super) fn is_ruined(&self, number: u64) -> bool {
        let state = self.state();
        place(&state, number).is_some_and(|place| state.ruined.contains(&place))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // every method leaves the state whole
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(state: &State, number: u64) -> Option<(String, u16)> {
    let (connection, _) = state.open.iter().find(|(connection, _)| connection.number == number)?;
    Some((connection.uid.clone(), connection.port))
}

fn read(connection: &Connection, meter: &Meter) -> Connection {
    Connection {
        received: meter.received.load(Ordering::Relaxed),
        sent: meter.sent.load(Ordering::Relaxed),
        attached: meter.attached.load(Ordering::Relaxed),
        ..connection.clone()
    }
}

/// What containers without a rule are taken to listen on: ports they declare, by their names, else by their numbers.
fn declared(pod: &Value, runs: impl Fn(&str) -> bool) -> Vec<Listener> {
    let mut listeners = Vec::new();
    for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
        let name = container["name"].as_str().unwrap_or_default();
        if !runs(name) {
            continue;
        }
        for port in container["ports"].as_array().into_iter().flatten() {
            let Some(number) = port["containerPort"].as_u64().and_then(|number| u16::try_from(number).ok()) else {
                continue;
            };
            if port["protocol"].as_str().is_none_or(|protocol| protocol == "TCP") {
                let speaks = port["name"].as_str();
                let speaks = speaks.map_or_else(|| Speaks::from_port_number(number), Speaks::from_port_name);
                listeners.push(Listener { container: name.to_owned(), ..Listener::everywhere(number, speaks) });
            }
        }
    }
    listeners
}

/// What ephemeral containers put into the process of another one: `debugpy --listen [ADDRESS:]PORT --pid` has that process
/// listen, and is done.
fn injected(pod: &Value, runs: impl Fn(&str) -> bool) -> Vec<Listener> {
    let started = |name: &Value| {
        let statuses = pod["status"]["ephemeralContainerStatuses"].as_array().into_iter().flatten();
        let states = statuses.filter(|status| status["name"] == *name).map(|status| &status["state"]);
        states.into_iter().any(|state| state["running"].is_object() || state["terminated"]["exitCode"] == 0)
    };
    let mut listeners = Vec::new();
    for container in pod["spec"]["ephemeralContainers"].as_array().into_iter().flatten() {
        let words = ["command", "args"].map(|field| container[field].as_array()).into_iter().flatten().flatten();
        let words: Vec<&str> = words.filter_map(Value::as_str).collect();
        let after = |option: &str| words.iter().position(|word| *word == option).and_then(|at| words.get(at + 1));
        let Some(listen) = after("--listen").filter(|_| words.contains(&"debugpy") && words.contains(&"--pid")) else {
            continue;
        };
        let (address, port) = listen.rsplit_once(':').unwrap_or(("127.0.0.1", listen));
        let target = container["targetContainerName"].as_str().unwrap_or_default();
        let (Ok(address), Ok(port)) = (address.parse(), port.parse()) else { continue };
        if runs(target) && started(&container["name"]) {
            let speaks = Speaks::Debugpy { fragile: false };
            listeners.push(Listener { port, address, speaks, container: target.to_owned() });
        }
    }
    listeners
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio::io::AsyncWriteExt;

    fn pod() -> Value {
        json!({"kind": "Pod",
            "metadata": {"name": "web-1", "namespace": "ns", "uid": "u", "labels": {"app.kubernetes.io/name": "web"}},
            "spec": {"containers": [{"name": "web", "ports": [
                {"containerPort": 9000, "name": "odd"}, {"containerPort": 81, "name": "http"}, {"containerPort": 80}]}]},
            "status": {"containerStatuses": [{"name": "web", "state": {"running": {}}}]}})
    }

    fn ports(network: &Network, pod: &Value) -> Vec<(u16, Speaks)> {
        network.listeners(pod).iter().map(|listener| (listener.port, listener.speaks)).collect()
    }

    #[test]
    fn rules_and_orders_say_what_listens() {
        let network = Network::new(Clock::wall());
        assert_eq!(ports(&network, &pod()), [(80, Speaks::Http), (81, Speaks::Http), (9000, Speaks::Silent)]);
        network.rule(Rule {
            namespace: "ns".to_owned(),
            workload: "web".to_owned(),
            container: "web".to_owned(),
            listeners: vec![Listener::everywhere(6379, Speaks::Redis)],
        });
        assert_eq!(ports(&network, &pod()), [(6379, Speaks::Redis)]);
        network.order("ns/web*", 7, Some(Speaks::Silent));
        network.order("ns/web-1", 6379, None);
        assert_eq!(ports(&network, &pod()), [(7, Speaks::Silent)]);
        let mut down = pod();
        down["status"]["containerStatuses"][0]["state"] = json!({"waiting": {}});
        assert_eq!(ports(&network, &down), [], "a container that does not run listens on nothing");
    }

    #[test]
    fn a_debugger_is_put_into_a_process_by_a_container_beside_it() {
        let network = Network::new(Clock::wall());
        let mut pod = pod();
        pod["spec"]["ephemeralContainers"] = json!([{"name": "debugger", "targetContainerName": "web",
            "command": ["python", "-m", "debugpy", "--listen", "127.0.0.1:5678", "--pid", "1"]}]);
        let debugger = |pod: &Value| {
            let listeners = network.listeners(pod);
            listeners.into_iter().find(|listener| listener.port == 5678).map(|found| (found.container, found.address))
        };
        assert_eq!(debugger(&pod), None, "it has not started");
        let status = |state: Value| json!([{"name": "debugger", "state": state}]);
        pod["status"]["ephemeralContainerStatuses"] = status(json!({"terminated": {"exitCode": 1}}));
        assert_eq!(debugger(&pod), None, "it failed");
        pod["status"]["ephemeralContainerStatuses"] = status(json!({"running": {}}));
        assert_eq!(debugger(&pod), Some(("web".to_owned(), [127, 0, 0, 1].into())));
        pod["status"]["containerStatuses"][0]["state"] = json!({"terminated": {}});
        assert_eq!(debugger(&pod), None, "the process is gone, and the debugger with it");
    }

    #[tokio::test]
    async fn the_log_keeps_what_was_said_and_when() {
        let network = Network::new(Clock::wall());
        let (mut near, mut line) = network.open(&pod(), 80, Via::PortForward);
        near.write_all(b"hello").await.unwrap();
        near.shutdown().await.unwrap();
        let mut got = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut line, &mut got).await.unwrap();
        line.write_all(b"you").await.unwrap();
        let open = network.connections();
        assert_eq!((open[0].received, open[0].sent, open[0].closed), (5, 3, None));
        drop(line);
        let closed = network.connections();
        assert_eq!((closed[0].received, closed[0].sent), (5, 3));
        assert!(closed[0].closed.is_some());
    }

    #[test]
    fn one_debugger_at_a_time() {
        let network = Network::new(Clock::wall());
        let (_a, first) = network.open(&pod(), 5678, Via::PortForward);
        let (_b, second) = network.open(&pod(), 5678, Via::PortForward);
        assert!(first.attach() && first.attach());
        assert!(!second.attach());
        drop(first);
        assert!(second.attach());
    }
}
