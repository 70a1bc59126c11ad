//! How the shop is set up: its currency, the time orders have, and how they can be paid.

use std::sync::Arc;

use turnpike_domain::coupon::Percent;
use turnpike_domain::ids::PaymentMethod;
use turnpike_domain::money::{Currency, Money};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Span;
use turnpike_store::{StoreError, Tx, shop};

use crate::error::ServiceError;
use crate::service::Service;
use crate::shop_error::ShopError;

/// How an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MethodKind {
    /// From the customer's balance, at once.
    Balance,
    /// By a transfer that the operator confirms.
    Transfer,
}

/// A way to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its number, which is more than 0.
    pub id: PaymentMethod,
    /// How the money moves.
    pub kind: MethodKind,
    /// What customers read.
    pub title: String,
    /// What it is listed under.
    pub group: String,
    /// Where its picture is; may be empty.
    pub logo: String,
    /// The least that is paid so.
    pub least: Money,
    /// The most that is paid so.
    pub most: Money,
    /// What a customer must do to pay so.
    pub instructions: String,
    /// Whether it is shown but not taken.
    pub disabled: bool,
}

impl Method {
    /// Whether `amount` for something of this type can be paid so. Nobody recharges a balance from the balance.
    pub(crate) fn takes(&self, amount: Money, product_type: ProductType) -> bool {
        let circular = self.kind == MethodKind::Balance && product_type == ProductType::Recharge;
        !self.disabled && !circular && (self.least..=self.most).contains(&amount)
    }
}

/// How the shop is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopSettings {
    /// What money is called. Laid down for good when the installation first starts.
    pub currency: Currency,
    /// How long an order waits for payment.
    pub order_expiry: Span,
    /// What whoever was invited pays less for one order; `None` for nothing.
    pub invitation_discount: Option<Percent>,
    /// How orders can be paid.
    pub methods: Vec<Method>,
}

impl Default for ShopSettings {
    /// US dollars, 30 minutes, no discount; the balance is method 1 and a manual transfer method 2.
    fn default() -> Self {
        let method = |id, kind, title: &str, instructions: &str| Method {
            id: PaymentMethod::new(id),
            kind,
            title: title.to_owned(),
            group: title.to_owned(),
            logo: String::new(),
            least: Money::ZERO,
            most: Money::MOST,
            instructions: instructions.to_owned(),
            disabled: false,
        };
        let how = "Transfer the amount and state the order number; the operator confirms what came in.";
        Self {
            currency: Currency::dollars(),
            order_expiry: Span::from_secs(1800),
            invitation_discount: None,
            methods: vec![
                method(1, MethodKind::Balance, "Balance", ""),
                method(2, MethodKind::Transfer, "Bank transfer", how),
            ],
        }
    }
}

impl ShopSettings {
    /// The method of that number.
    ///
    /// # Errors
    /// [`ShopError::NoSuchPaymentMethod`].
    pub(crate) fn method(&self, id: PaymentMethod) -> Result<&Method, ShopError> {
        self.methods.iter().find(|method| method.id == id).ok_or(ShopError::NoSuchPaymentMethod)
    }

    /// The method of that number, if it takes this amount for something of this type.
    ///
    /// # Errors
    /// [`ShopError::NoSuchPaymentMethod`], [`ShopError::PaymentMethodUnusable`].
    pub(crate) fn usable(
        &self,
        id: PaymentMethod,
        amount: Money,
        product_type: ProductType,
    ) -> Result<&Method, ShopError> {
        let method = self.method(id)?;
        if method.takes(amount, product_type) { Ok(method) } else { Err(ShopError::PaymentMethodUnusable) }
    }
}

impl Service {
    /// How the shop is set up now.
    pub fn shop(&self) -> Arc<ShopSettings> {
        Arc::clone(&self.shared.shop.read())
    }

    /// Sets the shop up otherwise from now on. The currency stays what was laid down.
    pub fn set_shop(&self, settings: ShopSettings) {
        *self.shared.shop.write() = Arc::new(settings);
    }

    /// Lays the currency down at the first start, and later refuses another one.
    ///
    /// # Errors
    /// [`ShopError::OtherCurrency`], or the store's.
    pub async fn lay_down_currency(&self) -> Result<(), ServiceError> {
        let configured = self.shop().currency.clone();
        // Most starts find it there, and write nothing.
        if self.store.read(async |tx| shop::currency(tx).await).await?.as_ref() == Some(&configured) {
            return Ok(());
        }
        self.store.write(configured, |configured, tx| Box::pin(lay_down(configured, tx))).await
    }
}

async fn lay_down(configured: &Currency, tx: &mut Tx) -> Result<(), ServiceError> {
    shop::lay_down(tx, configured).await?;
    // Nobody takes the row away again.
    let laid_down = shop::currency(tx).await?.ok_or(StoreError::Contended)?;
    if laid_down == *configured {
        return Ok(());
    }
    Err(ShopError::OtherCurrency { laid_down, configured: configured.clone() }.into())
}
