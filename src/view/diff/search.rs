//! Where words are in the whole document, in what is folded too.

use super::lines::{Line, Options, Side, texts};
use crate::domain::{Change, Comparison, Sides};
use crate::store::logs::Pattern;

/// The place of a line in the whole document: its resource, then head, lines, shadows, ignored ones, by their numbers.
pub(super) type Spot = (usize, u8, usize);

/// The place of a line; what is folded stands just before the first of its lines.
pub(super) fn spot(line: Line) -> Spot {
    match line {
        Line::Head(n) => (n, 0, 0),
        Line::Unread(n) => (n, 1, 0),
        Line::Gap(n, from, _) => (n, 2, from * 3),
        Line::Row(n, row, side, _) => (n, 2, row * 3 + if side == Side::Desired { 2 } else { 1 }),
        Line::Shadow(n, at) => (n, 3, at),
        Line::Ignored(n, at) => (n, 4, at),
        Line::Silent(n) => (n, 5, 0),
    }
}

/// Every line with the words in it, in the order of the document.
pub(super) fn hits(comparison: &Comparison, wanted: &Pattern, options: &Options, beside: bool) -> Vec<Line> {
    let mut hits = Vec::new();
    let has = |line: &Line| texts(comparison, *line).iter().any(|text| wanted.find_in(text).next().is_some());
    for (n, resource) in comparison.resources.iter().enumerate() {
        hits.extend(Some(Line::Head(n)).filter(has));
        for (at, row) in resource.rows.rows.iter().enumerate() {
            let apart = !beside && options.is_changed(row);
            let sides: &[Side] = match row.sides {
                Sides::Changed(..) if apart => &[Side::Live, Side::Desired],
                Sides::Desired(_) if !beside => &[Side::Desired],
                Sides::Live(_) if !beside => &[Side::Live],
                _ => &[Side::Both],
            };
            hits.extend(sides.iter().map(|side| Line::Row(n, at, *side, 0)).filter(has));
        }
        hits.extend((0..resource.shadows.len()).map(|at| Line::Shadow(n, at)).filter(has));
        hits.extend((0..resource.ignored.len()).map(|at| Line::Ignored(n, at)).filter(has));
    }
    hits
}

/// Changes how the document is shown so that a line is in it; `lines` are those it has now.
pub(super) fn reveal(comparison: &Comparison, options: &mut Options, lines: &[Line], hit: Line) -> bool {
    let Some(resource) = comparison.resources.get(hit.resource()) else { return false };
    let before = options.clone();
    match hit {
        Line::Head(_) => {}
        Line::Ignored(..) => {
            options.collapsed = false;
            options.ignored = true;
        }
        Line::Row(n, row, ..) => {
            options.collapsed = false;
            let is_open = (resource.change == Change::Same) == options.turned.contains(&resource.object);
            if !is_open && !options.turned.remove(&resource.object) {
                options.turned.insert(resource.object.clone());
            }
            let gap = lines.iter().find_map(|line| match line {
                Line::Gap(of, from, count) if *of == n && (*from..from + count).contains(&row) => Some(*from),
                _ => None,
            });
            options.opened.extend(gap.map(|from| (resource.object.clone(), from)));
        }
        _ => options.collapsed = false,
    }
    *options != before
}
