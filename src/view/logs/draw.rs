//! How the screen looks: a line about what is shown, the lines, and a line about what is looked for.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::place::Placed;
use super::screen::{Logs, Window};
use crate::config::theme::Role;
use crate::domain::Timestamp;
use crate::store::LogStore;
use crate::store::logs::{Kind, Level, Line, StreamState};
use crate::view::{Lens, Seen, detail};
use crate::widget::{Pen, pen, wrap};

/// Screens narrower than this say the level with one letter.
const NARROW: u16 = 60;
/// The sign beside the current match.
const SIGN: u16 = 1;
const TIME: u16 = 9;
/// Roles of the colours that streams are told apart by.
const SLOTS: [Role; 6] = [Role::Log1, Role::Log2, Role::Log3, Role::Log4, Role::Log5, Role::Log6];

/// Cells before the text of a line.
pub(super) fn gutter(logs: &Logs, store: &LogStore, width: u16) -> u16 {
    let time = if logs.shows_times(width) { TIME } else { 0 };
    SIGN + time + name_width(store, width) + level_width(width)
}

fn name_width(store: &LogStore, width: u16) -> u16 {
    let longest = store.streams().map(|(_, s)| pen::width(&s.short)).max().unwrap_or_default() as u16;
    (longest + 1).min((width / 4).min(24))
}

fn level_width(width: u16) -> u16 {
    if width < NARROW { 2 } else { 6 }
}

/// Draws all of it.
pub(super) fn screen(logs: &Logs, lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
    header(logs, lens, seen, area, buf);
    let mut row = 1;
    for placed in &logs.placed {
        let Some(line) = seen.logs.get(placed.number) else { continue };
        seen.work.row();
        if line.kind == Kind::Marker {
            marker(logs, &line, seen, (area, row), buf);
        } else {
            text(logs, &line, placed, seen, (area, row), buf);
        }
        row += placed.rows as u16;
    }
    if logs.placed.is_empty() {
        let words = match seen.logs.is_empty() {
            true if lens.hooks && seen.logs.streams().next().is_none() => "no hook has a pod now",
            true => "no line has come in yet",
            false => "no line passes the filter",
        };
        let words = if logs.complete { words } else { "looking" };
        Pen::new(buf, area, 2, seen.glyphs.ellipsis).skip(2).text(words, seen.style(Role::Dim));
        let id = lens.selected.as_ref().and_then(|key| seen.apps.find(key));
        let lost = id.map_or_else(Vec::new, |id| detail::no_route(seen, id, area.width));
        for (n, line) in lost.iter().enumerate() {
            let mut pen = Pen::new(buf, area, n as u16 + 3, seen.glyphs.ellipsis);
            for (text, role) in line {
                pen.text(text, seen.style(*role));
            }
        }
    }
    status(logs, seen, area, buf);
}

/// `backend · dev · 2 pods, 1 ended` and, at the right, what narrows the view: what fits, the most important first.
fn header(logs: &Logs, lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(buf, area, 0, seen.glyphs.ellipsis);
    let key = lens.selected.as_ref();
    let row = key.and_then(|key| seen.apps.get(seen.apps.find(key)?));
    let name = row.map(|r| r.service.as_str()).or(key.map(|k| k.name.as_str())).unwrap_or("logs");
    let mut parts = narrowed(logs, lens, seen);
    let needed = |parts: &[(String, Role)]| parts.iter().map(|(t, _)| pen::width(t) + 2).sum::<usize>();
    while needed(&parts) + pen::width(name) + 2 > usize::from(area.width) && parts.len() > 1 {
        parts.pop();
    }
    let right = needed(&parts) as u16;
    let end = area.right().saturating_sub(right);
    let room = |pen: &Pen<'_>| end.saturating_sub(pen.x());
    pen.skip(1).field(name, end.saturating_sub(area.x + 1), seen.style(Role::Title));
    if let Some(environment) = row.and_then(|r| r.environment.as_ref()) {
        let environment = seen.apps.describe(environment);
        let name = seen.environment_name(&environment);
        if usize::from(room(&pen)) > pen::width(&name) + 3 {
            pen.text(&format!(" {} ", seen.glyphs.dot), seen.style(Role::Dim));
            pen.text(&name, seen.environment_style(&environment));
        }
    }
    let pods = format!(" {} {}", seen.glyphs.dot, pods(seen.logs));
    if usize::from(room(&pen)) > pen::width(&pods) {
        pen.text(&pods, seen.style(Role::Dim));
    }
    pen.skip(room(&pen));
    for (text, role) in parts {
        pen.text(&text, seen.style(role)).skip(2);
    }
}

/// `2 pods, 1 down, 1 ended`: a pod is as well as the best of its containers.
fn pods(store: &LogStore) -> String {
    let rank = |state| match state {
        StreamState::Following | StreamState::Restarted => 0,
        StreamState::Down => 1,
        StreamState::Ended => 2,
    };
    let mut pods: Vec<(&str, usize)> = Vec::new();
    for (_, stream) in store.streams() {
        match pods.iter_mut().find(|(pod, _)| *pod == stream.pod.as_str()) {
            Some((_, best)) => *best = rank(stream.state).min(*best),
            None => pods.push((&stream.pod, rank(stream.state))),
        }
    }
    let count = |wanted| pods.iter().filter(|(_, rank)| *rank == wanted).count();
    let (down, ended) = (count(1), count(2));
    let there = pods.len() - ended;
    let mut words = if there == 1 { "1 pod".to_owned() } else { format!("{there} pods") };
    for (count, word) in [(down, "down"), (ended, "ended")] {
        if count > 0 {
            words.push_str(&format!(", {count} {word}"));
        }
    }
    words
}

fn narrowed(logs: &Logs, lens: &Lens, seen: &Seen<'_>) -> Vec<(String, Role)> {
    let mut parts = Vec::new();
    if lens.hooks {
        parts.push(("only hooks".to_owned(), Role::Accent));
    }
    match (logs.held, logs.top) {
        // what has ended says nothing new: there is nothing to follow
        _ if lens.previous => parts.push(("previous".to_owned(), Role::Accent)),
        (Some(_), _) => parts.push((format!("paused, {} new", logs.new), Role::Warn)),
        (None, None) => parts.push(("follow".to_owned(), Role::Ok)),
        (None, Some(_)) => parts.push(("scrolled".to_owned(), Role::Busy)),
    }
    let dropped = seen.logs.dropped();
    let lost = (format!("{dropped} dropped"), if dropped > 0 { Role::Warn } else { Role::Dim });
    if dropped > 0 {
        parts.push(lost.clone());
    }
    if let Some(level) = logs.level {
        parts.push((format!("level {}+", level.word().to_lowercase()), Role::Accent));
    }
    if let Some(stream) = logs.stream.and_then(|id| seen.logs.stream_of(id)) {
        parts.push((format!("only {}", stream.short), Role::Accent));
    }
    match logs.window {
        Window::Tail => {}
        Window::Head => parts.push(("from the start".to_owned(), Role::Accent)),
        Window::Minutes(60, _) => parts.push(("since 1h".to_owned(), Role::Accent)),
        Window::Minutes(minutes, _) => parts.push((format!("since {minutes}m"), Role::Accent)),
    }
    if logs.raw {
        parts.push(("raw".to_owned(), Role::Accent));
    }
    if dropped == 0 {
        parts.push(lost);
    }
    parts
}

/// A rule across the screen with what happened in it.
fn marker(logs: &Logs, line: &Line<'_>, seen: &Seen<'_>, (area, row): (Rect, u16), buf: &mut Buffer) {
    let rule = seen.glyphs.horizontal;
    let mut pen = Pen::new(buf, area, row, seen.glyphs.ellipsis);
    pen.text(&rule.repeat(2), seen.style(Role::Border)).skip(1);
    if logs.shows_times(area.width) {
        pen.cell(&time(line.at), TIME, seen.style(Role::Dim));
    }
    if let Some(stream) = line.stream.and_then(|id| seen.logs.stream_of(id)) {
        pen.text(&stream.short, seen.style(SLOTS[stream.slot % SLOTS.len()])).skip(1);
    }
    pen.text(line.text, seen.style(Role::Accent)).skip(1);
    let left = usize::from(pen.room());
    pen.text(&rule.repeat(left), seen.style(Role::Border));
}

fn text(logs: &Logs, line: &Line<'_>, placed: &Placed, seen: &Seen<'_>, (area, row): (Rect, u16), buf: &mut Buffer) {
    let current = logs.current == Some(line.number);
    let gutter = gutter(logs, seen.logs, area.width);
    if placed.skip == 0 {
        let mut pen = Pen::new(buf, area, row, seen.glyphs.ellipsis);
        pen.cell(if current { seen.glyphs.cursor } else { "" }, SIGN, seen.style(Role::Cursor));
        if logs.shows_times(area.width) {
            pen.cell(&time(line.at), TIME, seen.style(Role::Dim));
        }
        let stream = line.stream.and_then(|id| seen.logs.stream_of(id));
        let (name, slot) = stream.map_or(("", 0), |s| (s.short.as_str(), s.slot));
        let names = name_width(seen.logs, area.width);
        pen.cell(name, names.saturating_sub(1), seen.style(SLOTS[slot % SLOTS.len()])).skip(1);
        let levels = level_width(area.width);
        let word = line.level.word();
        let word = if levels < 6 { word.get(..1).unwrap_or_default() } else { word };
        pen.cell(word, levels, seen.style(level_role(line.level)));
    }
    let cells = usize::from(area.width.saturating_sub(gutter)).max(1);
    let shape = &placed.shape;
    let found: Vec<Range<usize>> = logs.search.as_ref().map(|p| p.find_in(&shape.text).collect()).unwrap_or_default();
    let parts = if logs.wrap {
        wrap::rows(&shape.text, cells, placed.skip, placed.rows)
    } else {
        std::iter::once(wrap::behind(&shape.text, logs.left)..shape.text.len()).collect()
    };
    for (n, part) in parts.into_iter().enumerate() {
        let mut pen = Pen::new(buf, area, row + n as u16, seen.glyphs.ellipsis);
        pen.skip(gutter);
        // More than the row shows is not looked at: it is cut at the end of the screen.
        let shown = part.start..shape.text.floor_char_boundary(part.end.min(part.start + cells * 8 + 8));
        for (range, style) in runs(shown, &shape.looks, &found) {
            let style = match style {
                Look::Plain => seen.style(Role::Text),
                Look::Foreign(style) => seen.style(Role::Text).patch(seen.theme.foreign(style)),
                Look::Found if current => seen.style(Role::Found).patch(seen.style(Role::Key)),
                Look::Found => seen.style(Role::Found),
            };
            pen.text(&shape.text[range], style);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Look {
    Plain,
    Foreign(Style),
    Found,
}

/// A part of a line, cut where its looks change; what was found lies over the line's own colours.
fn runs(part: Range<usize>, looks: &[(Range<usize>, Style)], found: &[Range<usize>]) -> Vec<(Range<usize>, Look)> {
    let mut cuts: Vec<usize> = vec![part.start, part.end];
    let inside = |at: &usize| part.contains(at);
    cuts.extend(looks.iter().flat_map(|(r, _)| [r.start, r.end]).filter(inside));
    cuts.extend(found.iter().flat_map(|r| [r.start, r.end]).filter(inside));
    cuts.sort_unstable();
    cuts.dedup();
    let look = |at: usize| {
        if found.iter().any(|r| r.contains(&at)) {
            return Look::Found;
        }
        looks.iter().find(|(r, _)| r.contains(&at)).map_or(Look::Plain, |(_, style)| Look::Foreign(*style))
    };
    cuts.windows(2).map(|pair| (pair[0]..pair[1], look(pair[0]))).collect()
}

fn level_role(level: Level) -> Role {
    match level {
        Level::Trace | Level::Debug | Level::Unsaid => Role::Dim,
        Level::Info => Role::Ok,
        Level::Warn => Role::Warn,
        Level::Error | Level::Fatal => Role::Bad,
    }
}

/// `/ column   & worker` and, at the right, `2 of 17`.
fn status(logs: &Logs, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
    if area.height < 2 {
        return;
    }
    let row = area.height - 1;
    if let Some(wrong) = &logs.wrong {
        Pen::new(buf, area, row, seen.glyphs.ellipsis).skip(1).text(wrong, seen.style(Role::Bad));
        return;
    }
    if logs.search.is_none() && logs.words.is_empty() {
        return;
    }
    let count = logs.search.as_ref().map(|_| matches(logs)).unwrap_or_default();
    let end = area.right().saturating_sub(pen::width(&count) as u16 + 1);
    let mut pen = Pen::new(buf, Rect { width: end.saturating_sub(area.x), ..area }, row, seen.glyphs.ellipsis);
    pen.skip(1);
    if logs.search.is_some() {
        pen.text("/ ", seen.style(Role::Key)).text(&logs.sought, seen.style(Role::Text)).skip(3);
    }
    if !logs.words.is_empty() {
        pen.text("& ", seen.style(Role::Key)).text(&logs.words, seen.style(Role::Text));
    }
    let right = Rect { x: end, width: area.right().saturating_sub(end), ..area };
    Pen::new(buf, right, row, seen.glyphs.ellipsis).text(&count, seen.style(Role::Accent));
}

/// `2 of 17`; with a `+` while lines are still looked at.
fn matches(logs: &Logs) -> String {
    let more = if logs.complete { "" } else { "+" };
    match (logs.found.len(), logs.current) {
        (0, _) if logs.complete => "no match".to_owned(),
        (all, Some(current)) => format!("{} of {all}{more}", logs.found.rank(current) + 1),
        (all, None) => format!("{all}{more} found"),
    }
}

/// Hour, minute and second, UTC as the cluster writes it.
fn time(at: Timestamp) -> String {
    let second = at.as_second().rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}
