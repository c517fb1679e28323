//! Which resource of an Application is meant.

use serde_json::Value;

use super::super::super::argocd::inspect;
use super::super::super::kinds;
use super::super::super::store::Store;
use super::super::desk::Desk;
use super::super::refusal::Refusal;
use super::super::state::tree::tree;
use crate::sim::manifest::meta::text;

/// A resource as clients name it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    pub group: &'a str,
    pub kind: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
}

/// The live object of a resource, and the cluster it is in; it has to be in the tree.
pub(super) fn live(desk: &Desk, app: &Value, named: Named<'_>) -> Result<(Store, Value), Refusal> {
    let missing = || {
        let Named { group, kind, name, .. } = named;
        let app = text(app, "/metadata/name");
        Refusal::invalid(format!("{kind} {group} {name} not found as part of application {app}"))
    };
    let store = inspect::destination(&desk.clusters, app).cloned().ok_or_else(missing)?;
    let tree = tree(desk, app);
    let is_meant = |node: &&Value| {
        text(node, "/group") == named.group
            && text(node, "/kind") == named.kind
            && text(node, "/name") == named.name
            && (named.namespace.is_empty() || text(node, "/namespace") == named.namespace)
            && node["uid"].is_string()
    };
    let nodes = ["nodes", "orphanedNodes"].into_iter().filter_map(|list| tree[list].as_array()).flatten();
    let node = nodes.into_iter().find(is_meant).ok_or_else(missing)?;
    let kind = kinds::by_kind(named.kind).ok_or_else(missing)?;
    let live = store.get(kind.kind, text(node, "/namespace"), named.name).ok_or_else(missing)?;
    Ok((store, live))
}
