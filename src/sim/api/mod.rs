//! The Kubernetes API, answered from a store.
//!
//! ```text
//! answer: faults, who asks, may they, what for
//!   discovery, openapi, review, read (get, list), watch, log, connect (attach, exec, port-forward), proxy, write
//!   (all that changes something) with scale and evict
//!     path, negotiate, selector, page, wire: what the request says
//!     encode, respond: what goes back
//! ```

mod answer;
mod connect;
mod discovery;
mod encode;
mod event;
mod evict;
mod log;
mod negotiate;
mod openapi;
mod page;
mod path;
mod protobuf;
mod proxy;
mod read;
mod respond;
mod review;
mod scale;
mod selector;
mod shape;
mod spelling;
mod watch;
mod wire;
mod write;

pub use answer::Api;
pub(in crate::sim) use log::{container as log_container, run as log_run};
pub(in crate::sim) use respond::{slow, truncated};
pub(in crate::sim) use selector::Selector;

use super::status;
