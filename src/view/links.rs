//! The sources: how each is doing, why, what to try, and turning one on or off.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::empty::wrap;
use super::travel::steps;
use super::{Effect, Handled, Lens, ScreenId, Seen, View};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::{Link, Symbol};
use crate::store::SourceState;
use crate::widget::{Pen, Window};

/// The list of sources.
#[derive(Debug, Default)]
pub struct Links {
    window: Window,
    height: usize,
}

impl View for Links {
    fn id(&self) -> ScreenId {
        ScreenId::Links
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Links]
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, seen: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let len = seen.apps.sources().len();
        let selected = || seen.apps.sources().keys().nth(self.window.selected).cloned();
        let mut effects = Vec::new();
        match id {
            CommandId::SourceToggle => effects.extend(selected().map(Effect::Toggle)),
            CommandId::SourceReconnect => effects.extend(selected().map(|s| Effect::Reconnect(Some(s)))),
            CommandId::SourceLogin => effects.extend(selected().map(Effect::LogIn)),
            id => match steps(id, self.height) {
                Some(by) => self.window.step(by, len),
                None => return (Handled::No, effects),
            },
        }
        (Handled::Yes, effects)
    }

    fn point(&mut self, at: Position, _: &mut Lens, seen: &Seen<'_>) -> bool {
        let len = seen.apps.sources().len();
        usize::from(at.y).checked_sub(1).is_some_and(|line| self.window.point(line, len, self.height))
    }

    fn layout(&mut self, _: &mut Lens, seen: &Seen<'_>, area: Rect) {
        let lines = usize::from(area.height.saturating_sub(DETAIL_LINES + 2));
        self.height = lines.max(1);
        self.window.clamp(seen.apps.sources().len(), self.height);
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let mut pen = Pen::new(buf, area, 0, seen.glyphs.ellipsis);
        pen.skip(2).cell("source", 22, seen.style(Role::Heading)).cell("link", 16, seen.style(Role::Heading));
        pen.cell("apps", 7, seen.style(Role::Heading)).cell("address", 40, seen.style(Role::Heading));
        let sources = seen.apps.sources();
        if sources.is_empty() {
            super::empty::draw(&Lens::default(), seen, super::fleet::below(area, 1), buf);
            return;
        }
        let visible = self.window.visible(sources.len(), self.height);
        let (first, count) = (visible.start, visible.len());
        for (line, (name, source)) in sources.iter().skip(first).take(count).enumerate() {
            seen.work.row();
            let here = first + line == self.window.selected;
            let over = |role| if here { seen.style(role).patch(seen.style(Role::Selection)) } else { seen.style(role) };
            let mut pen = Pen::new(buf, area, line as u16 + 1, seen.glyphs.ellipsis);
            pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, over(Role::Cursor));
            pen.cell(name, 21, over(Role::Text)).skip(1);
            let (words, role) = words(seen, &source.link);
            pen.cell(&words, 15, over(role)).skip(1);
            pen.cell(&source.apps.to_string(), 7, over(Role::Text)).text(&source.facts.server, over(Role::Dim));
        }
        if let Some((name, source)) = sources.iter().nth(self.window.selected) {
            draw_facts(seen, name, source, super::fleet::below(area, 2 + count as u16), buf);
        }
    }
}

/// Lines kept for the facts of the selected source.
const DETAIL_LINES: u16 = 9;

/// The state of a link in a word or two.
#[must_use]
pub fn words(seen: &Seen<'_>, link: &Link) -> (String, Role) {
    match link {
        Link::Off => ("off".to_owned(), Role::Dim),
        Link::Connecting { loaded: 0 } => ("connecting".to_owned(), Role::Busy),
        Link::Connecting { loaded } => (format!("reading {loaded}"), Role::Busy),
        Link::Live => ("live".to_owned(), Role::Ok),
        Link::Stale { since } => (format!("stale {}", seen.age(*since)), Role::Warn),
        Link::Denied { .. } => ("denied".to_owned(), Role::Bad),
        Link::Auth { .. } => ("auth".to_owned(), Role::Bad),
        Link::Down { since, .. } => (format!("down {}", seen.age(*since)), Role::Bad),
    }
}

fn draw_facts(seen: &Seen<'_>, name: &Symbol, source: &SourceState, area: Rect, buf: &mut Buffer) {
    let facts = &source.facts;
    let mut lines: Vec<(String, Role)> = Vec::new();
    match &source.link {
        Link::Denied { what } => lines.push((format!("refused: {what}"), Role::Bad)),
        Link::Auth { why } => lines.push((why.clone(), Role::Bad)),
        Link::Down { why, retry_at, .. } => {
            let left = crate::domain::time::elapsed(seen.now, *retry_at);
            if !left.is_zero() {
                // under a whole second it reads differently
                let over = std::time::Duration::from_nanos(left.subsec_nanos().into());
                seen.wake_in(over + std::time::Duration::from_millis(1));
            }
            lines.push((format!("{why}; next try in {}s", left.as_secs()), Role::Bad));
        }
        Link::Off => lines.push(("enter turns it on".to_owned(), Role::Text)),
        Link::Stale { .. } => {
            lines.push(("no byte for a while, bookmarks included; reconnecting".to_owned(), Role::Warn));
        }
        Link::Connecting { .. } | Link::Live => {}
    }
    let key = seen.keys.key(&[Scope::Links], CommandId::SourceLogin).filter(|_| source.wants_login());
    lines.extend(key.map(|key| (format!("{key} logs in"), Role::Text)));
    if let Some(hint) = facts.hint.as_ref().filter(|_| source.link.is_doubtful()) {
        lines.push((format!("try: {hint}"), Role::Text));
    }
    let told =
        [("Argo CD in", facts.argocd_namespace.as_str()), ("as", facts.user.as_str()), ("by", facts.road.as_str())];
    let told: Vec<String> = told.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k} {v}")).collect();
    if !told.is_empty() {
        lines.push((told.join(", "), Role::Dim));
    }
    if let Some(server) = &facts.beside {
        let words = format!("resources, and what no context leads to, through argocd-server {server}");
        lines.push((words, Role::Dim));
    }
    let projects = seen.apps.projects_link(&seen.apps.projects_place(name));
    if let Some(Link::Denied { what: why } | Link::Auth { why } | Link::Down { why, .. }) = projects {
        lines.push((format!("sync windows are not known: {why}"), Role::Warn));
    }
    if facts.odd > 0 {
        let example = facts.odd_example.as_deref().unwrap_or_default();
        lines.push((format!("{} odd objects, the last: {example}", facts.odd), Role::Warn));
    }
    Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(2).text(name, seen.style(Role::Title));
    let mut line = 1;
    for (text, role) in lines {
        for part in wrap(&text, usize::from(area.width.saturating_sub(5))) {
            Pen::new(buf, area, line, seen.glyphs.ellipsis).skip(4).text(&part, seen.style(role));
            line += 1;
        }
    }
}
