//! One cell: ready to print, or a moment that is worded when asked for.

use serde_json::Value;

use super::human;

/// A moment in seconds since 1970; none when the object names none.
type Moment = Option<i64>;

/// What stands in one column of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// A text.
    Text(Box<str>),
    /// A number, left a number in JSON.
    Number(i64),
    /// Nothing, as custom columns show a missing field.
    Empty,
    /// The time since a moment.
    Since(Moment),
    /// Restarts of a pod, with the time since the last one.
    Restarts(i64, Moment),
    /// When an event was seen last, how often, and for how long.
    Seen {
        /// The last time.
        last: Moment,
        /// How often; 1 and less is not shown.
        count: i64,
        /// The first time.
        first: Moment,
    },
}

impl Cell {
    /// A text cell.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        Self::Text(text.into())
    }

    /// A cell that counts things.
    #[must_use]
    pub fn count(things: usize) -> Self {
        Self::Number(i64::try_from(things).unwrap_or(i64::MAX))
    }

    /// The cell's value at `now` (seconds since 1970).
    #[must_use]
    pub fn render(&self, now: i64) -> Value {
        let since = |moment: &Moment| moment.map_or_else(|| "<unknown>".to_owned(), |m| human(now - m));
        match self {
            Self::Text(text) => (&**text).into(),
            Self::Number(number) => (*number).into(),
            Self::Empty => Value::Null,
            Self::Since(moment) => since(moment).into(),
            Self::Restarts(count, Some(last)) if *count > 0 => format!("{count} ({} ago)", human(now - last)).into(),
            Self::Restarts(count, _) => count.to_string().into(),
            Self::Seen { last, count, first } if *count > 1 => {
                format!("{} (x{count} over {})", since(last), since(first)).into()
            }
            Self::Seen { last, .. } => since(last).into(),
        }
    }
}
