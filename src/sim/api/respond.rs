//! Putting answers together.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, stream};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use serde_json::Value;

use super::protobuf;
use super::status::Failure;

/// What the server sends.
pub(in crate::sim) type Body = UnsyncBoxBody<Bytes, io::Error>;

pub(super) const JSON: &str = "application/json";
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// An answer in one piece.
pub(super) fn whole(code: u16, content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    with(code, content_type, Full::new(body.into()).map_err(|never| match never {}).boxed_unsync())
}

/// A JSON value in one piece.
pub(super) fn json(code: u16, value: &Value) -> Response<Body> {
    whole(code, JSON, format!("{value}\n"))
}

/// JSON that is written as it is read, each item one chunk.
pub(super) fn streamed(frames: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response<Body> {
    streamed_as(JSON, frames)
}

/// A body that is written as it is read.
pub(super) fn streamed_as(
    content_type: &'static str,
    frames: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Response<Body> {
    use futures::StreamExt;
    with(200, content_type, StreamBody::new(frames.map(|f| f.map(Frame::data))).boxed_unsync())
}

/// An answer that has nothing to say.
pub(super) fn empty() -> Response<Body> {
    let mut response = whole(204, TEXT, Bytes::new());
    response.headers_mut().remove(CONTENT_TYPE);
    response
}

/// An answer without a body or a type.
pub(super) fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

/// A refusal as JSON, or as protobuf to a client that reads nothing else.
pub(super) fn failure(failure: &Failure) -> Response<Body> {
    if failure.code == 406 {
        return whole(406, PROTOBUF, protobuf::status(failure));
    }
    let body = format!("{}\n", failure.to_value());
    ordered(failure.code, body)
}

/// JSON with any status; those that pass by themselves say when to come back.
pub(super) fn ordered(code: u16, body: String) -> Response<Body> {
    let mut response = whole(code, JSON, body);
    if matches!(code, 429 | 504) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Too many requests: come back after so many seconds.
pub(super) fn busy(after: u32) -> Response<Body> {
    let words = "the server has received too many requests and has asked us to try again later";
    let super::super::fault::Answer::Status(code, body) =
        super::super::fault::Answer::refusal(429, "TooManyRequests", words)
    else {
        return empty();
    };
    let mut response = ordered(code, body);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after));
    response
}

/// A body that comes at about `rate` bytes a second.
pub(in crate::sim) fn slow(body: Body, rate: usize) -> Body {
    const PAUSE: Duration = Duration::from_millis(50);
    let portion = (rate / 20).max(1);
    let drops = stream::unfold((body, Bytes::new()), move |(mut body, mut left)| async move {
        while left.is_empty() {
            match body.frame().await? {
                Ok(frame) => left = frame.into_data().unwrap_or_default(),
                Err(error) => return Some((Err(error), (body, left))),
            }
        }
        tokio::time::sleep(PAUSE).await;
        let portion = left.split_to(portion.min(left.len()));
        Some((Ok(Frame::data(portion)), (body, left)))
    });
    StreamBody::new(drops).boxed_unsync()
}

/// A body that breaks off after so many bytes, with its connection.
pub(in crate::sim) fn truncated(body: Body, after: usize) -> Body {
    let cut = stream::unfold((body, Some(after)), |(mut body, left)| async move {
        let left = left?;
        if left == 0 {
            // what was said before is flushed while the body has nothing to give
            tokio::task::yield_now().await;
            return Some((Err(io::ErrorKind::ConnectionReset.into()), (body, None)));
        }
        let frame = body.frame().await?;
        let data = frame.map(|f| f.into_data().unwrap_or_default());
        let data = data.map(|d| d.slice(..d.len().min(left)));
        let left = left - data.as_ref().map_or(0, Bytes::len);
        Some((data.map(Frame::data), (body, Some(left))))
    });
    StreamBody::new(cut).boxed_unsync()
}

fn with(code: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}
