//! What orders are made of: amounts of money, lists of numbers, countries, durations, coupons (contract 0.5, 5).

use turnpike_domain::basket::Duration;
use turnpike_domain::country::CountryCode;
use turnpike_domain::coupon::CouponCode;
use turnpike_domain::money::Money;
use turnpike_domain::product::ProductType;

use crate::field_error::FieldError;
use crate::fields::{number, text, whole_number};
use crate::parameters::Given;

/// Items of a list of numbers or countries at most.
const MOST_ITEMS: usize = 500;
/// Decimals of an amount of money.
const DECIMALS: i64 = 2;

/// An amount of money that is more than nothing, with at most two decimals.
pub(crate) fn money(given: &Given) -> Result<Money, FieldError> {
    let minor = number::scaled(given, DECIMALS).map_err(|error| match error {
        FieldError::NotWhole => FieldError::NotAmount,
        error => error,
    })?;
    Money::from_minor(minor).filter(|amount| amount.is_positive()).ok_or(FieldError::NotAmount)
}

/// The number of something: 1 or more.
pub(crate) fn number_of(given: &Given) -> Result<i64, FieldError> {
    match whole_number(given)? {
        number @ 1.. => Ok(number),
        _ => Err(FieldError::OutOfRange { lowest: 1, highest: i64::MAX }),
    }
}

/// The number of something, or 0 for nothing.
pub(crate) fn number_or_none(given: &Given) -> Result<i64, FieldError> {
    match whole_number(given)? {
        number @ 0.. => Ok(number),
        _ => Err(FieldError::OutOfRange { lowest: 0, highest: i64::MAX }),
    }
}

/// How many units: 1 or more.
pub(crate) fn units(given: &Given) -> Result<u32, FieldError> {
    let out_of_range = FieldError::OutOfRange { lowest: 1, highest: i64::from(u32::MAX) };
    u32::try_from(whole_number(given)?).ok().filter(|units| *units > 0).ok_or(out_of_range)
}

/// How many units, where the product says how many it must be.
pub(crate) fn units_or_none(given: &Given) -> Result<u32, FieldError> {
    let out_of_range = FieldError::OutOfRange { lowest: 0, highest: i64::from(u32::MAX) };
    u32::try_from(whole_number(given)?).map_err(|_| out_of_range)
}

/// Numbers parted by commas, each once: `1,2,3`. A single one may be given as a number.
pub(crate) fn numbers(given: &Given) -> Result<Vec<i64>, FieldError> {
    if let Given::Number(_) = given {
        return Ok(vec![number_of(given)?]);
    }
    let mut numbers = Vec::new();
    for (place, item) in items(text(given)?, ',')? {
        let number = item.parse().ok().filter(|number| *number > 0).ok_or(FieldError::ItemNoNumber { place })?;
        if numbers.contains(&number) {
            return Err(FieldError::NumberTwice { number });
        }
        numbers.push(number);
    }
    Ok(numbers)
}

/// How many in which country: `JP,2|US,1`. A country that is named twice counts for both.
pub(crate) fn regions(given: &Given) -> Result<Vec<(CountryCode, u32)>, FieldError> {
    let mut regions: Vec<(CountryCode, u32)> = Vec::new();
    for (place, item) in items(text(given)?, '|')? {
        let wrong = FieldError::ItemNoRegion { place };
        let (country, count) = item.split_once(',').ok_or(wrong)?;
        let country = CountryCode::parse(country.trim()).map_err(|_| wrong)?;
        let count: u32 = count.trim().parse().ok().filter(|count| *count > 0).ok_or(wrong)?;
        match regions.iter_mut().find(|(known, _)| *known == country) {
            Some((_, sum)) => *sum = sum.saturating_add(count),
            None => regions.push((country, count)),
        }
    }
    Ok(regions)
}

/// A country's code.
pub(crate) fn country(given: &Given) -> Result<CountryCode, FieldError> {
    CountryCode::parse(text(given)?.trim()).map_err(|_| FieldError::CountryForm)
}

/// A kind of static IP: 14 or 25.
pub(crate) fn static_ip_type(given: &Given) -> Result<ProductType, FieldError> {
    let found = ProductType::from_number(whole_number(given)?);
    found.filter(|product_type| product_type.is_static_ip()).ok_or(FieldError::ProductTypeNoStaticIp)
}

/// How long a renewal lasts: `3`, `3m`, or `em` for the end of the month.
pub(crate) fn duration(given: &Given) -> Result<Duration, FieldError> {
    match given {
        Given::Number(_) => {
            let months = u32::try_from(whole_number(given)?).map_err(|_| FieldError::DurationForm)?;
            Duration::parse(&months.to_string()).map_err(|_| FieldError::DurationForm)
        }
        given => Duration::parse(text(given)?.trim()).map_err(|_| FieldError::DurationForm),
    }
}

/// A coupon's code.
pub(crate) fn coupon(given: &Given) -> Result<CouponCode, FieldError> {
    let code = match given {
        Given::Number(digits) => digits,
        given => text(given)?,
    };
    CouponCode::parse(code).map_err(|_| FieldError::CouponForm)
}

/// The items of a list, with their places from 1; empty ones are passed over.
fn items(list: &str, separator: char) -> Result<Vec<(usize, &str)>, FieldError> {
    let items: Vec<_> = list.split(separator).map(str::trim).filter(|item| !item.is_empty()).collect();
    match items.len() {
        0 => Err(FieldError::NoItems),
        1..=MOST_ITEMS => Ok((1..).zip(items).collect()),
        _ => Err(FieldError::TooManyItems),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Given {
        Given::Text(text.into())
    }

    #[test]
    fn amounts_have_at_most_two_decimals() {
        for (text, minor) in
            [("1", 100), ("0.01", 1), ("12.5", 1250), ("99.90", 9990), ("1e3", 100_000), ("1.230", 123)]
        {
            assert_eq!(money(&given(text)).map(Money::minor), Ok(minor), "{text}");
            assert_eq!(money(&Given::Number(text.into())).map(Money::minor), Ok(minor), "{text}");
        }
        for text in ["0", "-1", "0.001", "1.999", "1,5", "NaN", "1e400", "ten"] {
            assert_eq!(money(&given(text)), Err(FieldError::NotAmount), "{text}");
        }
    }

    #[test]
    fn regions_are_read_as_they_are_published() {
        let read = |text: &str| {
            regions(&given(text)).map(|regions| {
                regions.into_iter().map(|(country, count)| format!("{country}{count}")).collect::<Vec<_>>().join(" ")
            })
        };
        assert_eq!(read("JP,2|US,1").as_deref(), Ok("JP2 US1"));
        assert_eq!(read(" us , 1 ||jp,2|US,3").as_deref(), Ok("US4 JP2"));
        for (text, place) in [("US", 1), ("US,0", 1), ("US,1|,2", 2), ("US,1|USA,2", 2), ("US,1,2", 1), ("US,-1", 1)] {
            assert_eq!(read(text), Err(FieldError::ItemNoRegion { place }), "{text}");
        }
        assert_eq!(read("|"), Err(FieldError::NoItems));
    }

    #[test]
    fn numbers_stand_once_each() {
        assert_eq!(numbers(&given("3, 1,,2")), Ok(vec![3, 1, 2]));
        assert_eq!(numbers(&Given::Number("7".into())), Ok(vec![7]));
        assert_eq!(numbers(&given("1,2,1")), Err(FieldError::NumberTwice { number: 1 }));
        assert_eq!(numbers(&given("1,x")), Err(FieldError::ItemNoNumber { place: 2 }));
        assert_eq!(numbers(&given("1,0")), Err(FieldError::ItemNoNumber { place: 2 }));
    }

    #[test]
    fn durations_are_months_or_the_rest_of_one() {
        for text in ["3", "3m"] {
            assert_eq!(duration(&given(text)), Ok(Duration::Months(3)));
        }
        assert_eq!(duration(&Given::Number("12".into())), Ok(Duration::Months(12)));
        assert_eq!(duration(&given("EM")), Ok(Duration::EndOfMonth));
        for text in ["0", "37", "1y", "m", "-1"] {
            assert_eq!(duration(&given(text)), Err(FieldError::DurationForm), "{text}");
        }
    }
}
