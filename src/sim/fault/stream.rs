//! What becomes of an answer under way: faults strike it, it ends, or it breaks.

use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;

use bytes::Bytes;
use tokio::sync::watch;

use super::plan::{Cut, Faults};

#[derive(Debug)]
enum State {
    Open,
    /// Nothing is sent any more.
    Silent,
    /// The connection breaks.
    Broken,
    Ended,
}

/// How an answer that goes on for long stands, faults included.
#[derive(Debug)]
pub(in crate::sim) struct Fate {
    faults: Faults,
    changed: watch::Receiver<u64>,
    path: String,
    /// The last fault that struck.
    struck: u64,
    /// Sent before anything else.
    outbox: VecDeque<Bytes>,
    state: State,
}

impl Fate {
    /// An answer to this path (query included) that goes well so far.
    pub fn new(faults: &Faults, path: &str) -> Self {
        Self {
            faults: faults.clone(),
            changed: faults.subscribe(),
            path: path.to_owned(),
            struck: 0,
            outbox: VecDeque::new(),
            state: State::Open,
        }
    }

    /// What is sent next whatever the answer itself has to say, its end included; it may go on where nothing is.
    pub async fn next(&mut self) -> ControlFlow<Option<io::Result<Bytes>>> {
        if let Some(bytes) = self.outbox.pop_front() {
            return ControlFlow::Break(Some(Ok(bytes)));
        }
        match self.state {
            State::Open => ControlFlow::Continue(()),
            State::Silent => std::future::pending().await,
            State::Broken => {
                self.state = State::Ended;
                // what was said before is flushed while the body has nothing to give
                tokio::task::yield_now().await;
                ControlFlow::Break(Some(Err(io::ErrorKind::ConnectionReset.into())))
            }
            State::Ended => ControlFlow::Break(None),
        }
    }

    /// The fault that strikes now.
    pub fn cut(&mut self) -> Option<Cut> {
        self.changed.borrow_and_update();
        self.faults.take_cut(&self.path, &mut self.struck)
    }

    /// Does what a fault says, where an answer cannot tell an expired version from its end; `half` is cut off in the
    /// middle, and may be empty.
    pub fn strike(&mut self, cut: Cut, half: impl FnOnce() -> Bytes) {
        match cut {
            Cut::Close | Cut::Expired => self.end(),
            Cut::Silence => self.state = State::Silent,
            Cut::Raw(bytes) => self.say(bytes),
            Cut::HalfLine => {
                self.say(half());
                self.state = State::Broken;
            }
        }
    }

    /// Has something sent before anything else.
    pub fn say(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.outbox.push_back(bytes);
        }
    }

    /// Nothing comes after what was said.
    pub fn end(&mut self) {
        self.state = State::Ended;
    }

    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Waits for another fault.
    pub async fn changed(&mut self) {
        // faults outlive what they strike, so a closed channel only means that the world is being dropped
        let _ = self.changed.changed().await;
    }
}
