//! From a key to a command: by the keymap, in the scopes of what is shown, several times where a number was typed.

use crossterm::event::{KeyCode, KeyEvent};

use super::model::Model;
use super::msg::Request;
use super::update::command;
use super::{login, palette, prompt};
use crate::command::hint::with_global;
use crate::command::{CommandId, Scope};
use crate::config::keymap::{Chord, Lookup};
use crate::domain::Timestamp;

/// Nobody counts further.
const MOST_OFTEN: u32 = 999;

/// Does what a key means where it is pressed.
pub(super) fn press(model: &mut Model, key: KeyEvent, now: Timestamp) -> Vec<Request> {
    if model.login.is_some() {
        return login::press(model, key).into_iter().collect();
    }
    if model.prompt.is_some() {
        return prompt::press(model, key, now);
    }
    if model.palette.is_some() {
        return palette::press(model, key, now);
    }
    let scopes = with_global(model.stack.top().scopes());
    if count(model, &scopes, key) {
        return Vec::new();
    }
    model.pressed.push(Chord::from(key));
    match model.keys.0.lookup(&scopes, &model.pressed) {
        Lookup::Prefix => Vec::new(),
        Lookup::Command(id) => {
            model.pressed.clear();
            match model.count.take() {
                Some(count) => repeat(model, id, count, now),
                None => command(model, id, now),
            }
        }
        Lookup::None => {
            // A key that does not go on with a sequence begins anew.
            let began = model.pressed.len() > 1;
            model.pressed.clear();
            model.count = None;
            // Esc takes one thing away at a time: here the beginning of the sequence.
            if began && key.code != KeyCode::Esc { press(model, key, now) } else { Vec::new() }
        }
    }
}

/// Takes a digit that counts, where the keymap lets those count that are bound to nothing.
fn count(model: &mut Model, scopes: &[Scope], key: KeyEvent) -> bool {
    let KeyCode::Char(c) = key.code else { return false };
    let digit = c.to_digit(10).filter(|digit| *digit > 0 || model.count.is_some());
    let Some(digit) = digit.filter(|_| model.keys.0.counts() && key.modifiers.is_empty()) else { return false };
    let free = model.keys.0.lookup(scopes, &[Chord::from(key)]) == Lookup::None;
    if !free || !model.pressed.is_empty() {
        return false;
    }
    model.count = Some((model.count.unwrap_or(0) * 10 + digit).min(MOST_OFTEN));
    true
}

/// Does a motion several times; top and bottom go to the line of that number. Other commands are done once.
fn repeat(model: &mut Model, id: CommandId, count: u32, now: Timestamp) -> Vec<Request> {
    match id {
        CommandId::CursorDown
        | CommandId::CursorUp
        | CommandId::CursorLeft
        | CommandId::CursorRight
        | CommandId::HalfPageDown
        | CommandId::HalfPageUp
        | CommandId::PageDown
        | CommandId::PageUp => (0..count).flat_map(|_| command(model, id, now)).collect(),
        CommandId::CursorTop | CommandId::CursorBottom => {
            command(model, CommandId::CursorTop, now);
            (1..count).flat_map(|_| command(model, CommandId::CursorDown, now)).collect()
        }
        _ => command(model, id, now),
    }
}
