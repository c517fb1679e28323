//! A line of text with parts that stand out.

use std::ops::Range;

use ratatui::style::Style;

use super::Pen;

/// Parts of a line, in bytes, and what they look like beyond the line's own looks. Later ones lie over earlier ones.
pub type Marks = Vec<(Range<usize>, Style)>;

/// Writes `part` of a text in at most `cells` cells.
pub fn write(pen: &mut Pen<'_>, text: &str, part: Range<usize>, style: Style, marks: &Marks, cells: u16) {
    let mut left = cells;
    let mut edges: Vec<usize> = marks.iter().flat_map(|(mark, _)| [mark.start, mark.end]).collect();
    edges.extend([part.start, part.end]);
    edges.retain(|edge| (part.start..=part.end).contains(edge) && text.is_char_boundary(*edge));
    edges.sort_unstable();
    edges.dedup();
    for edge in edges.windows(2) {
        let looks = marks.iter().filter(|(mark, _)| mark.start <= edge[0] && edge[1] <= mark.end);
        let looks = looks.fold(style, |style, (_, more)| style.patch(*more));
        let before = pen.x();
        pen.field(&text[edge[0]..edge[1]], left, looks);
        left = left.saturating_sub(pen.x() - before);
        if left == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Modifier;

    #[test]
    fn marks_change_looks_and_no_text() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 20, 1));
        let area = buf.area;
        let bold = Style::new().add_modifier(Modifier::BOLD);
        write(&mut Pen::new(&mut buf, area, 0, "…"), "image: a", 0..8, Style::new(), &vec![(7..8, bold)], 20);
        let text: String = (0..8).map(|x| buf[(x, 0)].symbol()).collect();
        assert_eq!(text, "image: a");
        assert!(buf[(7, 0)].modifier.contains(Modifier::BOLD) && !buf[(0, 0)].modifier.contains(Modifier::BOLD));
    }

    proptest! {
        #[test]
        fn no_mark_breaks_it(text in "[ab日é ]{0,20}", from in 0usize..20, to in 0usize..30, cells in 0u16..30) {
            let mut buf = Buffer::empty(Rect::new(0, 0, 20, 1));
            let area = buf.area;
            let marks = vec![(from..to, Style::new()), (0..from, Style::new())];
            write(&mut Pen::new(&mut buf, area, 0, "…"), &text, 0..text.len(), Style::new(), &marks, cells);
        }
    }
}
