//! Words that are searched for in the lines of a screen: typing goes to the first match, and then from one to the next.

use ratatui::style::Style;

use super::{Effect, Typing};
use crate::store::logs::Pattern;
use crate::widget::Pen;

/// What is searched for. Small letters match capitals too, and `/x/` is an expression.
#[derive(Clone, Debug, Default)]
pub(super) struct Finder {
    sought: String,
    /// What was typed, where it can be searched for.
    wanted: Option<Pattern>,
    /// Where the search began.
    from: Option<usize>,
}

impl Finder {
    /// What is searched for.
    pub(super) fn sought(&self) -> &str {
        &self.sought
    }

    /// Takes what is typed; where to go to. `lines` are the lines of the screen, `at` is the selected one.
    pub(super) fn typed(&mut self, text: &str, typing: Typing, lines: &[String], at: usize) -> Option<usize> {
        let from = *self.from.get_or_insert(at);
        text.clone_into(&mut self.sought);
        // an expression that is not finished finds nothing yet
        self.wanted = Pattern::parse(text).unwrap_or_default();
        if typing != Typing::Changed {
            self.from = None;
        }
        match typing {
            Typing::Cancelled => Some(from),
            Typing::Accepted => None,
            Typing::Changed => {
                let found = self.found(lines);
                Some(found.iter().copied().find(|n| *n >= from).or(found.first().copied()).unwrap_or(from))
            }
        }
    }

    /// Goes to the next match or the one before, around the end; says which of how many it is.
    pub(super) fn step(&self, back: bool, lines: &[String], at: usize) -> (Option<usize>, Effect) {
        if self.sought.is_empty() {
            return (None, Effect::Say("nothing is searched for".to_owned()));
        }
        let found = self.found(lines);
        let next = if back {
            found.iter().rposition(|n| *n < at).or(found.len().checked_sub(1))
        } else {
            found.iter().position(|n| *n > at).or((!found.is_empty()).then_some(0))
        };
        let said = match next {
            Some(n) => format!("{} of {} with `{}`", n + 1, found.len(), self.sought),
            None => format!("nothing here holds `{}`", self.sought),
        };
        (next.map(|n| found[n]), Effect::Say(said))
    }

    /// Forgets what is searched for; says whether there was anything.
    pub(super) fn clear(&mut self) -> bool {
        let had = !self.sought.is_empty();
        self.sought.clear();
        self.wanted = None;
        had
    }

    /// Writes a text with what is searched for set off in it.
    pub(super) fn write(&self, text: &str, style: Style, found: Style, pen: &mut Pen<'_>) {
        let mut from = 0;
        for hit in self.wanted.iter().flat_map(|wanted| wanted.find_in(text)) {
            pen.text(&text[from..hit.start], style).text(&text[hit.clone()], style.patch(found));
            from = hit.end;
        }
        pen.text(&text[from..], style);
    }

    fn found(&self, lines: &[String]) -> Vec<usize> {
        let Some(wanted) = &self.wanted else { return Vec::new() };
        let holds = |line: &String| wanted.find_in(line).next().is_some();
        lines.iter().enumerate().filter(|(_, line)| holds(line)).map(|(n, _)| n).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<String> {
        ["Pod a", "Service", "pod b", "Job", "Pod c"].map(str::to_owned).to_vec()
    }

    #[test]
    fn typing_goes_to_the_first_match_from_where_it_began_and_cancelling_returns() {
        let mut finder = Finder::default();
        assert_eq!(finder.typed("p", Typing::Changed, &lines(), 1), Some(2));
        assert_eq!(finder.typed("po", Typing::Changed, &lines(), 2), Some(2));
        assert_eq!(finder.typed("pox", Typing::Changed, &lines(), 2), Some(1));
        assert_eq!(finder.typed("", Typing::Cancelled, &lines(), 1), Some(1));
        assert_eq!(finder.sought(), "");
    }

    #[test]
    fn next_and_prior_go_around_and_capitals_are_meant() {
        let mut finder = Finder::default();
        finder.typed("Pod", Typing::Changed, &lines(), 0);
        finder.typed("Pod", Typing::Accepted, &lines(), 0);
        let step = |back, at| finder.step(back, &lines(), at);
        assert_eq!(step(false, 0), (Some(4), Effect::Say("2 of 2 with `Pod`".to_owned())));
        assert_eq!(step(false, 4).0, Some(0));
        assert_eq!(step(true, 0).0, Some(4));
        assert_eq!(Finder::default().step(false, &lines(), 0).0, None);
    }
}
