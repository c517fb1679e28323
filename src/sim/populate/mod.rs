//! Sets the scene: what stands in each cluster when the world starts, made from a scenario and its repository.
//!
//! ```text
//! stage < cluster
//! app < deployed < past
//! ```

mod app;
mod cluster;
mod deployed;
mod past;
mod stage;

pub use app::apps_of;
pub use cluster::cluster;
pub use deployed::{Deployed, Git};
pub use past::apps;
pub use stage::{Place, Stage};
