//! The tokens argocd-server signs: JSON web tokens with an HMAC over SHA-256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};

const HEAD: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// What a token says about who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sim) struct Claims {
    /// Who gave it; always Argo CD itself here.
    pub iss: String,
    /// `user:login`, `user:apiKey` or `proj:project:role`.
    pub sub: String,
    /// When it runs out, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// From when on it holds.
    pub nbf: i64,
    /// When it was given.
    pub iat: i64,
    /// Its own id, by which it is revoked.
    #[serde(default)]
    pub jti: String,
}

impl Claims {
    /// A new token's words; it never runs out without `life` (in seconds). Its id tells how often tokens had been
    /// revoked before it was given.
    pub fn new(subject: &str, now: Timestamp, life: Option<i64>, revocations: u16) -> Self {
        let iat = now.as_second();
        let random = fastrand::u128(..);
        let jti = format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            (random >> 96) as u32,
            revocations,
            (random >> 64) & 0xfff,
            (random >> 48) & 0xfff,
            random & 0xffff_ffff_ffff
        );
        let exp = life.filter(|life| *life > 0).map(|life| iat + life);
        Self { iss: "argocd".to_owned(), sub: subject.to_owned(), exp, nbf: iat, iat, jti }
    }
}

/// How often tokens had been revoked before one was given, by its id; none for ids that people chose.
pub(super) fn revocations_before(id: &str) -> Option<u16> {
    id.split('-').nth(1).filter(|_| id.len() == 36).and_then(|part| u16::from_str_radix(part, 16).ok())
}

/// Signs tokens and knows its own again.
#[derive(Clone)]
pub(in crate::sim) struct Seal(hmac::Key);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// A seal of this secret.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The token that says this.
    pub fn sign(&self, claims: &Claims) -> String {
        let claims = serde_json::to_string(claims).unwrap_or_default();
        let words = format!("{}.{}", BASE64.encode(HEAD), BASE64.encode(claims));
        let mark = BASE64.encode(hmac::sign(&self.0, words.as_bytes()));
        format!("{words}.{mark}")
    }

    /// What a token says.
    ///
    /// # Errors
    /// In the words of the library argocd-server reads tokens with.
    pub fn open(&self, token: &str, now: Timestamp) -> Result<Claims, &'static str> {
        let (words, mark) = token.rsplit_once('.').ok_or("token contains an invalid number of segments")?;
        let mark = BASE64.decode(mark).map_err(|_| "token signature is invalid: signature is invalid")?;
        hmac::verify(&self.0, words.as_bytes(), &mark)
            .map_err(|_| "token signature is invalid: signature is invalid")?;
        let claims = words.split_once('.').and_then(|(_, claims)| BASE64.decode(claims).ok());
        let claims: Option<Claims> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
        let claims = claims.ok_or("token is malformed: could not JSON decode claim")?;
        if claims.exp.is_some_and(|exp| exp <= now.as_second()) {
            return Err("token has invalid claims: token is expired");
        }
        Ok(claims)
    }
}

/// Whether a token says that it is one of argocd-server's own: what it says is not verified.
pub(super) fn is_own(token: &str) -> bool {
    let claims = token.split('.').nth(1).and_then(|claims| BASE64.decode(claims).ok());
    let claims: Option<serde_json::Value> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
    claims.is_none_or(|claims| claims["iss"] == "argocd")
}

/// Whether a text has the shape of a token; anything else is as good as none.
pub(super) fn looks_like_one(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| BASE64.decode(part).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_is_known_again_until_it_runs_out() {
        let seal = Seal::new(b"a secret of this world");
        let claims = Claims::new("developer:login", at(1_000), Some(60), 3);
        let token = seal.sign(&claims);
        assert!(looks_like_one(&token));
        assert_eq!(revocations_before(&claims.jti), Some(3));
        assert_eq!(seal.open(&token, at(1_059)), Ok(claims));
        assert_eq!(seal.open(&token, at(1_060)), Err("token has invalid claims: token is expired"));
    }

    #[test]
    fn a_token_of_somebody_else_is_refused() {
        let claims = Claims::new("admin:login", at(1_000), None, 0);
        let token = Seal::new(b"theirs").sign(&claims);
        assert!(Seal::new(b"ours").open(&token, at(1_001)).is_err());
        let (head, _) = token.split_once('.').unwrap();
        assert!(!looks_like_one("not-a-token") && !looks_like_one(&format!("{head}.x")));
    }
}
