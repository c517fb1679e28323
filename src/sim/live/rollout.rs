//! A workload gets a new template: what its controllers and the kubelet do until the new pods are ready.

use super::pods;
use crate::sim::live::Play;
use crate::sim::manifest::app::{App, Workload, WorkloadKind};
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{number, text};
use crate::sim::manifest::workload;
use crate::sim::populate::{Stage, say};
use serde_json::{Value, json};
use std::time::Duration;

/// A rollout under way.
#[derive(Clone)]
struct Rollout {
    stage: Stage,
    namespace: String,
    kind: WorkloadKind,
    name: String,
    /// From the pod's creation to its container's start, in milliseconds.
    pull: u64,
}

/// Applies `image` to a workload as Argo CD does, and lets the pods follow; they are ready `ready` later (0.5 s at
/// least).
pub fn begin(stage: &Stage, app: &App, work: &Workload, image: &str, ready: Duration, play: &mut Play<'_>) {
    let rollout = Rollout {
        stage: stage.clone(),
        namespace: app.namespace.clone(),
        kind: work.kind,
        name: work.name.clone(),
        pull: u64::try_from(ready.as_millis()).unwrap_or(u64::MAX).max(500) - 150,
    };
    let at = play.at;
    stage.store.update(work.kind.word(), &app.namespace, &work.name, |object| {
        let fresh = workload::workload(app, work, image, at, at);
        object["spec"]["template"] = fresh["spec"]["template"].clone();
        object["spec"]["replicas"] = fresh["spec"]["replicas"].clone();
    });
    play.later(10, move |play| match rollout.kind {
        WorkloadKind::Deployment => rollout.surge(play),
        WorkloadKind::StatefulSet => rollout.replace(play),
    });
}

impl Rollout {
    fn recount(&self, play: &Play<'_>) {
        pods::recount(&self.stage, &self.namespace, self.kind.word(), &self.name, play);
    }

    /// A Deployment: all new pods beside the old ones, which go once the new ones are ready.
    fn surge(self, play: &mut Play<'_>) {
        let store = &self.stage.store;
        store.update("Deployment", &self.namespace, &self.name, |object| {
            let revision: u32 =
                text(object, "/metadata/annotations/deployment.kubernetes.io~1revision").parse().unwrap_or_default();
            object["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!((revision + 1).to_string());
        });
        let Some(deployment) = store.get("Deployment", &self.namespace, &self.name) else { return };
        let wanted = number(&deployment, "/spec/replicas");
        let set = workload::replica_set(&deployment, 0, 0, play.at);
        let set_name = text(&set, "/metadata/name").to_owned();
        store.put(set);
        store.update("ReplicaSet", &self.namespace, &set_name, |set| set["spec"]["replicas"] = json!(wanted));
        let words = format!("Scaled up replica set {set_name} from 0 to {wanted}");
        say(&self.stage, &deployment, Said::normal("ScalingReplicaSet", &words), "deployment-controller", play.at);
        let Some(set) = store.get("ReplicaSet", &self.namespace, &set_name) else { return };
        let made: Vec<String> = (0..usize::try_from(wanted).unwrap_or_default())
            .map(|ordinal| pods::create(&self.stage, &deployment, &set, ordinal, play))
            .collect();
        self.recount(play);
        play.later(self.pull, move |play| {
            for name in &made {
                pods::start(&self.stage, &self.namespace, name, 0, play);
            }
            play.later(120, move |play| self.retire(&set_name, play));
        });
    }

    /// The new pods are ready: every older `ReplicaSet` goes down to nothing.
    fn retire(&self, newest: &str, play: &mut Play<'_>) {
        self.recount(play);
        let Some(deployment) = self.stage.store.get("Deployment", &self.namespace, &self.name) else { return };
        for set in self.stage.store.list("ReplicaSet", Some(&self.namespace)) {
            let name = text(&set, "/metadata/name");
            let old = set["metadata"]["ownerReferences"][0]["uid"] == deployment["metadata"]["uid"];
            let count = number(&set, "/spec/replicas");
            if !old || name == newest || count == 0 {
                continue;
            }
            let words = format!("Scaled down replica set {name} from {count} to 0");
            say(&self.stage, &deployment, Said::normal("ScalingReplicaSet", &words), "deployment-controller", play.at);
            self.stage.store.update("ReplicaSet", &self.namespace, name, |set| set["spec"]["replicas"] = json!(0));
            for pod in pods::owned(&self.stage, &set) {
                let deleted = format!("Deleted pod: {}", text(&pod, "/metadata/name"));
                say(&self.stage, &set, Said::normal("SuccessfulDelete", &deleted), "replicaset-controller", play.at);
                pods::stop(&self.stage, &pod, play);
            }
        }
        self.recount(play);
        self.forget(&deployment);
    }

    /// Of the `ReplicaSet`s without pods only the newest few are kept to roll back to.
    fn forget(&self, deployment: &Value) {
        let kept = usize::try_from(number(deployment, "/spec/revisionHistoryLimit")).unwrap_or_default();
        let mut sets = self.stage.store.list("ReplicaSet", Some(&self.namespace));
        sets.retain(|set| {
            set["metadata"]["ownerReferences"][0]["uid"] == deployment["metadata"]["uid"]
                && number(set, "/spec/replicas") == 0
        });
        sets.sort_by(|a, b| text(b, "/metadata/creationTimestamp").cmp(text(a, "/metadata/creationTimestamp")));
        for set in sets.iter().skip(kept) {
            self.stage.store.delete("ReplicaSet", &self.namespace, text(set, "/metadata/name"));
        }
    }

    /// A `StatefulSet`: the pod goes first, its successor has the same name.
    fn replace(self, play: &mut Play<'_>) {
        let Some(set) = self.stage.store.get("StatefulSet", &self.namespace, &self.name) else { return };
        for pod in pods::owned(&self.stage, &set) {
            let name = text(&pod, "/metadata/name");
            let deleted = format!("Delete Pod {name} in StatefulSet {} successful", self.name);
            say(&self.stage, &set, Said::normal("SuccessfulDelete", &deleted), "statefulset-controller", play.at);
            pods::stop(&self.stage, &pod, play);
        }
        self.recount(play);
        play.later(2_300, move |play| {
            let Some(set) = self.stage.store.get("StatefulSet", &self.namespace, &self.name) else { return };
            let wanted = usize::try_from(number(&set, "/spec/replicas")).unwrap_or_default();
            let made: Vec<String> =
                (0..wanted).map(|ordinal| pods::create(&self.stage, &set, &set, ordinal, play)).collect();
            self.recount(play);
            play.later(self.pull.saturating_sub(2_300).max(350), move |play| {
                for name in &made {
                    pods::start(&self.stage, &self.namespace, name, 0, play);
                }
                play.later(120, move |play| self.recount(play));
            });
        });
    }
}
