//! Paging: the opaque token that says where a list goes on.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::status::Failure;

/// Where a list goes on, and at which version.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Token {
    v: String,
    /// The version the list is of; -1 for whatever is there now.
    pub rv: i64,
    /// The last key that was sent, with a zero byte after it; within the namespace asked for.
    start: String,
}

impl Token {
    /// The token after `last`, a key within the scope of the list.
    pub fn after(last: &str, resource_version: i64) -> Self {
        Self { v: "meta.k8s.io/v1".to_owned(), rv: resource_version, start: format!("{last}\0") }
    }

    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_string(self).unwrap_or_default())
    }

    pub fn decode(text: &str) -> Result<Self, Failure> {
        let bad =
            |why: String| Failure::bad_request(format!("invalid continue token: continue key is not valid: {why}"));
        let bytes =
            URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| bad("illegal base64 data".to_owned()))?;
        let token: Self = serde_json::from_slice(&bytes).map_err(|error| match bytes.first() {
            Some(first) if *first != b'{' => {
                bad(format!("invalid character '{}' looking for beginning of value", char::from(*first)))
            }
            _ => bad(error.to_string()),
        })?;
        if token.v != "meta.k8s.io/v1" || token.start.is_empty() {
            return Err(bad("server does not recognize this encoded version".to_owned()));
        }
        Ok(token)
    }

    /// The same place in whatever is there now.
    pub fn inconsistent(&self) -> Self {
        Self { v: self.v.clone(), rv: -1, start: self.start.clone() }
    }

    /// Whether a key within the scope of the list comes after the page.
    pub fn is_before(&self, key: &str) -> bool {
        // real servers write a slash before the key on later pages
        key > self.start.trim_start_matches('/').trim_end_matches('\0')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_and_nonsense_is_refused() {
        let token = Token::after("backend-prod", 6057);
        assert_eq!(Token::decode(&token.encode()).unwrap(), token);
        assert!(token.is_before("backend-staging") && !token.is_before("backend-prod"));
        let words =
            "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value";
        assert_eq!(Token::decode("abc").unwrap_err().message, words);
    }

    #[test]
    fn a_real_servers_token_is_understood() {
        let token =
            Token::decode(&URL_SAFE_NO_PAD.encode(r#"{"v":"meta.k8s.io/v1","rv":7,"start":"/b\u0000"}"#)).unwrap();
        assert!(token.is_before("c") && !token.is_before("b"));
        assert_eq!(token.rv, 7);
    }
}
