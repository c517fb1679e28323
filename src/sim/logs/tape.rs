//! The lines of one run of a container. What it says by routine is not kept: line n follows from n.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;

use super::super::time::plus;
use super::genre::Genre;

/// Lines of a run that can still be read; the oldest go first, as a kubelet rotates files.
const KEPT: u64 = 10_000;

/// One run of a container.
#[derive(Debug)]
pub(in crate::sim) struct Tape {
    /// What the container status calls it.
    pub id: String,
    /// How often the container was started before.
    pub restart: i64,
    started: Timestamp,
    genre: &'static Genre,
    seed: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When it ended, and with which code.
    ended: Option<(Timestamp, i64)>,
    numbered: Option<Numbered>,
    /// What was written by hand: the number of lines before, and lines.
    written: (u64, VecDeque<(Timestamp, String)>),
}

/// Numbered lines at a steady rate, which replace the routine.
#[derive(Debug, Clone, Copy)]
struct Numbered {
    since: Timestamp,
    /// Lines a second.
    rate: u32,
    until: Option<Timestamp>,
}

impl State {
    /// Nothing is said after the end.
    fn horizon(&self, now: Timestamp) -> Timestamp {
        self.ended.map_or(now, |(at, _)| at.min(now))
    }

    /// The first line of a track that is still kept.
    fn first(&self, track: usize) -> u64 {
        if track == WRITTEN { self.written.0 } else { 0 }
    }
}

/// A place in a tape: how many lines of each track are behind it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::sim) struct Cursor([u64; TRACKS]);

/// Where lines come from; of those that share a moment, the earlier track's come first.
const TRACKS: usize = 4;
const ROUTINE: usize = 0;
const NUMBERED: usize = 1;
const WRITTEN: usize = 2;
// the last one: last words

impl Tape {
    pub(super) fn new(id: &str, restart: i64, started: Timestamp, genre: &'static Genre) -> Self {
        let seed = id.bytes().fold(restart.cast_unsigned() ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { id: id.to_owned(), restart, started, genre, seed, state: Mutex::default() }
    }

    /// Nothing is said after `at`, and what was said before the end was known stays said: an end that a status tells in
    /// whole seconds lies before what was printed within that second. Only the first end counts.
    pub fn end(&self, at: Timestamp, code: i64) {
        let mut state = self.state();
        let last = state.written.1.back().map_or(self.started, |(said, _)| *said);
        state.ended.get_or_insert((at.max(self.started).max(last), code));
    }

    /// When the run ended.
    pub fn ended(&self) -> Option<Timestamp> {
        self.state().ended.map(|(at, _)| at)
    }

    /// From now on `rate` numbered lines a second; 0 for no more. A run is numbered once: readers rely on its numbers.
    pub fn number(&self, rate: u32, now: Timestamp) {
        let mut state = self.state();
        match (&mut state.numbered, rate) {
            (Some(numbered), 0) => numbered.until = numbered.until.or(Some(now)),
            (Some(_), _) | (None, 0) => {}
            (numbered, rate) => *numbered = Some(Numbered { since: now.max(self.started), rate, until: None }),
        }
    }

    /// A line by hand.
    pub fn write(&self, at: Timestamp, line: &str) {
        let mut state = self.state();
        let (before, lines) = &mut state.written;
        lines.push_back((at, line.to_owned()));
        if lines.len() as u64 > KEPT {
            lines.pop_front();
            *before += 1;
        }
    }

    /// Where to begin so that at most `tail` lines up to `now` follow.
    pub fn back(&self, now: Timestamp, tail: u64) -> Cursor {
        let state = self.state();
        let now = state.horizon(now);
        let mut at: [u64; TRACKS] = std::array::from_fn(|track| self.count(&state, track, now));
        for _ in 0..tail.min(KEPT) {
            let last = (0..TRACKS)
                .filter(|track| at[*track] > state.first(*track))
                .max_by_key(|track| (self.moment(&state, *track, at[*track] - 1), *track));
            let Some(track) = last else { break };
            at[track] -= 1;
        }
        Cursor(at)
    }

    /// The next line after `cursor`, if it was said by `now`; the cursor moves behind it.
    pub fn next(&self, cursor: &mut Cursor, now: Timestamp) -> Option<(Timestamp, String)> {
        let state = self.state();
        let now = state.horizon(now);
        let (at, track) = self.upcoming(&state, cursor).filter(|(at, _)| *at <= now)?;
        let index = cursor.0[track].max(state.first(track));
        cursor.0[track] = index + 1;
        Some((at, self.line(&state, track, index, at)))
    }

    /// When the next line after `cursor` is due; none when that is not known yet.
    pub fn due(&self, cursor: &Cursor) -> Option<Timestamp> {
        self.upcoming(&self.state(), cursor).map(|(at, _)| at)
    }

    fn upcoming(&self, state: &State, cursor: &Cursor) -> Option<(Timestamp, usize)> {
        let next = |track: usize| {
            let index = cursor.0[track].max(state.first(track));
            (index < self.count(state, track, Timestamp::MAX)).then(|| (self.moment(state, track, index), track))
        };
        (0..TRACKS).filter_map(next).min()
    }

    /// How many lines of a track were said by `now`.
    fn count(&self, state: &State, track: usize, now: Timestamp) -> u64 {
        match track {
            ROUTINE => {
                let until = state.numbered.map_or(now, |n| now.min(minus_one(n.since)));
                self.count_routine(until)
            }
            NUMBERED => state.numbered.map_or(0, |n| {
                let until = n.until.map_or(now, |until| until.min(now));
                let passed = until.duration_since(n.since).as_nanos();
                let lines = passed * i128::from(n.rate) / 1_000_000_000 + 1;
                if passed < 0 { 0 } else { u64::try_from(lines).unwrap_or(u64::MAX) }
            }),
            WRITTEN => state.written.0 + state.written.1.partition_point(|(at, _)| *at <= now) as u64,
            _ => state.ended.filter(|(at, _)| *at <= now).map_or(0, |_| self.last_words(state).len() as u64),
        }
    }

    fn count_routine(&self, now: Timestamp) -> u64 {
        let boot = self.genre.boot.len() as u64;
        let booted = (0..boot).take_while(|index| self.routine_at(*index) <= now).count() as u64;
        if booted < boot || self.genre.period == 0 {
            return booted;
        }
        let begin = plus(self.started, Duration::from_millis(self.boot_ends()));
        let since = u64::try_from(now.duration_since(begin).as_millis()).unwrap_or_default();
        // a line comes within its period, so only the one that is under way is to be looked at
        let whole = booted + since / self.genre.period;
        if self.routine_at(whole) <= now { whole + 1 } else { whole }
    }

    fn boot_ends(&self) -> u64 {
        self.genre.boot.last().map_or(0, |(at, _)| *at) + 1
    }

    fn routine_at(&self, index: u64) -> Timestamp {
        let boot = self.genre.boot;
        let (millis, nanos) = if let Some((at, _)) = usize::try_from(index).ok().and_then(|i| boot.get(i)) {
            (*at, u64::from(self.random(index).u32(1_000..990_000)))
        } else {
            let begin = self.boot_ends() + (index - boot.len() as u64).saturating_mul(self.genre.period);
            (begin, self.random(index).u64(0..self.genre.period.max(1) * 900_000))
        };
        plus(self.started, Duration::from_millis(millis) + Duration::from_nanos(nanos))
    }

    fn moment(&self, state: &State, track: usize, index: u64) -> Timestamp {
        match track {
            ROUTINE => self.routine_at(index),
            NUMBERED => state.numbered.map_or(self.started, |n| {
                // rounded up: by this moment the count has passed the index
                let nanos = (u128::from(index) * 1_000_000_000).div_ceil(u128::from(n.rate.max(1)));
                plus(n.since, Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
            }),
            WRITTEN => usize::try_from(index - state.written.0)
                .ok()
                .and_then(|index| state.written.1.get(index))
                .map_or(self.started, |(at, _)| *at),
            _ => state.ended.map_or(self.started, |(at, _)| at),
        }
    }

    fn line(&self, state: &State, track: usize, index: u64, at: Timestamp) -> String {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        match track {
            ROUTINE => match self.genre.boot.get(place) {
                Some((_, words)) => (self.genre.dress)(at, words),
                None => (self.genre.routine)(at, &mut self.random(index)),
            },
            NUMBERED => format!("line {}", index + 1),
            WRITTEN => usize::try_from(index - state.written.0)
                .ok()
                .and_then(|index| state.written.1.get(index))
                .map_or_else(String::new, |(_, line)| line.clone()),
            _ => self.last_words(state).get(place).map_or_else(String::new, |words| (*words).to_owned()),
        }
    }

    /// A run whose lines are counted says nothing of its own at its end.
    fn last_words(&self, state: &State) -> &'static [&'static str] {
        match state.ended {
            Some((_, 0)) if state.numbered.is_none() => self.genre.farewell,
            Some((_, code)) if code > 0 && state.numbered.is_none() => self.genre.death,
            _ => &[],
        }
    }

    fn random(&self, index: u64) -> Rng {
        Rng::with_seed(self.seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn minus_one(at: Timestamp) -> Timestamp {
    super::super::time::minus(at, Duration::from_nanos(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_795_416_207_000 + millis).unwrap()
    }

    fn read(tape: &Tape, mut cursor: Cursor, now: Timestamp) -> Vec<(Timestamp, String)> {
        std::iter::from_fn(|| tape.next(&mut cursor, now)).collect()
    }

    #[test]
    fn a_crash_prints_its_traceback_and_nothing_else() {
        let tape = Tape::new("containerd://1", 3, at(0), Genre::of("p", "worker", "celery -A predator.worker worker"));
        tape.end(at(1_000), 1);
        let lines = read(&tape, Cursor::default(), at(60_000));
        assert_eq!(lines.first().unwrap().1, "Traceback (most recent call last):");
        assert_eq!(lines.last().unwrap().1, "ModuleNotFoundError: No module named 'predator.tasks'");
    }

    #[test]
    fn numbered_lines_replace_the_routine() {
        let tape = Tape::new("x", 0, at(0), Genre::of("p", "api", "uvicorn"));
        tape.number(1_000, at(5_000));
        let lines = read(&tape, Cursor::default(), at(5_499));
        let numbered: Vec<_> = lines.iter().filter(|(_, line)| line.starts_with("line ")).collect();
        assert_eq!(numbered.len(), 500);
        assert_eq!(numbered[499].1, "line 500");
        tape.number(0, at(5_600));
        assert_eq!(read(&tape, Cursor::default(), at(90_000)).len(), lines.len() + 101);
        assert_eq!(tape.due(&tape.back(at(90_000), 0)), None);
    }

    #[test]
    fn what_is_written_by_hand_stands_between() {
        let tape = Tape::new("x", 0, at(0), Genre::of("p", "api", "uvicorn"));
        tape.write(at(901), "mine");
        let lines = read(&tape, Cursor::default(), at(1_000));
        assert_eq!(lines[3].1, "mine");
        assert_eq!(read(&tape, tape.back(at(1_000), 2), at(1_000))[0].1, "mine");
    }

    proptest! {
        /// However it is read, piece by piece or from any point back, the lines are the same and in order.
        #[test]
        fn a_tape_reads_the_same_always(stops in proptest::collection::vec(0i64..40_000, 1..12), tail in 0u64..40) {
            let tape = Tape::new("x", 0, at(0), Genre::of("p", "api", "uvicorn"));
            let mut stops = stops;
            stops.sort_unstable();
            let (mut cursor, mut pieces) = (Cursor::default(), Vec::new());
            for stop in &stops {
                while let Some(line) = tape.next(&mut cursor, at(*stop)) {
                    prop_assert!(line.0 <= at(*stop));
                    pieces.push(line);
                }
                prop_assert!(tape.due(&cursor).is_some_and(|due| due > at(*stop)));
            }
            let now = at(*stops.last().unwrap());
            let whole = read(&tape, Cursor::default(), now);
            prop_assert!(whole.is_sorted_by_key(|(at, _)| *at));
            prop_assert_eq!(&pieces, &whole);
            let from = whole.len().saturating_sub(usize::try_from(tail).unwrap());
            prop_assert_eq!(read(&tape, tape.back(now, tail), now), whole[from..].to_vec());
        }
    }
}
