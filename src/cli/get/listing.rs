//! What is listed, and how.

use crate::cli::arguments::{Output, Shown};
use crate::cli::read::Read;
use crate::domain::{AppKey, AppRow, Timestamp};
use crate::store::Apps;

/// What is listed, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing<'a> {
    /// What was read.
    pub(super) apps: &'a Apps,
    /// Of one environment, or of all.
    pub(super) environment: Option<&'a str>,
    /// For people or for programs.
    pub(super) output: Output,
    /// When it was read.
    pub(super) now: Timestamp,
}

impl<'a> Listing<'a> {
    /// Of what was read, as it is to be shown.
    pub(super) fn of(read: &'a Read, shown: &'a Shown) -> Self {
        let environment = shown.environment.as_deref();
        Self { apps: &read.setup.apps, environment, output: shown.output, now: read.now() }
    }

    /// The Applications it is about.
    pub(super) fn rows(self) -> impl Iterator<Item = &'a AppRow> {
        self.apps.all().filter(move |row| self.environment.is_none() || row.environment.as_deref() == self.environment)
    }

    /// Their keys.
    pub(super) fn keys(self) -> Vec<AppKey> {
        self.rows().map(|row| row.key.clone()).collect()
    }
}
