//! One object of an Application: what it says of itself, what was told about it, and all of it as YAML.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::detail::{self, Run};
use super::empty::wrap;
use super::travel::{scrolled, steps};
use super::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View, status};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::event::fold;
use crate::domain::{LiveObject, ObjectName, Symbol};
use crate::store::logs::Pattern;
use crate::store::{Interest, RowId};
use crate::widget::Pen;
use crate::widget::yaml::key_end;

/// Events shown above the YAML; the others stand in the Events of the Application.
const EVENTS: usize = 5;

/// The object under the cursor of the screen below.
#[derive(Debug, Default)]
pub struct Resource {
    /// Which it is: it stays the same while the screen below changes.
    name: Option<ObjectName>,
    lines: Vec<Vec<Run>>,
    offset: usize,
    height: usize,
    /// managedFields are shown whole.
    unfolded: bool,
    wanted: Option<Pattern>,
    /// The lines it is in, and which of them was gone to last.
    found: Vec<usize>,
    at: Option<usize>,
}

impl View for Resource {
    fn id(&self) -> ScreenId {
        ScreenId::Resource
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Resource, Scope::App]
    }

    fn interests(&self, lens: &Lens, _: &Seen<'_>) -> Vec<Interest> {
        let Some(app) = &lens.selected else { return Vec::new() };
        let object = self.name.clone().map(|name| Interest::Object(app.clone(), name));
        object.into_iter().chain([Interest::Pods(app.clone()), Interest::Events(app.clone())]).collect()
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let mut effects = Vec::new();
        match id {
            CommandId::ResourceSearch => effects.push(Effect::Ask(Ask::Search, String::new())),
            CommandId::ResourceNext => effects.extend(self.go_on(1)),
            CommandId::ResourcePrior => effects.extend(self.go_on(-1)),
            CommandId::ViewBack if self.wanted.take().is_some() => self.find(),
            CommandId::ResourceManaged => {
                self.unfolded = !self.unfolded;
                self.at = None;
            }
            id => match steps(id, self.height) {
                Some(by) => self.offset = scrolled(self.offset, by, self.lines.len(), self.height),
                None => return (Handled::No, effects),
            },
        }
        (Handled::Yes, effects)
    }

    fn typed(&mut self, _: Ask, text: &str, typing: Typing, _: &Seen<'_>) -> Vec<Effect> {
        match Pattern::parse(text) {
            Ok(wanted) => self.wanted = wanted,
            // half an expression is none yet
            Err(why) if typing == Typing::Accepted => return vec![Effect::Say(why)],
            Err(_) => return Vec::new(),
        }
        self.find();
        self.at = None;
        if typing == Typing::Cancelled { Vec::new() } else { self.go_on(0) }
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        if self.name.is_none() {
            self.name.clone_from(&lens.object);
        }
        self.height = usize::from(area.height.saturating_sub(1));
        self.lines = match (detail::selected(lens, seen), &self.name) {
            (Some((id, _)), Some(name)) => lines(seen, id, name, self.unfolded, area.width),
            _ => Vec::new(),
        };
        self.offset = self.offset.min(self.lines.len().saturating_sub(self.height));
        self.find();
    }

    fn draw(&self, lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        self.draw_title(lens, seen, area, buf);
        let shown = self.lines.iter().enumerate().skip(self.offset).take(self.height);
        for (row, (n, runs)) in shown.enumerate() {
            seen.work.row();
            let here = self.at.and_then(|at| self.found.get(at)) == Some(&n);
            let mut pen = Pen::new(buf, area, row as u16 + 1, seen.glyphs.ellipsis);
            let mark = if here { seen.glyphs.cursor } else { "" };
            pen.cell(mark, 2, seen.style(Role::Cursor));
            for (text, role) in runs {
                let matches = self.wanted.iter().flat_map(|wanted| wanted.find_in(text));
                let mut from = 0;
                for found in matches {
                    pen.text(&text[from..found.start], seen.style(*role));
                    pen.text(&text[found.clone()], seen.style(*role).patch(seen.style(Role::Found)));
                    from = found.end;
                }
                pen.text(&text[from..], seen.style(*role));
            }
        }
    }
}

impl Resource {
    fn draw_title(&self, lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let mut pen = Pen::new(buf, area, 0, seen.glyphs.ellipsis);
        let Some(name) = &self.name else {
            pen.skip(1).text("no resource is selected", seen.style(Role::Dim));
            return;
        };
        pen.skip(1).text(&format!("{} {}", name.kind, name.name), seen.style(Role::Title));
        let object = detail::selected(lens, seen).and_then(|(id, _)| seen.apps.object(id, name));
        if let Some((health, said)) = object.and_then(|object| object.health.as_ref()) {
            let (sign, role) = status::health_sign(seen, *health);
            let said = said.as_deref().map_or_else(String::new, |said| format!(": {said}"));
            pen.text(&format!("  {sign} {}{said}", health.word()), seen.style(role));
        }
        let of = lens.selected.as_ref().map_or("", |app| &*app.name);
        let place = if name.namespace.is_empty() { String::new() } else { format!(" in {}", name.namespace) };
        pen.text(&format!("  of {of}{place}"), seen.style(Role::Dim));
        if let Some(wanted) = &self.wanted {
            let at = self.at.map_or_else(String::new, |at| format!("{} of ", at + 1));
            pen.text(&format!("  /{}: {at}{}", wanted.typed(), self.found.len()), seen.style(Role::Accent));
        }
    }

    fn find(&mut self) {
        let Some(wanted) = &self.wanted else { return self.found.clear() };
        let is_in = |line: &Vec<Run>| line.iter().any(|(text, _)| wanted.find_in(text).next().is_some());
        self.found = (0..self.lines.len()).filter(|n| is_in(&self.lines[*n])).collect();
        self.at = self.at.filter(|at| *at < self.found.len());
    }

    /// Goes `by` matches on, round the ends; to the first one below the top of the screen when none was gone to yet.
    fn go_on(&mut self, by: isize) -> Vec<Effect> {
        let Some(wanted) = &self.wanted else { return vec![Effect::Say("/ searches".to_owned())] };
        let count = self.found.len() as isize;
        if count == 0 {
            return vec![Effect::Say(format!("{} is not in it", wanted.typed()))];
        }
        let from_here = || self.found.iter().position(|line| *line >= self.offset).unwrap_or_default();
        let next = match self.at {
            Some(at) => (at as isize + by).rem_euclid(count) as usize,
            None if by < 0 => (from_here() as isize - 1).rem_euclid(count) as usize,
            None => from_here(),
        };
        self.at = Some(next);
        let line = self.found[next];
        if line < self.offset || line >= self.offset + self.height {
            self.offset = line.saturating_sub(self.height / 2).min(self.lines.len().saturating_sub(self.height));
        }
        Vec::new()
    }
}

fn lines(seen: &Seen<'_>, id: RowId, name: &ObjectName, unfolded: bool, width: u16) -> Vec<Vec<Run>> {
    let mut lines = Vec::new();
    let Some(object) = seen.apps.object(id, name) else {
        let lost = super::detail::no_route(seen, id, width);
        let reads = || vec![vec![(format!("it is being read{}", seen.glyphs.ellipsis), Role::Dim)]];
        return if lost.is_empty() { reads() } else { lost };
    };
    let room = usize::from(width.saturating_sub(4)).max(10);
    if let Some(why) = &object.failed {
        let said = if object.yaml.is_empty() { format!("not read: {why}") } else { format!("not read anew: {why}") };
        lines.extend(wrap(&said, room).into_iter().map(|part| vec![(part, Role::Warn)]));
    }
    conditions(seen, object, room, &mut lines);
    events(seen, id, name, room, &mut lines);
    yaml(seen, object, unfolded, &mut lines);
    lines
}

fn heading(text: &str) -> Vec<Run> {
    vec![(text.to_owned(), Role::Heading)]
}

fn conditions(seen: &Seen<'_>, object: &LiveObject, room: usize, lines: &mut Vec<Vec<Run>>) {
    if object.conditions.is_empty() {
        return;
    }
    lines.push(heading("conditions"));
    for condition in &object.conditions {
        let age = condition.since.map_or_else(String::new, |at| format!(" for {}", seen.age(at)));
        let reason = if condition.reason.is_empty() { String::new() } else { format!("  {}", condition.reason) };
        let role = if &*condition.status == "True" { Role::Text } else { Role::Warn };
        lines.push(vec![
            (format!("  {} ", condition.kind), Role::Text),
            (condition.status.to_string(), role),
            (format!("{age}{reason}"), Role::Dim),
        ]);
        let message = wrap(&condition.message, room.saturating_sub(4));
        lines.extend(message.into_iter().map(|part| vec![(format!("    {part}"), Role::Dim)]));
    }
}

fn events(seen: &Seen<'_>, id: RowId, name: &ObjectName, room: usize, lines: &mut Vec<Vec<Run>>) {
    let Some(context) = seen.apps.route(id).and_then(|route| route.context().cloned()) else { return };
    let at = seen.apps.events().at(&(context, name.namespace.clone()));
    let its = fold(at.filter(|event| event.object.kind == name.kind && event.object.name == name.name));
    if its.is_empty() {
        return;
    }
    let more = its.len().saturating_sub(EVENTS);
    lines.push(heading(&if more > 0 { format!("events, {more} older ones left out") } else { "events".to_owned() }));
    for event in its.into_iter().take(EVENTS) {
        let age = event.last.map_or_else(String::new, |at| seen.age(at));
        let role = if event.warning { Role::Warn } else { Role::Dim };
        let mut parts = wrap(&event.message, room.saturating_sub(8)).into_iter();
        let first = parts.next().unwrap_or_default();
        lines.push(vec![
            (format!("  {age:>4} "), Role::Dim),
            (format!("{}  ", event.brief()), role),
            (first, Role::Text),
        ]);
        lines.extend(parts.map(|part| vec![(format!("       {part}"), Role::Text)]));
    }
}

fn yaml(seen: &Seen<'_>, object: &LiveObject, unfolded: bool, lines: &mut Vec<Vec<Run>>) {
    if object.yaml.is_empty() {
        return;
    }
    lines.push(heading("live object, secrets masked"));
    let place = object.folded.as_ref().map(|(place, _)| *place);
    for (n, line) in object.yaml.iter().enumerate() {
        match &object.folded {
            Some((_, whole)) if Some(n) == place && unfolded => lines.extend(whole.iter().map(|line| coloured(line))),
            Some((_, whole)) if Some(n) == place => {
                let managers = object.managers.iter().map(Symbol::as_str).collect::<Vec<_>>().join(", ");
                let said = format!(" {} {} lines, by {managers}", seen.glyphs.ellipsis, whole.len());
                lines.push(vec![("  managedFields:".to_owned(), Role::Dim), (said, Role::Dim)]);
            }
            _ => lines.push(coloured(line)),
        }
    }
}

/// A line of YAML: its key quieter than its value.
fn coloured(line: &str) -> Vec<Run> {
    match key_end(line) {
        Some(end) => vec![(line[..end].to_owned(), Role::Dim), (line[end..].to_owned(), Role::Text)],
        None => vec![(line.to_owned(), Role::Text)],
    }
}
