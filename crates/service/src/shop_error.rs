//! Why the shop refuses something.

use turnpike_domain::catalogue::Fault;
use turnpike_domain::coupon::{CouponCode, CouponError, CouponRefusal};
use turnpike_domain::ledger::LedgerError;
use turnpike_domain::money::{Currency, Money};
use turnpike_domain::order::OrderStatus;
use turnpike_domain::price::PriceError;
use turnpike_domain::time::Span;

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
    /// The customer has named too many coupons that do not exist.
    #[error("too many coupons that do not exist")]
    CouponTooOften {
        /// After how long the next is looked at.
        wait: Span,
    },
    /// There is no coupon of that number.
    #[error("no such coupon")]
    NoSuchCoupon,
    /// What a coupon is to be makes no sense.
    #[error(transparent)]
    CouponTerms(#[from] CouponError),
    /// Another coupon has the code.
    #[error("a coupon with the code {0} exists")]
    CouponTaken(CouponCode),
    /// No product has the code that a coupon is to be for.
    #[error("no product has the code {0}")]
    ScopeUnknown(String),
    /// What is wrong with a catalogue, or with the recharge tiers.
    #[error("{}", told(.0))]
    Catalogue(Vec<Fault>),
    /// There is no article of that number.
    #[error("no such article")]
    NoSuchArticle,
    /// Nobody else invites with that code.
    #[error("no other customer has this invite code")]
    NoSuchInviteCode,
    /// Somebody has invited the customer before.
    #[error("the customer was invited before")]
    InvitedBefore,
    /// Who has bought something is no new customer.
    #[error("the customer has bought something before")]
    NotNew,
    /// Two customers cannot invite each other.
    #[error("the customer has invited the inviter")]
    InvitedEachOther,
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

/// All faults in one line.
fn told(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
