//! Drawing what is visible of the document.

use std::borrow::Cow;
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::lines::{self, Line, Side};
use super::screen::Diff;
use crate::config::theme::Role;
use crate::diff::changed_words;
use crate::domain::{Change, Compared, Comparison, Owner, Rung, Sides};
use crate::view::Seen;
use crate::view::empty::wrap;
use crate::widget::marked::{Marks, write};
use crate::widget::pen::width;
use crate::widget::yaml::{is_plain_value, key_end};
use crate::widget::{Pen, wrap as wrapping};

/// Cells before a line: the cursor and its sign.
const LEAD: u16 = 4;
/// Cells that who changed a field may take at the end of a line.
const WHO: u16 = 34;

/// The cells a line, or half of one, has for its text.
pub(super) fn cells(width: u16, beside: bool) -> usize {
    let room = width.saturating_sub(LEAD);
    usize::from(if beside { half(room) } else { room }).max(4)
}

/// The cells one of two sides has, of the room there is.
fn half(room: u16) -> u16 {
    (room.saturating_sub(WHO + 3) / 2).max(4)
}

/// A text with signs the terminal shows: masks are ours, and not all terminals have their sign.
fn shown<'t>(text: &'t str, seen: &Seen<'_>) -> Cow<'t, str> {
    if seen.glyphs.ellipsis.is_ascii() && text.contains('•') { text.replace('•', "*").into() } else { text.into() }
}

pub(super) fn draw(diff: &Diff, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
    if let Some(choice) = &diff.choice {
        let name = diff.app.as_ref().map_or("", |app| &*app.name);
        Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(1).text(name, seen.style(Role::Title));
        choice.draw(&diff.versus, seen, area, buf);
        return;
    }
    title(diff, seen, area, buf);
    for (row, (text, role)) in diff.heads.iter().enumerate() {
        Pen::new(buf, area, row as u16 + 2, seen.glyphs.ellipsis).skip(1).text(text, seen.style(*role));
    }
    let Some(comparison) = diff.comparison.as_ref().filter(|comparison| comparison.rung.is_some()) else {
        let failed = diff.comparison.as_ref().and_then(|comparison| comparison.failed.as_deref());
        let (text, role) = match (failed, &diff.app) {
            (Some(why), _) => (format!("it cannot be compared: {why}"), Role::Warn),
            (None, Some(_)) => (format!("it is being compared{}", seen.glyphs.ellipsis), Role::Dim),
            (None, None) => ("no Application is selected".to_owned(), Role::Dim),
        };
        paragraph(&text, role, seen, area, 2, buf);
        return;
    };
    if comparison.resources.is_empty() {
        paragraph("it has no resources", Role::Dim, seen, area, 2, buf);
    }
    if diff.beside && !diff.lines.is_empty() {
        let [wanted, base] = &comparison.names;
        let mut pen = Pen::new(buf, area, diff.above() - 1, seen.glyphs.ellipsis);
        let half = half(area.width.saturating_sub(LEAD));
        pen.skip(LEAD).cell(wanted, half, seen.style(Role::Heading));
        pen.cell(seen.glyphs.vertical, 2, seen.style(Role::Border)).text(base, seen.style(Role::Heading));
    }
    for (row, at) in diff.window.visible(diff.lines.len(), diff.height).enumerate() {
        seen.work.row();
        let mut pen = Pen::new(buf, area, row as u16 + diff.above(), seen.glyphs.ellipsis);
        let here = at == diff.window.selected;
        let over = Over { seen, here };
        pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, over.style(Role::Cursor));
        line(diff, comparison, diff.lines[at], &over, &mut pen);
    }
    foot(diff, comparison, seen, area, buf);
}

/// Looks on the selected line and off it.
struct Over<'s, 'a> {
    seen: &'s Seen<'a>,
    here: bool,
}

impl Over<'_, '_> {
    fn style(&self, role: Role) -> Style {
        let style = self.seen.style(role);
        if self.here { style.patch(self.seen.style(Role::Selection)) } else { style }
    }
}

fn paragraph(text: &str, role: Role, seen: &Seen<'_>, area: Rect, from: u16, buf: &mut Buffer) {
    for (row, part) in wrap(text, usize::from(area.width.saturating_sub(2)).max(4)).into_iter().enumerate() {
        Pen::new(buf, area, row as u16 + from, seen.glyphs.ellipsis).skip(1).text(&part, seen.style(role));
    }
}

/// Whose it is and how much differs; then where desired state came from, and what a better source would have taken.
fn title(diff: &Diff, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
    let name = diff.app.as_ref().map_or("", |app| &*app.name);
    let mut pen = Pen::new(buf, area, 0, seen.glyphs.ellipsis);
    pen.skip(1).text(name, seen.style(Role::Title));
    let Some(comparison) = &diff.comparison else { return };
    let (create, update, prune) = comparison.counts();
    let dot = seen.glyphs.dot;
    let all = comparison.resources.len();
    match create + update + prune {
        _ if comparison.rung.is_none() => {}
        0 => drop(pen.text(&format!(" {dot} nothing of {all} differs"), seen.style(Role::Ok))),
        some => {
            pen.text(&format!(" {dot} {some} of {all} differ"), seen.style(Role::Text));
            let counts = [("+", create, Role::Ok), ("~", update, Role::Warn), ("-", prune, Role::Bad)];
            for (sign, count, role) in counts.into_iter().filter(|(_, count, _)| *count > 0) {
                pen.text(&format!(" {sign}{count}"), seen.style(role));
            }
        }
    }
    if !diff.beside && comparison.rung.is_some() {
        let [wanted, base] = &comparison.names;
        pen.text(&format!("  - {base}"), seen.style(Role::Bad)).text(&format!("  + {wanted}"), seen.style(Role::Ok));
    }
    if let Some(wanted) = &diff.wanted {
        pen.text(&format!("  /{}: {}", wanted.typed(), diff.found.len()), seen.style(Role::Accent));
    }
    let mut pen = Pen::new(buf, area, 1, seen.glyphs.ellipsis);
    pen.skip(1);
    if let Some(rung) = comparison.rung {
        let role = if rung == Rung::Drift { Role::Warn } else { Role::Dim };
        pen.text(rung.said(), seen.style(role));
    }
    if let Some(why) = comparison.failed.as_ref().filter(|_| comparison.rung.is_some()) {
        pen.text(&format!(" {dot} not read anew: {why}"), seen.style(Role::Warn));
    }
    // what is next to it tells most: the best one that could not be used stands last
    for lack in comparison.lacks.iter().rev() {
        pen.text(&format!(" {dot} not {}: {}", lack.rung.said(), lack.why), seen.style(Role::Dim));
    }
}

/// What stands above the document: what environments have differently as a rule, and notes.
pub(super) fn heads(comparison: &Comparison, width: usize) -> Vec<(String, Role)> {
    let mut heads = Vec::new();
    let room = width.saturating_sub(2).max(10);
    let told = comparison.usual.iter().map(|usual| {
        let times = if usual.fields.len() > 1 { format!(" x{}", usual.fields.len()) } else { String::new() };
        format!("{} {} -> {}{times}", usual.what, usual.live, usual.desired)
    });
    let told = told.collect::<Vec<_>>().join(", ");
    if !told.is_empty() {
        heads.extend(wrap(&format!("as a rule: {told}"), room).into_iter().map(|line| (line, Role::Accent)));
    }
    for note in &comparison.notes {
        heads.extend(wrap(note, room).into_iter().map(|line| (line, Role::Warn)));
    }
    heads
}

/// The path under the cursor, and how it is shown.
fn foot(diff: &Diff, comparison: &Comparison, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(buf, area, area.height.saturating_sub(1), seen.glyphs.ellipsis);
    let Some(line) = diff.here() else { return };
    let resource = &comparison.resources[line.resource()];
    let path = lines::path(comparison, line).map(|path| path.to_string()).filter(|path| !path.is_empty());
    let path = path.unwrap_or_else(|| format!("{} {}", resource.object.kind, resource.object.name));
    pen.skip(1).text(&path, seen.style(Role::Accent));
    if let Some((_, field)) = diff.field() {
        if field.hidden {
            pen.text("  changed (value hidden)", seen.style(Role::Warn));
        }
        if field.is_controlled() {
            let key = seen.keys.key(&[crate::command::Scope::Diff], crate::command::CommandId::DiffSilence);
            let key = key.map_or_else(String::new, |key| format!(": {key} copies the rule that ignores it"));
            pen.text(&format!("  a controller keeps it so{key}"), seen.style(Role::Dim));
        }
    }
}

fn line(diff: &Diff, comparison: &Comparison, line: Line, over: &Over<'_, '_>, pen: &mut Pen<'_>) {
    let seen = over.seen;
    let resource = &comparison.resources[line.resource()];
    match line {
        Line::Head(_) => head(resource, over, pen),
        Line::Row(_, row, side, part) if diff.beside && side == Side::Both => {
            beside(diff, resource, row, part, over, pen);
        }
        Line::Row(_, row, side, part) => alone(diff, resource, row, side, part, over, pen),
        Line::Gap(_, _, count) => {
            pen.text(&format!("  {} {count} equal lines", seen.glyphs.ellipsis), over.style(Role::Faint));
        }
        Line::Shadow(_, at) => {
            let shadow = &resource.shadows[at];
            let who = who(&shadow.owner, seen);
            let value = match &shadow.live {
                serde_json::Value::String(text) => text.lines().next().unwrap_or_default().to_owned(),
                other => other.to_string(),
            };
            let value = shown(&value, seen);
            pen.text("! shadow: ", over.style(Role::Warn)).text(&shadow.path.to_string(), over.style(Role::Text));
            pen.text(&format!(", {who}; Argo CD does not see it: {value}"), over.style(Role::Dim));
        }
        Line::Ignored(_, at) => {
            let field = &resource.ignored[at];
            let value = |value: &Option<serde_json::Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
            pen.text("  ignored by a rule: ", over.style(Role::Dim))
                .text(&field.path.to_string(), over.style(Role::Text));
            let sides = format!(" {}, runs {}", value(&field.desired), value(&field.live));
            pen.text(&shown(&sides, seen), over.style(Role::Dim));
        }
        Line::Silent(_) => {
            let key = seen.keys.key(&[crate::command::Scope::Diff], crate::command::CommandId::DiffIgnored);
            let key = key.map_or_else(String::new, |key| format!("; {key} shows them"));
            pen.text(&format!("  {} ignored by rules{key}", resource.ignored.len()), over.style(Role::Dim));
        }
        Line::Unread(_) => {
            let why = resource.unread.as_deref().unwrap_or_default();
            pen.text(&format!("  could not be read: {why}"), over.style(Role::Warn));
        }
    }
}

/// Sign, kind, name, wave, counts, and who changed most of it.
fn head(resource: &Compared, over: &Over<'_, '_>, pen: &mut Pen<'_>) {
    let role = match resource.change {
        Change::Create => Role::Ok,
        Change::Update => Role::Warn,
        Change::Prune => Role::Bad,
        Change::Same => Role::Dim,
    };
    let named = if resource.change == Change::Same { Role::Dim } else { Role::Title };
    pen.text(&format!("{} ", resource.change.sign()), over.style(role));
    pen.text(&format!("{} {}", resource.object.kind, resource.object.name), over.style(named));
    pen.text(&format!("  wave {}", resource.wave), over.style(Role::Dim));
    let (plus, minus) = resource.counts;
    match resource.change {
        Change::Same if resource.unread.is_some() => drop(pen.text("  not read", over.style(Role::Warn))),
        Change::Same => drop(pen.text("  same", over.style(Role::Dim))),
        change => {
            pen.text(&format!("  {}", change.word()), over.style(role));
            pen.text(&format!("  +{plus}"), over.style(Role::Ok)).text(&format!(" -{minus}"), over.style(Role::Bad));
        }
    }
    let owners: std::collections::BTreeSet<String> =
        resource.fields.iter().filter_map(|field| Some(field.owner.as_ref()?.said())).collect();
    if !owners.is_empty() {
        let said = owners.into_iter().collect::<Vec<_>>().join(", ");
        pen.text(&format!("  by {said}"), over.style(Role::Accent));
    }
    if !resource.shadows.is_empty() {
        pen.text(&format!("  {} shadow", resource.shadows.len()), over.style(Role::Warn));
    }
}

/// Who set it and when: `kubectl-edit, 12m ago`.
fn who(owner: &Owner, seen: &Seen<'_>) -> String {
    let age = owner.time.map_or_else(String::new, |at| format!(", {} ago", seen.age(at)));
    format!("by {}{age}", owner.said())
}

/// Who changed the field that begins on this line.
fn author(resource: &Compared, row: usize, seen: &Seen<'_>) -> Option<String> {
    let rows = &resource.rows.rows;
    let field = rows[row].field?;
    let begins = row.checked_sub(1).is_none_or(|before| rows[before].field != Some(field));
    resource.fields.get(field as usize).filter(|_| begins)?.owner.as_ref().map(|owner| who(owner, seen))
}

/// The parts of a line that stand out: its name, what was searched for.
fn marks(diff: &Diff, text: &str, seen: &Seen<'_>, coloured: bool, changed: Vec<Range<usize>>) -> Marks {
    let mut marks = Marks::new();
    if coloured {
        let end = key_end(text).unwrap_or(0);
        marks.push((0..end, seen.style(Role::Dim)));
        if is_plain_value(&text[end..]) {
            marks.push((end..text.len(), seen.style(Role::Accent)));
        }
    }
    let changed =
        changed.into_iter().map(|part| (part, Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)));
    marks.extend(changed);
    if let Some(wanted) = &diff.wanted {
        marks.extend(wanted.find_in(text).map(|part| (part, seen.style(Role::Found))));
    }
    marks
}

fn part_of(diff: &Diff, text: &str, part: usize, cells: usize) -> Range<usize> {
    if diff.options.wrap { wrapping::rows(text, cells, part, 1).pop().unwrap_or(0..0) } else { 0..text.len() }
}

fn alone(
    diff: &Diff,
    resource: &Compared,
    row: usize,
    side: Side,
    part: usize,
    over: &Over<'_, '_>,
    pen: &mut Pen<'_>,
) {
    let seen = over.seen;
    let sides = &resource.rows.rows[row].sides;
    let (text, sign, role, changed) = match (sides, side) {
        (Sides::Changed(desired, live), Side::Desired) => (desired, "+", Role::Ok, changed_words(live, desired).1),
        (Sides::Changed(desired, live), Side::Live) => (live, "-", Role::Bad, changed_words(live, desired).0),
        (Sides::Same(text) | Sides::Changed(_, text), _) => (text, " ", Role::Text, Vec::new()),
        (Sides::Desired(text), _) => (text, "+", Role::Ok, Vec::new()),
        (Sides::Live(text), _) => (text, "-", Role::Bad, Vec::new()),
    };
    pen.cell(sign, 2, over.style(role));
    let text = shown(text, seen);
    let marks = marks(diff, &text, seen, role == Role::Text, changed);
    let author = if side == Side::Live && part == 0 { author(resource, row, seen) } else { None };
    let room = pen.room();
    // a line that is cut leaves room to who changed it
    let taken = author.as_ref().filter(|_| !diff.options.wrap).map_or(0, |author| width(author) as u16 + 2);
    let own = room.saturating_sub(taken).max(room / 2);
    write(pen, &text, part_of(diff, &text, part, usize::from(own)), over.style(role), &marks, own);
    if let Some(author) = author {
        pen.text(&format!("  {author}"), over.style(Role::Accent));
    }
}

fn beside(diff: &Diff, resource: &Compared, row: usize, part: usize, over: &Over<'_, '_>, pen: &mut Pen<'_>) {
    let seen = over.seen;
    let line = &resource.rows.rows[row];
    let is_changed = diff.options.is_changed(line);
    let (desired, live) = match &line.sides {
        Sides::Same(text) => (Some(text), Some(text)),
        Sides::Changed(desired, live) => (Some(desired), Some(live)),
        Sides::Desired(text) => (Some(text), None),
        Sides::Live(text) => (None, Some(text)),
    };
    let words = match (desired, live) {
        (Some(desired), Some(live)) if is_changed => changed_words(desired, live),
        _ => (Vec::new(), Vec::new()),
    };
    let sign = match &line.sides {
        _ if !is_changed => "",
        Sides::Desired(_) => "+",
        Sides::Live(_) => "-",
        Sides::Same(_) | Sides::Changed(..) => "~",
    };
    pen.cell(sign, 2, over.style(if sign == "+" { Role::Ok } else { Role::Bad }));
    let half = half(pen.room());
    for (text, changed, role) in [(desired, words.0, Role::Ok), (live, words.1, Role::Bad)] {
        let begin = pen.x();
        if let Some(text) = text.map(|text| shown(text, seen)) {
            let role = if is_changed { role } else { Role::Text };
            let marks = marks(diff, &text, seen, !is_changed, changed);
            write(pen, &text, part_of(diff, &text, part, half.into()), over.style(role), &marks, half);
        }
        let used = pen.x() - begin;
        pen.cell("", half.saturating_sub(used), over.style(Role::Text));
        if begin < LEAD + half {
            pen.cell(seen.glyphs.vertical, 2, over.style(Role::Border));
        }
    }
    if part == 0
        && let Some(author) = author(resource, row, seen)
    {
        pen.skip(1).text(&author, over.style(Role::Accent));
    }
}
