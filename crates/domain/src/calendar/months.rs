//! Calendar months of a zone: what renewals are counted in.

use jiff::ToSpan;

use super::{Day, Zone, instant};
use crate::time::Timestamp;

impl Zone {
    /// The same day and time so many months later; a month that has no such day ends with its last. `None` beyond the
    /// calendar.
    pub fn plus_months(&self, from: Timestamp, months: u32) -> Option<Timestamp> {
        let span = jiff::Span::new().try_months(months).ok()?;
        let local = self.0.to_datetime(instant(from)).checked_add(span).ok()?;
        Some(Timestamp::from_ms(self.0.to_timestamp(local).ok()?.as_millisecond()))
    }

    /// The first moment of the month after the one `from` falls into; how many days that one has left, the day of
    /// `from` included; and how many it has. `None` beyond the calendar.
    pub fn rest_of_month(&self, from: Timestamp) -> Option<(Timestamp, u32, u32)> {
        let day = self.day_of(from).checked_date()?;
        let next = day.first_of_month().checked_add(1.month()).ok()?;
        let (number, days) = (u32::try_from(day.day()).ok()?, u32::try_from(day.days_in_month()).ok()?);
        let left = days.checked_sub(number)?.checked_add(1)?;
        Some((self.day_start(Day::from_date(next)), left, days))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_month_later_is_the_same_day_or_the_last_there_is() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let later = |from: &str, months| zone.plus_months(zone.parse(from).unwrap(), months).map(|at| zone.format(at));
        assert_eq!(later("2023-01-31 10:00:00", 1).unwrap(), "2023-02-28 10:00:00");
        assert_eq!(later("2024-01-31 10:00:00", 1).unwrap(), "2024-02-29 10:00:00");
        assert_eq!(later("2023-12-05 23:59:59", 14).unwrap(), "2025-02-05 23:59:59");
        assert_eq!(later("9999-12-05", 1), None);
    }

    #[test]
    fn the_rest_of_a_month_begins_with_today() {
        let zone = Zone::named("America/New_York").unwrap();
        let rest = |from: &str| {
            zone.rest_of_month(zone.parse(from).unwrap()).map(|(end, left, of)| (zone.format(end), left, of))
        };
        assert_eq!(rest("2022-08-10 12:00:00"), Some(("2022-09-01 00:00:00".into(), 22, 31)));
        assert_eq!(rest("2022-08-31 23:59:59"), Some(("2022-09-01 00:00:00".into(), 1, 31)));
        // What ends with a month is renewed for the whole next one.
        assert_eq!(rest("2022-09-01 00:00:00"), Some(("2022-10-01 00:00:00".into(), 30, 30)));
        assert_eq!(rest("2024-02-29"), Some(("2024-03-01 00:00:00".into(), 1, 29)));
    }

    proptest! {
        #[test]
        fn renewing_to_the_end_of_the_month_always_gives_time(ms in 0_i64..4_000_000_000_000) {
            let zone = Zone::named("Europe/Berlin").unwrap();
            let from = Timestamp::from_ms(ms);
            let (end, left, of) = zone.rest_of_month(from).unwrap();
            prop_assert!(end > from && left >= 1 && left <= of && (28..=31).contains(&of));
            prop_assert!(zone.plus_months(from, 1).unwrap() >= end.minus(crate::time::Span::from_days(1)));
        }
    }
}
