//! A byte stream cut into lines as it comes in.

/// Cuts chunks of bytes into lines. A line that lies whole in its chunk is handed out where it lies; only lines that
/// straddle chunks are copied, into a buffer that is kept.
#[derive(Debug, Default)]
pub struct Lines {
    partial: Vec<u8>,
    dropping: bool,
}

/// What [`Lines`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line, without its line break; never empty.
    Whole(&'a [u8]),
    /// A line longer than [`Lines::LIMIT`] was thrown away.
    TooLong,
}

impl Lines {
    /// The longest line that is kept, in bytes: far above what an API server stores (1.5 MB with etcd's defaults).
    pub const LIMIT: usize = 32 << 20;
    /// What the buffer shrinks back to after an unusually long line.
    const KEPT: usize = 1 << 20;

    /// Hands every line that ends in `chunk` to `on_line`.
    pub fn feed(&mut self, mut chunk: &[u8], mut on_line: impl FnMut(Line<'_>)) {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (head, tail) = (&chunk[..end], &chunk[end + 1..]);
            chunk = tail;
            if std::mem::take(&mut self.dropping) || self.partial.len() + head.len() > Self::LIMIT {
                self.partial.clear();
                on_line(Line::TooLong);
            } else if self.partial.is_empty() {
                whole(head, &mut on_line);
            } else {
                self.partial.extend_from_slice(head);
                whole(&self.partial, &mut on_line);
                self.partial.clear();
            }
            self.partial.shrink_to(Self::KEPT);
        }
        if self.dropping || self.partial.len() + chunk.len() > Self::LIMIT {
            self.dropping = true;
            self.partial = Vec::new();
        } else {
            self.partial.extend_from_slice(chunk);
        }
    }

    /// What came of a line without its end; the next line begins anew.
    #[must_use]
    pub fn take_rest(&mut self) -> Option<Vec<u8>> {
        let rest = std::mem::take(&mut self.partial);
        (!std::mem::take(&mut self.dropping) && !rest.is_empty()).then_some(rest)
    }

    /// Whether the stream stopped in the middle of a line.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.dropping || !self.partial.is_empty()
    }
}

fn whole(line: &[u8], on_line: &mut impl FnMut(Line<'_>)) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if !line.is_empty() {
        on_line(Line::Whole(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(chunks: &[&[u8]]) -> (Vec<Vec<u8>>, bool) {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for chunk in chunks {
            lines.feed(chunk, |line| match line {
                Line::Whole(line) => found.push(line.to_vec()),
                Line::TooLong => found.push(b"too long".to_vec()),
            });
        }
        (found, lines.is_cut())
    }

    #[test]
    fn lines_may_straddle_chunks() {
        let (found, rest) = cut(&[b"one\ntw", b"o", b"\r\n\nthr"]);
        assert_eq!((found, rest), (vec![b"one".to_vec(), b"two".to_vec()], true));
    }

    #[test]
    fn a_line_without_end_is_thrown_away_and_the_next_one_is_read() {
        let long = vec![b'x'; Lines::LIMIT];
        let (found, rest) = cut(&[&long, b"y", b"z\nnext\n"]);
        assert_eq!((found, rest), (vec![b"too long".to_vec(), b"next".to_vec()], false));
        let (found, _) = cut(&[&long, b"\nnext\n"]);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [Lines::LIMIT, 4]);
    }

    proptest! {
        /// However the network cuts the stream, the lines are the same.
        #[test]
        fn chunking_changes_nothing(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..400),
                                    cuts in proptest::collection::vec(0usize..400, 0..20)) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<_> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            prop_assert_eq!(cut(&chunks), cut(&[&bytes]));
        }
    }
}
