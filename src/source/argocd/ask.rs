//! What argocd-server is asked.

use std::time::Duration;

use http::Method;

/// No answer for this long is as good as none; what waits for a first frame waits longer.
const ANSWER: Duration = Duration::from_secs(30);
/// A list of ten thousand begins after it was made and packed as a whole: seconds of a server with nothing else to do.
const LIST: Duration = Duration::from_mins(3);

/// A request.
pub(super) struct Ask {
    /// What is done.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// The form the answer is to have.
    pub accept: &'static str,
    /// What it carries: JSON.
    pub body: Option<Vec<u8>>,
    /// How long its beginning is waited for; none for a stream, which begins with its first frame whenever that is
    /// (recorded).
    pub patience: Option<Duration>,
}

impl Ask {
    /// For JSON, by path and query.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), accept: "application/json", body: None, patience: Some(ANSWER) }
    }

    /// To write: whatever it carries, as JSON.
    pub fn post(path: impl Into<String>, body: &serde_json::Value) -> Self {
        Self { method: Method::POST, body: Some(body.to_string().into_bytes()), ..Self::get(path) }
    }

    /// To change: what it carries, as JSON.
    pub fn patch(path: impl Into<String>, body: &serde_json::Value) -> Self {
        Self { method: Method::PATCH, ..Self::post(path, body) }
    }

    /// To end something.
    pub fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    /// For a stream of server-sent events: they have keep-alives, other streams have none.
    pub fn events(path: impl Into<String>) -> Self {
        Self { accept: "text/event-stream", patience: None, ..Self::get(path) }
    }

    /// For a stream of lines.
    pub fn lines(path: impl Into<String>) -> Self {
        Self { patience: None, ..Self::get(path) }
    }

    /// For a list of everything there is.
    pub fn list(path: impl Into<String>) -> Self {
        Self { patience: Some(LIST), ..Self::get(path) }
    }

    /// Whether its answer may come packed: server-sent events come through a compressor late.
    pub fn takes_packed(&self) -> bool {
        self.method == Method::GET && self.patience.is_some()
    }
}
