//! A program in a pseudo-terminal.

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, kill_process};

use super::small_cockpit::CHILD;
use crate::wait::{DEADLINE, found_blocking};

pub(super) const ENTERED: &str = "\x1b[?1049h";
pub(super) const LEFT: &str = "\x1b[?1049l\x1b[?25h";

/// What came out of a terminal so far.
#[derive(Default)]
pub(super) struct Seen {
    bytes: Mutex<Vec<u8>>,
    more: Condvar,
}

impl Seen {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// Everything up to and with the `n`th `needle`, which has to come in time.
    pub(super) fn wait_for(&self, needle: &str, n: usize) -> String {
        let mut bytes = self.bytes.lock().unwrap();
        let deadline = Instant::now() + DEADLINE;
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((at, _)) = text.match_indices(needle).nth(n - 1) {
                return text[..at + needle.len()].to_owned();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {needle:?} in {:?}", text.replace(&"x".repeat(80), "..."));
            bytes = self.more.wait_timeout(bytes, left).unwrap().0;
        }
    }
}

/// A program in a pseudo-terminal.
pub(super) struct Run {
    pub(super) master: Option<Box<dyn MasterPty + Send>>,
    pub(super) input: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    pub(super) seen: Arc<Seen>,
    pub(super) folder: tempfile::TempDir,
    pub(super) modes_before: String,
}

impl Run {
    /// The small cockpit; `around` is a shell script that runs it as `$cockpit`.
    pub(super) fn start(around: Option<&str>, reads: bool) -> Self {
        let pty =
            native_pty_system().openpty(PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 }).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let exe = std::env::current_exe().unwrap();
        let arguments = ["--exact", "terminal::small_cockpit::child", "--nocapture", "--test-threads=1"];
        let mut command =
            CommandBuilder::new(if around.is_some() { "sh".into() } else { exe.clone().into_os_string() });
        match around {
            Some(script) => command.args(["-c", script]),
            None => command.args(arguments),
        }
        command.env("cockpit", format!("{} {}", exe.display(), arguments.join(" ")));
        command.env(CHILD, folder.path().join("stalled"));
        command.env("RUST_BACKTRACE", "0");
        let modes_before = format!("{:?}", pty.master.get_termios());
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let seen = Arc::new(Seen::default());
        let run = Self {
            input: Some(pty.master.take_writer().unwrap()),
            master: Some(pty.master),
            child,
            seen,
            folder,
            modes_before,
        };
        if reads {
            run.read();
        }
        run
    }

    pub(super) fn read(&self) {
        let (seen, mut output) = (Arc::clone(&self.seen), self.master.as_ref().unwrap().try_clone_reader().unwrap());
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut chunk) {
                seen.bytes.lock().unwrap().extend_from_slice(&chunk[..count]);
                seen.more.notify_all();
            }
        });
    }

    pub(super) fn type_in(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    pub(super) fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// The exit code, which has to come.
    pub(super) fn exit(&mut self) -> u32 {
        found_blocking("it ends", || {
            let status = self.child.try_wait().unwrap();
            status.map(|status| status.exit_code()).ok_or_else(|| format!("{:?}", self.seen.text()))
        })
    }

    pub(super) fn modes(&self) -> String {
        format!("{:?}", self.master.as_ref().unwrap().get_termios())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.child.kill();
    }
}
