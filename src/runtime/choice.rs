//! Another theme or keymap while the program runs.

use crate::app::Bindings;
use crate::app::Model;
use crate::command::Keymap;
use crate::config::palette::Depth;
use crate::config::settings::Settings;
use crate::config::theme::Theme;

/// What themes and keymaps are made from.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Settings of all layers.
    pub settings: Settings,
    /// Colours of the terminal.
    pub depth: Depth,
}

impl Choice {
    /// Puts the names there are where the palette finds them.
    pub fn announce(&self, model: &mut Model) {
        model.memory.themes = Theme::names(self.settings.folder("themes").as_deref());
        model.memory.keymaps = Keymap::names(self.settings.folder("keymaps").as_deref());
        model.memory.set.clone_from(&self.settings.filters);
        model.desk.profiles.clone_from(&self.settings.forwards);
        model.desk.folders.set.clone_from(&self.settings.folders);
    }

    /// Changes the looks; what is wrong with the theme is said, and then the running one stays.
    pub fn theme(&mut self, name: &str, model: &mut Model) -> String {
        let (theme, errors) = Theme::load(name, self.settings.folder("themes").as_deref(), self.depth);
        if let Some(error) = errors.first() {
            return error.to_string().replace('\n', "; ");
        }
        model.theme = theme;
        name.clone_into(&mut self.settings.theme);
        format!("the theme is {name} for now; theme = \"{name}\" in your settings keeps it")
    }

    /// Changes the keys, the person's own over them; what is wrong with the keymap is said, and then the running one
    /// stays.
    pub fn keymap(&mut self, name: &str, model: &mut Model) -> String {
        let (mut keymap, errors) = Keymap::load(name, self.settings.folder("keymaps").as_deref());
        if let Some(error) = errors.first() {
            return error.to_string().replace('\n', "; ");
        }
        if let Some(file) = &self.settings.file {
            // what is wrong in them was said at the start
            keymap.patch_from_settings(&file.path, &file.text);
        }
        model.keys = Bindings(keymap);
        name.clone_into(&mut self.settings.keymap);
        format!("the keys are those of {name} for now; keymap = \"{name}\" in your settings keeps them")
    }
}
