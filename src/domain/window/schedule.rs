//! One window: from when to when it is on.

use std::time::Duration;

use cronexpr::MakeTimestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::text::clean;

/// How many ends of windows are looked through for the next opening.
const AHEAD: usize = 64;

/// A sync window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) deny: bool,
    schedule: String,
    duration: Duration,
    zone: String,
    pub(super) manual: bool,
    description: String,
}

impl Window {
    pub(super) fn read(row: &Value) -> Result<Self, String> {
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        let window = Self {
            deny: text("kind") == "deny",
            schedule: clean(text("schedule")).into_owned(),
            duration: duration(text("duration")).ok_or_else(|| format!("duration `{}`", clean(text("duration"))))?,
            zone: text("timeZone").to_owned(),
            manual: row["manualSync"].as_bool().unwrap_or_default(),
            description: clean(text("description")).into_owned(),
        };
        cronexpr::parse_crontab(&format!("{} UTC", window.schedule))
            .map_err(|_| format!("schedule `{}`", window.schedule))?;
        Ok(window)
    }

    pub(super) fn words(&self) -> String {
        let what = if self.description.is_empty() { &self.schedule } else { &self.description };
        format!("`{what}`")
    }

    /// Argo CD moves `now` by the zone's present offset and reads the schedule as UTC.
    fn offset(&self, now: Timestamp) -> i64 {
        let zone = TimeZone::get(if self.zone.is_empty() { "UTC" } else { &self.zone }).unwrap_or(TimeZone::UTC);
        i64::from(zone.to_offset(now).seconds())
    }

    /// The first beginning after `at`, a moment as the schedule reads it.
    fn next(&self, at: i64) -> Option<i64> {
        let schedule = cronexpr::parse_crontab(&format!("{} UTC", self.schedule)).ok()?;
        let at = Timestamp::from_second(at).ok()?;
        Some(schedule.find_next(MakeTimestamp(at)).ok()?.timestamp().as_second())
    }

    fn length(&self) -> i64 {
        i64::try_from(self.duration.as_secs()).unwrap_or(i64::MAX / 4)
    }

    /// It began less than its duration ago.
    pub(super) fn is_active(&self, now: Timestamp) -> bool {
        let local = now.as_second() + self.offset(now);
        self.next(local - self.length()).is_some_and(|begins| begins < local)
    }

    pub(super) fn edges(&self, now: Timestamp) -> Vec<Timestamp> {
        let offset = self.offset(now);
        let local = now.as_second() + offset;
        let mut edges = Vec::new();
        let mut at = local - self.length();
        while let Some(begins) = self.next(at).filter(|_| edges.len() < AHEAD) {
            // a moment on the edge belongs to what was before it
            for edge in [begins + 1, begins + self.length()].into_iter().filter(|edge| *edge > local) {
                edges.extend(Timestamp::from_second(edge - offset).ok());
            }
            at = begins;
        }
        edges
    }
}

/// A duration as Go writes it: `90s`, `1h30m`, `1.5h`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest[..end].parse().ok()?;
        let units = [("ms", 0.001), ("us", 1e-6), ("ns", 1e-9), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
        let (unit, worth) = units.into_iter().find(|(unit, _)| rest[end..].starts_with(unit))?;
        seconds += number * worth;
        rest = &rest[end + unit.len()..];
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(seconds).ok())?
}
