//! What was deployed before, and how the chosen deployment differs from what is there now.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::compared::side_by_side;
use super::travel::steps;
use super::{Effect, Handled, Lens, ScreenId, Seen, View, forecast};
use crate::action::{Application, Entry, Past, Proposal, Verb, compare, preselected};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::app::short_revision;
use crate::domain::{AppKey, State, Timestamp, Versus};
use crate::store::Interest;
use crate::widget::{Pen, Window};

/// The deployments of one Application, newest first.
#[derive(Debug, Default)]
pub struct Deployments {
    key: Option<AppKey>,
    /// The Application as it was read, and when.
    app: Option<(Timestamp, Application)>,
    entries: Vec<Entry>,
    /// What they ran.
    past: Past,
    /// Why it cannot be rolled back, or why there is nothing to see.
    obstacle: Option<String>,
    window: Window,
    height: usize,
}

/// What is asked for so that the history comes with it.
#[must_use]
pub fn proposal(key: AppKey) -> Proposal {
    Proposal { verb: Verb::Rollback { id: None, prune: false }, apps: vec![key] }
}

impl View for Deployments {
    fn id(&self) -> ScreenId {
        ScreenId::Deployments
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Deployments]
    }

    fn interests(&self, _: &Lens, _: &Seen<'_>) -> Vec<Interest> {
        self.compared().map(|(app, versus)| Interest::Comparison(app, versus)).into_iter().collect()
    }

    fn command(&mut self, id: CommandId, lens: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let Some(key) = self.key.clone() else { return (Handled::No, Vec::new()) };
        match id {
            CommandId::DeploymentsChoose => {
                let Some(entry) = self.entries.get(self.window.selected) else {
                    return (Handled::Yes, vec![Effect::Say("there is no deployment to go back to".to_owned())]);
                };
                let verb = Verb::Rollback { id: Some(entry.id), prune: false };
                (Handled::Yes, vec![Effect::Propose(Proposal { verb, apps: vec![key] })])
            }
            CommandId::DeploymentsDiff => {
                lens.versus = self.compared().map(|(_, versus)| versus);
                (Handled::Yes, vec![Effect::Push(ScreenId::Diff)])
            }
            CommandId::DeploymentsAgain => (Handled::Yes, vec![Effect::Plan(proposal(key))]),
            id => match steps(id, self.height) {
                Some(by) => {
                    self.window.step(by, self.entries.len());
                    (Handled::Yes, Vec::new())
                }
                None => (Handled::No, Vec::new()),
            },
        }
    }

    fn point(&mut self, at: Position, _: &mut Lens, _: &Seen<'_>) -> bool {
        let line = usize::from(at.y).checked_sub(1);
        line.is_some_and(|line| self.window.point(line, self.entries.len(), self.height))
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        if self.key.is_none() {
            self.key.clone_from(&lens.selected);
        }
        let wanted = self.key.clone().map(proposal);
        let draft = wanted.and_then(|wanted| seen.desk.draft_of(&wanted));
        if let Some(draft) = draft
            && self.app.as_ref().is_none_or(|(at, _)| *at != draft.at)
            && let Some(item) = draft.items.first()
        {
            self.obstacle = item.obstacle(seen.now).map(|(why, _)| why);
            let first = self.app.is_none();
            self.app = item.app.clone().map(|app| (draft.at, app));
            self.entries = self.app.as_ref().map(|(_, app)| app.history()).unwrap_or_default();
            self.entries.reverse();
            self.past = item.past.clone();
            if let (true, Some((_, app))) = (first, &self.app) {
                self.window.selected = preselected(app, &self.entries).unwrap_or_default();
            }
        }
        self.height = usize::from(area.height.saturating_sub(1) / 2).max(1);
        self.window.clamp(self.entries.len(), self.height);
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let name = self.key.as_ref().map_or("nothing", |key| &*key.name);
        let mut pen = Pen::new(buf, area, 0, seen.glyphs.ellipsis);
        pen.skip(1).text(&format!("Deployments of {name}"), seen.style(Role::Title));
        if let Some(why) = &self.obstacle {
            pen.text(&format!("  {why}"), seen.style(Role::Warn));
        }
        let Some((_, app)) = &self.app else {
            if self.obstacle.is_none() {
                let words = format!("  they are being read{}", seen.glyphs.ellipsis);
                Pen::new(buf, area, 1, seen.glyphs.ellipsis).text(&words, seen.style(Role::Dim));
            }
            return;
        };
        for (line, n) in self.window.visible(self.entries.len(), self.height).enumerate() {
            self.draw_entry(seen, app, n, Pen::new(buf, area, line as u16 + 1, seen.glyphs.ellipsis));
        }
        let below = self.window.visible(self.entries.len(), self.height).len() as u16 + 2;
        if let Some(entry) = self.entries.get(self.window.selected) {
            let rows = compare(app, entry, &self.past);
            side_by_side(seen, &rows, entry.id, (below, area), buf);
            if let Some((app, versus)) = self.compared() {
                let mut pen = Pen::new(buf, area, below + 2 + rows.len() as u16, seen.glyphs.ellipsis);
                for (text, role) in forecast::line(&app, &versus, seen) {
                    pen.text(&text, seen.style(role));
                }
            }
        }
    }
}

impl Deployments {
    /// The selected deployment, to be compared with what runs.
    fn compared(&self) -> Option<(AppKey, Versus)> {
        let entry = self.entries.get(self.window.selected)?;
        Some((self.key.clone()?, Versus::live(State::Deployment(entry.id))))
    }

    fn draw_entry(&self, seen: &Seen<'_>, app: &Application, n: usize, mut pen: Pen<'_>) {
        seen.work.row();
        let entry = &self.entries[n];
        let here = n == self.window.selected;
        let over = |role| if here { seen.style(role).patch(seen.style(Role::Selection)) } else { seen.style(role) };
        let age = entry.deployed.map_or_else(String::new, |at| seen.age(at));
        let by = entry.by.as_deref().unwrap_or("auto-sync");
        let more = entry.all_revisions().len().saturating_sub(1);
        let more = if more > 0 { format!(" +{more}") } else { String::new() };
        pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, over(Role::Cursor));
        pen.cell(&format!("#{}", entry.id), 6, over(Role::Dim)).cell(&age, 6, over(Role::Dim));
        pen.cell(&format!("{}{more}", short_revision(&entry.shown_revision())), 11, over(Role::Text)).cell(
            by,
            16,
            over(Role::Dim),
        );
        let images = if n == 0 { self.past.newest_images(entry, app) } else { self.past.images(entry) };
        let now = if n == 0 { "  is there now" } else { "" };
        pen.text(&images.join(" "), over(Role::Text)).text(now, over(Role::Dim));
        let story = self.past.story(entry);
        if !story.is_empty() {
            pen.text(&format!("  {story}"), over(Role::Dim));
        }
    }
}
