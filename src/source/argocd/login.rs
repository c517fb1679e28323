//! Logging in: a password for a token, which is kept where only its owner reads it.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::super::kube::ReadError;
use super::ask::Ask;
use super::server::Server;
use super::token::Token;

/// The largest answer that is read, in bytes.
const LARGEST: usize = 256 << 10;

/// How people can log in to a server, as far as it says to somebody it does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logins {
    /// With a name and a password of its own.
    pub password: bool,
    /// In a browser, through an identity provider.
    pub sso: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    user_logins_disabled: bool,
    dex_config: Option<Dex>,
    oidc_config: Option<serde_json::Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Dex {
    connectors: Option<Vec<serde_json::Value>>,
}

#[derive(Deserialize)]
struct Session {
    token: String,
}

/// Asks a server how people log in.
///
/// # Errors
/// When it cannot be asked.
pub async fn logins(server: &Server) -> Result<Logins, ReadError> {
    let read = async {
        let bytes = server.fetch_openly(&Ask::get("/api/v1/settings"), LARGEST).await?;
        serde_json::from_slice::<Settings>(&bytes).map_err(|_| super::refusal::no_json("its settings"))
    };
    let settings = read.await.map_err(|fault| ReadError::of(fault, "its settings"))?;
    let dex = settings.dex_config.and_then(|dex| dex.connectors).is_some_and(|all| !all.is_empty());
    Ok(Logins { password: !settings.user_logins_disabled, sso: dex || settings.oidc_config.is_some() })
}

/// A token for a name and a password.
///
/// # Errors
/// When the server does not accept them, or cannot be asked.
pub async fn log_in(server: &Server, user: &str, password: &str) -> Result<Token, ReadError> {
    let what = "login";
    let ask = Ask::post("/api/v1/session", &json!({"username": user, "password": password}));
    let bytes = server.fetch_openly(&ask, LARGEST).await.map_err(|fault| {
        // it is not our token it does not accept
        let why = if fault.said.is_empty() { fault.why.clone() } else { fault.said.clone() };
        ReadError::Failed { why, hint: fault.hint.filter(|_| fault.code.is_none()) }
    })?;
    let session: Option<Session> = serde_json::from_slice(&bytes).ok();
    let token = session.and_then(|session| Token::new(&session.token));
    token.ok_or_else(|| ReadError::of(super::refusal::no_json("the session"), what))
}

/// Keeps a token in a file nobody else can read, in a folder nobody else can look into. What was there stays until the new
/// one is whole.
///
/// # Errors
/// When it cannot be written.
pub fn keep(token: &Token, path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let beside = path.with_extension("new");
    // one that is left from a broken attempt could have another mode
    _ = std::fs::remove_file(&beside);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(token.secret().as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_token_is_kept_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens").join("argo.example_443");
        for text in ["first.token", "second.token"] {
            keep(&Token::new(text).unwrap(), &path).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
