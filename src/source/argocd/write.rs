//! What argocd-server is asked to do, each sent once, and what it would let us do.

use serde::Deserialize;
use serde_json::Value;

use super::super::kube::request::escape;
use super::super::kube::{ReadError, WriteError};
use super::ask::Ask;
use super::server::Server;
use crate::domain::text::clean;

/// The largest answer that is read, in bytes.
const LARGEST: usize = 32 << 20;
/// The largest answer to a short question, in bytes.
const SHORT: usize = 64 << 10;

/// Sends a call once; a token that is not believed is got anew and it is sent again, for it was not looked at then.
///
/// # Errors
/// See [`WriteError`]; refusals in the server's own words.
pub async fn write(server: &Server, method: &str, path: &str, body: &Value) -> Result<Value, WriteError> {
    let ask = match method {
        "GET" => Ask::get(path),
        "POST" => Ask::post(path, body),
        "PATCH" => Ask::patch(path, body),
        "DELETE" => Ask::delete(path),
        other => return Err(WriteError::Unsent { why: format!("{other} is no call of argocd-server"), hint: None }),
    };
    match server.send(&ask).await {
        Ok(answer) => {
            // what was answered is done, even if the answer breaks off
            let bytes = answer.whole(LARGEST, &**server.clock()).await.unwrap_or_default();
            Ok(serde_json::from_slice(&bytes).unwrap_or_default())
        }
        Err(fault) => Err(WriteError::of(fault)),
    }
}

#[derive(Deserialize)]
struct Answer {
    value: String,
}

/// Whether we may do `action` on an object, as `project/name`; nothing when the server does not say.
pub async fn can_i(server: &Server, resource: &str, action: &str, object: &str) -> Option<bool> {
    let object: Vec<String> = object.split('/').map(escape).collect();
    let path = format!("/api/v1/account/can-i/{}/{}/{}", escape(resource), escape(action), object.join("/"));
    let answer: Answer = server.json(&path, SHORT, "what we may do").await.ok()?;
    Some(answer.value == "yes")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UserInfo {
    username: String,
}

/// Who the server takes us for, cleaned; empty for nobody.
///
/// # Errors
/// When it cannot be asked.
pub async fn who(server: &Server) -> Result<String, ReadError> {
    let read = server.json::<UserInfo>("/api/v1/session/userinfo", SHORT, "who we are").await;
    let who = read.map_err(|fault| ReadError::of(fault, "who we are"))?;
    Ok(clean(&who.username).into_owned())
}
