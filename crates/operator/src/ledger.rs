//! The ledger: its entries, what each book comes to, and money given or taken by hand.

use serde::Serialize;
use turnpike_domain::ids::{CustomerId, EntryId, OrderId};
use turnpike_domain::ledger::{Book, Posting};
use turnpike_domain::money::Money;
use turnpike_domain::time::Timestamp;
use turnpike_service::{AdjustedBalance, Adjustment, BookedEntry, EntryFilter};
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Members, Nothing, Wish};
use crate::problem::{Kind, Problem};
use crate::read;
use crate::shapes::{Amount, KeyShape, Moment, SignedAmountShape, TimeShape, TitleShape};

/// An entry. What it moves adds up to nothing.
#[derive(Serialize, ToSchema)]
pub(crate) struct Entry {
    /// Its number. Later entries have higher ones.
    #[schema(minimum = 1)]
    id: i64,
    at: Moment,
    /// What it was made for, such as `order:17:pay`: nothing is booked twice.
    cause: String,
    /// The order it belongs to.
    #[schema(required = true, minimum = 1)]
    order: Option<i64>,
    detail: String,
    moves: Vec<Move>,
}

/// What an entry adds to one book.
#[derive(Serialize, ToSchema)]
pub(crate) struct Move {
    /// `wallet`, `received`, `sales`, `bonus`, `adjustment` or `deposit`.
    book: &'static str,
    /// Whose wallet.
    #[schema(required = true, minimum = 1)]
    customer: Option<i64>,
    amount: Amount,
}

impl Entry {
    fn of(entry: BookedEntry) -> Self {
        let moved = |Posting { book, amount }: &Posting| Move {
            book: book.word(),
            customer: book.customer().map(CustomerId::get),
            amount: Amount(*amount),
        };
        Self {
            id: entry.id.get(),
            at: Moment(entry.at),
            cause: entry.cause,
            order: entry.order.map(OrderId::get),
            detail: entry.detail,
            moves: entry.postings.iter().map(moved).collect(),
        }
    }
}

/// Newest first.
#[derive(ToSchema)]
pub(crate) struct Filter {
    /// Only those that move something of this customer's wallet.
    #[schema(value_type = i64, required = false, minimum = 1)]
    customer: Option<CustomerId>,
    /// Only those of the order of this number in the store.
    #[schema(value_type = i64, required = false, minimum = 1)]
    order: Option<OrderId>,
    /// Only from then on.
    #[schema(value_type = TimeShape, inline, required = false, example = "2026-01-31T00:00:00Z")]
    since: Option<Timestamp>,
    /// Only until then.
    #[schema(value_type = TimeShape, inline, required = false, example = "2026-01-31T23:59:59Z")]
    until: Option<Timestamp>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        let customer = members.optional("customer", |given| read::integer(given, 1..=i64::MAX));
        let order = members.optional("order", |given| read::integer(given, 1..=i64::MAX));
        let since = members.optional("since", read::time);
        let until = members.optional("until", read::time);
        Some(Self { customer: customer.map(CustomerId::new), order: order.map(OrderId::new), since, until })
    }
}

impl Filter {
    pub(crate) fn into_filter(self) -> EntryFilter {
        let Self { customer, order, since: from, until: to } = self;
        EntryFilter { customer, order, from, to }
    }
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<Entry>, Problem> {
    let filter = filter.into_filter();
    let before = desk.cursors().after(&desk.paging)?.map(EntryId::new);
    let found = desk.service.page_entries(&filter, before, one_more(&desk.paging)).await?;
    Ok(desk.cursors().page(&desk.paging, found, (|entry: &BookedEntry| entry.id.get(), Entry::of)))
}

/// What each book comes to. All of them add up to nothing.
#[derive(Serialize, ToSchema)]
pub(crate) struct Totals {
    /// Three letters.
    currency: String,
    /// What customers have to spend, all together.
    wallets: Amount,
    /// What came in from outside, less what went back; negative when more came in.
    received: Amount,
    /// What was sold, less what was refunded.
    sales: Amount,
    /// What recharges were topped up with; negative.
    bonus: Amount,
    /// What was given or taken by hand; negative when more was given.
    adjustment: Amount,
    /// What came in for orders that wait for the rest.
    deposits: Amount,
}

pub(crate) async fn totals(desk: Desk, _: Nothing) -> Result<Totals, Problem> {
    let totals = desk.service.ledger_totals().await?;
    let wallets = Book::Wallet(CustomerId::new(1));
    let of = |book: Book| {
        let found = totals.iter().find(|(number, _)| *number == book.number());
        Amount(found.and_then(|(_, minor)| Money::from_minor(*minor)).unwrap_or_default())
    };
    Ok(Totals {
        currency: desk.service.shop().currency.to_string(),
        wallets: of(wallets),
        received: of(Book::Received),
        sales: of(Book::Sales),
        bonus: of(Book::Bonus),
        adjustment: of(Book::Adjustment),
        deposits: of(Book::Deposit),
    })
}

/// Money given or taken by hand.
#[derive(ToSchema)]
pub(crate) struct NewAdjustment {
    /// What is added to the balance; less than nothing takes away, never more than there is.
    #[schema(value_type = SignedAmountShape, inline, example = "-5.00")]
    amount: Money,
    /// Why, for the journal; the parameter `reason` when not given, and one of both must be.
    #[schema(value_type = TitleShape, inline, required = false)]
    why: Option<String>,
    /// A name of your own under which it is booked once; drawn when not given.
    #[schema(value_type = KeyShape, inline, required = false)]
    name: Option<String>,
}

impl Wish for NewAdjustment {
    fn read(members: &mut Members) -> Option<Self> {
        let amount = members.required("amount", read::signed_money);
        let why = members.optional("why", read::title);
        let name = members.optional("name", |given| read::line(given, 1..=64));
        Some(Self { amount: amount?, why, name })
    }
}

/// A balance after an adjustment.
#[derive(Serialize, ToSchema)]
pub(crate) struct Adjusted {
    #[schema(minimum = 1)]
    customer: i64,
    /// The name it was booked under.
    name: String,
    amount: Amount,
    /// What the customer has to spend now.
    balance: Amount,
}

impl Adjusted {
    fn of(adjusted: &AdjustedBalance) -> Self {
        Self {
            customer: adjusted.customer.get(),
            name: adjusted.key.clone(),
            amount: Amount(adjusted.amount),
            balance: Amount(adjusted.balance),
        }
    }
}

pub(crate) async fn adjust(desk: Desk, wish: NewAdjustment) -> Result<Adjusted, Problem> {
    let reason = wish.why.or_else(|| desk.actor.reason().filter(|reason| !reason.trim().is_empty()).map(str::to_owned));
    let reason = reason.ok_or_else(|| Problem::new(Kind::Body, "why: must be given, or the parameter `reason`"))?;
    let adjustment = Adjustment { customer: desk.customer()?, amount: wish.amount, key: wish.name, reason };
    Ok(Adjusted::of(&desk.acting(Adjusted::of).adjust_balance(&desk.actor, adjustment).await?))
}
