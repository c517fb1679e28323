//! The part of a long list that is on screen.

/// A selected position in a list and the first position shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The first position shown.
    pub offset: usize,
    /// The selected position.
    pub selected: usize,
}

impl Window {
    /// Holds both inside a list of `len` shown on `height` lines, with the selected one visible.
    pub fn clamp(&mut self, len: usize, height: usize) {
        self.selected = self.selected.min(len.saturating_sub(1));
        let last_offset = len.saturating_sub(height.max(1));
        let lowest = (self.selected + 1).saturating_sub(height.max(1));
        self.offset = self.offset.min(last_offset).clamp(lowest, self.selected);
    }

    /// Moves the selection by `by` positions, held inside `len`.
    pub fn step(&mut self, by: isize, len: usize) {
        self.selected = self.selected.saturating_add_signed(by).min(len.saturating_sub(1));
    }

    /// Puts the selection on the one shown on `line`, counted from 0; whether there is one.
    pub fn point(&mut self, line: usize, len: usize, height: usize) -> bool {
        let found = self.visible(len, height).nth(line);
        self.selected = found.unwrap_or(self.selected);
        found.is_some()
    }

    /// The positions shown.
    #[must_use]
    pub fn visible(&self, len: usize, height: usize) -> std::ops::Range<usize> {
        self.offset.min(len)..self.offset.saturating_add(height).min(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_selected_one_is_always_visible(
            offset in 0usize..100, selected in 0usize..100, len in 1usize..80, height in 1usize..40, by in -100isize..100,
        ) {
            let mut window = Window { offset, selected };
            window.step(by, len);
            window.clamp(len, height);
            prop_assert!(window.visible(len, height).contains(&window.selected));
            for line in 0..=height {
                let mut pointed = window;
                let shown = window.visible(len, height).nth(line);
                prop_assert_eq!(pointed.point(line, len, height), shown.is_some());
                prop_assert_eq!(pointed.selected, shown.unwrap_or(window.selected));
            }
            prop_assert!(len < height || window.visible(len, height).len() == height);
        }
    }
}
