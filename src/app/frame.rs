//! One frame: header, body, what lies beside it, and the last line.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::header;
use super::model::Model;
use crate::command::hint::Hint;
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::Timestamp;
use crate::store::Interest;
use crate::store::logs::LogQuery;
use crate::store::query::QueryError;
use crate::view::{Keys, ScreenId, Seen, Work, detail};
use crate::widget::{Pen, pen};

/// Terminals at least this tall have room for rules and for the detail below a list.
const TALL: u16 = 30;
/// Terminals at least this wide have room for the detail beside a list.
const WIDE: u16 = 160;
/// Lines of the detail below a list.
const PANE_LINES: u16 = 9;

/// Lays out and draws the model into `buf`; `work` counts what it cost and when it should be drawn again.
pub fn draw(model: &mut Model, now: Timestamp, work: &Work, buf: &mut Buffer) {
    let area = buf.area;
    if area.is_empty() {
        return;
    }
    let Model { apps, logs, desk, stack, lens, prompt, asked, toast, keys, pressed, theme, glyphs, .. } = model;
    let seen = Seen { apps, logs, desk, now, theme, glyphs, keys, below: stack.below(), work };
    buf.set_style(area, seen.style(Role::Text));
    let places = Places::of(area, stack.top().id());
    stack.top_mut().layout(lens, &seen, places.body);
    header::draw(lens, &seen, places.header, buf);
    for rule in places.rules.into_iter().flatten() {
        draw_rule(&seen, rule, buf);
    }
    stack.top().draw(lens, &seen, places.body, buf);
    if let Some(pane) = places.pane {
        detail::draw_pane(lens, &seen, pane, buf);
    }
    let last = places.last;
    if let Some(prompt) = prompt {
        let label = asked.map_or_else(|| "/".to_owned(), |ask| stack.top().label(ask, &seen, last.width));
        Pen::new(buf, last, 0, glyphs.ellipsis).text(&label, seen.style(Role::Accent));
        let taken = (pen::width(&label) as u16).min(last.width);
        let field = Rect { x: last.x + taken, width: last.width - taken, ..last };
        prompt.draw(field, seen.style(Role::Text), seen.style(Role::Selection), buf);
        if let Some(error) = &lens.error {
            draw_filter_error(&seen, error, last, buf);
        }
    } else if let Some((text, until)) = toast {
        seen.wake_in(crate::domain::time::elapsed(now, *until));
        Pen::new(buf, last, 0, glyphs.ellipsis).skip(1).text(text, seen.style(Role::Accent));
    } else if !pressed.is_empty() {
        let typed: Vec<String> = pressed.iter().map(ToString::to_string).collect();
        Pen::new(buf, last, 0, glyphs.ellipsis).skip(1).text(&typed.join(" "), seen.style(Role::Key));
    } else {
        draw_hints(&seen, stack.top().scopes(), last, buf);
    }
    if let Some(at) = logs.next_settle() {
        seen.wake_in(crate::domain::time::elapsed(now, at));
    }
    if let Some(at) = apps.next_verdict() {
        seen.wake_in(crate::domain::time::elapsed(now, at));
    }
}

/// Brings the visible screen up to date without drawing it, so that keys that come faster than frames find the screen
/// they were typed for.
pub fn lay_out(model: &mut Model, now: Timestamp) {
    let work = Work::default();
    let Model { apps, logs, desk, stack, lens, keys, theme, glyphs, size, .. } = model;
    let seen = Seen { apps, logs, desk, now, theme, glyphs, keys, below: stack.below(), work: &work };
    let area = Rect::new(0, 0, size.width, size.height);
    if !area.is_empty() {
        let body = Places::of(area, stack.top().id()).body;
        stack.top_mut().layout(lens, &seen, body);
    }
}

/// What the visible screen shows beyond the rows, after a frame of it was laid out.
#[must_use]
pub fn interests(model: &Model, now: Timestamp) -> Vec<Interest> {
    let work = Work::default();
    let Model { apps, logs, desk, stack, lens, keys, theme, glyphs, .. } = model;
    let seen = Seen { apps, logs, desk, now, theme, glyphs, keys, below: stack.below(), work: &work };
    stack.top().interests(lens, &seen)
}

/// The log lines the visible screen wants to be brought.
#[must_use]
pub fn wanted(model: &Model) -> Option<LogQuery> {
    model.stack.wanted(&model.lens)
}

/// Points from the line above the prompt at the word that is not understood.
fn draw_filter_error(seen: &Seen<'_>, error: &QueryError, prompt: Rect, buf: &mut Buffer) {
    let line = Rect { y: prompt.y.saturating_sub(1), ..prompt };
    for position in line.intersection(buf.area).positions() {
        buf[position].reset();
    }
    buf.set_style(line, seen.style(Role::Text));
    let mut pen = Pen::new(buf, line, 0, seen.glyphs.ellipsis);
    pen.skip(1 + error.at as u16)
        .text(&format!("{} {}", seen.glyphs.descending, error.message), seen.style(Role::Warn));
}

fn draw_hints(seen: &Seen<'_>, scopes: &[Scope], line: Rect, buf: &mut Buffer) {
    for (place, hint) in hints(seen.keys, scopes, line) {
        let mut pen = Pen::new(buf, place, 0, seen.glyphs.ellipsis);
        pen.text(&hint.keys, seen.style(Role::Key)).text(" ", seen.style(Role::Dim));
        pen.text(hint.title, seen.style(Role::Dim));
    }
}

/// The hints that fit on the last line, each with its place.
fn hints(keys: &dyn Keys, scopes: &[Scope], line: Rect) -> Vec<(Rect, Hint)> {
    let mut x = line.x.saturating_add(1);
    let mut places = Vec::new();
    for hint in keys.hints(scopes) {
        let width = (pen::width(&hint.keys) + 1 + pen::width(hint.title)) as u16;
        if x.saturating_add(width) > line.right() {
            break;
        }
        places.push((Rect { x, width, height: 1, ..line }, hint));
        x = x.saturating_add(width + 2);
    }
    places
}

/// What a place of the screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Part of the visible screen: counted from its beginning.
    Body(Position),
    /// A hint: the command it is about.
    Hint(CommandId),
    /// Nothing that can be pointed at.
    Elsewhere,
}

/// What stands at a place. Places are laid out here and nowhere else: drawing and pointing cannot disagree.
#[must_use]
pub fn spot(model: &Model, at: Position) -> Spot {
    let area = Rect::new(0, 0, model.size.width, model.size.height);
    if !area.contains(at) {
        return Spot::Elsewhere;
    }
    let places = Places::of(area, model.stack.top().id());
    if places.body.contains(at) {
        return Spot::Body(Position::new(at.x - places.body.x, at.y - places.body.y));
    }
    let shows_hints = model.prompt.is_none() && model.toast.is_none() && model.pressed.is_empty();
    let hints = if shows_hints { hints(&model.keys, model.stack.top().scopes(), places.last) } else { Vec::new() };
    let hint = hints.into_iter().find(|(place, _)| place.contains(at));
    hint.map_or(Spot::Elsewhere, |(_, hint)| Spot::Hint(hint.id))
}

fn draw_rule(seen: &Seen<'_>, place: Rect, buf: &mut Buffer) {
    let sign = if place.width == 1 && place.height > 1 { seen.glyphs.vertical } else { seen.glyphs.horizontal };
    for position in place.intersection(buf.area).positions() {
        buf[position].set_symbol(sign).set_style(seen.style(Role::Border));
    }
}

/// Where things stand.
struct Places {
    header: Rect,
    body: Rect,
    pane: Option<Rect>,
    rules: [Option<Rect>; 3],
    last: Rect,
}

impl Places {
    fn of(area: Rect, screen: ScreenId) -> Self {
        let header = Rect { height: 1, ..area };
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        let rule = |y| Rect { y, height: 1, ..area };
        let tall = area.height >= TALL;
        let frame = u16::from(tall);
        let top = area.y + 1 + frame;
        let bottom = (area.bottom() - 1).saturating_sub(frame).max(top);
        let mut rules = [tall.then(|| rule(area.y + 1)), tall.then(|| rule(bottom)), None];
        let whole = Rect { y: top, height: bottom.saturating_sub(top), ..area };
        let is_list = matches!(screen, ScreenId::Board | ScreenId::Fleet);
        let (body, pane) = if is_list && area.width >= WIDE {
            let beside = area.width / 3;
            let body = Rect { width: area.width - beside - 1, ..whole };
            rules[2] = Some(Rect { x: body.right(), width: 1, ..whole });
            (body, Some(Rect { x: body.right() + 1, width: beside, ..whole }))
        } else if is_list && tall {
            let body = Rect { height: whole.height - PANE_LINES - 1, ..whole };
            rules[2] = Some(rule(body.bottom()));
            (body, Some(Rect { y: body.bottom() + 1, height: PANE_LINES, ..whole }))
        } else {
            (whole, None)
        };
        Self { header, body, pane, rules, last }
    }
}
