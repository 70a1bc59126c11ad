//! What the operator reads of the shop: everybody's orders, the journal, and payments.

use turnpike_domain::ids::{CustomerId, EntryId, EventId, OrderId};
use turnpike_domain::trade_no::TradeNo;
use turnpike_store::journal::{self, BookedEntry, EntryFilter};
use turnpike_store::order;
use turnpike_store::payment_event::{self, EventFilter, PaymentEvent};

use crate::error::ServiceError;
use crate::list_orders::OrderFilter;
use crate::order_view::OrderView;
use crate::service::Service;
use crate::shop_error::ShopError;

impl Service {
    /// At most so many orders that were made before that one, newest first: one customer's or everybody's. The filter's
    /// page, size and number are left aside.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn page_orders(
        &self,
        customer: Option<CustomerId>,
        filter: &OrderFilter,
        before: Option<OrderId>,
        most: u32,
    ) -> Result<Vec<OrderView>, ServiceError> {
        let before = before.unwrap_or(OrderId::new(i64::MAX));
        let wanted = filter.stored();
        let found = self.store.read(async |tx| order::list::before(tx, customer, &wanted, before, most).await).await?;
        Ok(found.into_iter().map(OrderView::from).collect())
    }

    /// Anybody's order of that number.
    ///
    /// # Errors
    /// [`ShopError::NoSuchOrder`].
    pub async fn find_order(&self, trade_no: &TradeNo) -> Result<OrderView, ServiceError> {
        let found = self.store.read(async |tx| order::by_trade_no(tx, trade_no).await).await?;
        Ok(found.ok_or(ShopError::NoSuchOrder)?.into())
    }

    /// At most so many entries of the journal before that one, newest first.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn page_entries(
        &self,
        filter: &EntryFilter,
        before: Option<EntryId>,
        most: u32,
    ) -> Result<Vec<BookedEntry>, ServiceError> {
        let before = before.unwrap_or(EntryId::new(i64::MAX));
        Ok(self.store.snapshot(async |tx| journal::before(tx, filter, before, most).await).await?)
    }

    /// What each book comes to, by its number; wallets together.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn ledger_totals(&self) -> Result<Vec<(i64, i64)>, ServiceError> {
        Ok(self.store.read(async |tx| journal::totals(tx).await).await?)
    }

    /// How many payment events wait for somebody to decide what becomes of them.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn count_parked_events(&self) -> Result<u64, ServiceError> {
        Ok(self.store.read(async |tx| payment_event::count_parked(tx).await).await?)
    }

    /// At most so many payment events before that one, newest first.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn page_events(
        &self,
        filter: &EventFilter,
        before: Option<EventId>,
        most: u32,
    ) -> Result<Vec<PaymentEvent>, ServiceError> {
        let before = before.unwrap_or(EventId::new(i64::MAX));
        Ok(self.store.read(async |tx| payment_event::before(tx, filter, before, most).await).await?)
    }
}
