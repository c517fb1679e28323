//! The key Dex signs with, and the set it shows so that others can verify.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use serde_json::{Value, json};

/// What the only key is called.
const ID: &str = "predator12";

/// Signs id_tokens and knows its own again.
pub(super) struct Key {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// A new one; nothing where the system has no random numbers.
    pub fn generate() -> Option<Self> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).ok()?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).ok()?;
        Some(Self { pair, random })
    }

    /// The token that says this.
    pub fn sign(&self, claims: &Value) -> String {
        let head = json!({"alg": "ES256", "kid": ID});
        let words = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
        let mark = self.pair.sign(&self.random, words.as_bytes());
        // signing fails only without random numbers, and then nothing verifies
        let mark = mark.map(|mark| BASE64.encode(mark.as_ref())).unwrap_or_default();
        format!("{words}.{mark}")
    }

    /// What a token of ours says; nothing of one that is not.
    pub fn open(&self, token: &str) -> Option<Value> {
        let (words, mark) = token.rsplit_once('.')?;
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.pair.public_key().as_ref());
        public.verify(words.as_bytes(), &BASE64.decode(mark).ok()?).ok()?;
        serde_json::from_slice(&BASE64.decode(words.split_once('.')?.1).ok()?).ok()
    }

    /// The key set: RFC 7517.
    pub fn set(&self) -> Value {
        // an uncompressed point: 4, x, y
        let (x, y) = self.pair.public_key().as_ref().get(1..).unwrap_or_default().split_at(32);
        json!({"keys": [{"use": "sig", "kty": "EC", "kid": ID, "crv": "P-256", "alg": "ES256",
            "x": BASE64.encode(x), "y": BASE64.encode(y)}]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_again_and_one_of_another_key_is_not() {
        let (ours, theirs) = (Key::generate().unwrap(), Key::generate().unwrap());
        let claims = json!({"sub": "olena"});
        let token = ours.sign(&claims);
        assert_eq!((ours.open(&token), theirs.open(&token)), (Some(claims), None));
        let set = ours.set();
        assert_eq!(BASE64.decode(set["keys"][0]["y"].as_str().unwrap()).unwrap().len(), 32);
    }
}
