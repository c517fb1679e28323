//! argocd-server: sessions, policies, and the REST API with its streams, over one cluster's Argo CD.
//!
//! ```text
//! listen < dispatch: connections, requests; who asks for what
//!   route, request: what is asked      reply, refusal: what goes back
//!   dex: single sign-on
//!   session, account, settings, clusters, objects, applications, resources, streams: the services
//!     state: trees and comparisons     fields: what `?fields=` leaves
//!       desk: the cluster behind it all, who may come in (token, accounts), what they may do (policy)
//! orders: what people order of a running server
//! seed: the ConfigMaps and Secrets an Argo CD is set up with
//! ```

mod account;
mod accounts;
mod applications;
mod clusters;
mod commits;
mod desk;
mod dex;
mod dispatch;
mod fields;
mod listen;
mod objects;
mod orders;
mod policy;
mod refusal;
mod reply;
mod request;
mod resources;
mod route;
mod seed;
mod session;
mod settings;
pub(in crate::sim) mod state;
mod streams;
mod token;

pub use commits::{Commit, Commits};
pub(in crate::sim) use desk::{Desk, open};
pub use dex::Member;
pub use listen::Server;
pub use seed::{Credentials, SingleSignOn};
pub(in crate::sim) use seed::{offer_sso, seed};
