//! What a server's settings say of single sign-on.

use serde::Deserialize;
use serde_json::Value;

use super::super::credentials::Registration;
use crate::domain::text::clean;

/// What Argo CD registers its command line as, with the Dex it brings along.
const DEX_CLIENT: &str = "argo-cd-cli";
/// Where argocd-server passes requests on to Dex.
pub(super) const DEX: &str = "/api/dex";
/// What is asked for where the settings name nothing.
const SCOPES: [&str; 4] = ["openid", "profile", "email", "groups"];
/// Has Dex say whom its connector knows, which policies can name.
const DEX_SCOPE: &str = "federated:id";

/// Single sign-on as a server offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sso {
    /// Through whom, for people: cleaned, never empty.
    pub name: String,
    pub(super) client: Registration,
    pub(super) scopes: Vec<String>,
    /// Claims the id_token is to have, as the request asks for them.
    pub(super) claims: Option<Value>,
    /// The one of Dex's connectors everybody goes to.
    pub(super) connector: Option<String>,
}

/// `dexConfig` of the settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::source::argocd) struct DexConfig {
    connectors: Option<Vec<Connector>>,
    #[serde(rename = "dexAuthConnectorID")]
    forced: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Connector {
    name: String,
}

/// `oidcConfig` of the settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::source::argocd) struct OidcConfig {
    name: String,
    issuer: String,
    #[serde(rename = "clientID")]
    client_id: String,
    #[serde(rename = "cliClientID")]
    cli_client_id: String,
    scopes: Option<Vec<String>>,
    #[serde(rename = "idTokenClaims")]
    claims: Option<Value>,
}

impl Sso {
    /// What the settings offer; a provider of one's own goes before Dex, as for argocd. `url` is what the server calls
    /// itself.
    pub(in crate::source::argocd) fn of(url: &str, oidc: Option<OidcConfig>, dex: Option<DexConfig>) -> Option<Self> {
        if let Some(oidc) = oidc.filter(|oidc| !oidc.issuer.is_empty()) {
            let OidcConfig { name, issuer, client_id, cli_client_id, scopes, claims } = oidc;
            let client_id = if cli_client_id.is_empty() { client_id } else { cli_client_id };
            return Some(Self {
                name: if name.is_empty() { clean(&issuer).into_owned() } else { clean(&name).into_owned() },
                client: Registration { issuer, client_id, dex: false },
                scopes: scopes.filter(|scopes| !scopes.is_empty()).unwrap_or_else(|| SCOPES.map(String::from).into()),
                claims: claims.filter(|claims| claims.as_object().is_some_and(|all| !all.is_empty())),
                connector: None,
            });
        }
        let dex = dex?;
        let connectors = dex.connectors.filter(|all| !all.is_empty())?;
        let names: Vec<_> = connectors.iter().map(|one| clean(&one.name)).filter(|name| !name.is_empty()).collect();
        let name = if names.is_empty() { "Dex".to_owned() } else { names.join(" or ") };
        let issuer = format!("{}{DEX}", url.trim_end_matches('/'));
        Some(Self {
            name,
            client: Registration { issuer, client_id: DEX_CLIENT.to_owned(), dex: true },
            scopes: SCOPES.into_iter().chain([DEX_SCOPE]).map(String::from).collect(),
            claims: None,
            connector: Some(dex.forced).filter(|id| !id.is_empty()),
        })
    }

    /// Whether the Dex that Argo CD brings along is asked: it knows the port 8085 and, unless it is configured to, no
    /// other.
    #[must_use]
    pub fn is_dex(&self) -> bool {
        self.client.dex
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(url: &str, oidc: Value, dex: Value) -> Option<Sso> {
        Sso::of(url, serde_json::from_value(oidc).unwrap(), serde_json::from_value(dex).unwrap())
    }

    #[test]
    fn dex_is_asked_as_argocds_own_command_line_asks_it() {
        let dex = json!({"connectors": [{"name": "GitHub", "type": "github"}, {"name": "LDAP"}]});
        let sso = of("https://argo.example/", Value::Null, dex).unwrap();
        assert_eq!(sso.name, "GitHub or LDAP");
        assert_eq!(sso.client.issuer, "https://argo.example/api/dex");
        assert_eq!((&*sso.client.client_id, sso.is_dex()), ("argo-cd-cli", true));
        assert_eq!(sso.scopes.join(" "), "openid profile email groups federated:id");
        let forced = json!({"connectors": [{"name": "GitHub"}], "dexAuthConnectorID": "github"});
        assert_eq!(of("", Value::Null, forced).unwrap().connector.as_deref(), Some("github"));
        for none in [json!({}), json!({"connectors": null}), json!({"connectors": []}), Value::Null] {
            assert_eq!(of("https://a", Value::Null, none), None);
        }
    }

    #[test]
    fn a_provider_of_ones_own_goes_before_dex_and_has_a_client_for_the_command_line() {
        let dex = json!({"connectors": [{"name": "GitHub"}]});
        let oidc = json!({"name": "Okta\u{1b}[2J", "issuer": "https://okta.example", "clientID": "web",
            "cliClientID": "cli", "scopes": ["openid", "groups"],
            "idTokenClaims": {"groups": {"essential": true}}, "enablePKCEAuthentication": true});
        let sso = of("https://a", oidc, dex.clone()).unwrap();
        assert!(sso.name.starts_with("Okta") && !sso.name.contains('\u{1b}'));
        assert_eq!((&*sso.client.client_id, sso.is_dex()), ("cli", false));
        assert_eq!(sso.scopes, ["openid", "groups"]);
        assert_eq!(sso.claims, Some(json!({"groups": {"essential": true}})));
        let plain = of("https://a", json!({"issuer": "https://okta.example", "clientID": "web"}), dex.clone()).unwrap();
        assert_eq!((&*plain.client.client_id, &*plain.name), ("web", "https://okta.example"));
        assert!(of("https://a", json!({"clientID": "web"}), dex).unwrap().is_dex());
    }
}
