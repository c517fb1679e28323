//! A world as people start it: `pilothouse sim` in a process of its own, reached over HTTPS and by its control.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use http::{Method, Request};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use pilothouse::sim::control;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Nothing waits this long, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(100);

/// One service in one environment of one cluster; tests add tables and, to the last one, fields.
pub const SMALL: &str = r#"name = "small"
repository = "https://git.example.com/small.git"
[[source]]
name = "here"
nodes = ["node1"]
[[environment]]
name = "dev"
source = "here"
branch = "main"
[[service]]
name = "web"
team = "a"
release = [{ environment = "dev", version = "1", age = "2d" }]
[[service.workload]]
kind = "Deployment"
container = "web"
ports = { http = 8000 }
"#;

/// Keeps a scenario in a folder; its place.
pub fn scenario(folder: &Path, text: &str) -> PathBuf {
    let place = folder.join("scenario.toml");
    std::fs::write(&place, text).unwrap();
    place
}

pub struct Process {
    child: Child,
    pub control: String,
    pub kubeconfig: PathBuf,
    _folder: tempfile::TempDir,
}

impl Process {
    /// A world whose time passes only when it is told to: a thousandth of the wall's.
    pub async fn still(text: &str) -> Self {
        Self::start(text, "0.001").await
    }

    pub async fn start(text: &str, speed: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        let mut child = Command::new(env!("CARGO_BIN_EXE_pilothouse"))
            .args(["sim", "--speed", speed, "--scenario"])
            .arg(scenario(folder.path(), text))
            .arg("--kubeconfig")
            .arg(&kubeconfig)
            .env("XDG_RUNTIME_DIR", folder.path())
            .env("XDG_STATE_HOME", folder.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let control = ready["control"].as_str().unwrap().to_owned();
        Self { child, control, kubeconfig, _folder: folder }
    }

    /// Has the world do something, as `sim ctl` does.
    pub async fn ctl(&self, words: &str) -> String {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let answer = tokio::time::timeout(PATIENCE, control::send(&self.control, &words)).await.expect("no answer");
        answer.unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    pub async fn state(&self) -> Value {
        serde_json::from_str(&self.ctl("state").await).unwrap()
    }

    /// Lets so many milliseconds of the world pass.
    pub async fn pass(&self, millis: u64) {
        self.ctl(&format!("clock advance {millis}ms")).await;
    }

    /// Resident memory in MiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }

    /// A client with what the kubeconfig says now; none while it does not lead anywhere.
    pub async fn client(&self, source: &str) -> Client {
        client(&self.kubeconfig, source).await.expect("the kubeconfig leads to the world")
    }
}

/// A client of a source.
pub async fn client(kubeconfig: &Path, source: &str) -> Option<Client> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).ok()?;
    let options = KubeConfigOptions { context: Some(source.to_owned()), ..KubeConfigOptions::default() };
    Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.ok()?).ok()
}

/// Sends one request with a JSON body; what it was answered with.
pub async fn send(client: &Client, method: Method, path: &str, content: &str, body: &Value) -> Value {
    let request = Request::builder().method(method).uri(path).header("content-type", content);
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let asked = client.request::<Value>(request.body(body).unwrap());
    let answer = tokio::time::timeout(PATIENCE, asked).await.expect("no answer");
    answer.unwrap_or_else(|error| panic!("{path}: {error}"))
}
