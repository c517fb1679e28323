//! The clusters Applications go to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::argocd::{Cluster, Link};
use super::super::kinds::KINDS;
use super::super::time::stamp;
use super::desk::{Caller, Desk};
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Asked;
use crate::sim::manifest::meta::text;

/// Answers with the clusters the caller may see.
pub(super) fn list(desk: &Desk, caller: &Caller, asked: &Asked) -> Reply {
    let (server, name) = (asked.query.get("server"), asked.query.get("name"));
    let meant = desk
        .clusters
        .iter()
        .filter(|cluster| (server.is_empty() || cluster.server == server) && (name.is_empty() || cluster.name == name));
    let seen = meant.filter(|cluster| desk.may(caller, "clusters", "get", &cluster.server));
    let items: Vec<Value> = seen.map(|cluster| shown(desk, cluster)).collect();
    Reply::Json(json!({"metadata": {}, "items": if items.is_empty() { Value::Null } else { items.into() }}))
}

/// Answers with one cluster, named by its address or (`id.type=name`) by its name.
pub(super) fn get(desk: &Desk, caller: &Caller, asked: &Asked, id: &str) -> Result<Reply, Refusal> {
    let by_name = matches!(asked.query.get("id.type"), "name" | "name_escaped");
    let found = desk.clusters.iter().find(|one| if by_name { one.name == id } else { one.server == id });
    let found = found.filter(|cluster| desk.may(caller, "clusters", "get", &cluster.server));
    Ok(Reply::Json(shown(desk, found.ok_or_else(Refusal::denied)?)))
}

fn shown(desk: &Desk, cluster: &Cluster) -> Value {
    let now = stamp(desk.store.now());
    let mut shown = json!({
        "server": cluster.server,
        "name": cluster.name,
        "config": {"tlsClientConfig": {"insecure": false}},
    });
    let applications = desk.store.list("Application", Some(&desk.namespace));
    let goes_there = |app: &&Value| {
        text(app, "/spec/destination/server") == cluster.server || text(app, "/spec/destination/name") == cluster.name
    };
    let count = applications.iter().filter(goes_there).count();
    let (state, version) = match &cluster.link {
        Link::Up(_) => (json!({"status": "Successful", "message": "", "attemptedAt": now}), "v1.36.2"),
        Link::NoAccess(words) | Link::Down(words) => {
            (json!({"status": "Failed", "message": words, "attemptedAt": now}), "")
        }
    };
    shown["connectionState"] = state.clone();
    shown["info"] = json!({"connectionState": state, "cacheInfo": {}, "applicationsCount": count});
    if let Link::Up(store) = &cluster.link {
        let kinds = KINDS.iter().filter(|kind| kind.is_stored() && !kind.is_alias());
        let resources: usize = kinds.clone().map(|kind| store.len(kind.kind)).sum();
        let kinds_served: BTreeSet<String> = kinds
            .flat_map(|kind| {
                let version = kind.api_version();
                [format!("{version}/{}", kind.kind), version]
            })
            .collect();
        shown["serverVersion"] = json!(version);
        shown["info"]["serverVersion"] = json!(version);
        shown["info"]["apiVersions"] = json!(kinds_served);
        let cache = json!({"resourcesCount": resources, "apisCount": KINDS.len(), "lastCacheSyncTime": now});
        shown["info"]["cacheInfo"] = cache;
    }
    shown
}
