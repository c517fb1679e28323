//! A component's health endpoints.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use super::super::super::network::Line;

pub(super) async fn serve(line: Line, pod: &Value) -> io::Result<()> {
    let service = service_fn(|request: Request<Incoming>| std::future::ready(Ok::<_, Infallible>(page(&request, pod))));
    // the client may have sent all it wants to say and closed its half
    http1::Builder::new().half_close(true).serve_connection(TokioIo::new(line), service).await.map_err(io::Error::other)
}

fn page(request: &Request<Incoming>, pod: &Value) -> Response<Full<Bytes>> {
    let (status, kind, text) = match request.uri().path() {
        "/" => (200, "application/json", about(pod).to_string()),
        "/health" | "/healthz" | "/livez" | "/ready" | "/readyz" => {
            (200, "application/json", "{\"status\":\"ok\"}".to_owned())
        }
        "/metrics" => (200, "text/plain; version=0.0.4", "# TYPE up gauge\nup 1\n".to_owned()),
        path => (404, "application/json", json!({"detail": "Not Found", "path": path}).to_string()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Who answers: enough to tell one pod and version from another.
fn about(pod: &Value) -> Value {
    let image = pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
    json!({"pod": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"], "image": image})
}
