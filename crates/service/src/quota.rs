//! How many accounts and allow-listed addresses a customer may have.

use turnpike_domain::ids::CustomerId;
use turnpike_store::customer_profile::{self, OwnQuotas};
use turnpike_store::{Tx, account, allow_list};

use crate::error::ServiceError;
use crate::service::Service;

/// What customers may have that have no quotas of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Live proxy accounts.
    pub accounts: u32,
    /// Addresses on the allow list.
    pub sources: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { accounts: 1_000_000, sources: 100 }
    }
}

/// How many a customer may have, and has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaView {
    /// How many it may have.
    pub most: u32,
    /// How many it has. May be more, when the quota was lowered.
    pub used: u64,
}

impl QuotaView {
    /// How many more it may have.
    pub fn remaining(self) -> u64 {
        u64::from(self.most).saturating_sub(self.used)
    }
}

impl Service {
    /// The same service, with other quotas for those who have none of their own.
    #[must_use]
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        Self { quotas, ..self }
    }

    /// How many proxy accounts a customer may have, and has.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], or the store's.
    pub async fn account_quota(&self, customer: CustomerId) -> Result<QuotaView, ServiceError> {
        self.store
            .read(async |tx: &mut Tx| {
                let most = self.most_accounts(customer_profile::own_quotas(tx, customer).await?)?;
                Ok(QuotaView { most, used: account::count_live(tx, customer).await? })
            })
            .await
    }

    /// How many addresses a customer's allow list may hold, and holds.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], or the store's.
    pub async fn source_quota(&self, customer: CustomerId) -> Result<QuotaView, ServiceError> {
        self.store
            .read(async |tx: &mut Tx| {
                let most = self.most_sources(customer_profile::own_quotas(tx, customer).await?)?;
                Ok(QuotaView { most, used: allow_list::count(tx, customer).await? })
            })
            .await
    }

    pub(crate) fn most_accounts(&self, own: Option<OwnQuotas>) -> Result<u32, ServiceError> {
        Ok(own.ok_or(ServiceError::NoSuchCustomer)?.accounts.unwrap_or(self.quotas.accounts))
    }

    pub(crate) fn most_sources(&self, own: Option<OwnQuotas>) -> Result<u32, ServiceError> {
        Ok(own.ok_or(ServiceError::NoSuchCustomer)?.sources.unwrap_or(self.quotas.sources))
    }
}
