//! `ControllerRevision`s: the templates that a `StatefulSet` or `DaemonSet` had, numbered, to roll back to.

use super::cluster::Work;
use super::hand::MANAGER;
use crate::sim::manifest::meta::{owned_by, text};
use serde_json::{Value, json};

const HASH: &str = "controller-revision-hash";

/// Sees to it that the template of a set is kept under this name, as the newest one; forgets the oldest.
pub(super) fn keep(work: &mut Work<'_, '_>, set: &Value, name: &str) {
    let namespace = text(set, "/metadata/namespace");
    let uid = &set["metadata"]["uid"];
    let mut own = work.cluster.stage.store.values("ControllerRevision", Some(namespace));
    own.retain(|one| one["metadata"]["ownerReferences"][0]["uid"] == *uid);
    own.sort_by_key(|one| one["revision"].as_i64());
    let newest = own.last().map_or(0, |one| one["revision"].as_i64().unwrap_or_default());
    match own.iter().find(|one| one["metadata"]["name"] == name) {
        Some(kept) if kept["revision"] == newest => return,
        // it was rolled back to
        Some(_) => {
            work.hand(MANAGER).change("ControllerRevision", namespace, name, |one| one["revision"] = json!(newest + 1));
        }
        None => {
            let mut template = set["spec"]["template"].clone();
            template["$patch"] = json!("replace");
            let mut labels = set["spec"]["template"]["metadata"]["labels"].clone();
            labels[HASH] = json!(name.rsplit('-').next());
            work.hand(MANAGER).create(json!({
                "apiVersion": "apps/v1", "kind": "ControllerRevision",
                "metadata": {"name": name, "namespace": namespace, "labels": labels, "ownerReferences": owned_by(set)},
                "data": {"spec": {"template": template}},
                "revision": newest + 1,
            }));
        }
    }
    let most = set["spec"]["revisionHistoryLimit"].as_u64().unwrap_or(10);
    // the present one and the one that pods may still have stay beside the history
    let surplus = (own.len() + 1).saturating_sub(usize::try_from(most).unwrap_or(usize::MAX).saturating_add(2));
    for one in own.iter().filter(|one| one["metadata"]["name"] != name).take(surplus) {
        work.hand(MANAGER).delete(one, None);
    }
}
