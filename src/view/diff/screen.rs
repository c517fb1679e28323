//! The screen: the keys, and the place one is at, which stays while what is shown changes.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::choice::{self, Choice};
use super::draw;
use super::lines::{self, Line, Options};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::{AppKey, Compared, Comparison, Field, State, Versus};
use crate::store::Interest;
use crate::store::logs::Pattern;
use crate::view::travel::steps;
use crate::view::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View};
use crate::widget::Window;

/// From this width on both sides stand beside each other.
const WIDE: u16 = 100;
/// Lines above the document, and below it; both sides beside each other have one more that names them.
const ABOVE: u16 = 2;
const BELOW: u16 = 1;
/// Lines of notes and of what environments have differently as a rule that stand above the document.
const HEADS: usize = 6;

/// Desired against live.
#[derive(Debug, Default)]
pub struct Diff {
    /// Whose it is: it stays the same while the screen below changes.
    pub(super) app: Option<AppKey>,
    /// What is compared with what.
    pub(super) versus: Versus,
    /// The list one side is chosen from, while it is shown.
    pub(super) choice: Option<Choice>,
    /// The side a revision is typed for is that of what is.
    types_base: bool,
    pub(super) comparison: Option<Arc<Comparison>>,
    pub(super) options: Options,
    pub(super) lines: Vec<Line>,
    pub(super) window: Window,
    pub(super) height: usize,
    pub(super) beside: bool,
    pub(super) wanted: Option<Pattern>,
    /// The lines it is in, those that are folded too.
    pub(super) found: Vec<Line>,
    /// What stands above the document.
    pub(super) heads: Vec<(String, Role)>,
    /// What the document was laid out for.
    pub(super) laid: Option<(Options, bool, usize)>,
}

impl View for Diff {
    fn id(&self) -> ScreenId {
        ScreenId::Diff
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Diff, Scope::App]
    }

    fn interests(&self, lens: &Lens, _: &Seen<'_>) -> Vec<Interest> {
        let Some(app) = self.app.as_ref().or(lens.selected.as_ref()) else { return Vec::new() };
        let versus = if self.app.is_some() { self.versus.clone() } else { lens.versus.clone().unwrap_or_default() };
        let mut interests = vec![Interest::Comparison(app.clone(), versus)];
        // the list names the deployments
        interests.extend(self.choice.is_some().then(|| Interest::Resources(app.clone())));
        interests
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let mut said = Vec::new();
        if let Some(done) = self.choose(id) {
            return (Handled::Yes, done);
        }
        match id {
            CommandId::DiffAgainst | CommandId::DiffBase => {
                self.choice = Some(Choice { base: id == CommandId::DiffBase, ..Choice::default() });
            }
            CommandId::DiffSides => self.options.beside = Some(!self.beside),
            CommandId::DiffNextHunk => said = self.hunk(1),
            CommandId::DiffPriorHunk => said = self.hunk(-1),
            CommandId::DiffFold => said = self.fold(),
            CommandId::DiffCollapse => self.options.collapsed = !self.options.collapsed,
            CommandId::DiffMore => said = self.context(1),
            CommandId::DiffLess => said = self.context(-1),
            CommandId::DiffWrap => {
                self.options.wrap = !self.options.wrap;
                said = say(if self.options.wrap { "long lines are wrapped" } else { "long lines are cut" });
            }
            CommandId::DiffBlind => {
                self.options.blind = !self.options.blind;
                said = say(if self.options.blind { "white space alone is no change" } else { "white space counts" });
            }
            CommandId::DiffIgnored => {
                self.options.ignored = !self.options.ignored;
                let shown = self.options.ignored;
                said = say(if shown { "what rules ignore is shown" } else { "what rules ignore is only counted" });
            }
            CommandId::DiffCopy => return (Handled::Yes, self.copy()),
            CommandId::DiffSilence => return (Handled::Yes, self.silence()),
            CommandId::DiffSearch => return (Handled::Yes, vec![Effect::Ask(Ask::Search, String::new())]),
            CommandId::DiffNext => said = self.go_on(1),
            CommandId::DiffPrior => said = self.go_on(-1),
            CommandId::ViewBack if self.wanted.take().is_some() => self.found.clear(),
            id => match steps(id, self.height) {
                Some(by) => self.window.step(by, self.lines.len()),
                None => return (Handled::No, Vec::new()),
            },
        }
        (Handled::Yes, said)
    }

    fn point(&mut self, at: Position, _: &mut Lens, _: &Seen<'_>) -> bool {
        if let Some(choice) = &mut self.choice {
            let line = usize::from(at.y).checked_sub(2);
            let (count, height) = (choice.entries.len(), self.height);
            return line.is_some_and(|line| choice.window.point(line, count, height));
        }
        let line = usize::from(at.y).checked_sub(self.above().into()).filter(|line| *line < self.height);
        line.is_some_and(|line| self.window.point(line, self.lines.len(), self.height))
    }

    fn typed(&mut self, ask: Ask, text: &str, typing: Typing, _: &Seen<'_>) -> Vec<Effect> {
        if ask == Ask::Revision {
            let text = text.trim();
            if typing == Typing::Accepted && !text.is_empty() {
                self.compare(self.types_base, State::Revision(text.into()));
            }
            return Vec::new();
        }
        match Pattern::parse(text) {
            Ok(wanted) => self.wanted = wanted,
            // half an expression is none yet
            Err(why) if typing == Typing::Accepted => return say(&why),
            Err(_) => return Vec::new(),
        }
        self.search();
        let is_here = self.here().is_some_and(|line| self.found.contains(&line));
        match typing {
            _ if is_here => {}
            Typing::Cancelled => {}
            Typing::Accepted => return self.go_on(1),
            // nothing is unfolded for half a word
            Typing::Changed => {
                let from = self.window.selected;
                let is_hit = |at: &usize| self.found.contains(&self.lines[*at]);
                let next = (from..self.lines.len()).find(is_hit).or_else(|| (0..from).find(is_hit));
                self.window.selected = next.unwrap_or(from);
            }
        }
        Vec::new()
    }

    fn label(&self, ask: Ask, _: &Seen<'_>, width: u16) -> String {
        match ask {
            Ask::Revision if width >= 60 => "compare with revision: ".to_owned(),
            Ask::Revision => "revision: ".to_owned(),
            ask => ask.sign().to_owned(),
        }
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        if self.app.is_none() {
            self.app.clone_from(&lens.selected);
            self.versus = lens.versus.take().unwrap_or_default();
        }
        if let (Some(choice), Some(app)) = (&mut self.choice, &self.app) {
            choice.refresh(app, seen);
            choice.window.clamp(choice.entries.len(), usize::from(area.height.saturating_sub(2)));
        }
        self.beside = self.options.beside.unwrap_or(area.width >= WIDE);
        let cells = draw::cells(area.width, self.beside);
        let news = self.app.as_ref().and_then(|app| seen.apps.comparison(app, &self.versus));
        // between two looks nobody reads it: what was read last is shown until it is read anew
        let is_new = news.is_some_and(|news| self.comparison.as_ref().is_none_or(|known| !Arc::ptr_eq(known, news)));
        let how = (self.options.clone(), self.beside, cells);
        if is_new || self.laid.as_ref() != Some(&how) {
            let place = self.here().zip(self.comparison.as_ref()).and_then(|(line, known)| lines::anchor(known, line));
            let height = self.window.selected.saturating_sub(self.window.offset);
            if let Some(news) = news.filter(|_| is_new) {
                self.comparison = Some(Arc::clone(news));
            }
            if let Some(comparison) = &self.comparison {
                self.heads = draw::heads(comparison, usize::from(area.width));
                self.heads.truncate(HEADS);
                self.lines = lines::lay_out(comparison, &self.options, self.beside, cells);
                if let Some(at) = place.and_then(|place| lines::find(comparison, &self.lines, &place)) {
                    // the line stays where it is on screen, and the lines around it with it
                    self.window = Window { selected: at, offset: at.saturating_sub(height) };
                } else if self.laid.is_none() {
                    self.hunk(1);
                }
                self.laid = Some(how);
                self.search();
            }
        }
        self.height = usize::from(area.height.saturating_sub(self.above() + BELOW));
        self.window.clamp(self.lines.len(), self.height);
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        draw::draw(self, seen, area, buf);
    }
}

pub(super) fn say(text: &str) -> Vec<Effect> {
    vec![Effect::Say(text.to_owned())]
}

impl Diff {
    pub(super) fn here(&self) -> Option<Line> {
        self.lines.get(self.window.selected).copied()
    }

    /// Lines above the document.
    pub(super) fn above(&self) -> u16 {
        ABOVE + self.heads.len() as u16 + u16::from(self.beside)
    }

    /// Compares with another state.
    fn compare(&mut self, base: bool, state: State) {
        let next = choice::chosen(&self.versus, base, state);
        if next != self.versus {
            self.versus = next;
            // another document: nothing of the place in the one before is in it
            (self.comparison, self.laid, self.window) = (None, None, Window::default());
            self.lines.clear();
            self.found.clear();
            self.heads.clear();
            self.options.opened.clear();
        }
    }

    /// Does what a key means while the list is shown; nothing for what is not about it.
    fn choose(&mut self, id: CommandId) -> Option<Vec<Effect>> {
        let choice = self.choice.as_mut()?;
        let base = choice.base;
        match id {
            CommandId::ViewBack => self.choice = None,
            CommandId::DiffFold => {
                let entry = choice.entries.get(choice.window.selected).cloned();
                self.choice = None;
                match entry.map(|entry| entry.state) {
                    Some(Some(state)) => self.compare(base, state),
                    Some(None) => {
                        self.types_base = base;
                        return Some(vec![Effect::Ask(Ask::Revision, String::new())]);
                    }
                    None => {}
                }
            }
            // the key that shows the list hides it; any other of the diff is about the diff again
            id if id.spec().scope == Scope::Diff => {
                self.choice = None;
                let own = if base { CommandId::DiffBase } else { CommandId::DiffAgainst };
                return (id == own).then(Vec::new);
            }
            id => choice.window.step(steps(id, self.height)?, choice.entries.len()),
        }
        Some(Vec::new())
    }

    fn context(&mut self, by: isize) -> Vec<Effect> {
        self.options.step_context(by);
        say(&format!("{} equal lines around a change", self.options.context_word()))
    }

    /// Unfolds equal lines, or turns the resource that the cursor is in.
    fn fold(&mut self) -> Vec<Effect> {
        let (Some(line), Some(comparison)) = (self.here(), &self.comparison) else { return say("nothing is folded") };
        let object = comparison.resources[line.resource()].object.clone();
        if let Line::Gap(_, from, _) = line {
            self.options.opened.insert((object, from));
        } else if self.options.collapsed {
            self.options.collapsed = false;
        } else if !self.options.turned.remove(&object) {
            self.options.turned.insert(object);
        }
        Vec::new()
    }

    /// The change the cursor is on, or the first of its resource.
    pub(super) fn field(&self) -> Option<(&Compared, &Field)> {
        let comparison = self.comparison.as_ref()?;
        let line = self.here()?;
        let resource = comparison.resources.get(line.resource())?;
        let field = match line {
            Line::Row(_, row, ..) => resource.fields.get(resource.rows.rows.get(row)?.field? as usize)?,
            Line::Ignored(_, at) => resource.ignored.get(at)?,
            _ => return None,
        };
        Some((resource, field))
    }
}
