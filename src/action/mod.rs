//! The only road to a write: plan -> guard -> approved -> execute -> audit.
//!
//! ```text
//! Verb + Facts --plan--> Plan --guard--> Approved --execute--> Outcome
//!                        (pure)          (made nowhere else)    |  intent on disk before, outcome after
//!                                                               audit
//! ```
//!
//! A plan holds the exact requests and what a person reads before saying yes; it is made of facts alone and sends nothing.
//! Only [`guard()`] makes an [`Approved`], and only an [`Approved`] can be executed. Cockpit and command line go the same
//! way.

mod application;
mod audit;
mod auto_sync;
mod comparison;
mod control;
mod debug;
mod delete;
mod entry;
mod execute;
mod follow;
mod forecast;
mod gather;
mod guard;
mod guarded;
mod marks;
mod memory;
mod past;
mod plan;
mod planner;
mod proposal;
mod refresh;
mod refusal;
mod restorer;
mod rights;
mod road;
mod rollback;
mod saw;
mod served;
mod sync;
mod sync_options;
mod terminate;
mod verb;
mod visit;
mod workload;

pub use application::Application;
pub use audit::{Audit, AuditError, Half, Record, Who};
pub use comparison::{Compared, compare};
pub use control::Control;
pub use debug::Injection;
pub use entry::Entry;
pub use execute::{Outcome, execute};
pub use follow::{End, follow};
pub use forecast::forecast;
pub use gather::Asked;
pub use guard::{Approved, Evidence, Given, Guard, Required, guard, phrase, required};
pub use guarded::{Harbour, Said, Voyage, Watch, Watched, failing, watch};
pub use marks::Marks;
pub use memory::{Memory, Note};
pub use past::Past;
pub use plan::{Caution, Facts, Plan, Request, Right, Step, StepKind, Target, Where, counts};
pub use planner::{chain, plan};
pub use proposal::{Consent, Draft, Item, Order, Proposal, carry_out};
pub use refusal::{Refusal, RefusalKind};
pub use restorer::Restorer;
pub use rights::may_change;
pub use road::Road;
pub use rollback::preselected;
pub use saw::Saw;
pub use sync_options::{Strategy, SyncOptions};
pub use verb::{Propagation, Verb};
pub use visit::{Visit, Visiting, admit};

pub use crate::domain::ObjectName;
pub use crate::domain::window::{Verdict, Windows};
