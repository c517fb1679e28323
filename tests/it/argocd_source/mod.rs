//! A source that is a URL and a token, over the wire.

mod access;
pub mod browser;
mod gaps;
mod issuer;
mod program;
mod running;
pub mod scene;
mod sso;
mod sso_program;
mod stream;
mod tunnel;
mod wire;
