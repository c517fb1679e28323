//! What the Application itself tells of trouble.

use super::{Trouble, TroubleKind};
use crate::domain::app::short_revision;
use crate::domain::{AppRow, AutoSync, Fullness, Health, Phase, Sync, Timestamp};

/// Argo CD's conditions that mean it cannot do its work (semantics 1.5).
const BROKEN: [&str; 4] = ["ComparisonError", "InvalidSpecError", "UnknownError", "DeletionError"];

/// What the Application itself tells of trouble; its pods add theirs in `pod`.
#[must_use]
pub fn of_row(row: &AppRow, now: Timestamp) -> Option<Trouble> {
    let operation = row.operation.as_ref();
    let message = || operation.and_then(|o| o.message.as_deref()).unwrap_or_default().to_owned();
    if let Some(operation) = operation {
        if operation.is_held(now) {
            return Some(Trouble::new(TroubleKind::OperationHeld, message(), operation.started));
        }
        // the attempt after a failed one is not well before it has succeeded
        if operation.is_retrying() || (operation.is_active() && operation.retries > 0) {
            let since = operation.finished.or(operation.started);
            return Some(Trouble::new(TroubleKind::OperationRetrying, message(), since));
        }
    }
    if let Some(condition) = row.conditions.iter().find(|c| BROKEN.contains(&&*c.kind)) {
        return Some(Trouble::new(
            TroubleKind::Broken,
            format!("{}: {}", condition.kind, condition.message),
            condition.since,
        ));
    }
    if let Some(operation) = operation
        && operation.has_failed()
        && matches!(operation.phase, Some(Phase::Failed | Phase::Error))
    {
        return Some(Trouble::new(TroubleKind::OperationFailed, message(), operation.finished));
    }
    if row.health == Health::Degraded {
        let why = row.health_message.as_deref().unwrap_or("Argo CD gives no reason").to_owned();
        return Some(Trouble::new(TroubleKind::Degraded, why, row.health_since));
    }
    is_left_drifted(row).then(|| Trouble::new(TroubleKind::Drift, drift_reason(row), None))
}

/// Whether auto-sync has something to do here and does not do it: what is left is that a window holds it.
#[must_use]
pub fn awaits_auto_sync(row: &AppRow) -> bool {
    let idle = !row.operation.as_ref().is_some_and(|operation| operation.is_active());
    let acts = row.auto_sync.enabled && (row.auto_sync.self_heal || !is_deployed(row));
    // nothing but what it would have to prune is no reason for it to sync
    let finds = row.drift > row.prunable || row.auto_sync.prune || row.drift == 0;
    row.sync == Sync::OutOfSync && row.fullness == Fullness::Full && row.deleting.is_none() && idle && acts && finds
}

/// The verdict on an Application whose auto-sync is closed out by the windows, and what they say.
#[must_use]
pub fn held_by_window(why: &str, opens: Option<Timestamp>) -> Trouble {
    let opens = match opens {
        Some(at) => format!("it opens at {at}"),
        None => "nobody can say when it opens: look at the AppProject".to_owned(),
    };
    Trouble::new(TroubleKind::Window, format!("auto-sync is blocked by sync window: {why}; {opens}"), None)
}

/// What runs differs from Git, and nobody brings it back. A commit that waits for somebody to sync it is news and no drift;
/// auto-sync would have taken it at once.
fn is_left_drifted(row: &AppRow) -> bool {
    let is_settled = row.fullness == Fullness::Full && row.deleting.is_none() && !row.refreshing;
    let idle = !row.operation.as_ref().is_some_and(|operation| operation.is_active());
    let heals = row.auto_sync.enabled && row.auto_sync.self_heal && (row.drift > row.prunable || row.auto_sync.prune);
    let is_news = !row.auto_sync.enabled && !is_deployed(row);
    row.sync == Sync::OutOfSync && row.drift > 0 && is_settled && idle && !heals && !is_news
}

/// Whether the newest that Git holds was deployed.
fn is_deployed(row: &AppRow) -> bool {
    row.deployed.as_ref().is_some_and(|deployed| deployed.revision == row.revision)
}

/// `2 resources differ from 3f22a38; auto-sync is off`
fn drift_reason(row: &AppRow) -> String {
    let count = |n: u32| if n == 1 { "1 resource".to_owned() } else { format!("{n} resources") };
    let (differ, left) = (row.drift.saturating_sub(row.prunable), row.prunable);
    let of = short_revision(&row.revision);
    let what = match (differ, left) {
        (0, left) => format!("{} left {of} and {} still there", count(left), if left == 1 { "is" } else { "are" }),
        (1, 0) => format!("1 resource differs from {of}"),
        (differ, 0) => format!("{} differ from {of}", count(differ)),
        (differ, left) => format!("{} not as in {of}, {} no longer in it", count(differ), count(left)),
    };
    let why = match row.auto_sync {
        AutoSync { enabled: false, .. } => "auto-sync is off",
        // other commits of the repository move the revision too
        AutoSync { self_heal: false, .. } if !is_deployed(row) => {
            "auto-sync leaves edits by hand, or a window holds it"
        }
        AutoSync { self_heal: false, .. } => "auto-sync leaves edits by hand",
        _ => "auto-sync does not prune",
    };
    format!("{what}; {why}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Deployment;

    const REVISION: &str = "067467c10a3d4c3fb31dd4b6a1a7b1c4a38de5b7";

    fn drifted() -> AppRow {
        let deployed = Deployment { id: 1, revision: REVISION.into(), at: Timestamp::UNIX_EPOCH, by: None };
        AppRow {
            fullness: Fullness::Full,
            sync: Sync::OutOfSync,
            health: Health::Healthy,
            revision: REVISION.into(),
            deployed: Some(Box::new(deployed)),
            drift: 1,
            auto_sync: AutoSync { enabled: true, prune: true, self_heal: false },
            ..AppRow::default()
        }
    }

    fn verdict(row: &AppRow) -> Option<(TroubleKind, String)> {
        of_row(row, Timestamp::UNIX_EPOCH).map(|verdict| (verdict.kind, verdict.reason))
    }

    #[test]
    fn drift_is_trouble_where_nobody_heals_it() {
        let row = drifted();
        let said = |row: &AppRow| verdict(row).map(|(_, why)| why).unwrap_or_default();
        assert_eq!(said(&row), "1 resource differs from 067467c; auto-sync leaves edits by hand");
        let off = AppRow { auto_sync: AutoSync::default(), drift: 3, prunable: 1, ..drifted() };
        assert_eq!(said(&off), "2 resources not as in 067467c, 1 resource no longer in it; auto-sync is off");
        let healing = AutoSync { enabled: true, prune: false, self_heal: true };
        assert_eq!(verdict(&AppRow { auto_sync: healing, ..drifted() }), None);
        let left = AppRow { auto_sync: healing, prunable: 1, ..drifted() };
        assert_eq!(said(&left), "1 resource left 067467c and is still there; auto-sync does not prune");
        let moved = AppRow { revision: "3f22a38".into(), ..drifted() };
        assert_eq!(
            said(&moved),
            "1 resource differs from 3f22a38; auto-sync leaves edits by hand, or a window holds it"
        );
        let news = AppRow { auto_sync: AutoSync::default(), ..moved };
        assert_eq!(verdict(&news), None, "a commit waits for its sync");
        let syncing = crate::domain::Operation { phase: Some(Phase::Running), ..crate::domain::Operation::default() };
        assert_eq!(verdict(&AppRow { operation: Some(Box::new(syncing)), ..drifted() }), None);
        assert_eq!(verdict(&AppRow { sync: Sync::Synced, drift: 0, ..drifted() }), None);
    }
}
