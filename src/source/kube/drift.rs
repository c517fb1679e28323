//! Drift without Git: what was applied last against what runs, object by object.

use futures::StreamExt as _;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::objects::{ReadError, raw_application, raw_object};
use super::tree;
use crate::domain::mask::LAST_APPLIED;
use crate::domain::{AppKey, ObjectName, Pair, Resource};

/// Live objects that are read at once.
const AT_ONCE: usize = 8;

/// Every object an Application lists, with what it was when it was applied last. Nothing is masked.
///
/// # Errors
/// When the Application cannot be read.
pub(in crate::source) async fn pairs(
    argo: &Cluster,
    target: Result<&Cluster, String>,
    app: &AppKey,
) -> Result<Vec<Pair>, ReadError> {
    let live = raw_application(argo, &app.namespace, &app.name).await?;
    let resources =
        tree::detail(&live).resources.into_iter().filter(|resource| resource.sync.is_some() || resource.prune);
    let target = target.map_err(|why| ReadError::Failed { why, hint: None })?;
    let read = resources.map(|resource| pair(target, resource));
    Ok(futures::stream::iter(read).buffered(AT_ONCE).collect().await)
}

async fn pair(cluster: &Cluster, resource: Resource) -> Pair {
    let object = ObjectName::of(&resource);
    let mut pair = Pair { hook: resource.hook, ..Pair::default() };
    match raw_object(cluster, &object).await {
        Ok(live) => {
            let copy = live.pointer("/metadata/annotations").and_then(|notes| notes.get(LAST_APPLIED)?.as_str());
            pair.target = copy.and_then(|copy| serde_json::from_str(copy).ok()).filter(|_| !resource.prune);
            pair.live = Some(live.clone());
            // without a copy nobody knows better than that it is as it should be
            pair.desired = (!resource.prune && pair.target.is_none()).then(|| live.clone());
            pair.whole = Some(live);
        }
        // Git has it: how, only Git knows
        Err(ReadError::Missing(_)) if !resource.prune => pair.desired = Some(named(&object)),
        Err(ReadError::Missing(_)) => {}
        Err(error) => pair.unread = Some(error.to_string().into()),
    }
    pair.object = object;
    pair
}

/// As much of an object as its name says.
fn named(object: &ObjectName) -> Value {
    let slash = if object.group.is_empty() { "" } else { "/" };
    let mut metadata = json!({ "name": &*object.name });
    if !object.namespace.is_empty() {
        metadata["namespace"] = Value::from(&*object.namespace);
    }
    json!({ "apiVersion": format!("{}{slash}{}", object.group, object.version), "kind": &*object.kind, "metadata": metadata })
}
