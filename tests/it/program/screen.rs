//! A pseudo-terminal with the program in it, and a person who looks at it.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// Longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_pilothouse");

struct Terminal {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    /// Nobody reads.
    stalled: bool,
    /// Nobody will read again.
    closed: bool,
}

struct Shared {
    terminal: Mutex<Terminal>,
    more: Condvar,
}

/// A program in a terminal.
pub struct Screen {
    master: Option<Box<dyn MasterPty + Send>>,
    input: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    shared: Arc<Shared>,
    reader: Option<std::thread::JoinHandle<()>>,
    modes_before: String,
    home: tempfile::TempDir,
}

impl Screen {
    /// Starts the program with `arguments` on the sources of `kubeconfig`.
    pub fn start(arguments: &[&str], kubeconfig: Option<&Path>, size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(arguments);
        Self::run(command, kubeconfig, size)
    }

    /// Starts the program with a home that is there already.
    pub fn at(home: &Path, arguments: &[&str], kubeconfig: &Path, size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(arguments);
        Self::run_at(command, home, Some(kubeconfig), size, tempfile::tempdir().unwrap())
    }

    /// Runs a shell script in which `$pilothouse` is the program.
    pub fn shell(script: &str, kubeconfig: Option<&Path>, size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", script]);
        command.env("pilothouse", PROGRAM);
        Self::run(command, kubeconfig, size)
    }

    fn run(command: CommandBuilder, kubeconfig: Option<&Path>, size: (u16, u16)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().to_owned();
        Self::run_at(command, &path, kubeconfig, size, home)
    }

    fn run_at(
        mut command: CommandBuilder,
        home: &Path,
        kubeconfig: Option<&Path>,
        (columns, rows): (u16, u16),
        kept: tempfile::TempDir,
    ) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).unwrap();
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"] {
            command.env(name, home);
        }
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("LC_ALL", "C.UTF-8");
        command.env("KUBECONFIG", kubeconfig.unwrap_or(&home.join("none")));
        let modes_before = format!("{:?}", pty.master.get_termios());
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let parser = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0);
        let terminal = Terminal { parser, bytes: Vec::new(), stalled: false, closed: false };
        let shared = Arc::new(Shared { terminal: Mutex::new(terminal), more: Condvar::new() });
        let (output, theirs) = (pty.master.try_clone_reader().unwrap(), Arc::clone(&shared));
        let reader = std::thread::spawn(move || theirs.read(output));
        Self {
            input: Some(pty.master.take_writer().unwrap()),
            master: Some(pty.master),
            child,
            shared,
            reader: Some(reader),
            modes_before,
            home: kept,
        }
    }

    /// The folder that stands for the home of whoever runs it, and for all that is below a home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Types.
    pub fn keys(&mut self, keys: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(keys.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    /// Waits until the screen is as it should be.
    pub fn until(&self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut terminal = self.shared.terminal.lock().unwrap();
        loop {
            if is_so(terminal.parser.screen()) {
                return terminal.parser.screen().contents();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never {what}:\n{}", terminal.parser.screen().contents());
            terminal = self.shared.more.wait_timeout(terminal, left).unwrap().0;
        }
    }

    /// Waits until the screen shows every one of `words`.
    pub fn shows(&self, words: &[&str]) -> String {
        self.until(&format!("{words:?}"), |screen| words.iter().all(|word| screen.contents().contains(word)))
    }

    /// Waits until the screen shows `word` no more.
    pub fn shows_no(&self, word: &str) -> String {
        self.until(&format!("without {word:?}"), |screen| !screen.contents().contains(word))
    }

    /// What stands there now.
    pub fn contents(&self) -> String {
        self.shared.terminal.lock().unwrap().parser.screen().contents()
    }

    /// Everything written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.shared.terminal.lock().unwrap().bytes.clone()
    }

    /// Waits until nothing has been written for as long as `quiet`; ends at once when something is.
    pub fn is_quiet_for(&self, quiet: Duration) -> bool {
        let terminal = self.shared.terminal.lock().unwrap();
        let before = terminal.bytes.len();
        let (terminal, _) =
            self.shared.more.wait_timeout_while(terminal, quiet, |terminal| terminal.bytes.len() == before).unwrap();
        terminal.bytes.len() == before
    }

    /// Stops reading, or goes on.
    pub fn stall(&self, stalled: bool) {
        self.shared.terminal.lock().unwrap().stalled = stalled;
        self.shared.more.notify_all();
    }

    /// Closes the terminal as a lost connection does.
    pub fn close(&mut self) {
        self.shared.terminal.lock().unwrap().closed = true;
        self.shared.more.notify_all();
        // makes the program write, which is what ends the reader's wait; after that the last end is closed
        self.keys("\x0c");
        self.reader.take().unwrap().join().unwrap();
        self.input = None;
        self.master = None;
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let (height, width) = (rows.try_into().unwrap(), columns.try_into().unwrap());
        self.shared.terminal.lock().unwrap().parser.screen_mut().set_size(height, width);
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    /// The program's process.
    pub fn id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(i32::try_from(self.id()).unwrap()).unwrap(), signal).unwrap();
    }

    /// The exit code, which has to come in time.
    pub fn exit(&mut self, patience: Duration) -> u32 {
        let (sender, ended) = std::sync::mpsc::sync_channel(1);
        let mut killer = self.child.clone_killer();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = sender.send(self.child.wait().unwrap().exit_code());
            });
            ended.recv_timeout(patience).unwrap_or_else(|_| {
                let _ = killer.kill();
                panic!("still running after {patience:?}")
            })
        })
    }

    /// Asserts that the terminal is as it was before the program started.
    pub fn assert_given_back(&self) {
        self.until("given back", |screen| !screen.alternate_screen() && !screen.hide_cursor());
        self.until("without pastes marked", |screen| !screen.bracketed_paste());
        assert_eq!(self.modes(), self.modes_before);
    }

    /// The modes of the line.
    pub fn modes(&self) -> String {
        format!("{:?}", self.master.as_ref().unwrap().get_termios())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shared {
    fn read(&self, mut output: Box<dyn Read + Send>) {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut chunk) {
            let mut terminal = self.terminal.lock().unwrap();
            terminal.bytes.extend_from_slice(&chunk[..count]);
            terminal.parser.process(&chunk[..count]);
            self.more.notify_all();
            let terminal = self.more.wait_while(terminal, |terminal| terminal.stalled && !terminal.closed).unwrap();
            if terminal.closed {
                return;
            }
        }
    }
}
