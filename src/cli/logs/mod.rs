//! `logs`: what the pods of an Application log, merged.
//!
//! ```text
//! run: which Application, which cluster -> select: which pods and containers
//!   history: what is there, in the order of time · following: what comes, as it comes -> print
//! ```

mod following;
mod history;
mod print;
mod run;
mod select;

pub use run::run;
