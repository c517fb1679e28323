//! What Predator12's services say of themselves, and what the kubelets and kube-state-metrics say of their pods.

use crate::sim::manifest::meta::{hex, number, text};
use crate::sim::populate::Stage;
use crate::sim::prometheus::series::{Labels, Shelf, labels};
use crate::sim::time::plus;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// Upper bounds of the request histogram, in seconds.
const BOUNDS: [f64; 8] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// A pod that restarted has trouble for so long.
const SHAKEN: Duration = Duration::from_mins(2);
/// Requests a ready pod takes in a second.
const REQUESTS: f64 = 6.0;
/// Tasks that come in a second.
const TASKS: f64 = 2.0;
/// Tasks that one worker can do in a second.
const WORKER: f64 = 3.0;
/// Tasks that fail, and requests that do, when all is well.
const USUAL: f64 = 0.002;

/// Scrapes pods and what runs in them.
#[derive(Debug, Default)]
pub struct Scraper {
    last: Option<Timestamp>,
    counters: HashMap<Labels, f64>,
    /// Seconds of processor time, by the pod's uid and the container.
    seconds: HashMap<(String, String), f64>,
    queues: BTreeMap<String, f64>,
    /// Restarts by the pod's uid, and when they last became more.
    restarts: HashMap<String, (i64, Timestamp)>,
}

/// The pods of a workload.
#[derive(Debug, Default)]
struct Group {
    all: u32,
    ready: u32,
    /// Those that restarted a short while ago.
    shaken: u32,
    ports: HashSet<String>,
}

impl Group {
    /// How much of it works, 0 to 1.
    fn well(&self) -> f64 {
        let working = f64::from(self.ready) - 0.8 * f64::from(self.shaken.min(self.ready));
        if self.all == 0 { 0.0 } else { (working / f64::from(self.all)).clamp(0.0, 1.0) }
    }
}

impl Scraper {
    /// Looks at every pod.
    pub fn scrape(&mut self, stage: &Stage, shelf: &Shelf, at: Timestamp) {
        let since = self.last.replace(at).map_or(0.0, |last| at.duration_since(last).as_secs_f64());
        let mut gauge = |labels: Labels, value: f64| shelf.gauge(labels, value, at);
        let mut groups: BTreeMap<(String, String), Group> = BTreeMap::new();
        let mut uids = HashSet::new();
        for pod in stage.store.values("Pod", None) {
            let name = text(&pod, "/metadata/labels/app.kubernetes.io~1name");
            if name.is_empty() {
                continue;
            }
            uids.insert(text(&pod, "/metadata/uid").to_owned());
            let shaken = self.pod(&pod, since, at, &mut gauge);
            let group = groups.entry((text(&pod, "/metadata/namespace").to_owned(), name.to_owned())).or_default();
            group.all += 1;
            group.ready += u32::from(is_ready(&pod));
            group.shaken += u32::from(shaken);
            let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
            let ports = containers.flat_map(|one| one["ports"].as_array().into_iter().flatten());
            group.ports.extend(ports.map(|port| text(port, "/name").to_owned()));
        }
        self.restarts.retain(|uid, _| uids.contains(uid));
        self.seconds.retain(|(uid, _), _| uids.contains(uid));
        for kind in ["Deployment", "StatefulSet"] {
            for object in stage.store.values(kind, None) {
                replicas(kind, &object, &mut gauge);
            }
        }
        for ((namespace, service), group) in &groups {
            let wave = wave(&format!("{namespace}/{service}"), at);
            let of = [("namespace", namespace.as_str()), ("service", service.as_str()), ("job", service.as_str())];
            gauge(labels("up", &of), if group.ready > 0 { 1.0 } else { 0.0 });
            if group.ports.contains("http") && matches!(service.as_str(), "backend" | "frontend") {
                self.requests(&of, group, since * wave);
            }
            if service == "celery" {
                let queue = self.tasks(namespace, &of, group, since * wave);
                gauge(labels("predator_celery_queue_length", &[&of[..], &[("queue", "default")]].concat()), queue);
                gauge(labels("predator_celery_workers", &of), f64::from(group.ready));
            }
            if service == "postgres" {
                let clients = groups.iter().filter(|((other, name), _)| other == namespace && name != "postgres");
                let open: f64 = clients.map(|(_, group)| 2.0 * f64::from(group.ready)).sum();
                gauge(labels("predator_db_connections", &of), if group.ready > 0 { open } else { 0.0 });
            }
        }
        for (labels, value) in &self.counters {
            shelf.set(labels, *value, at);
        }
        shelf.close(at);
    }

    /// Restarts, memory and processor of a pod's containers; whether one restarted a short while ago.
    fn pod(&mut self, pod: &Value, since: f64, at: Timestamp, gauge: &mut impl FnMut(Labels, f64)) -> bool {
        let (namespace, name) = (text(pod, "/metadata/namespace"), text(pod, "/metadata/name"));
        let uid = text(pod, "/metadata/uid");
        let mut total = 0;
        for status in pod["status"]["containerStatuses"].as_array().into_iter().flatten() {
            let of = [("namespace", namespace), ("pod", name), ("container", text(status, "/name"))];
            let with = |metric: &str, job: &'static str| labels(metric, &[&of[..], &[("job", job)]].concat());
            total += number(status, "/restartCount");
            let restarts = number(status, "/restartCount") as f64;
            gauge(with("kube_pod_container_status_restarts_total", "kube-state-metrics"), restarts);
            let runs = status["state"]["running"].is_object();
            let wave = wave(name, at);
            let memory = if runs { 96.0 * f64::from(1 << 20) * wave } else { 0.0 };
            gauge(with("container_memory_working_set_bytes", "kubelet"), memory.round());
            let seconds = self.seconds.entry((uid.to_owned(), text(status, "/name").to_owned())).or_default();
            *seconds += if runs { 0.08 * wave * since } else { 0.0 };
            gauge(with("container_cpu_usage_seconds_total", "kubelet"), *seconds);
        }
        let never = at - jiff::SignedDuration::from_hours(1);
        let known = self.restarts.entry(uid.to_owned()).or_insert((total, never));
        if total > known.0 {
            *known = (total, at);
        }
        plus(known.1, SHAKEN) > at
    }

    /// Requests that came in `seconds`, and how they went.
    fn requests(&mut self, of: &[(&str, &str)], group: &Group, seconds: f64) {
        let (well, pods) = (group.well(), f64::from(group.all.max(1)));
        let all = REQUESTS * pods * seconds;
        let failed = (USUAL + 0.6 * (1.0 - well)).min(1.0);
        for (method, share) in [("GET", 0.8), ("POST", 0.2)] {
            for (status, part) in [("200", 1.0 - failed), ("500", failed * 0.4), ("503", failed * 0.6)] {
                let labels =
                    labels("predator_requests_total", &[of, &[("method", method), ("status", status)]].concat());
                *self.counters.entry(labels).or_default() += all * share * part;
            }
        }
        // the fewer are left, the longer they take
        let usual = 0.035 + 0.4 * (1.0 - well);
        for bound in BOUNDS.into_iter().map(Some).chain([None]) {
            let le = bound.map_or("+Inf".to_owned(), |bound| bound.to_string());
            let within = bound.map_or(1.0, |bound| 1.0 - (-bound / usual).exp());
            let labels = labels("predator_request_duration_seconds_bucket", &[of, &[("le", &le)]].concat());
            *self.counters.entry(labels).or_default() += all * within;
        }
        *self.counters.entry(labels("predator_request_duration_seconds_sum", of)).or_default() += all * usual;
        *self.counters.entry(labels("predator_request_duration_seconds_count", of)).or_default() += all;
    }

    /// Tasks that were done in `seconds`; how many wait.
    fn tasks(&mut self, namespace: &str, of: &[(&str, &str)], group: &Group, seconds: f64) -> f64 {
        let well = group.well();
        let waiting = self.queues.entry(namespace.to_owned()).or_default();
        let came = TASKS * seconds;
        let done = (*waiting + came).min(WORKER * f64::from(group.ready) * well * seconds);
        *waiting = (*waiting + came - done).max(0.0);
        let queue = waiting.round();
        let failed = (USUAL + 0.5 * (1.0 - well)).min(1.0);
        for (state, part) in [("success", 1.0 - failed), ("failure", failed)] {
            let labels = labels("predator_celery_tasks_total", &[of, &[("state", state)]].concat());
            // a worker that dies takes what it was at with it
            let tried = done.max(came * 0.2);
            *self.counters.entry(labels).or_default() += tried * part;
        }
        queue
    }
}

fn replicas(kind: &str, object: &Value, gauge: &mut impl FnMut(Labels, f64)) {
    let word = if kind == "Deployment" { "deployment" } else { "statefulset" };
    let (namespace, name) = (text(object, "/metadata/namespace"), text(object, "/metadata/name"));
    let of = [("job", "kube-state-metrics"), ("namespace", namespace), (word, name)];
    let ready = if kind == "Deployment" { "availableReplicas" } else { "readyReplicas" };
    let metric = if kind == "Deployment" { "status_replicas_available" } else { "status_replicas_ready" };
    gauge(labels(&format!("kube_{word}_{metric}"), &of), number(&object["status"], &format!("/{ready}")) as f64);
    let wanted = object["spec"]["replicas"].as_i64().unwrap_or(1) as f64;
    let metric = if kind == "Deployment" { "spec_replicas" } else { "replicas" };
    gauge(labels(&format!("kube_{word}_{metric}"), &of), wanted);
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
}

/// The day's ups and downs, around 1 and different for each.
fn wave(of: &str, at: Timestamp) -> f64 {
    let start = f64::from(u16::from_str_radix(&hex(of, 4), 16).unwrap_or_default());
    let seconds = at.as_second() as f64 + start;
    1.0 + 0.15 * (seconds / 97.0).sin() + 0.08 * (seconds / 23.0).sin()
}
