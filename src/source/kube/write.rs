//! Writes, each sent once. What is written is decided elsewhere; here it is sent, and what became of it is said.

use http::{Request, header};
use kube::client::Body;
use serde_json::Value;
use thiserror::Error;

use super::cluster::Cluster;
use super::fault::{Fault, Kind};
use super::request::{answer, collect};

/// The largest answer that is read, in bytes.
const LARGEST: usize = 32 << 20;

/// A write, as it goes over the wire.
pub struct Write<'a> {
    /// `POST`, `PUT`, `PATCH`, `DELETE`.
    pub method: &'static str,
    /// Path and query.
    pub path: &'a str,
    /// Content type of the body.
    pub content_type: &'static str,
    /// The body. It can hold credentials and is never printed.
    pub body: Value,
}

/// What became of a write that was not done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WriteError {
    /// Somebody else wrote in between (409).
    #[error("{0}")]
    Conflict(String),
    /// The server did not take it.
    #[error("{why}")]
    Refused {
        /// HTTP status.
        code: u16,
        /// In the server's words, cleaned.
        why: String,
        /// What to try.
        hint: Option<String>,
    },
    /// It was not sent.
    #[error("{why}")]
    Unsent {
        /// Why, in one line.
        why: String,
        /// What to try.
        hint: Option<String>,
    },
    /// It was sent, or part of it, and nobody answered.
    #[error("{0}")]
    Unknown(String),
}

impl WriteError {
    pub(in crate::source) fn of(fault: Fault) -> Self {
        let why = fault.words();
        match fault.code {
            Some(409) => Self::Conflict(why),
            Some(code) => Self::Refused { code, why, hint: fault.hint },
            None => Self::Unknown(why),
        }
    }
}

/// Sends a write once. Credentials that are refused are got anew and it is sent again: it was not looked at then.
///
/// # Errors
/// See [`WriteError`].
pub async fn write(cluster: &Cluster, write: &Write<'_>) -> Result<Value, WriteError> {
    let mut renewed = false;
    loop {
        let unsent = |fault: Fault| WriteError::Unsent { why: fault.words(), hint: fault.hint };
        let reached = cluster.reach().await.map_err(unsent)?;
        let request = Request::builder()
            .method(write.method)
            .uri(write.path)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, write.content_type)
            .body(Body::from(write.body.to_string().into_bytes()));
        let request = request.map_err(|error| unsent(Fault::new(Kind::Down, error.to_string())))?;
        match answer(&reached.client, request, &**cluster.clock()).await {
            Ok(body) => {
                // what was answered is done, even if the answer breaks off
                let bytes = collect(body, LARGEST, &**cluster.clock()).await.unwrap_or_default();
                return Ok(serde_json::from_slice(&bytes).unwrap_or_default());
            }
            Err(fault) if fault.is_unauthorized() && !renewed => {
                renewed = true;
                cluster.give_up(&reached, &fault).await;
            }
            Err(fault) => {
                if fault.is_connection() {
                    cluster.give_up(&reached, &fault).await;
                }
                return Err(WriteError::of(fault));
            }
        }
    }
}
