//! What a login brings, and how it is kept: where only its owner reads it.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::token::{Token, read_private};

/// What a login brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// What requests carry.
    pub(super) token: Token,
    /// What brings a new one when it has run out; nothing after a login by password.
    pub(super) refresh: Option<Refresh>,
    /// Who one is, cleaned.
    pub(super) who: String,
}

/// What a refresh token is, and for whom: it is sent to nobody but its issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refresh {
    pub token: Token,
    pub client: Registration,
}

/// What we are to an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Registration {
    /// The issuer, as it calls itself.
    pub issuer: String,
    /// What it knows us by.
    pub client_id: String,
    /// It is the Dex behind argocd-server, and asked through it.
    pub dex: bool,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    client: Registration,
    refresh_token: String,
}

impl Credentials {
    /// Who one is after it, cleaned: a name or an address of mail.
    #[must_use]
    pub fn who(&self) -> &str {
        &self.who
    }

    /// Whether the token can be renewed when it has run out.
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        self.refresh.is_some()
    }
}

/// Keeps what a login brought in files nobody else can read, in a folder nobody else can look into. What was there stays
/// until the new one is whole.
///
/// # Errors
/// When it cannot be written.
pub fn keep(credentials: &Credentials, path: &Path) -> io::Result<()> {
    // a token must never stand beside the refresh token of somebody else
    match &credentials.refresh {
        Some(refresh) => {
            let kept = Kept { client: refresh.client.clone(), refresh_token: refresh.token.secret().to_owned() };
            replace(&beside(path), &serde_json::to_vec(&kept)?)?;
        }
        None => forget_refresh(path)?,
    }
    keep_token(&credentials.token, path)
}

/// Keeps a token that takes the place of another of the same person.
pub(super) fn keep_token(token: &Token, path: &Path) -> io::Result<()> {
    replace(path, token.secret().as_bytes())
}

/// The refresh token that is kept beside a token.
pub(super) fn kept_refresh(path: &Path) -> Option<Refresh> {
    let text = read_private(&beside(path)).ok()?;
    let kept: Kept = serde_json::from_str(&text).ok()?;
    Some(Refresh { token: Token::new(&kept.refresh_token)?, client: kept.client })
}

/// Forgets the refresh token beside a token.
pub(super) fn forget_refresh(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(beside(path)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn beside(path: &Path) -> PathBuf {
    with_suffix(path, ".refresh")
}

/// A name is a host and a port: what `with_extension` took for its extension would be a part of both.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let new = with_suffix(path, ".new");
    // one that is left from a broken attempt could have another mode
    _ = std::fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn credentials(token: &str, refresh: Option<&str>) -> Credentials {
        let client = Registration { issuer: "https://a".to_owned(), client_id: "cli".to_owned(), dex: true };
        let refresh = refresh.map(|text| Refresh { token: Token::new(text).unwrap(), client });
        Credentials { token: Token::new(token).unwrap(), refresh, who: "olena".to_owned() }
    }

    #[test]
    fn what_a_login_brings_is_kept_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens").join("argo.example_443");
        for text in ["first.token", "second.token"] {
            let kept = credentials(text, Some("spare.token"));
            keep(&kept, &path).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            assert_eq!(kept_refresh(&path), kept.refresh);
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            let modes = [mode(&path), mode(&beside(&path)), mode(path.parent().unwrap())];
            assert_eq!(modes, [0o600, 0o600, 0o700]);
            assert!(!format!("{kept:?}").contains(".token"), "{kept:?}");
        }
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
    }

    #[test]
    fn a_login_by_password_leaves_no_refresh_token_of_somebody_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("argo.example_443");
        keep(&credentials("one", Some("spare")), &path).unwrap();
        keep(&credentials("two", None), &path).unwrap();
        assert_eq!(kept_refresh(&path), None);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
