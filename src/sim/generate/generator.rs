//! Applications one after the other, each from the template of its shape.

use super::words::{ENVIRONMENTS, HISTORY, NAME, Text, Words, hole, row_hole};
use crate::sim::manifest::app::{App, Automated, Release, ResourceRef};
use crate::sim::manifest::application;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;

const RESOURCES: std::ops::RangeInclusive<usize> = 20..=40;
const KINDS: [(&str, &str); 9] = [
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("apps", "Deployment"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("batch", "CronJob"),
    ("networking.k8s.io", "Ingress"),
    ("networking.k8s.io", "NetworkPolicy"),
];

/// What an Application is like when it is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Healthy,
    Degraded,
    OutOfSync,
    Running,
    Progressing,
    Missing,
}

impl State {
    /// Mostly well: 3 in 100 are Degraded, 5 `OutOfSync`, 3 sync, 2 roll, 1 misses its resources.
    fn any(random: &mut fastrand::Rng) -> Self {
        match random.u8(0..100) {
            0..3 => Self::Degraded,
            3..8 => Self::OutOfSync,
            8..11 => Self::Running,
            11..13 => Self::Progressing,
            13 => Self::Missing,
            _ => Self::Healthy,
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
struct Shape {
    state: State,
    /// How many rows `status.resources` has.
    resources: usize,
    automated: bool,
}

/// Makes Applications one after the other, the same ones for the same seed and moment.
pub struct Generator {
    namespace: String,
    now: Timestamp,
    random: fastrand::Rng,
    templates: HashMap<Shape, Template>,
    made: usize,
    total: usize,
}

impl Generator {
    /// `total` Applications in a namespace.
    #[must_use]
    pub fn new(namespace: &str, total: usize, seed: u64, now: Timestamp) -> Self {
        Self {
            namespace: namespace.to_owned(),
            now,
            random: fastrand::Rng::with_seed(seed),
            templates: HashMap::new(),
            made: 0,
            total,
        }
    }
}

/// One generated Application.
pub struct Generated {
    /// Its name.
    pub name: String,
    /// Type and metadata, and of the rest what selectors and printer columns look at.
    pub head: Value,
    /// Everything but type and metadata, as text: `,"spec":…,"status":…}`.
    pub rest: String,
}

impl Generated {
    /// The whole object.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut whole: Value = format!("{{\"\":0{}", self.rest).parse().unwrap_or_default();
        for part in ["apiVersion", "kind", "metadata"] {
            whole[part] = self.head[part].clone();
        }
        if let Some(whole) = whole.as_object_mut() {
            whole.remove("");
        }
        whole
    }
}

impl Iterator for Generator {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        if self.made == self.total {
            return None;
        }
        let index = self.made;
        self.made += 1;
        let random = &mut self.random;
        let shape = Shape {
            state: State::any(random),
            resources: random.usize(RESOURCES),
            automated: index % ENVIRONMENTS.len() != 3,
        };
        let (namespace, now) = (&self.namespace, self.now);
        let template = self.templates.entry(shape).or_insert_with(|| Template::new(shape, namespace, now));
        let words = Words::new(index, now, random);
        // `parse` is not generic: it comes from the crate that is optimised in development builds too
        let head = template.head.fill(&words).parse().ok()?;
        let rest = template.rest.fill(&words);
        let Words(mut words) = words;
        Some(Generated { name: std::mem::take(&mut words[NAME]), head, rest })
    }
}

/// The text of all Applications of a shape, in the two parts a store takes.
struct Template {
    head: Text,
    rest: Text,
}

impl Template {
    fn new(shape: Shape, namespace: &str, now: Timestamp) -> Self {
        let whole = template(shape, namespace, now);
        let mut head = json!({"apiVersion": whole["apiVersion"], "kind": whole["kind"], "metadata": whole["metadata"]});
        for pointer in ["/status/sync", "/status/health", "/spec/project"] {
            let (part, field) = pointer[1..].split_once('/').unwrap_or_default();
            head[part][field] = whole[part][field].clone();
        }
        let mut rest = String::new();
        for (part, value) in whole.as_object().into_iter().flatten() {
            if !matches!(part.as_str(), "apiVersion" | "kind" | "metadata") {
                let _ = write!(rest, ",\"{part}\":{value}");
            }
        }
        rest.push('}');
        Self { head: Text::new(&head.to_string()), rest: Text::new(&rest) }
    }
}

/// An Application of a shape, with holes where Applications differ.
fn template(shape: Shape, namespace: &str, now: Timestamp) -> Value {
    let service = hole("service");
    let image = format!("registry.example.com/{}/{service}", hole("project"));
    let release =
        |at| Release { version: hole("version"), message: String::new(), revision: String::new(), at, by: None };
    let app = App {
        name: hole("name"),
        argocd_namespace: namespace.to_owned(),
        namespace: format!("{}-{}", hole("project"), hole("environment")),
        service: service.clone(),
        environment: hole("environment"),
        team: hole("team"),
        project: hole("project"),
        repository: format!("https://git.example.com/{}/deployments.git", hole("project")),
        path: format!("helm/charts/{service}"),
        values: Some(format!("helm/overlays/{}/{service}.yaml", hole("environment"))),
        target_revision: hole("branch"),
        automated: shape.automated.then_some(Automated { prune: true, self_heal: true }),
        image: image.clone(),
        releases: (0..HISTORY).map(|_| release(now)).collect(),
        head: row_hole("rev", HISTORY - 1),
        resources: vec![resource("apps", "v1", "Deployment", service, 0, vec![format!("{image}:{}", hole("version"))])],
        hooks: Vec::new(),
        created: now,
    };
    let owner = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
        "metadata": {"name": hole("project"), "uid": hole("owner")}});
    let mut object = application::application(&app, &owner, now);
    object["metadata"]["uid"] = json!(hole("uid"));
    object["metadata"]["creationTimestamp"] = json!(hole("created"));
    for (row, entry) in object["status"]["history"].as_array_mut().into_iter().flatten().enumerate() {
        entry["revision"] = json!(row_hole("rev", row));
        entry["deployStartedAt"] = json!(row_hole("sta", row));
        entry["deployedAt"] = json!(row_hole("dep", row));
    }
    let last = HISTORY - 1;
    let state = &mut object["status"]["operationState"];
    state["startedAt"] = json!(row_hole("sta", last));
    state["finishedAt"] = json!(row_hole("dep", last));
    state["operation"]["sync"]["revision"] = json!(row_hole("rev", last));
    state["syncResult"]["revision"] = json!(row_hole("rev", last));
    object["status"]["health"]["lastTransitionTime"] = json!(row_hole("dep", last));
    object["status"]["reconciledAt"] = json!(hole("reconciled"));
    fill_resources(&mut object, &app, shape.resources);
    for entry in object["metadata"]["managedFields"].as_array_mut().into_iter().flatten() {
        entry["time"] = json!(hole("reconciled"));
    }
    set_state(&mut object, &app, shape.state);
    object
}

fn resource(group: &str, version: &str, kind: &str, name: String, wave: i64, images: Vec<String>) -> ResourceRef {
    ResourceRef { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned(), name, wave, images }
}

/// Replaces the few resources of the template with `count` of many kinds, in Argo CD's order.
fn fill_resources(object: &mut Value, app: &App, count: usize) {
    let mut all: Vec<(&str, &str, String, i64)> = (0..count)
        .map(|index| {
            let (group, kind) = KINDS[index % KINDS.len()];
            let round = index / KINDS.len();
            let name = if round == 0 { app.service.clone() } else { format!("{}-{round}", app.service) };
            (group, kind, name, i64::try_from(round).unwrap_or_default())
        })
        .collect();
    all.sort();
    let mut rows = Vec::with_capacity(count);
    let mut results = Vec::with_capacity(count);
    for (group, kind, name, wave) in all {
        let version = if group == "autoscaling" { "v2" } else { "v1" };
        let resource = resource(group, version, kind, name, wave, Vec::new());
        let mut row = json!({"kind": kind, "name": resource.name, "namespace": app.namespace, "status": "Synced",
            "version": version});
        if !group.is_empty() {
            row["group"] = json!(group);
        }
        if wave != 0 {
            row["syncWave"] = json!(wave);
        }
        rows.push(row);
        let verb = if resource.is_workload() { "configured" } else { "unchanged" };
        let mut result = json!({"group": group, "version": version, "kind": kind, "name": resource.name,
            "namespace": app.namespace, "status": "Synced", "syncPhase": "Sync", "hookPhase": "Running",
            "message": format!("{} {verb}", resource.kubectl())});
        if resource.is_workload() {
            result["images"] = json!([app.running_image()]);
        }
        results.push(result);
    }
    object["status"]["resources"] = json!(rows);
    object["status"]["operationState"]["syncResult"]["resources"] = json!(results);
}

fn set_state(object: &mut Value, app: &App, state: State) {
    let blamed = resource("apps", "v1", "Deployment", app.service.clone(), 0, Vec::new());
    let cause = format!("Caused by {}", blamed.cause(&app.namespace));
    let mark_deployment = |object: &mut Value| {
        let rows = object["status"]["resources"].as_array_mut().into_iter().flatten();
        for row in rows.filter(|row| row["kind"] == "Deployment" && row["name"] == app.service.as_str()) {
            row["status"] = json!("OutOfSync");
        }
        object["status"]["sync"]["status"] = json!("OutOfSync");
    };
    match state {
        State::Healthy => {}
        State::Degraded | State::Progressing => {
            object["status"]["health"]["status"] =
                json!(if state == State::Degraded { "Degraded" } else { "Progressing" });
            object["status"]["health"]["message"] = json!(cause);
        }
        State::OutOfSync => mark_deployment(object),
        State::Missing => {
            object["status"]["health"]["status"] = json!("Missing");
            for row in object["status"]["resources"].as_array_mut().into_iter().flatten() {
                row["status"] = json!("OutOfSync");
            }
            object["status"]["sync"]["status"] = json!("OutOfSync");
        }
        State::Running => {
            mark_deployment(object);
            object["operation"] = object["status"]["operationState"]["operation"].clone();
            let running = &mut object["status"]["operationState"];
            running["phase"] = json!("Running");
            running["message"] =
                json!(format!("waiting for healthy state of {}", format_args!("apps/Deployment/{}", app.service)));
            running["startedAt"] = json!(hole("reconciled"));
            if let Some(running) = running.as_object_mut() {
                running.remove("finishedAt");
            }
            object["status"]["health"]["status"] = json!("Progressing");
            object["status"]["health"]["message"] = json!(cause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn some(total: usize, seed: u64) -> Vec<Value> {
        Generator::new("argocd", total, seed, Timestamp::from_second(1_800_000_000).unwrap())
            .map(|app| app.to_value())
            .collect()
    }

    #[test]
    fn a_seed_gives_the_same_applications() {
        assert_eq!(some(50, 7), some(50, 7));
        assert_ne!(some(50, 7), some(50, 8));
    }

    #[test]
    fn they_are_unique_and_as_large_as_real_ones() {
        let apps = some(2_000, 1);
        let names: HashSet<&str> = apps.iter().filter_map(|app| app["metadata"]["name"].as_str()).collect();
        assert_eq!(names.len(), 2_000);
        let size = apps.iter().map(|app| app.to_string().len()).sum::<usize>() / apps.len();
        assert!((17_000..23_000).contains(&size), "{size} bytes on average");
        assert!(apps.iter().all(|app| !app.to_string().contains("\\u0001")), "a hole was left");
        let count = |pointer: &str, word: &str| {
            apps.iter().filter(|app| app.pointer(pointer).is_some_and(|value| value == word)).count()
        };
        assert!((30..100).contains(&count("/status/health/status", "Degraded")));
        assert!(count("/status/health/status", "Healthy") > 1_700);
        assert!((100..300).contains(&count("/status/sync/status", "OutOfSync")));
        for app in &apps {
            let resources = app["status"]["resources"].as_array().unwrap().len();
            assert!(RESOURCES.contains(&resources));
            assert_eq!(app["status"]["history"].as_array().unwrap().len(), HISTORY);
        }
    }
}
