//! What changed within a line.

use std::ops::Range;

use similar::{Algorithm, DiffOp, TextDiff};

/// Lines longer than this, in bytes, are taken as changed whole: looking closer costs more than it tells.
const LONGEST: usize = 2_000;

/// The parts of two lines that differ, in bytes: of the first, and of the second.
#[must_use]
pub fn changed_words(a: &str, b: &str) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    if a.len().max(b.len()) > LONGEST {
        let whole = |line: &str| std::iter::once(0..line.len()).collect();
        return (whole(a), whole(b));
    }
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_unicode_words(a, b);
    let places = |words: &[&str]| {
        let mut starts = vec![0];
        for word in words {
            starts.push(starts[starts.len() - 1] + word.len());
        }
        starts
    };
    let (old, new) = (places(diff.old_slices()), places(diff.new_slices()));
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for op in diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
        push(&mut gone, old[op.old_range().start]..old[op.old_range().end]);
        push(&mut come, new[op.new_range().start]..new[op.new_range().end]);
    }
    (gone, come)
}

fn push(parts: &mut Vec<Range<usize>>, part: Range<usize>) {
    if !part.is_empty() {
        parts.push(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_marked() {
        let (a, b) = ("  image: registry/api:1.2.3", "  image: registry/api:1.3.0");
        let (gone, come) = changed_words(a, b);
        assert!(gone.iter().all(|part| part.start > 20) && !gone.is_empty(), "{gone:?}");
        assert!(come.iter().all(|part| b.get(part.clone()).is_some()));
        assert_eq!(changed_words("a", "a"), (vec![], vec![]));
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(changed_words(&long, "y").1.first(), Some(&(0..1)));
    }
}
