//! What a query says, read.

use crate::sim::prometheus::series::Labels;
use regex::Regex;

/// A condition on a label.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// Whether what matches is left out.
    pub negated: bool,
    /// What it is to be.
    pub like: Like,
}

/// What a label is to be.
#[derive(Debug, Clone)]
pub enum Like {
    /// Exactly this.
    Same(String),
    /// What this describes, whole.
    Pattern(Regex),
}

impl Matcher {
    /// Whether labels meet it; a label that is not there is empty.
    #[must_use]
    pub fn fits(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.label).map_or("", String::as_str);
        let like = match &self.like {
            Like::Same(same) => same == value,
            Like::Pattern(pattern) => pattern.is_match(value),
        };
        like != self.negated
    }

    /// Whether it lets through what does not have the label.
    pub(super) fn may_be_nothing(&self) -> bool {
        self.fits(&Labels::new())
    }
}

/// How two vectors are brought together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matching {
    /// Only these labels count (`on`), or all but these (`ignoring`).
    pub on: bool,
    /// The labels.
    pub labels: Vec<String>,
}

/// An expression.
#[derive(Debug, Clone)]
pub enum Expr {
    /// A number.
    Number(f64),
    /// The newest value of each series.
    Instant(Vec<Matcher>),
    /// What was scraped within so many milliseconds.
    Range(Vec<Matcher>, i64),
    /// A function.
    Call(&'static str, Vec<Expr>),
    /// Many series become few.
    Aggregate {
        /// `sum`, `avg`, ...
        with: &'static str,
        /// `topk` and `bottomk` have a number.
        parameter: Option<Box<Expr>>,
        /// What is aggregated.
        of: Box<Expr>,
        /// Whether the labels are those that go.
        without: bool,
        /// The labels.
        labels: Vec<String>,
    },
    /// Two sides and what is between them.
    Binary {
        /// The operator.
        sign: &'static str,
        /// Whether a comparison gives 0 and 1.
        bool: bool,
        /// Which pairs belong together.
        matching: Matching,
        /// Both sides.
        sides: Box<(Expr, Expr)>,
    },
    /// The opposite number.
    Minus(Box<Expr>),
}

/// What an expression gives, in Prometheus's words.
pub(super) fn kind_of(expr: &Expr) -> &'static str {
    match expr {
        Expr::Number(_) | Expr::Call("time" | "scalar", _) => "scalar",
        Expr::Range(..) => "range vector",
        Expr::Minus(of) => kind_of(of),
        Expr::Binary { sides, .. } if kind_of(&sides.0) == "scalar" && kind_of(&sides.1) == "scalar" => "scalar",
        _ => "instant vector",
    }
}
