//! The operator sees customers' accounts, and does on them what their customers do.

use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_store::account::details::{self, AccountDetails, AccountFilter};
use turnpike_store::audit::AuditEntry;
use turnpike_store::{Tx, audit};

use crate::actor::Actor;
use crate::add_accounts::{self, Addition, NewAccounts};
use crate::change_account::{self, AccountChange, Change};
use crate::delete_accounts::{self, Deletion};
use crate::error::ServiceError;
use crate::service::{Service, require_customer};

/// An account to be.
struct Opening {
    addition: Addition,
    customer: CustomerId,
    username: Username,
}

struct Showing {
    service: Service,
    customer: CustomerId,
    username: Username,
    audit: AuditEntry,
}

impl Service {
    /// A customer's live account of that name.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], or the store's.
    pub async fn account_details(
        &self,
        customer: CustomerId,
        username: &Username,
    ) -> Result<AccountDetails, ServiceError> {
        self.store.read(async |tx: &mut Tx| by_name(tx, customer, username).await).await
    }

    /// At most so many of a customer's live accounts after that one, by number.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], or the store's.
    pub async fn page_accounts(
        &self,
        customer: CustomerId,
        filter: AccountFilter,
        after: Option<AccountId>,
        most: u32,
    ) -> Result<Vec<AccountDetails>, ServiceError> {
        let look = async |tx: &mut Tx| {
            require_customer(tx, customer).await?;
            Ok(details::page(tx, customer, filter, after.map_or(0, AccountId::get), most).await?)
        };
        self.store.read(look).await
    }

    /// Adds an account to a customer's and shows it. `accounts` holds one.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], [`ServiceError::NameTaken`], [`ServiceError::TooManyAccounts`],
    /// [`ServiceError::TypeTakesNoAccounts`].
    pub async fn open_account(
        &self,
        actor: &Actor,
        customer: CustomerId,
        (username, password): (Username, AccountPassword),
        terms: NewAccounts,
    ) -> Result<AccountDetails, ServiceError> {
        let accounts = NewAccounts { pairs: vec![(username, password)], ..terms };
        let addition = self.addition(actor.clone(), customer, accounts)?;
        let opening = Opening { addition, customer, username };
        self.store.write(opening, |opening, tx| Box::pin(open(opening, tx))).await
    }

    /// Changes an account as [`Service::change_account`] does, and shows it then.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], [`ServiceError::NotFound`].
    pub async fn change_account_as(
        &self,
        actor: &Actor,
        customer: CustomerId,
        username: &Username,
        wish: AccountChange,
    ) -> Result<AccountDetails, ServiceError> {
        let change = self.account_change(actor.clone(), customer, username, wish)?;
        let changing = (change, customer, *username);
        self.store
            .write(changing, |(change, customer, username), tx| Box::pin(apply(change, *customer, username, tx)))
            .await
    }

    /// Deletes an account as [`Service::delete_accounts`] does.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], [`ServiceError::NotFound`].
    pub async fn delete_account_as(
        &self,
        actor: &Actor,
        customer: CustomerId,
        username: &Username,
    ) -> Result<(), ServiceError> {
        let deletion = Deletion { actor: actor.clone(), customer, usernames: vec![*username], now: self.now() };
        self.store.write(deletion, |deletion, tx| Box::pin(delete_accounts::delete(deletion, tx))).await
    }

    /// An account's password, in clear. That it was shown goes into the audit.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::Vault`] when it does not open.
    pub async fn show_account_password(
        &self,
        actor: &Actor,
        customer: CustomerId,
        username: &Username,
    ) -> Result<AccountPassword, ServiceError> {
        let audit = actor.did("account.show-password", customer, username.to_string(), self.now());
        let showing = Showing { service: self.clone(), customer, username: *username, audit };
        self.store.write(showing, |showing, tx| Box::pin(show(showing, tx))).await
    }
}

async fn by_name(tx: &mut Tx, customer: CustomerId, username: &Username) -> Result<AccountDetails, ServiceError> {
    require_customer(tx, customer).await?;
    details::by_name(tx, customer, username).await?.ok_or(ServiceError::NotFound(*username))
}

async fn open(opening: &Opening, tx: &mut Tx) -> Result<AccountDetails, ServiceError> {
    add_accounts::add(&opening.addition, tx).await?;
    by_name(tx, opening.customer, &opening.username).await
}

async fn apply(
    change: &Change,
    customer: CustomerId,
    username: &Username,
    tx: &mut Tx,
) -> Result<AccountDetails, ServiceError> {
    change_account::apply(change, tx).await?;
    by_name(tx, customer, username).await
}

async fn show(showing: &Showing, tx: &mut Tx) -> Result<AccountPassword, ServiceError> {
    let Showing { service, customer, username, audit } = showing;
    require_customer(tx, *customer).await?;
    let sealed = details::sealed(tx, *customer, username).await?.ok_or(ServiceError::NotFound(*username))?;
    audit::insert(tx, audit).await?;
    Ok(service.shared.vault.account_password(*customer, username, &sealed)?)
}
