//! How a customer can pay (contract §7).

use turnpike_domain::ids::CustomerId;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::trade_no::TradeNo;
use turnpike_store::order;

use crate::error::ServiceError;
use crate::service::{Service, require_verified};
use crate::shop::Method;
use crate::shop_error::ShopError;

impl Service {
    /// All payment methods; with an order's number, those it cannot be paid by are disabled: all of them once it does not
    /// await payment.
    ///
    /// # Errors
    /// [`ServiceError::Unverified`], [`ShopError::NoSuchOrder`].
    pub async fn payment_methods(
        &self,
        customer: CustomerId,
        trade_no: Option<&TradeNo>,
    ) -> Result<Vec<Method>, ServiceError> {
        let order = self.store.read(async |tx| {
            require_verified(tx, customer).await?;
            let Some(trade_no) = trade_no else { return Ok::<_, ServiceError>(None) };
            Ok(Some(order::of_customer(tx, customer, trade_no).await?.ok_or(ShopError::NoSuchOrder)?))
        });
        let order = order.await?;
        let mut methods = self.shop().methods.clone();
        if let Some(order) = order {
            let awaits = order.status == OrderStatus::AwaitingPayment;
            for method in &mut methods {
                method.disabled = !(awaits && method.takes(order.missing(), order.product_type));
            }
        }
        Ok(methods)
    }
}
