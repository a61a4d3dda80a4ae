//! Moments in the calendar: RFC 3339 in UTC. Relies on nothing but the Gregorian calendar's rule; a crate for dates would
//! bring time zones and parsing, and be the largest dependency for these few lines.

use std::fmt;

use shmrecord_layout::Time;

const DAY: i128 = 86_400;
/// Days of 400 years, of a century that its 400 years do not end with, of four years with a leap day.
const DAYS: [i64; 3] = [146_097, 36_524, 1_461];
/// From 0000-03-01, where leap days come last, to 1970-01-01.
const TO_1970: i64 = 719_468;
/// From March on.
const MONTHS: [i64; 12] = [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29];

/// A moment since 1970-01-01 00:00 UTC, in the years from 0 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    count: i128,
    time: Time,
}

impl Moment {
    /// The moment of so many of what `time` counts; `None` for a year with more than four digits, and when it does not count
    /// from 1970.
    #[must_use]
    pub fn new(count: i128, time: Time) -> Option<Self> {
        // 0000-01-01 and 10000-01-01.
        let years = -62_167_219_200..253_402_300_800;
        let second = count.div_euclid(time.per_second().into());
        (time != Time::MonotonicNs && years.contains(&second)).then_some(Self { count, time })
    }

    /// How many of what [`Moment::time`] counts.
    #[must_use]
    pub fn count(self) -> i128 {
        self.count
    }

    /// What is counted.
    #[must_use]
    pub fn time(self) -> Time {
        self.time
    }
}

impl fmt::Display for Moment {
    /// `2026-02-01T14:30:00.000000001Z`, with the digits that its unit gives.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_second = i128::from(self.time.per_second());
        let (seconds, fraction) = (self.count.div_euclid(per_second), self.count.rem_euclid(per_second));
        let of_day = seconds.rem_euclid(DAY);
        let [year, month, day] = date(i64::try_from(seconds.div_euclid(DAY)).unwrap_or(0));
        let [hour, minute, second] = [of_day / 3600, of_day / 60 % 60, of_day % 60];
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if let Some(digits) = per_second.checked_ilog10().filter(|&digits| digits > 0) {
            text += &format!(".{fraction:0digits$}", digits = digits as usize);
        }
        f.pad(&(text + "Z"))
    }
}

/// Year, month and day of the month, so many days after 1970-01-01.
fn date(days: i64) -> [i64; 3] {
    let days = days + TO_1970;
    let (cycles, mut rest) = (days.div_euclid(DAYS[0]), days.rem_euclid(DAYS[0]));
    // The last part of each has the leap day and so is longer: it is no part of its own.
    let mut take = |length: i64, at_most: i64| {
        let parts = (rest / length).min(at_most);
        rest -= parts * length;
        parts
    };
    let mut year = 400 * cycles + 100 * take(DAYS[1], 3) + 4 * take(DAYS[2], 24) + take(365, 3);
    let mut month = 3;
    for length in MONTHS {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    if month > 12 {
        (year, month) = (year + 1, month - 12);
    }
    [year, month, rest + 1]
}

#[cfg(test)]
mod tests {
    use super::{Moment, date};
    use shmrecord_layout::Time;

    #[test]
    fn moments_are_those_of_the_calendar() {
        let shown = |count, time| Moment::new(count, time).map(|moment| moment.to_string());
        let seconds = |count| shown(count, Time::UnixS).unwrap_or_default();
        // As `date -u -d @N +%FT%TZ` has them.
        assert_eq!(seconds(0), "1970-01-01T00:00:00Z");
        assert_eq!(seconds(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(seconds(951_868_799), "2000-02-29T23:59:59Z");
        assert_eq!(seconds(1_769_956_200), "2026-02-01T14:30:00Z");
        assert_eq!(seconds(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(seconds(-1), "1969-12-31T23:59:59Z");
        assert_eq!(seconds(-62_167_219_200), "0000-01-01T00:00:00Z");
        assert_eq!(seconds(253_402_300_799), "9999-12-31T23:59:59Z");
        assert_eq!((seconds(253_402_300_800), seconds(-62_167_219_201)), (String::new(), String::new()));
        assert_eq!(shown(1_500, Time::UnixMs).as_deref(), Some("1970-01-01T00:00:01.500Z"));
        assert_eq!(shown(-1, Time::UnixUs).as_deref(), Some("1969-12-31T23:59:59.999999Z"));
        assert_eq!(shown(u64::MAX.into(), Time::UnixNs).as_deref(), Some("2554-07-21T23:34:33.709551615Z"));
        assert_eq!(shown(0, Time::MonotonicNs), None);
    }

    #[test]
    fn every_day_of_a_thousand_years_follows_the_one_before() {
        let [mut year, mut month, mut day] = date(-200_000);
        for days in -199_999..200_000 {
            let next = date(days);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 => 28 + i64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            let expected = match (month, day) {
                (12, 31) => [year + 1, 1, 1],
                (_, day) if day == last => [year, month + 1, 1],
                _ => [year, month, day + 1],
            };
            assert_eq!(next, expected);
            [year, month, day] = next;
        }
    }
}
