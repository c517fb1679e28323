//! A backend in a cluster that changes only when the test says so, and a forward to it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pilothouse::action::Control;
use pilothouse::domain::AppKey;
use pilothouse::forward::{Session, Wish};
use pilothouse::runtime::forwards::{Forward, OpenError, Place, open};
use pilothouse::sim::access::{Access, Rule, User};
use pilothouse::sim::kubeconfig::{Context, render};
use pilothouse::sim::network::Connection;
use pilothouse::sim::serve::{Cluster, Server};
use pilothouse::sim::store::Store;
use pilothouse::sim::tls::Ca;
use pilothouse::source::kube::{Cluster as Reached, KubeconfigPlace, SourceSpec};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::clock::WallClock;
use crate::wait::found;

/// Longer than anything here takes, on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(60);
pub const NAMESPACE: &str = "predator12-dev";

/// A cluster with an Application, its service, its workload and as many pods as the test puts there.
pub struct Yard {
    pub server: Server,
    ca: Ca,
    folder: tempfile::TempDir,
}

impl Yard {
    pub fn new() -> Self {
        let users = vec![
            User::new("admin", "admin", Access::full()),
            User::new("viewer", "viewer", Access::read_only_within(&[NAMESPACE, "argocd"])),
            User::new("forwarder", "forwarder", forwarding()),
            User::new("nobody", "nobody", Access::nothing()),
        ];
        let ca = Ca::generate().unwrap();
        let server = Server::start(&ca, Cluster::new("minikube", Store::new(), users)).unwrap();
        let yard = Self { server, ca, folder: tempfile::tempdir().unwrap() };
        for object in [application(), service(), deployment()] {
            yard.store().put(object);
        }
        yard
    }

    pub fn store(&self) -> &Store {
        self.server.store()
    }

    pub fn kubeconfig(&self, token: &str) -> PathBuf {
        let file = self.folder.path().join(token);
        let (name, namespace) = ("minikube".to_owned(), "argocd".to_owned());
        let context = Context { name, server: self.server.url(), token: token.to_owned(), namespace };
        std::fs::write(&file, render(&self.ca, &[context])).unwrap();
        file
    }

    /// A pod that was made as the `number`th.
    pub fn pod(&self, number: u32, ready: bool) {
        self.store().put(pod(number, ready));
    }

    pub fn delete(&self, number: u32) {
        assert!(self.store().delete("Pod", NAMESPACE, &format!("backend-{number}")));
    }

    pub fn connections(&self) -> Vec<Connection> {
        self.store().network().connections()
    }

    pub fn place(&self, token: &str) -> Place {
        let spec = SourceSpec {
            name: "minikube".to_owned(),
            context: Some("minikube".to_owned()),
            kubeconfig: KubeconfigPlace::Files(vec![self.kubeconfig(token)]),
            ..SourceSpec::default()
        };
        let cluster = Reached::new(spec, Arc::new(WallClock));
        Place {
            control: Control::Cluster(cluster.clone()),
            destination: cluster,
            namespace: NAMESPACE.to_owned(),
            environment: "dev".into(),
            service: "backend".into(),
        }
    }

    pub async fn open(&self, token: &str, ports: &[&str], change: impl FnOnce(&mut Wish)) -> Result<Open, OpenError> {
        let mut wish = wish();
        wish.ports = ports.iter().map(|port| port.parse().unwrap()).collect();
        change(&mut wish);
        let forward = open(1, &wish, &self.place(token), Arc::new(WallClock), Arc::new(|| {})).await?;
        Ok(Open::run(forward))
    }
}

/// Reads, and forwards ports of pods; runs nothing in them.
fn forwarding() -> Access {
    let mut access = Access::read_only_within(&[NAMESPACE, "argocd"]);
    for rule in &mut access.rules {
        // `*` would be what is within pods, too
        rule.resources = ["pods", "services", "deployments", "applications", "configmaps"].map(str::to_owned).into();
    }
    let forward = Rule::all_resources(Some(NAMESPACE), &["create", "get"]);
    access.rules.push(Rule { resources: vec!["pods/portforward".to_owned()], ..forward });
    access
}

/// A forward that runs until it is dropped.
pub struct Open {
    watch: Box<dyn Fn() -> Session + Send>,
    pub task: JoinSet<()>,
}

impl Open {
    fn run(forward: Forward) -> Self {
        let watch = Box::new(forward.watch());
        let mut task = JoinSet::new();
        task.spawn(forward.run());
        Self { watch, task }
    }

    pub fn session(&self) -> Session {
        (self.watch)()
    }

    pub fn port(&self) -> u16 {
        self.session().ports[0].local.port().unwrap()
    }

    /// Waits until it is in a state of this word.
    pub async fn is(&self, word: &str) -> Session {
        self.until(word, |session| session.state().word() == word).await
    }

    pub async fn until(&self, what: &str, holds: impl Fn(&Session) -> bool) -> Session {
        found(what, async || {
            let session = self.session();
            let instead = || format!("{:?}, last {:?}", session.state(), session.last);
            if holds(&session) { Ok(session) } else { Err(instead()) }
        })
        .await
    }
}

pub fn wish() -> Wish {
    Wish::of(AppKey { source: "minikube".into(), namespace: "argocd".into(), name: "backend-dev".into() })
}

/// What the pod's HTTP says of itself: its name.
pub async fn who_answers(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let pod = answer(&mut stream).await?;
    // it is over when the pod's end is heard: a container runtime holds that back for a second
    tokio::time::timeout(DEADLINE, stream.read_to_end(&mut Vec::new())).await.expect("nobody hangs up").ok()?;
    Some(pod)
}

/// The same, hanging up with the answer's last byte.
pub async fn who_is_first_to_answer(port: u16) -> Option<String> {
    answer(&mut TcpStream::connect(("127.0.0.1", port)).await.ok()?).await
}

async fn answer(stream: &mut TcpStream) -> Option<String> {
    let answering = async {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.ok()?;
        let mut all = Vec::new();
        while stream.read_buf(&mut all).await.ok()? > 0 {
            let text = String::from_utf8_lossy(&all);
            let body = text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str::<Value>(body).ok());
            if let Some(body) = body {
                return body["pod"].as_str().map(str::to_owned);
            }
        }
        None
    };
    tokio::time::timeout(DEADLINE, answering).await.expect("nobody answers and nobody hangs up")
}

fn application() -> Value {
    let row = |group: &str, kind: &str| {
        json!({"group": group, "version": "v1", "kind": kind, "name": "backend", "namespace": NAMESPACE,
            "status": "Synced"})
    };
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "backend-dev", "namespace": "argocd",
            "labels": {"component": "backend", "environment": "dev"}},
        "spec": {"project": "default",
            "source": {"repoURL": "https://git.example/gitops.git", "path": ".", "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NAMESPACE},
            "syncPolicy": {"automated": {"selfHeal": true}}},
        "status": {"sync": {"status": "Synced", "revision": "abc"}, "health": {"status": "Healthy"},
            "resources": [row("", "Service"), row("apps", "Deployment")]},
    })
}

fn service() -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "backend", "namespace": NAMESPACE},
        "spec": {"selector": {"app": "backend"}, "ports": [{"name": "web", "port": 80, "targetPort": "http"}]}})
}

fn containers() -> Value {
    json!([{
        "name": "api", "image": "predator-backend:1.5.0",
        "command": ["python", "-m", "debugpy", "--listen", "0.0.0.0:5678", "-m", "uvicorn", "predator.main:app"],
        "env": [{"name": "DEBUG_PY", "value": "1"}],
        "ports": [{"name": "http", "containerPort": 8000}, {"name": "debugpy", "containerPort": 5678}],
    }])
}

fn deployment() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "backend", "namespace": NAMESPACE},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "backend"}},
            "template": {"metadata": {"labels": {"app": "backend"}}, "spec": {"containers": containers()}}}})
}

fn pod(number: u32, ready: bool) -> Value {
    let flag = if ready { "True" } else { "False" };
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("backend-{number}"), "namespace": NAMESPACE, "uid": format!("uid-{number}"),
            "labels": {"app": "backend"}, "creationTimestamp": format!("2026-01-01T00:{:02}:{:02}Z", number / 60, number % 60)},
        "spec": {"nodeName": "n", "containers": containers()},
        "status": {"phase": "Running", "podIP": "10.88.0.7", "hostIP": "192.0.2.7",
            "conditions": [{"type": "Ready", "status": flag}],
            "containerStatuses": [{"name": "api", "ready": ready, "restartCount": 0,
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]},
    })
}
