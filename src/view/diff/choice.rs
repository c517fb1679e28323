//! What one side of the comparison is to be: a list to choose from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::domain::app::short_revision;
use crate::domain::{AppKey, State, Versus};
use crate::view::Seen;
use crate::widget::{Pen, Window};

/// The list, while it is shown in place of the document.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// It is for the side of what is, not of what is wanted.
    pub base: bool,
    pub window: Window,
    pub entries: Vec<Entry>,
}

/// A line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// What is chosen with it; nothing for a revision that is to be typed.
    pub state: Option<State>,
    name: String,
    about: String,
}

impl Choice {
    /// Lists what there is now to choose from. The place stays with what it is at.
    pub fn refresh(&mut self, app: &AppKey, seen: &Seen<'_>) {
        let here = self.entries.get(self.window.selected).cloned();
        self.entries = entries(app, self.base, seen);
        let at = here.and_then(|here| self.entries.iter().position(|entry| entry.state == here.state));
        self.window.selected = at.unwrap_or(self.window.selected);
    }

    pub fn draw(&self, versus: &Versus, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let title = if self.base { "compare it with" } else { "compare with it" };
        let mut pen = Pen::new(buf, area, 1, seen.glyphs.ellipsis);
        pen.skip(1).text(&format!("{title}{}", seen.glyphs.ellipsis), seen.style(Role::Heading));
        let now = if self.base { &versus.base } else { &versus.wanted };
        let height = usize::from(area.height.saturating_sub(2));
        for (row, at) in self.window.visible(self.entries.len(), height).enumerate() {
            seen.work.row();
            let entry = &self.entries[at];
            let here = at == self.window.selected;
            let over = |role| if here { seen.style(role).patch(seen.style(Role::Selection)) } else { seen.style(role) };
            let mut pen = Pen::new(buf, area, row as u16 + 2, seen.glyphs.ellipsis);
            pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, over(Role::Cursor));
            let name = if entry.state.as_ref() == Some(now) { Role::Accent } else { Role::Text };
            pen.cell(&entry.name, 26, over(name)).text(&entry.about, over(Role::Dim));
        }
    }
}

fn entries(app: &AppKey, base: bool, seen: &Seen<'_>) -> Vec<Entry> {
    let entry = |state, name: &str, about: String| Entry { state, name: name.to_owned(), about };
    let mut all = Vec::new();
    if base {
        all.push(entry(Some(State::Live), "what runs", String::new()));
    }
    all.push(entry(Some(State::Git), "what Git wants now", String::new()));
    let row = seen.apps.find(app).and_then(|id| seen.apps.get(id));
    if let Some(row) = row.filter(|_| !base) {
        let twins = seen.apps.all().filter(|other| other.service == row.service && other.key != row.key);
        let mut twins: Vec<Entry> = twins
            .map(|other| {
                let environment =
                    other.environment.as_ref().map(|name| seen.environment_name(&seen.apps.describe(name)));
                let about = format!("{} {} {}", other.key.name, seen.glyphs.dot, other.version());
                entry(Some(State::App(other.key.clone())), &environment.unwrap_or_default(), about)
            })
            .collect();
        twins.sort_by(|a, b| (&a.name, &a.about).cmp(&(&b.name, &b.about)));
        all.extend(twins);
    }
    let history = seen.apps.detail(app).map(|detail| detail.history.as_slice()).unwrap_or_default();
    all.extend(history.iter().rev().map(|one| {
        let age = one.deployed.map_or_else(String::new, |at| format!("{} ago, ", seen.age(at)));
        let about = format!("{age}by {}", one.by.as_deref().unwrap_or("auto-sync"));
        let name = format!("deployment {} {}", one.id, short_revision(&one.revision));
        entry(Some(State::Deployment(one.id)), &name, about)
    }));
    all.push(entry(None, "a revision of Git", "a commit, branch or tag that is typed".to_owned()));
    all
}

/// A comparison with one side chosen anew. No side is compared with itself.
pub(super) fn chosen(versus: &Versus, base: bool, state: State) -> Versus {
    let mut next = versus.clone();
    if base {
        next.base = state;
    } else {
        // twins are compared as Git wants them, where nobody chose otherwise
        let is_twin = matches!(state, State::App(_));
        let was_twin = matches!(next.wanted, State::App(_));
        match next.base {
            State::Live if is_twin => next.base = State::Git,
            State::Git if was_twin && !is_twin => next.base = State::Live,
            _ => {}
        }
        next.wanted = state;
    }
    if next.wanted == next.base {
        next = Versus::default();
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_side_is_compared_with_itself_and_twins_are_compared_as_git_wants_them() {
        let first = Versus::default();
        let app = AppKey { source: "s".into(), namespace: "n".into(), name: "a".into() };
        let twin = chosen(&first, false, State::App(app.clone()));
        assert_eq!(twin, Versus { wanted: State::App(app), base: State::Git });
        assert_eq!(chosen(&twin, false, State::Deployment(3)), Versus::live(State::Deployment(3)));
        let two = chosen(&Versus::live(State::Deployment(3)), true, State::Deployment(2));
        assert_eq!(two, Versus { wanted: State::Deployment(3), base: State::Deployment(2) });
        assert_eq!(chosen(&two, true, State::Deployment(3)), first);
    }
}
