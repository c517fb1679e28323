//! The scheduler: finds a node for a pod, or says why there is none.

use super::cluster::Work;
use super::pod::{self, condition};
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::text;
use crate::sim::quantity::thousandths;
use crate::sim::time::stamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const MANAGER: &str = "kube-scheduler";
/// Pods without a node are looked at again after so long, whatever happens.
const RETRY: Duration = Duration::from_mins(1);

/// Binds a pod to the fitting node with the fewest pods.
pub(super) fn sync(work: &mut Work<'_, '_>, key: &str) {
    attempt(work, key, false);
}

/// `again` when the pod has waited and nothing changed: that is said once more.
fn attempt(work: &mut Work<'_, '_>, key: &str, again: bool) {
    let Some(pod) = work.cluster.cache.get("Pod", key).filter(|pod| pod::is_unscheduled(pod)) else { return };
    let nodes: Vec<Arc<Value>> = work.cluster.cache.all("Node").cloned().collect();
    let mut load: BTreeMap<String, Vec<Arc<Value>>> = BTreeMap::new();
    for other in work.cluster.cache.all("Pod").filter(|pod| !pod::is_over(pod)) {
        load.entry(text(other, "/spec/nodeName").to_owned()).or_default().push(Arc::clone(other));
    }
    let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
    let mut best: Option<(usize, String)> = None;
    for node in &nodes {
        let name = text(node, "/metadata/name").to_owned();
        let there = load.get(&name).map_or(&[][..], Vec::as_slice);
        match fits(&pod, node, there) {
            Ok(()) => {
                let candidate = (there.len(), name);
                best = Some(best.map_or(candidate.clone(), |best| best.min(candidate)));
            }
            Err(reasons) => {
                for reason in reasons {
                    *refused.entry(reason).or_default() += 1;
                }
            }
        }
    }
    match best {
        Some((_, node)) => bind(work, &pod, &node),
        None => refuse(work, &pod, nodes.len(), &refused, again),
    }
}

const SELECTOR: &str = "node(s) didn't match Pod's node affinity/selector";

/// Whether a pod may and can run on a node beside the pods that are there; else all the reasons why not.
fn fits(pod: &Value, node: &Value, there: &[Arc<Value>]) -> Result<(), Vec<&'static str>> {
    if node["spec"]["unschedulable"] == true {
        return Err(vec!["node(s) were unschedulable"]);
    }
    let wanted = pod["spec"]["nodeSelector"].as_object().into_iter().flatten();
    if !wanted.clone().all(|(name, value)| node["metadata"]["labels"][name] == *value) {
        return Err(vec![SELECTOR]);
    }
    let named =
        pod.pointer("/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms");
    let mut terms =
        named.and_then(Value::as_array).into_iter().flatten().filter_map(|term| term["matchFields"].as_array());
    // a DaemonSet's pod names its node
    if terms.any(|fields| fields.iter().any(|field| field["values"][0] != node["metadata"]["name"])) {
        return Err(vec![SELECTOR]);
    }
    let mut reasons = Vec::new();
    for (what, words) in [("cpu", "Insufficient cpu"), ("memory", "Insufficient memory")] {
        let Some(room) = thousandths(&node["status"]["allocatable"][what]) else { continue };
        let used: u128 = there.iter().map(|pod| requests(pod, what)).sum();
        let asked = requests(pod, what);
        if asked > 0 && used + asked > room {
            reasons.push(words);
        }
    }
    let most = node["status"]["allocatable"]["pods"].as_str().and_then(|count| count.parse::<usize>().ok());
    if most.is_some_and(|most| there.len() >= most) {
        reasons.push("Too many pods");
    }
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

/// What a pod asks for: the sum of its containers, or its largest init container.
fn requests(pod: &Value, what: &str) -> u128 {
    let of = |list: &str| -> Vec<u128> {
        let containers = pod["spec"][list].as_array().into_iter().flatten();
        containers.filter_map(|container| thousandths(&container["resources"]["requests"][what])).collect()
    };
    of("containers").iter().sum::<u128>().max(of("initContainers").into_iter().max().unwrap_or_default())
}

fn bind(work: &mut Work<'_, '_>, pod: &Arc<Value>, node: &str) {
    let at = work.at();
    let (namespace, name) = (text(pod, "/metadata/namespace"), text(pod, "/metadata/name"));
    let scheduled = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null,
        "lastTransitionTime": stamp(at)});
    let written = work.hand(MANAGER).bind(pod, |live| {
        live["spec"]["nodeName"] = json!(node);
        live["status"]["conditions"] = json!([scheduled]);
    });
    if !written {
        return;
    }
    let words = format!("Successfully assigned {namespace}/{name} to {node}");
    let cluster = &mut *work.cluster;
    cluster.recorder.scheduler(&cluster.stage.store, pod, Said::normal("Scheduled", &words), "Binding", at);
}

fn refuse(work: &mut Work<'_, '_>, pod: &Arc<Value>, nodes: usize, refused: &BTreeMap<&str, usize>, again: bool) {
    let at = work.at();
    let reasons: Vec<String> = refused.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let hopeless = refused.get(SELECTOR).copied().unwrap_or_default();
    let mut why = Vec::new();
    if nodes > hopeless {
        why.push(format!("{} No preemption victims found for incoming pod", nodes - hopeless));
    }
    if hopeless > 0 {
        why.push(format!("{hopeless} Preemption is not helpful for scheduling"));
    }
    let message = if nodes == 0 {
        "no nodes available to schedule pods".to_owned()
    } else {
        let (reasons, why) = (reasons.join(", "), why.join(", "));
        format!("0/{nodes} nodes are available: {reasons}. preemption: 0/{nodes} nodes are available: {why}.")
    };
    let old = condition(pod, "PodScheduled");
    let news = old.is_none_or(|old| old["message"] != message.as_str());
    if news {
        let since = old.filter(|old| old["status"] == "False").map(|old| old["lastTransitionTime"].clone());
        let unscheduled = json!({"type": "PodScheduled", "status": "False", "lastProbeTime": null,
            "lastTransitionTime": since.unwrap_or_else(|| json!(stamp(at))), "reason": "Unschedulable",
            "message": message});
        let mut status = pod["status"].clone();
        status["conditions"] = json!([unscheduled]);
        work.hand(MANAGER).status(pod, &status, |_| {});
    }
    if old.is_none() || again {
        let key = super::cache::key_of(pod);
        work.later(RETRY, move |work| attempt(work, &key, true));
    }
    if !news && !again {
        return;
    }
    let cluster = &mut *work.cluster;
    let said = Said::warning("FailedScheduling", &message);
    cluster.recorder.scheduler(&cluster.stage.store, pod, said, "Scheduling", at);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_refused_for_every_reason_it_has() {
        let node = json!({"metadata": {"labels": {"disk": "ssd"}},
            "status": {"allocatable": {"cpu": "1", "memory": "1Gi", "pods": "1"}}});
        let pod = |cpu: &str, disk: &str| {
            json!({"spec": {"nodeSelector": {"disk": disk},
                "containers": [{"resources": {"requests": {"cpu": cpu, "memory": "100Mi"}}}]}})
        };
        let there = [Arc::new(pod("900m", "ssd"))];
        assert_eq!(fits(&pod("100m", "ssd"), &node, &[]), Ok(()));
        assert_eq!(fits(&pod("100m", "hdd"), &node, &[]), Err(vec![SELECTOR]));
        assert_eq!(fits(&pod("200m", "ssd"), &node, &there), Err(vec!["Insufficient cpu", "Too many pods"]));
    }
}
