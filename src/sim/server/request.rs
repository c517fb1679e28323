//! What a client asks.

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;

/// A request, read whole.
#[derive(Debug)]
pub(super) struct Asked {
    /// The method.
    pub method: Method,
    /// The path below the root path, as sent.
    pub path: String,
    /// Its segments, decoded.
    pub segments: Vec<String>,
    /// What stands behind the question mark.
    pub query: Query,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Asked {
    /// Reads path and query; `root` is what every path begins with.
    pub fn new(method: Method, url: &str, headers: HeaderMap, body: Bytes, root: &str) -> Self {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let path = path.strip_prefix(root).unwrap_or(path);
        let segments = path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect();
        Self { method, path: path.to_owned(), segments, query: Query::parse(query), headers, body }
    }

    /// A header's text; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Whether the client wants server-sent events.
    pub fn wants_events(&self) -> bool {
        self.header("accept") == "text/event-stream"
    }

    /// Whether the answer may be compressed.
    pub fn takes_gzip(&self) -> bool {
        !self.wants_events() && self.header("accept-encoding").split(',').any(|one| one.trim().starts_with("gzip"))
    }

    /// The body as JSON; nothing at all is an empty object.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let body = if self.body.is_empty() { b"{}" } else { &self.body[..] };
        serde_json::from_slice(body).map_err(|error| Refusal::invalid(error.to_string()))
    }
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// The parameters of a request, repeated ones in order.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what stands behind a question mark, or a form.
    pub fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// A parameter's last value; empty when it was not given.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().rfind(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// A parameter that was given.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0.iter().rfind(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter that may be repeated, empty ones left out.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Whether a switch is on.
    pub fn is_set(&self, name: &str) -> bool {
        matches!(self.get(name), "true" | "1" | "t" | "T" | "True" | "TRUE")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_queries_are_decoded_below_the_root_path() {
        let url =
            "/cd/api/v1/clusters/https%3A%2F%2Fkubernetes.default.svc?projects=a&projects=b&selector=env%3Dprod+x";
        let asked = Asked::new(Method::GET, url, HeaderMap::new(), Bytes::new(), "/cd");
        assert_eq!(asked.segments, ["api", "v1", "clusters", "https://kubernetes.default.svc"]);
        assert_eq!(asked.query.all("projects").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((asked.query.get("selector"), asked.query.get("nothing")), ("env=prod x", ""));
    }
}
