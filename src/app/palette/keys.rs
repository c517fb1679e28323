//! What keys and commands do while the palette is open.

use crossterm::event::{KeyCode, KeyEvent};

use super::entry::Action;
use super::offer::Offer;
use crate::app::memory::Keep;
use crate::app::model::Model;
use crate::app::msg::Request;
use crate::app::named;
use crate::app::visits::situation;
use crate::command::hint::with_global;
use crate::command::{CommandId, Scope};
use crate::config::keymap::{Chord, Lookup};
use crate::domain::Timestamp;

/// A key while the palette is open.
pub fn press(model: &mut Model, key: KeyEvent, now: Timestamp) -> Vec<Request> {
    let situation = situation(model);
    let scopes = with_global(model.stack.top().scopes());
    let Model { palette: Some(palette), apps, lens, memory, keys, .. } = model else { return Vec::new() };
    // keys may come faster than frames
    palette.refresh(&Offer { apps, lens, memory, keys: &keys.0, situation, scopes: &scopes });
    if let Lookup::Command(id) = keys.0.lookup(&[Scope::Palette], &[Chord::from(key)]) {
        return command(model, id, now);
    }
    // nothing left to take away: the palette goes
    if key.code == KeyCode::Backspace && palette.text().is_empty() {
        model.palette = None;
    } else if key.code != KeyCode::Esc {
        palette.key(key);
    }
    Vec::new()
}

/// Does a command of the open palette.
pub fn command(model: &mut Model, id: CommandId, now: Timestamp) -> Vec<Request> {
    let Model { palette: Some(palette), memory, .. } = model else { return Vec::new() };
    match id {
        CommandId::PaletteClose => model.palette = None,
        CommandId::PaletteComplete => palette.complete(),
        CommandId::PaletteUp => palette.up(&memory.lines),
        CommandId::PaletteDown => palette.down(&memory.lines),
        CommandId::PaletteRun => return run_selected(model, now),
        _ => {}
    }
    Vec::new()
}

/// Does what is selected in the palette, unless it needs more or cannot be done: then the palette stays and says so.
fn run_selected(model: &mut Model, now: Timestamp) -> Vec<Request> {
    let Some(palette) = &mut model.palette else { return Vec::new() };
    let Some(entry) = palette.selected().cloned() else { return Vec::new() };
    if let Some(reason) = entry.reason {
        model.say(reason, now);
        return Vec::new();
    }
    if matches!(entry.action, Action::Complete(_)) {
        palette.complete();
        return Vec::new();
    }
    model.palette = None;
    let keep = Keep::Line(entry.spelled.trim_end().to_owned());
    model.memory.keep(&keep);
    let mut requests = named::act(model, entry.action, now);
    requests.insert(0, Request::Keep(keep));
    requests
}
