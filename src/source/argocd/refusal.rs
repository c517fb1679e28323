//! What argocd-server says when it does not do what it was asked: its own words, and what they make of a link.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use super::super::kube::fault::{Fault, Kind};
use crate::domain::text::{clean, without_credentials};

/// More words than this are not shown, in bytes.
const WORDS: usize = 300;
/// The longest a server may ask us to stay away, in seconds.
const LONGEST_ABSENCE: u64 = 300;

/// What an answer that is not a success means. A refused call and a refused stream have different bodies (recorded).
pub(super) fn of_answer(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Fault {
    let said = words(body);
    let shown = if said.is_empty() { status.to_string() } else { said.clone() };
    let fault = match status {
        StatusCode::UNAUTHORIZED => Fault::new(Kind::Auth, format!("argocd-server does not accept our token: {shown}"))
            .hint("log in again: pilothouse login URL, or argocd login; or renew the token where it comes from"),
        // an Application that is not there reads the same (recorded)
        StatusCode::FORBIDDEN => Fault::new(Kind::Denied, shown)
            .hint("ask for this right in argocd-rbac-cm; what does not exist is refused in the same words"),
        StatusCode::NOT_FOUND if said.is_empty() || said.contains("page not found") || said == "Not Found" => {
            Fault::new(Kind::Down, "there is no argocd-server at this address (404)")
                .hint("is it served below a root path? then the URL ends with it")
        }
        StatusCode::TOO_MANY_REQUESTS => Fault::new(Kind::Down, format!("argocd-server is busy: {shown}"))
            .hint("it will be asked again when it wants to be"),
        status if status.is_redirection() => {
            let target = headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
            let target = clean(&without_credentials(target)).into_owned();
            Fault::new(Kind::Down, format!("argocd-server sends us elsewhere: {}", shorten(&target)))
                .hint("a token is not sent along: give the URL it names")
        }
        status => Fault::new(Kind::Down, format!("argocd-server answered {}: {shown}", status.as_u16())),
    };
    let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let retry_after = seconds.map(|seconds| Duration::from_secs(seconds.min(LONGEST_ABSENCE)));
    Fault { retry_after, code: Some(status.as_u16()), said, ..fault }
}

/// What an error within a stream means: there its frames are all that still can tell.
pub(super) fn of_frame(error: &Value) -> Fault {
    let code = error.get("http_code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let status = code.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::json!({ "error": error }).to_string();
    of_answer(status, &HeaderMap::new(), body.as_bytes())
}

/// An answer that is none: a login page in between answers 200 with HTML.
pub(super) fn no_json(what: &str) -> Fault {
    Fault::new(Kind::Down, format!("{what} came as something that is no JSON"))
        .hint("is this URL an argocd-server, and not a login page before it?")
}

/// The server's words out of a body, cleaned; empty where it has none of its own.
fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let said = match serde_json::from_str::<Value>(&text) {
        Ok(value) => {
            let at = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            at("/message").or_else(|| at("/error/message")).or_else(|| at("/error")).unwrap_or_default()
        }
        // pages of proxies say nothing a person wants on one line
        Err(_) if text.trim_start().starts_with('<') => String::new(),
        Err(_) => text.into_owned(),
    };
    shorten(clean(&said).trim()).to_owned()
}

fn shorten(text: &str) -> &str {
    &text[..text.floor_char_boundary(WORDS)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Fault {
        of_answer(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn refusals_of_calls_and_of_streams_are_told_in_the_servers_words() {
        let denied = of(403, r#"{"error":"permission denied: x","code":7,"message":"permission denied: x"}"#);
        assert_eq!((denied.kind, &*denied.why, denied.code), (Kind::Denied, "permission denied: x", Some(403)));
        let stream = of(403, r#"{"error":{"grpc_code":7,"http_code":403,"message":"permission denied"}}"#);
        assert_eq!((stream.kind, &*stream.why), (Kind::Denied, "permission denied"));
        let session = of(401, r#"{"error":"no session information","code":16,"message":"no session information"}"#);
        assert_eq!(session.kind, Kind::Auth);
        assert!(session.why.ends_with(": no session information"), "{}", session.why);
        assert_eq!(of(415, "Invalid content type\n").said, "Invalid content type");
        assert_eq!(of(502, "<html>\u{1b}[2J").why, "argocd-server answered 502: 502 Bad Gateway");
        assert_eq!(of(404, "404 page not found\n").why, "there is no argocd-server at this address (404)");
        assert_eq!(of(404, r#"{"message":"applications \"x\" not found"}"#).said, "applications \"x\" not found");
        let frame = of_frame(&serde_json::json!({"http_code": 403, "message": "permission denied"}));
        assert_eq!((frame.kind, &*frame.why), (Kind::Denied, "permission denied"));
    }

    #[test]
    fn a_redirect_is_not_followed_but_told() {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, "https://argo.example/api".parse().unwrap());
        let fault = of_answer(StatusCode::TEMPORARY_REDIRECT, &headers, b"");
        assert_eq!(fault.why, "argocd-server sends us elsewhere: https://argo.example/api");
    }
}
