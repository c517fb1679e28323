//! Which types there are: in one piece, and group by group as older clients ask.

use http::Response;
use serde_json::{Value, json};

use super::super::kinds::{KINDS, Kind};
use super::super::store::Store;
use super::negotiate::wants_aggregated;
use super::respond::{self, Body};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The answer at a discovery path; none when the path is something else.
pub(super) fn discover(store: &Store, path: &str, accept: &str, port: u16) -> Option<Response<Body>> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let aggregated = wants_aggregated(accept);
    let value = match segments.as_slice() {
        ["api"] if aggregated => return Some(respond::whole(200, AGGREGATED, whole(store, &[""]).to_string())),
        ["apis"] if aggregated => {
            return Some(respond::whole(200, AGGREGATED, whole(store, &groups(store)).to_string()));
        }
        ["api"] => json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": format!("127.0.0.1:{port}")}],
        }),
        ["apis"] => json!({
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": groups(store).iter().map(|g| group(g)).collect::<Vec<_>>(),
        }),
        ["api", version] => resources(store, "", version)?,
        ["apis", name] if groups(store).contains(name) => {
            let mut value = group(name);
            value["kind"] = "APIGroup".into();
            value["apiVersion"] = "v1".into();
            value
        }
        ["apis", group, version] if !group.is_empty() => resources(store, group, version)?,
        _ => return None,
    };
    Some(respond::json(200, &value))
}

/// The types of this cluster.
fn served(store: &Store) -> impl Iterator<Item = &'static Kind> + use<'_> {
    KINDS.iter().filter(|kind| is_served(store, kind))
}

/// Whether a cluster has a type: some come with a definition only.
pub(super) fn is_served(store: &Store, kind: &Kind) -> bool {
    !kind.is_optional() || store.object("CustomResourceDefinition", "", &kind.qualified()).is_some()
}

/// Named groups, in the order of the table.
fn groups(store: &Store) -> Vec<&'static str> {
    let mut out: Vec<&str> = Vec::new();
    for kind in served(store) {
        if !kind.group.is_empty() && !out.contains(&kind.group) {
            out.push(kind.group);
        }
    }
    out
}

/// The versions of a group, the preferred one first.
fn versions_of(group: &str) -> Vec<&'static str> {
    let mut out = Vec::new();
    for kind in KINDS.iter().filter(|kind| kind.group == group) {
        if !out.contains(&kind.version) {
            out.push(kind.version);
        }
    }
    out
}

fn group(name: &str) -> Value {
    let entry = |version: &&str| json!({"groupVersion": format!("{name}/{version}"), "version": version});
    let versions: Vec<Value> = versions_of(name).iter().map(entry).collect();
    json!({"name": name, "preferredVersion": versions.first(), "versions": versions})
}

fn resources(store: &Store, group: &str, version: &str) -> Option<Value> {
    let mut rows = Vec::new();
    for kind in served(store).filter(|k| k.group == group && k.version == version) {
        let mut row = json!({
            "name": kind.plural,
            "singularName": kind.singular,
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": kind.verbs,
        });
        for (key, names) in [("shortNames", kind.short_names), ("categories", kind.categories)] {
            if !names.is_empty() {
                row[key] = json!(names);
            }
        }
        rows.push(row);
        for sub in kind.subresources {
            let mut row = json!({
                "name": format!("{}/{sub}", kind.plural),
                "singularName": "",
                "namespaced": kind.namespaced,
            });
            let Some(part) = kind.sub(sub) else { continue };
            let (group, version, name) = part.of;
            row["kind"] = name.into();
            row["verbs"] = json!(part.verbs);
            if !version.is_empty() {
                row["group"] = group.into();
                row["version"] = version.into();
            }
            rows.push(row);
        }
    }
    let name = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    if rows.is_empty() {
        return None;
    }
    let mut list = json!({"kind": "APIResourceList", "groupVersion": name, "resources": rows});
    // the core group's list alone does not say its version
    if !group.is_empty() {
        list["apiVersion"] = "v1".into();
    }
    Some(list)
}

fn whole(store: &Store, groups: &[&str]) -> Value {
    let items: Vec<Value> = groups.iter().map(|g| aggregated(store, g)).collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn aggregated(store: &Store, group: &str) -> Value {
    let version = |version: &str| {
        let kinds = served(store).filter(|k| k.group == group && k.version == version);
        json!({"version": version, "resources": kinds.map(row).collect::<Vec<_>>(), "freshness": "Current"})
    };
    let versions: Vec<Value> = versions_of(group).into_iter().map(version).collect();
    let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
    json!({"metadata": metadata, "versions": versions})
}

fn row(kind: &Kind) -> Value {
    // only custom resources say their group here
    let (group, version) = if kind.is_custom() { (kind.group, kind.version) } else { ("", "") };
    let response = json!({"group": group, "version": version, "kind": kind.kind});
    let mut row = json!({
        "resource": kind.plural,
        "responseKind": response,
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.singular,
        "verbs": kind.verbs,
    });
    for (key, names) in [("shortNames", kind.short_names), ("categories", kind.categories)] {
        if !names.is_empty() {
            row[key] = json!(names);
        }
    }
    let sub = |name: &&str| {
        let part = kind.sub(name)?;
        let (of_group, of_version, of) = part.of;
        let (of_group, of_version) = if of_version.is_empty() { (group, version) } else { (of_group, of_version) };
        let answered = json!({"group": of_group, "version": of_version, "kind": of});
        Some(json!({"subresource": name, "responseKind": answered, "verbs": part.verbs}))
    };
    if !kind.subresources.is_empty() {
        row["subresources"] = kind.subresources.iter().filter_map(sub).collect();
    }
    row
}
