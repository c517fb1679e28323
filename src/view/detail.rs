//! What an Application itself tells, in lines: beside or below the lists where there is room, and at the head of its own
//! screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::empty::wrap;
use super::{Lens, Seen, guard, status, strip};
use crate::config::theme::Role;
use crate::domain::app::short_revision;
use crate::domain::{AppRow, AutoSync, Fullness, Operation, Phase, Route, Symbol, TroubleKind};
use crate::store::{Interest, RowId};
use crate::widget::Pen;

/// A run of text with its role.
pub(super) type Run = (String, Role);

/// Draws as much of the selected Application as fits, from its beginning: the pane beside a list.
pub fn draw_pane(lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
    let Some((id, row)) = selected(lens, seen) else {
        Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(1).text("nothing selected", seen.style(Role::Dim));
        return;
    };
    seen.work.row();
    for (line, runs) in lines(seen, id, row, area.width).iter().take(area.height.into()).enumerate() {
        let mut pen = Pen::new(buf, area, line as u16, seen.glyphs.ellipsis);
        pen.skip(1);
        for (text, role) in runs {
            pen.text(text, seen.style(*role));
        }
    }
}

/// The selected Application, while it is there.
pub(super) fn selected<'a>(lens: &Lens, seen: &Seen<'a>) -> Option<(RowId, &'a AppRow)> {
    let id = seen.apps.find(lens.selected.as_ref()?)?;
    Some((id, seen.apps.get(id)?))
}

/// What the pane shows beyond rows and pods: how an operation of the selected Application stands.
pub(super) fn interests(lens: &Lens, seen: &Seen<'_>) -> Vec<Interest> {
    let shown = selected(lens, seen).filter(|(_, row)| {
        row.operation.as_ref().is_some_and(|operation| operation.is_active() || operation.has_failed())
    });
    let of = |row: &AppRow| [Interest::Resources, Interest::LastWords].map(|interest| interest(row.key.clone()));
    shown.into_iter().flat_map(|(_, row)| of(row)).collect()
}

/// Its lines at a width.
pub(super) fn lines(seen: &Seen<'_>, id: RowId, row: &AppRow, width: u16) -> Vec<Vec<Run>> {
    let trouble = seen.apps.trouble_kind(id);
    let mut lines = vec![title(seen, row)];
    let mut block = |label: &str, text: &str, role| self::block(&mut lines, width, label, text, role);
    let (words, role) = state_words(seen, row);
    block("state", &words, role);
    if let Some((said, role)) = guard::line(seen, &row.key) {
        block("guard", &said, role);
    }
    let verdict = seen.apps.trouble(id, seen.now);
    // what the verdict says is not said again
    let told = |said: &str| verdict.as_ref().is_some_and(|verdict| verdict.reason == said);
    if let Some(trouble) = &verdict {
        let since = trouble.since.map_or_else(String::new, |at| format!(" ({} ago)", seen.age(at)));
        block(
            "trouble",
            &format!("{} {}{since}: {}", seen.glyphs.trouble, trouble.kind.short(), trouble.reason),
            Role::Bad,
        );
    }
    if let Some(message) = row.health_message.as_deref().filter(|message| !told(message)) {
        block("", message, Role::Text);
    }
    if let Some(operation) = &row.operation {
        let (text, role) = operation_line(seen, operation, trouble, told);
        block("operation", &text, role);
        lines.extend(strip::lines(seen, id, row, width));
    }
    let mut block = |label: &str, text: &str, role| self::block(&mut lines, width, label, text, role);
    if row.fullness == Fullness::Sketch {
        block("", "more is being read", Role::Dim);
        return lines;
    }
    if let Some(at) = row.deleting {
        block("deleting", &format!("asked for {} ago", seen.age(at)), Role::Warn);
    }
    if row.drift > 0 {
        let prune = if row.prunable > 0 { format!(", {} of them to prune", row.prunable) } else { String::new() };
        block("drift", &format!("{} of {} resources differ from Git{prune}", row.drift, row.resources), Role::Warn);
    }
    if let Some(deployed) = &row.deployed {
        let by = deployed.by.as_ref().map_or("auto-sync", Symbol::as_str);
        let text =
            format!("{} by {by}, {} ago (#{})", short_revision(&deployed.revision), seen.age(deployed.at), deployed.id);
        block("deployed", &text, Role::Text);
    }
    let several = if row.sources > 1 { format!(" and {} more", row.sources - 1) } else { String::new() };
    block(
        "git",
        &format!("{} at {}, {} {}{several}", row.target_revision, short_revision(&row.revision), row.repo, row.path),
        Role::Text,
    );
    block("images", &row.images.join("  "), Role::Text);
    match status::switched_off(seen, row) {
        Some(note) => {
            let words = format!(
                "off for {}, by {} from here; switching it on gives back what it was",
                seen.age(note.at),
                note.by
            );
            block("auto-sync", &format!("{} {words}", seen.glyphs.auto_sync_off), Role::Warn);
        }
        None => block("auto-sync", &auto_sync(row.auto_sync), Role::Text),
    }
    let cluster = if row.destination.name.is_empty() { &row.destination.server } else { &row.destination.name };
    block("deploys to", &format!("{} on {cluster}", row.destination.namespace), Role::Text);
    for condition in &row.conditions {
        let since = condition.since.map_or_else(String::new, |at| format!(" ({} ago)", seen.age(at)));
        block("condition", &format!("{}{since}: {}", condition.kind, condition.message), Role::Warn);
    }
    if let Some(set) = &row.application_set {
        block("made by", &format!("ApplicationSet {set}, which puts edits of the Application back"), Role::Text);
    }
    let labels: Vec<String> = row.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    block("labels", &labels.join("  "), Role::Dim);
    if let Some(at) = row.reconciled {
        block("compared", &format!("{} ago", seen.age(at)), Role::Dim);
    }
    lines
}

/// Health and sync, as lines of their own.
pub(super) fn state(seen: &Seen<'_>, row: &AppRow, width: u16) -> Vec<Vec<Run>> {
    let mut lines = Vec::new();
    let (words, role) = state_words(seen, row);
    block(&mut lines, width, "state", &words, role);
    lines
}

fn state_words(seen: &Seen<'_>, row: &AppRow) -> (String, Role) {
    let (health, role) = status::health_sign(seen, row.health);
    let (sync, _) = status::sync_sign(seen, row.sync);
    let since = row.health_since.map_or_else(String::new, |at| format!(" for {}", seen.age(at)));
    let gap = if sync.is_empty() { "" } else { " " };
    let words = format!("{health} {}{since}, {sync}{gap}{}", row.health.word(), row.sync.word());
    (words.trim_end().to_owned(), role)
}

/// Writes text behind a label, in as many lines as it takes.
pub(super) fn block(lines: &mut Vec<Vec<Run>>, width: u16, label: &str, text: &str, role: Role) {
    let room = usize::from(width.saturating_sub(14)).max(10);
    for (n, part) in wrap(text, room).into_iter().enumerate() {
        let label = if n == 0 { label } else { "" };
        lines.push(vec![(format!("  {label:<11}"), Role::Dim), (part, role)]);
    }
}

/// That nobody knows the way to where its objects live, and what to do about it; nothing where there is a way.
pub(super) fn no_route(seen: &Seen<'_>, id: RowId, width: u16) -> Vec<Vec<Run>> {
    let Some(route @ Route::None { .. }) = seen.apps.route(id) else { return Vec::new() };
    let row = seen.apps.get(id).filter(|row| seen.apps.routes().is_only_named(&row.destination));
    if let Some(row) = row.filter(|row| !seen.apps.routes().has_names(&row.key.source)) {
        let name = &row.destination.name;
        return vec![vec![(format!("  which cluster {name} is, is being read{}", seen.glyphs.ellipsis), Role::Dim)]];
    }
    let room = usize::from(width.saturating_sub(4)).max(10);
    let told = wrap(&format!("{route}: nothing that lives there can be read"), room);
    let tried = wrap(&format!("try: {}", Route::HINT), room);
    let line = |role: Role| move |part: String| vec![(format!("  {part}"), role)];
    told.into_iter().map(line(Role::Warn)).chain(tried.into_iter().map(line(Role::Dim))).collect()
}

fn title(seen: &Seen<'_>, row: &AppRow) -> Vec<Run> {
    let mut runs = vec![(row.key.name.to_string(), Role::Title), ("  ".to_owned(), Role::Dim)];
    if let Some(environment) = row.environment.as_ref().map(|name| seen.apps.describe(name)) {
        let role = if environment.is_protected() { Role::Production } else { Role::Dim };
        runs.push((seen.environment_name(&environment), role));
        runs.push((format!(" {} ", seen.glyphs.dot), Role::Dim));
    }
    runs.push((row.key.source.to_string(), Role::Dim));
    runs.push((format!("  {}/{}", row.key.namespace, row.project), Role::Dim));
    if seen.is_doubtful(&row.key.source) {
        runs.push((format!("  {}", seen.apps.link(&row.key.source).word()), Role::Warn));
    }
    runs
}

/// `running for 34s by auto-sync, 3 of 7, to 3f22a38: waiting for ...`
fn operation_line(
    seen: &Seen<'_>,
    operation: &Operation,
    trouble: Option<TroubleKind>,
    told: impl Fn(&str) -> bool,
) -> Run {
    let (short, role) = if operation.is_active() {
        status::operation_words(seen, operation)
    } else {
        let failed = operation.has_failed() || trouble == Some(TroubleKind::OperationFailed);
        let phase = operation.phase.map_or("unknown", Phase::word).to_owned();
        (phase, if failed { Role::Bad } else { Role::Text })
    };
    let mut text = short;
    if operation.dry_run {
        text.push_str(" (dry run)");
    }
    if let Some(revision) = &operation.revision {
        text.push_str(&format!(" to {}", short_revision(revision)));
    }
    let by = operation.by.as_ref().map_or("", Symbol::as_str);
    match (operation.automated, by) {
        (true, _) => text.push_str(" by auto-sync"),
        (false, "") => {}
        (false, by) => text.push_str(&format!(" by {by}")),
    }
    let ended = if operation.is_active() { None } else { operation.finished };
    match (ended, operation.started) {
        (Some(at), _) => text.push_str(&format!(", {} ago", seen.age(at))),
        (None, Some(at)) => text.push_str(&format!(", for {}", seen.age(at))),
        (None, None) => {}
    }
    if let Some(message) = operation.message.as_deref().filter(|message| !told(message)) {
        text.push_str(": ");
        text.push_str(message);
    }
    (text, role)
}

/// What auto-sync does, in words.
pub(super) fn auto_sync(auto: AutoSync) -> String {
    if !auto.enabled {
        return "off".to_owned();
    }
    let mut text = "on".to_owned();
    text.push_str(if auto.self_heal { ", undoes edits by hand" } else { ", leaves edits by hand" });
    text.push_str(if auto.prune { ", deletes what left Git" } else { ", keeps what left Git" });
    text
}
