//! The catalogue: what is sold, put in force as a whole.

use turnpike_atlas::atlas;
use turnpike_domain::catalogue::{Catalogue, Changes, Fault, Product};
use turnpike_domain::product::ProductType;
use turnpike_domain::recharge::Tier;
use turnpike_store::{Tx, audit, product, recharge_tier};

use crate::actor::Actor;
use crate::error::{ServiceError, look_again};
use crate::service::Service;
use crate::shop_error::ShopError;

/// How many products an audit row names of each kind of change.
const NAMED: usize = 20;

struct Loading {
    actor: Actor,
    catalogue: Catalogue,
    service: Service,
}

impl Service {
    /// Puts a catalogue in force: products are added, changed or go off sale, and keep their numbers. Gives what it
    /// changed.
    ///
    /// # Errors
    /// [`ShopError::Catalogue`] with everything that is wrong with it; nothing is changed then.
    pub async fn load_catalogue(&self, actor: &Actor, catalogue: Catalogue) -> Result<Changes, ServiceError> {
        let mut faults = catalogue.faults();
        faults.extend(unknown_countries(&catalogue));
        if !faults.is_empty() {
            return Err(ShopError::Catalogue(faults).into());
        }
        let loading = Loading { actor: actor.clone(), catalogue, service: self.clone() };
        self.store.write(loading, |loading, tx| Box::pin(load(loading, tx))).await
    }

    /// The whole catalogue by number, off-sale products included, and the recharge tiers by amount.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn catalogue(&self) -> Result<(Vec<Product>, Vec<Tier>), ServiceError> {
        self.store.snapshot(async |tx| Ok((product::all(tx).await?, recharge_tier::all(tx).await?))).await
    }

    /// What customers can order, in the order it is shown in; only of one type if that is given.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn products_on_sale(&self, product_type: Option<ProductType>) -> Result<Vec<Product>, ServiceError> {
        Ok(self.store.read(async |tx: &mut Tx| product::on_sale(tx, product_type).await).await?)
    }
}

/// Prices in countries that there are not.
fn unknown_countries(catalogue: &Catalogue) -> impl Iterator<Item = Fault> {
    catalogue.products.iter().enumerate().flat_map(|(index, listed)| {
        let unknown = listed.draft.terms.countries.keys().filter(|country| !atlas().is_country(**country));
        unknown.map(move |country| Fault {
            key: format!("product[{index}].countries.{country}"),
            why: "there is no such country".to_owned(),
        })
    })
}

async fn load(loading: &Loading, tx: &mut Tx) -> Result<Changes, ServiceError> {
    let Loading { actor, catalogue, service } = loading;
    let present = product::lock_all(tx).await?;
    let changes = catalogue.changes(&present).map_err(ShopError::Catalogue)?;
    for added in &changes.added {
        // Only another load can have been first.
        product::insert(tx, added).await.map_err(look_again)?;
    }
    for changed in changes.changed.iter().chain(&changes.withdrawn) {
        product::update(tx, changed).await?;
    }
    let tiers_change = match &catalogue.tiers {
        Some(tiers) if *tiers != recharge_tier::all(tx).await? => {
            recharge_tier::replace(tx, tiers).await.map_err(look_again)?;
            "; recharge tiers set"
        }
        _ => "",
    };
    let detail = format!("{}{tiers_change}", told(&changes));
    audit::insert(tx, &actor.did_overall("catalogue.load", detail, service.now())).await?;
    Ok(changes)
}

/// What changed, for the audit.
fn told(changes: &Changes) -> String {
    let kinds = [("added", &changes.added), ("changed", &changes.changed), ("off sale", &changes.withdrawn)];
    let told = kinds.into_iter().filter(|(_, products)| !products.is_empty()).map(|(kind, products)| {
        let codes: Vec<_> = products.iter().take(NAMED).map(|product| product.code.as_str()).collect();
        let rest = if products.len() > NAMED { ", …" } else { "" };
        format!("{} {kind}: {}{rest}", products.len(), codes.join(", "))
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() { "no product changed".to_owned() } else { told.join("; ") }
}
