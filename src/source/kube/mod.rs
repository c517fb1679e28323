//! Watches on Argo CD Applications, and logs of their pods, through the Kubernetes API.
//!
//! ```text
//! kubeconfig, credential, proxy -> connect -> request -> session (list, follow) -> report -> Sink
//!                          lines -> decode (lenient, shape, project, operation) ---^
//! connect -> cluster (shared by many readers) -> logs (log_pod, log_line, log_batch) -> a lane
//! ```
//!
//! The watch is our own, over raw requests and body frames: the library's hides bookmarks, notices a dead stream after
//! minutes, and fails a page for one odd object. [`run`] is the whole of it; [`contexts`] says what can be run.

mod channels;
mod cluster;
mod cluster_names;
mod collection;
pub(in crate::source) mod component;
pub(in crate::source) mod connect;
mod credential;
pub(in crate::source) mod decode;
mod destination;
pub(in crate::source) mod drift;
pub(in crate::source) mod events;
mod exec;
pub(in crate::source) mod fault;
mod first_list;
mod follow;
mod forward;
mod kubeconfig;
mod lenient;
mod lines;
mod list;
mod log_batch;
pub(in crate::source) mod log_line;
mod log_pod;
mod logs;
mod objects;
mod operation;
pub(in crate::source) mod pace;
pub(in crate::source) mod pods;
pub(in crate::source) mod project;
pub(in crate::source) mod projects;
pub(in crate::source) mod proxy;
pub(in crate::source) mod redis;
pub(in crate::source) mod report;
pub(in crate::source) mod request;
mod session;
pub(in crate::source) mod shape;
pub(in crate::source) mod shown;
pub(in crate::source) mod tree;
mod write;

pub use channels::ChannelError;
pub use cluster::Cluster;
pub use cluster_names::cluster_names;
pub use connect::SourceSpec;
pub use decode::{Decoder, Event, Page};
pub use destination::routes;
pub use events::watch_events;
pub use exec::{ExecError, exec};
pub use forward::{Carried, Upstream, dial};
pub use kubeconfig::{ContextEntry, IN_CLUSTER, KubeconfigPlace, context, contexts};
pub use lines::{Line, Lines};
pub use logs::stream;
pub use objects::{
    ReadError, application, detail, live_object, path_of, plural_of, project_of, shown_object, whole_application,
    whole_object,
};
pub use pods::{last_lines, pods, watch_pods};
pub use projects::watch_projects;
pub use request::escape;
pub use session::run;
pub use write::{Write, WriteError, write};
