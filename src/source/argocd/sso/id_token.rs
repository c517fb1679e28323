//! What an id_token says, as far as it decides whether it is for us.
//!
//! Its signature is argocd-server's to check: the token came over TLS from the issuer itself (OpenID Connect Core,
//! 3.1.3.7), and nothing here is believed because of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::super::credentials::Registration;
use super::super::token::Token;
use super::error::SsoError;
use super::secret::Secret;
use crate::domain::text::clean;

/// The claims that are looked at.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: String,
    #[serde(default)]
    sub: String,
    #[serde(default)]
    aud: Audience,
    #[serde(default)]
    nonce: String,
}

/// One audience or several: both are allowed.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Audience {
    #[default]
    None,
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

impl Claims {
    /// What a token says.
    ///
    /// # Errors
    /// When it is no token of this kind.
    pub fn read(token: &Token) -> Result<Self, SsoError> {
        let body = token.secret().split('.').nth(1).and_then(|body| URL_SAFE_NO_PAD.decode(body).ok());
        let claims = body.and_then(|body| serde_json::from_slice(&body).ok());
        claims.ok_or_else(|| SsoError::Garbled { what: "the code", why: "its id_token is none".to_owned() })
    }

    /// Whether it is of this issuer and for us.
    ///
    /// # Errors
    /// With whom it is of or for.
    pub fn check(&self, client: &Registration) -> Result<(), SsoError> {
        let shown = |text: &str| clean(text).into_owned();
        if self.iss != client.issuer {
            return Err(SsoError::OtherIssuer { wanted: shown(&client.issuer), found: shown(&self.iss) });
        }
        let names = self.aud.names();
        if !names.contains(&client.client_id) {
            let found = if names.is_empty() { "nobody".to_owned() } else { shown(&names.join(", ")) };
            return Err(SsoError::OtherAudience { wanted: shown(&client.client_id), found });
        }
        Ok(())
    }

    /// Whether it answers this login and no other.
    ///
    /// # Errors
    /// When it does not.
    pub fn answers(&self, nonce: &Secret) -> Result<(), SsoError> {
        if self.nonce == nonce.text() { Ok(()) } else { Err(SsoError::OtherNonce) }
    }

    /// Whether it is of the same person as another.
    pub fn is_of_whom(&self, other: &Self) -> bool {
        self.sub == other.sub
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn claims(said: &Value) -> Claims {
        let body = URL_SAFE_NO_PAD.encode(said.to_string());
        Claims::read(&Token::new(&format!("head.{body}.mark")).unwrap()).unwrap()
    }

    #[test]
    fn a_token_is_for_us_or_for_somebody_else() {
        let client = Registration { issuer: "https://a".to_owned(), client_id: "cli".to_owned(), dex: false };
        let of = |iss: &str, aud: Value| claims(&json!({"iss": iss, "aud": aud})).check(&client);
        assert_eq!(of("https://a", json!("cli")), Ok(()));
        assert_eq!(of("https://a", json!(["web", "cli"])), Ok(()));
        assert!(matches!(of("https://a/", json!("cli")), Err(SsoError::OtherIssuer { .. })));
        let web = SsoError::OtherAudience { wanted: "cli".to_owned(), found: "web".to_owned() };
        assert_eq!(of("https://a", json!(["web"])), Err(web));
        assert!(of("https://a", json!([])).unwrap_err().to_string().contains("is for nobody"));
        let nonce = Secret::new().unwrap();
        assert_eq!(claims(&json!({"iss": "a", "nonce": nonce.text()})).answers(&nonce), Ok(()));
        assert_eq!(claims(&json!({"iss": "a"})).answers(&nonce), Err(SsoError::OtherNonce));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["opaque", "a.b.c", "a.e30.c"] {
            assert!(Claims::read(&Token::new(text).unwrap()).is_err(), "{text}");
        }
    }
}
