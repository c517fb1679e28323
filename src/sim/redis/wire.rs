//! Requests and answers as they go over the wire, in both versions of the protocol.

use bytes::BytesMut;
use redis_protocol::resp2::decode::decode;
use redis_protocol::resp2::encode::extend_encode as encode_2;
use redis_protocol::resp2::types::OwnedFrame as Frame2;
use redis_protocol::resp3::encode::complete::extend_encode as encode_3;
use redis_protocol::resp3::types::OwnedFrame as Frame3;

/// A request that takes more is not read.
pub(super) const LONGEST: usize = 1 << 20;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// A word: `OK`, `PONG`.
    Word(&'static str),
    /// What went wrong; the first word says what kind.
    Error(String),
    Number(i64),
    Text(Vec<u8>),
    Nothing,
    List(Vec<Answer>),
    /// Names and values; a list to those who know no maps.
    Map(Vec<(&'static str, Answer)>),
    /// What nobody asked for just now.
    Push(Vec<Answer>),
}

impl Answer {
    pub fn text(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }

    pub fn error(words: impl Into<String>) -> Self {
        Self::Error(words.into())
    }

    /// Writes the answer behind what is there.
    pub fn write(self, out: &mut BytesMut, version: u8) {
        // the only error is a buffer that does not grow, and this one does
        if version == 3 {
            let _ = encode_3(out, &self.in_3().into_bytes_frame(), false);
        } else {
            let _ = encode_2(out, &self.in_2().into_bytes_frame(), false);
        }
    }

    fn in_2(self) -> Frame2 {
        match self {
            Self::Word(word) => Frame2::SimpleString(word.as_bytes().to_vec()),
            Self::Error(words) => Frame2::Error(words),
            Self::Number(number) => Frame2::Integer(number),
            Self::Text(text) => Frame2::BulkString(text),
            Self::Nothing => Frame2::Null,
            Self::List(list) | Self::Push(list) => Frame2::Array(list.into_iter().map(Self::in_2).collect()),
            Self::Map(map) => {
                let flat = map.into_iter().flat_map(|(name, value)| [Self::text(name), value]);
                Frame2::Array(flat.map(Self::in_2).collect())
            }
        }
    }

    fn in_3(self) -> Frame3 {
        let attributes = None;
        match self {
            Self::Word(word) => Frame3::SimpleString { data: word.as_bytes().to_vec(), attributes },
            Self::Error(data) => Frame3::SimpleError { data, attributes },
            Self::Number(data) => Frame3::Number { data, attributes },
            Self::Text(data) => Frame3::BlobString { data, attributes },
            Self::Nothing => Frame3::Null,
            Self::List(list) => Frame3::Array { data: list.into_iter().map(Self::in_3).collect(), attributes },
            Self::Push(list) => Frame3::Push { data: list.into_iter().map(Self::in_3).collect(), attributes },
            Self::Map(map) => {
                let data = map.into_iter().map(|(name, value)| (Self::text(name).in_3(), value.in_3())).collect();
                Frame3::Map { data, attributes }
            }
        }
    }
}

/// The words of the next request, taken out of what came in; none when it is not whole yet.
///
/// # Errors
/// When it is no request.
pub(super) fn request(came: &mut BytesMut) -> Result<Option<Vec<Vec<u8>>>, String> {
    if came.first().is_some_and(|first| *first != b'*') {
        return Ok(inline(came));
    }
    let decoded = decode(came).map_err(|_| "ERR Protocol error: invalid multibulk length".to_owned())?;
    let Some((frame, length)) = decoded else {
        return if came.len() > LONGEST {
            Err("ERR Protocol error: too big bulk count string".to_owned())
        } else {
            Ok(None)
        };
    };
    let _ = came.split_to(length);
    let Frame2::Array(words) = frame else { return Ok(Some(Vec::new())) };
    let words = words.into_iter().map(|word| match word {
        Frame2::BulkString(word) | Frame2::SimpleString(word) => Ok(word),
        _ => Err("ERR Protocol error: expected '$'".to_owned()),
    });
    words.collect::<Result<Vec<_>, _>>().map(Some)
}

/// A request typed by hand: words on a line.
fn inline(came: &mut BytesMut) -> Option<Vec<Vec<u8>>> {
    let end = memchr::memchr(b'\n', came)?;
    let line = came.split_to(end + 1);
    let words = line[..].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    Some(words.map(<[u8]>::to_vec).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_in_pieces_and_by_hand() {
        let mut came = BytesMut::from(&b"*2\r\n$3\r\nGET\r\n$1\r\n"[..]);
        assert_eq!(request(&mut came), Ok(None));
        came.extend_from_slice(b"a\r\nPING\r\n");
        assert_eq!(request(&mut came), Ok(Some(vec![b"GET".to_vec(), b"a".to_vec()])));
        assert_eq!(request(&mut came), Ok(Some(vec![b"PING".to_vec()])));
        assert_eq!(request(&mut came), Ok(None));
    }

    #[test]
    fn maps_are_lists_to_those_who_know_none() {
        let written = |version| {
            let mut out = BytesMut::new();
            Answer::Map(vec![("proto", Answer::Number(3))]).write(&mut out, version);
            String::from_utf8(out.to_vec()).unwrap()
        };
        assert_eq!(written(2), "*2\r\n$5\r\nproto\r\n:3\r\n");
        assert_eq!(written(3), "%1\r\n$5\r\nproto\r\n:3\r\n");
    }
}
