//! The terminal's threads in a pseudo-terminal: given back on every road out, never in anybody's way.
//!
//! [`child`] is the other half of most tests: a small cockpit without views, run by this binary in the terminal.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use pilothouse::domain::Clock;
use pilothouse::runtime::clock::SystemClock;
use pilothouse::runtime::input::{Bytes, Decoder, Reader};
use pilothouse::runtime::scope::Scope;
use pilothouse::runtime::signal::{Signal, Signals};
use pilothouse::runtime::terminal::{Options, Size, TerminalGuard, is_gone};
use pilothouse::runtime::writer::{FrameSender, NotSent};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, kill_process};

const CHILD: &str = "PILOTHOUSE_TEST_CHILD";
const ENTERED: &str = "\x1b[?1049h";
const LEFT: &str = "\x1b[?1049l\x1b[?25h";
const PATIENCE: Duration = Duration::from_secs(20);

fn say(text: &str) {
    let mut out = io::stdout().lock();
    write!(out, "<{text}>").unwrap();
    out.flush().unwrap();
}

/// Not a test of its own: what the tests below run inside the pseudo-terminal.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let guard = TerminalGuard::enter(Options { mouse: true }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(small_cockpit(&guard));
    drop(guard);
    say("over");
}

async fn small_cockpit(guard: &TerminalGuard) {
    let signals = Signals::listen(Some(guard.restorer())).unwrap();
    let (reader, mut input) = Reader::start(io::stdin().as_fd().try_clone_to_owned().unwrap()).unwrap();
    let scope = Scope::new(tokio::runtime::Handle::current(), |panicked| say(&format!("heard {}", panicked.message)));
    let mut decoder = Decoder::new(Duration::from_millis(30));
    let Size { columns, rows } = guard.size();
    say(&format!("ready {columns}x{rows}"));
    loop {
        let mut events = Vec::new();
        let deadline = decoder.next_deadline();
        tokio::select! {
            bytes = input.recv() => match bytes {
                Some(Bytes::Read(bytes)) => decoder.feed(&bytes, SystemClock.now(), &mut events),
                Some(Bytes::Closed) | None => return,
            },
            () = SystemClock.sleep_until(deadline.unwrap_or_default()), if deadline.is_some() => {
                decoder.flush(SystemClock.now(), &mut events);
            }
            // a loop that does not end when it is told to
            signal = signals.next() => say(&format!("signal {signal:?}")),
        }
        for event in events {
            let Event::Key(KeyEvent { code, modifiers, .. }) = event else { continue };
            match (code, modifiers) {
                (KeyCode::Char('q'), _) => return,
                (KeyCode::Char('p'), _) => panic!("asked to"),
                (KeyCode::Char('t'), _) => drop(scope.spawn("doomed", async { panic!("task was asked to") })),
                (KeyCode::Char('z'), KeyModifiers::CONTROL) => {
                    reader.pause();
                    guard.suspend().unwrap();
                    reader.resume();
                    say("back");
                }
                (KeyCode::Char('b'), _) => stall(guard),
                (code, modifiers) => say(&format!("key {code:?} {modifiers:?}")),
            }
        }
    }
}

/// Draws until the terminal takes no more, says so in a file, and blocks as a loop that is stuck would.
fn stall(guard: &TerminalGuard) {
    let writer = FrameSender::start(Box::new(guard.output())).unwrap();
    let mut busy_since = Instant::now();
    while busy_since.elapsed() < Duration::from_millis(300) {
        match writer.try_send(vec![b'x'; 65_536]) {
            Ok(()) => busy_since = Instant::now(),
            Err(NotSent::Busy(_)) => std::thread::yield_now(),
            Err(NotSent::Closed(_)) => return,
        }
    }
    std::fs::write(std::env::var_os(CHILD).unwrap(), "stalled").unwrap();
    loop {
        std::thread::park();
    }
}

/// What came out of a terminal so far.
#[derive(Default)]
struct Seen {
    bytes: Mutex<Vec<u8>>,
    more: Condvar,
}

impl Seen {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// Everything up to and with the `n`th `needle`, which has to come in time.
    fn wait_for(&self, needle: &str, n: usize) -> String {
        let mut bytes = self.bytes.lock().unwrap();
        let deadline = Instant::now() + PATIENCE;
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
struct Run {
    master: Option<Box<dyn MasterPty + Send>>,
    input: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Seen>,
    folder: tempfile::TempDir,
    modes_before: String,
}

impl Run {
    /// The small cockpit; `around` is a shell script that runs it as `$cockpit`.
    fn start(around: Option<&str>, reads: bool) -> Self {
        let pty =
            native_pty_system().openpty(PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 }).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let exe = std::env::current_exe().unwrap();
        let arguments = ["--exact", "terminal::child", "--nocapture", "--test-threads=1"];
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

    fn read(&self) {
        let (seen, mut output) = (Arc::clone(&self.seen), self.master.as_ref().unwrap().try_clone_reader().unwrap());
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut chunk) {
                seen.bytes.lock().unwrap().extend_from_slice(&chunk[..count]);
                seen.more.notify_all();
            }
        });
    }

    fn type_in(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// The exit code, which has to come within `patience`.
    fn exit(&mut self, patience: Duration) -> u32 {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            if Instant::now() > deadline {
                self.child.kill().unwrap();
                panic!("still running after {patience:?}: {:?}", self.seen.text());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn modes(&self) -> String {
        format!("{:?}", self.master.as_ref().unwrap().get_termios())
    }
}

#[test]
fn terminal_is_given_back_on_quit_and_keys_arrive() {
    let mut run = Run::start(None, true);
    let start = run.seen.wait_for("<ready 100x30>", 1);
    assert!(start.contains(ENTERED) && start.contains("\x1b[?1006h"), "{start:?}");
    assert_ne!(run.modes(), run.modes_before);
    run.type_in(b"\x1b[1;5A");
    run.seen.wait_for("<key Up KeyModifiers(CONTROL)>", 1);
    run.type_in(b"\x1b");
    run.seen.wait_for("<key Esc KeyModifiers(0x0)>", 1);
    run.type_in(b"q");
    let end = run.seen.wait_for("<over>", 1);
    assert!(end.contains(LEFT) && end.contains("\x1b[?2004l") && end.contains("\x1b[?1000l"), "{end:?}");
    assert_eq!(run.modes(), run.modes_before);
    assert_eq!(run.exit(PATIENCE), 0);
}

#[test]
fn terminal_is_given_back_before_a_panic_is_reported() {
    let mut run = Run::start(None, true);
    run.seen.wait_for("<ready", 1);
    run.type_in(b"p");
    let end = run.seen.wait_for("asked to", 1);
    assert!(end.find(LEFT).unwrap() < end.find("panicked at").unwrap(), "{end:?}");
    assert_ne!(run.exit(PATIENCE), 0);
    assert_eq!(run.modes(), run.modes_before);
}

#[test]
fn terminal_is_kept_when_a_task_panics_and_its_scope_hears_of_it() {
    let mut run = Run::start(None, true);
    run.seen.wait_for("<ready", 1);
    run.type_in(b"t");
    let heard = run.seen.wait_for("terminal.rs:", 1);
    assert!(heard.contains("<heard task was asked to (tests/it/terminal.rs:"), "{heard:?}");
    assert!(!heard.contains(LEFT) && !heard.contains("panicked at"), "{heard:?}");
    run.type_in(b"q");
    run.seen.wait_for("<over>", 1);
}

#[test]
fn terminal_is_given_back_by_sigterm_though_the_loop_does_not_end() {
    let mut run = Run::start(None, true);
    run.seen.wait_for("<ready", 1);
    run.signal(rustix::process::Signal::TERM);
    run.seen.wait_for("<signal Terminate>", 1);
    assert_eq!(run.exit(PATIENCE), u32::from(Signal::Terminate.exit_code()));
    run.seen.wait_for(LEFT, 1);
    assert_eq!(run.modes(), run.modes_before);
}

#[test]
fn terminal_is_given_back_at_once_by_a_second_interrupt() {
    let mut run = Run::start(None, true);
    run.seen.wait_for("<ready", 1);
    run.signal(rustix::process::Signal::INT);
    run.seen.wait_for("<signal Interrupt>", 1);
    run.signal(rustix::process::Signal::INT);
    assert_eq!(run.exit(PATIENCE), 130);
    run.seen.wait_for(LEFT, 1);
}

#[test]
fn terminal_that_is_closed_ends_the_process() {
    let mut run = Run::start(None, false);
    run.input = None;
    // the small cockpit has to be up before its terminal goes
    let mut output = run.master.as_ref().unwrap().try_clone_reader().unwrap();
    let (mut text, mut byte) = (String::new(), [0]);
    while !text.ends_with("<ready") {
        output.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
    }
    drop(output);
    run.master = None;
    run.exit(PATIENCE);
}

#[test]
fn terminal_that_is_stalled_does_not_hold_the_process() {
    let mut run = Run::start(None, false);
    run.type_in(b"b");
    let deadline = Instant::now() + PATIENCE;
    while !run.folder.path().join("stalled").exists() {
        assert!(Instant::now() < deadline, "never stalled");
        std::thread::sleep(Duration::from_millis(5));
    }
    run.signal(rustix::process::Signal::TERM);
    assert_eq!(run.exit(PATIENCE), 143);
    assert_eq!(run.modes(), run.modes_before);
    // whoever looks again finds the way back behind what was stuck
    run.read();
    run.seen.wait_for(LEFT, 1);
}

#[test]
fn terminal_is_given_back_while_suspended_and_taken_again() {
    let mut run = Run::start(Some("set -m; $cockpit; echo '<stopped>'; stty -a; fg; echo '<done>'"), true);
    run.seen.wait_for("<ready", 1);
    run.type_in(b"\x1a");
    let stopped = run.seen.wait_for("<stopped>", 1);
    assert!(stopped.contains(LEFT), "{stopped:?}");
    let back = run.seen.wait_for("<back>", 1);
    assert_eq!(back.matches(ENTERED).count(), 2);
    assert!(back.contains(" icanon"), "the shell had its modes: {back:?}");
    run.type_in(b"j");
    run.seen.wait_for("<key Char('j')", 1);
    run.type_in(b"q");
    run.seen.wait_for("<done>", 1);
    assert_eq!(run.exit(PATIENCE), 0);
}

#[test]
fn terminal_nobody_could_continue_is_not_stopped() {
    let mut run = Run::start(None, true);
    run.seen.wait_for("<ready", 1);
    run.type_in(b"\x1a");
    run.seen.wait_for("<back>", 1);
    run.type_in(b"q");
    run.seen.wait_for("<over>", 1);
}

#[test]
fn terminal_that_is_gone_says_so_when_it_is_taken_again() {
    let (master, slave) = both_sides();
    let guard = TerminalGuard::enter_on(slave.as_fd(), Options::default()).unwrap();
    drop(master);
    // as on SIGCONT, which comes together with SIGHUP and may be looked at first
    assert!(is_gone(&guard.enter_again().unwrap_err()));
}

/// A terminal with this process on both sides: what types, and what is typed into.
fn both_sides() -> (Box<dyn MasterPty + Send>, OwnedFd) {
    let pty = native_pty_system().openpty(PtySize::default()).unwrap();
    let slave = File::options().read(true).write(true).open(pty.master.tty_name().unwrap()).unwrap();
    let mut raw = rustix::termios::tcgetattr(&slave).unwrap();
    raw.make_raw();
    rustix::termios::tcsetattr(&slave, rustix::termios::OptionalActions::Now, &raw).unwrap();
    (pty.master, slave.into())
}

async fn next(input: &mut tokio::sync::mpsc::Receiver<Bytes>) -> Bytes {
    tokio::time::timeout(PATIENCE, input.recv()).await.expect("in time").expect("a reader")
}

#[tokio::test]
async fn terminal_reader_leaves_every_byte_to_another_program_while_paused() {
    let (master, slave) = both_sides();
    let mut keyboard = master.take_writer().unwrap();
    let (reader, mut input) = Reader::start(slave.try_clone().unwrap()).unwrap();
    keyboard.write_all(b"a").unwrap();
    assert_eq!(next(&mut input).await, Bytes::Read(b"a".to_vec()));
    reader.pause();
    keyboard.write_all(b"for vim").unwrap();
    let mut other = [0; 7];
    File::from(slave).read_exact(&mut other).unwrap();
    assert_eq!(&other, b"for vim");
    assert!(input.try_recv().is_err());
    reader.resume();
    keyboard.write_all(b"b").unwrap();
    assert_eq!(next(&mut input).await, Bytes::Read(b"b".to_vec()));
}

#[tokio::test]
async fn terminal_reader_can_be_paused_while_nobody_takes_what_it_read() {
    let (master, slave) = both_sides();
    let mut keyboard = master.take_writer().unwrap();
    let (reader, mut input) = Reader::start(slave).unwrap();
    for _ in 0..64 {
        keyboard.write_all(b"x").unwrap();
        tokio::task::yield_now().await;
    }
    reader.pause();
    reader.resume();
    let mut count = 0;
    while count < 64 {
        let Bytes::Read(bytes) = next(&mut input).await else { panic!("closed") };
        count += bytes.len();
    }
}

#[tokio::test]
async fn terminal_reader_says_once_that_the_terminal_is_gone() {
    let (master, slave) = both_sides();
    let (_reader, mut input) = Reader::start(slave).unwrap();
    drop(master);
    assert_eq!(next(&mut input).await, Bytes::Closed);
    assert_eq!(tokio::time::timeout(PATIENCE, input.recv()).await.expect("the thread has ended"), None);
}
