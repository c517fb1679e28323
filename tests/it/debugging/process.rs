//! A Python program that listens with debugpy: what runs in a pod.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The program; the breakpoint is on line 8. It sleeps between its steps: one that only computes holds up the debugger.
const PROGRAM: &str = "\
import os, time
import debugpy

host, port = debugpy.listen((\"127.0.0.1\", 0))

def step(count):
    answer = count * 2
    return answer

print(port, flush=True)
count = 0
while os.getppid() != 1:
    count += 1
    step(count)
    time.sleep(0.05)
";
pub const BREAKPOINT: u32 = 8;

const INSTALLS: &str = "python3 -m venv target/debugpy && target/debugpy/bin/pip install debugpy==1.8.22";

/// A Python that has debugpy: the one that was handed in, else the one of the checkout's own folder.
fn python() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/debugpy/bin/python");
    let python = std::env::var_os("DEBUGPY_PYTHON").map_or_else(own, PathBuf::from);
    let has = Command::new(&python).args(["-c", "import debugpy"]).stderr(Stdio::null()).status();
    assert!(has.is_ok_and(|status| status.success()), "{} has no debugpy; install it: {INSTALLS}", python.display());
    python
}

/// The program, running.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    pub script: PathBuf,
    _folder: tempfile::TempDir,
}

impl Process {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().canonicalize().unwrap().join("app.py");
        std::fs::write(&script, PROGRAM).unwrap();
        let mut command = Command::new(python());
        // a module of the standard library that is frozen into the interpreter has no lines to stop on, and that is said
        command.args(["-X", "frozen_modules=off"]).arg(&script).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().unwrap_or_else(|_| panic!("the program says {line:?}"));
        Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)), script, _folder: folder }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
