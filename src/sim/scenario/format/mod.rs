//! The fields of a scenario, one noun a file; the module above documents them.

mod duration;
mod happening;
mod place;
mod service;
mod sso;
mod trouble;
mod user;
mod whole;
mod window;

pub(super) use duration::{duration, optional_duration};
pub use happening::{Crash, Deploy, Drift, Image, Notice, Syncing};
pub use place::{AutoSync, Environment, Generate, Source};
pub use service::{Listen, Release, Service, Work};
pub use sso::{Person, Sso};
pub use trouble::{Fault, Outage};
pub use user::User;
pub(super) use user::people;
pub use whole::Scenario;
pub use window::{Window, WindowKind};
