//! When syncs may not run.

use serde::Deserialize;
use toml::Spanned;

/// A sync window of the project.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// `deny` or `allow`.
    pub kind: WindowKind,
    /// When it opens: five fields of cron.
    pub schedule: Spanned<String>,
    /// How long it stays open, as Go writes it.
    pub duration: Spanned<String>,
    /// The Applications it is about; `*` stands for anything.
    #[serde(default = "every_app")]
    pub applications: Vec<String>,
    /// People may sync all the same.
    #[serde(default)]
    pub manual_sync: bool,
    /// The zone of the schedule, by its name in the zone database.
    #[serde(default = "utc")]
    pub time_zone: Spanned<String>,
    /// Why it is there.
    #[serde(default)]
    pub description: String,
}

/// What a window does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    /// No syncs while it is open.
    Deny,
    /// Syncs only while one of its kind is open.
    Allow,
}

impl WindowKind {
    /// As projects spell it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Allow => "allow",
        }
    }
}

fn every_app() -> Vec<String> {
    vec!["*".to_owned()]
}

fn utc() -> Spanned<String> {
    Spanned::new(0..0, "UTC".to_owned())
}
