//! What argocd-server makes of an id_token: its signature, its issuer, its audience, its time, and who that is.

use serde_json::Value;

use super::super::desk::Desk;
use super::answer::issuer;
use crate::sim::manifest::meta::text;

/// What argocd-server says of any id_token it does not take.
const REFUSED: &str = "failed to verify the token";
/// Who its tokens may be for.
const AUDIENCES: [&str; 2] = ["argo-cd", "argo-cd-cli"];

/// Somebody who came in by single sign-on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::sim::server) struct Identity {
    /// Whom policies name: the user id of the connector, or Dex's own name.
    pub subject: String,
    /// What people are shown.
    pub username: String,
    /// Who gave the token.
    pub issuer: String,
    /// What the scopes of argocd-rbac-cm bring: groups, for most.
    pub groups: Vec<String>,
    /// When the token was given, in seconds since 1970.
    pub iat: i64,
    /// What it is revoked by: tokens of Dex have no id of their own.
    pub id: String,
}

impl Identity {
    /// Who holds a token.
    ///
    /// # Errors
    /// In argocd-server's words, which do not tell why.
    pub fn of(desk: &Desk, token: &str) -> Result<Self, &'static str> {
        let claims = desk.dex.key.as_ref().and_then(|key| key.open(token)).ok_or(REFUSED)?;
        let audience = text(&claims, "/aud");
        let over = claims["exp"].as_i64().is_none_or(|exp| exp <= desk.store.now().as_second());
        if claims["iss"] != issuer(desk) || !AUDIENCES.contains(&audience) || over {
            return Err(REFUSED);
        }
        let subject = match text(&claims, "/federated_claims/user_id") {
            "" => text(&claims, "/sub"),
            user => user,
        };
        let username = match text(&claims, "/email") {
            "" => subject,
            email => email,
        };
        Ok(Self {
            subject: subject.to_owned(),
            username: username.to_owned(),
            issuer: text(&claims, "/iss").to_owned(),
            groups: scopes(desk).iter().flat_map(|scope| values(&claims[scope])).collect(),
            iat: claims["iat"].as_i64().unwrap_or_default(),
            id: text(&claims, "/at_hash").to_owned(),
        })
    }
}

/// The claims policies look at besides the subject.
fn scopes(desk: &Desk) -> Vec<String> {
    let map = desk.store.get("ConfigMap", &desk.namespace, "argocd-rbac-cm").unwrap_or_default();
    let named = map["data"]["scopes"].as_str().and_then(|text| serde_saphyr::from_str(text).ok());
    named.unwrap_or_else(|| vec!["groups".to_owned()])
}

fn values(claim: &Value) -> Vec<String> {
    match claim {
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(one) => vec![one.clone()],
        _ => Vec::new(),
    }
}
