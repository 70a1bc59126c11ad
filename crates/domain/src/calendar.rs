//! Local time: what customers write and read without a zone, and calendar days (contract §0.5, §2).

mod months;

use std::ops::RangeInclusive;

use jiff::Timestamp as Instant;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::time::Timestamp;

/// The most calendar days one question may span.
pub const MOST_DAYS: usize = 366;

/// The zone in which times without a zone are meant and days begin. Configuration; UTC by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// A zone by its IANA name, such as `Asia/Shanghai`.
    ///
    /// # Errors
    /// [`UnknownZone`] when there is none of that name.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        TimeZone::get(name).map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }

    /// Reads `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DD`, which means the day's first moment. A time that the clocks skip is
    /// taken as so much later, one that comes twice as the first.
    ///
    /// # Errors
    /// [`TimeError`] for any other form, and for dates and times that do not exist.
    pub fn parse(&self, text: &str) -> Result<Timestamp, TimeError> {
        let (date, time) = match text.split_once(' ') {
            Some((date, time)) => (date, time),
            None => (text, "00:00:00"),
        };
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
        let narrow = |number: i16| i8::try_from(number).map_err(|_| TimeError::NoSuchTime);
        let local =
            DateTime::new(year, narrow(month)?, narrow(day)?, narrow(hour)?, narrow(minute)?, narrow(second)?, 0);
        let instant = local.and_then(|local| self.0.to_timestamp(local)).map_err(|_| TimeError::NoSuchTime)?;
        Ok(Timestamp::from_ms(instant.as_millisecond()))
    }

    /// Writes `YYYY-MM-DD HH:MM:SS`.
    pub fn format(&self, at: Timestamp) -> String {
        self.0.to_datetime(instant(at)).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The calendar day a moment falls on.
    pub fn day_of(&self, at: Timestamp) -> Day {
        Day::from_date(self.0.to_datetime(instant(at)).date())
    }

    /// A day's first moment.
    pub fn day_start(&self, day: Day) -> Timestamp {
        let start = day.date().at(0, 0, 0, 0);
        // Only within a day of the ends of time is there no answer.
        let instant = self.0.to_timestamp(start).unwrap_or(if day.0 < 0 { Instant::MIN } else { Instant::MAX });
        Timestamp::from_ms(instant.as_millisecond())
    }

    /// The calendar days from the one `window` begins on to the one it ends on, ascending.
    ///
    /// # Errors
    /// [`WindowError`] when it ends before it begins or spans more than [`MOST_DAYS`].
    pub fn days(&self, window: RangeInclusive<Timestamp>) -> Result<Vec<Day>, WindowError> {
        if window.is_empty() {
            return Err(WindowError::Backwards);
        }
        let days = self.day_of(*window.start()).0..=self.day_of(*window.end()).0;
        if days.clone().nth(MOST_DAYS).is_some() {
            return Err(WindowError::TooLong);
        }
        Ok(days.map(Day).collect())
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

/// Writes RFC 3339 in UTC, to the whole second: `2022-08-01T20:30:05Z`.
pub fn format_rfc3339(at: Timestamp) -> String {
    instant(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The nearest moment the calendar knows.
fn instant(at: Timestamp) -> Instant {
    Instant::from_millisecond(at.ms()).unwrap_or(if at.ms() < 0 { Instant::MIN } else { Instant::MAX })
}

/// Three numbers of exactly so many digits.
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Result<[i16; 3], TimeError> {
    let mut numbers = [0; 3];
    let mut parts = text.split(separator);
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next().ok_or(TimeError::Form)?;
        if part.len() != width || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TimeError::Form);
        }
        *number = part.parse().map_err(|_| TimeError::Form)?;
    }
    if parts.next().is_some() { Err(TimeError::Form) } else { Ok(numbers) }
}

/// A calendar day, as days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

impl Day {
    /// From a column of the store; `None` when no calendar has such a day.
    pub fn from_column(column: i64) -> Option<Self> {
        let day = Self(i32::try_from(column).ok()?);
        day.checked_date().map(|_| day)
    }

    /// For a column of the store.
    pub fn to_column(self) -> i64 {
        i64::from(self.0)
    }

    /// So many days later, or earlier when negative; the last or first day there is, at most.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        let moved = Self(self.0.saturating_add(days));
        match moved.checked_date() {
            Some(_) => moved,
            None => Self::from_date(if moved.0 < 0 { Date::MIN } else { Date::MAX }),
        }
    }

    fn from_date(date: Date) -> Self {
        let days = date.duration_since(EPOCH).as_hours().checked_div(24).unwrap_or_default();
        // Lossless: the calendar has 7.3 million days.
        Self(i32::try_from(days).unwrap_or_default())
    }

    fn checked_date(self) -> Option<Date> {
        EPOCH.checked_add(jiff::SignedDuration::from_hours(i64::from(self.0).saturating_mul(24))).ok()
    }

    fn date(self) -> Date {
        self.checked_date().unwrap_or(if self.0 < 0 { Date::MIN } else { Date::MAX })
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.date().fmt(f)
    }
}

/// No zone has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time zone; write an IANA name such as Asia/Shanghai")]
pub struct UnknownZone(pub String);

/// Why a time is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not written as agreed.
    #[error("must be written as YYYY-MM-DD HH:MM:SS or YYYY-MM-DD")]
    Form,
    /// Such as the 30th of February.
    #[error("is no time that exists")]
    NoSuchTime,
}

/// Why a window of time is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// It ends before it begins.
    #[error("the start time must not be after the end time")]
    Backwards,
    /// More than [`MOST_DAYS`] days.
    #[error("must not span more than 366 days")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zones() -> [Zone; 4] {
        ["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu"].map(|name| Zone::named(name).unwrap())
    }

    #[test]
    fn times_are_read_and_written_in_the_zone() {
        let [utc, shanghai, ..] = zones();
        let at = shanghai.parse("2022-08-01 04:30:05").unwrap();
        assert_eq!(utc.format(at), "2022-07-31 20:30:05");
        assert_eq!(format_rfc3339(at), "2022-07-31T20:30:05Z");
        assert_eq!(shanghai.day_of(at).to_string(), "2022-08-01");
        assert_eq!(shanghai.parse("2022-08-01").unwrap(), shanghai.day_start(shanghai.day_of(at)));
    }

    #[test]
    fn other_forms_and_days_that_do_not_exist_are_refused() {
        let forms = [
            "",
            "2022",
            "2022-8-1",
            "2022-08-01T00:00:00",
            "2022-08-01 00:00",
            "2022-08-01 00:00:00Z",
            " 2022-08-01",
            "2022-08-01 ",
            "2022-08-01  00:00:00",
            "2022/08/01",
            "22-08-01",
            "+022-08-01",
            "2022-08-01-01",
            "２022-08-01",
            "2022-08-01 00:00:00.5",
            "12022-08-01",
            "1659312000",
        ];
        for text in forms {
            assert_eq!(Zone::utc().parse(text), Err(TimeError::Form), "{text:?}");
        }
        for text in ["2022-02-30", "2022-13-01", "2022-00-10", "2022-08-01 24:00:00", "2022-08-01 23:59:60"] {
            assert_eq!(Zone::utc().parse(text), Err(TimeError::NoSuchTime), "{text:?}");
        }
    }

    #[test]
    fn a_skipped_hour_is_later_and_a_repeated_one_is_the_first() {
        let [.., new_york, _] = zones();
        assert_eq!(new_york.format(new_york.parse("2022-03-13 02:30:00").unwrap()), "2022-03-13 03:30:00");
        let twice = new_york.parse("2022-11-06 01:30:00").unwrap();
        assert_eq!(format_rfc3339(twice), "2022-11-06T05:30:00Z");
    }

    #[test]
    fn a_window_has_one_row_a_day() {
        let zone = Zone::utc();
        let window = |from: &str, to: &str| {
            let days = zone.days(zone.parse(from).unwrap()..=zone.parse(to).unwrap());
            days.map(|days| days.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(window("2022-07-31 23:59:59", "2022-08-01"), Ok(vec!["2022-07-31".into(), "2022-08-01".into()]));
        assert_eq!(window("2024-01-01", "2024-12-31 23:59:59").map(|days| days.len()), Ok(366));
        assert_eq!(window("2024-01-01", "2025-01-01"), Err(WindowError::TooLong));
        assert_eq!(window("0001-01-01", "9999-01-01"), Err(WindowError::TooLong));
        assert_eq!(window("2024-01-02", "2024-01-01"), Err(WindowError::Backwards));
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for zone in zones() {
            for ms in [i64::MIN, i64::MAX] {
                let at = Timestamp::from_ms(ms);
                let day = zone.day_of(at);
                assert_eq!(Day::from_column(day.to_column()), Some(day));
                assert!(!zone.format(zone.day_start(day)).is_empty());
            }
        }
        let [utc, ..] = zones();
        assert_eq!(utc.day_of(Timestamp::from_ms(0)).plus_days(i32::MAX).to_string(), "9999-12-31");
        assert_eq!(utc.day_of(Timestamp::from_ms(0)).plus_days(i32::MIN).to_string(), "-009999-01-01");
        assert_eq!(Day::from_column(i64::MAX), None);
        assert_eq!(Day::from_column(3_000_000), None);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,40}", digits in "[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?") {
            prop_assert!(Zone::utc().parse(&text).is_err() || text.len() == 10 || text.len() == 19);
            if let Ok(at) = Zone::utc().parse(&digits) {
                prop_assert!(Zone::utc().format(at).starts_with(&digits));
            }
        }

        #[test]
        fn a_day_holds_the_moments_that_fall_on_it(ms in 0_i64..4_000_000_000_000, which in 0_usize..4) {
            let zone = &zones()[which];
            let at = Timestamp::from_ms(ms);
            let day = zone.day_of(at);
            prop_assert!(zone.day_start(day) <= at && at < zone.day_start(day.plus_days(1)));
            prop_assert_eq!(Day::from_column(day.to_column()), Some(day));
            prop_assert!(zone.format(at).starts_with(&day.to_string()));
        }
    }
}
