//! Why the shop refuses something.

use turnpike_domain::coupon::CouponRefusal;
use turnpike_domain::ledger::LedgerError;
use turnpike_domain::money::{Currency, Money};
use turnpike_domain::order::OrderStatus;
use turnpike_domain::price::PriceError;

/// Why the shop refuses something. What is another customer's does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShopError {
    /// Nothing of that number is sold.
    #[error("no such product")]
    NoSuchProduct,
    /// There is no order of that number.
    #[error("no such order")]
    NoSuchOrder,
    /// Nothing is paid that way here.
    #[error("no such payment method")]
    NoSuchPaymentMethod,
    /// The way of payment is switched off, or not for this order.
    #[error("the payment method cannot be used for this order")]
    PaymentMethodUnusable,
    /// It cannot be ordered so.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// The coupon cannot be used.
    #[error(transparent)]
    Coupon(#[from] CouponRefusal),
    /// The customer was not invited, or another order had the discount.
    #[error("there is no invitation discount for this customer")]
    NoInvitation,
    /// Less is left than was ordered.
    #[error("not enough is in stock")]
    OutOfStock,
    /// The balance does not suffice.
    #[error("the balance is too low")]
    BalanceTooLow,
    /// The order does not stand where the step begins.
    #[error("the order is {0}")]
    OrderStands(OrderStatus),
    /// The order's time to be paid is over.
    #[error("the order's time to be paid is over")]
    OrderOverdue,
    /// The order that this one tops up is no longer short of its price.
    #[error("the order that this one tops up no longer awaits this payment")]
    NothingToTopUp,
    /// More would be paid back than was paid.
    #[error("at most {most} can be refunded")]
    RefundTooHigh {
        /// What was paid.
        most: Money,
    },
    /// Orders of this kind are not refunded by themselves.
    #[error("{0}")]
    NotRefundable(&'static str),
    /// There is no payment event of that number.
    #[error("no such payment event")]
    NoSuchEvent,
    /// The event was applied or resolved already.
    #[error("the payment event is not parked")]
    EventNotParked,
    /// The payment does not fit the order.
    #[error("the payment cannot be applied: {0}")]
    CannotApply(String),
    /// A provider told something else under the same name before.
    #[error("another payment was told under this name")]
    EventToldOtherwise,
    /// A text that is to be kept is empty, too long, or has control characters.
    #[error("{what} must have 1 to {most} printable characters")]
    Text {
        /// Which text.
        what: &'static str,
        /// How many characters it may have.
        most: usize,
    },
    /// An amount that must be more than nothing.
    #[error("an amount must be more than nothing")]
    NoAmount,
    /// Another adjustment has the name.
    #[error("another adjustment has this name")]
    KeyTaken,
    /// The amounts make no entry of the journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The installation's money was called otherwise when it began.
    #[error("this installation's currency is {laid_down}, and cannot become {configured}")]
    OtherCurrency {
        /// What the store says.
        laid_down: Currency,
        /// What the settings say.
        configured: Currency,
    },
}
