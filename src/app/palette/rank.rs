//! How well a line answers what is typed.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// How well a line answers; the greater, the better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    class: Class,
    score: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// Only its description holds the words.
    #[default]
    Described,
    /// Its name holds the letters.
    Named,
    /// It is called just so.
    Exact,
}

/// Compares names with what is typed.
pub(super) struct Ranker {
    text: String,
    letters: Pattern,
    words: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Ranker {
    pub(super) fn new(text: &str) -> Self {
        let text = text.trim().to_lowercase();
        let mut config = Config::DEFAULT;
        config.prefer_prefix = true;
        let pattern = |kind| Pattern::new(&text, CaseMatching::Ignore, Normalization::Smart, kind);
        Self {
            letters: pattern(AtomKind::Fuzzy),
            words: pattern(AtomKind::Substring),
            text,
            matcher: Matcher::new(config),
            buffer: Vec::new(),
        }
    }

    /// Whether nothing is typed: then everything answers.
    pub(super) fn is_open(&self) -> bool {
        self.text.is_empty()
    }

    /// How well a line with these names and this description answers; `None` when it does not.
    pub(super) fn rank<'t>(&mut self, names: impl IntoIterator<Item = &'t str>, described: &str) -> Option<Rank> {
        if self.is_open() {
            return Some(Rank::default());
        }
        let mut best = None;
        for name in names {
            let score = self.letters.score(Utf32Str::new(name, &mut self.buffer), &mut self.matcher);
            let class = if name.eq_ignore_ascii_case(&self.text) { Class::Exact } else { Class::Named };
            best = best.max(score.map(|score| Rank { class, score }));
        }
        best.or_else(|| {
            // a letter or two stand in every description
            let told = self.text.chars().nth(2).is_some();
            let described = Utf32Str::new(described, &mut self.buffer);
            let score = if told { self.words.score(described, &mut self.matcher) } else { None };
            score.map(|score| Rank { class: Class::Described, score })
        })
    }

    /// Which characters of a name were typed, in order.
    pub(super) fn places(&mut self, name: &str) -> Vec<u32> {
        let mut places = Vec::new();
        if !self.is_open() {
            let name = Utf32Str::new(name, &mut self.buffer);
            _ = self.letters.indices(name, &mut self.matcher, &mut places);
            places.sort_unstable();
            places.dedup();
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_just_so_comes_first_and_what_only_mentions_it_last() {
        let mut ranker = Ranker::new("Logs");
        let exact = ranker.rank(["logs"], "").unwrap();
        let longer = ranker.rank(["logs-previous"], "").unwrap();
        let told = ranker.rank(["follow"], "Follow the logs").unwrap();
        assert!(exact > longer && longer > told);
        assert_eq!(ranker.rank(["theme"], "Look different"), None);
    }

    #[test]
    fn letters_in_their_order_are_enough_and_are_found_again() {
        let mut ranker = Ranker::new("bkdev");
        assert!(ranker.rank(["backend-dev"], "").is_some());
        assert_eq!(ranker.places("backend-dev"), [0, 3, 8, 9, 10]);
        assert_eq!(Ranker::new("vedkb").rank(["backend-dev"], ""), None);
    }

    #[test]
    fn where_nothing_is_typed_everything_answers() {
        let mut ranker = Ranker::new("  ");
        assert_eq!(ranker.rank(["theme"], ""), Some(Rank::default()));
        assert!(ranker.places("theme").is_empty());
    }
}
