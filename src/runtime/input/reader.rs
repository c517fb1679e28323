//! The thread that reads the terminal.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::sync::mpsc;

/// What the reader hands to the loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// What was typed or sent, as it came.
    Read(Vec<u8>),
    /// The terminal is gone: nothing will ever come again.
    Closed,
}

/// Chunks on their way to the loop; when it is full the rest waits in the kernel.
const LANE: usize = 16;
/// The size of one chunk at the most.
const CHUNK: usize = 4096;

/// The only thing that reads the terminal: a thread of its own, which can be paused while another program has the
/// terminal and is never in the way of the end of the process.
///
/// Not crossterm's reader: that one gives out Esc for the first byte of an arrow key, and spins for ever at the end of
/// file.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Held by the thread while it waits for the terminal or reads it, and never while it waits for the loop.
    reading: Mutex<()>,
    resumed: Condvar,
    paused: AtomicBool,
    stopped: AtomicBool,
    /// Written to end the thread's wait.
    wake: OwnedFd,
}

impl Reader {
    /// Starts reading `tty`. [`Bytes::Closed`] is the last thing that comes.
    ///
    /// Fails when the system gives no pipe or thread.
    pub fn start(tty: OwnedFd) -> io::Result<(Self, mpsc::Receiver<Bytes>)> {
        let (woken, wake) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let shared = Arc::new(Shared {
            reading: Mutex::new(()),
            resumed: Condvar::new(),
            paused: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            wake,
        });
        let (sender, receiver) = mpsc::channel(LANE);
        let thread = Arc::clone(&shared);
        thread::Builder::new().name("terminal input".to_owned()).spawn(move || {
            while let Some(bytes) = thread.read(&tty, &woken) {
                let closed = bytes == Bytes::Closed;
                if sender.blocking_send(bytes).is_err() || closed {
                    return;
                }
            }
        })?;
        Ok((Self { shared }, receiver))
    }

    /// Once this returns, not a byte is taken from the terminal until [`Reader::resume`].
    pub fn pause(&self) {
        self.shared.paused.store(true, Ordering::SeqCst);
        self.shared.wake();
        drop(self.shared.lock());
    }

    /// Reads again.
    pub fn resume(&self) {
        let guard = self.shared.lock();
        self.shared.paused.store(false, Ordering::SeqCst);
        drop(guard);
        self.shared.resumed.notify_all();
    }
}

impl Drop for Reader {
    /// Ends the thread, without waiting for it.
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.shared.wake();
        self.shared.resumed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // a full pipe wakes as well as another byte in it
        let _ = rustix::io::write(&self.wake, &[0]);
    }

    /// The next bytes; `None` when the reader was stopped.
    fn read(&self, tty: &OwnedFd, woken: &OwnedFd) -> Option<Bytes> {
        let mut guard = self.lock();
        loop {
            while self.paused.load(Ordering::SeqCst) && !self.stopped.load(Ordering::SeqCst) {
                guard = self.resumed.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
            if self.stopped.load(Ordering::SeqCst) {
                return None;
            }
            let mut waits = [PollFd::new(tty, PollFlags::IN), PollFd::new(woken, PollFlags::IN)];
            match poll(&mut waits, None) {
                Ok(_) => {}
                Err(Errno::INTR | Errno::AGAIN) => continue,
                Err(_) => return Some(Bytes::Closed),
            }
            let [tty_ready, wake_ready] = [waits[0].revents(), waits[1].revents()];
            if !wake_ready.is_empty() {
                let mut drain = [0_u8; 64];
                while rustix::io::read(woken.as_fd(), &mut drain).is_ok_and(|n| n == drain.len()) {}
                continue;
            }
            if tty_ready.is_empty() {
                continue;
            }
            let mut chunk = vec![0_u8; CHUNK];
            match rustix::io::read(tty, &mut chunk) {
                Err(Errno::INTR | Errno::AGAIN) => {}
                Ok(0) | Err(_) => return Some(Bytes::Closed),
                Ok(count) => {
                    chunk.truncate(count);
                    return Some(Bytes::Read(chunk));
                }
            }
        }
    }
}
