//! How far a running operation has come: its phases and waves, what the present one waits for, its attempts, what failed,
//! and what waits behind it.

use super::app::is_hash;
use super::{AppRow, Health, Operation, Phase, Resource, Symbol, Timestamp};

/// An attempt of an operation that failed before: the one at work, or the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which, from 1.
    pub number: u32,
    /// Of how many; `None` where there is no limit, or nobody says.
    pub of: Option<u32>,
    /// When it begins, while it is waited for.
    pub at: Option<Timestamp>,
}

/// The attempt an operation makes or waits for; nothing in its first, and when it is over.
///
/// Waiting for a retry is phase Running with an end, and its count has been written by then (recorded, `hook-fails`).
#[must_use]
pub fn attempt(operation: &Operation) -> Option<Attempt> {
    if !operation.is_active() || operation.retries == 0 && !operation.is_retrying() {
        return None;
    }
    let limit = operation.retry_limit.and_then(|limit| u32::try_from(limit).ok()).filter(|limit| *limit > 0);
    Some(Attempt { number: operation.retries.max(1) + 1, of: limit.map(|limit| limit + 1), at: operation.next_attempt })
}

/// The revision Git has moved on to while an operation of auto-sync's branch applies another: it waits for the operation
/// to end (recorded, `bad-image`: the fix only moves `sync.revision`).
#[must_use]
pub fn queued(row: &AppRow) -> Option<&Symbol> {
    let operation = row.operation.as_deref().filter(|operation| operation.is_active() && !operation.dry_run)?;
    // with auto-sync on, nothing but what Git holds is applied: another revision is an older one
    let follows = operation.automated || row.auto_sync.enabled;
    let applied = operation.revision.as_ref().filter(|revision| is_hash(revision))?;
    (follows && is_hash(&row.revision) && *applied != row.revision).then_some(&row.revision)
}

/// The resources and hooks an operation failed at, in their order.
pub fn failed(resources: &[Resource]) -> impl Iterator<Item = &Resource> {
    resources.iter().filter(|resource| has_failed(resource))
}

/// A wave of a phase of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// `PreSync`, `Sync`, `PostSync`, `SyncFail`.
    pub phase: &'a str,
    /// Its wave.
    pub wave: i64,
    /// How many resources it has.
    pub total: usize,
    /// What it waits for; nothing in the steps before and after the present one.
    pub waits_for: Vec<&'a Resource>,
    /// Where it stands.
    pub state: StepState,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// All of it is through.
    Done,
    /// It is at work.
    Present,
    /// A resource of it failed.
    Failed,
    /// Not begun.
    Ahead,
}

/// The steps of an operation that is under way, in their order; `resources` are sorted by [`Resource::place`].
///
/// An ordinary resource reads `Running` from being applied until the operation ends (recorded, `deploy`), so a step is
/// through when a later one has begun, and the last one waits for what is not healthy. The results name a wave only
/// about two seconds after its objects were made.
#[must_use]
pub fn steps(resources: &[Resource]) -> Vec<Step<'_>> {
    let mut steps: Vec<(Step<'_>, Vec<&Resource>)> = Vec::new();
    for resource in resources {
        let phase = resource.phase.as_deref().unwrap_or("Sync");
        match steps.last_mut() {
            Some((step, members)) if (step.phase, step.wave) == (phase, resource.wave) => members.push(resource),
            _ => {
                let step =
                    Step { phase, wave: resource.wave, total: 0, waits_for: Vec::new(), state: StepState::Ahead };
                steps.push((step, vec![resource]));
            }
        }
    }
    let has_begun = |members: &[&Resource]| members.iter().any(|resource| resource.result.is_some());
    let present = steps.iter().rposition(|(_, members)| has_begun(members));
    let judged = steps.into_iter().enumerate().map(|(n, (step, members))| {
        let failed = members.iter().any(|resource| has_failed(resource));
        let waits_for: Vec<&Resource> = match present {
            Some(present) if n == present => members.iter().copied().filter(|resource| is_awaited(resource)).collect(),
            _ => Vec::new(),
        };
        let state = match present {
            _ if failed => StepState::Failed,
            Some(present) if n < present => StepState::Done,
            Some(present) if n == present && waits_for.is_empty() => StepState::Done,
            Some(present) if n == present => StepState::Present,
            _ => StepState::Ahead,
        };
        Step { total: members.len(), waits_for, state, ..step }
    });
    judged.collect()
}

fn has_failed(resource: &Resource) -> bool {
    let result = resource.result.as_ref();
    result.is_some_and(|r| matches!(r.phase, Some(Phase::Failed | Phase::Error)) || &*r.status == "SyncFailed")
}

fn is_awaited(resource: &Resource) -> bool {
    let running = resource.result.as_ref().is_some_and(|result| result.phase == Some(Phase::Running));
    let healthy = matches!(resource.health, None | Some((Health::Healthy | Health::Suspended, _)));
    running && (resource.hook || !healthy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ResourceResult;

    /// `Sync/1 Deployment api Running Progressing`; `-` for no result.
    fn resource(line: &str) -> Resource {
        let words: Vec<&str> = line.split(' ').collect();
        let (phase, wave) = words[0].split_once('/').unwrap();
        let phase_of = Phase::parse(words[3]);
        Resource {
            kind: words[1].into(),
            name: words[2].into(),
            phase: Some(phase.into()),
            wave: wave.parse().unwrap(),
            hook: phase != "Sync",
            result: phase_of.map(|phase| ResourceResult {
                status: "Synced".into(),
                phase: Some(phase),
                ..ResourceResult::default()
            }),
            health: words.get(4).map(|health| (Health::parse(health), None)),
            ..Resource::default()
        }
    }

    fn told(lines: &[&str]) -> Vec<String> {
        let resources: Vec<Resource> = lines.iter().map(|line| resource(line)).collect();
        let told = steps(&resources).into_iter().map(|step| {
            let waits: Vec<&str> = step.waits_for.iter().map(|r| &*r.name).collect();
            format!("{} {} {:?} {}", step.phase, step.wave, step.state, waits.join(","))
        });
        told.collect()
    }

    fn running(retries: u32, limit: Option<i64>, waits: bool) -> Operation {
        Operation {
            requested: true,
            phase: Some(Phase::Running),
            finished: waits.then_some(Timestamp::UNIX_EPOCH),
            next_attempt: waits.then_some(Timestamp::UNIX_EPOCH),
            retries,
            retry_limit: limit,
            ..Operation::default()
        }
    }

    #[test]
    fn attempts_are_counted_from_the_first() {
        let told = |operation: &Operation| {
            attempt(operation).map(|attempt| (attempt.number, attempt.of, attempt.at.is_some()))
        };
        assert_eq!(told(&running(0, Some(2), false)), None);
        assert_eq!(told(&running(1, Some(2), true)), Some((2, Some(3), true)));
        assert_eq!(told(&running(1, Some(2), false)), Some((2, Some(3), false)));
        assert_eq!(told(&running(2, Some(2), false)), Some((3, Some(3), false)));
        assert_eq!(told(&running(4, Some(-1), true)), Some((5, None, true)));
        let over = Operation { requested: false, phase: Some(Phase::Failed), ..running(2, Some(2), false) };
        assert_eq!(told(&over), None);
    }

    #[test]
    fn what_git_holds_waits_behind_an_operation_at_another_revision() {
        let (old, new) = ("a".repeat(40), "b".repeat(40));
        let row = |revision: &str, applied: &str, automated: bool| AppRow {
            revision: revision.into(),
            operation: Some(Box::new(Operation {
                revision: Some(applied.into()),
                automated,
                ..running(1, Some(2), true)
            })),
            ..AppRow::default()
        };
        let waits = |row: &AppRow| queued(row).cloned();
        assert_eq!(waits(&row(&new, &old, true)), Some(new.as_str().into()));
        assert_eq!(waits(&row(&new, &new, true)), None);
        assert_eq!(waits(&row(&new, &old, false)), None, "somebody goes back to an older one");
        assert_eq!(waits(&row(&new, "main", true)), None, "a branch is no older revision");
    }

    #[test]
    fn a_wave_waits_for_what_is_not_healthy_and_those_before_it_are_done() {
        let lines = [
            "PreSync/0 Job migrate Succeeded Healthy",
            "Sync/-1 ConfigMap config Running",
            "Sync/0 Deployment api Running Progressing",
            "Sync/0 Service api Running Healthy",
            "Sync/1 Deployment worker -",
        ];
        assert_eq!(told(&lines), ["PreSync 0 Done ", "Sync -1 Done ", "Sync 0 Present api", "Sync 1 Ahead "]);
    }

    #[test]
    fn a_hook_after_the_sync_is_waited_for_although_all_is_healthy() {
        let lines = ["Sync/0 Deployment api Running Healthy", "PostSync/0 Job smoke Running Progressing"];
        assert_eq!(told(&lines), ["Sync 0 Done ", "PostSync 0 Present smoke"]);
    }

    #[test]
    fn a_failed_hook_fails_its_step() {
        let lines = ["PreSync/0 Job migrate Failed Degraded", "Sync/0 Deployment api - Healthy"];
        assert_eq!(told(&lines), ["PreSync 0 Failed ", "Sync 0 Ahead "]);
    }
}
