//! What a view may look at while it lays out and draws.

use std::cell::Cell;
use std::time::Duration;

use super::Desk;
use crate::command::hint::{HelpSection, Hint};
use crate::command::{CommandId, Scope, Situation};
use crate::config::theme::{Glyphs, Role, Theme};
use crate::domain::time::{coarse, elapsed, until_coarse_changes};
use crate::domain::{Environment, Symbol, Timestamp};
use crate::store::{Apps, LogStore};
use ratatui::style::Style;

/// Counts what a frame cost, for tests that hold cost to what is visible.
#[derive(Debug, Default)]
pub struct Work {
    rows: Cell<usize>,
    wake: Cell<Option<Duration>>,
}

impl Work {
    /// A row's cells were put into words.
    pub fn row(&self) {
        self.rows.set(self.rows.get() + 1);
    }

    /// Rows put into words so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.get()
    }

    /// When something on screen reads differently by time alone.
    #[must_use]
    pub fn wake(&self) -> Option<Duration> {
        self.wake.get()
    }
}

/// What keys do, as the views may know it.
pub trait Keys {
    /// The hint line of these scopes.
    fn hints(&self, scopes: &[Scope]) -> Vec<Hint>;
    /// The help page of these scopes.
    fn help(&self, scopes: &[Scope]) -> Vec<HelpSection>;
    /// The shortest key of a command in these scopes.
    fn key(&self, scopes: &[Scope], id: CommandId) -> Option<String>;
}

/// Everything a view may read.
#[derive(Clone)]
pub struct Seen<'a> {
    /// The Applications and sources.
    pub apps: &'a Apps,
    /// The log lines of what is looked at.
    pub logs: &'a LogStore,
    /// What is being planned and done.
    pub desk: &'a Desk,
    /// What time it is.
    pub now: Timestamp,
    /// Looks by role.
    pub theme: &'a Theme,
    /// Signs.
    pub glyphs: &'static Glyphs,
    /// What keys do.
    pub keys: &'a dyn Keys,
    /// The scopes of the screen below this one: what help explains.
    pub below: &'a [Scope],
    /// What can be done now.
    pub situation: Situation,
    /// What is wrong in the files of settings, keys and looks.
    pub complaints: &'a [String],
    /// What this frame costs.
    pub work: &'a Work,
}

impl Seen<'_> {
    /// The looks of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// The looks of an environment: its own colour, and the protected ones in a way of their own.
    #[must_use]
    pub fn environment_style(&self, environment: &Environment) -> Style {
        let role = if environment.is_protected() { Role::Production } else { Role::Environment };
        environment.color.as_deref().map_or_else(|| self.style(role), |color| self.theme.colored(role, color))
    }

    /// The name of an environment as it is shown: protected ones shout.
    #[must_use]
    pub fn environment_name(&self, environment: &Environment) -> String {
        if environment.is_protected() { environment.name.to_uppercase() } else { environment.name.to_string() }
    }

    /// The age of a moment in one coarse unit; the screen is woken when it reads differently.
    #[must_use]
    pub fn age(&self, since: Timestamp) -> String {
        let age = elapsed(since, self.now);
        self.wake_in(until_coarse_changes(age));
        coarse(age)
    }

    /// Asks for a frame after this time at the latest.
    pub fn wake_in(&self, wait: Duration) {
        let sooner = self.work.wake.get().map_or(wait, |w| w.min(wait));
        self.work.wake.set(Some(sooner));
    }

    /// Whether what is shown of a source may have been overtaken.
    #[must_use]
    pub fn is_doubtful(&self, source: &Symbol) -> bool {
        self.apps.link(source).is_doubtful()
    }
}
