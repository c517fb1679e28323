//! Port-forwards: our listener stays, every connection finds the pod that answers at that moment.
//!
//! ```text
//! open: a wish becomes a forward that listens (listen)     task: it serves; one future, whose end ends all of it
//! resolver: which pod answers                              kubectl: a child carries it where our own way is shut
//! ```

mod kubectl;
mod listen;
mod open;
mod resolver;
mod task;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;

use super::scope::Scope;
use crate::action::{Audit, Visiting};
use crate::domain::Clock;
use crate::forward::{Event, Session, Sessions, Wish};
pub use open::{Answering, Forward, OpenError, Place, open};
use task::Shared;

/// Forwards that are open at once; what is beyond is refused.
pub const MOST: usize = 64;

/// What became of a forward.
#[derive(Debug)]
pub enum ForwardNews {
    /// Some of them read differently.
    Changed,
    /// One listens, or none came about and why.
    Opened(u64, Result<(), String>),
}

struct Running {
    shared: Arc<Shared>,
    task: AbortHandle,
    visiting: Option<Visiting>,
}

/// The forwards of this run.
pub struct Forwards {
    clock: Arc<dyn Clock>,
    scope: Scope,
    count: u64,
    running: BTreeMap<u64, Running>,
    opening: BTreeMap<u64, Visiting>,
    changed: Arc<Notify>,
    sender: mpsc::Sender<(u64, Result<Forward, String>)>,
    receiver: mpsc::Receiver<(u64, Result<Forward, String>)>,
}

impl Forwards {
    /// None is open. They will run on `io`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, io: Handle) -> Self {
        let (sender, receiver) = mpsc::channel(MOST);
        let broken = sender.clone();
        let scope = Scope::new(io, move |panic| {
            let number = panic.task.parse().unwrap_or_default();
            // full: the others are told of first, and this one is listed as it was
            _ = broken.try_send((number, Err(format!("what carries it broke: {}", panic.message))));
        });
        Self {
            clock,
            scope,
            count: 0,
            running: BTreeMap::new(),
            opening: BTreeMap::new(),
            changed: Arc::default(),
            sender,
            receiver,
        }
    }

    /// Opens a forward that was let in. Its number; how that went is told by [`Forwards::next`].
    pub fn begin(&mut self, wish: Wish, place: Place, visiting: Visiting) -> u64 {
        self.count += 1;
        let id = self.count;
        self.opening.insert(id, visiting);
        let (sender, clock, changed) = (self.sender.clone(), Arc::clone(&self.clock), Arc::clone(&self.changed));
        let full = self.running.len() >= MOST;
        self.scope.spawn(id.to_string(), async move {
            let opened = if full {
                Err(format!("{MOST} sessions are open: stop one first"))
            } else {
                let told = Arc::new(move || changed.notify_one());
                open(id, &wish, &place, clock, told).await.map_err(|error| error.to_string())
            };
            // nobody listens any more: the program is ending
            _ = sender.send((id, opened)).await;
        });
        id
    }

    /// Waits for the next news; for ever where nothing is open.
    pub async fn next(&mut self, audit: Option<&Audit>) -> ForwardNews {
        tokio::select! {
            () = self.changed.notified() => ForwardNews::Changed,
            Some((id, opened)) = self.receiver.recv() => ForwardNews::Opened(id, self.opened(id, opened, audit)),
        }
    }

    fn opened(&mut self, id: u64, opened: Result<Forward, String>, audit: Option<&Audit>) -> Result<(), String> {
        match opened {
            Ok(forward) => {
                let shared = Arc::clone(&forward.shared);
                let task = self.scope.spawn(id.to_string(), forward.run());
                self.running.insert(id, Running { shared, task, visiting: self.opening.remove(&id) });
                Ok(())
            }
            Err(why) => {
                if let Some(running) = self.running.get_mut(&id) {
                    running.shared.tell(Event::Ended(why.clone()));
                }
                let visiting = self.opening.remove(&id);
                self.note(visiting, "failed", Some(why.clone()), audit);
                Err(why)
            }
        }
    }

    /// How they are doing.
    #[must_use]
    pub fn sessions(&self) -> Sessions {
        self.running.iter().map(|(id, running)| (*id, running.shared.session().clone())).collect()
    }

    /// Stops one; those of an earlier stop are forgotten.
    pub fn stop(&mut self, id: u64, audit: Option<&Audit>) {
        if let Some(mut running) = self.running.remove(&id) {
            running.task.abort();
            let session = running.shared.session().clone();
            let visiting = running.visiting.take();
            self.note(visiting, "done", Some(summary(&session)), audit);
        }
    }

    /// Stops all.
    pub fn stop_all(&mut self, audit: Option<&Audit>) {
        for id in self.running.keys().copied().collect::<Vec<_>>() {
            self.stop(id, audit);
        }
    }

    fn note(&self, visiting: Option<Visiting>, outcome: &str, message: Option<String>, audit: Option<&Audit>) {
        if let (Some(visiting), Some(audit)) = (visiting, audit)
            && let Err(error) = visiting.end(audit, outcome, message, self.clock.now())
        {
            tracing::warn!(%error, "the end of a session was not noted");
        }
    }
}

/// What there was, for the audit log.
#[must_use]
pub fn summary(session: &Session) -> String {
    let (up, down) = session.bytes();
    let locals: Vec<String> = session.ports.iter().map(|port| port.local.to_string()).collect();
    let to = session.leads_to();
    format!("{to} on {}: {} connections, {up} bytes up, {down} down", locals.join(" "), session.served)
}
