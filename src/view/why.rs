//! Why an Application is red: the failing container, how it ended, what was told, since when; and which keys help.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::detail::{self, Run};
use super::empty::wrap as words;
use super::finder::Finder;
use super::travel::{scrolled, steps};
use super::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::app::short_revision;
use crate::domain::time::{coarse, elapsed};
use crate::domain::{AppRow, Symbol, Timestamp, Why as Evidence};
use crate::store::{Interest, RowId};
use crate::widget::{Pen, wrap};

/// The evidence for the selected Application, scrollable.
#[derive(Debug, Default)]
pub struct Why {
    offset: usize,
    lines: Vec<Vec<Run>>,
    height: usize,
    finder: Finder,
    /// The line a search went to.
    found: usize,
}

impl View for Why {
    fn id(&self) -> ScreenId {
        ScreenId::Why
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Why, Scope::App]
    }

    fn interests(&self, lens: &Lens, _: &Seen<'_>) -> Vec<Interest> {
        let key = lens.selected.iter();
        key.flat_map(|key| {
            [Interest::Pods(key.clone()), Interest::Events(key.clone()), Interest::LastWords(key.clone())]
        })
        .collect()
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        match id {
            CommandId::WhySearch => (Handled::Yes, vec![Effect::Ask(Ask::Search, self.finder.sought().to_owned())]),
            CommandId::WhyNext | CommandId::WhyPrior => {
                let (line, said) = self.finder.step(id == CommandId::WhyPrior, &self.texts(), self.found);
                self.go_to(line);
                (Handled::Yes, vec![said])
            }
            CommandId::ViewBack if self.finder.clear() => (Handled::Yes, Vec::new()),
            id => {
                let Some(by) = steps(id, self.height) else { return (Handled::No, Vec::new()) };
                self.offset = scrolled(self.offset, by, self.lines.len(), self.height);
                (Handled::Yes, Vec::new())
            }
        }
    }

    fn typed(&mut self, _: Ask, text: &str, typing: Typing, _: &Seen<'_>) -> Vec<Effect> {
        let line = self.finder.typed(text, typing, &self.texts(), self.found);
        self.go_to(line);
        Vec::new()
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.height = usize::from(area.height);
        self.lines = detail::selected(lens, seen).map_or_else(Vec::new, |(id, row)| lines(seen, id, row, area.width));
        self.offset = self.offset.min(self.lines.len().saturating_sub(self.height));
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        for (row, runs) in self.lines.iter().skip(self.offset).take(self.height).enumerate() {
            seen.work.row();
            let here = self.offset + row == self.found && !self.finder.sought().is_empty();
            let mut pen = Pen::new(buf, area, row as u16, seen.glyphs.ellipsis);
            pen.cell(if here { seen.glyphs.cursor } else { "" }, 1, seen.style(Role::Cursor));
            for (text, role) in runs {
                self.finder.write(text, seen.style(*role), seen.style(Role::Found), &mut pen);
            }
        }
    }
}

impl Why {
    fn texts(&self) -> Vec<String> {
        self.lines.iter().map(|line| line.iter().map(|(text, _)| text.as_str()).collect()).collect()
    }

    /// Brings a line into view, the one a search found.
    fn go_to(&mut self, line: Option<usize>) {
        self.found = line.unwrap_or(self.found);
        let lowest = (self.found + 1).saturating_sub(self.height.max(1));
        self.offset = self.offset.clamp(lowest, self.found.max(lowest));
    }
}

fn lines(seen: &Seen<'_>, id: RowId, row: &AppRow, width: u16) -> Vec<Vec<Run>> {
    let Some(why) = seen.apps.why(id, seen.now) else {
        let well = format!("{}: nothing is known to be wrong", row.key.name);
        let mut lines = vec![vec![(well, Role::Title)]];
        lines.extend(detail::lines(seen, id, row, width).into_iter().skip(1));
        lines.extend(detail::no_route(seen, id, width));
        return lines;
    };
    evidence(seen, (id, row), &why, width)
}

fn evidence(seen: &Seen<'_>, (id, row): (RowId, &AppRow), why: &Evidence, width: u16) -> Vec<Vec<Run>> {
    let since = why.since.map_or_else(String::new, |at| format!(" for {}", seen.age(at)));
    let mut lines = vec![vec![
        (format!("{} {}", seen.glyphs.trouble, row.key.name), Role::Bad),
        (format!("  {}{since}", why.trouble.kind.short()), Role::Bad),
        (format!("   Argo CD says {}", row.health.word()), Role::Dim),
    ]];
    let room = usize::from(width.saturating_sub(LABEL + 3)).max(10);
    let mut block = |label: &str, text: &str, role: Role| lines.extend(paragraph(label, text, role, room));
    block("what", &why.trouble.reason, Role::Text);
    block("where", &why.place(), Role::Text);
    if let Some(reason) = &why.reason {
        let code = why.exit_code.map_or_else(String::new, |code| format!("exit {code} "));
        let message = why.more().map_or_else(String::new, |m| format!(": {m}"));
        let ended = why.run.as_ref().and_then(|run| run.ended);
        let age = ended.map_or_else(String::new, |at| format!(" {} ago", seen.age(at)));
        let label = if why.exit_code.is_some() { "ended" } else { "waits" };
        block(label, &format!("{code}({reason}){age}, {}{message}", restarts(why.restarts)), Role::Bad);
    }
    if let Some(at) = why.next_start {
        block("", &format!("next start {}", soon(seen, at)), Role::Warn);
    }
    lines.extend(log_lines(seen, why, room));
    let mut block = |label: &str, text: &str, role: Role| lines.extend(paragraph(label, text, role, room));
    for (label, event, role) in [("before it", &why.before, Role::Text), ("event", &why.event, Role::Warn)] {
        let Some(event) = event else { continue };
        let age = event.last.map_or_else(String::new, |at| format!(", {} ago", seen.age(at)));
        block(label, &format!("{}: {}{age}", event.brief(), event.message), role);
    }
    // what was said already is not said again
    let told = |said: &&str| *said != why.trouble.reason;
    if let Some(operation) = why.operation.as_deref().filter(told) {
        block("operation", operation, Role::Text);
    }
    if let Some(message) = why.argocd.1.as_deref().filter(told) {
        block("Argo CD", message, Role::Dim);
    }
    if let Some(deployed) = &why.deployed {
        let by = deployed.by.as_ref().map_or("auto-sync", Symbol::as_str);
        let revision = short_revision(&deployed.revision);
        // then the trouble is of that attempt, which may have put other images there too
        let elsewhere = is_elsewhere(row, &deployed.revision);
        let version = match &why.versions {
            Some((from, to)) => format!("{from} -> {to},"),
            None if elsewhere => String::new(),
            None => row.version().to_owned(),
        };
        let told = format!("{revision} by {by}, {} ago", seen.age(deployed.at));
        // a version that is the revision says nothing more
        let text = if version.is_empty() || version == revision { told } else { format!("{version} {told}") };
        let (label, text) = match why.began_with() {
            Some(_) if !elsewhere => ("since", format!("deploy of {text}")),
            _ => ("deployed", text),
        };
        block(label, &text, Role::Text);
    }
    lines.extend(detail::no_route(seen, id, width));
    lines.push(next(seen));
    lines
}

/// Whether its operation applies another revision than that.
fn is_elsewhere(row: &AppRow, revision: &Symbol) -> bool {
    let applied = row.operation.as_ref().and_then(|operation| operation.revision.as_ref());
    applied.is_some_and(|applied| applied != revision)
}

/// Cells of the labels.
const LABEL: u16 = 12;

fn labelled(label: &str) -> Run {
    (format!("  {label:<10}"), Role::Dim)
}

fn paragraph(label: &str, text: &str, role: Role, room: usize) -> Vec<Vec<Run>> {
    let parts = words(text, room).into_iter().enumerate();
    parts.map(|(n, part)| vec![labelled(if n == 0 { label } else { "" }), (part, role)]).collect()
}

/// `in about 40s`; what a node does is not told to the second, so neither is it counted down to the second.
fn soon(seen: &Seen<'_>, at: Timestamp) -> String {
    let left = elapsed(seen.now, at);
    if left.is_zero() {
        return "any moment now".to_owned();
    }
    let step = if left > Duration::from_mins(1) { 60 } else { 10 };
    let steps = left.as_millis().div_ceil(step * 1_000);
    let told = Duration::from_secs((steps * step) as u64);
    seen.wake_in(left.saturating_sub(Duration::from_secs(((steps - 1) * step) as u64)).max(Duration::from_millis(1)));
    format!("in about {}", coarse(told))
}

fn restarts(count: u32) -> String {
    match count {
        0 => "never restarted".to_owned(),
        1 => "restarted once".to_owned(),
        count => format!("restarted {count} times"),
    }
}

/// What the container wrote last, as it stands there: what is indented stays so.
fn log_lines(seen: &Seen<'_>, why: &Evidence, room: usize) -> Vec<Vec<Run>> {
    let label = |n: usize| labelled(if n == 0 { "log" } else { "" });
    let said = |text: String| vec![vec![label(0), (text, Role::Dim)]];
    let Some(log) = &why.log else {
        let waits = why.run.is_some();
        return if waits { said(format!("its last lines are being read{}", seen.glyphs.ellipsis)) } else { Vec::new() };
    };
    if let Some(unread) = &log.unread {
        return said(format!("not read: {unread}"));
    }
    if log.lines.is_empty() {
        return said("it wrote nothing".to_owned());
    }
    let bar = (format!("{} ", seen.glyphs.vertical), Role::Faint);
    let parts = log.lines.iter().flat_map(|line| {
        let line = line.replace('\t', "    ");
        let rows = wrap::rows(&line, room.saturating_sub(2), 0, MOST_ROWS);
        rows.into_iter().map(|row| line[row].to_owned()).collect::<Vec<_>>()
    });
    parts.enumerate().map(|(n, part)| vec![label(n), bar.clone(), (part, Role::Text)]).collect()
}

/// Rows one line of a log may take: the rest of it stands in the logs.
const MOST_ROWS: usize = 4;

/// The keys that go on from here.
fn next(seen: &Seen<'_>) -> Vec<Run> {
    let mut line = vec![labelled("next")];
    let goes_on = |id: CommandId| id.spec().scope == Scope::App || id == CommandId::CopyOpen;
    for hint in seen.keys.hints(&[Scope::Why, Scope::App]) {
        if goes_on(hint.id) && hint.id.spec().reason(&seen.situation).is_none() {
            line.push((format!("{} ", hint.keys), Role::Key));
            line.push((format!("{}   ", hint.title), Role::Text));
        }
    }
    line
}
