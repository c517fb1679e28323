//! Where tokens are given out: for a code, or for a refresh token.

use serde::Deserialize;

use super::super::token::Token;
use super::error::{SsoError, words};
use super::provider::Provider;

/// What was given out.
pub(super) struct Answer {
    /// What argocd-server takes as a bearer token.
    pub id_token: Token,
    /// What brings the next one, if the issuer gives any.
    pub refresh_token: Option<Token>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    id_token: String,
    refresh_token: String,
    error: String,
    error_description: String,
}

/// Asks for tokens. `form` is all that is sent; none of `secrets` is repeated in what is said of a failure.
///
/// # Errors
/// When the issuer cannot be asked, refuses, or answers something else.
pub(super) async fn exchange(
    provider: &Provider,
    what: &'static str,
    form: &[(&str, &str)],
    secrets: &[&str],
) -> Result<Answer, SsoError> {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let asked = provider.ask_for_tokens(form.into_bytes()).await;
    let (status, bytes) = asked.map_err(|fault| SsoError::unreachable("a token", fault))?;
    // what the parser says may quote what it read
    let body: Option<Body> = serde_json::from_slice(&bytes).ok();
    let garbled = |why: &str| SsoError::Garbled { what, why: why.to_owned() };
    let body = match body {
        // some say no with a status of success
        Some(body) if !body.error.is_empty() => {
            let description = words(&body.error_description, secrets);
            return Err(SsoError::Refused { error: words(&body.error, secrets), description });
        }
        Some(body) if status.is_success() => body,
        _ if status.is_success() => return Err(garbled("it is no JSON")),
        _ => return Err(garbled(&status.to_string())),
    };
    let id_token = Token::new(&body.id_token).ok_or_else(|| garbled("there is no id_token in it"))?;
    Ok(Answer { id_token, refresh_token: Token::new(&body.refresh_token) })
}
