//! What following a log needs to know of its pod: which run of the container is the present one, and how it ended.

use serde::Deserialize;

use super::fault::{Fault, Kind};
use crate::domain::LogEnd;
use crate::domain::text::clean;

/// What one container of a pod does.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub uid: String,
    pub restart: u32,
    /// How it ended; none while it runs or is not yet there.
    pub end: Option<LogEnd>,
}

/// What a container of a pod does now; none when the pod has no status of it yet.
pub(super) fn run(pod: &[u8], container: &str) -> Result<Option<Run>, Fault> {
    let pod: Pod = parse(pod)?;
    let init = pod.status.init_container_statuses.iter().any(|status| status.name == container);
    let mut statuses = pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses);
    let Some(status) = statuses.find(|status| status.name == container) else { return Ok(None) };
    let terminated = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref());
    let end = terminated.filter(|_| status.state.running.is_none()).map(|terminated| {
        let over = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
        let succeeded = terminated.exit_code == 0;
        let stays = match pod.spec.restart_policy.as_str() {
            "Never" => true,
            "OnFailure" => succeeded,
            _ => init && succeeded,
        };
        LogEnd {
            exit_code: Some(terminated.exit_code),
            reason: clean(&terminated.reason).into(),
            at: terminated.finished_at.as_deref().and_then(|at| at.parse().ok()),
            is_final: over || stays,
        }
    });
    Ok(Some(Run { uid: pod.metadata.uid, restart: status.restart_count, end }))
}

fn parse<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, Fault> {
    serde_json::from_slice(json).map_err(|error| Fault::new(Kind::Down, format!("a pod came garbled: {error}")))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pod {
    metadata: Metadata,
    spec: Spec,
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    uid: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    restart_policy: String,
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
    finished_at: Option<String>,
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
        let dead = r#"{"name":"c","restartCount":2,"state":{"terminated":{"exitCode":1,"reason":"Error","finishedAt":"2026-11-23T06:35:38Z"}}}"#;
        let found = run(pod("Always", "Running", dead).as_bytes(), "c").unwrap().unwrap();
        let end = found.end.unwrap();
        assert_eq!((found.restart, end.exit_code, end.is_final), (2, Some(1), false));
        assert_eq!(end.at, "2026-11-23T06:35:38Z".parse().ok());
        let found = run(pod("Never", "Running", dead).as_bytes(), "c").unwrap().unwrap();
        assert!(found.end.unwrap().is_final);
        let living =
            r#"{"name":"c","restartCount":3,"state":{"running":{}},"lastState":{"terminated":{"exitCode":1}}}"#;
        let found = run(pod("Always", "Running", living).as_bytes(), "c").unwrap().unwrap();
        assert_eq!((found.restart, found.end), (3, None));
        assert_eq!(run(b"{}", "c").unwrap(), None);
    }
}
