//! A whole world with kubelets and controllers, and kubectl in it.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use pilothouse::sim::store::Store;
use pilothouse::sim::world::{SimOptions, World};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::Value;
use tempfile::TempDir;

use super::kubectl::Kubectl;
use crate::sim_process::{SMALL, scenario};
use crate::wait;

pub const NAMESPACE: &str = "small-dev";
/// A small world at ten times the wall's speed.
pub struct Whole {
    pub world: World,
    pub kubectl: Kubectl,
    _folder: TempDir,
}

impl Whole {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scenario = Some(scenario(folder.path(), SMALL).to_str().unwrap().to_owned());
        let world = World::start(SimOptions { scenario, speed: 10.0, ..SimOptions::default() }).unwrap();
        let kubectl = Kubectl::at(world.kubeconfig());
        Self { world, kubectl, _folder: folder }
    }

    pub fn store(&self) -> &Store {
        self.world.store("here").unwrap()
    }

    /// The one pod of the scenario's service.
    pub fn pod(&self) -> String {
        let pod = self.store().list("Pod", Some(NAMESPACE)).into_iter().next().expect("the service has a pod");
        pod["metadata"]["name"].as_str().unwrap().to_owned()
    }

    /// Runs a command line, split at spaces, in the service's namespace.
    pub async fn run(&self, line: &str) -> String {
        self.kubectl.run(&["-n", NAMESPACE].into_iter().chain(line.split(' ')).collect::<Vec<_>>()).await
    }

    /// Runs a command line and holds what it says against what it should.
    pub async fn says(&self, line: &str, expected: &str) {
        let said = self.run(line).await;
        assert!(said.contains(expected), "kubectl {line}: {said}");
    }

    /// Waits until the cluster is so.
    pub async fn until(&self, what: &str, holds: impl Fn(&Store) -> bool) {
        wait::until(what, || holds(self.store())).await;
    }
}

/// The status of a container for debugging.
pub fn ephemeral(store: &Store, pod: &str, container: &str) -> Value {
    let pod = store.get("Pod", NAMESPACE, pod).unwrap_or_default();
    let all = pod["status"]["ephemeralContainerStatuses"].as_array().cloned().unwrap_or_default();
    all.into_iter().find(|status| status["name"] == container).unwrap_or_default()
}

/// kubectl on a terminal.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    said: Arc<Mutex<String>>,
    _pty: Box<dyn MasterPty + Send>,
}

impl Terminal {
    pub fn start(whole: &Whole, line: &str) -> Self {
        let size = PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let std = whole.kubectl.command(&["-n", NAMESPACE].into_iter().chain(line.split(' ')).collect::<Vec<_>>());
        let std = std.as_std();
        let mut command = CommandBuilder::new(std.get_program());
        command.args(std.get_args());
        command.env_clear();
        for (name, value) in std.get_envs() {
            command.env(name, value.unwrap());
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                heard.lock().unwrap().push_str(&String::from_utf8_lossy(&chunk[..count]));
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, keys, said, _pty: pair.master }
    }

    pub fn type_line(&mut self, text: &str) {
        self.keys.write_all(format!("{text}\r").as_bytes()).unwrap();
    }

    /// Waits until something was said.
    pub async fn until(&self, expected: &str) {
        wait::found(expected, async || {
            let said = self.said.lock().unwrap();
            if said.contains(expected) { Ok(()) } else { Err(said.clone()) }
        })
        .await;
    }

    /// Waits for the end; the exit code.
    pub async fn ended(&mut self) -> u32 {
        wait::found("kubectl ends", async || {
            let status = self.child.try_wait().unwrap();
            status.map(|status| status.exit_code()).ok_or_else(|| self.said.lock().unwrap().clone())
        })
        .await
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.child.kill();
    }
}
