//! Arithmetic on measured figures, in integers: medians, rates, ratios, and how they are printed.

/// The median; the lower of the two middle ones of an even number. `None` of nothing.
pub(crate) fn median(values: &[u64]) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

/// `value × times ÷ by`, rounded to the nearest; 0 when `by` is 0.
pub(crate) fn scaled(value: u64, times: u64, by: u64) -> u64 {
    let product = u128::from(value).saturating_mul(u128::from(times)).saturating_add(u128::from(by / 2));
    u64::try_from(product.checked_div(u128::from(by)).unwrap_or(0)).unwrap_or(u64::MAX)
}

/// `value ÷ unit` with so many decimals.
pub(crate) fn decimal(value: u64, unit: u64, decimals: u32) -> String {
    let power = 10_u64.saturating_pow(decimals);
    let scaled = scaled(value, power, unit);
    let (whole, part) = (scaled.checked_div(power).unwrap_or(0), scaled.checked_rem(power).unwrap_or(0));
    if decimals == 0 {
        return whole.to_string();
    }
    let width = usize::try_from(decimals).unwrap_or(0);
    format!("{whole}.{part:0width$}")
}

/// A whole number with a comma every three digits.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && digits.len().saturating_sub(index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_mind_an_outlier() {
        assert_eq!(median(&[5, 1, 900]), Some(5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn decimals_are_rounded_to_the_nearest() {
        assert_eq!(decimal(1_236, 1_000, 2), "1.24");
        assert_eq!(decimal(40_000_000, 1_000_000, 1), "40.0");
        assert_eq!(decimal(7, 2, 0), "4");
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
    }
}
