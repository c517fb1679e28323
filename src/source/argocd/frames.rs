//! Frames out of a stream's bytes, whichever way the server wraps them.

use super::super::kube::{Line, Lines};

/// What a line of a stream is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// A frame's JSON.
    Json(&'a [u8]),
    /// A line longer than any frame can be.
    TooLong,
}

/// Cuts bytes into frames. Server-sent events are `data: {…} ` and empty lines, with `:` to keep the connection alive;
/// plain streams have a frame a line (recorded).
#[derive(Debug, Default)]
pub(super) struct Frames {
    lines: Lines,
}

impl Frames {
    /// Hands every frame that ends in `chunk` to `on_frame`.
    pub fn feed(&mut self, chunk: &[u8], mut on_frame: impl FnMut(Frame<'_>)) {
        self.lines.feed(chunk, |line| match line {
            Line::TooLong => on_frame(Frame::TooLong),
            Line::Whole(line) => {
                let json = line.strip_prefix(b"data:").unwrap_or(line).trim_ascii();
                if !json.is_empty() && !line.starts_with(b":") {
                    on_frame(Frame::Json(json));
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_the_same_however_they_are_wrapped() {
        for text in ["data: {\"a\":1} \n\n\n:\ndata: {\"b\":2} \n\n\n", "{\"a\":1}\n{\"b\":2}\n"] {
            let mut found = Vec::new();
            let mut frames = Frames::default();
            for chunk in text.as_bytes().chunks(3) {
                frames.feed(chunk, |frame| match frame {
                    Frame::Json(json) => found.push(String::from_utf8(json.to_vec()).unwrap()),
                    Frame::TooLong => found.push("too long".to_owned()),
                });
            }
            assert_eq!(found, ["{\"a\":1}", "{\"b\":2}"], "{text}");
        }
    }
}
