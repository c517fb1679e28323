//! Signals, on a thread of their own that can end the process when the loop cannot.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::signal::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use signal_hook::iterator::{Handle, Signals as Arrivals};
use tokio::sync::Notify;

use super::terminal::Restorer;

/// How long the loop has to end the process in good order after SIGHUP or SIGTERM.
pub const GRACE: Duration = Duration::from_secs(1);

/// What the process was told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP: the terminal is gone.
    HangUp,
    /// SIGTERM: to end.
    Terminate,
    /// SIGINT from outside (ctrl-c in raw mode is a key): to end, or to stop waiting.
    Interrupt,
    /// SIGWINCH: the terminal has another size.
    Resized,
    /// SIGCONT: the process was stopped; another program may have had the terminal.
    Continued,
}

impl Signal {
    /// Most urgent first.
    const ALL: [Self; 5] = [Self::HangUp, Self::Terminate, Self::Interrupt, Self::Resized, Self::Continued];

    fn number(self) -> i32 {
        match self {
            Self::HangUp => SIGHUP,
            Self::Terminate => SIGTERM,
            Self::Interrupt => SIGINT,
            Self::Resized => SIGWINCH,
            Self::Continued => SIGCONT,
        }
    }

    /// What a process that ends because of this exits with: 128 and the signal's number.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        u8::try_from(self.number()).map_or(u8::MAX, |number| number.saturating_add(128))
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The signals that came and were not asked for yet: each once, however often it came.
///
/// After SIGHUP or SIGTERM the process ends within [`GRACE`], whether or not the loop and the terminal are stuck; a
/// second SIGINT or SIGTERM ends it at once. Dropping this lets go of the signals and of that threat.
#[derive(Debug)]
pub struct Signals {
    shared: Arc<Shared>,
    handle: Handle,
}

#[derive(Debug, Default)]
struct Shared {
    pending: AtomicU8,
    notify: Notify,
    /// A person or a program asked for the end once.
    asked: AtomicBool,
    /// The thread that ends the process after the grace is there.
    threatened: AtomicBool,
    let_go: Mutex<bool>,
    gone: Condvar,
}

impl Signals {
    /// Starts listening. `restorer` gives the terminal back should the process have to be ended from here.
    ///
    /// Fails when the system refuses a handler or a thread.
    pub fn listen(restorer: Option<Restorer>) -> io::Result<Self> {
        let mut arrivals = Arrivals::new(Signal::ALL.map(Signal::number))?;
        let handle = arrivals.handle();
        let shared = Arc::new(Shared::default());
        let thread = Arc::clone(&shared);
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for number in &mut arrivals {
                if let Some(signal) = Signal::ALL.into_iter().find(|s| s.number() == number) {
                    thread.arrived(signal, restorer.as_ref());
                }
            }
        })?;
        Ok(Self { shared, handle })
    }

    /// The next signal, the most urgent first. Safe to drop and ask again.
    pub async fn next(&self) -> Signal {
        loop {
            if let Some(signal) = self.shared.take() {
                return signal;
            }
            self.shared.notify.notified().await;
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.handle.close();
        *self.shared.let_go.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.gone.notify_all();
    }
}

impl Shared {
    fn take(&self) -> Option<Signal> {
        Signal::ALL
            .into_iter()
            .find(|signal| self.pending.fetch_and(!signal.bit(), Ordering::SeqCst) & signal.bit() != 0)
    }

    fn arrived(self: &Arc<Self>, signal: Signal, restorer: Option<&Restorer>) {
        // a second SIGHUP says nothing new: a shell and the system both send one when a terminal goes
        let asked = matches!(signal, Signal::Terminate | Signal::Interrupt);
        if asked && self.asked.swap(true, Ordering::SeqCst) {
            end(signal, restorer);
        }
        self.pending.fetch_or(signal.bit(), Ordering::SeqCst);
        self.notify.notify_one();
        let must_end = matches!(signal, Signal::HangUp | Signal::Terminate);
        if must_end && !self.threatened.swap(true, Ordering::SeqCst) {
            let (shared, owned) = (Arc::clone(self), restorer.cloned());
            let threat = thread::Builder::new().name("end of grace".to_owned()).spawn(move || {
                let waiting = shared.let_go.lock().unwrap_or_else(PoisonError::into_inner);
                let wait = shared.gone.wait_timeout_while(waiting, GRACE, |let_go| !*let_go);
                if !*wait.unwrap_or_else(PoisonError::into_inner).0 {
                    end(signal, owned.as_ref());
                }
            });
            if threat.is_err() {
                end(signal, restorer);
            }
        }
    }
}

/// The one place that ends the process without its owners: they had their time, and may be stuck in a write to a
/// terminal that nobody reads.
fn end(signal: Signal, restorer: Option<&Restorer>) -> ! {
    if let Some(restorer) = restorer {
        restorer.restore();
    }
    signal_hook::low_level::exit(i32::from(signal.exit_code()))
}
