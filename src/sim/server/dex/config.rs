//! `dex.config` of argocd-cm, as far as it is read here.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::desk::Desk;
use crate::sim::time::read_duration;

/// How long an id_token lives unless the configuration says otherwise, in seconds.
const LIFE: u64 = 24 * 60 * 60;

/// What the configuration says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::sim::server) struct Config {
    connectors: Vec<Connector>,
    #[serde(rename = "staticClients")]
    static_clients: Vec<Client>,
    expiry: Expiry,
}

/// Where people are known.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Connector {
    /// Its type, such as `ldap`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is known by in paths.
    pub id: String,
    /// What people know it by.
    pub name: String,
}

/// Who may ask for logins.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Client {
    id: String,
    /// Anybody can be it: it has no secret.
    public: bool,
    #[serde(rename = "redirectURIs")]
    redirects: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Expiry {
    #[serde(rename = "idTokens")]
    id_tokens: String,
}

impl Config {
    /// The configuration; nothing where no connector is in it, which is as good as none for argocd-server.
    pub fn read(desk: &Desk) -> Option<Self> {
        let text = desk.setting("dex.config");
        let config: Self = serde_saphyr::from_str(&text).ok()?;
        (!config.connectors.is_empty()).then_some(config)
    }

    /// As the settings show it.
    pub fn shown(&self) -> Value {
        let connectors = self.connectors.iter();
        let all: Vec<Value> = connectors.map(|c| json!({"name": c.name, "type": c.kind, "id": c.id})).collect();
        json!({"connectors": all})
    }

    /// The connector everybody goes to.
    pub(super) fn connector(&self) -> Option<&Connector> {
        self.connectors.first()
    }

    /// A client. Argo CD adds its own, and what the configuration says of the same goes before that.
    pub(super) fn client(&self, id: &str) -> Option<Client> {
        let own = self.static_clients.iter().find(|client| client.id == id).cloned();
        own.or_else(|| (id == "argo-cd-cli").then(Client::command_line))
    }

    /// How long an id_token lives, in seconds.
    pub(super) fn life(&self) -> u64 {
        read_duration(&self.expiry.id_tokens).map_or(LIFE, |life| life.as_secs())
    }
}

impl Client {
    /// The one Argo CD registers for its command line.
    fn command_line() -> Self {
        let redirects = ["http://localhost", "http://localhost:8085/auth/callback"].map(str::to_owned).into();
        Self { id: "argo-cd-cli".to_owned(), public: true, redirects }
    }

    /// Whether a browser may be sent there: what was registered, or anywhere on its own machine for a public client
    /// that registered nothing.
    pub fn may_return_to(&self, uri: &str) -> bool {
        if self.redirects.is_empty() && self.public {
            let rest = uri.strip_prefix("http://localhost").unwrap_or_default();
            return rest.starts_with([':', '/']);
        }
        self.redirects.iter().any(|known| known == uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_sent_where_the_client_is_registered() {
        let usual = Config::default().client("argo-cd-cli").unwrap();
        assert!(usual.may_return_to("http://localhost:8085/auth/callback"));
        assert!(!usual.may_return_to("http://localhost:9000/auth/callback"));
        let text = "connectors: [{type: ldap, id: ldap, name: LDAP}]\nexpiry: {idTokens: 5m}\n\
                    staticClients: [{id: argo-cd-cli, public: true}]\n";
        let config: Config = serde_saphyr::from_str(text).unwrap();
        let open = config.client("argo-cd-cli").unwrap();
        assert!(open.may_return_to("http://localhost:9000/auth/callback"));
        assert!(!open.may_return_to("http://localhost.example/auth/callback"));
        assert_eq!((config.life(), Config::default().life()), (300, LIFE));
        assert!(config.client("somebody").is_none());
    }
}
