//! How money moves in this shop: one constructor for each thing that can happen.

use super::{Book, Cause, Entry, LONGEST_KEY, LedgerError};
use crate::ids::{CustomerId, EventId, OrderId};
use crate::money::Money;

/// An order that is paid in full, and what it is paid with.
#[derive(Clone, Copy, Debug)]
pub struct Paying {
    /// Which order.
    pub order: OrderId,
    /// Who ordered.
    pub customer: CustomerId,
    /// What it costs.
    pub price: Money,
    /// What had come in for it from outside. What is missing comes from the wallet, what is too much goes there.
    pub deposit: Money,
}

impl Entry {
    /// Money comes in from outside for an order, and waits there.
    ///
    /// # Errors
    /// As [`Entry::new`].
    pub fn deposit(event: EventId, order: OrderId, amount: Money) -> Result<Self, LedgerError> {
        Self::new(Cause::Event(event), Some(order), [(Book::Received, amount.negated()), (Book::Deposit, amount)])
    }

    /// Money comes in from outside that no order takes: it is the customer's.
    ///
    /// # Errors
    /// As [`Entry::new`].
    pub fn credit(event: EventId, customer: CustomerId, amount: Money) -> Result<Self, LedgerError> {
        Self::new(Cause::Event(event), None, [(Book::Received, amount.negated()), (Book::Wallet(customer), amount)])
    }

    /// An order is paid, and what it is for is sold.
    ///
    /// # Errors
    /// As [`Entry::new`].
    pub fn sale(paying: &Paying) -> Result<Self, LedgerError> {
        let Paying { order, customer, price, deposit } = *paying;
        let from_wallet = price.minus(deposit).ok_or(LedgerError::OutOfRange)?;
        let amounts =
            [(Book::Deposit, deposit.negated()), (Book::Wallet(customer), from_wallet.negated()), (Book::Sales, price)];
        Self::new(Cause::Payment(order), Some(order), amounts)
    }

    /// A recharge is paid with its deposit: that and the bonus are the customer's.
    ///
    /// # Errors
    /// As [`Entry::new`].
    pub fn recharge(paying: &Paying, bonus: Money) -> Result<Self, LedgerError> {
        let Paying { order, customer, deposit, .. } = *paying;
        let credited = deposit.plus(bonus).ok_or(LedgerError::OutOfRange)?;
        let amounts =
            [(Book::Deposit, deposit.negated()), (Book::Bonus, bonus.negated()), (Book::Wallet(customer), credited)];
        Self::new(Cause::Payment(order), Some(order), amounts)
    }

    /// What was sold is taken back, and paid back to the wallet.
    ///
    /// # Errors
    /// As [`Entry::new`].
    pub fn refund(order: OrderId, customer: CustomerId, amount: Money) -> Result<Self, LedgerError> {
        Self::new(
            Cause::Refund(order),
            Some(order),
            [(Book::Sales, amount.negated()), (Book::Wallet(customer), amount)],
        )
    }

    /// A recharge is taken back: `paid` goes back outside, and `bonus` is lost with it.
    ///
    /// # Errors
    /// As [`Entry::new`].
    pub fn recharge_refund(
        order: OrderId,
        customer: CustomerId,
        paid: Money,
        bonus: Money,
    ) -> Result<Self, LedgerError> {
        let taken = paid.plus(bonus).ok_or(LedgerError::OutOfRange)?;
        let amounts = [(Book::Wallet(customer), taken.negated()), (Book::Received, paid), (Book::Bonus, bonus)];
        Self::new(Cause::Refund(order), Some(order), amounts)
    }

    /// An order is closed, and what had come in for it is the customer's.
    ///
    /// # Errors
    /// As [`Entry::new`].
    pub fn deposit_back(order: OrderId, customer: CustomerId, deposit: Money) -> Result<Self, LedgerError> {
        let amounts = [(Book::Deposit, deposit.negated()), (Book::Wallet(customer), deposit)];
        Self::new(Cause::DepositBack(order), Some(order), amounts)
    }

    /// The operator gives, or takes when the amount is below zero.
    ///
    /// # Errors
    /// [`LedgerError::Key`], or as [`Entry::new`].
    pub fn adjustment(key: &str, customer: CustomerId, amount: Money) -> Result<Self, LedgerError> {
        if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(LedgerError::Key);
        }
        let amounts = [(Book::Adjustment, amount.negated()), (Book::Wallet(customer), amount)];
        Self::new(Cause::Adjustment(key.to_owned()), None, amounts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CUSTOMER: CustomerId = CustomerId::new(7);
    const ORDER: OrderId = OrderId::new(17);

    fn money(minor: i64) -> Money {
        Money::from_minor(minor).unwrap()
    }

    fn amounts(entry: &Entry) -> Vec<(Book, i64)> {
        entry.postings().iter().map(|posting| (posting.book, posting.amount.minor())).collect()
    }

    fn paying(price: i64, deposit: i64) -> Paying {
        Paying { order: ORDER, customer: CUSTOMER, price: money(price), deposit: money(deposit) }
    }

    #[test]
    fn a_sale_takes_what_is_missing_from_the_wallet() {
        let wallet = Book::Wallet(CUSTOMER);
        assert_eq!(amounts(&Entry::sale(&paying(1000, 0)).unwrap()), [(wallet, -1000), (Book::Sales, 1000)]);
        let short = Entry::sale(&paying(1000, 800)).unwrap();
        assert_eq!(amounts(&short), [(Book::Deposit, -800), (wallet, -200), (Book::Sales, 1000)]);
        let full = Entry::sale(&paying(1000, 1000)).unwrap();
        assert_eq!(amounts(&full), [(Book::Deposit, -1000), (Book::Sales, 1000)]);
        let surplus = Entry::sale(&paying(1000, 1100)).unwrap();
        assert_eq!(amounts(&surplus), [(Book::Deposit, -1100), (wallet, 100), (Book::Sales, 1000)]);
    }

    #[test]
    fn a_recharge_credits_what_came_in_and_the_bonus() {
        let entry = Entry::recharge(&paying(10_000, 10_000), money(2000)).unwrap();
        let wallet = Book::Wallet(CUSTOMER);
        assert_eq!(amounts(&entry), [(Book::Deposit, -10_000), (Book::Bonus, -2000), (wallet, 12_000)]);
    }

    #[test]
    fn an_adjustment_needs_a_name() {
        let long = "x".repeat(LONGEST_KEY + 1);
        for key in ["", "two words", "ü", long.as_str()] {
            assert_eq!(Entry::adjustment(key, CUSTOMER, money(1)), Err(LedgerError::Key), "{key}");
        }
        assert!(Entry::adjustment("2026-11/correction", CUSTOMER, money(-1)).is_ok());
    }

    proptest! {
        #[test]
        fn every_move_balances(price in 0_i64..1_000_000, deposit in 0_i64..1_000_000, other in 0_i64..1_000_000) {
            let (event, paying, other) = (EventId::new(3), paying(price, deposit), money(other));
            let entries = [
                Entry::deposit(event, ORDER, paying.deposit),
                Entry::credit(event, CUSTOMER, paying.deposit),
                Entry::sale(&paying),
                Entry::recharge(&paying, other),
                Entry::refund(ORDER, CUSTOMER, other),
                Entry::recharge_refund(ORDER, CUSTOMER, paying.deposit, other),
                Entry::deposit_back(ORDER, CUSTOMER, paying.deposit),
                Entry::adjustment("key", CUSTOMER, other.negated()),
            ];
            for entry in entries {
                let entry = entry.unwrap();
                prop_assert_eq!(amounts(&entry).iter().map(|(_, minor)| minor).sum::<i64>(), 0);
            }
        }
    }
}
