//! Why an Application is red: the failing container, how it ended, what was told, since when; and which keys help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::detail::{self, Run};
use super::empty::wrap;
use super::{Effect, Handled, Lens, ScreenId, Seen, View};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::app::short_revision;
use crate::domain::{AppRow, Symbol, Why as Evidence};
use crate::store::{Interest, RowId};
use crate::widget::Pen;

/// The evidence for the selected Application, scrollable.
#[derive(Debug, Default)]
pub struct Why {
    offset: usize,
    lines: Vec<Vec<Run>>,
    height: usize,
}

impl View for Why {
    fn id(&self) -> ScreenId {
        ScreenId::Why
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Why]
    }

    fn interests(&self, lens: &Lens, _: &Seen<'_>) -> Vec<Interest> {
        let key = lens.selected.iter();
        key.flat_map(|key| [Interest::Pods(key.clone()), Interest::Events(key.clone())]).collect()
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let last = self.lines.len().saturating_sub(self.height);
        let page = self.height.max(2);
        self.offset = match id {
            CommandId::CursorDown => self.offset + 1,
            CommandId::CursorUp => self.offset.saturating_sub(1),
            CommandId::CursorTop => 0,
            CommandId::CursorBottom => last,
            CommandId::PageDown => self.offset + page - 1,
            CommandId::PageUp => self.offset.saturating_sub(page - 1),
            CommandId::HalfPageDown => self.offset + page / 2,
            CommandId::HalfPageUp => self.offset.saturating_sub(page / 2),
            _ => return (Handled::No, Vec::new()),
        }
        .min(last);
        (Handled::Yes, Vec::new())
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.height = usize::from(area.height);
        self.lines = detail::selected(lens, seen).map_or_else(Vec::new, |(id, row)| lines(seen, id, row, area.width));
        self.offset = self.offset.min(self.lines.len().saturating_sub(self.height));
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        for (row, runs) in self.lines.iter().skip(self.offset).take(self.height).enumerate() {
            seen.work.row();
            let mut pen = Pen::new(buf, area, row as u16, seen.glyphs.ellipsis);
            pen.skip(1);
            for (text, role) in runs {
                pen.text(text, seen.style(*role));
            }
        }
    }
}

fn lines(seen: &Seen<'_>, id: RowId, row: &AppRow, width: u16) -> Vec<Vec<Run>> {
    let Some(why) = seen.apps.why(id, seen.now) else {
        let well = format!("{}: nothing is known to be wrong", row.key.name);
        let mut lines = vec![vec![(well, Role::Title)]];
        lines.extend(detail::lines(seen, id, row, width).into_iter().skip(1));
        return lines;
    };
    evidence(seen, row, &why, width)
}

fn evidence(seen: &Seen<'_>, row: &AppRow, why: &Evidence, width: u16) -> Vec<Vec<Run>> {
    let since = why.since.map_or_else(String::new, |at| format!(", since {} ago", seen.age(at)));
    let mut lines = vec![vec![
        (format!("{} {}", seen.glyphs.trouble, row.key.name), Role::Bad),
        (format!(": {}{since}", why.trouble.kind.short()), Role::Bad),
        (format!("   Argo CD says {}", row.health.word()), Role::Dim),
    ]];
    let room = usize::from(width.saturating_sub(14)).max(10);
    let mut block = |label: &str, text: &str, role: Role| {
        for (n, part) in wrap(text, room).into_iter().enumerate() {
            let label = if n == 0 { label } else { "" };
            lines.push(vec![(format!("  {label:<10}"), Role::Dim), (part, role)]);
        }
    };
    block("what", &why.trouble.reason, Role::Text);
    let chain: Vec<String> = why.chain.iter().map(|o| format!("{} {}", o.kind, o.name)).collect();
    let container = why.container.iter().map(Symbol::to_string);
    block("where", &chain.into_iter().chain(container).collect::<Vec<_>>().join(" > "), Role::Text);
    if let Some(reason) = &why.reason {
        let code = why.exit_code.map_or_else(String::new, |code| format!("exit {code} "));
        let message = why.message.as_deref().map_or_else(String::new, |m| format!(": {m}"));
        block("ended", &format!("{code}({reason}), {} restarts{message}", why.restarts), Role::Bad);
    }
    for line in &why.log {
        block("log", line, Role::Text);
    }
    if let Some(event) = &why.event {
        let age = event.last.map_or_else(String::new, |at| format!(", {} ago", seen.age(at)));
        block("event", &format!("{} x{}: {}{age}", event.reason, event.count.max(1), event.message), Role::Warn);
    }
    let telling = row.operation.as_ref().is_some_and(|o| o.is_active() || o.has_failed());
    if let Some(operation) = why.operation.as_ref().filter(|_| telling) {
        block("operation", operation, Role::Text);
    }
    if let Some(message) = &why.argocd.1 {
        block("argocd", message, Role::Dim);
    }
    if let Some(deployed) = &row.deployed {
        let by = deployed.by.as_ref().map_or("auto-sync", Symbol::as_str);
        let text = format!("{} by {by}, {} ago", short_revision(&deployed.revision), seen.age(deployed.at));
        block("deployed", &text, Role::Dim);
    }
    lines
}
