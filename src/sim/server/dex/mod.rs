//! The Dex that Argo CD brings along: single sign-on with a directory of people, where argocd-cm has a `dex.config`.
//!
//! ```text
//! answer: paths below /api/dex     config: dex.config     key: signatures and the key set that verifies them
//!   authorize: the login page, and the way back with a code      redeem: tokens for a code or a refresh token
//!     book: logins under way, codes, refresh tokens
//! identity: what argocd-server makes of an id_token
//! ```
//!
//! The real one signs with RSA; keys of that kind cannot be made here, so it is ES256, which its key set says.

mod answer;
mod authorize;
mod book;
mod config;
mod identity;
mod key;
mod page;
mod redeem;

pub(super) use answer::answer;
pub(super) use book::Dex;
pub use book::Member;
pub(super) use config::Config;
pub(super) use identity::Identity;
