//! The lines of the document: which there are, in which order. It is laid out anew when what it shows or how it is shown
//! has changed, never for a frame.

use std::collections::BTreeSet;

use crate::domain::{Change, Compared, Comparison, FieldPath, ObjectName, Row, Sides};
use crate::widget::wrap;

/// Equal lines around a change: few, some, many, all.
const CONTEXTS: [usize; 4] = [1, 3, 10, usize::MAX];

/// Which side of a line is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Both, beside each other, or one line that is the same.
    Both,
    /// As it is wanted.
    Desired,
    /// As it is.
    Live,
}

/// One line of the document; resources and rows by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The name of a resource and what becomes of it.
    Head(usize),
    /// A line of it, or the n-th part of one that is wrapped.
    Row(usize, usize, Side, usize),
    /// Equal lines that are folded: where they begin, and how many.
    Gap(usize, usize, usize),
    /// What somebody added by hand.
    Shadow(usize, usize),
    /// A difference that a rule ignores.
    Ignored(usize, usize),
    /// How many of them there are.
    Silent(usize),
    /// Why nothing is known of it.
    Unread(usize),
}

impl Line {
    /// The resource it is of.
    pub fn resource(self) -> usize {
        match self {
            Self::Head(n)
            | Self::Row(n, ..)
            | Self::Gap(n, ..)
            | Self::Shadow(n, _)
            | Self::Ignored(n, _)
            | Self::Silent(n)
            | Self::Unread(n) => n,
        }
    }
}

/// How the document is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key that turns something on and off")]
pub(super) struct Options {
    /// Both sides beside each other; by the width when nobody said.
    pub beside: Option<bool>,
    /// Which of [`CONTEXTS`].
    pub context: usize,
    /// Long lines are wrapped.
    pub wrap: bool,
    /// White space alone is no change.
    pub blind: bool,
    /// What rules ignore is shown.
    pub ignored: bool,
    /// Every resource is one line.
    pub collapsed: bool,
    /// Resources that are folded although they differ, or unfolded although they do not.
    pub turned: BTreeSet<ObjectName>,
    /// Equal lines that are shown: of which resource, from where.
    pub opened: BTreeSet<(ObjectName, usize)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            beside: None,
            context: 1,
            wrap: false,
            blind: false,
            ignored: false,
            collapsed: false,
            turned: BTreeSet::new(),
            opened: BTreeSet::new(),
        }
    }
}

impl Options {
    /// More or fewer equal lines around a change; whether that was possible.
    pub fn step_context(&mut self, by: isize) -> bool {
        let next = self.context.saturating_add_signed(by).min(CONTEXTS.len() - 1);
        std::mem::replace(&mut self.context, next) != next
    }

    /// The lines around a change, in words.
    pub fn context_word(&self) -> String {
        match CONTEXTS[self.context] {
            usize::MAX => "all".to_owned(),
            some => some.to_string(),
        }
    }

    fn is_folded(&self, resource: &Compared) -> bool {
        self.collapsed || (resource.change == Change::Same) != self.turned.contains(&resource.object)
    }

    /// Whether a line is shown as changed.
    pub fn is_changed(&self, row: &Row) -> bool {
        match &row.sides {
            Sides::Same(_) => false,
            Sides::Changed(desired, live) if self.blind => squeezed(desired) != squeezed(live),
            Sides::Desired(line) | Sides::Live(line) if self.blind => !line.trim().is_empty(),
            _ => true,
        }
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Lays the document out; with `beside`, on two halves of `cells` cells each.
pub(super) fn lay_out(comparison: &Comparison, options: &Options, beside: bool, cells: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (n, resource) in comparison.resources.iter().enumerate() {
        lines.push(Line::Head(n));
        if options.collapsed {
            continue;
        }
        if resource.unread.is_some() {
            lines.push(Line::Unread(n));
        }
        if !options.is_folded(resource) {
            rows(n, resource, options, beside, cells, &mut lines);
        }
        lines.extend((0..resource.shadows.len()).map(|at| Line::Shadow(n, at)));
        if options.ignored {
            lines.extend((0..resource.ignored.len()).map(|at| Line::Ignored(n, at)));
        } else if !resource.ignored.is_empty() {
            lines.push(Line::Silent(n));
        }
    }
    lines
}

fn rows(n: usize, resource: &Compared, options: &Options, beside: bool, cells: usize, lines: &mut Vec<Line>) {
    let rows = &resource.rows.rows;
    let context = CONTEXTS[options.context];
    // how far the next change is, from every line
    let mut shown = vec![context == usize::MAX; rows.len()];
    if context != usize::MAX {
        for at in (0..rows.len()).filter(|at| options.is_changed(&rows[*at])) {
            let end = (at + context + 1).min(rows.len());
            shown[at.saturating_sub(context)..end].fill(true);
        }
    }
    let mut at = 0;
    while at < rows.len() {
        if !shown[at] {
            let end = (at..rows.len()).find(|next| shown[*next]).unwrap_or(rows.len());
            // a fold of one line would only hide it
            if end - at > 1 && !options.opened.contains(&(resource.object.clone(), at)) {
                lines.push(Line::Gap(n, at, end - at));
            } else {
                (at..end).for_each(|at| row(n, at, &rows[at], options, beside, cells, lines));
            }
            at = end;
            continue;
        }
        row(n, at, &rows[at], options, beside, cells, lines);
        at += 1;
    }
}

fn row(n: usize, at: usize, row: &Row, options: &Options, beside: bool, cells: usize, lines: &mut Vec<Line>) {
    let parts = |text: &str| if options.wrap { wrap::count(text, cells) } else { 1 };
    let mut push = |side, parts: usize| lines.extend((0..parts).map(|part| Line::Row(n, at, side, part)));
    match &row.sides {
        Sides::Same(text) => push(Side::Both, parts(text)),
        Sides::Changed(desired, live) if beside || !options.is_changed(row) => {
            push(Side::Both, parts(desired).max(parts(live)));
        }
        Sides::Changed(desired, live) => {
            push(Side::Live, parts(live));
            push(Side::Desired, parts(desired));
        }
        Sides::Desired(text) => push(if beside { Side::Both } else { Side::Desired }, parts(text)),
        Sides::Live(text) => push(if beside { Side::Both } else { Side::Live }, parts(text)),
    }
}

/// Where a line is: it is found again by that when the document is laid out anew.
pub(super) type Anchor = (ObjectName, Option<FieldPath>, Option<Side>);

/// Where a line is.
pub(super) fn anchor(comparison: &Comparison, line: Line) -> Option<Anchor> {
    let resource = comparison.resources.get(line.resource())?;
    let side = match line {
        Line::Row(_, _, side, _) => Some(side),
        _ => None,
    };
    Some((resource.object.clone(), path(comparison, line), side))
}

/// The field a line is about.
pub(super) fn path(comparison: &Comparison, line: Line) -> Option<FieldPath> {
    let resource = comparison.resources.get(line.resource())?;
    match line {
        Line::Row(_, row, ..) | Line::Gap(_, row, _) => Some(resource.rows.path(row)),
        Line::Shadow(_, at) => Some(resource.shadows.get(at)?.path.clone()),
        Line::Ignored(_, at) => Some(resource.ignored.get(at)?.path.clone()),
        Line::Head(_) | Line::Silent(_) | Line::Unread(_) => None,
    }
}

/// The line that is where another one was: the same field, else the nearest field above it, else its resource.
pub(super) fn find(comparison: &Comparison, lines: &[Line], wanted: &Anchor) -> Option<usize> {
    let (object, path_wanted, side) = wanted;
    let resource = comparison.resources.iter().position(|resource| resource.object == *object)?;
    let within = || lines.iter().enumerate().filter(|(_, line)| line.resource() == resource);
    let Some(path_wanted) = path_wanted else { return within().map(|(at, _)| at).next() };
    let rank = |line: Line| {
        let path = path(comparison, line)?;
        let is_side = matches!(line, Line::Row(_, _, own, _) if Some(own) == *side);
        path_wanted.is_within(&path).then_some((path.0.len(), is_side))
    };
    let best = within().filter_map(|(at, line)| Some((rank(*line)?, std::cmp::Reverse(at)))).max();
    best.map(|(_, at)| at.0).or_else(|| within().map(|(at, _)| at).next())
}

/// The text of a line that is searched in.
pub(super) fn texts(comparison: &Comparison, line: Line) -> Vec<String> {
    let Some(resource) = comparison.resources.get(line.resource()) else { return Vec::new() };
    match line {
        Line::Row(_, row, side, 0) => match (&resource.rows.rows[row].sides, side) {
            (Sides::Same(text) | Sides::Desired(text) | Sides::Live(text), _) => vec![text.to_string()],
            (Sides::Changed(desired, _), Side::Desired) => vec![desired.to_string()],
            (Sides::Changed(_, live), Side::Live) => vec![live.to_string()],
            (Sides::Changed(desired, live), Side::Both) => vec![desired.to_string(), live.to_string()],
        },
        Line::Head(_) => vec![format!("{} {}", resource.object.kind, resource.object.name)],
        Line::Shadow(..) | Line::Ignored(..) => path(comparison, line).iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}
