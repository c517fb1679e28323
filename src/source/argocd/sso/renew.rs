//! A token that has run out is replaced with the refresh token that was kept beside it.
//!
//! The refresh token `argocd login` keeps is left alone: issuers give a new one each time and take the old one back, and
//! argocd's file is not ours to write.

use std::path::Path;

use super::super::credentials::{Credentials, Refresh, forget_refresh, keep, kept_refresh};
use super::super::server::Server;
use super::super::token::{Token, read_private};
use super::error::SsoError;
use super::exchange::exchange;
use super::id_token::Claims;
use super::provider::Provider;

/// Whether something was kept that renews the token at `path`.
pub(in crate::source::argocd) fn is_renewable(path: &Path) -> bool {
    kept_refresh(path).is_some()
}

/// A new token for the one that is kept at `path`, and keeps it there.
///
/// # Errors
/// When there is nothing to renew it with, or the issuer does not. A refresh token it no longer takes is forgotten.
pub(in crate::source::argocd) async fn renew(server: &Server, path: &Path) -> Result<Token, SsoError> {
    let refresh = kept_refresh(path).ok_or(SsoError::NothingToRenew)?;
    let old = read_private(path).ok().and_then(|text| Token::new(&text));
    match redeem(server, &refresh, old.as_ref()).await {
        Ok(credentials) => {
            keep(&credentials, path).map_err(|error| SsoError::Unkept(error.to_string()))?;
            tracing::info!(server = %server.name(), "the session was renewed");
            Ok(credentials.token)
        }
        Err(error) => {
            // Dex says `invalid_request`
            let spent = matches!(&error, SsoError::Refused { error, .. } if error.starts_with("invalid_"));
            // another program of ours may have been first: then what is there now is not what was refused
            if spent && kept_refresh(path).is_some_and(|now| now == refresh) {
                _ = forget_refresh(path);
            }
            Err(if spent { SsoError::Spent } else { error })
        }
    }
}

async fn redeem(server: &Server, refresh: &Refresh, old: Option<&Token>) -> Result<Credentials, SsoError> {
    let provider = Provider::discover(server, &refresh.client).await?;
    let secret = refresh.token.secret();
    let form =
        [("grant_type", "refresh_token"), ("refresh_token", secret), ("client_id", refresh.client.client_id.as_str())];
    let answer = exchange(&provider, "the refresh token", &form, &[secret]).await?;
    let claims = Claims::read(&answer.id_token)?;
    claims.check(&refresh.client)?;
    if let Some(old) = old.and_then(|old| Claims::read(old).ok())
        && !claims.is_of_whom(&old)
    {
        return Err(SsoError::OtherSubject);
    }
    // an issuer that gives none goes on taking the old one
    let token = answer.refresh_token.unwrap_or_else(|| refresh.token.clone());
    let refresh = Some(Refresh { token, client: refresh.client.clone() });
    Ok(Credentials { token: answer.id_token, refresh, who: String::new() })
}
