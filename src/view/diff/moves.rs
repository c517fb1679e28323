//! From change to change, and from hit to hit.

use super::lines::{self, Line};
use super::screen::{Diff, say};
use super::search;
use crate::domain::Change;
use crate::view::Effect;

impl Diff {
    /// Whether a line begins a run of changes, or is told apart like one.
    fn begins(&self, at: usize) -> bool {
        let is_change = |at: usize| match (self.lines.get(at), &self.comparison) {
            (Some(Line::Row(n, row, ..)), Some(comparison)) => {
                self.options.is_changed(&comparison.resources[*n].rows.rows[*row])
            }
            (Some(Line::Shadow(..) | Line::Ignored(..) | Line::Unread(_)), _) => true,
            (Some(Line::Head(n)), Some(comparison)) => {
                self.options.collapsed && comparison.resources[*n].change != Change::Same
            }
            _ => false,
        };
        // what stands apart from the lines of a resource is a change apart
        let is_apart = |at: usize| matches!(self.lines[at], Line::Shadow(..) | Line::Ignored(..) | Line::Unread(_));
        let is_head = matches!(self.lines[at], Line::Head(_));
        is_change(at)
            && at.checked_sub(1).is_none_or(|before| !is_change(before) || is_head || is_apart(at) != is_apart(before))
    }

    /// Goes to the next change, or the one before.
    pub(super) fn hunk(&mut self, by: isize) -> Vec<Effect> {
        let from = self.window.selected;
        let next = if by > 0 {
            let first = usize::from(self.laid.is_some());
            (from + first..self.lines.len()).find(|at| self.begins(*at))
        } else {
            (0..from).rev().find(|at| self.begins(*at))
        };
        match next {
            Some(next) => self.window.selected = next,
            None => return say(if by > 0 { "that was the last change" } else { "that was the first change" }),
        }
        Vec::new()
    }

    /// Looks anew for what is searched.
    pub(super) fn search(&mut self) {
        self.found = match (&self.wanted, &self.comparison) {
            (Some(wanted), Some(comparison)) => search::hits(comparison, wanted, &self.options, self.beside),
            _ => Vec::new(),
        };
    }

    /// Goes to the next hit, or the one before, and unfolds what it is in.
    pub(super) fn go_on(&mut self, by: isize) -> Vec<Effect> {
        let (Some(wanted), Some(comparison)) = (&self.wanted, self.comparison.clone()) else {
            return say("/ searches");
        };
        let from = self.here().map_or((0, 0, 0), search::spot);
        let next = if by > 0 {
            self.found.iter().find(|hit| search::spot(**hit) > from).or(self.found.first())
        } else {
            self.found.iter().rev().find(|hit| search::spot(**hit) < from).or(self.found.last())
        };
        let Some(hit) = next.copied() else { return say(&format!("{} is not in it", wanted.typed())) };
        // a resource is unfolded first, then the equal lines in it
        while !self.lines.contains(&hit) && search::reveal(&comparison, &mut self.options, &self.lines, hit) {
            let Some((options, beside, cells)) = &mut self.laid else { break };
            self.lines = lines::lay_out(&comparison, &self.options, *beside, *cells);
            options.clone_from(&self.options);
        }
        let at = self.lines.iter().position(|line| *line == hit);
        self.window.selected = at.unwrap_or(self.window.selected);
        Vec::new()
    }
}
