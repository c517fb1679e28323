//! An issuer: where its endpoints are, and the way to them.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, StatusCode, Uri, header};
use kube::client::Body;
use serde::Deserialize;

use super::super::super::kube::fault::{Fault, Kind};
use super::super::super::kube::request;
use super::super::connect::{about_issuer, about_server, elsewhere};
use super::super::credentials::Registration;
use super::super::server::Server;
use super::error::SsoError;
use super::offer::DEX;
use crate::domain::Clock;
use crate::domain::text::clean;

/// The largest answer that is read, in bytes.
const LARGEST: usize = 1 << 20;
/// No answer for this long is as good as none.
const ANSWER: Duration = Duration::from_secs(30);
/// Where an issuer says what it can do.
const DISCOVERY: &str = "/.well-known/openid-configuration";
/// What a refresh token is asked for with.
pub(super) const OFFLINE: &str = "offline_access";

/// An issuer that has been asked what it can do.
pub(super) struct Provider {
    /// What we are to it.
    pub client: Registration,
    /// Where a browser goes.
    pub authorization_endpoint: Uri,
    token_endpoint: Uri,
    /// It gives refresh tokens to who asks with [`OFFLINE`].
    pub gives_refresh_tokens: bool,
    server: Server,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    scopes_supported: Vec<String>,
    #[serde(default)]
    response_types_supported: Vec<String>,
}

impl Provider {
    /// Asks an issuer what it can do.
    pub async fn discover(server: &Server, client: &Registration) -> Result<Self, SsoError> {
        let what = "its configuration";
        let url = endpoint(server, &format!("{}{DISCOVERY}", client.issuer.trim_end_matches('/')))?;
        let (status, bytes) =
            ask(server, client, &url, None).await.map_err(|fault| SsoError::unreachable(what, fault))?;
        let found = serde_json::from_slice::<Discovery>(&bytes).ok().filter(|_| status.is_success());
        let Some(found) = found else {
            let why = if status.is_success() { "it is no such configuration".to_owned() } else { status.to_string() };
            return Err(SsoError::Garbled { what, why });
        };
        if found.issuer != client.issuer {
            let shown = |text: &str| clean(text).into_owned();
            return Err(SsoError::OtherIssuer { wanted: shown(&client.issuer), found: shown(&found.issuer) });
        }
        if !found.response_types_supported.is_empty() && !found.response_types_supported.iter().any(|t| t == "code") {
            return Err(SsoError::NoCodeFlow);
        }
        // the list is recommended, not required: where there is none the scope is as good as supported
        let scopes = &found.scopes_supported;
        Ok(Self {
            client: client.clone(),
            authorization_endpoint: endpoint(server, &found.authorization_endpoint)?,
            token_endpoint: endpoint(server, &found.token_endpoint)?,
            gives_refresh_tokens: scopes.is_empty() || scopes.iter().any(|scope| scope == OFFLINE),
            server: server.clone(),
        })
    }

    /// Sends a form to where tokens are given out.
    pub async fn ask_for_tokens(&self, form: Vec<u8>) -> Result<(StatusCode, Vec<u8>), Fault> {
        ask(&self.server, &self.client, &self.token_endpoint, Some(form)).await
    }
}

/// A URL that may be used: over TLS, unless nothing is on the way to the server either or it does not leave this machine.
fn endpoint(server: &Server, text: &str) -> Result<Uri, SsoError> {
    let shown = || clean(text).into_owned();
    let url: Uri = text.parse().map_err(|_| SsoError::NoIssuer(shown()))?;
    let host = url.host().unwrap_or_default();
    match url.scheme_str() {
        _ if host.is_empty() || url.authority().is_some_and(|a| a.as_str().contains('@')) => {
            Err(SsoError::NoIssuer(shown()))
        }
        Some("https") => Ok(url),
        Some("http") if server.spec().is_plain() || ["localhost", "127.0.0.1", "[::1]"].contains(&host) => Ok(url),
        Some("http") => Err(SsoError::Plain(shown())),
        _ => Err(SsoError::NoIssuer(shown())),
    }
}

/// Asks an issuer. Dex is asked on the way to argocd-server, which passes it on: whoever reaches the one reaches the other,
/// even by a port-forward.
async fn ask(
    server: &Server,
    client: &Registration,
    url: &Uri,
    form: Option<Vec<u8>>,
) -> Result<(StatusCode, Vec<u8>), Fault> {
    let whole = url.to_string();
    let below = whole.strip_prefix(&client.issuer).filter(|below| client.dex && below.starts_with('/'));
    let about = if below.is_some() { about_server } else { about_issuer };
    let (http, path) = if let Some(below) = below {
        (server.open_client()?, format!("{DEX}{below}"))
    } else {
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        (elsewhere(server.spec(), url)?, path.to_owned())
    };
    let method = if form.is_some() { Method::POST } else { Method::GET };
    let mut request = Request::builder().method(method).uri(path).header(header::ACCEPT, "application/json");
    if form.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let unmade = |_| Fault::new(Kind::Down, "the request cannot be made");
    let request = request.body(form.map_or_else(Body::empty, Body::from)).map_err(unmade)?;
    let clock: &Arc<dyn Clock> = server.clock();
    let answer = tokio::select! {
        answer = http.send(request) => answer.map_err(|error| about(error.into()))?,
        () = clock.sleep(ANSWER) => return Err(request::no_answer(ANSWER)),
    };
    let status = answer.status();
    Ok((status, request::collect(answer.into_body(), LARGEST, &**clock).await?))
}
