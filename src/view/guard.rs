//! A guarded sync: what it sees and does, and where a person is asked whether to go back.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::desk::Guarding;
use super::detail::{self, Run};
use super::travel::{scrolled, steps};
use super::{Effect, Handled, Lens, ScreenId, Seen, View, strip};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::AppKey;
use crate::store::Interest;
use crate::widget::{Pen, pen};

/// The guard of one Application.
#[derive(Debug, Default)]
pub struct Guard {
    key: Option<AppKey>,
    /// The focus is on the button that goes back.
    on_back: bool,
    lines: Vec<Vec<Run>>,
    offset: usize,
    height: usize,
}

impl View for Guard {
    fn id(&self) -> ScreenId {
        ScreenId::Guard
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Guard]
    }

    fn interests(&self, _: &Lens, _: &Seen<'_>) -> Vec<Interest> {
        let of = [Interest::Resources, Interest::Pods, Interest::Events, Interest::LastWords];
        self.key.iter().flat_map(|key| of.map(|interest| interest(key.clone()))).collect()
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, seen: &Seen<'_>) -> (Handled, Vec<Effect>) {
        match id {
            CommandId::GuardOther => {
                self.on_back = !self.on_back && self.asking(seen).is_some();
            }
            CommandId::GuardChoose => return (Handled::Yes, self.choose(seen)),
            id => match steps(id, self.height) {
                Some(by) => self.offset = scrolled(self.offset, by, self.lines.len(), self.height),
                None => return (Handled::No, Vec::new()),
            },
        }
        (Handled::Yes, Vec::new())
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        if self.key.is_none() {
            self.key.clone_from(&lens.selected);
        }
        self.height = usize::from(area.height.saturating_sub(2));
        self.on_back &= self.asking(seen).is_some();
        self.lines = self.told(seen, area.width);
        self.offset = self.offset.min(self.lines.len().saturating_sub(self.height));
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let name = self.key.as_ref().map_or("nothing", |key| &*key.name);
        let mut title = Pen::new(buf, area, 0, seen.glyphs.ellipsis);
        title.skip(1).text(&format!("Guarded sync of {name}"), seen.style(Role::Title));
        if let Some(environment) = self.environment(seen) {
            title.text("  ", seen.style(Role::Dim));
            title.text(&seen.environment_name(&environment), seen.environment_style(&environment));
        }
        for (row, runs) in self.lines.iter().skip(self.offset).take(self.height).enumerate() {
            seen.work.row();
            let mut pen = Pen::new(buf, area, row as u16 + 1, seen.glyphs.ellipsis);
            for (text, role) in runs {
                pen.text(text, seen.style(*role));
            }
        }
        if let Some(guarding) = self.asking(seen) {
            self.draw_buttons(seen, guarding, area, buf);
        }
    }
}

impl Guard {
    fn guarding<'d>(&self, seen: &Seen<'d>) -> Option<&'d Guarding> {
        seen.desk.guards.get(self.key.as_ref()?)
    }

    fn asking<'d>(&self, seen: &Seen<'d>) -> Option<&'d Guarding> {
        self.guarding(seen).filter(|guarding| guarding.asks && guarding.ended.is_none())
    }

    fn environment(&self, seen: &Seen<'_>) -> Option<crate::domain::Environment> {
        let row = seen.apps.get(seen.apps.find(self.key.as_ref()?)?)?;
        row.environment.as_ref().map(|name| seen.apps.describe(name))
    }

    fn choose(&self, seen: &Seen<'_>) -> Vec<Effect> {
        match self.asking(seen) {
            Some(guarding) => vec![Effect::Answer { number: guarding.number, back: self.on_back }],
            None => vec![Effect::Pop],
        }
    }

    fn told(&self, seen: &Seen<'_>, width: u16) -> Vec<Vec<Run>> {
        let Some(guarding) = self.guarding(seen) else {
            return vec![vec![("  no guarded sync of it was begun here".to_owned(), Role::Dim)]];
        };
        let mut lines = Vec::new();
        let mut block = |label: &str, text: &str, role| detail::block(&mut lines, width, label, text, role);
        block("plan", &guarding.title, Role::Text);
        if !guarding.leaves.is_empty() && guarding.ended.is_none() {
            block("on leaving", &guarding.leaves, Role::Dim);
        }
        match &guarding.ended {
            Some(true) => block("ended", &guarding.said, Role::Ok),
            Some(false) => block("ended", &guarding.said, Role::Bad),
            None => block("now", &guarding.said, Role::Busy),
        }
        if let Some((why, found)) = &guarding.failed {
            block("failed", why, Role::Bad);
            for line in found {
                lines.push(vec![(format!("  {:<11}", ""), Role::Dim), (line.clone(), Role::Text)]);
            }
        }
        if let Some((id, row)) =
            self.key.as_ref().and_then(|key| seen.apps.find(key)).and_then(|id| Some((id, seen.apps.get(id)?)))
        {
            lines.push(Vec::new());
            lines.push(vec![(format!(" {}", row.key.name), Role::Heading)]);
            lines.extend(detail::state(seen, row, width));
            lines.extend(strip::lines(seen, id, row, width));
        }
        lines
    }

    fn draw_buttons(&self, seen: &Seen<'_>, guarding: &Guarding, area: Rect, buf: &mut Buffer) {
        let framed = |text: &str, here: bool| if here { format!("[ {text} ]") } else { format!("  {text}  ") };
        let leave = framed("Leave it as it is", !self.on_back);
        let back = framed(&format!("Roll back to {}", guarding.harbour), self.on_back);
        let looks = |role, here| {
            if here { seen.style(role).patch(seen.style(Role::Selection)) } else { seen.style(role) }
        };
        let width = pen::width(&leave) + pen::width(&back) + 2;
        let mut pen = Pen::new(buf, area, area.height.saturating_sub(1), seen.glyphs.ellipsis);
        pen.skip(pen.room().saturating_sub(width as u16));
        pen.text(&leave, looks(Role::Text, !self.on_back)).skip(1);
        pen.text(&back, looks(Role::Bad, self.on_back));
    }
}

/// What stands with an Application that is guarded here: how it goes, and what a person is asked.
pub(super) fn line(seen: &Seen<'_>, key: &AppKey) -> Option<(String, Role)> {
    let guarding = seen.desk.guards.get(key)?;
    let role = match (&guarding.ended, &guarding.failed) {
        (Some(true), _) => return None,
        (Some(false), _) | (None, Some(_)) => Role::Bad,
        (None, None) => Role::Busy,
    };
    let open =
        seen.keys.key(&[Scope::App], CommandId::AppSyncGuarded).filter(|_| guarding.asks && guarding.ended.is_none());
    let open =
        open.map_or_else(String::new, |key| format!("; {key} asks whether to roll back to {}", guarding.harbour));
    Some((format!("{}{open}", guarding.said), role))
}
