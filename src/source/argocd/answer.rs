//! An answer as it comes in: what the server packed is unpacked a little at a time.

use std::io::Write as _;
use std::mem;

use bytes::{Buf as _, Bytes};
use flate2::write::GzDecoder;
use http::{HeaderMap, HeaderValue, Response, header};
use kube::client::Body;

use super::super::kube::fault::{Fault, Kind};
use super::super::kube::request::{QUIET, next_chunk, no_answer};
use crate::domain::Clock;

/// What is unpacked at once, in bytes as they came: a list of Applications packs to a twentieth of its size, and no
/// bytes to less than a thousandth.
const PIECE: usize = 4 << 10;
/// Room for an ordinary piece when it is unpacked.
const ROOM: usize = 128 << 10;

/// An answer that went well.
pub(super) struct Answer {
    /// Its headers.
    pub headers: HeaderMap,
    body: Body,
    /// What came and is still packed.
    packed: Bytes,
    unpacker: Option<Box<GzDecoder<Vec<u8>>>>,
}

impl Answer {
    /// Whether a request says that its answer may come packed.
    pub const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip");

    /// What came of a response.
    pub fn of(response: Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let is_packed = head.headers.get(header::CONTENT_ENCODING) == Some(&Self::ACCEPTED);
        let unpacker = is_packed.then(|| Box::new(GzDecoder::new(Vec::with_capacity(ROOM))));
        Self { headers: head.headers, body, packed: Bytes::new(), unpacker }
    }

    /// Whether it is a stream of server-sent events.
    pub fn is_of_events(&self) -> bool {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        kind.is_some_and(|kind| kind.starts_with("text/event-stream"))
    }

    /// The next bytes; nothing at the end. Can be dropped and called again.
    pub async fn next(&mut self) -> Option<Result<Bytes, Fault>> {
        let Some(unpacker) = &mut self.unpacker else { return next_chunk(&mut self.body).await };
        loop {
            if self.packed.is_empty() {
                match next_chunk(&mut self.body).await? {
                    Ok(chunk) => self.packed = chunk,
                    fault => return Some(fault),
                }
            }
            let length = PIECE.min(self.packed.len());
            // the end is flushed, too: a packed answer says itself where it ends
            if unpacker.write_all(&self.packed[..length]).and_then(|()| unpacker.flush()).is_err() {
                self.packed.clear();
                return Some(Err(Fault::new(Kind::Down, "an answer came garbled")));
            }
            self.packed.advance(length);
            if !unpacker.get_ref().is_empty() {
                return Some(Ok(mem::replace(unpacker.get_mut(), Vec::with_capacity(ROOM)).into()));
            }
        }
    }

    /// All of it that comes without a pause, up to about `limit` bytes.
    pub async fn whole(mut self, limit: usize, clock: &dyn Clock) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        while bytes.len() < limit {
            match self.next_in_time(clock).await {
                Some(chunk) => bytes.extend_from_slice(&chunk?),
                None => break,
            }
        }
        Ok(bytes)
    }

    /// The next bytes of an answer that does not pause; nothing at its end.
    pub async fn next_in_time(&mut self, clock: &dyn Clock) -> Option<Result<Bytes, Fault>> {
        tokio::select! {
            chunk = self.next() => chunk,
            () = clock.sleep(QUIET) => Some(Err(no_answer(QUIET))),
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn answer(packed: bool, body: Vec<u8>) -> Answer {
        let mut response = Response::new(Body::from(body));
        if packed {
            response.headers_mut().insert(header::CONTENT_ENCODING, Answer::ACCEPTED);
        }
        Answer::of(response)
    }

    fn pack(text: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    async fn read(mut answer: Answer) -> Result<Vec<u8>, Fault> {
        let mut read = Vec::new();
        while let Some(chunk) = answer.next().await {
            let chunk = chunk?;
            assert!(!chunk.is_empty() && chunk.len() <= PIECE * 1_100);
            read.extend_from_slice(&chunk);
        }
        Ok(read)
    }

    #[tokio::test]
    async fn what_came_packed_is_unpacked_piece_by_piece_and_anything_else_is_left() {
        let mut text = vec![b'x'; 30 << 20];
        text.extend((0..200_000_u32).flat_map(u32::to_le_bytes));
        let packed = pack(&text);
        assert_eq!(read(answer(false, packed.clone())).await.unwrap(), packed);
        assert!(read(answer(true, packed)).await.unwrap() == text);
        let garbled = read(answer(true, b"<html>nothing packed about it".to_vec())).await.unwrap_err();
        assert_eq!(garbled.why, "an answer came garbled");
    }
}
