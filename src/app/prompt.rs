//! What is typed below the screen: the filter of the lists, or what a screen asked for.

use crossterm::event::{KeyCode, KeyEvent};

use super::model::Model;
use super::msg::Request;
use super::{effect, update};
use crate::command::{CommandId, Scope};
use crate::config::keymap::{Chord, Lookup};
use crate::domain::Timestamp;
use crate::view::{Typing, Work};

/// A key while something is typed.
pub(super) fn press(model: &mut Model, key: KeyEvent, now: Timestamp) -> Vec<Request> {
    let Some(prompt) = &mut model.prompt else { return Vec::new() };
    match model.keys.0.lookup(&[Scope::Prompt], &[Chord::from(key)]) {
        Lookup::Command(CommandId::PromptAccept) => return typed(model, Typing::Accepted, now),
        Lookup::Command(CommandId::PromptCancel) => return typed(model, Typing::Cancelled, now),
        Lookup::Command(CommandId::PromptDown) => return update::command(model, CommandId::CursorDown, now),
        Lookup::Command(CommandId::PromptUp) => return update::command(model, CommandId::CursorUp, now),
        Lookup::Command(_) | Lookup::Prefix | Lookup::None => {
            let plain = !matches!(key.code, KeyCode::Esc);
            if plain && prompt.key(key) {
                return typed(model, Typing::Changed, now);
            }
        }
    }
    Vec::new()
}

/// Tells whoever asked what is being typed.
pub(super) fn typed(model: &mut Model, typing: Typing, now: Timestamp) -> Vec<Request> {
    let text = match (&model.prompt, typing) {
        (Some(prompt), Typing::Changed | Typing::Accepted) => prompt.text().to_owned(),
        _ => String::new(),
    };
    if typing != Typing::Changed {
        model.prompt = None;
    }
    let Some(asked) = model.asked else {
        model.lens.filter(&text);
        return Vec::new();
    };
    if typing != Typing::Changed {
        model.asked = None;
    }
    let work = Work::default();
    let (stack, _, seen) = update::parts(model, &work, now);
    let effects = stack.top_mut().typed(asked, &text, typing, &seen);
    effects.into_iter().filter_map(|e| effect::carry_out(model, e, now)).collect()
}
