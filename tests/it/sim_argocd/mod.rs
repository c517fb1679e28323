//! The world's argocd-server and Redis, held to what real ones answered.

mod api;
pub mod client;
mod doors;
mod facts;
mod policies;
mod scene;
mod sessions;
mod single_sign_on;
mod store;
mod streams;
mod writes;
