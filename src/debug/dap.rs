//! Messages of the debug adapter protocol: <https://microsoft.github.io/debug-adapter-protocol>.

use serde_json::{Value, json};
use thiserror::Error;

/// Bytes that are no message of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("what came is no message of the debug adapter protocol")]
pub struct NoMessage;

/// A message that is longer is no answer to what is asked here.
const LONGEST: usize = 1 << 20;

/// A request, as it goes over the wire.
#[must_use]
pub fn request(serial: u32, command: &str, arguments: &Value) -> Vec<u8> {
    let body = json!({"seq": serial, "type": "request", "command": command, "arguments": arguments}).to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Takes the first whole message out of what has come so far; an error when it is no such message.
///
/// # Errors
/// When what came is not of this protocol.
pub fn take(come: &mut Vec<u8>) -> Result<Option<Value>, NoMessage> {
    const BREAK: &[u8] = b"\r\n\r\n";
    let Some(head) = come.windows(BREAK.len()).position(|part| part == BREAK) else {
        return if come.len() > 1024 || !b"Content-Length:".starts_with(&come[..come.len().min(15)]) {
            Err(NoMessage)
        } else {
            Ok(None)
        };
    };
    let text = std::str::from_utf8(&come[..head]).map_err(|_| NoMessage)?;
    let length = text.lines().find_map(|line| line.strip_prefix("Content-Length:")).ok_or(NoMessage)?;
    let length: usize = length.trim().parse().map_err(|_| NoMessage)?;
    let begin = head + BREAK.len();
    if length > LONGEST {
        return Err(NoMessage);
    }
    if come.len() < begin + length {
        return Ok(None);
    }
    let message = serde_json::from_slice(&come[begin..begin + length]).map_err(|_| NoMessage)?;
    come.drain(..begin + length);
    Ok(Some(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_as_they_come() {
        let whole = [request(1, "initialize", &json!({})), request(2, "disconnect", &json!({"a": 1}))].concat();
        let (mut come, mut taken) = (Vec::new(), Vec::new());
        for byte in whole {
            come.push(byte);
            taken.extend(take(&mut come).unwrap());
        }
        let commands: Vec<_> = taken.iter().map(|message| message["command"].as_str().unwrap()).collect();
        assert_eq!(commands, ["initialize", "disconnect"]);
        assert!(come.is_empty());
        assert_eq!(take(&mut b"HTTP/1.1 400 Bad Request\r\n".to_vec()), Err(NoMessage));
        assert_eq!(take(&mut b"Content-Length: 99999999999\r\n\r\n".to_vec()), Err(NoMessage));
    }
}
