//! The command line as it is typed: one source for parsing, `--help`, the man page and completions.

mod audit;
mod diff;
mod duration;
mod everywhere;
mod forward;
mod get;
mod line;
mod login;
mod logs;
mod output;
mod snapshot;
mod verb;
mod world;

pub use super::act::arguments::Act;
pub use audit::Audit;
pub use diff::{Against, DiffOutput, DiffVerb};
pub(super) use duration::duration;
pub use everywhere::Everywhere;
pub use forward::{Debug, Forward};
pub use get::{Get, GetWhat, Shown};
pub use line::Arguments;
pub use login::Login;
pub use logs::{LogOutput, Logs};
pub use output::{Output, Rows};
pub use snapshot::{Format, Snapshot};
pub use verb::{ConfigAct, Verb};
pub use world::{Demo, Sim, SimAct};
