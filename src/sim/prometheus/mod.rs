//! The Prometheus of a cluster: metrics that move with the world, and the part of its HTTP API that dashboards use.
//!
//! ```text
//! series < record (argocd, workloads), query (lex, parse, function, eval) < serve
//! ```
//!
//! A [`Recorder`] looks at the cluster every scrape interval of the world's clock and keeps an hour of what it saw.
//! Argo CD's metrics have the names and labels of Argo CD 3.6 (with `honor_labels`), Predator12's those that its
//! dashboards ask for.

mod query;
mod record;
mod series;
mod serve;

pub use record::Recorder;
pub use series::Shelf;
pub use serve::{Served, serve};
