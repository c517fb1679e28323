//! `pilothouse forward`, as scripts call it.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::scene::Yard;
use crate::program::screen::PROGRAM;

/// A forward in a process of its own.
pub struct Running {
    pub child: Child,
    pub line: Value,
    pub home: tempfile::TempDir,
    // what it says is read to the end: a program whose output nobody takes ends
    out: BufReader<std::process::ChildStdout>,
}

pub fn command(arguments: &[&str], kubeconfig: &Path, home: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env("KUBECONFIG", kubeconfig).env("LC_ALL", "C.UTF-8").env("USER", "ann");
    command.env_remove("SSH_CONNECTION").stdin(Stdio::null());
    for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
        command.env(name, home);
    }
    command
}

impl Running {
    pub fn start(arguments: &[&str], kubeconfig: &Path) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = command(arguments, kubeconfig, home.path());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let line = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"));
        Self { child, line, home, out }
    }

    /// The next line of JSON.
    pub fn next_line(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"))
    }

    pub fn signal(&mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(mut stream: impl Read + Write) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_line_says_where_and_the_audit_log_what_it_was() {
    let yard = Yard::new();
    yard.pod(1, true);
    let kubeconfig = yard.kubeconfig("admin");
    tokio::task::spawn_blocking(move || {
        let mut running = Running::start(&["forward", "backend", "--env", "dev", ":8000"], &kubeconfig);
        let port = running.line["localPort"].as_u64().unwrap();
        let rest = ["pod", "container", "remotePort", "ssh"].map(|key| running.line[key].clone());
        let ssh = format!("ssh -L {port}:127.0.0.1:{port} user@this-machine");
        assert_eq!(rest, ["backend-1".into(), "api".into(), 8000.into(), Value::from(ssh)]);
        let stream = std::net::TcpStream::connect(("127.0.0.1", u16::try_from(port).unwrap())).unwrap();
        assert!(ask(stream).contains("backend-1"));
        assert_eq!(running.signal(Signal::INT), Some(130));
        let log = crate::acting::sea::audit(running.home.path());
        assert_eq!(log, ["intent forward dev -", "outcome forward dev done"]);
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_is_ours_alone_and_goes_when_we_do() {
    let yard = Yard::new();
    yard.pod(1, true);
    let kubeconfig = yard.kubeconfig("admin");
    tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("http.sock");
        let at = socket.to_str().unwrap();
        let mut running = Running::start(&["forward", "backend-dev", "http", "--unix", at], &kubeconfig);
        assert_eq!(running.line["socket"], at);
        assert_eq!(running.line["localPort"], Value::Null);
        assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(ask(UnixStream::connect(&socket).unwrap()).contains("backend-1"));
        assert_eq!(running.signal(Signal::TERM), Some(143));
        assert!(!socket.exists());
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_come_about_has_its_exit_code_and_leaves_no_pod_touched() {
    let yard = Yard::new();
    yard.pod(1, true);
    let (admin, nobody) = (yard.kubeconfig("admin"), yard.kubeconfig("nobody"));
    tokio::task::spawn_blocking(move || {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("strict.toml");
        let environment = "[[environment]]\nname = \"dev\"\nlabels = { environment = \"dev\" }\nprotection = ";
        let ends = |arguments: &[&str], kubeconfig: &Path| {
            let output = command(arguments, kubeconfig, home.path()).output().unwrap();
            (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
        };
        assert_eq!(ends(&["forward", "frontend-dev"], &admin).0, 3);
        let (code, said) = ends(&["forward", "backend-dev", "grpc"], &admin);
        assert!(code == 3 && said.contains("it declares 8000 http, 5678 debugpy"), "{said}");
        assert_eq!(ends(&["forward", "backend-dev", "70000"], &admin).0, 2);
        let (code, said) = ends(&["forward", "backend-dev", ":http", "--bind", "192.0.2.1"], &admin);
        assert!(code == 2 && said.contains("cannot listen on 192.0.2.1:0"), "{said}");
        assert_eq!(ends(&["forward", "backend-dev", "--timeout", "2s"], &nobody).0, 3);
        assert_eq!(ends(&["forward", "backend-dev", "--readonly"], &admin).0, 4);
        let strict = ["forward", "backend-dev", "--config", config.to_str().unwrap()];
        for (protection, words) in [("readonly", "its protection is readonly"), ("typed", "--confirm dev")] {
            std::fs::write(&config, format!("{environment}\"{protection}\"\n")).unwrap();
            let (code, said) = ends(&strict, &admin);
            assert!(code == 4 && said.contains(words), "{said}");
        }
    })
    .await
    .unwrap();
    assert_eq!(yard.connections(), []);
}
