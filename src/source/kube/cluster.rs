//! A way to one cluster that several readers share: one connection, one credential, whatever is read through it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use kube::Client;
use kube::client::Body;
use serde_json::Value;
use tokio::sync::Mutex;

use super::connect::{Connection, SourceSpec, connect};
use super::credential::Credential;
use super::fault::{Fault, Kind};
use super::request::{self, Ask};
use crate::domain::{Clock, Symbol, text::clean};

/// A cluster, reached through a context. Clones share the connection.
#[derive(Clone)]
pub struct Cluster {
    context: Symbol,
    spec: Arc<SourceSpec>,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    connection: Option<Connection>,
    credential: Option<Credential>,
    /// Counts connections, so that only one of many readers gives a broken one up.
    made: u64,
    /// Kinds of the API versions that were asked about, by their path.
    kinds: HashMap<String, HashMap<String, Plural>>,
}

/// A kind as the API's paths have it.
#[derive(Clone, Debug)]
pub(super) struct Plural {
    pub name: String,
    pub namespaced: bool,
}

/// The largest answer about the kinds of an API version that is read, in bytes.
const KINDS: usize = 4 << 20;

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("context", &self.context).finish_non_exhaustive()
    }
}

/// A client, and which connection it is of.
pub(super) struct Reached {
    pub client: Client,
    made: u64,
}

impl Cluster {
    /// The cluster `spec` leads to; nothing is connected before something is read.
    #[must_use]
    pub fn new(spec: SourceSpec, clock: Arc<dyn Clock>) -> Self {
        Self { context: clean(&spec.name).as_ref().into(), spec: Arc::new(spec), clock, state: Arc::default() }
    }

    /// The context's name, cleaned.
    #[must_use]
    pub fn context(&self) -> &Symbol {
        &self.context
    }

    /// What leads there: for other programs that are to go the same way.
    #[must_use]
    pub fn spec(&self) -> &SourceSpec {
        &self.spec
    }

    /// What time it is.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The client, connected if it was not.
    pub(super) async fn reach(&self) -> Result<Reached, Fault> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        if let Some(connection) = state.connection.as_ref().filter(|c| c.is_fresh(now)) {
            return Ok(Reached { client: connection.client.clone(), made: state.made });
        }
        let connection = connect(&self.spec, state.credential.clone(), &*self.clock).await?;
        let client = connection.client.clone();
        state.credential.clone_from(&connection.credential);
        state.connection = Some(connection);
        state.made += 1;
        Ok(Reached { client, made: state.made })
    }

    /// Gives up the connection something was read through, and the credential too if that was refused; not if another
    /// reader has made a new one since.
    pub(super) async fn give_up(&self, reached: &Reached, fault: &Fault) {
        let mut state = self.state.lock().await;
        if state.made != reached.made {
            return;
        }
        if fault.kind == Kind::Auth {
            state.credential = None;
        }
        if matches!(fault.kind, Kind::Auth | Kind::Down) {
            state.connection = None;
        }
    }

    /// Sends a request; refused credentials are got anew once.
    pub(super) async fn get(&self, uri: &str) -> Result<Body, Fault> {
        let mut renewed = false;
        loop {
            let reached = self.reach().await?;
            match request::get(&reached.client, Ask::of(uri.to_owned()), &*self.clock).await {
                Err(fault) if fault.is_unauthorized() && !renewed => {
                    renewed = true;
                    self.give_up(&reached, &fault).await;
                }
                Err(fault) => {
                    if fault.is_connection() {
                        self.give_up(&reached, &fault).await;
                    }
                    return Err(fault);
                }
                Ok(body) => return Ok(body),
            }
        }
    }

    /// A whole answer of at the most `limit` bytes.
    pub(super) async fn fetch(&self, uri: &str, limit: usize) -> Result<Vec<u8>, Fault> {
        let body = self.get(uri).await?;
        request::collect(body, limit, &*self.clock).await
    }

    /// How a kind of an API version (as its path) stands in paths; nothing for one the cluster does not know. Asked
    /// once, and again for what was not known then.
    pub(super) async fn plural(&self, group_version: &str, kind: &str) -> Result<Option<Plural>, Fault> {
        let known = |state: &State| state.kinds.get(group_version)?.get(kind).cloned();
        if let Some(known) = known(&*self.state.lock().await) {
            return Ok(Some(known));
        }
        let bytes = self.fetch(group_version, KINDS).await?;
        let list: Value = serde_json::from_slice(&bytes)
            .map_err(|_| Fault::new(Kind::Down, format!("the list of kinds of {group_version} came garbled")))?;
        let rows = list.get("resources").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let kinds = rows.iter().filter_map(|row| {
            let name = row.get("name")?.as_str().filter(|name| !name.contains('/'))?;
            let namespaced = row.get("namespaced").and_then(Value::as_bool).unwrap_or_default();
            Some((row.get("kind")?.as_str()?.to_owned(), Plural { name: name.to_owned(), namespaced }))
        });
        let mut state = self.state.lock().await;
        state.kinds.insert(group_version.to_owned(), kinds.collect());
        Ok(known(&state))
    }
}
