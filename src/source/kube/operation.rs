//! What an Application is doing: `operation` and `status.operationState` as one.

use std::time::Duration;

use super::project::{Texts, message, moment, revision};
use super::shape::{OperationState, Request, Retry};
use crate::domain::{Operation, Phase, Timestamp, time};

/// The running or last operation; nothing when there never was one.
///
/// An `operation` beside a state that is over is a new one the controller has not picked up: what the old state says
/// does not speak of it (recorded for rollbacks and syncs written into the object).
pub(super) fn project(
    requested: Option<&Request<'_>>,
    state: Option<&OperationState<'_>>,
    texts: &mut Texts,
) -> Option<Operation> {
    let phase = state.and_then(|s| Phase::parse(&s.phase));
    let state = state.filter(|_| requested.is_none() || !phase.is_some_and(Phase::is_over));
    let request = state.map(|s| &s.request).or(requested)?;
    let mut operation = Operation {
        requested: requested.is_some(),
        retry_limit: request.retry.limit,
        retry_refreshes: request.retry.refresh,
        revision: texts.some(revision(&request.sync.revision, &request.sync.revisions.0)),
        by: texts.some(&request.initiator.username),
        automated: request.initiator.automated,
        dry_run: request.sync.dry_run,
        ..Operation::default()
    };
    let Some(state) = state else { return Some(operation) };
    operation.phase = phase;
    operation.message = message(&state.message);
    operation.started = moment(&state.started);
    operation.finished = moment(&state.finished);
    operation.retries = u32::try_from(state.retries.max(0)).unwrap_or(u32::MAX);
    let results = &state.result.resources.0;
    (operation.done, operation.total, operation.sync_phase) = (results.done(), results.total(), results.sync_phase());
    if operation.revision.is_none() {
        operation.revision = texts.some(revision(&state.result.revision, &state.result.revisions.0));
    }
    if let (true, Some(finished)) = (operation.is_retrying(), operation.finished) {
        operation.next_attempt = Some(next_attempt(finished, &state.request.retry, operation.retries));
    }
    Some(operation)
}

/// When the next attempt is due: `duration × factor^retryCount` after the failed one, with the count that was just
/// written (so 5 s × 2 waits 10 s, then 20 s: recorded), no longer than `maxDuration` (semantics 6.4).
fn next_attempt(finished: Timestamp, retry: &Retry<'_>, retries: u32) -> Timestamp {
    let backoff = &retry.backoff;
    let first = go_duration(&backoff.duration).unwrap_or(Duration::from_secs(5));
    let longest = go_duration(&backoff.max).unwrap_or(Duration::from_mins(3));
    let factor = backoff.factor.filter(|f| *f > 0).unwrap_or(2) as f64;
    let grown = first.as_secs_f64() * factor.powi(i32::try_from(retries).unwrap_or(i32::MAX));
    let wait = Duration::try_from_secs_f64(grown.min(longest.as_secs_f64())).unwrap_or(longest);
    time::after(finished, wait)
}

/// A duration as Go writes it (`1m30s`, `1.5h`), or whole seconds as Argo CD also takes them (`5`).
fn go_duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let (mut rest, mut total) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let seconds = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
        rest = tail;
    }
    if text.is_empty() { None } else { Duration::try_from_secs_f64(total).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_in_two_ways() {
        let read = |text| go_duration(text).map(|d| d.as_millis());
        assert_eq!(read("5"), Some(5_000));
        assert_eq!(read("5s"), Some(5_000));
        assert_eq!(read("1m30s"), Some(90_000));
        assert_eq!(read("1.5h"), Some(5_400_000));
        assert_eq!(read("250ms"), Some(250));
        for nonsense in ["", "s", "5x", "-5s", "1m?", "9999999999999999999999h"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn waits_grow_up_to_their_limit() {
        let finished = Timestamp::UNIX_EPOCH;
        let wait = |retries| {
            let mut retry = Retry::default();
            retry.backoff.duration = "5s".into();
            retry.backoff.max = "1m".into();
            next_attempt(finished, &retry, retries).as_second()
        };
        assert_eq!([1, 2, 3, 4, 5, u32::MAX].map(wait), [10, 20, 40, 60, 60, 60]);
        assert_eq!(next_attempt(finished, &Retry::default(), 1).as_second(), 10);
    }
}
