//! Port-forwards as plain data: what is asked for, which pod it leads to at this moment, and how it is doing.
//!
//! ```text
//! ports, target: what a person types     candidate: the pods that could answer, and the one that does
//! session: the state machine (state)     ssh: the line that brings it to a laptop
//! ```
//!
//! Nothing here listens or dials: the runtime does, and tells a [`Session`] what happened.

mod candidate;
mod ports;
mod profile;
mod served;
mod session;
mod ssh;
mod state;
mod target;
mod wish;

pub use candidate::{Candidate, ContainerPort, Nobody, ServicePort, choose, selector, service_ports};
pub use ports::{Mapping, PortError, Remote};
pub use profile::Profile;
pub use served::{Served, declared_ports, served};
pub use session::{Session, Sessions};
pub use ssh::{SshHost, ssh_line};
pub use state::{Event, Local, Opened, State};
pub use target::{Target, TargetError};
pub use wish::{Wish, WishError};
