//! The operator gives or takes money by hand, under a name that is used once.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::ledger::Entry;
use turnpike_domain::money::Money;
use turnpike_domain::time::Timestamp;
use turnpike_store::{StoreError, Tx, audit, journal};

use crate::actor::Actor;
use crate::book_entry::book;
use crate::error::ServiceError;
use crate::service::{Service, require_customer};
use crate::shop_error::ShopError;
use crate::source::draw;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// An adjustment to be.
#[derive(Clone, Debug)]
pub struct Adjustment {
    /// Whose balance.
    pub customer: CustomerId,
    /// What is given, or taken when it is below nothing.
    pub amount: Money,
    /// What the operator calls it; drawn when not given.
    pub key: Option<String>,
    /// Why, for the journal.
    pub reason: String,
}

/// A balance that was adjusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdjustedBalance {
    /// Whose.
    pub customer: CustomerId,
    /// What the adjustment is called.
    pub key: String,
    /// What was given or taken.
    pub amount: Money,
    /// What there is now.
    pub balance: Money,
}

struct Adjusting {
    actor: Actor,
    adjustment: Adjustment,
    key: String,
    now: Timestamp,
}

impl Service {
    /// Gives or takes money.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], [`ShopError::NoAmount`], [`ShopError::Text`], [`ShopError::Ledger`] for a name
    /// that is none, [`ShopError::KeyTaken`], [`ShopError::BalanceTooLow`].
    pub async fn adjust_balance(&self, actor: &Actor, adjustment: Adjustment) -> Result<AdjustedBalance, ServiceError> {
        if adjustment.amount.is_zero() {
            return Err(ShopError::NoAmount.into());
        }
        let reason = adjustment.reason.trim();
        if reason.is_empty() || reason.chars().count() > LONGEST_REASON || reason.contains(char::is_control) {
            return Err(ShopError::Text { what: "a reason", most: LONGEST_REASON }.into());
        }
        let drawn = || format!("{:032x}", u128::from_be_bytes(draw(self.random())));
        let key = adjustment.key.clone().unwrap_or_else(drawn);
        let adjusting = Adjusting { actor: actor.clone(), adjustment, key, now: self.now() };
        self.store.write(adjusting, |adjusting, tx| Box::pin(adjust(adjusting, tx))).await
    }
}

async fn adjust(adjusting: &Adjusting, tx: &mut Tx) -> Result<AdjustedBalance, ServiceError> {
    let Adjusting { actor, adjustment, key, now } = adjusting;
    let Adjustment { customer, amount, reason, .. } = adjustment;
    require_customer(tx, *customer).await?;
    let entry = Entry::adjustment(key, *customer, *amount);
    book(tx, entry, reason.trim(), *now).await.map_err(|error| match error {
        ServiceError::Store(StoreError::Conflict) => ShopError::KeyTaken.into(),
        error => error,
    })?;
    let detail = format!("{amount} as {key}: {}", reason.trim());
    audit::insert(tx, &actor.did("balance.adjust", *customer, detail, *now)).await?;
    let balance = journal::balance(tx, *customer).await?;
    Ok(AdjustedBalance { customer: *customer, key: key.clone(), amount: *amount, balance })
}
