//! What is paid back of an order: the share of it that is unused.

use crate::money::Money;
use crate::time::{Span, Timestamp};
use crate::units::Bytes;

/// A share of something, from nothing to all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unused {
    part: u64,
    of: u64,
}

impl Unused {
    /// All of it.
    pub const ALL: Self = Self { part: 1, of: 1 };
    /// Nothing of it.
    pub const NOTHING: Self = Self { part: 0, of: 1 };

    /// `part` out of `of`; more than all of it counts as all, and of nothing there is nothing left.
    pub const fn new(part: u64, of: u64) -> Self {
        if of == 0 {
            Self::NOTHING
        } else if part > of {
            Self::ALL
        } else {
            Self { part, of }
        }
    }

    /// What is left of so much traffic.
    pub const fn of_traffic(left: Bytes, size: Bytes) -> Self {
        Self::new(left.get(), size.get())
    }

    /// What is left at `now` of a time that ends at `until`.
    pub const fn of_time(now: Timestamp, until: Timestamp, whole: Span) -> Self {
        Self::new(positive(until.since(now)), positive(whole))
    }

    /// The smaller share of both.
    #[must_use]
    pub fn or_less(self, other: Self) -> Self {
        // Products of two 64-bit numbers fit 128 bits.
        let (own, others) = (u128::from(self.part), u128::from(other.part));
        if own.saturating_mul(other.of.into()) <= others.saturating_mul(self.of.into()) { self } else { other }
    }

    /// That share of a price, halves rounded up.
    pub fn of(self, price: Money) -> Money {
        // At most the price, so it is in range.
        price.share(self.part, self.of).unwrap_or_default()
    }

    /// The share in ten-thousandths, rounded down.
    pub fn ten_thousandths(self) -> u32 {
        let share = u128::from(self.part).saturating_mul(10_000).checked_div(self.of.into());
        share.and_then(|share| u32::try_from(share).ok()).unwrap_or_default()
    }
}

const fn positive(span: Span) -> u64 {
    if span.ms() > 0 { span.ms().unsigned_abs() } else { 0 }
}

/// What a recharge that is taken back comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RechargeRefund {
    /// What goes back to whoever paid.
    pub paid: Money,
    /// The bonus that is lost with it.
    pub bonus: Money,
}

impl RechargeRefund {
    /// Of a recharge of `paid` with `bonus`, of which at most `balance` is not spent: paid money and bonus in the
    /// proportion in which they came. `None` when an amount is out of range.
    pub fn new(paid: Money, bonus: Money, balance: Money) -> Option<Self> {
        let credited = paid.plus(bonus)?;
        let unspent = balance.min(credited).max(Money::ZERO);
        let minor = |amount: Money| amount.minor().unsigned_abs();
        let back = Unused::new(minor(unspent), minor(credited)).of(paid);
        Some(Self { paid: back, bonus: unspent.minus(back)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn a_refund_is_the_unused_share_of_the_price() {
        assert_eq!(Unused::of_traffic(Bytes::new(3), Bytes::new(4)).of(money("10")), money("7.5"));
        assert_eq!(Unused::of_traffic(Bytes::ZERO, Bytes::new(4)).of(money("10")), Money::ZERO);
        assert_eq!(Unused::of_traffic(Bytes::ZERO, Bytes::ZERO).of(money("10")), Money::ZERO);
    }

    #[test]
    fn time_that_is_over_is_used() {
        let at = Timestamp::from_ms;
        let share = |now| Unused::of_time(at(now), at(1000), Span::from_ms(800));
        assert_eq!(share(600).of(money("8")), money("4"));
        assert_eq!(share(1000).of(money("8")), Money::ZERO);
        assert_eq!(share(2000).of(money("8")), Money::ZERO);
        assert_eq!(share(100).of(money("8")), money("8"));
    }

    #[test]
    fn of_two_shares_the_smaller_counts() {
        let (half, third) = (Unused::new(1, 2), Unused::new(1, 3));
        assert_eq!(half.or_less(third), third);
        assert_eq!(third.or_less(half), third);
        assert_eq!(Unused::new(u64::MAX, u64::MAX).or_less(half), half);
        assert_eq!((half.ten_thousandths(), third.ten_thousandths()), (5000, 3333));
    }

    #[test]
    fn a_recharge_goes_back_in_the_proportion_it_came() {
        let refund = |balance| RechargeRefund::new(money("100"), money("20"), money(balance)).unwrap();
        assert_eq!(refund("120"), RechargeRefund { paid: money("100"), bonus: money("20") });
        assert_eq!(refund("500"), RechargeRefund { paid: money("100"), bonus: money("20") });
        assert_eq!(refund("60"), RechargeRefund { paid: money("50"), bonus: money("10") });
        assert_eq!(refund("0"), RechargeRefund { paid: Money::ZERO, bonus: Money::ZERO });
    }

    proptest! {
        #[test]
        fn no_more_comes_back_than_was_paid_or_is_there(
            paid in 1_i64..1_000_000, bonus in 0_i64..1_000_000, balance in 0_i64..3_000_000,
        ) {
            let [paid, bonus, balance] = [paid, bonus, balance].map(|minor| Money::from_minor(minor).unwrap());
            let refund = RechargeRefund::new(paid, bonus, balance).unwrap();
            prop_assert!(refund.paid <= paid && refund.bonus <= bonus);
            prop_assert!(!refund.paid.is_negative() && !refund.bonus.is_negative());
            prop_assert!(refund.paid.plus(refund.bonus).unwrap() <= balance);
        }

        #[test]
        fn a_share_of_a_price_is_at_most_the_price(part: u64, of: u64, price in 0_i64..=10_000_000_000_000) {
            let price = Money::from_minor(price).unwrap();
            prop_assert!(Unused::new(part, of).of(price) <= price);
        }
    }
}
