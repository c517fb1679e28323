//! The lines that are shown at one moment, as text: taken without copying them, read elsewhere at leisure.

use std::fmt::Write as _;

use super::matcher::Filter;
use super::ring::LogStore;
use super::segment::Kind;
use crate::domain::text::clean;

/// What a screen of logs shows at a moment. The ring goes on without it.
#[derive(Clone, Debug)]
pub struct Excerpt {
    store: LogStore,
    filter: Filter,
    /// Behind the last line.
    limit: u64,
}

/// How far the reading of an excerpt is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reader {
    next: u64,
    /// Lines that were given out.
    pub lines: u64,
}

impl PartialEq for Excerpt {
    /// By what they say.
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Excerpt {}

impl Excerpt {
    /// The lines of `store` before `limit` that pass `filter`.
    #[must_use]
    pub fn of(store: &LogStore, filter: &Filter, limit: u64) -> Self {
        Self { store: store.snapshot(), filter: filter.clone(), limit: limit.min(store.end()) }
    }

    /// Appends lines to `out`, from where `reader` is, and looks at about `budget` bytes for them: time, pod, container
    /// and the text as it came without its colours. Says whether there is more.
    pub fn read(&self, reader: &mut Reader, budget: usize, out: &mut String) -> bool {
        let mut left = budget;
        reader.next = reader.next.max(self.store.first());
        while reader.next < self.limit && left > 0 {
            let line = self.store.get(reader.next);
            reader.next += 1;
            let Some(line) = line else { continue };
            left = left.saturating_sub(line.text.len() + 1);
            if !self.filter.passes(&line) {
                continue;
            }
            let stream = line.stream.and_then(|id| self.store.stream_of(id));
            let (pod, container) = stream.map_or(("-", "-"), |s| (s.pod.as_str(), s.container.as_str()));
            let marker = if line.kind == Kind::Marker { "--- " } else { "" };
            let text = if line.kind == Kind::Colored { clean(line.text) } else { line.text.into() };
            _ = writeln!(out, "{} {pod} {container} {marker}{text}", line.at);
            reader.lines += 1;
        }
        reader.next < self.limit
    }

    /// How much of it was read, of 100.
    #[must_use]
    pub fn percent(&self, reader: &Reader) -> u64 {
        let all = self.limit - self.store.first().min(self.limit);
        let read = reader.next.saturating_sub(self.store.first());
        (read * 100).checked_div(all).unwrap_or(100)
    }

    /// All of it.
    #[must_use]
    pub fn text(&self) -> String {
        let (mut reader, mut out) = (Reader::default(), String::new());
        while self.read(&mut reader, usize::MAX, &mut out) {}
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::store::logs::Limits;

    #[test]
    fn an_excerpt_stays_as_it_was_while_the_ring_goes_on() {
        let mut store = LogStore::new(Limits { bytes: 300_000, lines: 10_000 });
        let stream = store.stream("api-1", "api");
        let push =
            |store: &mut LogStore, text: &str| store.push(stream, Timestamp::UNIX_EPOCH, text, Timestamp::UNIX_EPOCH);
        for n in 0..100 {
            push(&mut store, &format!("line {n}"));
        }
        store.settle_all();
        let mut filter = Filter::default();
        filter.parse_words("5").unwrap();
        let excerpt = Excerpt::of(&store, &filter, 60);
        for _ in 0..50_000 {
            push(&mut store, "another line 5");
        }
        store.settle_all();
        assert!(store.first() > 100, "the ring has turned over");
        let (mut reader, mut out, mut slices) = (Reader::default(), String::new(), 1);
        while excerpt.read(&mut reader, 20, &mut out) {
            slices += 1;
        }
        let wanted: Vec<u32> = (0..60).filter(|n| n.to_string().contains('5')).collect();
        let found: Vec<u32> = out.lines().map(|l| l.rsplit(' ').next().unwrap().parse().unwrap()).collect();
        assert_eq!(found, wanted);
        assert!(out.starts_with("1970-01-01T00:00:00Z api-1 api line 5\n"), "{out}");
        assert!(slices > 10 && reader.lines == wanted.len() as u64 && excerpt.percent(&reader) == 100);
        assert_eq!(out, excerpt.text());
    }
}
