//! What is asked of argocd-server.

use http::Method;

/// A request.
pub(super) struct Ask {
    pub method: Method,
    pub path: String,
    pub accept: &'static str,
    pub body: Option<Vec<u8>>,
    /// The answer begins with its first frame, whenever that is (recorded): nobody gives up before.
    pub patient: bool,
}

impl Ask {
    /// For JSON, by path and query.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), accept: "application/json", body: None, patient: false }
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
        Self { accept: "text/event-stream", patient: true, ..Self::get(path) }
    }

    /// For a stream of lines.
    pub fn lines(path: impl Into<String>) -> Self {
        Self { patient: true, ..Self::get(path) }
    }
}
