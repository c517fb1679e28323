//! What makes pods: deployments, sets, jobs, and the autoscaler.

use serde_json::Value;

use super::Cell;
use super::human;
use super::read::{holds, items, joined, moment, number, or_none, pairs, text};
use super::table::{AGE, Column, NAME, Printer, age, column, count, name, wide};

const CONTAINERS: Column = wide("Containers", "Names of the containers in the template.");
const IMAGES: Column = wide("Images", "Images of the containers in the template.");
const SELECTOR: Column = wide("Selector", "Which pods belong to it.");

pub(super) static DEPLOYMENT: Printer = Printer {
    columns: &[
        NAME,
        column("Ready", "Pods that are ready, of those wanted."),
        column("Up-to-date", "Pods made from the newest template."),
        column("Available", "Pods that have been ready for long enough."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: |o| {
        let mut cells = vec![
            name(o),
            ready(o),
            Cell::Number(number(o, "/status/updatedReplicas")),
            Cell::Number(number(o, "/status/availableReplicas")),
            age(o),
        ];
        cells.extend(template(o, "/spec/template"));
        cells.push(selector(o));
        cells
    },
};

pub(super) static REPLICA_SET: Printer = Printer {
    columns: &[
        NAME,
        count("Desired", "Pods wanted."),
        count("Current", "Pods there are."),
        count("Ready", "Pods that are ready."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: |o| {
        let mut cells = vec![
            name(o),
            Cell::Number(wanted(o)),
            Cell::Number(number(o, "/status/replicas")),
            Cell::Number(number(o, "/status/readyReplicas")),
            age(o),
        ];
        cells.extend(template(o, "/spec/template"));
        cells.push(selector(o));
        cells
    },
};

pub(super) static STATEFUL_SET: Printer = Printer {
    columns: &[NAME, column("Ready", "Pods that are ready, of those wanted."), AGE, CONTAINERS, IMAGES],
    cells: |o| {
        let mut cells = vec![name(o), ready(o), age(o)];
        cells.extend(template(o, "/spec/template"));
        cells
    },
};

pub(super) static CONTROLLER_REVISION: Printer = Printer {
    columns: &[
        NAME,
        column("Controller", "Whose template it keeps."),
        count("Revision", "The number of the template."),
        AGE,
    ],
    cells: |o| {
        let owner = &o["metadata"]["ownerReferences"][0];
        let (kind, of) = (text(owner, "/kind").to_lowercase(), text(owner, "/name"));
        let group = text(owner, "/apiVersion").split('/').next().unwrap_or_default();
        let controller = if of.is_empty() { "<none>".to_owned() } else { format!("{kind}.{group}/{of}") };
        vec![name(o), Cell::text(controller), Cell::Number(number(o, "/revision")), age(o)]
    },
};

pub(super) static DAEMON_SET: Printer = Printer {
    columns: &[
        NAME,
        count("Desired", "Nodes that should run a pod."),
        count("Current", "Nodes that run one."),
        count("Ready", "Nodes whose pod is ready."),
        count("Up-to-date", "Nodes whose pod is made from the newest template."),
        count("Available", "Nodes whose pod has been ready for long enough."),
        column("Node Selector", "Which nodes are meant."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: |o| {
        let mut cells = vec![name(o)];
        for field in [
            "desiredNumberScheduled",
            "currentNumberScheduled",
            "numberReady",
            "updatedNumberScheduled",
            "numberAvailable",
        ] {
            cells.push(Cell::Number(number(o, &format!("/status/{field}"))));
        }
        cells.push(Cell::text(pairs(o, "/spec/template/spec/nodeSelector")));
        cells.push(age(o));
        cells.extend(template(o, "/spec/template"));
        cells.push(selector(o));
        cells
    },
};

pub(super) static JOB: Printer = Printer {
    columns: &[
        NAME,
        column("Status", "How far it got."),
        column("Completions", "Pods that succeeded, of those wanted."),
        column("Duration", "How long it took, or has been running."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: |o| {
        let mut cells = vec![name(o), Cell::text(job_status(o)), completions(o), duration(o), age(o)];
        cells.extend(template(o, "/spec/template"));
        cells.push(selector(o));
        cells
    },
};

pub(super) static CRON_JOB: Printer = Printer {
    columns: &[
        NAME,
        column("Schedule", "When it runs, in cron's words."),
        column("Timezone", "Time zone of the schedule."),
        column("Suspend", "Whether it is held."),
        count("Active", "Jobs that run now."),
        column("Last Schedule", "Time since it ran last."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: |o| {
        let suspended = o.pointer("/spec/suspend").and_then(Value::as_bool).unwrap_or_default();
        let last = moment(o, "/status/lastScheduleTime");
        let mut cells = vec![
            name(o),
            Cell::text(text(o, "/spec/schedule")),
            Cell::text(or_none(text(o, "/spec/timeZone"))),
            Cell::text(if suspended { "True" } else { "False" }),
            Cell::count(items(o, "/status/active").len()),
            if last.is_some() { Cell::Since(last) } else { Cell::text("<none>") },
            age(o),
        ];
        cells.extend(template(o, "/spec/jobTemplate/spec/template"));
        cells.push(Cell::text(pairs(o, "/spec/jobTemplate/spec/selector/matchLabels")));
        cells
    },
};

pub(super) static BUDGET: Printer = Printer {
    columns: &[
        NAME,
        column("Min Available", "Fewest pods that must stay."),
        column("Max Unavailable", "Most pods that may be missing."),
        count("Allowed Disruptions", "Pods that may be evicted now."),
        AGE,
    ],
    cells: |o| {
        let bound = |field: &str| match &o["spec"][field] {
            Value::String(share) => Cell::text(share.as_str()),
            Value::Null => Cell::text("N/A"),
            number => Cell::text(number.to_string()),
        };
        let allowed = usize::try_from(number(o, "/status/disruptionsAllowed")).unwrap_or_default();
        vec![name(o), bound("minAvailable"), bound("maxUnavailable"), Cell::count(allowed), age(o)]
    },
};

pub(super) static AUTOSCALER: Printer = Printer {
    columns: &[
        NAME,
        column("Reference", "What is scaled."),
        column("Targets", "Current and wanted values of the metrics."),
        column("MinPods", "Fewest pods."),
        column("MaxPods", "Most pods."),
        column("Replicas", "Pods there are."),
        AGE,
    ],
    cells: |o| {
        let target = format!("{}/{}", text(o, "/spec/scaleTargetRef/kind"), text(o, "/spec/scaleTargetRef/name"));
        let least = o.pointer("/spec/minReplicas").and_then(Value::as_i64);
        vec![
            name(o),
            Cell::text(target),
            Cell::text(metrics(o)),
            Cell::text(least.map_or_else(|| "<unset>".to_owned(), |n| n.to_string())),
            Cell::Number(number(o, "/spec/maxReplicas")),
            Cell::Number(number(o, "/status/currentReplicas")),
            age(o),
        ]
    },
};

/// Replicas wanted; one when nothing is said.
fn wanted(object: &Value) -> i64 {
    object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1)
}

fn ready(object: &Value) -> Cell {
    Cell::text(format!("{}/{}", number(object, "/status/readyReplicas"), wanted(object)))
}

fn template(object: &Value, pointer: &str) -> [Cell; 2] {
    let containers = format!("{pointer}/spec/containers");
    [Cell::text(joined(object, &containers, "/name")), Cell::text(joined(object, &containers, "/image"))]
}

fn selector(object: &Value) -> Cell {
    Cell::text(pairs(object, "/spec/selector/matchLabels"))
}

fn job_status(job: &Value) -> &'static str {
    match () {
        () if holds(job, "Complete") => "Complete",
        () if holds(job, "Failed") => "Failed",
        () if !job["metadata"]["deletionTimestamp"].is_null() => "Terminating",
        () if holds(job, "Suspended") => "Suspended",
        () if holds(job, "FailureTarget") => "FailureTarget",
        () if holds(job, "SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

fn completions(job: &Value) -> Cell {
    let done = number(job, "/status/succeeded");
    let wanted = job.pointer("/spec/completions").and_then(Value::as_i64);
    let parallel = job.pointer("/spec/parallelism").and_then(Value::as_i64).unwrap_or(1);
    Cell::text(match wanted {
        Some(wanted) => format!("{done}/{wanted}"),
        None if parallel > 1 => format!("{done}/1 of {parallel}"),
        None => format!("{done}/1"),
    })
}

fn duration(job: &Value) -> Cell {
    match (moment(job, "/status/startTime"), moment(job, "/status/completionTime")) {
        (None, _) => Cell::text(""),
        (Some(start), Some(end)) => Cell::text(human(end - start)),
        (start, None) => Cell::Since(start),
    }
}

/// `cpu: 40%/80%` for each resource metric.
fn metrics(autoscaler: &Value) -> String {
    let current = items(autoscaler, "/status/currentMetrics");
    let one = |spec: &Value| {
        let name = text(spec, "/resource/name");
        let now = current
            .iter()
            .find(|c| text(c, "/resource/name") == name)
            .and_then(|c| c.pointer("/resource/current/averageUtilization")?.as_i64())
            .map_or_else(|| "<unknown>".to_owned(), |n| format!("{n}%"));
        format!("{name}: {now}/{}%", number(spec, "/resource/target/averageUtilization"))
    };
    let all: Vec<String> = items(autoscaler, "/spec/metrics").iter().map(one).collect();
    or_none(&all.join(", ")).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_tells_how_long_it_took_or_runs() {
        let mut job = json!({"status": {"startTime": "1970-01-01T00:00:10Z"}});
        assert_eq!(duration(&job).render(25), "15s");
        job["status"]["completionTime"] = "1970-01-01T00:00:14Z".into();
        assert_eq!(duration(&job).render(25), "4s");
        job["status"]["conditions"] = json!([{"type": "Failed", "status": "True"}]);
        assert_eq!(job_status(&job), "Failed");
    }

    #[test]
    fn a_deployment_shows_ready_of_wanted() {
        let shown: Vec<Value> = (DEPLOYMENT.cells)(&json!({
            "metadata": {"name": "web"},
            "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}},
                "template": {"spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:2"}]}}},
            "status": {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 2},
        }))
        .iter()
        .map(|c| c.render(0))
        .collect();
        assert_eq!(json!(shown), json!(["web", "2/3", 3, 2, "<unknown>", "a,b", "x:1,y:2", "app=web"]));
    }
}
