//! The items of a list, one by one as their bytes come in: a list of ten thousand is never held as a whole.

/// Longer than any item, in bytes.
const LONGEST: usize = 32 << 20;

/// Where in the text it is.
#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Plain,
    Quoted,
    /// Behind a backslash within quotes.
    Escaped,
}

/// Cuts `{"items":[{…},{…}],…}` into its items. One that lies whole in its chunk is handed out where it lies.
#[derive(Debug, Default)]
pub(super) struct Items {
    state: State,
    depth: u32,
    /// Whether what is open within the outermost object is a list.
    listing: bool,
    /// The beginning of an item whose end has not come.
    partial: Vec<u8>,
    begun: bool,
    broken: bool,
}

impl Items {
    /// Hands every item that ends in `chunk` to `on_item`.
    pub fn feed(&mut self, chunk: &[u8], mut on_item: impl FnMut(&[u8])) {
        let mut start = (self.in_item()).then_some(0);
        let mut at = 0;
        while at < chunk.len() {
            match self.state {
                State::Plain => at = self.structure(chunk, at, &mut start, &mut on_item),
                // nearly all of the text is within quotes
                State::Quoted => match memchr::memchr2(b'"', b'\\', &chunk[at..]) {
                    Some(length) => {
                        at += length + 1;
                        self.state = if chunk[at - 1] == b'"' { State::Plain } else { State::Escaped };
                    }
                    None => at = chunk.len(),
                },
                State::Escaped => {
                    at += 1;
                    self.state = State::Quoted;
                }
            }
        }
        if let Some(start) = start {
            self.broken |= self.partial.len() + chunk.len() > LONGEST;
            if !self.broken {
                self.partial.extend_from_slice(&chunk[start..]);
            }
        }
    }

    /// Reads on from `at` to behind the next quote: how far it came.
    fn structure(
        &mut self,
        chunk: &[u8],
        at: usize,
        start: &mut Option<usize>,
        on_item: &mut impl FnMut(&[u8]),
    ) -> usize {
        for (at, byte) in chunk.iter().enumerate().skip(at) {
            match byte {
                b'"' => {
                    self.state = State::Quoted;
                    self.broken |= self.depth == 0;
                    return at + 1;
                }
                b'{' | b'[' => {
                    // an answer is an object, and a login page is not
                    self.broken |= self.depth == 0 && (*byte == b'[' || self.begun);
                    self.begun = true;
                    self.depth += 1;
                    match self.depth {
                        2 => self.listing = *byte == b'[',
                        3 if self.listing => *start = Some(at),
                        _ => {}
                    }
                }
                b'}' | b']' => {
                    self.broken |= self.depth == 0;
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 2
                        && self.listing
                        && let Some(start) = start.take()
                    {
                        self.end(&chunk[start..=at], on_item);
                    }
                }
                byte => self.broken |= self.depth == 0 && !byte.is_ascii_whitespace(),
            }
        }
        chunk.len()
    }

    fn end(&mut self, tail: &[u8], on_item: &mut impl FnMut(&[u8])) {
        if self.partial.is_empty() {
            on_item(tail);
        } else {
            self.partial.extend_from_slice(tail);
            on_item(&self.partial);
            self.partial.clear();
        }
    }

    fn in_item(&self) -> bool {
        self.listing && self.depth > 2
    }

    /// Whether all of it came, and it was one object.
    pub fn is_whole(&self) -> bool {
        self.begun && !self.broken && self.depth == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, by: usize) -> (Vec<String>, bool) {
        let (mut items, mut found) = (Items::default(), Vec::new());
        for chunk in text.as_bytes().chunks(by) {
            items.feed(chunk, |item| found.push(String::from_utf8(item.to_vec()).unwrap()));
        }
        (found, items.is_whole())
    }

    #[test]
    fn items_are_the_same_however_they_are_cut() {
        let text = r#"{"metadata":{"a":{"b":[{"c":1}]}},"items":[{"n":"a]}\"{"},{"n":{"m":[[{}]]}} , {}],"x":"}"}"#;
        for by in 1..=text.len() {
            let expected: Vec<String> = [r#"{"n":"a]}\"{"}"#, r#"{"n":{"m":[[{}]]}}"#, "{}"].map(str::to_owned).into();
            assert_eq!(of(text, by), (expected, true), "by {by}");
        }
        assert_eq!(of(r#"{"metadata":{},"items":null}"#, 3), (vec![], true));
    }

    #[test]
    fn what_is_no_list_or_breaks_off_is_not_whole() {
        for text in ["", "<html>", "[]", "{}{}", r#"{"items":[{"a":1},{"#, r#"{"items":[]}}"#, r#"{"a":"b"#] {
            assert!(!of(text, 4).1, "{text}");
        }
    }
}
