//! The port a debugger listens on: what a container's ports are called, what its environment says, what it was started
//! with, and what is usual.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::text::clean;

/// What speaks on the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// debugpy, the debug adapter protocol.
    Python,
    /// node's inspector.
    Node,
}

impl Kind {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Python => "debugpy",
            Self::Node => "node",
        }
    }

    /// What a container port that it listens on is best called.
    #[must_use]
    pub fn port_name(self) -> &'static str {
        match self {
            Self::Python => "debugpy",
            Self::Node => "inspect",
        }
    }

    /// The port it takes unless told another.
    #[must_use]
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Python => 5678,
            Self::Node => 9229,
        }
    }
}

/// Where a debugger most likely listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebugPort {
    /// The container.
    pub container: String,
    /// The port.
    pub port: u16,
    /// What speaks there.
    pub kind: Kind,
    /// How that is known.
    pub how: String,
    /// Only the usual port: nothing of the container speaks of a debugger.
    pub guessed: bool,
}

/// Names of container ports that are a debugger's.
const NAMES: [(&str, Kind); 7] = [
    ("debugpy", Kind::Python),
    ("ptvsd", Kind::Python),
    ("python-debug", Kind::Python),
    ("inspect", Kind::Node),
    ("inspector", Kind::Node),
    ("node-debug", Kind::Node),
    ("debug", Kind::Python),
];
/// Variables that hold the port, alone or behind an address.
const VARIABLES: [&str; 6] =
    ["DEBUGPY_PORT", "DEBUG_PY_PORT", "PYTHON_DEBUG_PORT", "DEBUGPY_LISTEN", "DEBUG_PORT", "REMOTE_DEBUG_PORT"];
/// Variables that switch debugpy on, or hold its port.
const SWITCHES: [&str; 3] = ["DEBUG_PY", "DEBUGPY", "ENABLE_DEBUGPY"];

/// The variables a container of the API gives its processes in so many words; `configs` are the data of the ConfigMaps it
/// takes variables from, by name.
#[must_use]
pub fn environment(container: &Value, configs: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let list = |field: &str| container[field].as_array().map_or(&[][..], Vec::as_slice);
    for from in list("envFrom") {
        let data = from["configMapRef"]["name"].as_str().and_then(|name| configs.get(name));
        for (key, value) in data.and_then(Value::as_object).into_iter().flatten() {
            all.insert(key.clone(), value.as_str().unwrap_or_default().to_owned());
        }
    }
    for one in list("env") {
        let Some(name) = one["name"].as_str() else { continue };
        let reference = &one["valueFrom"]["configMapKeyRef"];
        let referred = reference["name"].as_str().and_then(|map| configs.get(map));
        let referred = referred.and_then(|data| data[reference["key"].as_str()?].as_str());
        if let Some(value) = one["value"].as_str().or(referred) {
            all.insert(name.to_owned(), value.to_owned());
        }
    }
    all
}

/// Looks at a container and its environment for a port, what kind of debugger it is, and how that is known.
type Step = fn(&Value, &BTreeMap<String, String>) -> Option<(u16, Kind, String)>;

/// The port a debugger of this pod listens on; `spec` is a pod's spec of the API, `variables` says what a container's
/// environment is. Containers that say so come before those that only could.
#[must_use]
pub fn debug_port(spec: &Value, variables: impl Fn(&Value) -> BTreeMap<String, String>) -> Option<DebugPort> {
    let containers = spec["containers"].as_array().map_or(&[][..], Vec::as_slice);
    let steps: [Step; 3] = [named, by_variable, by_command];
    for step in steps {
        for container in containers {
            if let Some((port, kind, how)) = step(container, &variables(container)) {
                return Some(DebugPort { container: name(container), port, kind, how, guessed: false });
            }
        }
    }
    let first = containers.first()?;
    let kind = if looks_like_node(first) { Kind::Node } else { Kind::Python };
    let how = format!("the usual port of {}", kind.word());
    Some(DebugPort { container: name(first), port: kind.usual_port(), kind, how, guessed: true })
}

fn name(container: &Value) -> String {
    clean(container["name"].as_str().unwrap_or_default()).into_owned()
}

fn named(container: &Value, _: &BTreeMap<String, String>) -> Option<(u16, Kind, String)> {
    let ports = container["ports"].as_array()?;
    NAMES.iter().find_map(|(wanted, kind)| {
        let port = ports.iter().find(|port| port["name"] == *wanted)?;
        let number = port["containerPort"].as_u64().and_then(|number| u16::try_from(number).ok())?;
        let kind = if *wanted == "debug" && looks_like_node(container) { Kind::Node } else { *kind };
        Some((number, kind, format!("container port {wanted}")))
    })
}

fn by_variable(_: &Value, variables: &BTreeMap<String, String>) -> Option<(u16, Kind, String)> {
    for name in VARIABLES {
        if let Some(port) = variables.get(name).and_then(|value| port_of(value)) {
            return Some((port, Kind::Python, format!("{name}={port}")));
        }
    }
    if let Some(options) = variables.get("NODE_OPTIONS")
        && let Some(port) = inspected(options.split_whitespace())
    {
        return Some((port, Kind::Node, "NODE_OPTIONS".to_owned()));
    }
    for name in SWITCHES {
        let Some(value) = variables.get(name).map(|value| value.trim().to_ascii_lowercase()) else { continue };
        if matches!(value.as_str(), "1" | "true" | "yes" | "on") {
            return Some((Kind::Python.usual_port(), Kind::Python, format!("{name}={value}")));
        }
        if let Some(port) = port_of(&value).filter(|port| *port > 1) {
            return Some((port, Kind::Python, format!("{name}={port}")));
        }
    }
    None
}

fn by_command(container: &Value, _: &BTreeMap<String, String>) -> Option<(u16, Kind, String)> {
    let words = words(container);
    let mut rest = words.iter().map(String::as_str).skip_while(|word| !word.contains("debugpy"));
    if rest.next().is_some() {
        while let Some(word) = rest.next() {
            let value = word.strip_prefix("--listen=").or_else(|| if word == "--listen" { rest.next() } else { None });
            if let Some(port) = value.and_then(port_of) {
                return Some((port, Kind::Python, format!("--listen {}", clean(value.unwrap_or_default()))));
            }
        }
    }
    let port = inspected(words.iter().map(String::as_str))?;
    Some((port, Kind::Node, "--inspect".to_owned()))
}

/// The port of an `--inspect` among words.
fn inspected<'w>(words: impl Iterator<Item = &'w str>) -> Option<u16> {
    for word in words {
        for option in ["--inspect-brk", "--inspect-wait", "--inspect"] {
            let Some(rest) = word.strip_prefix(option) else { continue };
            match rest.strip_prefix('=') {
                Some(value) => return port_of(value),
                None if rest.is_empty() => return Some(Kind::Node.usual_port()),
                None => {}
            }
        }
    }
    None
}

/// What the container was started with, a shell's script taken apart.
pub(super) fn words(container: &Value) -> Vec<String> {
    let of = |field: &str| container[field].as_array().map_or(&[][..], Vec::as_slice).to_vec();
    let all = of("command").into_iter().chain(of("args"));
    let all = all.filter_map(|word| word.as_str().map(str::to_owned)).collect::<Vec<_>>();
    all.iter().flat_map(|word| word.split_whitespace().map(|part| part.trim_matches(['"', '\'']).to_owned())).collect()
}

/// `5678`, `0.0.0.0:5678`, `:5678`.
fn port_of(text: &str) -> Option<u16> {
    text.trim().rsplit(':').next()?.parse().ok().filter(|port| *port > 0)
}

fn looks_like_node(container: &Value) -> bool {
    let image = container["image"].as_str().unwrap_or_default();
    let first = words(container).into_iter().next().unwrap_or_default();
    let program = first.rsplit('/').next().unwrap_or_default();
    ["node", "npm", "yarn", "pnpm", "next"].contains(&program) || image.contains("node") || image.contains("frontend")
}

/// Where a container's process works, as its spec says; none where only the image knows.
#[must_use]
pub fn workdir(container: &Value) -> Option<String> {
    container["workingDir"].as_str().filter(|folder| !folder.is_empty()).map(|folder| clean(folder).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(container: Value) -> String {
        let spec = json!({"containers": vec![json!({"name": "side", "image": "proxy"}), container]});
        let found = debug_port(&spec, |container| environment(container, &BTreeMap::new())).unwrap();
        format!("{} {} {} {}", found.container, found.port, found.kind.word(), found.how)
    }

    #[test]
    fn what_a_container_says_is_believed_in_this_order() {
        let ports = |name: &str, number: u16| json!([{"name": "http", "containerPort": 80}, {"name": name, "containerPort": number}]);
        assert_eq!(
            found(json!({"name": "a", "ports": ports("debugpy", 5679)})),
            "a 5679 debugpy container port debugpy"
        );
        assert_eq!(
            found(json!({"name": "a", "image": "node:20", "ports": ports("debug", 9230)})),
            "a 9230 node container port debug"
        );
        let variable = |name: &str, value: &str| json!({"name": "a", "env": [{"name": name, "value": value}]});
        assert_eq!(found(variable("DEBUGPY_PORT", "5700")), "a 5700 debugpy DEBUGPY_PORT=5700");
        assert_eq!(found(variable("DEBUGPY_LISTEN", "0.0.0.0:5701")), "a 5701 debugpy DEBUGPY_LISTEN=5701");
        assert_eq!(found(variable("DEBUG_PY", "1")), "a 5678 debugpy DEBUG_PY=1");
        assert_eq!(
            found(variable("NODE_OPTIONS", "--max-old-space-size=1 --inspect=0.0.0.0:9300")),
            "a 9300 node NODE_OPTIONS"
        );
        let command = |words: &[&str]| json!({"name": "a", "command": words});
        assert_eq!(
            found(command(&["python", "-m", "debugpy", "--wait-for-client", "--listen", "0.0.0.0:5702", "-m", "app"])),
            "a 5702 debugpy --listen 0.0.0.0:5702"
        );
        assert_eq!(
            found(command(&["sh", "-c", "exec python -m debugpy --listen=5703 app.py"])),
            "a 5703 debugpy --listen 5703"
        );
        assert_eq!(found(command(&["node", "--inspect-brk=9231", "server.js"])), "a 9231 node --inspect");
        assert_eq!(found(command(&["node", "--inspect", "server.js"])), "a 9229 node --inspect");
    }

    #[test]
    fn what_says_nothing_is_guessed_and_marked() {
        let of = |container: Value| debug_port(&json!({"containers": [container]}), |_| BTreeMap::new()).unwrap();
        let python = of(json!({"name": "api", "image": "predator-backend:1", "command": ["uvicorn", "a:b"]}));
        assert_eq!((python.port, python.guessed), (5678, true));
        let node = of(json!({"name": "web", "image": "x", "command": ["/usr/bin/node", "server.js"]}));
        assert_eq!((node.port, node.kind), (9229, Kind::Node));
        assert_eq!(debug_port(&json!({}), |_| BTreeMap::new()), None);
    }

    #[test]
    fn variables_come_from_config_maps_too_and_the_containers_own_win() {
        let container = json!({"envFrom": [{"configMapRef": {"name": "c"}}], "env": [
            {"name": "B", "value": "own"}, {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "A"}}},
            {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]});
        let configs = BTreeMap::from([("c".to_owned(), json!({"A": "1", "B": "2"}))]);
        let all = environment(&container, &configs);
        let all: Vec<_> = all.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(all, ["A=1", "B=own", "C=1"]);
    }
}
