//! The columns of a list: one row each gives title, width, sort order and text.

use std::cmp::Ordering;

use crate::domain::{AppRow, TroubleKind};

/// Which column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldId {
    /// State: trouble, then operation, then health and sync.
    State,
    /// Name of the Application.
    Name,
    /// Environment.
    Environment,
    /// Version that runs.
    Version,
    /// What is going on, in words.
    Status,
    /// AppProject.
    Project,
    /// Source.
    Source,
    /// Time since the last deployment.
    Age,
}

/// A row with the trouble it is in.
pub type Judged<'a> = (&'a AppRow, Option<TroubleKind>);

/// A column of the flat list.
#[derive(Debug)]
pub struct Field {
    /// Which one.
    pub id: FieldId,
    /// Heading.
    pub title: &'static str,
    /// Cells it asks for.
    pub width: u16,
    /// It gets a share of what is left over.
    pub grows: bool,
    /// Columns with a lower number stay longer when the terminal is narrow.
    pub rank: u8,
    /// Order of two rows by this column.
    pub compare: fn(Judged<'_>, Judged<'_>) -> Ordering,
}

impl Field {
    /// Its word on the command line of the palette.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.id == FieldId::State { "state" } else { self.title }
    }
}

/// The columns, in the order they stand.
pub static FIELDS: [Field; 8] = [
    Field { id: FieldId::State, title: "", width: 4, grows: false, rank: 1, compare: by_state },
    Field { id: FieldId::Name, title: "application", width: 24, grows: true, rank: 0, compare: by_name },
    Field {
        id: FieldId::Environment,
        title: "environment",
        width: 12,
        grows: false,
        rank: 4,
        compare: |a, b| a.0.environment.cmp(&b.0.environment).then_with(|| by_name(a, b)),
    },
    Field {
        id: FieldId::Version,
        title: "version",
        width: 14,
        grows: false,
        rank: 2,
        compare: |a, b| a.0.version().cmp(b.0.version()).then_with(|| by_name(a, b)),
    },
    Field { id: FieldId::Status, title: "status", width: 28, grows: true, rank: 3, compare: by_state },
    Field {
        id: FieldId::Project,
        title: "project",
        width: 14,
        grows: false,
        rank: 7,
        compare: |a, b| a.0.project.cmp(&b.0.project).then_with(|| by_name(a, b)),
    },
    Field {
        id: FieldId::Source,
        title: "source",
        width: 16,
        grows: false,
        rank: 6,
        compare: |a, b| a.0.key.source.cmp(&b.0.key.source).then_with(|| by_name(a, b)),
    },
    Field {
        id: FieldId::Age,
        title: "age",
        width: 5,
        grows: false,
        rank: 5,
        compare: |a, b| b.0.age_since().cmp(&a.0.age_since()).then_with(|| by_name(a, b)),
    },
];

/// The column with this id.
#[must_use]
pub fn field(id: FieldId) -> &'static Field {
    FIELDS.iter().find(|f| f.id == id).unwrap_or(&FIELDS[1])
}

fn by_name(a: Judged<'_>, b: Judged<'_>) -> Ordering {
    a.0.key.name.cmp(&b.0.key.name).then_with(|| a.0.key.cmp(&b.0.key))
}

/// Worst first: trouble by urgency, then health from the worst, then drift, then what is moving.
fn by_state(a: Judged<'_>, b: Judged<'_>) -> Ordering {
    let key = |(row, trouble): Judged<'_>| {
        let quiet = !row.operation.as_ref().is_some_and(|o| o.is_active());
        (trouble.is_none(), trouble, std::cmp::Reverse(row.health), row.drift == 0, quiet)
    };
    key(a).cmp(&key(b)).then_with(|| by_name(a, b))
}
