//! Pods: readiness, the one word for their state, restarts.

use serde_json::Value;

use super::Cell;
use super::read::{holds, items, moment, number, or_none, text};
use super::table::{AGE, NAME, Printer, age, column, name, wide};

pub(super) static POD: Printer = Printer {
    columns: &[
        NAME,
        column("Ready", "Containers that are ready, of all."),
        column("Status", "The phase, or the reason why the pod is not running."),
        column("Restarts", "How often the containers of this pod were restarted, and when last."),
        AGE,
        wide("IP", "Address of the pod."),
        wide("Node", "Node the pod runs on."),
        wide("Nominated Node", "Node that is being made free for the pod."),
        wide("Readiness Gates", "Further conditions the pod waits for."),
    ],
    cells,
};

fn cells(pod: &Value) -> Vec<Cell> {
    let containers = items(pod, "/status/containerStatuses");
    let ready = containers.iter().filter(|c| c["ready"] == true && !c["state"]["running"].is_null()).count();
    let gates = items(pod, "/spec/readinessGates");
    let met = gates.iter().filter(|g| holds(pod, text(g, "/conditionType"))).count();
    let gates = if gates.is_empty() { "<none>".to_owned() } else { format!("{met}/{}", gates.len()) };
    vec![
        name(pod),
        Cell::text(format!("{ready}/{}", items(pod, "/spec/containers").len())),
        Cell::text(status(pod)),
        restarts(pod),
        age(pod),
        Cell::text(or_none(text(pod, "/status/podIP"))),
        Cell::text(or_none(text(pod, "/spec/nodeName"))),
        Cell::text(or_none(text(pod, "/status/nominatedNodeName"))),
        Cell::text(gates),
    ]
}

/// Restarts of the containers; while init containers still run, theirs.
fn restarts(pod: &Value) -> Cell {
    let init = items(pod, "/status/initContainerStatuses");
    let initializing = init.iter().any(|c| !is_done(c));
    let statuses = if initializing { init } else { items(pod, "/status/containerStatuses") };
    let last = statuses.iter().filter_map(|c| moment(c, "/lastState/terminated/finishedAt")).max();
    Cell::Restarts(statuses.iter().map(|c| number(c, "/restartCount")).sum(), last)
}

fn is_done(init: &Value) -> bool {
    init.pointer("/state/terminated/exitCode").and_then(Value::as_i64) == Some(0) || init["started"] == true
}

/// The word kubectl shows: deletion, else the most telling reason of any container, else the phase.
fn status(pod: &Value) -> String {
    let (phase, why) = (text(pod, "/status/phase"), text(pod, "/status/reason"));
    if !pod["metadata"]["deletionTimestamp"].is_null() {
        if why == "NodeLost" {
            return "Unknown".to_owned();
        }
        if !matches!(phase, "Succeeded" | "Failed") {
            return "Terminating".to_owned();
        }
    }
    let word = if why.is_empty() { phase } else { why };
    initializing(pod).or_else(|| running(pod)).unwrap_or_else(|| word.to_owned())
}

/// The state of the first init container that is not done.
fn initializing(pod: &Value) -> Option<String> {
    let containers = items(pod, "/status/initContainerStatuses");
    let at = containers.iter().position(|c| !is_done(c))?;
    let word = reason(&containers[at], "terminated")
        .or_else(|| reason(&containers[at], "waiting").filter(|word| word != "PodInitializing"))
        .unwrap_or_else(|| format!("{at}/{}", items(pod, "/spec/initContainers").len()));
    Some(format!("Init:{word}"))
}

/// The reason of the first container that has one.
fn running(pod: &Value) -> Option<String> {
    let containers = items(pod, "/status/containerStatuses");
    let word = containers.iter().find_map(|c| reason(c, "waiting").or_else(|| reason(c, "terminated")))?;
    let some_run = containers.iter().any(|c| c["ready"] == true && !c["state"]["running"].is_null());
    Some(match word.as_str() {
        "Completed" if some_run && holds(pod, "Ready") => "Running".to_owned(),
        "Completed" if some_run => "NotReady".to_owned(),
        _ => word,
    })
}

/// Why a container is in this state; a termination without a reason is told by signal or exit code.
fn reason(container: &Value, state: &str) -> Option<String> {
    let state_of = container.pointer(&format!("/state/{state}")).filter(|s| !s.is_null())?;
    match text(state_of, "/reason") {
        "" if state == "terminated" && number(state_of, "/signal") != 0 => {
            Some(format!("Signal:{}", number(state_of, "/signal")))
        }
        "" if state == "terminated" && number(state_of, "/exitCode") != 0 => {
            Some(format!("ExitCode:{}", number(state_of, "/exitCode")))
        }
        "" => None,
        reason => Some(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(pod: &Value) -> (String, String) {
        let render = |c: &Cell| c.render(1_000).as_str().unwrap().to_owned();
        let cells = cells(pod);
        (render(&cells[2]), render(&cells[3]))
    }

    #[test]
    fn a_pod_shows_the_reason_of_its_container() {
        let crashing = json!({"spec": {"containers": [{}]}, "status": {"phase": "Running", "containerStatuses": [{
            "restartCount": 6, "ready": false,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"finishedAt": "1970-01-01T00:16:17Z"}},
        }]}});
        assert_eq!(shown(&crashing), ("CrashLoopBackOff".to_owned(), "6 (23s ago)".to_owned()));
        let killed = json!({"status": {"phase": "Running", "containerStatuses": [{"state": {"terminated": {"exitCode": 137}}}]}});
        assert_eq!(shown(&killed).0, "ExitCode:137");
        let done = json!({"status": {"phase": "Succeeded", "containerStatuses": [{"state": {"terminated": {"reason": "Completed"}}}]}});
        assert_eq!(shown(&done).0, "Completed");
    }

    #[test]
    fn a_pod_that_is_deleted_or_initializing_says_so() {
        let going = json!({"metadata": {"deletionTimestamp": "1970-01-01T00:00:00Z"}, "status": {"phase": "Running"}});
        assert_eq!(shown(&going).0, "Terminating");
        let init = json!({
            "spec": {"initContainers": [{}, {}]},
            "status": {"phase": "Pending", "initContainerStatuses": [{"state": {"terminated": {"exitCode": 0}}}, {"state": {"running": {}}}]},
        });
        assert_eq!(shown(&init), ("Init:1/2".to_owned(), "0".to_owned()));
    }
}
