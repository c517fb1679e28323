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
mod control;
mod delete;
mod execute;
mod follow;
mod gather;
mod guard;
mod guarded;
mod memory;
mod plan;
mod proposal;
mod refresh;
mod restorer;
mod rights;
mod rollback;
mod saw;
mod served;
mod sync;
mod terminate;
mod verb;
mod visit;
mod workload;

pub use application::{Application, Entry};
pub use audit::{Audit, AuditError, Half, Record, Who};
pub use control::Control;
pub use delete::Propagation;
pub use execute::{Outcome, Road, execute};
pub use follow::{End, follow};
pub use gather::Asked;
pub use guard::{Approved, Evidence, Given, Guard, Refusal, RefusalKind, Required, guard, phrase, required};
pub use guarded::{Harbour, Said, Voyage, Watch, Watched, failing, watch};
pub use memory::{Memory, Note};
pub use plan::{Caution, Facts, Plan, Request, Right, Step, StepKind, Target, Where, chain, plan};
pub use proposal::{Consent, Draft, Item, Order, Proposal, carry_out};
pub use restorer::Restorer;
pub use rights::may_change;
pub use saw::Saw;
pub use sync::{Strategy, SyncOptions};
pub use verb::Verb;
pub use visit::{Visit, Visiting, admit};

pub use crate::domain::ObjectName;
pub use crate::domain::window::{Verdict, Windows};
