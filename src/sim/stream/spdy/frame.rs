//! Frames: eight bytes of head, then the payload.

use std::io;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

const VERSION: u16 = 3;
/// What a stream ends with.
pub(super) const FIN: u8 = 0x01;
/// Frames may be 16 MiB long; what tunnels send is far shorter.
const LONGEST: usize = 1 << 20;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const HEADERS: u16 = 8;

/// What a client sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A new stream, its headers compressed.
    Open {
        stream: u32,
        headers: Bytes,
    },
    /// More headers of a stream, which move the compression on.
    Headers(Bytes),
    /// The stream is given up.
    Reset {
        stream: u32,
    },
    /// To be sent back as it is.
    Ping(u32),
    /// No new streams will come.
    GoAway,
    Data {
        stream: u32,
        data: Bytes,
        last: bool,
    },
    /// Windows, settings and what else is not needed here.
    Other,
}

/// Reads a frame; none at the end.
pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Frame>> {
    let mut head = [0; 8];
    match from.read_exact(&mut head).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let first = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
    let (flags, length) = (head[4], u32::from_be_bytes([0, head[5], head[6], head[7]]) as usize);
    if length > LONGEST {
        return Err(io::Error::other(format!("a frame of {length} bytes")));
    }
    let mut payload = vec![0; length];
    from.read_exact(&mut payload).await?;
    let mut payload = Bytes::from(payload);
    if first >> 31 == 0 {
        return Ok(Some(Frame::Data { stream: first, data: payload, last: flags & FIN != 0 }));
    }
    let number = |at: usize| {
        let four = payload.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
        four.ok_or_else(|| io::Error::other("a frame that is too short"))
    };
    Ok(Some(match first as u16 {
        SYN_STREAM => {
            let stream = number(0)? & 0x7fff_ffff;
            // after it come the associated stream, priority and slot
            number(6)?;
            Frame::Open { stream, headers: payload.split_off(10) }
        }
        RST_STREAM => Frame::Reset { stream: number(0)? & 0x7fff_ffff },
        PING => Frame::Ping(number(0)?),
        GOAWAY => Frame::GoAway,
        HEADERS => {
            number(0)?;
            Frame::Headers(payload.split_off(4))
        }
        _ => Frame::Other,
    }))
}

fn control(kind: u16, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(8 + payload.len());
    out.put_u16(0x8000 | VERSION);
    out.put_u16(kind);
    out.put_u32(payload.len() as u32);
    out.extend_from_slice(payload);
    out.freeze()
}

/// Accepts a stream.
pub(super) fn reply(stream: u32, headers: &[u8]) -> Bytes {
    control(SYN_REPLY, &[&stream.to_be_bytes(), headers].concat())
}

/// Answers a ping.
pub(super) fn ping(id: u32) -> Bytes {
    control(PING, &id.to_be_bytes())
}

/// Data of a stream, perhaps its last.
pub(super) fn data(stream: u32, data: &[u8], last: bool) -> Bytes {
    let mut out = BytesMut::with_capacity(8 + data.len());
    out.put_u32(stream);
    out.put_u32(u32::from(if last { FIN } else { 0 }) << 24 | data.len() as u32);
    out.extend_from_slice(data);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_written_can_be_read() {
        let all = [ping(7), data(3, b"abc", true), control(RST_STREAM, &[0, 0, 0, 5, 0, 0, 0, 1])].concat();
        let mut from = &all[..];
        assert_eq!(read(&mut from).await.unwrap(), Some(Frame::Ping(7)));
        let data = Frame::Data { stream: 3, data: Bytes::from_static(b"abc"), last: true };
        assert_eq!(read(&mut from).await.unwrap(), Some(data));
        assert_eq!(read(&mut from).await.unwrap(), Some(Frame::Reset { stream: 5 }));
        assert_eq!(read(&mut from).await.unwrap(), None);
        assert!(read(&mut &control(SYN_STREAM, &[0, 0, 0, 1])[..]).await.is_err());
    }
}
