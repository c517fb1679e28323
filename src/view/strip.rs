//! How an operation that runs, waits or went wrong stands: phases and waves, attempts, windows, what failed and what it
//! wrote last. Part of what an Application itself tells, wherever that is shown.

use super::detail::{Run, block};
use super::{Seen, status};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::app::short_revision;
use crate::domain::progress::{Step, StepState, attempt, failed, queued, steps};
use crate::domain::window::Verdict;
use crate::domain::{AppDetail, AppRow, Operation, Resource, Timestamp};
use crate::store::RowId;

/// Resources that failed beyond these are counted.
const FEW: usize = 3;
/// Last lines of a log; the logs have the rest.
const LAST: usize = 6;

/// The lines; none of an operation that ended well.
pub(super) fn lines(seen: &Seen<'_>, id: RowId, row: &AppRow, width: u16) -> Vec<Vec<Run>> {
    let Some(operation) = row.operation.as_deref().filter(|o| o.is_active() || o.has_failed()) else {
        return Vec::new();
    };
    let mut strip = Strip { lines: Vec::new(), width };
    let detail = seen.apps.detail(&row.key);
    if let Some(detail) = detail.filter(|_| operation.is_active() && !operation.is_retrying()) {
        strip.block("steps", &stages(seen, detail), Role::Busy);
    }
    if let Some(attempt) = attempt(operation) {
        let of = attempt.of.map_or_else(String::new, |of| format!(" of {of}"));
        let next = attempt.at.map_or_else(String::new, |at| format!(", next at {}", clock_time(at)));
        strip.block("attempt", &format!("{}{of}{next}", attempt.number), Role::Warn);
    }
    if operation.is_held(seen.now) {
        strip.block("held", &held(seen, operation, detail), Role::Warn);
    }
    if let Some(newer) = queued(row) {
        strip.block("queued", &behind(seen, operation, newer), Role::Warn);
    }
    let resources = detail.map_or(&[][..], |detail| &detail.resources);
    let mut shown = failed(resources);
    for resource in shown.by_ref().take(FEW) {
        strip.block("failed", &format!("{}{}", failure(resource), hook_log(seen, resource.hook)), Role::Bad);
    }
    let more = shown.count();
    if more > 0 {
        strip.block("", &format!("and {more} more"), Role::Bad);
    }
    strip.last_words(seen, id);
    strip.lines
}

struct Strip {
    lines: Vec<Vec<Run>>,
    width: u16,
}

impl Strip {
    fn block(&mut self, label: &str, text: &str, role: Role) {
        block(&mut self.lines, self.width, label, text, role);
    }

    /// What the container behind the trouble wrote last, as it stands there.
    fn last_words(&mut self, seen: &Seen<'_>, id: RowId) {
        let Some((run, log)) = seen.apps.why(id, seen.now).and_then(|why| why.run.zip(why.log)) else { return };
        if let Some(unread) = &log.unread {
            self.block("log", &format!("{} of {}: not read: {unread}", run.container, run.pod), Role::Dim);
            return;
        }
        if log.lines.is_empty() {
            return;
        }
        self.block("log", &format!("{} of {}", run.container, run.pod), Role::Dim);
        for line in &log.lines[log.lines.len().saturating_sub(LAST)..] {
            self.lines.push(vec![
                (format!("  {:<11}{} ", "", seen.glyphs.vertical), Role::Faint),
                (line.replace('\t', "    "), Role::Text),
            ]);
        }
    }
}

/// `PreSync done, Sync wave 1: waiting for health of Deployment celery (1 of 3), Sync wave 2 to come`
fn stages(seen: &Seen<'_>, detail: &AppDetail) -> String {
    steps(&detail.resources).iter().map(|step| stage(seen, step)).collect::<Vec<_>>().join(", ")
}

fn stage(seen: &Seen<'_>, step: &Step<'_>) -> String {
    let wave = if step.wave == 0 { String::new() } else { format!(" wave {}", step.wave) };
    let state = match step.state {
        StepState::Done => " done".to_owned(),
        StepState::Failed => " failed".to_owned(),
        StepState::Ahead => " to come".to_owned(),
        StepState::Present => {
            let awaited: Vec<String> = step.waits_for.iter().map(|r| format!("{} {}", r.kind, r.name)).collect();
            let has_hook = step.waits_for.iter().any(|resource| resource.hook);
            let what = if has_hook { "the end" } else { "health" };
            let logs = hook_log(seen, has_hook);
            let count = format!("{} of {}", awaited.len(), step.total);
            format!(": waiting for {what} of {}, {count}{logs}", awaited.join(", "))
        }
    };
    format!("{}{wave}{state}", step.phase)
}

/// Where the log of a hook is.
fn hook_log(seen: &Seen<'_>, is_hook: bool) -> String {
    let key = if is_hook { key(seen, CommandId::LogsOpenHooks) } else { None };
    key.map_or_else(String::new, |key| format!(" ({key} shows its log)"))
}

fn held(seen: &Seen<'_>, operation: &Operation, detail: Option<&AppDetail>) -> String {
    let windows = detail.and_then(|detail| detail.windows.as_ref());
    match windows.map(|windows| windows.decide(seen.now, !operation.automated)) {
        None => "by a sync window; when it opens is not known".to_owned(),
        Some(Verdict::Open { .. }) => {
            "the sync window is open again: it goes on at the controller's next look".to_owned()
        }
        Some(Verdict::Closed { why, opens: None }) => format!("by window: {why}; nobody can say until when"),
        Some(Verdict::Closed { why, opens: Some(opens) }) => {
            let at = opens.strftime("%a %H:%M UTC");
            format!("by window until {at}, in {}: {why}", status::until(seen, opens))
        }
    }
}

/// What waits behind an operation, and how it need not.
fn behind(seen: &Seen<'_>, operation: &Operation, newer: &str) -> String {
    let newer = short_revision(newer);
    if operation.retry_refreshes {
        return format!("Git has moved on to {newer}: the next attempt takes it");
    }
    let what = if attempt(operation).is_some() { "all attempts of this operation" } else { "this operation" };
    let terminate = key(seen, CommandId::AppTerminate);
    let terminate = terminate.map_or_else(|| "terminate it".to_owned(), |key| format!("{key} terminates it"));
    format!("Git has moved on to {newer}: it waits for {what}; {terminate}, and it comes next")
}

fn failure(resource: &Resource) -> String {
    let phase = resource.phase.as_deref().unwrap_or("Sync");
    let message = resource.result.as_ref().and_then(|result| result.message.as_deref());
    let message = message.map_or_else(String::new, |message| format!(": {message}"));
    format!("{} {} ({phase}){message}", resource.kind, resource.name)
}

/// To the second: a retry is waited for by the clock.
fn clock_time(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

fn key(seen: &Seen<'_>, id: CommandId) -> Option<String> {
    seen.keys.key(&[Scope::App], id)
}
