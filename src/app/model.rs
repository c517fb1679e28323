//! All state of the cockpit, owned by one task.

use std::time::Duration;

use ratatui::layout::Size;

use super::bindings::Bindings;
use super::stack::Stack;
use crate::config::keymap::Chord;
use crate::config::theme::{Glyphs, Theme};
use crate::domain::Timestamp;
use crate::domain::time::after;
use crate::store::Apps;
use crate::view::{Lens, ScreenId};
use crate::widget::Prompt;

/// The state.
pub struct Model {
    /// Applications and sources.
    pub apps: Apps,
    /// The screens.
    pub stack: Stack,
    /// What the lists share.
    pub lens: Lens,
    /// The filter being typed, if any.
    pub prompt: Option<Prompt>,
    /// Something said for a while, and until when.
    pub toast: Option<(String, Timestamp)>,
    /// What keys do.
    pub keys: Bindings,
    /// Keys of an unfinished sequence.
    pub pressed: Vec<Chord>,
    /// Looks.
    pub theme: Theme,
    /// Signs.
    pub glyphs: &'static Glyphs,
    /// Cells of the terminal.
    pub size: Size,
}

impl Model {
    /// A cockpit that shows `home` first.
    #[must_use]
    pub fn new(apps: Apps, home: ScreenId, keys: Bindings, theme: Theme, glyphs: &'static Glyphs, size: Size) -> Self {
        Self {
            apps,
            stack: Stack::new(home),
            lens: Lens::default(),
            prompt: None,
            toast: None,
            keys,
            pressed: Vec::new(),
            theme,
            glyphs,
            size,
        }
    }

    /// Says something on the last line for a while.
    pub fn say(&mut self, text: String, now: Timestamp) {
        self.toast = Some((text, after(now, TOAST)));
    }
}

/// How long something said stays.
const TOAST: Duration = Duration::from_secs(4);
