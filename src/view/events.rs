//! What controllers told about an Application and its objects; as a list with Warnings first, or as a time line together
//! with deployments, operations and restarts.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::detail;
use super::finder::Finder;
use super::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::app::short_revision;
use crate::domain::{AppRow, Event, Phase, Symbol, Timestamp};
use crate::store::{Interest, RowId};
use crate::widget::{Pen, Window};

/// The Events of one Application.
#[derive(Debug, Default)]
pub struct Events {
    lines: Vec<Line>,
    window: Window,
    height: usize,
    /// By time, with everything else that happened.
    timeline: bool,
    finder: Finder,
}

impl Events {
    fn texts(&self) -> Vec<String> {
        self.lines.iter().map(|line| format!("{} {} {}", line.what, line.about, line.text)).collect()
    }
}

#[derive(Debug)]
struct Line {
    at: Option<Timestamp>,
    role: Role,
    what: String,
    about: String,
    text: String,
}

impl View for Events {
    fn id(&self) -> ScreenId {
        ScreenId::Events
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Events, Scope::Text, Scope::App]
    }

    fn interests(&self, lens: &Lens, _: &Seen<'_>) -> Vec<Interest> {
        let key = lens.selected.iter();
        key.flat_map(|key| {
            [Interest::Events(key.clone()), Interest::Pods(key.clone()), Interest::Resources(key.clone())]
        })
        .collect()
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let len = self.lines.len();
        let page = self.height.max(2) as isize;
        match id {
            CommandId::CursorDown => self.window.step(1, len),
            CommandId::CursorUp => self.window.step(-1, len),
            CommandId::CursorTop => self.window.step(isize::MIN, len),
            CommandId::CursorBottom => self.window.step(isize::MAX, len),
            CommandId::PageDown => self.window.step(page - 1, len),
            CommandId::PageUp => self.window.step(1 - page, len),
            CommandId::HalfPageDown => self.window.step(page / 2, len),
            CommandId::HalfPageUp => self.window.step(-page / 2, len),
            CommandId::EventsTimeline => self.timeline = !self.timeline,
            CommandId::SearchOpen => {
                return (Handled::Yes, vec![Effect::Ask(Ask::Search, self.finder.sought().to_owned())]);
            }
            CommandId::SearchNext | CommandId::SearchPrior => {
                let (found, said) = self.finder.step(id, &self.texts(), self.window.selected);
                self.window.selected = found.unwrap_or(self.window.selected);
                return (Handled::Yes, vec![said]);
            }
            CommandId::ViewBack if self.finder.clear() => {}
            _ => return (Handled::No, Vec::new()),
        }
        (Handled::Yes, Vec::new())
    }

    fn typed(&mut self, _: Ask, text: &str, typing: Typing, _: &Seen<'_>) -> Vec<Effect> {
        let found = self.finder.typed(text, typing, &self.texts(), self.window.selected);
        self.window.selected = found.unwrap_or(self.window.selected);
        Vec::new()
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.height = usize::from(area.height.saturating_sub(2));
        self.lines = detail::selected(lens, seen).map_or_else(Vec::new, |(id, row)| {
            let mut lines: Vec<Line> = seen.apps.events_of(id).into_iter().map(told).collect();
            if self.timeline {
                lines.extend(happened(seen, id, row));
                lines.sort_by_key(|line| std::cmp::Reverse(line.at));
            }
            lines
        });
        self.window.clamp(self.lines.len(), self.height);
    }

    fn draw(&self, lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let name = lens.selected.as_ref().map_or("", |key| key.name.as_str());
        let kind = if self.timeline { "time line of" } else { "events of" };
        let mut pen = Pen::new(buf, area, 0, seen.glyphs.ellipsis);
        pen.skip(1).text(&format!("{kind} {name}"), seen.style(Role::Title));
        if let Some((id, _)) = detail::selected(lens, seen)
            && let Some(place) = seen.apps.place_of(id)
        {
            let dropped = seen.apps.events().dropped(&place);
            let link = seen.apps.events().link(&place);
            let (words, role) = link.map_or(("not read yet".to_owned(), Role::Dim), |l| super::links::words(seen, l));
            pen.text(&format!("  {}/{}  ", place.0, place.1), seen.style(Role::Dim)).text(&words, seen.style(role));
            if dropped > 0 {
                pen.text(&format!("  {dropped} older ones left out"), seen.style(Role::Warn));
            }
        }
        if self.lines.is_empty() {
            let text = "nothing was told lately: Events are kept for an hour";
            Pen::new(buf, area, 2, seen.glyphs.ellipsis).skip(1).text(text, seen.style(Role::Dim));
        }
        for (row, n) in self.window.visible(self.lines.len(), self.height).enumerate() {
            let line = &self.lines[n];
            seen.work.row();
            let here = n == self.window.selected;
            let over = |role| if here { seen.style(role).patch(seen.style(Role::Selection)) } else { seen.style(role) };
            let age = line.at.map_or_else(String::new, |at| seen.age(at));
            let mut pen = Pen::new(buf, area, row as u16 + 2, seen.glyphs.ellipsis);
            pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, over(Role::Cursor));
            pen.right(&age, 4, over(Role::Dim)).cell("", 1, over(Role::Dim));
            pen.cell(&line.what, 18.min(area.width / 4), over(line.role)).cell("", 1, over(Role::Dim));
            pen.cell(&line.about, (area.width / 4).min(36), over(Role::Dim)).cell("", 1, over(Role::Dim));
            pen.text(&line.text, over(Role::Text));
        }
    }
}

fn told(event: Event) -> Line {
    let often = if event.count > 1 { format!(" x{}", event.count) } else { String::new() };
    Line {
        at: event.last,
        role: if event.warning { Role::Warn } else { Role::Dim },
        what: format!("{}{often}", event.reason),
        about: format!("{}/{}", event.object.kind, event.object.name),
        text: event.message.into(),
    }
}

/// What happened beside Events: deployments, the operation, changes of health, ends of containers.
fn happened(seen: &Seen<'_>, id: RowId, row: &AppRow) -> Vec<Line> {
    let about = || format!("Application/{}", row.key.name);
    let line = |at, role, what: &str, about, text| Line { at, role, what: what.to_owned(), about, text };
    let mut lines = Vec::new();
    for entry in seen.apps.detail(&row.key).iter().flat_map(|d| &d.history) {
        let by = entry.by.as_ref().map_or("auto-sync", Symbol::as_str);
        let text = format!("#{} {} by {by}", entry.id, short_revision(&entry.revision));
        lines.push(line(entry.deployed, Role::Ok, "deployed", about(), text));
    }
    if let Some(operation) = &row.operation {
        let text = operation.message.as_deref().unwrap_or_default().to_owned();
        lines.push(line(operation.started, Role::Busy, "operation began", about(), String::new()));
        let role = if operation.has_failed() { Role::Bad } else { Role::Ok };
        if operation.finished.is_some() {
            let what = format!("operation {}", operation.phase.map_or("ended", Phase::word));
            lines.push(line(operation.finished, role, &what, about(), text));
        }
    }
    let health = row.health_message.as_deref().unwrap_or_default().to_owned();
    lines.push(line(row.health_since, Role::Text, row.health.word(), about(), health));
    for pod in seen.apps.pods_of(id) {
        for container in &pod.containers {
            if let Some(ended) = container.ended() {
                let role = if ended.exit_code == 0 { Role::Dim } else { Role::Bad };
                let text = format!("{} exit {} ({})", container.name, ended.exit_code, ended.reason);
                lines.push(line(ended.finished, role, "container ended", format!("Pod/{}", pod.name), text));
            }
        }
    }
    lines
}
