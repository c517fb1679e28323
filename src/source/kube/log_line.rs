//! From the bytes of a log with timestamps to lines, and which of them were seen before a connection broke.

use super::lines::Line;
use crate::domain::text::clean_keeping_colour;
use crate::domain::{LogLine, Timestamp};

/// Bytes of a line that are kept.
pub(super) const LONGEST: usize = 1 << 20;
/// Stands where the rest of a line was cut off.
const CUT: &str = " […cut]";
/// What a node says in place of a log it has removed.
const REMOVED: &[u8] = b"unable to retrieve container logs for ";

/// What a line of the stream is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// A line of the container.
    Line(LogLine),
    /// The node has removed the log; its words.
    Removed(String),
}

/// Reads a line that begins with its timestamp.
pub(super) fn read(line: Line<'_>) -> Read {
    let Line::Whole(bytes) = line else {
        return Read::Line(LogLine { at: None, text: CUT.trim_start().into() });
    };
    if bytes.starts_with(REMOVED) {
        return Read::Removed(clean_keeping_colour(&String::from_utf8_lossy(bytes)).into_owned());
    }
    let (at, text) = split(bytes);
    let (text, is_cut) = if text.len() > LONGEST { (&text[..LONGEST], true) } else { (text, false) };
    let text = String::from_utf8_lossy(text);
    let text = clean_keeping_colour(&text);
    Read::Line(LogLine { at, text: if is_cut { format!("{text}{CUT}").into() } else { text.into() } })
}

/// The timestamp before the first space, when it is one.
fn split(bytes: &[u8]) -> (Option<Timestamp>, &[u8]) {
    // RFC 3339 with up to nine digits of a second's fraction
    let end = bytes.iter().take(36).position(|b| *b == b' ');
    let head = end.map_or(bytes.get(..36).unwrap_or(bytes), |end| &bytes[..end]);
    let at = std::str::from_utf8(head).ok().filter(|head| head.len() >= 20).and_then(|head| head.parse().ok());
    match at {
        Some(at) => (Some(at), bytes.get(head.len() + 1..).unwrap_or_default()),
        None => (None, bytes),
    }
}

/// Which lines were seen: the moment of the last one, and how many there were at that moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::source) struct Seen {
    last: Option<(Timestamp, u32)>,
    /// Lines of the connection that may have been seen on the one before: up to this moment, so many of them at it.
    skip: Option<(Timestamp, u32)>,
}

impl Seen {
    /// A new connection: the server knows whole seconds only, so that what is asked from the last line on begins with
    /// lines that were seen.
    pub fn reconnect(&mut self) {
        self.skip = self.last;
    }

    /// Where the next connection begins.
    pub fn since(&self) -> Option<Timestamp> {
        self.last.map(|(at, _)| at)
    }

    /// Whether a line is new; it is seen from now on.
    pub fn admit(&mut self, at: Option<Timestamp>) -> bool {
        // without a timestamp nothing can be said of it: twice is better than never
        let Some(at) = at else { return true };
        match &mut self.skip {
            Some((last, _)) if at < *last => return false,
            Some((last, left)) if at == *last && *left > 0 => {
                *left -= 1;
                return false;
            }
            Some((last, _)) if at > *last => self.skip = None,
            _ => {}
        }
        self.last = match self.last {
            Some((last, count)) if last == at => Some((at, count + 1)),
            Some((last, count)) if last > at => Some((last, count)),
            _ => Some((at, 1)),
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(bytes: &[u8]) -> LogLine {
        match read(Line::Whole(bytes)) {
            Read::Line(line) => line,
            Read::Removed(words) => panic!("{words}"),
        }
    }

    #[test]
    fn a_line_is_a_time_and_clean_text() {
        let read = line(b"2026-11-23T06:35:38.910895436Z \x1b[31mred\x1b[2J\x1b[0m caf\xe9");
        assert_eq!(read.at, "2026-11-23T06:35:38.910895436Z".parse().ok());
        assert_eq!(&*read.text, "\u{1b}[31mred\u{1b}[0m caf\u{fffd}");
        assert_eq!(&*line(b"2026-11-23T06:35:38.910895436Z ").text, "");
        assert_eq!(&*line(b"2026-11-23T06:35:38+02:00  two").text, " two");
        assert_eq!(line(b"no time here"), LogLine { at: None, text: "no time here".into() });
        let long = [b"2026-11-23T06:35:38Z ".to_vec(), vec![b'x'; LONGEST + 5]].concat();
        assert_eq!(line(&long).text.len(), LONGEST + CUT.len());
        assert!(matches!(
            super::read(Line::Whole(b"unable to retrieve container logs for containerd://1")),
            Read::Removed(_)
        ));
        assert!(matches!(super::read(Line::TooLong), Read::Line(_)));
    }

    proptest! {
        /// However often a connection breaks, every line is admitted once, also when many share a moment.
        #[test]
        fn nothing_is_lost_or_doubled(gaps in proptest::collection::vec(0i64..3, 1..60), breaks in proptest::collection::vec(0usize..60, 0..6)) {
            let mut now = 1_000_000_i64;
            let lines: Vec<_> = gaps.iter().map(|gap| { now += gap * 400; Timestamp::from_millisecond(now).unwrap() }).collect();
            let (mut seen, mut admitted) = (Seen::default(), Vec::new());
            let mut breaks = breaks;
            breaks.push(lines.len());
            for upto in breaks {
                seen.reconnect();
                let since = seen.since().map(|at| Timestamp::from_second(at.as_second()).unwrap());
                for (n, at) in lines.iter().enumerate().take(upto.max(admitted.len())) {
                    if since.is_none_or(|since| *at >= since) && seen.admit(Some(*at)) {
                        admitted.push(n);
                    }
                }
            }
            prop_assert_eq!(admitted, (0..lines.len()).collect::<Vec<_>>());
        }
    }
}
