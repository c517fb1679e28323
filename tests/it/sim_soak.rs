//! Ten hours of the world under every fault: nothing leaks, and every watcher ends with what the store has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, WatchEvent, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use pilothouse::sim::control;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

/// Nothing waits this long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(100);
/// A watch that says nothing for so long may be a half-closed one.
const STALE: Duration = Duration::from_millis(400);
const HOURS: usize = 10;
const STEPS: usize = 12;
/// A small world in which everything happens that happens in the large one.
const SCENARIO: &str = r#"
name = "soak"
repository = "https://git.example.com/soak.git"
[[source]]
name = "here"
[[source]]
name = "there"
[[environment]]
name = "dev"
source = "here"
branch = "main"
auto_sync = { self_heal = true }
[[environment]]
name = "prod"
source = "there"
branch = "prod"
[[service]]
name = "web"
team = "a"
release = [{ environment = "dev", version = "1", age = "2d" }, { environment = "prod", version = "1", age = "2d" }]
[[service.workload]]
kind = "Deployment"
container = "web"
ports = { http = 8000 }
[[service]]
name = "worker"
team = "a"
release = [{ environment = "dev", version = "1", age = "2d" }]
[[service.workload]]
kind = "Deployment"
container = "worker"
[[crash]]
app = "worker-dev"
restarts = 1
next = "10s"
[[deploy]]
app = "web-dev"
after = "5m"
every = "11m"
"#;
const SOURCES: [&str; 2] = ["here", "there"];
const KINDS: [(&str, &str, &str); 4] =
    [("argoproj.io", "v1alpha1", "Application"), ("", "v1", "Pod"), ("", "v1", "Event"), ("apps", "v1", "Deployment")];

/// What goes wrong all the time.
const LASTING: &[&str] = &[
    "latency 1ms",
    "drop every 11",
    "401 every 13",
    "403 every 17",
    "409 every 2",
    "410 every 19",
    "429 1 every 23",
    "500 every 29",
    "503 every 31",
    "truncate 300 every 7",
    "slow-list 4000000 every 5",
    "watch-half-line every 9",
    "watch-close every 5",
];
/// What goes wrong once, one a step.
const PASSING: &[&[&str]] = &[
    &["fault all watch-silence"],
    &["fault all watch-expired"],
    &["fault all old-store", "fault all watch-close"],
    &["fault all certificate expired"],
    &["fault all certificate unknown"],
    &["fault all certificate valid"],
    &["fault all logged-out", "login"],
    &["source stop here"],
    &["source start here"],
    &["fault all skew ahead 10m"],
    &["fault all skew behind 10m"],
    &["fault all dead every 6"],
];

struct Soaked {
    child: Child,
    control: String,
    _folder: tempfile::TempDir,
    kubeconfig: PathBuf,
}

impl Soaked {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        let scenario = folder.path().join("soak.toml");
        std::fs::write(&scenario, SCENARIO).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_pilothouse"))
            .args(["sim", "--speed", "0.001", "--scenario"])
            .arg(&scenario)
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
        Self { child, control, _folder: folder, kubeconfig }
    }

    async fn ctl(&self, words: &str) -> String {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let answer = tokio::time::timeout(PATIENCE, control::send(&self.control, &words)).await.expect("no answer");
        answer.unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    async fn state(&self) -> Value {
        serde_json::from_str(&self.ctl("state").await).unwrap()
    }

    /// Resident memory in MiB.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }
}

async fn api(
    kubeconfig: &Path,
    source: &str,
    (group, version, kind): (&str, &str, &str),
) -> Option<Api<DynamicObject>> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).ok()?;
    let options = KubeConfigOptions { context: Some(source.to_owned()), ..KubeConfigOptions::default() };
    let client = Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.ok()?).ok()?;
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let resource = ApiResource {
        group: group.into(),
        version: version.into(),
        api_version,
        kind: kind.into(),
        plural: format!("{}s", kind.to_lowercase()),
    };
    Some(Api::all_with(client, &resource))
}

/// Names and versions of what there is.
type Known = BTreeMap<String, String>;

fn key(object: &DynamicObject) -> String {
    format!("{}/{}", object.metadata.namespace.as_deref().unwrap_or_default(), object.metadata.name.as_deref().unwrap())
}

fn version(object: &DynamicObject) -> String {
    object.metadata.resource_version.clone().unwrap_or_default()
}

async fn list(api: &Api<DynamicObject>) -> Option<(Known, String)> {
    let asked = tokio::time::timeout(STALE * 5, api.list(&ListParams::default())).await.ok()?.ok()?;
    let all = asked.items.iter().map(|object| (key(object), version(object))).collect();
    Some((all, asked.metadata.resource_version.unwrap_or_default()))
}

/// A client that keeps up with one kind, whatever happens.
async fn follow(
    kubeconfig: PathBuf,
    source: &'static str,
    kind: (&'static str, &'static str, &'static str),
    known: Arc<Mutex<Known>>,
) {
    loop {
        // a new login may be in the file by now
        if let Some(api) = api(&kubeconfig, source, kind).await {
            while let Some((all, at)) = list(&api).await {
                *known.lock().unwrap() = all;
                watch(&api, at, &known).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Watches from one version on until the world no longer knows it or refuses.
async fn watch(api: &Api<DynamicObject>, mut at: String, known: &Mutex<Known>) {
    loop {
        let opened = tokio::time::timeout(STALE, api.watch(&WatchParams::default(), &at)).await;
        let Ok(Ok(stream)) = opened else { return };
        let mut stream = std::pin::pin!(stream);
        while let Ok(Some(event)) = tokio::time::timeout(STALE, stream.next()).await {
            let mut known = known.lock().unwrap();
            match event {
                Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => {
                    at = version(&object);
                    known.insert(key(&object), at.clone());
                }
                Ok(WatchEvent::Deleted(object)) => {
                    at = version(&object);
                    known.remove(&key(&object));
                }
                Ok(WatchEvent::Bookmark(mark)) => at = mark.metadata.resource_version,
                Ok(WatchEvent::Error(_)) => return,
                Err(_) => break,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_soak_under_all_faults_leaks_nothing() {
    let world = Soaked::start().await;
    let mut tasks = JoinSet::new();
    let mut followed = Vec::new();
    for source in SOURCES {
        for kind in KINDS {
            let known = Arc::new(Mutex::new(Known::new()));
            tasks.spawn(follow(world.kubeconfig.clone(), source, kind, Arc::clone(&known)));
            followed.push((source, kind, known));
        }
    }
    let mut measured = Vec::new();
    for hour in 1..=HOURS {
        for fault in LASTING {
            world.ctl(&format!("fault all {fault}")).await;
        }
        for step in 0..STEPS {
            for order in PASSING[step % PASSING.len()] {
                world.ctl(order).await;
            }
            world.ctl(&format!("clock advance {}m", 60 / STEPS)).await;
        }
        world.ctl("fault all clear").await;
        world.ctl("login").await;
        for (source, kind, known) in &followed {
            let settled = async {
                loop {
                    if let Some(api) = api(&world.kubeconfig, source, *kind).await
                        && let Some((there, _)) = list(&api).await
                        && there == *known.lock().unwrap()
                    {
                        return there.len();
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            let count = tokio::time::timeout(PATIENCE, settled).await;
            assert!(
                count.unwrap_or_else(|_| panic!("{source} {kind:?} is not what the store has")) > 0
                    || kind.2 == "Event"
            );
        }
        let state = world.state().await;
        measured.push((hour, world.memory(), state["tasks"].as_u64().unwrap()));
    }
    // the first hours fill what is bounded: histories and Events of an hour, logs, the allocator's spare pages
    let (_, memory, tasks) = measured[3];
    let (_, last_memory, last_tasks) = measured[HOURS - 1];
    assert!(last_memory <= memory + memory / 4, "memory grows: {measured:?}");
    assert!(last_tasks <= tasks + 24, "tasks pile up: {measured:?}");
    println!("hour, MiB, tasks: {measured:?}");
}
