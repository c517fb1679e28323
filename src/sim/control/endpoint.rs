//! The endpoint on loopback: words in, a sentence out, for whoever has the token.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::super::door::Door;
use super::director::Director;
use super::error::ControlError;

/// A new bearer token: 128 random bits.
#[must_use]
pub fn token() -> String {
    let mut token = String::with_capacity(32);
    let _ = write!(token, "{:032x}", fastrand::u128(..));
    token
}

/// Opens the endpoint on a free port of loopback; returns the words that name it.
pub(in crate::sim) fn serve(director: &Arc<Director>, tasks: &mut JoinSet<()>) -> Result<String, ControlError> {
    let failed = |error| ControlError::Io { what: "the control endpoint".to_owned(), error };
    let door = Door::open(0).map_err(failed)?;
    let token = token();
    let control = format!("http://127.0.0.1:{}/?token={token}", door.port());
    let (director, token) = (Arc::clone(director), Arc::<str>::from(token));
    let serve = move |stream| connection(stream, Arc::clone(&director), Arc::clone(&token));
    tasks.spawn(door.admit("the control endpoint", serve));
    Ok(control)
}

async fn connection(stream: TcpStream, director: Arc<Director>, token: Arc<str>) {
    let service = service_fn(|request| answer(request, &director, &token));
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "control connection ended");
    }
}

async fn answer(
    request: Request<Incoming>,
    director: &Director,
    token: &str,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let reply = |status: StatusCode, text: String| {
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = status;
        Ok(response)
    };
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|given| given.strip_prefix("Bearer ")) != Some(token) {
        return reply(StatusCode::UNAUTHORIZED, "the token is not this world's".to_owned());
    }
    if request.method() != Method::POST {
        return reply(StatusCode::METHOD_NOT_ALLOWED, "send POST with a JSON array of words".to_owned());
    }
    let Ok(body) = Limited::new(request.into_body(), 64 * 1024).collect().await else {
        return reply(StatusCode::BAD_REQUEST, "the request ended too early or is too long".to_owned());
    };
    let Ok(words) = serde_json::from_slice::<Vec<String>>(&body.to_bytes()) else {
        return reply(StatusCode::BAD_REQUEST, "send a JSON array of words".to_owned());
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match director.act(&words).await {
        Ok(text) => reply(StatusCode::OK, text),
        Err(text) => reply(StatusCode::BAD_REQUEST, text),
    }
}
