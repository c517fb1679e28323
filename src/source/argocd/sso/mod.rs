//! Single sign-on: a login in a browser, wherever that is, and what comes back of it to this machine.
//!
//! OpenID Connect's authorization code flow of a public client, with PKCE (RFC 7636) and a redirect to loopback
//! (RFC 8252). What argocd-server takes as a bearer token is the id_token.
//!
//! ```text
//! offer (what the server's settings say) -> flow: provider (discovery) -> callback (the browser comes back with a code)
//!                                                 secret (state, nonce, verifier)   exchange -> id_token -> Credentials
//! renew: the refresh token that was kept -> provider -> exchange -> id_token
//! ```

mod callback;
mod error;
mod exchange;
mod flow;
mod id_token;
mod offer;
mod page;
mod provider;
mod renew;
mod secret;

pub(super) use error::SsoError;
pub use flow::{PATIENCE, PORT, Pending};
pub use offer::Sso;
pub(super) use offer::{DexConfig, OidcConfig};
pub(super) use renew::{is_renewable, renew};
