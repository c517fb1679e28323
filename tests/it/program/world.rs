//! A cluster in which nothing happens unless a test makes it happen.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use pilothouse::sim::access::{Access, User};
use pilothouse::sim::kubeconfig::{self, Context};
use pilothouse::sim::serve::{Cluster, Server};
use pilothouse::sim::store::Store;
use pilothouse::sim::tls::Ca;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::screen::PROGRAM;

/// Clusters, one a source.
pub struct Still {
    pub servers: Vec<(String, Server)>,
    runtime: Runtime,
    home: tempfile::TempDir,
}

impl Still {
    /// Clusters of these names with `count` Applications each.
    pub fn new(sources: &[&str], count: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let ca = Ca::generate().unwrap();
        let inside = runtime.enter();
        let servers: Vec<(String, Server)> = sources
            .iter()
            .map(|source| {
                let store = Store::new();
                for n in 0..count {
                    store.put(application(&format!("app{n:02}-{source}"), source));
                }
                let users = vec![User::new("admin", "admin-token", Access::full())];
                ((*source).to_owned(), Server::start(&ca, Cluster::new(source, store, users)).unwrap())
            })
            .collect();
        drop(inside);
        let home = tempfile::tempdir().unwrap();
        let contexts: Vec<Context> = servers
            .iter()
            .map(|(name, server)| Context {
                name: name.clone(),
                server: server.url(),
                token: "admin-token".into(),
                namespace: "argocd".into(),
            })
            .collect();
        kubeconfig::write(&home.path().join("kubeconfig"), &ca, &contexts).unwrap();
        Self { servers, runtime, home }
    }

    /// The folder that stands for the home of whoever runs the program without a terminal.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.home.path().join("kubeconfig")
    }

    pub fn store(&self, source: &str) -> &Store {
        self.server(source).store()
    }

    pub fn server(&self, source: &str) -> &Server {
        &self.servers.iter().find(|(name, _)| name == source).unwrap().1
    }

    pub fn stop(&self, source: &str) {
        self.runtime.block_on(self.server(source).stop());
    }

    pub fn start_again(&self, source: &str) {
        let _inside = self.runtime.enter();
        self.server(source).start_again().unwrap();
    }

    /// Starts the program without a terminal.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs the program to its end, without a terminal.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env("KUBECONFIG", self.kubeconfig()).env("LC_ALL", "C.UTF-8");
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
            command.env(name, self.home.path());
        }
        command
    }
}

/// A healthy Application in the environment named like its source.
pub fn application(name: &str, environment: &str) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name, "namespace": "argocd", "labels": { "environment": environment },
            "creationTimestamp": "2020-01-02T03:04:05Z"
        },
        "spec": {
            "project": "default",
            "source": { "repoURL": "https://git.example/gitops.git", "path": ".", "targetRevision": "main" },
            "destination": { "server": "https://kubernetes.default.svc", "namespace": environment }
        },
        "status": { "sync": { "status": "Synced", "revision": "abc" }, "health": { "status": "Healthy" } }
    })
}
