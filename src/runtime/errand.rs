//! Short readings that a person asked for and waits for: a live object, to copy it.

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::scope::Scope;
use crate::domain::ObjectName;
use crate::source::Way;

/// What was read, or why it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was asked for, in words.
    pub what: String,
    /// Its text, or the reason.
    pub text: Result<String, String>,
}

/// The reading that is under way. A newer one ends it: nobody waits for two.
pub struct Errands {
    scope: Scope,
    under_way: Option<AbortHandle>,
    sender: mpsc::Sender<Answer>,
    receiver: mpsc::Receiver<Answer>,
}

impl Errands {
    /// None is under way. They will run on `io`.
    #[must_use]
    pub fn new(io: Handle) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        let broken = sender.clone();
        let scope = Scope::new(io, move |panic| {
            let text = Err(format!("what reads it broke: {}", panic.message));
            // full: another answer is there to be told of
            _ = broken.try_send(Answer { what: panic.task, text });
        });
        Self { scope, under_way: None, sender, receiver }
    }

    /// Reads a live object as YAML, what is secret in it masked.
    pub fn read(&mut self, way: Way, object: ObjectName) {
        if let Some(before) = self.under_way.take() {
            before.abort();
        }
        let (what, sender) = (format!("{} {} as YAML", object.kind, object.name), self.sender.clone());
        self.under_way = Some(self.scope.spawn(what.clone(), async move {
            let read = way.live_object(&object).await.map_err(|error| error.to_string());
            let text = read.and_then(|live| serde_saphyr::to_string(&live).map_err(|error| error.to_string()));
            // nobody listens any more: the program is ending
            _ = sender.send(Answer { what, text }).await;
        }));
    }

    /// Waits for the next answer; for ever where nothing was asked.
    pub async fn next(&mut self) -> Option<Answer> {
        self.receiver.recv().await
    }
}
