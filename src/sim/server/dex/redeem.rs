//! Tokens for a code, or for a refresh token.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use http::{HeaderValue, Response};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::super::desk::Desk;
use super::super::reply::Body;
use super::answer::{Asked, issuer, json_reply};
use super::book::{Grant, word};
use super::config::Config;

/// The user a client names itself as in a header; it may be there or in the form.
pub(super) fn basic_user(header: Option<&HeaderValue>) -> Option<String> {
    let encoded = header?.to_str().ok()?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    decoded.split_once(':').map(|(user, _)| user.to_owned())
}

/// Answers where tokens are given out.
pub(super) fn redeem(desk: &Desk, config: &Config, asked: &Asked) -> Response<Body> {
    let form = &asked.form;
    let client = asked.user.clone().unwrap_or_else(|| form.get("client_id").to_owned());
    if config.client(&client).is_none() {
        return refuse(401, "invalid_client", "Invalid client credentials.");
    }
    match form.get("grant_type") {
        "authorization_code" => {
            let grant = desk.dex.take_code(form.get("code")).filter(|grant| grant.wish.client == client);
            let Some(grant) = grant else {
                return refuse(400, "invalid_request", "Invalid or expired code parameter.");
            };
            let verifier = form.get("code_verifier");
            if !grant.wish.challenge.is_empty() && hash(verifier, usize::MAX) != grant.wish.challenge {
                return refuse(400, "invalid_grant", "Invalid code_verifier.");
            }
            if form.get("redirect_uri") != grant.wish.redirect {
                return refuse(400, "invalid_request", "redirect_uri did not match URI from initial request.");
            }
            give(desk, config, grant)
        }
        "refresh_token" => {
            let grant = desk.dex.take_refresh(form.get("refresh_token")).filter(|grant| grant.wish.client == client);
            match grant {
                Some(mut grant) => {
                    // a nonce is of one login
                    grant.wish.nonce.clear();
                    give(desk, config, grant)
                }
                None => refuse(
                    400,
                    "invalid_request",
                    "Refresh token is invalid or has already been claimed by another client.",
                ),
            }
        }
        _ => refuse(400, "unsupported_grant_type", ""),
    }
}

fn give(desk: &Desk, config: &Config, grant: Grant) -> Response<Body> {
    let (access, life) = (word(), config.life());
    // the left half, as OpenID Connect has it
    let claims = claims(desk, config, &grant, &hash(&access, 16));
    let Some(key) = &desk.dex.key else { return refuse(500, "server_error", "") };
    desk.dex.note(&grant.member, claims["at_hash"].as_str().unwrap_or_default());
    let mut answer = json!({"access_token": access, "token_type": "bearer", "expires_in": life.saturating_sub(1),
        "id_token": key.sign(&claims)});
    if grant.wish.scopes.iter().any(|scope| scope == "offline_access") {
        answer["refresh_token"] = json!(desk.dex.refresh(grant));
    }
    json_reply(200, &answer)
}

fn claims(desk: &Desk, config: &Config, grant: &Grant, at_hash: &str) -> Value {
    let (member, wish) = (&grant.member, &grant.wish);
    let now = desk.store.now().as_second();
    let exp = now.saturating_add(i64::try_from(config.life()).unwrap_or(i64::MAX));
    let connector = config.connector().map(|connector| connector.id.as_str()).unwrap_or_default();
    let mut claims = json!({"iss": issuer(desk), "sub": subject(&member.name, connector), "aud": wish.client,
        "exp": exp, "iat": now, "at_hash": at_hash});
    let asked = |scope: &str| wish.scopes.iter().any(|known| known == scope);
    if !wish.nonce.is_empty() {
        claims["nonce"] = json!(wish.nonce);
    }
    if asked("email") {
        claims["email"] = json!(member.email);
        claims["email_verified"] = json!(true);
    }
    if asked("profile") {
        claims["name"] = json!(member.name);
        claims["preferred_username"] = json!(member.name);
    }
    if asked("groups") {
        claims["groups"] = json!(member.groups);
    }
    if asked("federated:id") {
        claims["federated_claims"] = json!({"connector_id": connector, "user_id": member.name});
    }
    claims
}

/// Dex's name for a person: a message of protobuf with two texts.
fn subject(user: &str, connector: &str) -> String {
    let mut bytes = Vec::new();
    for (tag, text) in [(0x0a, user), (0x12, connector)] {
        bytes.extend([tag, u8::try_from(text.len()).unwrap_or(u8::MAX)]);
        bytes.extend(text.bytes());
    }
    BASE64.encode(bytes)
}

fn hash(text: &str, bytes: usize) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    let hash = hash.as_ref();
    BASE64.encode(&hash[..bytes.min(hash.len())])
}

fn refuse(status: u16, error: &str, description: &str) -> Response<Body> {
    let mut body = json!({"error": error});
    if !description.is_empty() {
        body["error_description"] = json!(description);
    }
    json_reply(status, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_spelled_as_dex_spells_it() {
        assert_eq!(subject("olena", "ldap"), "CgVvbGVuYRIEbGRhcA");
    }

    #[test]
    fn a_challenge_is_the_hash_of_the_verifier() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(hash(verifier, usize::MAX), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
