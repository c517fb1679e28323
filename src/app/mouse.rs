//! The mouse: a click selects, a second one right after it does what enter does; the wheel moves; hints are buttons.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::frame::{self, Spot};
use super::model::Model;
use super::msg::Request;
use super::press::press;
use super::update::{command, parts};
use super::{login, palette};
use crate::command::CommandId;
use crate::domain::Timestamp;
use crate::domain::time::elapsed;
use crate::view::Work;

/// Two clicks within this are one that opens.
const TWICE: Duration = Duration::from_millis(500);
/// Lines a step of the wheel moves by.
const STEP: usize = 3;

/// Does what was done with the mouse. Nothing but a click on a hint changes anything outside the screen.
pub(super) fn mouse(model: &mut Model, event: MouseEvent, now: Timestamp) -> Vec<Request> {
    let at = Position::new(event.column, event.row);
    let spot = frame::spot(model, at);
    if model.login.is_some() {
        return match (event.kind, spot) {
            (MouseEventKind::Down(MouseButton::Left), Spot::Hint(id)) => {
                login::command(model, id).into_iter().collect()
            }
            _ => Vec::new(),
        };
    }
    if model.palette.is_some() {
        return over_palette(model, event.kind, at, spot, now);
    }
    match (event.kind, spot) {
        (MouseEventKind::Down(MouseButton::Left), Spot::Body(inside)) => click(model, at, inside, now),
        (MouseEventKind::Down(MouseButton::Left), Spot::Hint(id)) => command(model, id, now),
        (MouseEventKind::ScrollDown, Spot::Body(_)) => wheel(model, CommandId::CursorDown, now),
        (MouseEventKind::ScrollUp, Spot::Body(_)) => wheel(model, CommandId::CursorUp, now),
        _ => Vec::new(),
    }
}

/// The same over the palette: a click beside it closes it.
fn over_palette(model: &mut Model, kind: MouseEventKind, at: Position, spot: Spot, now: Timestamp) -> Vec<Request> {
    let Some(palette) = &mut model.palette else { return Vec::new() };
    match (kind, spot) {
        (MouseEventKind::Down(MouseButton::Left), Spot::Entry(entry)) => {
            palette.point(entry);
            let before = model.clicked.replace((at, now));
            if is_again(before, at, now) {
                model.clicked = None;
                return palette::command(model, CommandId::PaletteRun, now);
            }
        }
        (MouseEventKind::Down(MouseButton::Left), Spot::Hint(id)) => return palette::command(model, id, now),
        (MouseEventKind::Down(MouseButton::Left), Spot::Body(_) | Spot::Elsewhere) => model.palette = None,
        (MouseEventKind::ScrollDown, _) => palette.step(STEP as isize),
        (MouseEventKind::ScrollUp, _) => palette.step(-(STEP as isize)),
        _ => {}
    }
    Vec::new()
}

/// Whether a click at a place follows one there.
fn is_again(before: Option<(Position, Timestamp)>, at: Position, now: Timestamp) -> bool {
    before.is_some_and(|(place, when)| place == at && elapsed(when, now) <= TWICE)
}

fn click(model: &mut Model, at: Position, inside: Position, now: Timestamp) -> Vec<Request> {
    let before = model.clicked.replace((at, now));
    frame::lay_out(model, now);
    let work = Work::default();
    let (stack, lens, seen) = parts(model, &work, now);
    let found = stack.top_mut().point(inside, lens, &seen);
    if !(found && is_again(before, at, now)) || model.prompt.is_some() {
        return Vec::new();
    }
    // a third click begins anew
    model.clicked = None;
    press(model, KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE), now)
}

fn wheel(model: &mut Model, id: CommandId, now: Timestamp) -> Vec<Request> {
    (0..STEP).flat_map(|_| command(model, id, now)).collect()
}
