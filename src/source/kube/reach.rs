//! A way to a cluster that many readers share: one look at the kubeconfig, one plugin, one pool of connections.

use std::fmt;
use std::sync::Arc;

use kube::Client;
use thiserror::Error;
use tokio::sync::Mutex;

use super::connect::{Connection, SourceSpec, connect};
use super::credential::Credential;
use super::fault::{Fault, Kind};
use crate::domain::Clock;

/// Why something could not be read. The words are cleaned.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{why}")]
pub struct Unread {
    /// What went wrong, in one line.
    pub why: String,
    /// What to try.
    pub hint: Option<String>,
    /// We are known, and may not.
    pub denied: bool,
}

impl From<Fault> for Unread {
    fn from(fault: Fault) -> Self {
        Self { denied: fault.kind == Kind::Denied, why: fault.words(), hint: fault.hint }
    }
}

/// A way to one cluster. Connects when it is first used and again when credentials grow old or a connection broke.
pub struct Reach {
    spec: SourceSpec,
    pub(super) clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: Option<Connection>,
    /// What a plugin made; outlives the connection.
    credential: Option<Credential>,
    /// Counts connections, so that who failed on an old one does not close a newer one.
    serial: u64,
}

/// A client, and which of the connections it is.
#[derive(Clone)]
pub(super) struct Line {
    pub client: Client,
    serial: u64,
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl Reach {
    /// A way that nobody has gone yet.
    #[must_use]
    pub fn new(spec: SourceSpec, clock: Arc<dyn Clock>) -> Self {
        Self { spec, clock, state: Mutex::default() }
    }

    /// What time it is.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// A client with fresh credentials; nothing is asked of the server.
    pub(super) async fn line(&self) -> Result<Line, Fault> {
        let mut state = self.state.lock().await;
        if let Some(connection) = state.connection.as_ref().filter(|c| c.is_fresh(self.clock.now())) {
            return Ok(Line { client: connection.client.clone(), serial: state.serial });
        }
        let connection = connect(&self.spec, state.credential.clone(), &*self.clock).await?;
        state.credential.clone_from(&connection.credential);
        state.serial += 1;
        let line = Line { client: connection.client.clone(), serial: state.serial };
        state.connection = Some(connection);
        Ok(line)
    }

    /// What failed on `line` is not tried on it again: the next one to ask connects anew.
    pub(super) async fn forget(&self, line: &Line, fault: &Fault) {
        let mut state = self.state.lock().await;
        if state.serial == line.serial {
            state.connection = None;
            if fault.kind == Kind::Auth {
                state.credential = None;
            }
        }
    }
}
