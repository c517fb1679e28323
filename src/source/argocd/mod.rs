//! Argo CD through argocd-server: a URL and a token, no kube context.
//!
//! ```text
//! address, token, local_config -> spec -> connect -> server (one client and token for all readers) -> managed_resources, ...
//!                                                       refusal ---^ (the server's words become faults)
//! login, sso -> credentials: how a token is come by, kept and renewed
//! server -> tree -> pods, events; objects, logs: for as long as somebody looks
//! server -> session (round: stream and list as they are coming; told, census: was anything kept back?) -> Sink
//! ```
//!
//! HTTP is that of the Kubernetes client (proxies, TLS, custom CAs); what is said over it is argocd-server's own REST.
//! Where there is no URL, `tunnel` leads there through the Kubernetes API.

mod address;
mod answer;
mod ask;
mod census;
mod coming;
mod commits;
mod connect;
mod cookie;
mod credentials;
mod events;
mod frames;
mod items;
mod local_config;
mod login;
mod logs;
mod managed_resources;
mod manifests;
mod objects;
mod pods;
mod polled;
mod projects;
mod refusal;
mod round;
mod selection;
mod server;
mod session;
mod spec;
mod sso;
mod token;
mod told;
mod tree;
mod tunnel;
mod version;
mod write;

pub use address::{Address, AddressError};
pub use commits::{OfSeveral, commit};
pub use credentials::{Credentials, keep};
pub use events::watch_events;
pub use local_config::LocalConfig;
pub use login::{Ways, log_in, ways};
pub use logs::stream;
pub use managed_resources::{ManagedResource, managed_resources};
pub use manifests::manifests;
pub use objects::{application, detail, live_object, object, shown_object};
pub use pods::watch_pods;
pub use projects::watch_projects;
pub use selection::stream_path;
pub use server::Server;
pub use session::run;
pub use spec::ServerSpec;
pub use sso::{PATIENCE, PORT, Pending, Sso};
pub use token::{Token, TokenRoad, saved_in};
pub use tunnel::Through;
pub use version::version;
pub use write::{can_i, who, write};
