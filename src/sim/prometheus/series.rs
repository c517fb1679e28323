//! Time series: what was scraped, when it changed, and when it was no longer there.

use jiff::Timestamp;
use std::collections::HashMap;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// From one scrape to the next; scrapes stand at multiples of it.
pub const SCRAPE: Duration = Duration::from_secs(15);
/// [`SCRAPE`] in milliseconds.
const STEP: i64 = 15_000;
/// What is older is forgotten.
const KEPT: i64 = 3_600_000;

/// Label names and values, the metric's name as `__name__`.
pub type Labels = BTreeMap<String, String>;

/// Labels from pairs.
#[must_use]
pub fn labels(name: &str, pairs: &[(&str, &str)]) -> Labels {
    let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    std::iter::once(("__name__".to_owned(), name.to_owned())).chain(pairs).collect()
}

/// One series: its value from each change on; none while it is not there.
#[derive(Debug, Clone, Default)]
pub struct Series {
    changes: VecDeque<(i64, Option<f64>)>,
    /// The scrape that last saw it, of a series that ends when a scrape does not.
    seen: Option<i64>,
}

impl Series {
    fn set(&mut self, at: i64, value: Option<f64>) {
        match self.changes.back_mut() {
            Some((_, last)) if last.map(f64::to_bits) == value.map(f64::to_bits) => return,
            Some((then, last)) if *then == at => *last = value,
            None if value.is_none() => return,
            _ => self.changes.push_back((at, value)),
        }
        while self.changes.get(1).is_some_and(|(next, _)| *next < at - KEPT) {
            self.changes.pop_front();
        }
    }

    /// What a query at `at` (milliseconds) sees: the scrape before it, if the series was there.
    #[must_use]
    pub fn at(&self, at: i64) -> Option<f64> {
        let scrape = at.div_euclid(STEP) * STEP;
        let index = self.changes.partition_point(|(then, _)| *then <= scrape);
        self.changes.get(index.checked_sub(1)?).and_then(|(_, value)| *value)
    }

    /// The scrapes after `from` up to `to`, both in milliseconds.
    #[must_use]
    pub fn samples(&self, from: i64, to: i64) -> Vec<(i64, f64)> {
        let first = (from.div_euclid(STEP) + 1) * STEP;
        let known = self.changes.front().map_or(i64::MAX, |(then, _)| *then);
        let first = first.max(known.div_euclid(STEP) * STEP);
        let scrapes = (first..=to).step_by(usize::try_from(STEP).unwrap_or(1));
        scrapes.filter_map(|scrape| self.at(scrape).map(|value| (scrape, value))).collect()
    }

    /// Whether it ended before a moment, in milliseconds, and did not come back.
    fn ended_before(&self, moment: i64) -> bool {
        self.seen.is_none() && self.changes.back().is_some_and(|(then, value)| value.is_none() && *then < moment)
    }

    /// Whether it was there between two moments.
    #[must_use]
    pub fn was_there(&self, from: i64, to: i64) -> bool {
        self.at(from).is_some()
            || self.changes.iter().any(|(then, value)| (from..=to).contains(then) && value.is_some())
    }
}

/// All series of one Prometheus; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Shelf(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    series: Mutex<HashMap<Labels, Series>>,
    asked: AtomicBool,
}

impl Shelf {
    /// A value that was scraped.
    pub fn set(&self, labels: &Labels, value: f64, at: Timestamp) {
        self.write(labels, Some(value), at);
    }

    /// A series that was not there any more.
    pub fn end(&self, labels: &Labels, at: Timestamp) {
        self.write(labels, None, at);
    }

    /// A value that was scraped, of a series that [`Shelf::close`] ends with the first scrape that does not find it.
    pub fn gauge(&self, labels: Labels, value: f64, at: Timestamp) {
        let at = scrape_of(at);
        let mut all = self.all();
        let series = all.entry(labels).or_default();
        series.seen = Some(at);
        series.set(at, Some(value));
    }

    /// Ends what the scrape at `at` did not find any more, and forgets what ended long ago.
    pub fn close(&self, at: Timestamp) {
        let at = scrape_of(at);
        let mut all = self.all();
        for series in all.values_mut().filter(|series| series.seen.is_some_and(|seen| seen != at)) {
            series.seen = None;
            series.set(at, None);
        }
        all.retain(|_, series| !series.ended_before(at - KEPT));
    }

    fn write(&self, labels: &Labels, value: Option<f64>, at: Timestamp) {
        let at = scrape_of(at);
        let mut all = self.all();
        if let Some(series) = all.get_mut(labels) {
            series.set(at, value);
        } else if value.is_some() {
            all.entry(labels.clone()).or_default().set(at, value);
        }
    }

    /// Somebody looks.
    pub fn ask(&self) {
        self.0.asked.store(true, Ordering::Relaxed);
    }

    /// Whether anybody ever looked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// The series that `wanted` wants, by their labels.
    #[must_use]
    pub fn select(&self, wanted: impl Fn(&Labels) -> bool) -> Vec<(Labels, Series)> {
        let mut found: Vec<(Labels, Series)> = self
            .all()
            .iter()
            .filter(|(labels, _)| wanted(labels))
            .map(|(labels, series)| (labels.clone(), series.clone()))
            .collect();
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        found
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Labels, Series>> {
        // every method leaves the series whole
        self.0.series.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Scrapes stand at multiples of the interval, whenever they were due; in milliseconds.
fn scrape_of(at: Timestamp) -> i64 {
    at.as_millisecond().div_euclid(STEP) * STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrapes_are_seen_until_the_series_ends() {
        let shelf = Shelf::default();
        let second = |s| Timestamp::from_second(s).unwrap();
        let up = labels("up", &[("job", "a")]);
        shelf.set(&up, 1.0, second(30));
        shelf.set(&up, 1.0, second(45));
        shelf.set(&up, 2.0, second(60));
        shelf.end(&up, second(90));
        let (_, series) = shelf.select(|labels| labels["__name__"] == "up").remove(0);
        assert_eq!(
            [29_999, 30_000, 59_999, 60_000, 90_000].map(|at| series.at(at)),
            [None, Some(1.0), Some(1.0), Some(2.0), None]
        );
        assert_eq!(series.samples(30_000, 200_000), [(45_000, 1.0), (60_000, 2.0), (75_000, 2.0)]);
        assert!(series.was_there(0, 40_000) && !series.was_there(90_000, 95_000));
    }

    #[test]
    fn what_a_scrape_does_not_find_ends_with_it() {
        let shelf = Shelf::default();
        let second = |s| Timestamp::from_second(s).unwrap();
        let of = |job: &str| labels("up", &[("job", job)]);
        for (at, jobs) in [(15, ["a", "b"]), (30, ["a", "c"])] {
            for job in jobs {
                shelf.gauge(of(job), 1.0, second(at));
            }
            shelf.close(second(at));
        }
        let there: Vec<Option<f64>> = shelf.select(|_| true).iter().map(|(_, series)| series.at(30_000)).collect();
        assert_eq!(there, [Some(1.0), None, Some(1.0)]);
        let left = |second: i64| {
            shelf.close(Timestamp::from_second(second).unwrap());
            shelf.select(|_| true).len()
        };
        assert_eq!((left(3_630), left(3_645), left(7_260)), (3, 2, 0), "an hour after its end nobody knows of it");
    }
}
