//! How pods are reached.

use serde_json::Value;

use super::Cell;
use super::read::{items, joined, number, or_none, pairs, text};
use super::table::{AGE, NAME, Printer, age, column, name, wide};

pub(super) static SERVICE: Printer = Printer {
    columns: &[
        NAME,
        column("Type", "How the service is exposed."),
        column("Cluster-IP", "Address within the cluster."),
        column("External-IP", "Addresses outside the cluster."),
        column("Port(s)", "Ports it listens on."),
        AGE,
        wide("Selector", "Which pods it leads to."),
    ],
    cells: |o| {
        let kind = Some(text(o, "/spec/type")).filter(|t| !t.is_empty()).unwrap_or("ClusterIP");
        vec![
            name(o),
            Cell::text(kind),
            Cell::text(or_none(text(o, "/spec/clusterIP"))),
            Cell::text(external(o, kind)),
            Cell::text(or_none(&ports(o))),
            age(o),
            Cell::text(pairs(o, "/spec/selector")),
        ]
    },
};

pub(super) static ENDPOINTS: Printer = Printer {
    columns: &[NAME, column("Endpoints", "Addresses and ports behind the service."), AGE],
    cells: |o| vec![name(o), Cell::text(endpoints(o)), age(o)],
};

pub(super) static ENDPOINT_SLICE: Printer = Printer {
    columns: &[
        NAME,
        column("AddressType", "What kind of addresses these are."),
        column("Ports", "Ports of every endpoint."),
        column("Endpoints", "Addresses behind the service."),
        AGE,
    ],
    cells: |o| {
        let ports: Vec<String> = items(o, "/ports").iter().map(|port| port["port"].to_string()).collect();
        let addresses = items(o, "/endpoints").iter().filter_map(|one| one["addresses"][0].as_str());
        let some = |all: Vec<&str>| match all.len() {
            0 => "<unset>".to_owned(),
            count @ 4.. => format!("{} + {} more...", all[..3].join(","), count - 3),
            _ => all.join(","),
        };
        vec![
            name(o),
            Cell::text(text(o, "/addressType")),
            Cell::text(some(ports.iter().map(String::as_str).collect())),
            Cell::text(some(addresses.collect())),
            age(o),
        ]
    },
};

pub(super) static INGRESS: Printer = Printer {
    columns: &[
        NAME,
        column("Class", "Which controller serves it."),
        column("Hosts", "Host names it answers."),
        column("Address", "Where it is reached."),
        column("Ports", "Ports it listens on."),
        AGE,
    ],
    cells: |o| {
        let hosts = joined(o, "/spec/rules", "/host");
        let ports = if items(o, "/spec/tls").is_empty() { "80" } else { "80, 443" };
        vec![
            name(o),
            Cell::text(or_none(text(o, "/spec/ingressClassName"))),
            Cell::text(if hosts.is_empty() { "*" } else { &hosts }),
            Cell::text(addresses(o)),
            Cell::text(ports),
            age(o),
        ]
    },
};

pub(super) static CLASS: Printer = Printer {
    columns: &[
        NAME,
        column("Controller", "Who serves Ingresses of this class."),
        column("Parameters", "What the controller is told besides."),
        AGE,
    ],
    cells: |o| {
        let parameters = match (text(o, "/spec/parameters/kind"), text(o, "/spec/parameters/apiGroup")) {
            ("", _) => "<none>".to_owned(),
            (kind, "") => format!("{kind}/{}", text(o, "/spec/parameters/name")),
            (kind, group) => format!("{kind}.{group}/{}", text(o, "/spec/parameters/name")),
        };
        vec![name(o), Cell::text(text(o, "/spec/controller")), Cell::text(parameters), age(o)]
    },
};

pub(super) static POLICY: Printer = Printer {
    columns: &[NAME, column("Pod-Selector", "Which pods it applies to."), AGE],
    cells: |o| vec![name(o), Cell::text(pairs(o, "/spec/podSelector/matchLabels")), age(o)],
};

fn addresses(object: &Value) -> String {
    let of = |i: &Value| Some(text(i, "/ip")).filter(|t| !t.is_empty()).unwrap_or(text(i, "/hostname")).to_owned();
    items(object, "/status/loadBalancer/ingress").iter().map(of).collect::<Vec<_>>().join(",")
}

fn external(service: &Value, kind: &str) -> String {
    match kind {
        "LoadBalancer" => match addresses(service) {
            none if none.is_empty() => "<pending>".to_owned(),
            some => some,
        },
        "ExternalName" => text(service, "/spec/externalName").to_owned(),
        _ => "<none>".to_owned(),
    }
}

fn ports(service: &Value) -> String {
    let one = |port: &Value| {
        let protocol = Some(text(port, "/protocol")).filter(|p| !p.is_empty()).unwrap_or("TCP");
        match number(port, "/nodePort") {
            0 => format!("{}/{protocol}", number(port, "/port")),
            node => format!("{}:{node}/{protocol}", number(port, "/port")),
        }
    };
    items(service, "/spec/ports").iter().map(one).collect::<Vec<_>>().join(",")
}

/// The first three, and how many more.
fn endpoints(object: &Value) -> String {
    let mut all = Vec::new();
    for subset in items(object, "/subsets") {
        for port in items(subset, "/ports") {
            for address in items(subset, "/addresses") {
                all.push(format!("{}:{}", text(address, "/ip"), number(port, "/port")));
            }
        }
    }
    let more = all.len().saturating_sub(3);
    all.truncate(3);
    let shown = all.join(",");
    if more > 0 { format!("{shown} + {more} more...") } else { or_none(&shown).to_owned() }
}
