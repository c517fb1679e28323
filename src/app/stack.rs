//! The screens on top of each other: home at the bottom, the visible one on top.

use crate::command::Scope;
use crate::store::logs::LogQuery;
use crate::view::{Lens, ScreenId, View};

/// A stack of screens that is never empty.
pub struct Stack {
    home: Box<dyn View>,
    over: Vec<Box<dyn View>>,
}

impl Stack {
    /// A stack of one screen.
    #[must_use]
    pub fn new(home: ScreenId) -> Self {
        Self { home: home.make(), over: Vec::new() }
    }

    /// The visible screen.
    #[must_use]
    pub fn top(&self) -> &dyn View {
        self.over.last().unwrap_or(&self.home).as_ref()
    }

    /// The visible screen, to change it.
    pub fn top_mut(&mut self) -> &mut dyn View {
        self.over.last_mut().unwrap_or(&mut self.home).as_mut()
    }

    /// The scopes of the screen under the visible one, or of the visible one when it is the only one.
    #[must_use]
    pub fn below(&self) -> &'static [Scope] {
        match self.over.len() {
            0 | 1 => self.home.scopes(),
            n => self.over[n - 2].scopes(),
        }
    }

    /// The lowest screen.
    #[must_use]
    pub fn home_id(&self) -> ScreenId {
        self.home.id()
    }

    /// The screens over the lowest one, the visible one last.
    #[must_use]
    pub fn over(&self) -> Vec<ScreenId> {
        self.over.iter().map(|view| view.id()).collect()
    }

    /// The logs that the uppermost screen that shows any wants: help on top of them does not end them.
    #[must_use]
    pub fn wanted(&self, lens: &Lens) -> Option<LogQuery> {
        self.over.iter().rev().chain([&self.home]).find_map(|view| view.wanted(lens))
    }

    /// Puts a screen on top; one that is already on top is left alone.
    pub fn push(&mut self, id: ScreenId) {
        if self.top().id() != id {
            self.over.push(id.make());
        }
    }

    /// Takes the visible screen away; says whether there was one to take.
    pub fn pop(&mut self) -> bool {
        self.over.pop().is_some()
    }

    /// Replaces the lowest screen and shows it.
    pub fn go_home(&mut self, id: ScreenId) {
        self.over.clear();
        if self.home.id() != id {
            self.home = id.make();
        }
    }
}
