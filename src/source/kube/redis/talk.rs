//! As much of Redis' protocol as reading a value takes.

use redis_protocol::resp2::decode::decode;
use redis_protocol::resp2::types::OwnedFrame;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::domain::text::clean;

/// The largest answer that is read, in bytes: far above what Argo CD keeps of an Application.
const LARGEST: usize = 64 << 20;

/// A conversation with a Redis.
#[derive(Debug)]
pub(super) struct Talk<S> {
    stream: S,
    /// Read, and not yet understood.
    read: Vec<u8>,
}

/// Why a Redis did not do what it was asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It wants a password, or another one.
    Password,
    /// Everything else, in one line.
    Other(String),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    /// Over a connection that stands.
    pub fn new(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    /// Says who we are.
    pub async fn authenticate(&mut self, password: &str) -> Result<(), Refusal> {
        self.ask(&["AUTH", password]).await.map(drop)
    }

    /// The value of a key, if there is one.
    pub async fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        Ok(match self.ask(&["GET", key]).await? {
            OwnedFrame::BulkString(bytes) => Some(bytes),
            _ => None,
        })
    }

    /// The keys that fit a pattern, among the first `rounds` thousand or so.
    pub async fn keys(&mut self, pattern: &str, rounds: usize) -> Result<Vec<String>, Refusal> {
        let (mut cursor, mut found) = ("0".to_owned(), Vec::new());
        for _ in 0..rounds {
            let answer = self.ask(&["SCAN", &cursor, "MATCH", pattern, "COUNT", "1000"]).await?;
            let OwnedFrame::Array(parts) = answer else { break };
            let text = |frame: &OwnedFrame| match frame {
                OwnedFrame::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
                _ => None,
            };
            if let Some(OwnedFrame::Array(keys)) = parts.get(1) {
                found.extend(keys.iter().filter_map(text));
            }
            match parts.first().and_then(text) {
                Some(next) if next != "0" => cursor = next,
                _ => break,
            }
        }
        Ok(found)
    }

    /// Listens to the channels that fit a pattern; nothing else can be asked from then on.
    pub async fn subscribe(&mut self, pattern: &str) -> Result<(), Refusal> {
        self.ask(&["PSUBSCRIBE", pattern]).await.map(drop)
    }

    /// Waits for the next message on a channel that is listened to.
    pub async fn message(&mut self) -> Result<(), Refusal> {
        self.answer().await.map(drop)
    }

    async fn ask(&mut self, words: &[&str]) -> Result<OwnedFrame, Refusal> {
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
        }
        self.stream.write_all(&bytes).await?;
        self.stream.flush().await?;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<OwnedFrame, Refusal> {
        loop {
            let answer = decode(&self.read).map_err(|_| Refusal::Other("what answers is no Redis".to_owned()))?;
            if let Some((frame, used)) = answer {
                self.read.drain(..used);
                return match frame {
                    OwnedFrame::Error(said) if ["NOAUTH", "WRONGPASS"].iter().any(|word| said.starts_with(word)) => {
                        Err(Refusal::Password)
                    }
                    OwnedFrame::Error(said) => Err(Refusal::Other(format!("Redis said: {}", clean(&said)))),
                    frame => Ok(frame),
                };
            }
            if self.read.len() > LARGEST {
                return Err(Refusal::Other("Redis' answer is too large".to_owned()));
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(Refusal::Other("Redis closed the connection".to_owned()));
            }
        }
    }
}

impl From<std::io::Error> for Refusal {
    fn from(_: std::io::Error) -> Self {
        Self::Other("the connection to Redis was cut".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    async fn said<T>(answer: &str, ask: impl AsyncFnOnce(&mut Talk<tokio::io::DuplexStream>) -> T) -> (T, String) {
        let (ours, mut theirs) = duplex(1 << 16);
        theirs.write_all(answer.as_bytes()).await.unwrap();
        let mut talk = Talk::new(ours);
        let told = ask(&mut talk).await;
        drop(talk);
        let mut asked = String::new();
        theirs.read_to_string(&mut asked).await.unwrap();
        (told, asked)
    }

    #[tokio::test]
    async fn values_are_read_and_refusals_told_apart() {
        let (value, asked) = said("$3\r\nabc\r\n", async |talk| talk.get("k").await).await;
        assert_eq!(value, Ok(Some(b"abc".to_vec())));
        assert_eq!(asked, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
        assert_eq!(said("$-1\r\n", async |talk| talk.get("k").await).await.0, Ok(None));
        assert_eq!(said("-NOAUTH no\r\n", async |talk| talk.get("k").await).await.0, Err(Refusal::Password));
        let (wrong, _) = said("-WRONGPASS no\r\n", async |talk| talk.authenticate("x").await).await;
        assert_eq!(wrong, Err(Refusal::Password));
        let heard = said("*3\r\n$10\r\npsubscribe\r\n$1\r\na\r\n:1\r\n*1\r\n$8\r\npmessage\r\n", async |talk| {
            talk.subscribe("a").await?;
            talk.message().await
        });
        assert_eq!(heard.await, (Ok(()), "*2\r\n$10\r\nPSUBSCRIBE\r\n$1\r\na\r\n".to_owned()));
        let (keys, asked) =
            said("*2\r\n$1\r\n7\r\n*1\r\n$1\r\na\r\n*2\r\n$1\r\n0\r\n*1\r\n$1\r\nb\r\n", async |talk| {
                talk.keys("*", 9).await
            })
            .await;
        assert_eq!(keys.unwrap(), ["a", "b"]);
        assert_eq!(asked.matches("SCAN").count(), 2);
    }
}
