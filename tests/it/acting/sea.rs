//! A world to act on.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pilothouse::sim::control;
use pilothouse::sim::world::{SimOptions, World};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::program::screen::{PROGRAM, Screen};
use crate::wait::found_blocking;

/// A world, and a home for whoever acts on it.
pub struct Sea {
    pub world: World,
    pub runtime: Runtime,
    home: tempfile::TempDir,
}

impl Sea {
    /// The default world.
    pub fn new() -> Self {
        Self::with(SimOptions::default())
    }

    /// A bundled scenario.
    pub fn scenario(name: &str) -> Self {
        Self::with(SimOptions { scenario: Some(name.to_owned()), ..SimOptions::default() })
    }

    /// A bundled scenario with some of its words replaced.
    pub fn changed(scenario: &str, words: &[(&str, &str)]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/scenarios");
        let mut text = std::fs::read_to_string(folder.join(format!("{scenario}.toml"))).unwrap();
        for (from, to) in words {
            assert!(text.contains(from), "{scenario} has no {from}");
            text = text.replace(from, to);
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("{scenario}.toml"));
        std::fs::write(&file, text).unwrap();
        Self::scenario(file.to_str().unwrap())
    }

    /// Acts on the world, as `sim ctl` does.
    pub fn ctl(&self, words: &str) -> String {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        self.runtime.block_on(control::send(self.world.control(), &words)).unwrap()
    }

    pub fn with(options: SimOptions) -> Self {
        let runtime = Runtime::new().unwrap();
        let inside = runtime.enter();
        let world = World::start(options).unwrap();
        drop(inside);
        Self { world, runtime, home: tempfile::tempdir().unwrap() }
    }

    pub fn kubeconfig(&self) -> &Path {
        self.world.kubeconfig()
    }

    /// Where the audit log lies.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The program with the list on one Application.
    pub fn open(&self, arguments: &[&str], app: &str) -> Screen {
        let arguments: Vec<&str> = ["--all-contexts"].iter().chain(arguments).copied().collect();
        let mut screen = Screen::start(&arguments, Some(self.kubeconfig()), (120, 40));
        screen.shows(&["21 apps"]);
        screen.keys("v");
        screen.shows(&["application"]);
        screen.keys(&format!("/{app}\r"));
        // known whole: a sketch is not acted on
        screen.shows(&[&format!("› ●    {app}"), "deploys to"]);
        screen
    }

    fn command(&self, home: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg("--all-contexts").args(arguments).env("KUBECONFIG", self.kubeconfig()).env("LC_ALL", "C.UTF-8");
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
            command.env(name, home);
        }
        command
    }

    /// Runs the program to its end, without a terminal.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(self.home(), arguments).output().unwrap()
    }

    /// Starts it, with a home of its own if one is given.
    pub fn start(&self, home: Option<&Path>, arguments: &[&str]) -> std::process::Child {
        use std::process::Stdio;
        let mut command = self.command(home.unwrap_or(self.home()), arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap()
    }

    /// Runs a verb that has to end with `code`; its JSON.
    pub fn does(&self, arguments: &[&str], code: i32) -> Value {
        let arguments = [arguments, &["-o", "json"]].concat();
        let done = self.run(&arguments);
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {out}\n{err}");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}\n{err}"))
    }

    /// An Application, of the source its environment is in.
    pub fn app(&self, name: &str) -> Value {
        self.object(source_of(name), "Application", "argocd", name)
    }

    pub fn object(&self, source: &str, kind: &str, namespace: &str, name: &str) -> Value {
        self.world.store(source).unwrap().get(kind, namespace, name).unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    pub fn has(&self, source: &str, kind: &str, namespace: &str, name: &str) -> bool {
        self.world.store(source).unwrap().get(kind, namespace, name).is_some()
    }

    /// Waits until something is so.
    pub fn until<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        found_blocking(what, || look(self).ok_or("it is not so"))
    }

    /// The lines of the audit log: half, verb, environment, outcome.
    pub fn audit(&self) -> Vec<String> {
        audit(self.home())
    }
}

/// The source of `service-environment`.
pub fn source_of(app: &str) -> &'static str {
    if app.ends_with("-dev") { "minikube" } else { "predator-cloud" }
}

/// The files of the audit log below a home, oldest first.
pub fn audit_files(home: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(home.join("pilothouse"));
    let mut files: Vec<_> = entries.map(|all| all.flatten().map(|e| e.path()).collect()).unwrap_or_default();
    files.retain(|file| file.extension().is_some_and(|e| e == "jsonl"));
    files.sort();
    files
}

/// The records of the audit log below a home.
pub fn records(home: &Path) -> Vec<Value> {
    let text = audit_files(home).into_iter().map(|file| std::fs::read_to_string(file).unwrap());
    text.flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>()).collect()
}

/// The lines of the audit log below a home: half, verb, environment, outcome.
pub fn audit(home: &Path) -> Vec<String> {
    let told = |record: &Value| {
        ["event", "verb", "environment", "outcome"].map(|k| record[k].as_str().unwrap_or("-").to_owned()).join(" ")
    };
    records(home).iter().map(told).collect()
}
