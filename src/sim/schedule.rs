//! Schedules in cron's words: when sync windows open, and when `CronJob`s start a Job.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

/// The longest that is looked ahead or back: a schedule may name the 29th of February.
const YEARS: i64 = 5;

/// The minutes, hours, days, months and weekdays at which it fires.
#[derive(Debug)]
pub struct Schedule {
    bits: [u64; 5],
    any_day: bool,
    any_weekday: bool,
}

impl Schedule {
    /// Reads five fields of cron, or a word such as `@hourly`; none when it is neither.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        const RANGES: [(u32, u32); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
        let text = match text {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            text => text,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != 5 {
            return None;
        }
        let mut bits = [0; 5];
        for (index, (field, (low, high))) in fields.iter().zip(RANGES).enumerate() {
            for part in field.split(',') {
                let (range, step) =
                    part.split_once('/').map_or((part, 1), |(range, step)| (range, step.parse().unwrap_or(0)));
                let (from, to) = match range.split_once('-') {
                    _ if is_any(range) => (low, high),
                    Some((from, to)) => (value(index, from)?, value(index, to)?),
                    None => {
                        let from = value(index, range)?;
                        (from, if part.contains('/') { high } else { from })
                    }
                };
                if step == 0 || from < low || to > high || from > to {
                    return None;
                }
                for value in (from..=to).step_by(step) {
                    bits[index] |= 1 << value;
                }
            }
        }
        if bits[4] & (1 << 7) != 0 {
            bits[4] |= 1;
        }
        Some(Self { bits, any_day: is_any(fields[2]), any_weekday: is_any(fields[4]) })
    }

    /// Whether it fires in this minute.
    #[must_use]
    pub fn fires(&self, at: &Zoned) -> bool {
        self.has(0, at.minute()) && self.has(1, at.hour()) && self.is_on(at)
    }

    /// The first time it fires after a moment; none within years.
    #[must_use]
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let begin = after.as_second() - after.as_second().rem_euclid(60) + 60;
        let mut at = Timestamp::from_second(begin).ok()?.to_zoned(zone.clone());
        let end = at.checked_add(YEARS.years()).ok()?;
        while at < end {
            at = if !self.is_on(&at) {
                at.date().tomorrow().ok()?.to_datetime(Time::midnight()).to_zoned(zone.clone()).ok()?
            } else if self.fires(&at) {
                return Some(at.timestamp());
            } else {
                at.checked_add(1.minute()).ok()?
            };
        }
        None
    }

    /// The last time it fired after `since` and until `now`.
    #[must_use]
    pub fn last(&self, since: Timestamp, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        std::iter::successors(self.next(since, zone), |at| self.next(*at, zone)).take_while(|at| *at <= now).last()
    }

    fn has(&self, index: usize, value: i8) -> bool {
        self.bits[index] & (1 << value) != 0
    }

    /// Whether it fires at some time of this day.
    fn is_on(&self, at: &Zoned) -> bool {
        let day = self.has(2, at.day());
        let weekday = self.has(4, at.weekday().to_sunday_zero_offset());
        // a schedule that names both fires on either
        let today = if self.any_day || self.any_weekday { day && weekday } else { day || weekday };
        self.has(3, at.month()) && today
    }
}

fn is_any(range: &str) -> bool {
    matches!(range, "*" | "?")
}

/// A number of a field; months and weekdays have names too.
fn value(index: usize, text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let (names, first): (&[&str], u32) = match index {
        3 => (&MONTHS, 1),
        4 => (&DAYS, 0),
        _ => (&[], 0),
    };
    let named = names.iter().position(|name| text.eq_ignore_ascii_case(name));
    named.map_or_else(|| text.parse().ok(), |named| Some(first + u32::try_from(named).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_fires_next_when_its_fields_say() {
        let after: Timestamp = "2026-11-23T10:30:20Z".parse().unwrap();
        let table = [
            ("*/15 * * * *", "2026-11-23T10:45:00Z"),
            ("* * * * *", "2026-11-23T10:31:00Z"),
            ("@hourly", "2026-11-23T11:00:00Z"),
            ("30 2 * * *", "2026-11-24T02:30:00Z"),
            ("0 9 * * sat", "2026-11-28T09:00:00Z"),
            ("0 0 1 JAN *", "2027-01-01T00:00:00Z"),
            ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
            // both a day and a weekday: either will do
            ("0 0 30 * 2", "2026-11-24T00:00:00Z"),
        ];
        for (text, expected) in table {
            let next = Schedule::read(text).unwrap().next(after, &TimeZone::UTC);
            assert_eq!(next, Some(expected.parse().unwrap()), "{text}");
        }
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let next = Schedule::read("0 12 * * *").unwrap().next(after, &berlin);
        assert_eq!(next, Some("2026-11-23T11:00:00Z".parse().unwrap()));
        assert_eq!(Schedule::read("0 0 31 2 *").unwrap().next(after, &TimeZone::UTC), None);
        for none in ["", "never", "* * * *", "60 * * * *", "* * * * mon-sun", "*/0 * * * *"] {
            assert!(Schedule::read(none).is_none(), "{none}");
        }
    }

    #[test]
    fn of_several_missed_times_the_last_is_told() {
        let [since, now]: [Timestamp; 2] =
            ["2026-11-23T10:30:00Z", "2026-11-23T13:10:00Z"].map(|text| text.parse().unwrap());
        let hourly = Schedule::read("0 * * * *").unwrap();
        assert_eq!(hourly.last(since, now, &TimeZone::UTC), Some("2026-11-23T13:00:00Z".parse().unwrap()));
        assert_eq!(hourly.last(since, since, &TimeZone::UTC), None);
    }
}
