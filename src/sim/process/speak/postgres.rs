//! PostgreSQL's start-up: no TLS, a password is asked for, and it is never right.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::super::network::Line;

const TLS_ASKED: u32 = 80_877_103;
const GSS_ASKED: u32 = 80_877_104;
/// Bytes of a start-up message; the server's own limit.
const LONGEST: u32 = 10_000;

pub(super) async fn serve(mut line: Line) -> io::Result<()> {
    let user = loop {
        let length = line.read_u32().await?;
        if !(8..LONGEST).contains(&length) {
            return Err(io::Error::other("invalid length of startup packet"));
        }
        let version = line.read_u32().await?;
        let mut rest = vec![0; length as usize - 8];
        line.read_exact(&mut rest).await?;
        if matches!(version, TLS_ASKED | GSS_ASKED) {
            line.write_all(b"N").await?;
            continue;
        }
        let mut words = rest.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        break match words.position(|word| word == "user").and_then(|_| words.next()) {
            Some(user) => user.into_owned(),
            None => String::new(),
        };
    };
    // AuthenticationCleartextPassword
    line.write_all(&[b'R', 0, 0, 0, 8, 0, 0, 0, 3]).await?;
    let mut kind = [0];
    line.read_exact(&mut kind).await?;
    let length = line.read_u32().await?.clamp(4, LONGEST);
    line.read_exact(&mut vec![0; length as usize - 4]).await?;
    let said = format!("password authentication failed for user \"{user}\"");
    let mut fields = Vec::new();
    for (field, value) in [(b'S', "FATAL"), (b'V', "FATAL"), (b'C', "28P01"), (b'M', said.as_str())] {
        fields.push(field);
        fields.extend_from_slice(value.as_bytes());
        fields.push(0);
    }
    fields.push(0);
    let length = u32::try_from(fields.len() + 4).unwrap_or(u32::MAX);
    line.write_all(&[&b"E"[..], &length.to_be_bytes(), &fields].concat()).await
}
