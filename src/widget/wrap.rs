//! A line of text broken at the width of the screen.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::pen::width;

/// How many rows of `cells` cells a text takes; an empty one takes one.
#[must_use]
pub fn count(text: &str, cells: usize) -> usize {
    if text.is_ascii() { text.len().div_ceil(cells.max(1)).max(1) } else { walk(text, cells).count() }
}

/// The parts of a text that stand on its rows `from..from + most`.
#[must_use]
pub fn rows(text: &str, cells: usize, from: usize, most: usize) -> Vec<Range<usize>> {
    if text.is_ascii() {
        let cells = cells.max(1);
        let last = count(text, cells);
        return (from..last.min(from.saturating_add(most)))
            .map(|n| n * cells..((n + 1) * cells).min(text.len()))
            .collect();
    }
    walk(text, cells).skip(from).take(most).collect()
}

/// The part of a text that stands behind its first `cells` cells.
#[must_use]
pub fn behind(text: &str, cells: usize) -> usize {
    if text.is_ascii() {
        return cells.min(text.len());
    }
    let mut left = cells;
    for (at, grapheme) in text.grapheme_indices(true) {
        if left == 0 {
            return at;
        }
        left = left.saturating_sub(width(grapheme));
    }
    if cells == 0 { 0 } else { text.len() }
}

fn walk(text: &str, cells: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut graphemes = text.grapheme_indices(true).peekable();
    let mut done = false;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let start = graphemes.peek().map_or(text.len(), |(at, _)| *at);
        let mut room = cells;
        let mut taken = false;
        while let Some((_, grapheme)) = graphemes.next_if(|(_, g)| width(g) <= room || !taken) {
            room = room.saturating_sub(width(grapheme));
            taken = true;
        }
        let end = graphemes.peek().map_or(text.len(), |(at, _)| *at);
        done = end == text.len();
        Some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_make_the_text_again_and_fit(text in "[ab日é ]{0,60}", cells in 1usize..20, from in 0usize..9) {
            let all = rows(&text, cells, 0, usize::MAX);
            prop_assert_eq!(all.len(), count(&text, cells));
            let joined: String = all.iter().map(|r| &text[r.clone()]).collect();
            prop_assert_eq!(&joined, &text);
            prop_assert!(cells < 2 || all.iter().all(|r| width(&text[r.clone()]) <= cells));
            prop_assert_eq!(rows(&text, cells, from, 2), all.iter().skip(from).take(2).cloned().collect::<Vec<_>>());
            prop_assert!(text.is_char_boundary(behind(&text, from)));
        }
    }
}
