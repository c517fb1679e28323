//! Watches on Argo CD Applications, and logs of their pods, through the Kubernetes API.
//!
//! ```text
//! kubeconfig, credential, proxy -> connect -> request -> session (list, follow) -> report -> Sink
//!                          lines -> decode (lenient, shape, project, operation) ---^
//! connect -> cluster (shared by many readers) -> logs (log_pod, log_line) -> a lane
//! ```
//!
//! The watch is our own, over raw requests and body frames: the library's hides bookmarks, notices a dead stream after
//! minutes, and fails a page for one odd object. [`run`] is the whole of it; [`contexts`] says what can be run.

mod channels;
mod cluster;
mod cluster_names;
mod collection;
mod connect;
mod credential;
mod decode;
mod desired;
mod destination;
mod drift;
mod events;
mod exec;
mod fault;
mod first_list;
mod follow;
mod forward;
mod kubeconfig;
mod lenient;
mod lines;
mod list;
mod log_line;
mod log_pod;
mod logs;
mod objects;
mod operation;
mod pace;
mod pods;
mod project;
mod projects;
mod proxy;
mod redis;
mod report;
mod request;
mod resp;
mod session;
mod shape;
mod shown;
mod tree;
mod write;

pub use channels::ChannelError;
pub use cluster::Cluster;
pub use cluster_names::cluster_names;
pub use connect::SourceSpec;
pub use decode::{Decoder, Event, Page};
pub use desired::{Ways, desired};
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
