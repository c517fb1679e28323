//! The terminal as the cockpit takes it, and as it gives it back: at the end, on a panic, on a signal, for a while.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
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
/// The way back, which also ends what a frame may have been cut off in: a string, a synchronized update, a colour.
const LEAVE: &[u8] =
    b"\x1b\\\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[?1049l\x1b[?25h";
/// How long a terminal that takes nothing is waited for.
const PATIENCE: Duration = Duration::from_millis(150);

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
    options: Options,
    entered: AtomicBool,
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
        let screen = Arc::new(Screen { tty, before, options, entered: AtomicBool::new(false) });
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
        if self.screen.options.mouse {
            self.screen.write(MOUSE)?;
        }
        Ok(())
    }

    /// Gives the terminal back and stops this job as ctrl-z does, all of its processes; returns when it was continued
    /// and has the terminal again. To be called on the main thread, which is where the stop takes hold before the call
    /// returns.
    ///
    /// Where nobody could continue the job, the system does not stop it, and this returns at once.
    pub fn suspend(&self) -> io::Result<()> {
        self.leave();
        rustix::process::kill_current_process_group(Signal::TSTP)?;
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
        if self.write(LEAVE).is_err() {
            // what the terminal has not taken so far it need not see: there is room for the way back then
            let _ = tcflush(&self.tty, QueueSelector::OFlush);
            let _ = self.write(LEAVE);
        }
        if self.options.mouse {
            // reports of a mouse that moved meanwhile would be typed into the shell
            let _ = tcflush(&self.tty, QueueSelector::IFlush);
        }
        let _ = tcsetattr(&self.tty, OptionalActions::Now, &self.before);
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
                Err(Errno::AGAIN) => {
                    let wait = |millis| Timespec { tv_sec: 0, tv_nsec: i64::from(millis) * 1_000_000 };
                    let mut ready = [PollFd::new(&self.tty, PollFlags::OUT)];
                    // room, and still refused: another thread is inside a write, and poll would not wait for it
                    if poll(&mut ready, Some(&wait(left.as_millis() as u32))).is_ok_and(|ready| ready > 0) {
                        std::thread::sleep(Duration::from_millis(2));
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
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
