//! Asking a world to do something.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::error::ControlError;

/// Has the world named by `control` do something; its answer is a sentence or, for `state`, JSON.
///
/// # Errors
/// When the words name no world, the world does not answer, or it refuses.
pub async fn send(control: &str, action: &[String]) -> Result<String, ControlError> {
    let (address, token) = read(control).ok_or_else(|| ControlError::NotAControl(redacted(control)))?;
    let failed = |reason: String| ControlError::Unreachable { address, reason };
    let stream = TcpStream::connect(address).await.map_err(|error| failed(error.to_string()))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| failed(error.to_string()))?;
    let body = serde_json::to_vec(action).map_err(|error| failed(error.to_string()))?;
    let request = Request::post("/")
        .header(header::HOST, address.to_string())
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| failed(error.to_string()))?;
    let talk = async {
        let response = sender.send_request(request).await.map_err(|error| failed(error.to_string()))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| failed(error.to_string()))?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        if status.is_success() { Ok(text) } else { Err(ControlError::Refused(text)) }
    };
    tokio::pin!(talk);
    tokio::select! {
        answer = &mut talk => answer,
        ended = connection => match ended {
            Ok(()) => talk.await,
            Err(error) => Err(failed(error.to_string())),
        },
    }
}

fn read(control: &str) -> Option<(SocketAddr, &str)> {
    let (address, token) = control.trim().strip_prefix("http://")?.split_once("/?token=")?;
    Some((address.parse().ok()?, token))
}

/// What can be shown of words that should have named a world.
fn redacted(control: &str) -> String {
    let end = control.find("token=").map_or(control.len(), |at| at + "token=".len());
    let mut shown: String = control.get(..end).unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    if end < control.len() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_name_no_world_do_not_show_a_token() {
        assert!(read("http://127.0.0.1:80/?token=abc").is_some());
        assert!(read("127.0.0.1:80").is_none());
        assert_eq!(redacted("https://x/?token=secret"), "https://x/?token=...");
    }
}
