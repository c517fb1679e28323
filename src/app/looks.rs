//! Settings that take hold while the cockpit runs.

use super::bindings::Bindings;
use super::model::Model;
use super::msg::Request;
use crate::command::Keymap;
use crate::config::ConfigError;
use crate::config::settings::Settings;
use crate::config::theme::{Glyphs, Theme};
use crate::domain::Timestamp;

/// What the files say of looks and keys, read again after one of them was saved.
#[derive(Debug)]
pub struct Looks {
    /// Looks.
    pub theme: Theme,
    /// What keys do.
    pub keys: Keymap,
    /// Signs.
    pub glyphs: &'static Glyphs,
    /// Settings of all layers.
    pub settings: Settings,
    /// What is wrong in the files: what it was about is as it was before.
    pub complaints: Vec<ConfigError>,
}

impl Looks {
    /// Puts them in place of those of the model, and says what is wrong with them; keys that are being pressed and text
    /// that is being typed are left alone.
    pub(super) fn adopt(self, model: &mut Model, now: Timestamp) -> Vec<Request> {
        let Self { theme, keys, glyphs, settings, complaints } = self;
        let keys = Bindings(keys);
        if model.theme != theme || model.keys != keys || !std::ptr::eq(model.glyphs, glyphs) {
            model.tell("settings were read anew".to_owned(), now);
        }
        (model.theme, model.keys, model.glyphs) = (theme, keys, glyphs);
        model.memory.set.clone_from(&settings.filters);
        if let Some(text) = brief(&complaints) {
            model.warn(text, now);
        }
        model.complaints = complaints.iter().map(ToString::to_string).collect();
        vec![Request::Settings(Box::new(settings))]
    }
}

/// What is wrong, in one line; `None` when nothing is.
#[must_use]
pub fn brief(complaints: &[ConfigError]) -> Option<String> {
    let first = complaints.first()?;
    let more = match complaints.len() - 1 {
        0 => String::new(),
        n => format!(" (and {n} more: :complaints)"),
    };
    Some(format!("{}{more}", first.brief()))
}
