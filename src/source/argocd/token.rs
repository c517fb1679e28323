//! Tokens for argocd-server, and where they come from. A token is never shown.

use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use http::HeaderValue;

use super::super::kube::fault::{Fault, Kind};
use super::address::Address;
use super::local_config::LocalConfig;
use super::tunnel::Through;

/// The variable argocd itself reads.
const VARIABLE: &str = "ARGOCD_AUTH_TOKEN";
/// Longer than any token, in bytes.
const LONGEST: usize = 64 << 10;

/// A bearer token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Box<str>);

impl Token {
    /// A token out of a text, white space around it left out; `None` when nothing is left or it cannot be sent.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let sendable = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        sendable.then(|| Self(text.into()))
    }

    /// As a request carries it; marked so that nothing prints it.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// For the file it is kept in, and for nothing else.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Where a token can come from; the first that has one wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRoad {
    /// A file that holds nothing else.
    File(PathBuf),
    /// `ARGOCD_AUTH_TOKEN`.
    Environment,
    /// What a login kept: a file that is there only after one.
    Saved(PathBuf),
    /// The file `argocd login` writes.
    Argocd(LocalConfig),
    /// A login while this program runs, which is kept nowhere else.
    Entered,
}

impl fmt::Display for TokenRoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment => f.write_str(VARIABLE),
            Self::Saved(_) | Self::Entered => f.write_str("login"),
            Self::Argocd(config) => write!(f, "{}", config.path().display()),
        }
    }
}

impl TokenRoad {
    /// The token this road has for a server; `None` where there is none.
    ///
    /// # Errors
    /// When a file others can read holds it, or the file that was named cannot be read.
    pub(super) fn token(&self, address: &Address) -> Result<Option<Token>, Fault> {
        match self {
            Self::File(path) => {
                let text = read_private(path).map_err(|error| Fault::new(Kind::Auth, error.why).hint(error.hint))?;
                let token = Token::new(&text);
                token.map(Some).ok_or_else(|| {
                    Fault::new(Kind::Auth, format!("{} holds no token", path.display()))
                        .hint("the file holds the token and nothing else")
                })
            }
            Self::Environment => Ok(std::env::var(VARIABLE).ok().and_then(|text| Token::new(&text))),
            Self::Entered => Ok(None),
            Self::Saved(path) if !path.exists() => Ok(None),
            Self::Saved(path) => match read_private(path) {
                Ok(text) => Ok(Token::new(&text)),
                Err(error) => Err(Fault::new(Kind::Auth, error.why).hint(error.hint)),
            },
            Self::Argocd(config) => Ok(config.entry(address)?.and_then(|entry| entry.token)),
        }
    }
}

/// Where the token of a login to a server is kept, below a folder of this program. One that is reached by a port-forward
/// is known by the context it is reached through.
#[must_use]
pub fn saved_in(folder: &Path, address: &Address, through: Option<&Through>) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-".contains(c) { c } else { '_' };
    let mut name = address.authority();
    if let Some(through) = through {
        name = format!("{name}@{}@{}", through.cluster.context.as_deref().unwrap_or_default(), through.namespace);
    }
    folder.join("tokens").join(name.chars().map(plain).collect::<String>())
}

/// Why a file with a secret was not read.
#[derive(Debug)]
pub(super) struct Unread {
    /// In one line.
    pub why: String,
    /// What to try.
    pub hint: String,
}

/// The text of a file that only its owner may read, as argocd demands of its own.
pub(super) fn read_private(path: &Path) -> Result<String, Unread> {
    let unread = |error: &io::Error| Unread {
        why: format!("cannot read {}: {error}", path.display()),
        hint: "check the path and who may read it".to_owned(),
    };
    let metadata = std::fs::metadata(path).map_err(|error| unread(&error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.is_file() && mode & 0o077 != 0 {
        return Err(Unread {
            why: format!("{} can be read by others (mode {mode:04o}), so its token is not used", path.display()),
            hint: format!("chmod 600 {}", path.display()),
        });
    }
    std::fs::read_to_string(path).map_err(|error| unread(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, text: &str, mode: u32) -> PathBuf {
        let path = folder.join(format!("token-{mode:o}"));
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_token_is_sent_and_never_shown() {
        let token = Token::new(" eyJhbGciOi.secret \n").unwrap();
        let header = token.header().unwrap();
        assert_eq!(header.to_str().unwrap(), "Bearer eyJhbGciOi.secret");
        assert!(!format!("{token:?} {header:?}").contains("secret"));
        assert_eq!((Token::new("\n"), Token::new("a b"), Token::new("a\u{1b}b")), (None, None, None));
    }

    #[test]
    fn a_file_others_can_read_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let address: Address = "argo.example".parse().unwrap();
        let of = |path: PathBuf| TokenRoad::File(path).token(&address);
        assert_eq!(of(file(folder.path(), "abc\n", 0o600)).unwrap(), Token::new("abc"));
        assert_eq!(of(file(folder.path(), "abc\n", 0o400)).unwrap(), Token::new("abc"));
        let refused = of(file(folder.path(), "abc\n", 0o644)).unwrap_err();
        assert!(refused.why.contains("(mode 0644)"), "{}", refused.why);
        assert!(refused.hint.unwrap().starts_with("chmod 600 "));
        assert!(of(folder.path().join("none")).unwrap_err().why.starts_with("cannot read "));
        assert!(of(file(folder.path(), " \n", 0o700)).unwrap_err().why.ends_with("holds no token"));
        assert_eq!(TokenRoad::Saved(folder.path().join("none")).token(&address).unwrap(), None);
    }
}
