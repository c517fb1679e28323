//! A login: the address a person opens, and what comes of it.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::json;

use super::super::super::kube::ReadError;
use super::super::ask::Ask;
use super::super::credentials::{Credentials, Refresh};
use super::super::server::Server;
use super::super::token::Token;
use super::callback::{Callback, PATH, Visit};
use super::error::{SsoError, words};
use super::exchange::exchange;
use super::id_token::Claims;
use super::offer::Sso;
use super::page;
use super::provider::{OFFLINE, Provider};
use super::secret::Secret;
use crate::domain::text::clean;

/// The port the browser comes back to, as for argocd: the one Dex knows.
pub const PORT: u16 = 8085;
/// How long somebody has to log in.
pub const PATIENCE: Duration = Duration::from_mins(10);
/// The largest answer about who we are, in bytes.
const SHORT: usize = 64 << 10;

/// A login that waits for a browser. It holds its port until `finish` ends or is dropped.
pub struct Pending {
    /// What to open, in any browser.
    pub url: String,
    /// The port of this machine the browser comes back to; `forward::ssh_line` leads another machine's to it.
    pub port: u16,
    /// Waits for the browser, at the most [`PATIENCE`] long, and gets the tokens. What it brings is kept with
    /// [`keep`](super::super::keep).
    pub finish: BoxFuture<'static, Result<Credentials, ReadError>>,
}

/// What only this login knows.
struct Secrets {
    state: Secret,
    nonce: Secret,
    verifier: Secret,
}

struct Login {
    server: Server,
    provider: Provider,
    redirect: String,
    secrets: Secrets,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct UserInfo {
    logged_in: bool,
    username: String,
}

impl Sso {
    /// Begins a login: asks the issuer what it can do, and opens a port of this machine, on loopback alone, for the
    /// browser to come back to (0 for any that is free).
    ///
    /// # Errors
    /// When the port is taken, or the issuer cannot be asked or is not the one the server names.
    pub async fn begin(&self, server: &Server, port: u16) -> Result<Pending, ReadError> {
        Ok(self.prepare(server, port).await?)
    }

    async fn prepare(&self, server: &Server, port: u16) -> Result<Pending, SsoError> {
        let callback = Callback::open(port, self.client.dex).await?;
        let port = callback.port;
        let provider = Provider::discover(server, &self.client).await?;
        let secrets = Secrets { state: Secret::new()?, nonce: Secret::new()?, verifier: Secret::new()? };
        let redirect = format!("http://localhost:{port}{PATH}");
        let login = Login { server: server.clone(), provider, redirect, secrets };
        let url = login.url(self);
        let finish = async move { login.finish(callback).await.map_err(ReadError::from) }.boxed();
        Ok(Pending { url, port, finish })
    }
}

impl Login {
    fn url(&self, sso: &Sso) -> String {
        let mut scopes = sso.scopes.join(" ");
        if self.provider.gives_refresh_tokens && !sso.scopes.iter().any(|scope| scope == OFFLINE) {
            scopes = format!("{scopes} {OFFLINE}");
        }
        let challenge = self.secrets.verifier.challenge();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([
            ("response_type", "code"),
            ("client_id", self.provider.client.client_id.as_str()),
            ("redirect_uri", self.redirect.as_str()),
            ("scope", scopes.as_str()),
            ("state", self.secrets.state.text()),
            ("nonce", self.secrets.nonce.text()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            // Google gives a refresh token for this and knows no such scope
            ("access_type", "offline"),
        ]);
        if let Some(claims) = &sso.claims {
            query.append_pair("claims", &json!({ "id_token": claims }).to_string());
        }
        if let Some(connector) = &sso.connector {
            query.append_pair("connector_id", connector);
        }
        let endpoint = self.provider.authorization_endpoint.to_string();
        let mark = if endpoint.contains('?') { '&' } else { '?' };
        format!("{endpoint}{mark}{}", query.finish())
    }

    async fn finish(self, callback: Callback) -> Result<Credentials, SsoError> {
        let clock = self.server.clock().clone();
        tokio::select! {
            outcome = self.wait(callback) => outcome,
            () = clock.sleep(PATIENCE) => Err(SsoError::Late(PATIENCE.as_secs() / 60)),
        }
    }

    async fn wait(&self, mut callback: Callback) -> Result<Credentials, SsoError> {
        loop {
            let visit = callback.next().await;
            let Some(outcome) = self.attend(&visit).await.transpose() else {
                visit.answer(page::nothing_brought());
                continue;
            };
            visit.answer(match &outcome {
                Ok(credentials) => page::logged_in(&self.server.spec().place(), credentials.who()),
                Err(error) => page::failed(&error.to_string()),
            });
            callback.close(&**self.server.clock()).await;
            return outcome;
        }
    }

    /// What a visit brings; nothing when somebody only looked.
    async fn attend(&self, visit: &Visit) -> Result<Option<Credentials>, SsoError> {
        let Secrets { state, nonce, verifier } = &self.secrets;
        let (code, error) = (visit.get("code"), visit.get("error"));
        if code.is_empty() && error.is_empty() {
            return Ok(None);
        }
        // an issuer that cannot read the request may not know its state either
        let stateless = code.is_empty() && visit.get("state").is_empty();
        if visit.get("state") != state.text() && !stateless {
            return Err(SsoError::OtherState);
        }
        let secrets = [state.text(), nonce.text(), verifier.text()];
        if code.is_empty() {
            let description = words(visit.get("error_description"), &secrets);
            return Err(SsoError::Refused { error: words(error, &secrets), description });
        }
        let client = &self.provider.client;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect.as_str()),
            ("client_id", client.client_id.as_str()),
            ("code_verifier", verifier.text()),
        ];
        let answer = exchange(&self.provider, "the code", &form, &[code, verifier.text()]).await?;
        let claims = Claims::read(&answer.id_token)?;
        claims.check(client)?;
        claims.answers(nonce)?;
        let who = who(&self.server, &answer.id_token, &client.issuer).await?;
        let refresh = answer.refresh_token.map(|token| Refresh { token, client: client.clone() });
        Ok(Some(Credentials { token: answer.id_token, refresh, who }))
    }
}

/// Whom argocd-server takes the holder of a token for: it is the one that verifies it.
async fn who(server: &Server, token: &Token, issuer: &str) -> Result<String, SsoError> {
    let what = "who we are";
    let bytes = server.fetch_as(Some(token), &Ask::get("/api/v1/session/userinfo"), SHORT).await;
    let bytes = bytes.map_err(|fault| SsoError::Unasked { why: fault.why, hint: fault.hint })?;
    let info: UserInfo = serde_json::from_slice(&bytes)
        .map_err(|_| SsoError::Unasked { why: format!("{what} came as something that is no JSON"), hint: None })?;
    if !info.logged_in {
        return Err(SsoError::NotBelieved(clean(issuer).into_owned()));
    }
    Ok(clean(&info.username).into_owned())
}
