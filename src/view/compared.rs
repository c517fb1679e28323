//! What is there now and what was then, side by side; what differs is marked.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Seen;
use super::detail::Run;
use super::empty::wrap;
use crate::action::Compared;
use crate::config::theme::Role;
use crate::widget::{Pen, pen};

/// Columns of sign and name, and the gap in the middle.
const MARGIN: u16 = 19;
/// Columns before the values in a plan, which names no parameter in short.
const NAMES: u16 = 27;

/// In two columns from a row of an area on.
pub(super) fn side_by_side(seen: &Seen<'_>, rows: &[Compared], id: i64, (from, area): (u16, Rect), buf: &mut Buffer) {
    let half = area.width.saturating_sub(MARGIN) / 2;
    let mut line = |row: u16, name: &str, now: &str, then: &str, differs: bool, role: Role| {
        if row >= area.height {
            return;
        }
        let mut pen = Pen::new(buf, area, row, seen.glyphs.ellipsis);
        pen.cell(if differs { seen.glyphs.out_of_sync } else { "" }, 3, seen.style(Role::Warn));
        pen.cell(name, 14, seen.style(Role::Dim)).skip(1).cell(now, half.saturating_sub(1), seen.style(role)).skip(1);
        pen.text(then, seen.style(if differs { Role::Accent } else { role }));
    };
    line(from, "", "now", &format!("deployment {id}"), false, Role::Heading);
    for (n, row) in rows.iter().enumerate() {
        line(from + 1 + n as u16, &row.what, &row.now, row.told(), row.differs(), Role::Text);
    }
}

/// What differs and what nobody noted, in two columns of lines.
pub(super) fn differences(seen: &Seen<'_>, rows: &[Compared], width: u16) -> Vec<Vec<Run>> {
    let half = usize::from(width.saturating_sub(NAMES) / 2).max(8);
    let mut lines = vec![vec![
        (format!("  {:<11}", "compare"), Role::Dim),
        (format!("{:<14}{:<half$}", "", "now"), Role::Heading),
        ("then".to_owned(), Role::Heading),
    ]];
    for row in rows.iter().filter(|row| row.differs() || row.then.is_none()) {
        let (now, then) = (wrap(&row.now, half - 1), wrap(row.told(), half - 1));
        for n in 0..now.len().max(then.len()) {
            let of = |column: &[String]| column.get(n).cloned().unwrap_or_default();
            let (sign, what) = match n {
                0 if row.differs() => (seen.glyphs.out_of_sync, row.what.as_str()),
                0 => ("", row.what.as_str()),
                _ => ("", ""),
            };
            let now = of(&now);
            let gap = half.saturating_sub(pen::width(&now));
            lines.push(vec![
                (format!("   {sign:<3} {what:<19} "), Role::Dim),
                (format!("{now}{:gap$}", ""), Role::Text),
                (of(&then), if row.differs() { Role::Accent } else { Role::Dim }),
            ]);
        }
    }
    lines
}
