//! Which columns each kind has.

use serde_json::Value;

use super::super::kinds::Kind;
use super::Cell;
use super::read::created;

/// The definition of one column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Heading.
    pub name: &'static str,
    /// `OpenAPI` type of the cells.
    pub r#type: &'static str,
    /// `name` for the column that names the object, else empty.
    pub format: &'static str,
    /// What the column tells.
    pub description: &'static str,
    /// 0 is always shown; more only with `-o wide`.
    pub priority: u8,
}

/// The columns of a kind.
#[must_use]
pub fn of(_kind: &Kind) -> &'static [Column] {
    &[]
}

/// The cells of an object, one for each column of its kind.
#[must_use]
pub fn cells(_kind: &Kind, object: &Value) -> Box<[Cell]> {
    Box::new([Cell::Since(created(object))])
}
