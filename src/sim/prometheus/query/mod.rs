//! The part of PromQL that dashboards use: selectors, `rate` and its kin, aggregations, `histogram_quantile`, arithmetic.

mod eval;
mod expr;
mod function;
mod lex;
mod parse;

pub use eval::{Value, instant, range};
pub use expr::{Expr, Matcher};
pub use lex::duration;
pub use parse::{parse, selector};

/// A query that cannot be read, with where and why, as Prometheus words it: `1:5: parse error: …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("1:{at}: parse error: {reason}")]
pub struct QueryError {
    /// The character, from 1 on.
    pub at: usize,
    /// Why.
    pub reason: String,
}
