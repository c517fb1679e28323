//! Looks at a debugger's place: which workload, which port, which pod, and what attaching there would do. Reads, and runs
//! one command in the pod where that is asked for; dials nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use super::forwards::{OpenError, Place};
use super::probe::probe;
use crate::debug::{
    Card, DebugPort, Facts, Finding, Kind, Listening, Mark, Pool, Sockets, Values, Worker, debug_port, environment,
    findings, meaning, sockets, workdir,
};
use crate::domain::text::clean;
use crate::domain::{AppKey, Protection};
use crate::forward::{Candidate, Served, Target, choose, selector, served};
use crate::source::kube::{ChannelError, Cluster, ExecError, escape, exec, whole_object};

/// Workloads and ConfigMaps that are looked at, each.
const LOOKED_AT: usize = 8;

/// What is to be looked at.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// The Application.
    pub app: AppKey,
    /// This pod and no other.
    pub pod: Option<String>,
    /// This port.
    pub port: Option<u16>,
    /// How its environment is protected.
    pub protection: Protection,
    /// Run a command in the pod to see who listens.
    pub inside: bool,
    /// Connections of our own to that port.
    pub ours: usize,
    /// A checkout of the GitOps repository, to show what would change there.
    pub checkout: Option<PathBuf>,
}

/// A workload with its pods' spec.
struct Workload {
    served: Served,
    spec: Value,
    labels: Option<String>,
}

/// Looks at the place.
///
/// # Errors
/// When there is no such workload or pod, or the cluster cannot be asked.
pub async fn survey(place: &Place, inquiry: &Inquiry) -> Result<Card, OpenError> {
    let app = place.control.application(&inquiry.app).await?;
    let cluster = &place.destination;
    let (workload, port) = chosen(place, inquiry, &app).await?;
    let container = container(&workload.spec, &port.container);
    let namespace = &workload.served.namespace;
    let pods = if let Some(labels) = &workload.labels {
        pods(cluster, namespace, labels).await?
    } else {
        let path = format!("/api/v1/namespaces/{}/pods/{}", escape(namespace), escape(workload.served.target.name()));
        let pod = whole_object(cluster, &path, &workload.served.target.to_string()).await?;
        Candidate::of(&pod).into_iter().collect()
    };
    let found = choose(&pods, None, false);
    let listening = match &found {
        Err(nobody) => Listening::NoPod(nobody.0.clone()),
        Ok(_) if !inquiry.inside => Listening::Unknown("nobody looked".to_owned()),
        Ok(pod) => {
            let seen = look_inside(cluster, namespace, &pod.name, &port).await;
            match seen {
                // nobody who is attached is in the way of a question but who came through here
                Err(_) if inquiry.ours == 0 && inquiry.protection == Protection::Open && port.kind == Kind::Python => {
                    probe(cluster, namespace, &pod.name, port.port).await
                }
                Err(denied) => Listening::Unknown(denied),
                Ok(listening) => listening,
            }
        }
    };
    let silent = matches!(&listening, Listening::Seen(sockets) if sockets.listens.is_empty());
    let mut workdir = workdir(&container);
    if let (None, Ok(pod), true) = (&workdir, &found, inquiry.inside) {
        workdir = works_in(cluster, namespace, &pod.name, &port).await;
    }
    let values = if silent { values(&app, inquiry.checkout.as_ref()).await } else { None };
    let workers = workers(place, &app).await?;
    let automated = &app["spec"]["syncPolicy"]["automated"];
    let heals = automated["selfHeal"] == true && automated["enabled"] != false;
    let facts = Facts {
        port: port.clone(),
        environment: place.environment.to_string(),
        protection: inquiry.protection,
        listening,
        ours: inquiry.ours,
        ready: pods.iter().filter(|pod| pod.ready).count(),
        self_heal: Some(heals),
        container: container.clone(),
    };
    let mut findings = findings(&facts);
    if let Some(words) = meaning(&workers) {
        findings.push(Finding { mark: Mark::Note, about: "celery", said: words, remedy: None });
    }
    if port.guessed && inquiry.port.is_none() {
        findings.push(Finding {
            mark: Mark::Note,
            about: "port",
            said: format!("nothing of the container speaks of a debugger: {} is {}", port.port, port.how),
            remedy: Some(format!("name the container port {}, or give --port", port.kind.port_name())),
        });
    }
    Ok(Card {
        app: inquiry.app.clone(),
        environment: place.environment.clone(),
        service: place.service.clone(),
        namespace: namespace.clone(),
        target: workload.served.target.to_string(),
        pod: found.ok().map(|pod| pod.name.clone()),
        pods: pods.iter().map(|pod| (pod.name.clone(), state(pod))).collect(),
        port,
        findings,
        workdir,
        workers,
        values,
        image: clean(container["image"].as_str().unwrap_or_default()).into_owned(),
        silent,
        at: cluster.clock().now(),
    })
}

fn state(pod: &Candidate) -> String {
    if pod.ready { "ready".to_owned() } else { pod.state.clone() }
}

/// The workload with a debugger, else the first.
async fn chosen(place: &Place, inquiry: &Inquiry, app: &Value) -> Result<(Workload, DebugPort), OpenError> {
    let cluster = &place.destination;
    let candidates: Vec<Served> = match &inquiry.pod {
        Some(pod) => vec![Served { target: Target::Pod(pod.clone()), namespace: place.namespace.clone() }],
        None => served(app, &place.service)
            .into_iter()
            .filter(|served| matches!(served.target, Target::Workload(..)))
            .take(LOOKED_AT)
            .collect(),
    };
    let mut first = None;
    for mut served in candidates {
        if served.namespace.is_empty() {
            served.namespace.clone_from(&place.namespace);
        }
        let namespace = escape(&served.namespace);
        let pod = format!("/api/v1/namespaces/{namespace}/pods/{}", escape(served.target.name()));
        let path = served.target.path(&namespace).unwrap_or(pod);
        let object = whole_object(cluster, &path, &served.target.to_string()).await?;
        let (spec, labels) = match &served.target {
            Target::Pod(_) => (object["spec"].clone(), None),
            target => (object["spec"]["template"]["spec"].clone(), selector(&object, target)),
        };
        let configs = configs(cluster, &namespace, &spec).await;
        let found = debug_port(&spec, |container| environment(container, &configs));
        let Some(mut port) = found else { continue };
        if let Some(number) = inquiry.port {
            port.port = number;
            "given".clone_into(&mut port.how);
        }
        let workload = Workload { served, spec, labels };
        if !port.guessed {
            return Ok((workload, port));
        }
        first.get_or_insert((workload, port));
    }
    let missing = || OpenError::Missing { why: format!("{} has no workload to debug", inquiry.app.name) };
    first.ok_or_else(missing)
}

fn container(spec: &Value, name: &str) -> Value {
    let all = spec["containers"].as_array().map_or(&[][..], Vec::as_slice);
    all.iter().find(|container| container["name"] == name).cloned().unwrap_or_default()
}

/// The data of the ConfigMaps the containers take variables from. One that cannot be read says nothing.
async fn configs(cluster: &Cluster, namespace: &str, spec: &Value) -> BTreeMap<String, Value> {
    let containers = spec["containers"].as_array().map_or(&[][..], Vec::as_slice);
    let list = |container: &Value, field: &str| container[field].as_array().cloned().unwrap_or_default();
    let named: BTreeSet<String> = containers
        .iter()
        .flat_map(|container| {
            let whole = list(container, "envFrom").into_iter().map(|from| from["configMapRef"]["name"].clone());
            let single =
                list(container, "env").into_iter().map(|one| one["valueFrom"]["configMapKeyRef"]["name"].clone());
            whole.chain(single).collect::<Vec<_>>()
        })
        .filter_map(|name| name.as_str().map(str::to_owned))
        .take(LOOKED_AT)
        .collect();
    let mut configs = BTreeMap::new();
    for name in named {
        let path = format!("/api/v1/namespaces/{namespace}/configmaps/{}", escape(&name));
        if let Ok(config) = whole_object(cluster, &path, &format!("ConfigMap {name}")).await {
            configs.insert(name, config["data"].clone());
        }
    }
    configs
}

async fn pods(cluster: &Cluster, namespace: &str, labels: &str) -> Result<Vec<Candidate>, OpenError> {
    let path = format!("/api/v1/namespaces/{}/pods?labelSelector={}", escape(namespace), escape(labels));
    let list = whole_object(cluster, &path, "pods").await?;
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    Ok(items.iter().filter_map(Candidate::of).collect())
}

/// Where the process works: a command runs where the image says, unless the pod says another. None when nothing can be run
/// there, or it is the root, which is what an image has that says nothing.
async fn works_in(cluster: &Cluster, namespace: &str, pod: &str, port: &DebugPort) -> Option<String> {
    let printed = exec(cluster, namespace, pod, &port.container, &["pwd"]).await.ok()?;
    let folder = clean(printed.trim()).into_owned();
    (folder.len() > 1 && folder.starts_with('/') && !folder.contains('\n')).then_some(folder)
}

/// The change in Git that has a debugger listen.
async fn values(app: &Value, checkout: Option<&PathBuf>) -> Option<Values> {
    let values = Values::of(app)?;
    let Some(checkout) = checkout else { return Some(values) };
    // a file that is not here is changed where it is
    let before = tokio::fs::read_to_string(checkout.join(&values.file)).await;
    Some(match before {
        Ok(before) => values.within(&before),
        Err(_) => values,
    })
}

/// The Celery workers of an Application, pod by pod. A workload that cannot be read has none.
async fn workers(place: &Place, app: &Value) -> Result<Vec<Worker>, OpenError> {
    let cluster = &place.destination;
    let mut all = Vec::new();
    for served in served(app, &place.service).into_iter().take(LOOKED_AT) {
        let namespace = if served.namespace.is_empty() { &place.namespace } else { &served.namespace };
        let (Target::Workload(..), Some(path)) = (&served.target, served.target.path(&escape(namespace))) else {
            continue;
        };
        let target = served.target.to_string();
        let Ok(object) = whole_object(cluster, &path, &target).await else { continue };
        let spec = &object["spec"]["template"]["spec"];
        let containers = spec["containers"].as_array().map_or(&[][..], Vec::as_slice);
        let worker = containers.iter().find_map(|container| Some((container, Pool::of(container)?)));
        let Some(((container, pool), labels)) = worker.zip(selector(&object, &served.target)) else { continue };
        let configs = configs(cluster, &escape(namespace), spec).await;
        let alone = serde_json::json!({"containers": [container]});
        let port = debug_port(&alone, |container| environment(container, &configs));
        let port = port.filter(|port| !port.guessed).map(|port| port.port);
        for pod in pods(cluster, namespace, &labels).await? {
            let (target, pool, state) = (target.clone(), pool.clone(), state(&pod));
            all.push(Worker { target, pod: pod.name, state, port, pool });
        }
    }
    Ok(all)
}

/// Who listens, as the pod's own tables say; the error says that we may not look.
async fn look_inside(cluster: &Cluster, namespace: &str, pod: &str, port: &DebugPort) -> Result<Listening, String> {
    let read = async |file: &'static str| exec(cluster, namespace, pod, &port.container, &["cat", file]).await;
    let (four, six) = tokio::join!(read("/proc/net/tcp"), read("/proc/net/tcp6"));
    Ok(match (four, six) {
        (Err(ExecError::Channel(ChannelError::Denied(why))), Err(_)) => return Err(why),
        (Err(error), Err(_)) => Listening::Unknown(match error {
            ExecError::Channel(why) => why.to_string(),
            ExecError::Failed(why) => format!("no cat in {}: {why}", port.container),
        }),
        (four, six) => {
            let printed = [four.unwrap_or_default(), six.unwrap_or_default()].concat();
            let Sockets { listens, connected } = sockets(&printed, port.port);
            Listening::Seen(Sockets { listens, connected })
        }
    })
}
