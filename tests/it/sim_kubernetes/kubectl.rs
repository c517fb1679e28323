//! The real kubectl understands the world.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use pilothouse::sim::kubeconfig::{self, Context};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::client::DEADLINE;
use super::world::{World, ago};

pub struct Kubectl {
    home: TempDir,
    config: PathBuf,
}

impl Kubectl {
    pub fn new(world: &World) -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("config");
        let context = |user: &str| Context {
            name: user.to_owned(),
            server: world.server.url(),
            token: user.to_owned(),
            namespace: "predator12-dev".to_owned(),
        };
        kubeconfig::write(&config, &world.ca, &[context("admin"), context("shop")]).unwrap();
        Self { home, config }
    }

    /// With a kubeconfig that is there already.
    pub fn at(config: &Path) -> Self {
        Self { home: tempfile::tempdir().unwrap(), config: config.to_owned() }
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg("--cache-dir").arg(self.home.path()).args(args).env_clear().kill_on_drop(true);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.home.path()).env("KUBECONFIG", &self.config).stdin(Stdio::null());
        command
    }

    /// Runs to the end with a text on standard input.
    pub async fn feed(&self, args: &[&str], input: &str) -> String {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(input.as_bytes()).unwrap();
        let mut command = self.command(args);
        command.stdin(std::fs::File::open(file.path()).unwrap());
        let output = tokio::time::timeout(DEADLINE, command.output()).await.expect("kubectl hangs").unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    }

    /// Runs to the end; what it printed, standard error after standard output.
    pub async fn run(&self, args: &[&str]) -> String {
        let output = tokio::time::timeout(DEADLINE, self.command(args).output()).await.expect("kubectl hangs").unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    }
}

/// kubectl 1.32, which some installations keep beside a `kubectl` that picks another version by the server's.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("kubectl")).find(|file| file.is_file());
    let real = found.and_then(|file| file.canonicalize().ok());
    let pinned = real.map(|file| file.with_file_name("kubectl.1.32")).filter(|file| file.is_file());
    pinned.unwrap_or_else(|| PathBuf::from("kubectl"))
}

/// The words of each line.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|l| l.split_whitespace().collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_gets_what_is_there() {
    let world = World::new();
    let kubectl = Kubectl::new(&world);
    let pods = kubectl.run(&["get", "pods", "-A"]).await;
    assert_eq!(rows(&pods)[0], ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE"], "{pods}");
    assert_eq!(rows(&pods)[4], ["predator12-dev", "frontend-668bc955bb-6qq98", "1/1", "Running", "0", "47s"]);
    let wide = kubectl.run(&["get", "pods", "-o", "wide"]).await;
    assert_eq!(rows(&wide)[1][5..7], ["10.88.0.77", "node1"], "{wide}");
    let apps = kubectl.run(&["get", "apps", "-n", "argocd", "--chunk-size=4"]).await;
    assert_eq!(rows(&apps).len(), 10, "{apps}");
    assert_eq!(rows(&apps)[1], ["backend-dev", "Synced", "Healthy"]);
    let none = kubectl.run(&["get", "deploy,rs,sts,ds,svc,job,cj,hpa,ing,netpol,pvc,cm,secret,sa,ep", "-A"]).await;
    assert_eq!(none, "No resources found\n");
    let cluster = kubectl.run(&["get", "ns,crd", "-o", "name"]).await;
    assert!(cluster.contains("namespace/argocd\n") && cluster.contains("applicationsets.argoproj.io\n"), "{cluster}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_describes_with_events() {
    let world = World::new();
    world.store.put(serde_json::json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": "redis-0.1", "namespace": "predator12-dev"},
        "involvedObject": {"kind": "Pod", "name": "redis-0", "namespace": "predator12-dev"},
        "reason": "Pulled", "message": "Image is there", "type": "Normal", "count": 2,
        "firstTimestamp": ago(100), "lastTimestamp": ago(10),
    }));
    let kubectl = Kubectl::new(&world);
    let pod = kubectl.run(&["describe", "pod", "redis-0"]).await;
    assert!(pod.contains("Status:           Running") || pod.contains("Status:  "), "{pod}");
    let events = kubectl.run(&["get", "events"]).await;
    assert!(events.contains("10s (x2 over 100s)   Normal   Pulled   pod/redis-0"), "{events}");
    let app = kubectl.run(&["describe", "application", "-n", "argocd", "backend-dev"]).await;
    assert!(rows(&app).contains(&vec!["Project:", "predator12"]), "{app}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_watches() {
    let world = World::new();
    let kubectl = Kubectl::new(&world);
    let mut child = kubectl.command(&["get", "apps", "-n", "argocd", "-w"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next =
        async || tokio::time::timeout(DEADLINE, lines.next_line()).await.expect("kubectl hangs").unwrap().unwrap();
    for _ in 0..10 {
        next().await;
    }
    world.store.update("Application", "argocd", "backend-dev", |o| o["status"]["sync"]["status"] = "OutOfSync".into());
    let line = next().await;
    assert_eq!(rows(&line)[0], ["backend-dev", "OutOfSync", "Healthy"]);
    child.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_asks_what_it_may() {
    let world = World::new();
    let kubectl = Kubectl::new(&world);
    assert_eq!(kubectl.run(&["auth", "can-i", "delete", "pods"]).await, "yes\n");
    assert_eq!(kubectl.run(&["auth", "can-i", "list", "pods", "--context", "shop"]).await, "yes\n");
    assert_eq!(kubectl.run(&["auth", "can-i", "delete", "pods", "--context", "shop"]).await, "no\n");
    let rules = kubectl.run(&["auth", "can-i", "--list", "--context", "shop"]).await;
    assert!(rules.contains("[get list watch]"), "{rules}");
    let refused = kubectl.run(&["get", "pods", "-A", "--context", "shop"]).await;
    assert!(refused.starts_with("Error from server (Forbidden): pods is forbidden: User \"shop\""), "{refused}");
    let version = kubectl.run(&["version"]).await;
    assert!(version.contains("Server Version: v1.36.2"), "{version}");
    let resources = kubectl.run(&["api-resources", "-o", "name"]).await;
    assert!(resources.lines().any(|l| l == "applications.argoproj.io"), "{resources}");
}
