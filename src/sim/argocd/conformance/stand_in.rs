//! Workloads reduced to what a sync looks at: statuses that follow specs after a while.

use crate::sim::manifest::meta::{number, text};
use crate::sim::store::Store;
use crate::sim::time::{plus, stamp};
use crate::sim::write::Writer;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Controllers and kubelet in one.
pub struct StandIn {
    pub store: Store,
    /// Until new pods are ready.
    pub ready: Duration,
    /// Until a change of a spec is taken note of.
    pub soon: Duration,
    /// Until a Job is through.
    pub job: Duration,
    due: BTreeMap<(Timestamp, u64), (String, String, String, Value)>,
    serial: u64,
    seen: HashMap<String, i64>,
    good: HashMap<String, Value>,
}

impl StandIn {
    pub fn new(store: &Store) -> Self {
        Self {
            store: store.clone(),
            ready: Duration::from_millis(600),
            soon: Duration::from_millis(10),
            job: Duration::from_millis(4_600),
            due: BTreeMap::new(),
            serial: 0,
            seen: HashMap::new(),
            good: HashMap::new(),
        }
    }

    /// Writes what is due, notices what is new; the next moment of interest.
    pub fn step(&mut self, now: Timestamp) -> Option<Timestamp> {
        for kind in ["Deployment", "StatefulSet", "Job"] {
            for object in self.store.list(kind, None) {
                self.notice(kind, &object, now);
            }
        }
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= now) {
            let (kind, namespace, name, status) = entry.remove();
            let writer = Writer::new(&self.store, "kube-controller-manager").at("status");
            // an object deleted meanwhile has no status any more
            let _ = writer.edit(&kind, &namespace, &name, |object| object["status"] = status.clone());
        }
        self.due.keys().next().map(|(at, _)| *at)
    }

    fn notice(&mut self, kind: &str, object: &Value, now: Timestamp) {
        let uid = text(object, "/metadata/uid").to_owned();
        let generation = number(object, "/metadata/generation").max(1);
        let before = self.seen.insert(uid.clone(), generation);
        if before == Some(generation) || object["metadata"]["deletionTimestamp"].is_string() {
            return;
        }
        let ready = plus(now, self.ready);
        match kind {
            "Job" => {
                let command = object["spec"]["template"]["spec"]["containers"][0]["command"].to_string();
                if command.contains("exit 1") {
                    let failed = json!({"conditions": [{"type": "Failed", "status": "True",
                        "reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit"}], "failed": 1});
                    self.later(plus(now, self.job), object, failed);
                } else if !command.contains("sleep 3600") {
                    let done = json!({"conditions": [{"type": "Complete", "status": "True", "reason": "CompletionsReached",
                        "message": "Reached expected number of succeeded pods"}], "succeeded": 1,
                        "completionTime": stamp(plus(now, self.job)), "startTime": stamp(now)});
                    self.later(plus(now, self.job), object, done);
                }
            }
            "StatefulSet" => {
                let replicas = object["spec"]["replicas"].clone();
                let known = before.is_some();
                let mut status = json!({"observedGeneration": generation, "replicas": replicas});
                if !known {
                    self.later(plus(now, Duration::from_millis(10)), object, status.clone());
                }
                for field in ["readyReplicas", "updatedReplicas", "currentReplicas", "availableReplicas"] {
                    status[field] = replicas.clone();
                }
                self.later(ready, object, status);
            }
            _ => self.roll(object, &uid, generation, before.is_none(), now),
        }
    }

    fn roll(&mut self, object: &Value, uid: &str, generation: i64, new: bool, now: Timestamp) {
        let replicas = object["spec"]["replicas"].clone();
        let template = object["spec"]["template"].clone();
        let count = if new { json!(0) } else { replicas.clone() };
        let on = |reason: &str, status: &str| json!([{"type": "Progressing", "status": status, "reason": reason, "message": ""}]);
        let whole = json!({"observedGeneration": generation, "replicas": replicas, "updatedReplicas": replicas,
            "readyReplicas": replicas, "availableReplicas": replicas, "conditions": on("NewReplicaSetAvailable", "True")});
        let mut under_way = json!({"observedGeneration": generation, "replicas": count, "updatedReplicas": 0,
            "readyReplicas": count, "availableReplicas": count, "conditions": on("ReplicaSetUpdated", "True")});
        let soon = plus(now, self.soon);
        // what an older spec was about to bring about is overtaken, and its pods have to go again
        let mine = |what: &(String, String, String, Value)| {
            what.0 == "Deployment"
                && what.1 == text(object, "/metadata/namespace")
                && what.2 == text(object, "/metadata/name")
        };
        let before = self.due.len();
        self.due.retain(|_, what| !mine(what));
        if self.due.len() < before && !new {
            under_way["updatedReplicas"] = replicas.clone();
            under_way["replicas"] = json!(replicas.as_i64().unwrap_or(1) + 1);
            self.later(soon, object, under_way);
            return self.later(plus(now, self.ready), object, whole);
        }
        let same_pods = self.good.get(uid) == Some(&template);
        let old = number(object, "/status/replicas");
        if same_pods && number(object, "/spec/replicas") <= old {
            return self.later(soon, object, whole);
        }
        self.later(soon, object, under_way.clone());
        if template.to_string().contains("9.9.9") {
            under_way["conditions"] = on("ProgressDeadlineExceeded", "False");
            under_way["updatedReplicas"] = json!(1);
            return self.later(plus(now, Duration::from_secs(30)), object, under_way);
        }
        self.good.insert(uid.to_owned(), template);
        self.later(plus(now, self.ready), object, whole);
    }

    fn later(&mut self, at: Timestamp, object: &Value, status: Value) {
        let words = |pointer: &str| text(object, pointer).to_owned();
        self.serial += 1;
        let what = (words("/kind"), words("/metadata/namespace"), words("/metadata/name"), status);
        self.due.insert((at, self.serial), what);
    }
}
