//! A customer's proxy accounts (contract §1).

use futures_util::stream::{self, Stream, TryStreamExt};
use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::{Bytes, LimitGb};
use turnpike_store::account::{self, Account};
use turnpike_store::{StoreError, Tx};

use crate::error::ServiceError;
use crate::service::Service;

/// A live account, with its password in clear: its owner may see it again.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// Which account.
    pub id: AccountId,
    /// The name in the gateway's login.
    pub username: Username,
    /// The password in the gateway's login.
    pub password: AccountPassword,
    /// When it was added.
    pub created_at: Timestamp,
    /// The customer's own words on it.
    pub remark: String,
    /// The package type it draws on.
    pub product_type: ProductType,
    /// Billed over its life.
    pub used: Bytes,
    /// For its life.
    pub limit: LimitGb,
    /// For one calendar day.
    pub daily_limit: LimitGb,
    /// Whether its customer has it enabled.
    pub enabled: bool,
}

/// Accounts that are read and shown at once.
const PART: u32 = 2000;

impl Service {
    /// All live accounts, newest first; those of one type when one is given.
    ///
    /// # Errors
    /// [`ServiceError::Vault`] when a password does not open, or the store's.
    pub async fn list_accounts(
        &self,
        customer: CustomerId,
        product_type: Option<ProductType>,
    ) -> Result<Vec<AccountView>, ServiceError> {
        self.account_parts(customer, product_type).try_concat().await
    }

    /// The same in parts, so that a list of any length needs the memory of one part. There is always a first part, and
    /// each part is of its own moment: what is added meanwhile is not in it, what is deleted meanwhile may be.
    pub fn account_parts(
        &self,
        customer: CustomerId,
        product_type: Option<ProductType>,
    ) -> impl Stream<Item = Result<Vec<AccountView>, ServiceError>> + Send + use<> {
        let begin = (self.clone(), Some(AccountId::new(i64::MAX)));
        stream::try_unfold(begin, move |(service, before)| async move {
            let Some(before) = before else { return Ok(None) };
            let part = service.account_part(customer, product_type, before).await?;
            let last = part.last().map(|account| account.id);
            let before = last.filter(|_| part.len() >= usize::try_from(PART).unwrap_or(usize::MAX));
            Ok(Some((part, (service, before))))
        })
    }

    async fn account_part(
        &self,
        customer: CustomerId,
        product_type: Option<ProductType>,
        before: AccountId,
    ) -> Result<Vec<AccountView>, ServiceError> {
        let read = async |tx: &mut Tx| account::list(tx, customer, product_type, (before, PART)).await;
        let accounts = self.store.read(read).await?;
        let service = self.clone();
        let show = move || accounts.into_iter().map(|account| service.show(customer, account)).collect();
        // Opening two thousand passwords takes a thread for ten milliseconds.
        tokio::task::spawn_blocking(show).await.map_err(|_| StoreError::Interrupted)?
    }

    fn show(&self, customer: CustomerId, account: Account) -> Result<AccountView, ServiceError> {
        let password = self.shared.vault.account_password(customer, &account.username, &account.password_sealed)?;
        Ok(AccountView {
            id: account.id,
            username: account.username,
            password,
            created_at: account.created_at,
            remark: account.remark,
            product_type: account.product_type,
            used: account.used,
            limit: account.limit,
            daily_limit: account.daily_limit,
            enabled: account.enabled,
        })
    }
}
