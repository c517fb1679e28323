//! What is typed into the palette, what is selected in it, and what was typed before.

use crossterm::event::KeyEvent;

use super::entry::Entry;
use super::offer::Offer;
use crate::command::Situation;
use crate::widget::{Prompt, Window};

/// The open palette.
#[derive(Debug)]
pub struct Palette {
    pub(super) prompt: Prompt,
    pub(super) entries: Vec<Entry>,
    pub(super) window: Window,
    /// How far back in what was typed before; what was being typed meanwhile.
    recalled: Option<(usize, String)>,
    /// What the lines were made for.
    made_for: Option<(String, u64, Situation)>,
}

impl Palette {
    /// A palette with a text in it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            prompt: Prompt::new(text),
            entries: Vec::new(),
            window: Window::default(),
            recalled: None,
            made_for: None,
        }
    }

    /// What is typed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.prompt.text()
    }

    /// The lines, the best first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The selected line.
    #[must_use]
    pub fn selected(&self) -> Option<&Entry> {
        self.entries.get(self.window.selected)
    }

    /// Selects a line by its number.
    pub fn point(&mut self, line: usize) {
        self.window.selected = line.min(self.entries.len().saturating_sub(1));
    }

    /// Moves the selection among the lines.
    pub fn step(&mut self, by: isize) {
        self.window.step(by, self.entries.len());
    }

    /// Brings the lines up to date with what is typed and what is known; does nothing when neither has changed.
    pub fn refresh(&mut self, offer: &Offer<'_>) {
        let wanted = (self.text().to_owned(), offer.apps.order_generation(), offer.situation.clone());
        if self.made_for.as_ref() == Some(&wanted) {
            return;
        }
        let same_text = self.made_for.as_ref().is_some_and(|(text, ..)| *text == wanted.0);
        let kept = self.selected().filter(|_| same_text).map(|entry| entry.action.clone());
        self.entries = offer.entries(&wanted.0);
        let at = kept.and_then(|action| self.entries.iter().position(|entry| entry.action == action));
        self.window = Window { selected: at.unwrap_or_default(), offset: 0 };
        self.made_for = Some(wanted);
    }

    /// Takes a key that edits the line.
    pub fn key(&mut self, key: KeyEvent) {
        if self.prompt.key(key) {
            self.recalled = None;
        }
    }

    /// Takes pasted text, which is clean already.
    pub fn paste(&mut self, text: &str) {
        self.prompt.paste(text);
        self.recalled = None;
    }

    /// Makes the selected line what is typed.
    pub fn complete(&mut self) {
        if let Some(spelled) = self.selected().map(|entry| entry.spelled.clone()) {
            self.prompt = Prompt::new(&spelled);
            self.recalled = None;
        }
    }

    /// Selects the line above; at the top, what was typed before. `history` is oldest first.
    pub fn up(&mut self, history: &[String]) {
        if self.recalled.is_none() && self.window.selected > 0 {
            self.window.step(-1, self.entries.len());
            return;
        }
        let (back, draft) = match &self.recalled {
            Some((back, draft)) => (back + 1, draft.clone()),
            None => (0, self.text().to_owned()),
        };
        self.recall(history, back, draft);
    }

    /// Selects the line below, or what was typed after.
    pub fn down(&mut self, history: &[String]) {
        match self.recalled.take() {
            Some((0, draft)) => self.prompt = Prompt::new(&draft),
            Some((back, draft)) => self.recall(history, back - 1, draft),
            None => self.window.step(1, self.entries.len()),
        }
    }

    fn recall(&mut self, history: &[String], back: usize, draft: String) {
        let Some(at) = history.len().checked_sub(back + 1) else { return };
        self.prompt = Prompt::new(&history[at]);
        self.recalled = Some((back, draft));
    }
}
