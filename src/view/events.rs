//! What controllers told about an Application and its objects; as a list with Warnings first, or as a timeline together
//! with deployments, operations and restarts.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::detail;
use super::travel::steps;
use super::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::app::short_revision;
use crate::domain::served::shown_context;
use crate::domain::text::without_colour;
use crate::domain::{AppRow, Event, Health, Phase, Symbol, Sync, Timestamp};
use crate::store::changes::{Change, What};
use crate::store::logs::{Filter, Hits, Kind, Level, LogQuery, Pattern, STEP};
use crate::store::{Interest, RowId};
use crate::widget::{Pen, Window};

/// The Events of one Application.
#[derive(Debug)]
pub struct Events {
    lines: Vec<Line>,
    window: Window,
    height: usize,
    /// By time, with everything else that happened.
    timeline: bool,
    /// The cursor stays at the top, where news come in; else on the line it is on.
    follow: bool,
    wanted: Option<Pattern>,
    /// The log lines of the timeline.
    errors: Hits,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            lines: Vec::new(),
            window: Window::default(),
            height: 0,
            timeline: false,
            follow: true,
            wanted: None,
            errors: Hits::default(),
        }
    }
}

/// Newest lines of each container that are looked through for errors, to begin with.
const TAIL: u32 = 500;
/// Errors that are shown, the newest.
const ERRORS: usize = 200;

#[derive(Clone, Debug, PartialEq)]
struct Line {
    at: Option<Timestamp>,
    role: Role,
    what: String,
    about: String,
    text: String,
}

impl Line {
    /// Whether both are of the same thing, which may have happened again since.
    fn is_of(&self, other: &Self) -> bool {
        self.about == other.about && self.text == other.text && self.role == other.role
    }
}

impl View for Events {
    fn id(&self) -> ScreenId {
        ScreenId::Events
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Events, Scope::App]
    }

    fn interests(&self, lens: &Lens, _: &Seen<'_>) -> Vec<Interest> {
        let key = lens.selected.iter();
        key.flat_map(|key| [Interest::Events, Interest::Pods, Interest::Resources].map(|of| of(key.clone()))).collect()
    }

    fn wanted(&self, lens: &Lens) -> Option<LogQuery> {
        let app = lens.selected.clone().filter(|_| self.timeline)?;
        Some(LogQuery { app, hooks: false, previous: false, since: None, tail: Some(TAIL) })
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        match id {
            CommandId::EventsTimeline => {
                self.timeline = !self.timeline;
                self.follow = true;
            }
            CommandId::EventsFollow => self.follow = !self.follow,
            CommandId::ViewBack if self.wanted.take().is_some() => {}
            CommandId::EventsFilter => {
                let typed = self.wanted.as_ref().map_or("", Pattern::typed);
                return (Handled::Yes, vec![Effect::Ask(Ask::Search, typed.to_owned())]);
            }
            id => match steps(id, self.height) {
                Some(by) => {
                    self.window.step(by, self.lines.len());
                    self.follow = self.window.selected == 0;
                }
                None => return (Handled::No, Vec::new()),
            },
        }
        (Handled::Yes, Vec::new())
    }

    fn typed(&mut self, _: Ask, text: &str, typing: Typing, _: &Seen<'_>) -> Vec<Effect> {
        match Pattern::parse(text) {
            Ok(wanted) => self.wanted = wanted,
            // half an expression is none yet
            Err(why) if typing == Typing::Accepted => return vec![Effect::Say(why)],
            Err(_) => {}
        }
        Vec::new()
    }

    fn point(&mut self, at: Position, _: &mut Lens, _: &Seen<'_>) -> bool {
        usize::from(at.y).checked_sub(2).is_some_and(|line| self.window.point(line, self.lines.len(), self.height))
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.height = usize::from(area.height.saturating_sub(2));
        let before = self.lines.get(self.window.selected).cloned();
        let mut lines = detail::selected(lens, seen).map_or_else(Vec::new, |(id, row)| {
            let mut lines: Vec<Line> = seen.apps.events_of(id).into_iter().map(told).collect();
            if self.timeline {
                lines.extend(happened(seen, id, row));
                lines.extend(self.errors(seen));
                lines.sort_by_key(|line| std::cmp::Reverse(line.at));
            }
            lines
        });
        if let Some(wanted) = &self.wanted {
            let has = |text: &str| wanted.find_in(text).next().is_some();
            lines.retain(|line| has(&line.what) || has(&line.about) || has(&line.text));
        }
        self.lines = lines;
        if self.follow {
            self.window = Window::default();
        } else if let Some(place) = before.and_then(|before| self.lines.iter().position(|line| line.is_of(&before))) {
            self.window.selected = place;
        }
        self.window.clamp(self.lines.len(), self.height);
    }

    fn draw(&self, lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let name = lens.selected.as_ref().map_or("", |key| key.name.as_str());
        let kind = if self.timeline { "timeline of" } else { "events of" };
        let mut pen = Pen::new(buf, area, 0, seen.glyphs.ellipsis);
        pen.skip(1).text(&format!("{kind} {name}"), seen.style(Role::Title));
        let id = detail::selected(lens, seen).map(|(id, _)| id);
        let places = id.map_or_else(Vec::new, |id| seen.apps.places_of(id));
        for place in &places {
            let link = seen.apps.events().link(place);
            let (words, role) = link.map_or(("not read yet".to_owned(), Role::Dim), |l| super::links::words(seen, l));
            pen.text(&format!("  {}/{}  ", shown_context(&place.0), place.1), seen.style(Role::Dim))
                .text(&words, seen.style(role));
        }
        if self.follow && !places.is_empty() {
            pen.text("  follow", seen.style(Role::Accent));
        }
        let dropped: u64 = places.iter().map(|place| seen.apps.events().dropped(place)).sum();
        if dropped > 0 {
            pen.text(&format!("  {dropped} older ones left out"), seen.style(Role::Warn));
        }
        if let Some(wanted) = &self.wanted {
            let mut pen = Pen::new(buf, area, 1, seen.glyphs.ellipsis);
            pen.skip(1).text(&format!("/{}", wanted.typed()), seen.style(Role::Accent));
            pen.text(&format!("  {}", self.lines.len()), seen.style(Role::Dim));
        }
        if self.lines.is_empty() {
            let text = match self.wanted {
                Some(_) => "nothing that was told has these words",
                None => "nothing was told lately: Events are kept for an hour",
            };
            let lost = id.map_or_else(Vec::new, |id| detail::no_route(seen, id, area.width));
            Pen::new(buf, area, 2, seen.glyphs.ellipsis).skip(1).text(text, seen.style(Role::Dim));
            for (n, line) in lost.iter().enumerate() {
                let mut pen = Pen::new(buf, area, n as u16 + 3, seen.glyphs.ellipsis);
                for (text, role) in line {
                    pen.text(text, seen.style(*role));
                }
            }
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
            pen.cell(&line.what, 20.min(area.width / 4), over(line.role)).cell("", 1, over(Role::Dim));
            pen.cell(&line.about, (area.width / 4).min(36), over(Role::Dim)).cell("", 1, over(Role::Dim));
            pen.text(&line.text, over(Role::Text));
        }
    }
}

fn told(event: Event) -> Line {
    Line {
        at: event.last,
        role: if event.warning { Role::Warn } else { Role::Dim },
        what: event.brief(),
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
    let seen_end = seen.apps.changes().of(&row.key).any(|change| matches!(change.what, What::Operation(_)));
    let seen_health = seen.apps.changes().of(&row.key).any(|change| matches!(change.what, What::Health(..)));
    lines.extend(seen.apps.changes().of(&row.key).map(|change| {
        let (role, what, text) = changed(row, change);
        line(Some(change.at), role, &what, about(), text)
    }));
    // what Argo CD keeps of the time before the cockpit looked on
    if let Some(operation) = row.operation.as_ref().filter(|_| !seen_end) {
        let text = operation.message.as_deref().unwrap_or_default().to_owned();
        lines.push(line(operation.started, Role::Busy, "operation began", about(), String::new()));
        let role = if operation.has_failed() { Role::Bad } else { Role::Ok };
        if operation.finished.is_some() {
            let what = format!("operation {}", operation.phase.map_or("ended", Phase::word));
            lines.push(line(operation.finished, role, &what, about(), text));
        }
    }
    if !seen_health {
        let health = row.health_message.as_deref().unwrap_or_default().to_owned();
        lines.push(line(row.health_since, Role::Text, row.health.word(), about(), health));
    }
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

/// A change in words.
fn changed(row: &AppRow, change: &Change) -> (Role, String, String) {
    match &change.what {
        &What::Health(from, to) => {
            let role = if to > Health::Progressing { Role::Warn } else { Role::Text };
            let now = row.health_message.as_deref().filter(|_| row.health == to);
            let why = now.map_or_else(String::new, |why| format!(": {why}"));
            (role, to.word().to_owned(), format!("health was {}{why}", from.word()))
        }
        &What::Sync(from, to) => {
            let role = if to == Sync::Synced { Role::Text } else { Role::Warn };
            (role, to.word().to_owned(), format!("sync was {}", from.word()))
        }
        &What::Operation(phase) => {
            let role = match phase {
                Phase::Running => Role::Busy,
                Phase::Succeeded => Role::Ok,
                Phase::Terminating | Phase::Failed | Phase::Error => Role::Bad,
            };
            let operation = row.operation.as_deref().filter(|operation| operation.phase == Some(phase));
            let said = operation.and_then(|operation| operation.message.as_deref()).unwrap_or_default();
            (role, format!("operation {}", phase.word()), said.to_owned())
        }
        What::Version(from, to) => (Role::Text, "version".to_owned(), format!("{from} -> {to}")),
        What::Retry(count) => (Role::Warn, "attempt failed".to_owned(), format!("retry {count} is waited for")),
    }
}

impl Events {
    /// The newest error lines of the containers; the older ones are looked through a step at a time.
    fn errors(&mut self, seen: &Seen<'_>) -> Vec<Line> {
        self.errors.set_filter(&Filter { level: Some(Level::Error), ..Filter::default() });
        if !self.errors.step(seen.logs, STEP) {
            seen.wake_in(Duration::from_millis(1));
        }
        let mut number = seen.logs.end();
        let hits = std::iter::from_fn(|| {
            number = self.errors.before(number)?;
            Some(number)
        });
        let lines = hits.filter_map(|number| seen.logs.get(number)).filter(|line| line.kind != Kind::Marker);
        lines
            .take(ERRORS)
            .map(|line| {
                let stream = line.stream.and_then(|id| seen.logs.stream_of(id));
                let about = stream.map_or_else(String::new, |s| format!("Pod/{} {}", s.pod, s.container));
                let text = without_colour(line.text).into_owned();
                Line { at: Some(line.at), role: Role::Bad, what: line.level.word().to_owned(), about, text }
            })
            .collect()
    }
}
