//! Logging in: the ways a server offers, and a password for a token.

use serde::Deserialize;
use serde_json::json;

use super::super::kube::ReadError;
use super::ask::Ask;
use super::credentials::Credentials;
use super::server::Server;
use super::sso::{DexConfig, OidcConfig, Sso};
use super::token::Token;
use crate::domain::text::clean;

/// The largest answer that is read, in bytes.
const LARGEST: usize = 256 << 10;

/// How people can log in to a server, as far as it says to somebody it does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// With a name and a password of its own.
    pub password: bool,
    /// In a browser, through an identity provider.
    pub sso: Option<Sso>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    url: String,
    user_logins_disabled: bool,
    dex_config: Option<DexConfig>,
    oidc_config: Option<OidcConfig>,
}

#[derive(Deserialize)]
struct Session {
    token: String,
}

/// Asks a server how people log in.
///
/// # Errors
/// When it cannot be asked.
pub async fn ways(server: &Server) -> Result<Ways, ReadError> {
    let read = async {
        let bytes = server.fetch_openly(&Ask::get("/api/v1/settings"), LARGEST).await?;
        serde_json::from_slice::<Settings>(&bytes).map_err(|_| super::refusal::no_json("its settings"))
    };
    let settings = read.await.map_err(|fault| ReadError::of(fault, "its settings"))?;
    let sso = Sso::of(&settings.url, settings.oidc_config, settings.dex_config);
    Ok(Ways { password: !settings.user_logins_disabled, sso })
}

/// Logs in with a name and a password.
///
/// # Errors
/// When the server does not accept them, or cannot be asked.
pub async fn log_in(server: &Server, user: &str, password: &str) -> Result<Credentials, ReadError> {
    let what = "login";
    let ask = Ask::post("/api/v1/session", &json!({"username": user, "password": password}));
    let bytes = server.fetch_openly(&ask, LARGEST).await.map_err(|fault| {
        // it is not our token it does not accept
        let why = if fault.said.is_empty() { fault.why.clone() } else { fault.said.clone() };
        ReadError::Failed { why, hint: fault.hint.filter(|_| fault.code.is_none()) }
    })?;
    let session: Option<Session> = serde_json::from_slice(&bytes).ok();
    let token = session.and_then(|session| Token::new(&session.token));
    let token = token.ok_or_else(|| ReadError::of(super::refusal::no_json("the session"), what))?;
    Ok(Credentials { token, refresh: None, who: clean(user).into_owned() })
}
