//! All state of the cockpit, owned by one task.

use std::time::Duration;

use ratatui::layout::{Position, Size};

use super::bindings::Bindings;
use super::login::Login;
use super::memory::Memory;
use super::palette::Palette;
use super::stack::Stack;
use super::visits::Visits;
use crate::config::keymap::Chord;
use crate::config::theme::{Glyphs, Theme};
use crate::domain::Timestamp;
use crate::domain::time::after;
use crate::store::{Apps, LogStore};
use crate::view::{Ask, Desk, Lens, ScreenId};
use crate::widget::Prompt;

/// The state.
pub struct Model {
    /// Applications and sources.
    pub apps: Apps,
    /// The log lines of what is looked at.
    pub logs: LogStore,
    /// The screens.
    pub stack: Stack,
    /// What is being planned and done.
    pub desk: Desk,
    /// What the lists share.
    pub lens: Lens,
    /// What is being typed, if anything.
    pub prompt: Option<Prompt>,
    /// What it is typed for where the visible screen asked; the lists' filter otherwise.
    pub asked: Option<Ask>,
    /// Something said for a while, and until when.
    pub toast: Option<Toast>,
    /// What keys do.
    pub keys: Bindings,
    /// Keys of an unfinished sequence.
    pub pressed: Vec<Chord>,
    /// Looks.
    pub theme: Theme,
    /// Signs.
    pub glyphs: &'static Glyphs,
    /// A number typed before a motion.
    pub count: Option<u32>,
    /// The palette, while it is open.
    pub palette: Option<Palette>,
    /// The login, while somebody logs in.
    pub login: Option<Login>,
    /// What is known by name.
    pub memory: Memory,
    /// What is wrong in the files of settings, keys and looks, a text each.
    pub complaints: Vec<String>,
    /// The screens visited before and after.
    pub visits: Visits,
    /// Where the person clicked last, and when.
    pub clicked: Option<(Position, Timestamp)>,
    /// Cells of the terminal.
    pub size: Size,
}

impl Model {
    /// A cockpit that shows `home` first.
    #[must_use]
    pub fn new(apps: Apps, home: ScreenId, keys: Bindings, theme: Theme, glyphs: &'static Glyphs, size: Size) -> Self {
        Self {
            apps,
            logs: LogStore::default(),
            stack: Stack::new(home),
            desk: Desk::default(),
            lens: Lens::default(),
            prompt: None,
            asked: None,
            toast: None,
            keys,
            pressed: Vec::new(),
            count: None,
            palette: None,
            login: None,
            memory: Memory::default(),
            complaints: Vec::new(),
            visits: Visits::default(),
            theme,
            glyphs,
            clicked: None,
            size,
        }
    }

    /// Answers a key on the last line, for a while or until the next key.
    pub fn say(&mut self, text: String, now: Timestamp) {
        self.toast = Some(Toast { text, until: after(now, TOAST), answers: true });
    }

    /// Says what happened meanwhile on the last line for a while, whatever key is pressed.
    pub fn tell(&mut self, text: String, now: Timestamp) {
        self.toast = Some(Toast { text, until: after(now, TOAST), answers: false });
    }

    /// Says what is wrong, long enough to look at a file meanwhile.
    pub fn warn(&mut self, text: String, now: Timestamp) {
        self.toast = Some(Toast { text, until: after(now, WARNING), answers: false });
    }
}

/// Something said on the last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What is said.
    pub text: String,
    /// How long it stays.
    pub until: Timestamp,
    /// It is about the key that was pressed last: the next one takes it away.
    pub answers: bool,
}

/// How long something said stays.
const TOAST: Duration = Duration::from_secs(4);
/// How long something wrong stays.
const WARNING: Duration = Duration::from_secs(20);
