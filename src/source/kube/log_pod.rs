//! What reading logs needs to know of a pod: which containers it has, and which run of each is the present one.

use serde::Deserialize;

use super::fault::{Fault, Kind};
use super::reach::{Reach, Unread};
use super::request::{self, Ask, escape};
use crate::domain::LogEnd;
use crate::domain::text::clean;

/// The largest list of pods that is read, in bytes.
const LIST: usize = 64 << 20;

/// A pod, as far as its logs are concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPod {
    /// Its name.
    pub name: String,
    /// Tells it from another pod of the same name.
    pub uid: String,
    /// Label `app.kubernetes.io/instance`.
    pub instance: Option<String>,
    /// Kind and name of its controller.
    pub owner: Option<(String, String)>,
    /// Its containers, init containers first, in the order of the spec.
    pub containers: Vec<String>,
}

/// The pods of a namespace, in the order of their names.
///
/// # Errors
/// When the cluster cannot be reached or does not let us.
pub async fn pods(reach: &Reach, namespace: &str) -> Result<Vec<LogPod>, Unread> {
    let line = reach.line().await?;
    let read = async {
        let ask = Ask::of(format!("/api/v1/namespaces/{}/pods", escape(namespace)));
        let body = request::get(&line.client, ask, &*reach.clock).await?;
        let bytes = request::collect(body, LIST, &*reach.clock).await?;
        parse::<List>(&bytes)
    };
    match read.await {
        Ok(list) => Ok(list.items.into_iter().map(Into::into).collect()),
        Err(fault) => {
            if fault.code.is_none() || fault.kind == Kind::Auth {
                reach.forget(&line, &fault).await;
            }
            Err(fault.into())
        }
    }
}

/// What one container of a pod does.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub uid: String,
    pub restart: u32,
    /// How it ended; none while it runs or is not yet there.
    pub end: Option<LogEnd>,
    /// It will not be started again.
    pub is_final: bool,
}

/// What a container of a pod does now; none when the pod has no status of it yet.
pub(super) fn run(pod: &[u8], container: &str) -> Result<Option<Run>, Fault> {
    let pod: Pod = parse(pod)?;
    let init = pod.status.init_container_statuses.iter().any(|status| status.name == container);
    let mut statuses = pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses);
    let Some(status) = statuses.find(|status| status.name == container) else { return Ok(None) };
    let terminated = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref());
    let end = terminated
        .filter(|_| status.state.running.is_none())
        .map(|terminated| LogEnd { exit_code: Some(terminated.exit_code), reason: clean(&terminated.reason).into() });
    let over = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
    let succeeded = end.as_ref().is_some_and(|end| end.exit_code == Some(0));
    let stays = match pod.spec.restart_policy.as_str() {
        "Never" => true,
        "OnFailure" => succeeded,
        _ => init && succeeded,
    };
    let is_final = end.is_some() && (over || stays);
    Ok(Some(Run { uid: pod.metadata.uid, restart: status.restart_count, end, is_final }))
}

fn parse<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, Fault> {
    serde_json::from_slice(json).map_err(|error| Fault::new(Kind::Down, format!("a pod came garbled: {error}")))
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<Pod>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pod {
    metadata: Metadata,
    spec: Spec,
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    name: String,
    uid: String,
    labels: std::collections::HashMap<String, String>,
    owner_references: Vec<Owner>,
}

#[derive(Deserialize)]
struct Owner {
    kind: String,
    name: String,
    #[serde(default)]
    controller: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    init_containers: Vec<Named>,
    containers: Vec<Named>,
    restart_policy: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    phase: String,
    init_container_statuses: Vec<Container>,
    container_statuses: Vec<Container>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Container {
    name: String,
    restart_count: u32,
    state: State,
    last_state: State,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct State {
    running: Option<serde::de::IgnoredAny>,
    terminated: Option<Terminated>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Terminated {
    exit_code: i32,
    reason: String,
}

impl From<Pod> for LogPod {
    fn from(pod: Pod) -> Self {
        let Metadata { name, uid, mut labels, owner_references } = pod.metadata;
        let owner = owner_references.into_iter().find(|owner| owner.controller);
        Self {
            name,
            uid,
            instance: labels.remove("app.kubernetes.io/instance"),
            owner: owner.map(|owner| (owner.kind, owner.name)),
            containers: pod.spec.init_containers.into_iter().chain(pod.spec.containers).map(|c| c.name).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_present_run_is_the_one_the_status_names() {
        let pod = |policy: &str, phase: &str, status: &str| {
            format!(
                r#"{{"metadata":{{"uid":"u"}},"spec":{{"restartPolicy":"{policy}"}},"status":{{"phase":"{phase}","containerStatuses":[{status}]}}}}"#
            )
        };
        let dead = r#"{"name":"c","restartCount":2,"state":{"terminated":{"exitCode":1,"reason":"Error"}}}"#;
        let found = run(pod("Always", "Running", dead).as_bytes(), "c").unwrap().unwrap();
        assert_eq!((found.restart, found.end.unwrap().exit_code, found.is_final), (2, Some(1), false));
        let found = run(pod("Never", "Running", dead).as_bytes(), "c").unwrap().unwrap();
        assert!(found.is_final);
        let living =
            r#"{"name":"c","restartCount":3,"state":{"running":{}},"lastState":{"terminated":{"exitCode":1}}}"#;
        let found = run(pod("Always", "Running", living).as_bytes(), "c").unwrap().unwrap();
        assert_eq!((found.restart, found.end, found.is_final), (3, None, false));
        assert_eq!(run(b"{}", "c").unwrap(), None);
    }
}
