//! The terminal as the cockpit takes it, and as it gives it back: at the end, on a panic, on a signal, for a while.

use std::ffi::CStr;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError, Weak};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::Signal;
use rustix::termios::{
    OptionalActions, QueueSelector, Termios, isatty, tcflush, tcgetattr, tcgetwinsize, tcsetattr, ttyname,
};

use super::scope;

/// Alternate screen, cleared; cursor hidden; keys and colours as they are after a reset; pastes marked as such; focus
/// reports off.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?1l\x1b>\x1b[0m\x1b[2J\x1b[H\x1b[?25l\x1b[?2004h\x1b[?1004l";
/// Buttons, dragging, coordinates in digits.
const MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
/// The mouse is the terminal's again.
const NO_MOUSE: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";
/// The way back, which also ends what a frame may have been cut off in: a string, a synchronized update, a colour.
const LEAVE: &[u8] =
    b"\x1b\\\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[?1049l\x1b[?25h";
/// How long a terminal that takes nothing is waited for.
const PATIENCE: Duration = Duration::from_millis(150);
/// Within this a stop takes hold of every thread.
const STOPPING: Duration = Duration::from_millis(50);

/// Why there can be no cockpit.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Standard input or output is a file or a pipe.
    #[error("the cockpit needs a terminal, and {stream} is none (`get apps` and `snapshot` do not need one)")]
    NotATerminal {
        /// Which of the two.
        stream: &'static str,
    },
    /// The terminal refused.
    #[error("the terminal cannot be set up: {0}")]
    Refused(#[from] io::Error),
}

/// Whether an error of the terminal says that nobody is at its other end any more.
#[must_use]
pub fn is_gone(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::IO.raw_os_error())
}

/// What a person may want of the terminal or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Mouse reports. The terminal's own selection then needs shift.
    pub mouse: bool,
}

/// Columns and rows of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Cells across.
    pub columns: u16,
    /// Cells down.
    pub rows: u16,
}

/// What the environment says of colours and characters, as it was found: what it means is decided elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerminalFacts {
    /// `TERM`.
    pub term: Option<String>,
    /// `COLORTERM`.
    pub colorterm: Option<String>,
    /// `NO_COLOR`.
    pub no_color: Option<String>,
    /// `CLICOLOR_FORCE`.
    pub clicolor_force: Option<String>,
    /// `LC_ALL`.
    pub lc_all: Option<String>,
    /// `LC_CTYPE`.
    pub lc_ctype: Option<String>,
    /// `LANG`.
    pub lang: Option<String>,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
}

impl TerminalFacts {
    /// Asks the environment of this process.
    #[must_use]
    pub fn collect() -> Self {
        let get = |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Self {
            term: get("TERM"),
            colorterm: get("COLORTERM"),
            no_color: get("NO_COLOR"),
            clicolor_force: get("CLICOLOR_FORCE"),
            lc_all: get("LC_ALL"),
            lc_ctype: get("LC_CTYPE"),
            lang: get("LANG"),
            stdout_is_terminal: isatty(io::stdout()),
        }
    }
}

/// Holds the terminal in raw mode on the alternate screen, and gives it back when dropped.
#[derive(Debug)]
pub struct TerminalGuard {
    screen: Arc<Screen>,
}

/// Gives the terminal back from anywhere: the panic hook, the thread of signals. Never waits long, does nothing twice.
#[derive(Clone, Debug)]
pub struct Restorer {
    screen: Weak<Screen>,
}

#[derive(Debug)]
struct Screen {
    /// Opened anew where that is possible, so that not blocking is our own business and nobody else's who shares
    /// standard output.
    tty: OwnedFd,
    /// The modes to give back.
    before: Termios,
    /// Whether the mouse is ours.
    mouse: AtomicBool,
    entered: AtomicBool,
    /// How often the terminal was given back: a frame begun before that is not finished after it.
    times_left: AtomicU32,
    /// Held for one write, which does not wait, so that no piece of a frame comes after the way back.
    turn: Mutex<()>,
}

/// Where frames are written: for the writer's thread, which is the only one that waits for the terminal.
///
/// What is written while the terminal is given back goes nowhere. It never holds the terminal while it waits, so that
/// a stalled one can still be given back.
#[derive(Debug)]
pub struct Output {
    screen: Arc<Screen>,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let screen = &*self.screen;
        let times_left = screen.times_left.load(Ordering::SeqCst);
        let mut rest = bytes;
        while !rest.is_empty() {
            let turn = screen.turn.lock().unwrap_or_else(PoisonError::into_inner);
            if !screen.entered.load(Ordering::SeqCst) || screen.times_left.load(Ordering::SeqCst) != times_left {
                break;
            }
            let written = rustix::io::write(&screen.tty, rest);
            drop(turn);
            match written {
                Ok(count) => rest = &rest[count..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => screen.wait_for_room(None)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminalGuard {
    /// Takes the terminal on standard input and output, and has a panic give it back before it is reported.
    pub fn enter(options: Options) -> Result<Self, TerminalError> {
        if !isatty(io::stdin()) {
            return Err(TerminalError::NotATerminal { stream: "standard input" });
        }
        if !isatty(io::stdout()) {
            return Err(TerminalError::NotATerminal { stream: "standard output" });
        }
        Self::enter_on(io::stdout().as_fd(), options)
    }

    /// Takes the terminal `tty`.
    pub fn enter_on(tty: BorrowedFd<'_>, options: Options) -> Result<Self, TerminalError> {
        let before = tcgetattr(tty).map_err(io::Error::from)?;
        let tty = open_again(tty)?;
        let screen = Arc::new(Screen {
            tty,
            before,
            mouse: AtomicBool::new(options.mouse),
            entered: AtomicBool::new(false),
            times_left: AtomicU32::new(0),
            turn: Mutex::new(()),
        });
        let guard = Self { screen };
        guard.enter_again()?;
        guard.restorer().install_panic_hook();
        Ok(guard)
    }

    /// Gives the terminal back for a while: for another program, or to be suspended. Nothing may be on its way through
    /// the writer, and the reader has to be paused.
    pub fn leave(&self) {
        self.screen.leave();
    }

    /// Takes the terminal again. The screen is empty afterwards: everything has to be drawn. Also right after the
    /// process was continued, when a shell may have changed the modes.
    pub fn enter_again(&self) -> io::Result<()> {
        // first the promise to give back, then what has to be
        self.screen.entered.store(true, Ordering::SeqCst);
        let mut raw = self.screen.before.clone();
        raw.make_raw();
        tcsetattr(&self.screen.tty, OptionalActions::Now, &raw)?;
        self.screen.write(ENTER)?;
        if self.screen.mouse.load(Ordering::SeqCst) {
            self.screen.write(MOUSE)?;
        }
        Ok(())
    }

    /// Takes the mouse or leaves it to the terminal: what has to be written for that, with the next frame. Nothing when it
    /// is so already.
    #[must_use]
    pub fn mouse(&self, ours: bool) -> &'static [u8] {
        match (self.screen.mouse.swap(ours, Ordering::SeqCst), ours) {
            (false, true) => MOUSE,
            (true, false) => NO_MOUSE,
            _ => b"",
        }
    }

    /// Gives the terminal back and stops this job as ctrl-z does, all of its processes; returns when it was continued
    /// and has the terminal again.
    ///
    /// Where nobody could continue the job, the system does not stop it, and this returns at once.
    pub fn suspend(&self) -> io::Result<()> {
        self.leave();
        rustix::process::kill_current_process_group(Signal::TSTP)?;
        // the signal may go to another thread, and this one run on for a moment: it must not take the terminal yet
        std::thread::sleep(STOPPING);
        self.enter_again()
    }

    /// The size of the screen; 80x24 where the terminal does not know it.
    #[must_use]
    pub fn size(&self) -> Size {
        match tcgetwinsize(&self.screen.tty) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size { columns: size.ws_col, rows: size.ws_row },
            _ => Size { columns: 80, rows: 24 },
        }
    }

    /// Where the writer writes frames.
    #[must_use]
    pub fn output(&self) -> Output {
        Output { screen: Arc::clone(&self.screen) }
    }

    /// For whoever has to give the terminal back when nobody else can.
    #[must_use]
    pub fn restorer(&self) -> Restorer {
        Restorer { screen: Arc::downgrade(&self.screen) }
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Restorer {
    /// Gives the terminal back if it has not been. Ends within a moment, also when the terminal is stalled or gone.
    pub fn restore(&self) {
        if let Some(screen) = self.screen.upgrade() {
            screen.leave();
        }
    }

    /// A panic gives the terminal back before it is reported, and the panic of a task, which its scope reports, does
    /// not write over the screen.
    fn install_panic_hook(self) {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if scope::note_panic(info) {
                return;
            }
            self.restore();
            report(info);
        }));
    }
}

impl Screen {
    fn leave(&self) {
        if !self.entered.swap(false, Ordering::SeqCst) {
            return;
        }
        self.times_left.fetch_add(1, Ordering::SeqCst);
        // a write that has begun ends before; where the terminal could not be opened again, it may never
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.turn.try_lock(), Err(TryLockError::WouldBlock)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.write(LEAVE).is_err() {
            self.force_out(LEAVE);
        }
        if self.mouse.load(Ordering::SeqCst) {
            // reports of a mouse that moved meanwhile would be typed into the shell
            let _ = tcflush(&self.tty, QueueSelector::IFlush);
        }
        let _ = tcsetattr(&self.tty, OptionalActions::Now, &self.before);
    }

    /// Writes a few bytes to a terminal that is stalled, by throwing away what it has not taken so far: a frame that
    /// nobody need see any more.
    fn force_out(&self, bytes: &[u8]) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let _ = tcflush(&self.tty, QueueSelector::OFlush);
            match rustix::io::write(&self.tty, bytes) {
                Ok(count) if count == bytes.len() => return,
                Ok(_) | Err(Errno::AGAIN | Errno::INTR) => std::thread::sleep(Duration::from_millis(1)),
                Err(_) => return,
            }
        }
    }

    /// Writes what is a few bytes, and gives up when the terminal does not take them soon.
    fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match rustix::io::write(&self.tty, bytes) {
                Ok(count) if count == bytes.len() => return Ok(()),
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if left.is_zero() => return Err(io::ErrorKind::TimedOut.into()),
                Err(Errno::AGAIN) => self.wait_for_room(Some(left))?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Until the terminal takes something, or `patience` is over.
    fn wait_for_room(&self, patience: Option<Duration>) -> io::Result<()> {
        let timeout =
            patience.map(|p| Timespec { tv_sec: p.as_secs().cast_signed(), tv_nsec: p.subsec_nanos().into() });
        match poll(&mut [PollFd::new(&self.tty, PollFlags::OUT)], timeout.as_ref()) {
            // room, and it was refused: another thread is inside a write, which poll does not wait for
            Ok(1..) => std::thread::sleep(Duration::from_millis(1)),
            Ok(0) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// The terminal behind `tty`, opened once more, so that it can be written without waiting. A system that does not let
/// us has the same terminal twice.
fn open_again(tty: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let open = |path: &CStr| rustix::fs::open(path, flags, Mode::empty()).ok().filter(|fd| isatty(fd));
    let named = ttyname(tty, Vec::new()).ok().and_then(|name| open(&name));
    named.map_or_else(|| tty.try_clone_to_owned(), Ok)
}
