//! What changes in a small file, line by line, for people.

/// Lines that stay and are shown around those that change.
const AROUND: usize = 3;

/// The lines that differ with some around them: `' '`, `'-'` or `'+'`, and the line without its end.
#[must_use]
pub fn difference<'t>(before: &'t str, after: &'t str) -> Vec<(char, &'t str)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[same..].iter().rev().zip(new[same..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (gone, come) = (&old[same..old.len() - tail], &new[same..new.len() - tail]);
    if gone.is_empty() && come.is_empty() {
        return Vec::new();
    }
    // how long the longest common run of lines from here on is, by both places; what is left to compare is small
    let mut common = vec![vec![0_u32; come.len() + 1]; gone.len() + 1];
    for (i, a) in gone.iter().enumerate().rev() {
        for (j, b) in come.iter().enumerate().rev() {
            common[i][j] = if a == b { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let mut lines: Vec<(char, &str)> = Vec::new();
    lines.extend(old[same.saturating_sub(AROUND)..same].iter().map(|line| (' ', *line)));
    let (mut i, mut j) = (0, 0);
    while i < gone.len() || j < come.len() {
        if i < gone.len() && j < come.len() && gone[i] == come[j] {
            lines.push((' ', gone[i]));
            (i, j) = (i + 1, j + 1);
        } else if j < come.len() && (i == gone.len() || common[i][j + 1] >= common[i + 1][j]) {
            lines.push(('+', come[j]));
            j += 1;
        } else {
            lines.push(('-', gone[i]));
            i += 1;
        }
    }
    let end = old.len() - tail;
    lines.extend(old[end..(end + AROUND).min(old.len())].iter().map(|line| (' ', *line)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_changes_stands_among_what_stays() {
        let shown: Vec<String> = difference("a\nb\nc\nd\ne\n", "a\nb\nX\nd\ne\n")
            .iter()
            .map(|(sign, line)| format!("{sign}{line}"))
            .collect();
        assert_eq!(shown, [" a", " b", "+X", "-c", " d", " e"]);
        assert_eq!(difference("a\n", "a\n"), []);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_made_of_it(old in prop::collection::vec("[ab]", 0..8), new in prop::collection::vec("[ab]", 0..8)) {
            let (before, after) = (old.join("\n"), new.join("\n"));
            let lines = difference(&before, &after);
            let side = |sign: char| lines.iter().filter(|(s, _)| *s != sign).map(|(_, line)| *line).collect::<Vec<_>>();
            let within = |all: &[String], part: &[&str]| part.is_empty() || all.windows(part.len()).any(|w| w == part);
            prop_assert!(within(&old, &side('+')) && within(&new, &side('-')), "{:?}", lines);
            prop_assert_eq!(lines.is_empty(), old == new);
        }
    }
}
