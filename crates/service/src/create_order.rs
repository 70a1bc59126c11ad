//! A customer orders. With the balance as its way of payment the order is paid in the same transaction, or not made; an
//! order that costs nothing is paid at once, whatever its way of payment.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_store::order::{self, NewOrder, Order};
use turnpike_store::{Tx, audit, invitation};

use crate::actor::Actor;
use crate::check_order::{Earnest, Priced, check_method, priced};
use crate::error::{ServiceError, look_again};
use crate::fulfil::{self, Purchase};
use crate::order_view::OrderView;
use crate::service::Service;
use crate::shop::MethodKind;
use crate::shop_error::ShopError;
use crate::source::draw;
use crate::wish::Wish;

/// An order to be.
#[derive(Clone, Debug)]
pub(crate) struct Ordering {
    pub(crate) service: Service,
    pub(crate) actor: Actor,
    pub(crate) customer: CustomerId,
    pub(crate) wish: Wish,
    pub(crate) now: Timestamp,
    /// When a package that comes of it begins, once it is paid at once.
    pub(crate) begins_at: Timestamp,
}

impl Service {
    /// Orders what the customer wishes.
    ///
    /// # Errors
    /// [`ServiceError::Unverified`], [`ServiceError::Suspended`], [`ServiceError::OutOfStockIn`], those of renewals, and
    /// [`ShopError`].
    pub async fn create_order(
        &self,
        actor: &Actor,
        customer: CustomerId,
        wish: Wish,
    ) -> Result<OrderView, ServiceError> {
        let names_coupon = wish.coupon.is_some();
        let (service, actor, now) = (self.clone(), actor.clone(), self.now());
        let ordering = Ordering { service, actor, customer, wish, now, begins_at: now };
        let act = self.store.write(ordering, |ordering, tx| Box::pin(write(ordering, tx)));
        Ok(self.guarding_coupons(customer, names_coupon, act).await?.into())
    }
}

/// The order; paid, when its way of payment is the balance or there is nothing to pay.
pub(crate) async fn write(ordering: &Ordering, tx: &mut Tx) -> Result<Order, ServiceError> {
    let Ordering { service, actor, customer, wish, now, begins_at } = ordering;
    actor.may_change(tx, *customer).await?;
    let priced = priced(service, tx, (*customer, wish, *now), Earnest::Orders).await?;
    check_method(service, wish, &priced.product, priced.quote.pay)?;
    let (shop, free) = (service.shop(), !priced.quote.pay.is_positive());
    let paid = free || shop.method(wish.method).is_ok_and(|method| method.kind == MethodKind::Balance);
    let order = order::insert(tx, new_order(ordering, &priced, paid)).await.map_err(look_again)?;
    if let Some(short) = order.tops_up {
        // What is to be topped up does not time out before what tops it up.
        let kept = order::steps::keep_until(tx, *customer, short, order.expires_at).await?;
        kept.then_some(()).ok_or(ShopError::NothingToTopUp)?;
    }
    if paid {
        let purchase = Purchase { begins_at: *begins_at, ..Purchase::of(&order, &priced.product, *now) };
        fulfil::settle(service, tx, &purchase).await?;
    }
    if wish.invitation && !invitation::take(tx, *customer, order.id).await? {
        return Err(ShopError::NoInvitation.into());
    }
    let how = match (free, paid) {
        (true, _) => ", nothing to pay",
        (false, true) => ", paid from the balance",
        (false, false) => "",
    };
    let detail = format!("{}: {}, {}{how}", order.trade_no, order.title, order.pay_fee);
    audit::insert(tx, &actor.did("order.create", *customer, detail, *now)).await?;
    Ok(order)
}

fn new_order(ordering: &Ordering, priced: &Priced, paid: bool) -> NewOrder {
    let Ordering { service, customer, wish, now, .. } = ordering;
    // Drawn anew in every try: the number may have been what was in the way.
    let random = u64::from_be_bytes(draw(service.random()));
    NewOrder {
        customer: *customer,
        trade_no: TradeNo::new(service.zone(), *now, random),
        product: priced.product.id,
        product_name: priced.product.name.clone(),
        product_type: priced.product.product_type,
        title: priced.product.title.clone(),
        basket: priced.basket.clone(),
        total_fee: priced.quote.total,
        pay_fee: priced.quote.pay,
        method: wish.method,
        coupon: priced.coupon.as_ref().map(|coupon| coupon.id),
        created_at: *now,
        expires_at: now.plus(service.shop().order_expiry),
        paid,
    }
}
