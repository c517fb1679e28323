//! How the palette looks: the line that is typed, and below it what answers.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation as _;

use super::entry::Entry;
use super::offer::Offer;
use super::state::Palette;
use crate::config::theme::Role;
use crate::view::Seen;
use crate::widget::{Panel, Pen, pen};

/// Wider than this the key stands too far from what it does.
const WIDEST: u16 = 100;
/// Lines at the most, that the screen behind it can still be seen.
const HIGHEST: u16 = 18;
/// Narrower panels show names only.
const NARROW: u16 = 56;

/// Draws the palette over `body`.
pub fn draw(palette: &mut Palette, seen: &Seen<'_>, body: Rect, buf: &mut Buffer) {
    let place = place(palette, body);
    let inner = Panel { title: "commands", theme: seen.theme, glyphs: seen.glyphs }.draw(place, buf);
    if inner.is_empty() {
        return;
    }
    Pen::new(buf, inner, 0, seen.glyphs.ellipsis).text(":", seen.style(Role::Accent));
    let field = Rect { x: inner.x + 1, width: inner.width - 1, ..inner };
    palette.prompt.draw(field, seen.style(Role::Text), seen.style(Role::Selection), buf);
    let shown = inner.height.saturating_sub(1);
    palette.window.clamp(palette.entries.len(), shown.into());
    if palette.entries.is_empty() {
        Pen::new(buf, inner, 1, seen.glyphs.ellipsis).skip(2).text(&nothing(palette.text()), seen.style(Role::Dim));
    }
    let visible = palette.window.visible(palette.entries.len(), shown.into());
    let longest = palette.entries[visible.clone()].iter().map(|e| pen::width(&e.label) + 1 + pen::width(e.takes)).max();
    let names = (longest.unwrap_or(0) as u16 + 2).min(inner.width / 2).max(12);
    for (line, n) in visible.enumerate() {
        seen.work.row();
        let here = n == palette.window.selected;
        draw_entry(
            &palette.entries[n],
            here,
            names,
            seen,
            Rect { y: inner.y + 1 + line as u16, height: 1, ..inner },
            buf,
        );
    }
}

/// Where the palette stands over `body`.
fn place(palette: &Palette, body: Rect) -> Rect {
    let width = body.width.min(WIDEST);
    let lines = palette.entries.len().max(1) as u16 + 3;
    let height = lines.min(HIGHEST).min(body.height);
    Rect { x: body.x + (body.width - width) / 2, width, height, ..body }
}

/// What of the palette over `body` is at a place: nothing; else the number of a line, or some other part of it.
pub fn place_in(palette: &Palette, body: Rect, at: Position) -> Option<Option<usize>> {
    let place = place(palette, body);
    if !place.contains(at) {
        return None;
    }
    let inner = Panel::inside(place);
    let line = at.y.checked_sub(inner.y + 1).filter(|_| inner.contains(at));
    let shown = usize::from(inner.height.saturating_sub(1));
    Some(line.and_then(|line| palette.window.visible(palette.entries.len(), shown).nth(line.into())))
}

fn draw_entry(entry: &Entry, here: bool, names: u16, seen: &Seen<'_>, place: Rect, buf: &mut Buffer) {
    let over = |role: Role| if here { seen.style(role).patch(seen.style(Role::Selection)) } else { seen.style(role) };
    if here {
        buf.set_style(place, seen.style(Role::Selection));
    }
    let narrow = place.width < NARROW;
    let keys = pen::width(&entry.keys) as u16;
    let possible = entry.reason.is_none();
    let mut pen = Pen::new(buf, place, 0, seen.glyphs.ellipsis);
    pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, over(Role::Cursor));
    let start = pen.x();
    label(entry, over(if possible { Role::Text } else { Role::Dim }), over(Role::Accent), &mut pen);
    if !entry.takes.is_empty() {
        pen.text(" ", over(Role::Dim)).text(entry.takes, over(Role::Dim));
    }
    if narrow && possible {
        let gap = pen.room().saturating_sub(keys);
        pen.skip(gap).text(&entry.keys, over(Role::Key));
        return;
    }
    let gap = (start + names).saturating_sub(pen.x()).max(1);
    let gap = gap.min(pen.room());
    pen.skip(gap);
    let room = pen.room().saturating_sub(keys + 1);
    match &entry.reason {
        Some(reason) => pen.cell(reason, room, over(Role::Warn)),
        None => pen.cell(&entry.help, room, over(Role::Dim)),
    };
    pen.skip(1).text(&entry.keys, over(if possible { Role::Key } else { Role::Dim }));
}

/// The name, with what was typed of it set off.
fn label(entry: &Entry, style: Style, typed: Style, pen: &mut Pen<'_>) {
    let mut matched = entry.matched.iter().peekable();
    for (n, grapheme) in entry.label.graphemes(true).enumerate() {
        let hit = matched.next_if(|at| **at as usize == n).is_some();
        let style = if hit { typed.add_modifier(Modifier::UNDERLINED) } else { style };
        pen.text(grapheme, style);
    }
}

/// What is said where nothing answers.
fn nothing(text: &str) -> String {
    match Offer::head(text) {
        Some((id, "")) => format!("type a name: {}", id.spec().help.to_lowercase()),
        Some((_, rest)) => format!("nothing is called `{}` there", rest.trim()),
        None => format!("nothing is called `{}`", text.trim()),
    }
}
