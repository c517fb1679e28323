//! The requests that are made, and what every answer goes through.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;

use super::fault::{Fault, Kind};
use crate::domain::Clock;

/// No answer at all for this long is as good as none.
const ANSWER: Duration = Duration::from_secs(30);
/// Not a byte for this long, bookmarks included, means that nobody is there any more.
pub(in crate::source) const QUIET: Duration = Duration::from_secs(75);
/// How much of a refusal is read, in bytes.
const REFUSAL: usize = 64 << 10;
/// The longest a server may ask us to stay away.
const LONGEST_ABSENCE: u64 = 300;

const JSON: &str = "application/json";
const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";

/// Which Applications are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source) enum Scope {
    /// All there are.
    Cluster,
    /// Those of one namespace.
    Namespace(String),
}

/// A request, as path and query, and the form its answer is to have.
pub(in crate::source) struct Ask {
    uri: String,
    accept: &'static str,
}

impl Ask {
    /// A request for JSON.
    pub fn of(uri: String) -> Self {
        Self { uri, accept: JSON }
    }
}

impl Scope {
    fn path(&self) -> String {
        match self {
            Self::Cluster => "/apis/argoproj.io/v1alpha1/applications".to_owned(),
            Self::Namespace(name) => format!("/apis/argoproj.io/v1alpha1/namespaces/{}/applications", escape(name)),
        }
    }

    fn ask(&self, query: &str) -> Ask {
        Ask { uri: format!("{}?{query}", self.path()), accept: JSON }
    }

    /// Changes since a resource version, with bookmarks.
    pub fn watch(&self, version: &str) -> Ask {
        let seconds = lifetime();
        self.ask(&format!(
            "watch=1&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={}",
            escape(version)
        ))
    }

    /// All there is as events, a bookmark at the end, and from then on a watch.
    pub fn streaming_list(&self) -> Ask {
        let seconds = lifetime();
        self.ask(&format!(
            "watch=1&allowWatchBookmarks=true&timeoutSeconds={seconds}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
        ))
    }

    /// A part of the list; `more` is the token of the page before.
    pub fn page(&self, limit: usize, more: &str) -> Ask {
        let more = if more.is_empty() { String::new() } else { format!("&continue={}", escape(more)) };
        self.ask(&format!("limit={limit}{more}"))
    }

    /// Names and states alone, from the server's cache.
    pub fn table(&self) -> Ask {
        Ask { accept: TABLE, ..self.ask("includeObject=None&resourceVersion=0") }
    }
}

/// The server ends a watch after so many seconds; spread, so that many cockpits do not come back at once.
pub(in crate::source) fn lifetime() -> u64 {
    fastrand::u64(270..=310)
}

/// Everything but unreserved characters as `%XX`.
#[must_use]
pub fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// Sends a request; anything but success is a [`Fault`].
pub(in crate::source) async fn get(client: &Client, ask: Ask, clock: &dyn Clock) -> Result<Body, Fault> {
    let request = Request::get(ask.uri)
        .header(header::ACCEPT, ask.accept)
        .body(Body::empty())
        .map_err(|error| Fault::new(Kind::Down, format!("the request cannot be made: {error}")))?;
    answer(client, request, clock).await
}

/// What a request is answered with; anything but success is a [`Fault`].
pub(in crate::source) async fn answer(
    client: &Client,
    request: Request<Body>,
    clock: &dyn Clock,
) -> Result<Body, Fault> {
    let answer = tokio::select! {
        answer = client.send(request) => answer?,
        () = clock.sleep(ANSWER) => return Err(no_answer(ANSWER)),
    };
    let status = answer.status();
    if status.is_success() {
        return Ok(answer.into_body());
    }
    let seconds = answer.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    let retry_after = seconds.map(|s| Duration::from_secs(s.min(LONGEST_ABSENCE)));
    let body = collect(answer.into_body(), REFUSAL, clock).await.unwrap_or_default();
    Err(Fault::of_answer(status, retry_after, &body))
}

/// A whole body, up to `limit` bytes of it.
pub(in crate::source) async fn collect(mut body: Body, limit: usize, clock: &dyn Clock) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while bytes.len() < limit {
        match chunk_in_time(&mut body, clock).await {
            Some(chunk) => bytes.extend_from_slice(&chunk?),
            None => break,
        }
    }
    Ok(bytes)
}

/// The next bytes of a body that does not pause; nothing at its end.
pub(in crate::source) async fn chunk_in_time(body: &mut Body, clock: &dyn Clock) -> Option<Result<Bytes, Fault>> {
    tokio::select! {
        chunk = next_chunk(body) => chunk,
        () = clock.sleep(QUIET) => Some(Err(no_answer(QUIET))),
    }
}

/// The next bytes of a body; nothing at its end.
pub(in crate::source) async fn next_chunk(body: &mut Body) -> Option<Result<Bytes, Fault>> {
    loop {
        match body.frame().await? {
            // trailers hold nothing we use
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(Ok(data));
                }
            }
            Err(error) => return Some(Err(error.into())),
        }
    }
}

/// Nobody answered in time.
pub(in crate::source) fn no_answer(after: Duration) -> Fault {
    Fault::new(Kind::Down, format!("not a byte for {} s", after.as_secs()))
        .hint("the network or the server is stuck; a new connection is tried")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_a_path_is_escaped() {
        let scope = Scope::Namespace("a/../b?x".into());
        assert_eq!(scope.path(), "/apis/argoproj.io/v1alpha1/namespaces/a%2F..%2Fb%3Fx/applications");
        assert!(scope.page(200, "eyJ2IjoibWV0YS=+").uri.ends_with("limit=200&continue=eyJ2IjoibWV0YS%3D%2B"));
    }
}
