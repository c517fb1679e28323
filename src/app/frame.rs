//! One frame: header, body, what lies beside it, and the last line.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::model::{Model, Toast};
use super::palette::{self, Offer};
use super::visits::situation;
use super::{header, login, which};
use crate::command::hint::{Hint, with_global};
use crate::command::{CommandId, Scope, Situation};
use crate::config::theme::Role;
use crate::domain::{Environment, Timestamp};
use crate::store::Interest;
use crate::store::logs::LogQuery;
use crate::store::query::QueryError;
use crate::view::{Ask, Keys, Lens, ScreenId, Seen, Work, detail};
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
    let situation = situation(model);
    let Model {
        apps,
        logs,
        desk,
        stack,
        lens,
        prompt,
        asked,
        toast,
        keys,
        pressed,
        count,
        palette,
        login,
        memory,
        complaints,
        theme,
        glyphs,
        ..
    } = model;
    let seen = Seen {
        apps,
        logs,
        desk,
        now,
        theme,
        glyphs,
        keys,
        below: stack.below(),
        situation: situation.clone(),
        complaints,
        work,
    };
    buf.set_style(area, seen.style(Role::Text));
    let filtering = prompt.is_some() && asked.is_none();
    let places = Places::of(area, stack.top().id(), filtering);
    stack.top_mut().layout(lens, &seen, places.body);
    // laying out may select the first of a list
    let situation = Situation { selected: lens.selected.is_some(), ..situation };
    let seen = Seen { situation: situation.clone(), ..seen };
    header::draw(lens, &seen, places.header, buf);
    let guarded = guarded(stack.top().id(), lens, &seen);
    for rule in places.rules.into_iter().flatten() {
        draw_rule(&seen, guarded.as_ref(), rule, buf);
    }
    stack.top().draw(lens, &seen, places.body, buf);
    if let Some(pane) = places.pane {
        detail::draw_pane(lens, &seen, pane, buf);
    }
    let last = places.last;
    if let Some(prompt) = prompt {
        let label = asked.map_or_else(|| "/".to_owned(), |ask| stack.top().label(ask, &seen, last.width));
        let looks = match (asked, &guarded) {
            (Some(Ask::Phrase), Some(environment)) => seen.environment_style(environment),
            _ => seen.style(Role::Accent),
        };
        Pen::new(buf, last, 0, glyphs.ellipsis).text(&label, looks);
        let taken = (pen::width(&label) as u16).min(last.width);
        let field = Rect { x: last.x + taken, width: last.width - taken, ..last };
        prompt.draw(field, seen.style(Role::Text), seen.style(Role::Selection), buf);
        if filtering {
            let below = Rect { y: last.bottom(), height: area.bottom() - last.bottom(), ..last };
            draw_below_filter(&seen, lens.error.as_ref(), below, buf);
        }
    } else if !pressed.is_empty() || count.is_some() {
        let typed = count.iter().map(u32::to_string).chain(pressed.iter().map(ToString::to_string));
        let typed: Vec<String> = typed.collect();
        Pen::new(buf, last, 0, glyphs.ellipsis).skip(1).text(&typed.join(" "), seen.style(Role::Key));
    } else if let Some(Toast { text, until, .. }) = toast {
        seen.wake_in(crate::domain::time::elapsed(now, *until));
        Pen::new(buf, last, 0, glyphs.ellipsis).skip(1).text(text, seen.style(Role::Accent));
    } else if login.is_some() {
        draw_hints(&seen, &[Scope::Login], last, buf);
    } else if palette.is_some() {
        draw_hints(&seen, &[Scope::Palette], last, buf);
    } else {
        draw_hints(&seen, stack.top().scopes(), last, buf);
    }
    let scopes = with_global(stack.top().scopes());
    let over = places.over();
    if let Some(login) = login {
        login::draw(login, &seen, over, buf);
    } else if let Some(palette) = palette {
        palette.refresh(&Offer { apps, lens, memory, keys: &keys.0, situation, scopes: &scopes });
        palette::draw(palette, &seen, over, buf);
    } else if !pressed.is_empty() {
        which::draw(&keys.0, &scopes, pressed, &seen, over, buf);
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
    let situation = situation(model);
    let Model { apps, logs, desk, stack, lens, prompt, asked, keys, complaints, theme, glyphs, size, .. } = model;
    let seen =
        Seen { apps, logs, desk, now, theme, glyphs, keys, below: stack.below(), situation, complaints, work: &work };
    let area = Rect::new(0, 0, size.width, size.height);
    if !area.is_empty() {
        let body = Places::of(area, stack.top().id(), prompt.is_some() && asked.is_none()).body;
        stack.top_mut().layout(lens, &seen, body);
    }
}

/// What the visible screen shows beyond the rows, after a frame of it was laid out.
#[must_use]
pub fn interests(model: &Model, now: Timestamp) -> Vec<Interest> {
    let work = Work::default();
    let situation = situation(model);
    let Model { apps, logs, desk, stack, lens, keys, complaints, theme, glyphs, .. } = model;
    let seen =
        Seen { apps, logs, desk, now, theme, glyphs, keys, below: stack.below(), situation, complaints, work: &work };
    stack.top().interests(lens, &seen)
}

/// The log lines the visible screen wants to be brought.
#[must_use]
pub fn wanted(model: &Model) -> Option<LogQuery> {
    model.stack.wanted(&model.lens)
}

/// The words of the filter, for whoever sees it for the first time.
const LANGUAGE: &str =
    "word  -word  env:prod  health:degraded  sync:outofsync  trouble:  label:team=core  image:1.4  age>2d";

/// Points from below the filter at the word that is not understood; else shows what can be written there.
fn draw_below_filter(seen: &Seen<'_>, error: Option<&QueryError>, place: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(buf, place, 0, seen.glyphs.ellipsis);
    pen.skip(1);
    match error {
        Some(error) => {
            let text = format!("{} {}", seen.glyphs.descending, error.message);
            pen.skip(error.at as u16).text(&text, seen.style(Role::Warn))
        }
        None => pen.text(LANGUAGE, seen.style(Role::Dim)),
    };
}

/// The two hints that are never left out: from them everything else can be found.
const PINNED: [CommandId; 2] = [CommandId::PaletteOpen, CommandId::ViewHelp];

/// Draws what can be done here, as far as there is room; what cannot be done now is left out.
fn draw_hints(seen: &Seen<'_>, scopes: &[Scope], line: Rect, buf: &mut Buffer) {
    for (place, hint) in hints(seen.keys, scopes, &seen.situation, line) {
        let mut pen = Pen::new(buf, place, 0, seen.glyphs.ellipsis);
        pen.text(&hint.keys, seen.style(Role::Key)).text(" ", seen.style(Role::Dim));
        pen.text(hint.title, seen.style(Role::Dim));
    }
}

/// The hints of what can be done that fit on the last line, each with its place. What a source waits for comes first.
fn hints(keys: &dyn Keys, scopes: &[Scope], now: &Situation, line: Rect) -> Vec<(Rect, Hint)> {
    let is_login = |hint: &Hint| hint.id == CommandId::SourceLogin;
    let possible = |hint: &Hint| hint.id.spec().reason(now).is_none();
    let hints = keys.hints(scopes).into_iter().filter(possible);
    let (login, hints): (Vec<Hint>, Vec<Hint>) = hints.partition(is_login);
    let login = login.into_iter().filter(|_| now.shut_out > 0 || scopes.contains(&Scope::Links));
    let hints = login.chain(hints);
    let (pinned, others): (Vec<Hint>, Vec<Hint>) = hints.partition(|hint| PINNED.contains(&hint.id));
    let width = |hint: &Hint| (pen::width(&hint.keys) + 1 + pen::width(hint.title)) as u16;
    let mut room = line.width.saturating_sub(pinned.iter().map(|hint| width(hint) + 2).sum());
    let mut fits = |hint: &Hint| {
        let fits = width(hint) + 2 <= room;
        room = if fits { room - width(hint) - 2 } else { 0 };
        fits
    };
    let mut shown: Vec<Hint> = others.into_iter().take_while(|hint| fits(hint)).collect();
    shown.extend(pinned);
    let mut x = line.x.saturating_add(1);
    let mut places = Vec::new();
    for hint in shown {
        let width = width(&hint);
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
    /// A line of the palette, by its number.
    Entry(usize),
    /// Elsewhere in the frame of the palette.
    Palette,
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
    let filtering = model.prompt.is_some() && model.asked.is_none();
    let places = Places::of(area, model.stack.top().id(), filtering);
    if let Some(palette) = &model.palette {
        match palette::place_in(palette, places.over(), at) {
            Some(Some(entry)) => return Spot::Entry(entry),
            Some(None) => return Spot::Palette,
            None => {}
        }
    } else if places.body.contains(at) {
        return Spot::Body(Position::new(at.x - places.body.x, at.y - places.body.y));
    }
    let typing = model.prompt.is_some() || !model.pressed.is_empty() || model.count.is_some();
    let shows_hints = !typing && model.toast.is_none();
    let hints = if shows_hints {
        let scopes = match (&model.login, &model.palette) {
            (Some(_), _) => &[Scope::Login],
            (None, Some(_)) => &[Scope::Palette],
            (None, None) => model.stack.top().scopes(),
        };
        hints(&model.keys, scopes, &situation(model), places.last)
    } else {
        Vec::new()
    };
    let hint = hints.into_iter().find(|(place, _)| place.contains(at));
    hint.map_or(Spot::Elsewhere, |(_, hint)| Spot::Hint(hint.id))
}

/// The environment of what is looked at, where mistakes cost most there: of the selected Application, in a plan of any of
/// those it is about.
fn guarded(screen: ScreenId, lens: &Lens, seen: &Seen<'_>) -> Option<Environment> {
    let planned = lens.proposal.iter().filter(|_| screen == ScreenId::Plan).flat_map(|proposal| &proposal.apps);
    planned.chain(&lens.selected).find_map(|key| {
        let row = seen.apps.get(seen.apps.find(key)?)?;
        Some(seen.apps.describe(row.environment.as_ref()?)).filter(Environment::is_protected)
    })
}

/// Draws a rule; around what belongs to a protected environment it is heavy and has that environment's colour.
fn draw_rule(seen: &Seen<'_>, guarded: Option<&Environment>, place: Rect, buf: &mut Buffer) {
    let upright = place.width == 1 && place.height > 1;
    let sign = match (upright, guarded.is_some()) {
        (true, false) => seen.glyphs.vertical,
        (false, false) => seen.glyphs.horizontal,
        (true, true) => seen.glyphs.heavy_vertical,
        (false, true) => seen.glyphs.heavy_horizontal,
    };
    // underlined, as the name is, a rule would be two
    let heavy = guarded.map(|environment| seen.environment_style(environment).remove_modifier(Modifier::UNDERLINED));
    for position in place.intersection(buf.area).positions() {
        buf[position].set_symbol(sign).set_style(heavy.unwrap_or_else(|| seen.style(Role::Border)));
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
    /// The places on a screen; while the filter is typed there is one more line below everything.
    fn of(area: Rect, screen: ScreenId, filtering: bool) -> Self {
        let tall = area.height >= TALL;
        let below = u16::from(filtering && area.height > 3);
        let area = Rect { height: area.height - below, ..area };
        let header = Rect { height: 1, ..area };
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        let rule = |y| Rect { y, height: 1, ..area };
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

    /// Where what lies over the screen may stand.
    fn over(&self) -> Rect {
        Rect { y: self.body.y, height: self.last.y.saturating_sub(self.body.y), ..self.last }
    }
}
