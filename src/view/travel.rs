//! How far the keys that move reach: the same on every screen.

use crate::command::CommandId;

/// The lines a command moves by on a screen that shows `height` of them; `None` for a command that does not move. A page
/// keeps a line of the one before.
pub(super) fn steps(id: CommandId, height: usize) -> Option<isize> {
    let page = height.max(2) as isize;
    Some(match id {
        CommandId::CursorDown => 1,
        CommandId::CursorUp => -1,
        CommandId::CursorTop => isize::MIN,
        CommandId::CursorBottom => isize::MAX,
        CommandId::PageDown => page - 1,
        CommandId::PageUp => 1 - page,
        CommandId::HalfPageDown => page / 2,
        CommandId::HalfPageUp => -page / 2,
        _ => return None,
    })
}

/// Text without a cursor: the first line shown after moving by `by`, so that the last page is full.
pub(super) fn scrolled(offset: usize, by: isize, lines: usize, height: usize) -> usize {
    offset.saturating_add_signed(by).min(lines.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_overlap_by_a_line_and_ends_are_ends() {
        let from = |offset, id| scrolled(offset, steps(id, 10).unwrap(), 100, 10);
        assert_eq!(from(20, CommandId::PageDown), 29);
        assert_eq!(from(20, CommandId::PageUp), 11);
        assert_eq!(from(20, CommandId::HalfPageDown), 25);
        assert_eq!(from(20, CommandId::CursorTop), 0);
        assert_eq!(from(20, CommandId::CursorBottom), 90);
        assert_eq!(scrolled(0, 1, 3, 10), 0, "what fits does not move");
        assert_eq!(steps(CommandId::PageDown, 0), Some(1), "no page is no move at all");
        assert_eq!(steps(CommandId::ViewHelp, 10), None);
    }
}
