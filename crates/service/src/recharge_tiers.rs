//! Which recharges have a bonus (contract §7).

use turnpike_domain::ids::CustomerId;
use turnpike_domain::recharge::{self, Tier};
use turnpike_store::audit::AuditEntry;
use turnpike_store::{Tx, audit, recharge_tier};

use crate::actor::Actor;
use crate::error::{ServiceError, look_again};
use crate::service::{Service, require_verified};
use crate::shop_error::ShopError;

impl Service {
    /// The tiers, by amount.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn recharge_tiers(&self) -> Result<Vec<Tier>, ServiceError> {
        Ok(self.store.read(async |tx: &mut Tx| recharge_tier::all(tx).await).await?)
    }

    /// The tiers, for a customer.
    ///
    /// # Errors
    /// [`ServiceError::Unverified`], or the store's.
    pub async fn recharge_offers(&self, customer: CustomerId) -> Result<Vec<Tier>, ServiceError> {
        let offers = async |tx: &mut Tx| {
            require_verified(tx, customer).await?;
            Ok(recharge_tier::all(tx).await?)
        };
        self.store.read(offers).await
    }

    /// Puts these tiers in the place of all there are.
    ///
    /// # Errors
    /// [`ShopError::Catalogue`] with what is wrong with them.
    pub async fn set_recharge_tiers(&self, actor: &Actor, tiers: Vec<Tier>) -> Result<Vec<Tier>, ServiceError> {
        let faults = recharge::faults(&tiers);
        if !faults.is_empty() {
            return Err(ShopError::Catalogue(faults).into());
        }
        let told: Vec<_> = tiers.iter().map(|tier| format!("{}: {}", tier.amount, tier.ratio)).collect();
        let detail = if told.is_empty() { "none".to_owned() } else { told.join(", ") };
        let setting = (tiers, actor.did_overall("recharge_tiers.set", detail, self.now()));
        self.store.write(setting, |(tiers, audit), tx| Box::pin(set(tiers, audit, tx))).await
    }
}

async fn set(tiers: &[Tier], audit: &AuditEntry, tx: &mut Tx) -> Result<Vec<Tier>, ServiceError> {
    recharge_tier::replace(tx, tiers).await.map_err(look_again)?;
    audit::insert(tx, audit).await?;
    Ok(tiers.to_vec())
}
