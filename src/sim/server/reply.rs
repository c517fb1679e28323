//! Answers as they go over the wire.

use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{Stream, StreamExt as _};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use serde_json::Value;

use super::refusal::Refusal;

/// What the server sends.
pub(in crate::sim) type Body = UnsyncBoxBody<Bytes, io::Error>;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
/// Says that the answer came through the gateway from a call that went well.
const GATEWAY: &str = "grpc-metadata-content-type";

/// The content of an answer that went well.
pub(super) enum Reply {
    /// A value.
    Json(Value),
    /// JSON in pieces that are made as they are sent.
    Chunks(Box<dyn Iterator<Item = Bytes> + Send>),
    /// A value, and a token to go on with.
    Renewed(Value, String),
}

/// An answer that went well, compressed if the client takes that.
pub(super) fn reply(reply: Reply, gzip: bool) -> Response<Body> {
    let (value, token) = match reply {
        Reply::Json(value) => (value, None),
        Reply::Renewed(value, token) => (value, Some(token)),
        Reply::Chunks(chunks) => return in_chunks(chunks, gzip),
    };
    let mut response = small(200, value.to_string(), gzip);
    response.headers_mut().insert(GATEWAY, HeaderValue::from_static("application/grpc"));
    if let Some(token) = token {
        set_cookie(&mut response, &token);
    }
    response
}

fn in_chunks(chunks: Box<dyn Iterator<Item = Bytes> + Send>, gzip: bool) -> Response<Body> {
    let mut response = if gzip {
        let mut squeezer = Some(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut chunks = chunks;
        let squeezed = std::iter::from_fn(move || {
            let working = squeezer.as_mut()?;
            let Some(chunk) = chunks.next() else { return squeezer.take()?.finish().ok().map(Bytes::from) };
            // writing to memory cannot fail
            let _ = working.write_all(&chunk);
            Some(Bytes::from(std::mem::take(working.get_mut())))
        });
        let frames = squeezed.filter(|chunk| !chunk.is_empty()).map(|chunk| Ok(Frame::data(chunk)));
        with(200, JSON, StreamBody::new(futures::stream::iter(frames)).boxed_unsync())
    } else {
        let frames = futures::stream::iter(chunks.map(|chunk| Ok(Frame::data(chunk))));
        with(200, JSON, StreamBody::new(frames).boxed_unsync())
    };
    mark_compressed(&mut response, gzip);
    response.headers_mut().insert(GATEWAY, HeaderValue::from_static("application/grpc"));
    response
}

/// Gives a token to go on with.
pub(super) fn set_cookie(response: &mut Response<Body>, token: &str) {
    let cookie = format!("argocd.token={token}; path=/; SameSite=lax; httpOnly; Secure");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(http::header::SET_COOKIE, cookie);
    }
}

/// A refused call.
pub(super) fn refused(refusal: &Refusal, gzip: bool) -> Response<Body> {
    small(refusal.code.status(), refusal.body().to_string(), gzip)
}

/// A refused stream.
pub(super) fn refused_stream(refusal: &Refusal, gzip: bool) -> Response<Body> {
    small(refusal.code.status(), refusal.stream_body().to_string(), gzip)
}

fn small(status: u16, text: String, gzip: bool) -> Response<Body> {
    let mut response = if gzip {
        let mut squeezer = GzEncoder::new(Vec::new(), Compression::fast());
        let _ = squeezer.write_all(text.as_bytes());
        with(status, JSON, full(squeezer.finish().unwrap_or_default()))
    } else {
        with(status, JSON, full(text))
    };
    mark_compressed(&mut response, gzip);
    response
}

/// A few words.
pub(super) fn text(status: u16, words: &'static str) -> Response<Body> {
    with(status, TEXT, full(words))
}

/// A page for people.
pub(super) fn page(status: u16, page: String) -> Response<Body> {
    with(status, HTML, full(page))
}

/// JSON as an order has it.
pub(super) fn ordered(status: u16, body: String) -> Response<Body> {
    with(status, JSON, full(body))
}

/// A pointer to somewhere else.
pub(super) fn redirect(location: &str) -> Response<Body> {
    let mut response = page(307, String::new());
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(http::header::LOCATION, location);
    }
    response
}

/// Frames as they come, each a JSON text; none of them means an answer without a word.
pub(super) fn stream(
    frames: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    events: bool,
    gzip: bool,
) -> Response<Body> {
    let mut response = if gzip {
        let mut squeezer = GzEncoder::new(Vec::new(), Compression::fast());
        let squeezed = frames.map(move |frame| {
            let frame = frame?;
            squeezer.write_all(&frame)?;
            squeezer.flush()?;
            Ok(Frame::data(Bytes::from(std::mem::take(squeezer.get_mut()))))
        });
        with(200, JSON, StreamBody::new(squeezed).boxed_unsync())
    } else {
        let frames = frames.map(|frame| frame.map(Frame::data));
        with(200, if events { EVENTS } else { JSON }, StreamBody::new(frames).boxed_unsync())
    };
    if events {
        response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    } else {
        mark_compressed(&mut response, gzip);
    }
    response.headers_mut().insert(GATEWAY, HeaderValue::from_static("application/grpc"));
    response
}

/// A stream that ended before it said anything.
pub(super) fn empty_stream(events: bool, gzip: bool) -> Response<Body> {
    let mut response = stream(futures::stream::empty(), events, false);
    response.headers_mut().remove(GATEWAY);
    if !events && gzip {
        response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    response
}

fn mark_compressed(response: &mut Response<Body>, gzip: bool) {
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
}

fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

fn with(status: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
