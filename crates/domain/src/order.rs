//! What an order can become: paid or closed once, and refunded after it was paid (contract §0.6).

/// Where an order stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OrderStatus {
    /// Nobody has paid, or not all of it.
    AwaitingPayment,
    /// What was ordered has been given.
    Paid,
    /// It timed out, or was closed before it was paid.
    Closed,
    /// The operator took it back.
    Refunded,
}

impl OrderStatus {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::AwaitingPayment, Self::Paid, Self::Closed, Self::Refunded];

    /// The number on the wire and in the store.
    pub const fn number(self) -> i64 {
        match self {
            Self::AwaitingPayment => 0,
            Self::Paid => 1,
            Self::Closed => 2,
            Self::Refunded => 3,
        }
    }

    /// The status of that number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.number() == number)
    }

    /// Whether an order may go from here to there. There are three steps, and no way back.
    pub const fn may_become(self, next: Self) -> bool {
        matches!((self, next), (Self::AwaitingPayment, Self::Paid | Self::Closed) | (Self::Paid, Self::Refunded))
    }

    /// In a word, for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AwaitingPayment => "awaiting payment",
            Self::Paid => "paid",
            Self::Closed => "closed",
            Self::Refunded => "refunded",
        }
    }
}

impl std::fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_three_steps_and_no_others() {
        let steps = OrderStatus::ALL.into_iter().flat_map(|from| OrderStatus::ALL.map(|to| (from, to)));
        let allowed: Vec<_> =
            steps.filter(|(from, to)| from.may_become(*to)).map(|(from, to)| (from.number(), to.number())).collect();
        assert_eq!(allowed, [(0, 1), (0, 2), (1, 3)]);
    }

    #[test]
    fn numbers_lead_back_to_their_status() {
        for status in OrderStatus::ALL {
            assert_eq!(OrderStatus::from_number(status.number()), Some(status));
        }
        assert_eq!(OrderStatus::from_number(4), None);
    }
}
