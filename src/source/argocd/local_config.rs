//! The file `argocd login` writes: servers, users, and the contexts that bring them together.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::super::kube::fault::{Fault, Kind};
use super::address::Address;
use super::token::{Token, read_private};

/// Where argocd keeps its contexts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalConfig {
    path: PathBuf,
}

/// What it says of one server.
#[derive(Debug)]
pub(super) struct Entry {
    /// The token of the user that goes with it.
    pub token: Option<Token>,
    /// Any certificate is taken.
    pub insecure: bool,
    /// The CA its certificate is checked against, in PEM.
    pub ca: Option<Vec<u8>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Whole {
    current_context: String,
    contexts: Vec<Context>,
    servers: Vec<ServerEntry>,
    users: Vec<User>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Context {
    name: String,
    server: String,
    user: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct ServerEntry {
    server: String,
    insecure: bool,
    plain_text: bool,
    grpc_web_root_path: String,
    certificate_authority_data: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct User {
    name: String,
    auth_token: String,
}

impl LocalConfig {
    /// The file at a path, whether it is there or not.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The file argocd uses here: in `ARGOCD_CONFIG_DIR`, else `~/.argocd` where that is, else the folder for
    /// configuration.
    #[must_use]
    pub fn here() -> Option<Self> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = set("HOME");
        let old = home.as_ref().map(|home| home.join(".argocd")).filter(|old| old.is_dir());
        let xdg = || set("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config"))).map(|c| c.join("argocd"));
        Some(Self::at(set("ARGOCD_CONFIG_DIR").or(old).or_else(xdg)?.join("config")))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The address of the server that a context of this name leads to; `None` where nothing of that name is.
    #[must_use]
    pub fn server_of(&self, context: &str) -> Option<String> {
        let whole = self.read().ok()??;
        let named = whole.contexts.iter().find(|known| known.name == context)?;
        let server = whole.servers.iter().find(|known| known.server == named.server)?;
        let scheme = if server.plain_text { "http" } else { "https" };
        let root = server.grpc_web_root_path.trim_matches('/');
        let slash = if root.is_empty() { "" } else { "/" };
        Some(format!("{scheme}://{}{slash}{root}", server.server))
    }

    /// What it says of a server; `None` where it knows none at this address.
    ///
    /// # Errors
    /// When the file is there and others can read it, or it cannot be read.
    pub(super) fn entry(&self, address: &Address) -> Result<Option<Entry>, Fault> {
        let Some(whole) = self.read()? else { return Ok(None) };
        let wanted = address.authority();
        let here = |server: &str| {
            let scheme = if address.is_plain() { "http" } else { "https" };
            format!("{scheme}://{server}").parse::<Address>().is_ok_and(|known| known.authority() == wanted)
        };
        let Some(server) = whole.servers.iter().find(|known| here(&known.server)) else { return Ok(None) };
        let ca = match &*server.certificate_authority_data {
            "" => None,
            data => Some(STANDARD.decode(data).map_err(|_| {
                let why = format!("{}: certificate-authority-data is not base64", self.path.display());
                Fault::new(Kind::Down, why)
            })?),
        };
        let mut contexts: Vec<&Context> = whole.contexts.iter().filter(|c| c.server == server.server).collect();
        contexts.sort_by_key(|context| context.name != whole.current_context);
        let token_of = |context: &&Context| {
            whole.users.iter().find(|user| user.name == context.user).and_then(|user| Token::new(&user.auth_token))
        };
        Ok(Some(Entry { token: contexts.iter().find_map(token_of), insecure: server.insecure, ca }))
    }

    fn read(&self) -> Result<Option<Whole>, Fault> {
        if !self.path.exists() {
            return Ok(None);
        }
        let text = read_private(&self.path).map_err(|error| Fault::new(Kind::Auth, error.why).hint(error.hint))?;
        // what a parser says of it may hold a token
        serde_saphyr::from_str(&text).map(Some).map_err(|_| {
            Fault::new(Kind::Auth, format!("{}: not a configuration of argocd", self.path.display()))
                .hint("`argocd context` shows how argocd reads it")
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const TEXT: &str = "\
contexts:
- {name: mine, server: argo.example, user: me}
- {name: ops, server: argo.example, user: ops}
- {name: plain, server: 'dev.example:8080', user: none}
current-context: ops
servers:
- {server: argo.example, grpc-web: true, insecure: true, certificate-authority-data: cGVt}
- {server: 'dev.example:8080', plain-text: true, grpc-web-root-path: /argo}
users:
- {name: me, auth-token: mine.secret}
- {name: ops, auth-token: ops.secret, refresh-token: other.secret}
prompts-enabled: false
";

    fn config(folder: &Path, text: &str, mode: u32) -> LocalConfig {
        let path = folder.join("config");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        LocalConfig::at(path)
    }

    #[test]
    fn a_server_is_found_by_its_address_and_the_current_context_wins() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), TEXT, 0o600);
        let entry = config.entry(&"https://argo.example:443".parse().unwrap()).unwrap().unwrap();
        assert_eq!(entry.token, Token::new("ops.secret"));
        assert!(entry.insecure && entry.ca.as_deref() == Some(b"pem"));
        assert!(!format!("{entry:?}").contains("secret"));
        let plain = config.entry(&"http://dev.example:8080".parse().unwrap()).unwrap().unwrap();
        assert!(plain.token.is_none() && !plain.insecure);
        assert!(config.entry(&"other.example".parse().unwrap()).unwrap().is_none());
        assert_eq!(config.server_of("plain").as_deref(), Some("http://dev.example:8080/argo"));
        assert_eq!(config.server_of("argo.example"), None);
    }

    #[test]
    fn what_is_wrong_with_it_is_said_without_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let address = "argo.example".parse().unwrap();
        let open = config(folder.path(), TEXT, 0o640).entry(&address).unwrap_err();
        assert!(open.why.contains("(mode 0640)"), "{}", open.why);
        let broken = config(folder.path(), "servers: my.secret", 0o600).entry(&address).unwrap_err();
        assert!(broken.why.contains("not a configuration") && !broken.why.contains("secret"), "{}", broken.why);
        assert!(LocalConfig::at(folder.path().join("none")).entry(&address).unwrap().is_none());
    }
}
