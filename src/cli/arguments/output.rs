//! How things are printed.

use clap::ValueEnum;

/// How to print rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Rows {
    /// Columns for people
    Table,
    /// JSON for programs
    Json,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Columns for people
    Table,
    /// JSON for programs
    Json,
    /// More columns
    Wide,
}
