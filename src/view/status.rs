//! What one Application says first: trouble, then operation, then drift, then version and age.

use std::time::Duration;

use super::Seen;
use crate::action::Note;
use crate::config::theme::Role;
use crate::domain::time::{coarse, elapsed};
use crate::domain::{AppRow, Fullness, Health, Operation, Phase, Sync, SyncPhase, Timestamp, TroubleKind};

/// A sign with its meaning's role and the words beside it.
#[derive(Debug, PartialEq, Eq)]
pub struct Status {
    /// The sign.
    pub sign: &'static str,
    /// Role of the sign.
    pub role: Role,
    /// The words; empty when all is quiet.
    pub words: String,
    /// Role of the words.
    pub words_role: Role,
}

/// The status of a row.
#[must_use]
pub fn of(seen: &Seen<'_>, row: &AppRow, trouble: Option<TroubleKind>) -> Status {
    let (sign, role) = sign(seen, row, trouble);
    let (mut words, mut words_role) = words(seen, row, trouble);
    if let Some(note) = switched_off(seen, row) {
        let since = if words.is_empty() { format!(" {}", seen.age(note.at)) } else { format!(" {words}") };
        words = format!("{}{since}", seen.glyphs.auto_sync_off);
        words_role = if words_role == Role::Dim { Role::Warn } else { words_role };
    }
    Status { sign, role, words, words_role }
}

/// What auto-sync was, where this tool switched it off and it is still off.
#[must_use]
pub fn switched_off<'s>(seen: &Seen<'s>, row: &AppRow) -> Option<&'s Note> {
    if row.auto_sync.enabled || row.fullness == Fullness::Sketch { None } else { seen.desk.notes.get(&row.key) }
}

/// The one sign of a row: trouble, else what health says, else drift.
#[must_use]
pub fn sign(seen: &Seen<'_>, row: &AppRow, trouble: Option<TroubleKind>) -> (&'static str, Role) {
    let glyphs = seen.glyphs;
    if trouble.is_some_and(is_alarm) {
        return (glyphs.trouble, Role::Bad);
    }
    if row.health == Health::Healthy && row.sync == Sync::OutOfSync {
        return (glyphs.out_of_sync, Role::Warn);
    }
    health_sign(seen, row.health)
}

/// The sign of a health.
#[must_use]
pub fn health_sign(seen: &Seen<'_>, health: Health) -> (&'static str, Role) {
    let glyphs = seen.glyphs;
    match health {
        Health::Healthy => (glyphs.healthy, Role::Ok),
        Health::Progressing => (glyphs.progressing, Role::Busy),
        Health::Degraded => (glyphs.degraded, Role::Bad),
        Health::Missing => (glyphs.missing, Role::Warn),
        Health::Suspended => (glyphs.suspended, Role::Dim),
        Health::Unknown => (glyphs.unknown, Role::Dim),
    }
}

/// The sign of a sync status; nothing when all is well.
#[must_use]
pub fn sync_sign(seen: &Seen<'_>, sync: Sync) -> (&'static str, Role) {
    match sync {
        Sync::Synced => ("", Role::Dim),
        Sync::OutOfSync => (seen.glyphs.out_of_sync, Role::Warn),
        Sync::Unknown => (seen.glyphs.unknown, Role::Dim),
    }
}

/// Trouble that gets the alarm sign. A degraded or drifted app has a sign of its own; waiting for a retry or a
/// window has too.
fn is_alarm(kind: TroubleKind) -> bool {
    !matches!(
        kind,
        TroubleKind::Degraded
            | TroubleKind::OperationRetrying
            | TroubleKind::OperationHeld
            | TroubleKind::Window
            | TroubleKind::Drift
    )
}

fn words(seen: &Seen<'_>, row: &AppRow, trouble: Option<TroubleKind>) -> (String, Role) {
    if let Some(since) = row.deleting {
        return (format!("deleting {}", seen.age(since)), Role::Warn);
    }
    if let Some(operation) = row.operation.as_deref().filter(|o| o.is_active()) {
        return operation_words(seen, operation);
    }
    if trouble == Some(TroubleKind::Window) {
        return (format!("{} {}", seen.glyphs.held, TroubleKind::Window.short()), Role::Warn);
    }
    // of drift the row itself says more
    if let Some(kind) = trouble.filter(|kind| *kind != TroubleKind::Drift) {
        return (kind.short().to_owned(), Role::Bad);
    }
    if row.fullness == Fullness::Full && row.sync == Sync::OutOfSync {
        return (drift_words(row), Role::Warn);
    }
    if row.refreshing {
        return ("refreshing".to_owned(), Role::Busy);
    }
    (String::new(), Role::Dim)
}

/// `2 differ`, `1 to prune`, `git moved`: what OutOfSync means here, as far as the Application tells.
fn drift_words(row: &AppRow) -> String {
    match (row.drift.saturating_sub(row.prunable), row.prunable) {
        (0, 0) => "out of sync".to_owned(),
        (0, prune) => format!("{prune} to prune"),
        (1, 0) => "1 differs".to_owned(),
        (drift, 0) => format!("{drift} differ"),
        (drift, prune) => format!("{drift} differ, {prune} to prune"),
    }
}

/// What an active operation says, and how it feels.
#[must_use]
pub fn operation_words(seen: &Seen<'_>, operation: &Operation) -> (String, Role) {
    let glyphs = seen.glyphs;
    if operation.is_retrying() {
        let when = operation.next_attempt.map_or_else(String::new, |at| format!(" {}", until(seen, at)));
        return (format!("{}{when} retry {}", glyphs.retry, operation.retries.max(1)), Role::Warn);
    }
    if operation.is_held(seen.now) {
        let age = operation.started.map_or_else(String::new, |at| format!(" {}", seen.age(at)));
        return (format!("{}{age} held by window", glyphs.held), Role::Warn);
    }
    match operation.phase {
        None => (format!("{} starting", glyphs.running), Role::Busy),
        Some(Phase::Terminating) => (format!("{} terminating", glyphs.running), Role::Warn),
        Some(_) if operation.total == 0 => (format!("{} syncing", glyphs.running), Role::Busy),
        Some(_) => {
            // the ordinary phase goes without saying
            let phase = operation.sync_phase.filter(|phase| *phase != SyncPhase::Sync);
            let phase = phase.map_or_else(String::new, |phase| format!(" {}", phase.word()));
            (format!("{} {}/{}{phase}", glyphs.running, operation.done, operation.total), Role::Busy)
        }
    }
}

/// The time left until `at`, coarse; the screen is woken when it reads differently.
pub(super) fn until(seen: &Seen<'_>, at: Timestamp) -> String {
    let left = elapsed(seen.now, at);
    if left.is_zero() {
        return "now".to_owned();
    }
    let shown = left + Duration::from_secs(4);
    let step = match shown.as_secs() {
        0..60 => 5,
        60..3_600 => 60,
        _ => 3_600,
    };
    // A countdown reads differently once it is under a whole step.
    let over = Duration::new(shown.as_secs() % step, shown.subsec_nanos());
    seen.wake_in((over + Duration::from_millis(1)).min(left));
    coarse(shown)
}
