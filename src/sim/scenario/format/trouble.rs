//! What goes wrong between clients and clusters.

use super::{duration, optional_duration};
use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

/// A source that dies and returns.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// Which.
    pub source: Spanned<String>,
    /// From the world's start.
    #[serde(deserialize_with = "duration")]
    pub after: Duration,
    /// Until it listens again, never when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub lasts: Option<Duration>,
    /// From one death to the next; once when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub every: Option<Duration>,
}

/// Trouble between clients and a cluster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The source.
    pub source: Spanned<String>,
    /// In the words of `sim ctl fault`.
    pub what: Spanned<String>,
    /// From the world's start until it begins, at once when absent.
    #[serde(default, deserialize_with = "duration")]
    pub after: Duration,
    /// How long it lasts, for ever when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub lasts: Option<Duration>,
}
