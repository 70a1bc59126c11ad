//! A customer's orders, page by page, and its balance (contract §5, §6).

use turnpike_domain::ids::CustomerId;
use turnpike_domain::money::Money;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_store::order;
use turnpike_store::package::Stretch;
use turnpike_store::{Tx, journal};

use crate::error::ServiceError;
use crate::list_packages::Page;
use crate::order_view::OrderView;
use crate::service::Service;
use crate::shop_error::ShopError;

/// Which orders, and which page of them.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    /// Only the order with exactly this number; a text that is no number finds nothing.
    pub trade_no: Option<String>,
    /// Only those that stand there.
    pub status: Option<OrderStatus>,
    /// Only of this type.
    pub product_type: Option<ProductType>,
    /// Only made from then on.
    pub from: Option<Timestamp>,
    /// Only made until then, that moment included.
    pub to: Option<Timestamp>,
    /// From 1; 0 counts as 1.
    pub page: u32,
    /// How many a page holds; 0 counts as 1.
    pub size: u32,
}

impl OrderFilter {
    pub(crate) const fn stored(&self) -> order::list::OrderFilter {
        let Self { status, product_type, from, to, .. } = *self;
        order::list::OrderFilter { status, product_type, from, to }
    }
}

impl Service {
    /// A page of the customer's orders, newest first.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn list_orders(
        &self,
        customer: CustomerId,
        filter: OrderFilter,
    ) -> Result<Page<OrderView>, ServiceError> {
        self.store.read(async |tx| list(tx, customer, &filter).await).await
    }

    /// The customer's order of that number.
    ///
    /// # Errors
    /// [`ShopError::NoSuchOrder`].
    pub async fn order_info(&self, customer: CustomerId, trade_no: &TradeNo) -> Result<OrderView, ServiceError> {
        let found = self.store.read(async |tx| order::of_customer(tx, customer, trade_no).await).await?;
        Ok(found.ok_or(ShopError::NoSuchOrder)?.into())
    }

    /// What the customer has to spend.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn balance(&self, customer: CustomerId) -> Result<Money, ServiceError> {
        Ok(self.store.read(async |tx| journal::balance(tx, customer).await).await?)
    }
}

async fn list(tx: &mut Tx, customer: CustomerId, filter: &OrderFilter) -> Result<Page<OrderView>, ServiceError> {
    let (page, size) = (filter.page.max(1), filter.size.max(1));
    let none = Page { items: Vec::new(), page, size, total: 0 };
    let skip = u64::from(page - 1) * u64::from(size);
    if let Some(text) = &filter.trade_no {
        let Some(trade_no) = TradeNo::parse(text) else { return Ok(none) };
        let found = order::of_customer(tx, customer, &trade_no).await?.filter(|order| filter.stored().takes(order));
        let total = u64::from(found.is_some());
        let items = found.into_iter().filter(|_| skip == 0).map(OrderView::from).collect();
        return Ok(Page { items, total, ..none });
    }
    let wanted = filter.stored();
    let (found, total) = order::list::page(tx, customer, &wanted, Stretch { skip, most: size }).await?;
    Ok(Page { items: found.into_iter().map(OrderView::from).collect(), total, ..none })
}
