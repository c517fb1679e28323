//! Logging in to an argocd-server without leaving the cockpit: what is typed, what is asked of the runtime, what becomes of
//! it. A password is in [`Password`](crate::domain::Password) from the key that typed it to the request that carries it.

mod draw;
mod keys;
mod news;
mod state;

pub use draw::draw;
pub use keys::{command, open, press};
pub use news::{News, Refusal, Step, take};
pub use state::Login;
