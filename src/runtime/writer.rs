//! The thread that writes to the terminal.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;

/// Sends frames to the thread that owns the terminal's output: one at a time.
///
/// A write to a stalled link blocks that thread and nothing else. The loop goes on, and draws again once
/// [`FrameSender::done`] says that the frame is out; it then draws what is true at that moment, not what was missed.
#[derive(Debug)]
pub struct FrameSender {
    frames: mpsc::SyncSender<Vec<u8>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    in_flight: AtomicBool,
    closed: AtomicBool,
    frames: AtomicU64,
    bytes: AtomicU64,
    /// Buffers that were written, to be filled again.
    spare: Mutex<Vec<Vec<u8>>>,
    done: Notify,
}

/// Why a frame was not taken; it is handed back.
#[derive(Debug, PartialEq, Eq)]
pub enum NotSent {
    /// The frame before has not been written yet.
    Busy(Vec<u8>),
    /// The terminal is gone.
    Closed(Vec<u8>),
}

/// What became of the frame that was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is out; the next can be sent.
    Done,
    /// The terminal is gone: nothing will be written any more.
    Closed,
}

/// A moment's figures of the writer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Frames written since the start.
    pub frames: u64,
    /// Bytes written since the start.
    pub bytes: u64,
}

impl FrameSender {
    /// Starts the thread that writes to `output`.
    ///
    /// Fails when the system gives no thread.
    pub fn start(output: Box<dyn Write + Send>) -> io::Result<Self> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let shared = Arc::new(Shared::default());
        let thread = Arc::clone(&shared);
        thread::Builder::new().name("terminal output".to_owned()).spawn(move || thread.write_all(output, &receiver))?;
        Ok(Self { frames: sender, shared })
    }

    /// Hands over a frame, unless one is still being written. Never waits. An empty frame is taken and forgotten.
    pub fn try_send(&self, frame: Vec<u8>) -> Result<(), NotSent> {
        if self.shared.closed.load(Ordering::SeqCst) {
            return Err(NotSent::Closed(frame));
        }
        if self.shared.in_flight.load(Ordering::SeqCst) {
            return Err(NotSent::Busy(frame));
        }
        if frame.is_empty() {
            self.shared.keep(frame);
            return Ok(());
        }
        self.shared.in_flight.store(true, Ordering::SeqCst);
        self.frames.try_send(frame).map_err(|refused| match refused {
            mpsc::TrySendError::Full(frame) => NotSent::Busy(frame),
            mpsc::TrySendError::Disconnected(frame) => NotSent::Closed(frame),
        })
    }

    /// Whether a frame could be sent now: nothing is being written.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !self.shared.in_flight.load(Ordering::SeqCst)
    }

    /// Ends when a frame has been written, or the terminal is gone. For one waiter: the loop.
    pub async fn done(&self) -> Written {
        if !self.shared.closed.load(Ordering::SeqCst) {
            self.shared.done.notified().await;
        }
        if self.shared.closed.load(Ordering::SeqCst) { Written::Closed } else { Written::Done }
    }

    /// Waits until nothing is being written, at the most `patience`: whether that is so. For the end of the process and
    /// before another program gets the terminal.
    pub async fn drain(&self, patience: Duration) -> bool {
        let idle = async {
            while !self.is_idle() && !self.shared.closed.load(Ordering::SeqCst) {
                self.done().await;
            }
        };
        // a real timer: this waits for a device, not for a moment of the cockpit's day
        tokio::time::timeout(patience, idle).await.is_ok() && self.is_idle()
    }

    /// An empty buffer, one that was written before if there is one.
    #[must_use]
    pub fn buffer(&self) -> Vec<u8> {
        self.shared.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// What has been written so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures { frames: self.shared.frames.load(Ordering::Relaxed), bytes: self.shared.bytes.load(Ordering::Relaxed) }
    }
}

impl Shared {
    fn write_all(&self, mut output: Box<dyn Write + Send>, frames: &mpsc::Receiver<Vec<u8>>) {
        while let Ok(frame) = frames.recv() {
            if output.write_all(&frame).and_then(|()| output.flush()).is_err() {
                self.closed.store(true, Ordering::SeqCst);
                self.in_flight.store(false, Ordering::SeqCst);
                self.done.notify_one();
                return;
            }
            self.frames.fetch_add(1, Ordering::Relaxed);
            self.bytes.fetch_add(frame.len() as u64, Ordering::Relaxed);
            self.keep(frame);
            self.in_flight.store(false, Ordering::SeqCst);
            self.done.notify_one();
        }
    }

    fn keep(&self, mut frame: Vec<u8>) {
        frame.clear();
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < 2 {
            spare.push(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Seen = Arc<Mutex<Vec<u8>>>;

    /// An output that waits for a word before every write.
    struct Stalled {
        let_on: mpsc::Receiver<io::Result<()>>,
        seen: Seen,
    }

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.let_on.recv().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))?;
            self.seen.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn stalled() -> (FrameSender, mpsc::SyncSender<io::Result<()>>, Seen) {
        let (go, let_on) = mpsc::sync_channel(8);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let writer = FrameSender::start(Box::new(Stalled { let_on, seen: Arc::clone(&seen) })).unwrap();
        (writer, go, seen)
    }

    #[tokio::test]
    async fn one_frame_is_in_flight_and_the_next_is_refused_until_it_is_out() {
        let (writer, go, seen) = stalled();
        assert_eq!(writer.try_send(b"one".to_vec()), Ok(()));
        assert_eq!(writer.try_send(b"two".to_vec()), Err(NotSent::Busy(b"two".to_vec())));
        assert!(!writer.drain(Duration::from_millis(5)).await);
        go.send(Ok(())).unwrap();
        assert_eq!(writer.done().await, Written::Done);
        assert!(writer.is_idle());
        let buffer = writer.buffer();
        assert!(buffer.is_empty() && buffer.capacity() >= 3);
        assert_eq!(writer.try_send(b"two".to_vec()), Ok(()));
        go.send(Ok(())).unwrap();
        assert!(writer.drain(Duration::from_secs(10)).await);
        assert_eq!(*seen.lock().unwrap(), b"onetwo");
        assert_eq!(writer.figures(), Figures { frames: 2, bytes: 6 });
    }

    #[tokio::test]
    async fn a_terminal_that_is_gone_is_told_once_and_for_all() {
        let (writer, go, _) = stalled();
        writer.try_send(b"one".to_vec()).unwrap();
        go.send(Err(io::ErrorKind::BrokenPipe.into())).unwrap();
        assert_eq!(writer.done().await, Written::Closed);
        assert_eq!(writer.try_send(b"two".to_vec()), Err(NotSent::Closed(b"two".to_vec())));
        assert_eq!(writer.done().await, Written::Closed);
    }
}
