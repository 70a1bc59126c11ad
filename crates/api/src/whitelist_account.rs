//! `whitelist-account/*`: a customer's proxy accounts (contract §1).

mod listing;

use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::product::ProductType;
use turnpike_domain::remark::Remark;
use turnpike_domain::units::LimitGb;
use turnpike_service::NewAccounts;
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::effective::{Receipt, Wait, WaitParameter};
use crate::envelope::Nothing;
use crate::error::ApiError;
use crate::fields::{self, Fields};
use crate::shapes::AccountProductType;

pub(crate) use listing::list;

/// Adds proxy accounts, all of them or none. Owning no package of the type is no error.
#[derive(ToSchema)]
#[schema(title = "Add accounts")]
pub(crate) struct Add {
    /// `name:password` items parted by commas, at most 500. Names and passwords are 1 to 32 ASCII letters and digits.
    #[schema(value_type = String, example = "user01:pass,user02:pass")]
    accounts: Vec<(Username, AccountPassword)>,
    /// What to remember about them: at most 64 English or 32 Chinese characters.
    #[schema(value_type = String, required = false)]
    remark: Remark,
    #[schema(value_type = AccountProductType, required = false)]
    product_type: ProductType,
    /// Traffic limit of each in GB, 0 for none.
    #[schema(value_type = u32, required = false, maximum = 102_400)]
    limit: LimitGb,
    /// Traffic limit of each in GB a day, 0 for none.
    #[schema(value_type = u32, required = false, maximum = 102_400)]
    daily_limit: LimitGb,
}

impl Wish for Add {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let names = fields.names();
        let accounts = fields.required("accounts", |given| fields::credentials(given, names));
        let remark = fields.optional("remark", fields::remark);
        let product_type = fields.optional("product_type", fields::account_type);
        let limit = fields.optional("limit", fields::limit);
        let daily_limit = fields.optional("daily_limit", fields::limit);
        Some(Self {
            accounts: accounts?,
            remark: remark.unwrap_or_default(),
            product_type: product_type.unwrap_or(ProductType::DynamicTraffic),
            limit: limit.unwrap_or_default(),
            daily_limit: daily_limit.unwrap_or_default(),
        })
    }
}

pub(crate) async fn add(caller: Caller, wish: Add) -> Result<Nothing, ApiError> {
    let accounts = NewAccounts {
        pairs: wish.accounts,
        remark: wish.remark,
        product_type: wish.product_type,
        limit: wish.limit,
        daily_limit: wish.daily_limit,
    };
    caller.acting(Wait::No).add_accounts(caller.customer, accounts).await?;
    Ok(Nothing)
}

macro_rules! batches {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        #[derive(ToSchema)]
        $(#[$doc])*
        pub(crate) struct $name {
            /// Names parted by commas, at most 500.
            #[schema(value_type = String, example = "user01,user02")]
            accounts: Vec<Username>,
            #[schema(value_type = WaitParameter, required = false)]
            wait: Wait,
        }

        impl Wish for $name {
            fn read(fields: &mut Fields<'_>) -> Option<Self> {
                let names = fields.names();
                let accounts = fields.required("accounts", |given| fields::usernames(given, names));
                let wait = fields.optional("wait", Wait::read).unwrap_or_default();
                Some(Self { accounts: accounts?, wait })
            }
        }
    )*};
}

batches! {
    /// Deletes proxy accounts, all of them or none, for good. Their usage stays in the totals.
    #[schema(title = "Delete accounts")]
    Delete;
    /// Disables proxy accounts, all of them or none: open connections end within a second. Again is no error.
    #[schema(title = "Disable accounts")]
    Disable;
    /// Enables proxy accounts, all of them or none. Again is no error.
    #[schema(title = "Enable accounts")]
    Enable;
}

pub(crate) async fn delete(caller: Caller, wish: Delete) -> Result<Receipt, ApiError> {
    caller.acting(wish.wait).delete_accounts(caller.customer, &wish.accounts).await?;
    Ok(Receipt::of(&caller, wish.wait).await)
}

pub(crate) async fn disable(caller: Caller, wish: Disable) -> Result<Receipt, ApiError> {
    caller.acting(wish.wait).set_accounts_enabled(caller.customer, &wish.accounts, false).await?;
    Ok(Receipt::of(&caller, wish.wait).await)
}

pub(crate) async fn enable(caller: Caller, wish: Enable) -> Result<Receipt, ApiError> {
    caller.acting(wish.wait).set_accounts_enabled(caller.customer, &wish.accounts, true).await?;
    Ok(Receipt::of(&caller, wish.wait).await)
}

/// Changes a proxy account's password: open connections under the old one end within a second.
#[derive(ToSchema)]
#[schema(title = "Change a password")]
pub(crate) struct ChangePassword {
    /// The account's name.
    #[schema(value_type = String, example = "user01")]
    account: Username,
    /// The new password: 1 to 32 ASCII letters and digits.
    #[schema(value_type = String, example = "pass")]
    password: AccountPassword,
    #[schema(value_type = WaitParameter, required = false)]
    wait: Wait,
}

impl Wish for ChangePassword {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let names = fields.names();
        let account = fields.required("account", |given| fields::username(given, names));
        let password = fields.required("password", fields::password);
        let wait = fields.optional("wait", Wait::read).unwrap_or_default();
        Some(Self { account: account?, password: password?, wait })
    }
}

pub(crate) async fn change_password(caller: Caller, wish: ChangePassword) -> Result<Receipt, ApiError> {
    caller.acting(wish.wait).change_password(caller.customer, &wish.account, wish.password).await?;
    Ok(Receipt::of(&caller, wish.wait).await)
}

/// Changes a proxy account's remark.
#[derive(ToSchema)]
#[schema(title = "Change a remark")]
pub(crate) struct ChangeRemark {
    /// The account's name.
    #[schema(value_type = String, example = "user01")]
    account: Username,
    /// At most 64 English or 32 Chinese characters; an empty text clears it.
    #[schema(value_type = String)]
    remark: Remark,
}

impl Wish for ChangeRemark {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let names = fields.names();
        let account = fields.required("account", |given| fields::username(given, names));
        let remark = fields.required_or_empty("remark", fields::remark);
        Some(Self { account: account?, remark: remark? })
    }
}

pub(crate) async fn change_remark(caller: Caller, wish: ChangeRemark) -> Result<Nothing, ApiError> {
    caller.acting(Wait::No).change_remark(caller.customer, &wish.account, wish.remark).await?;
    Ok(Nothing)
}

/// Changes a proxy account's traffic limit. Past it the gateway refuses the account; its status stays 1.
#[derive(ToSchema)]
#[schema(title = "Change a limit")]
pub(crate) struct ChangeLimit {
    /// The account's name.
    #[schema(value_type = String, example = "user01")]
    account: Username,
    /// GB, 0 for no limit.
    #[schema(value_type = u32, maximum = 102_400)]
    limit: LimitGb,
    #[schema(value_type = WaitParameter, required = false)]
    wait: Wait,
}

impl Wish for ChangeLimit {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let names = fields.names();
        let account = fields.required("account", |given| fields::username(given, names));
        let limit = fields.required("limit", fields::limit);
        let wait = fields.optional("wait", Wait::read).unwrap_or_default();
        Some(Self { account: account?, limit: limit?, wait })
    }
}

pub(crate) async fn change_limit(caller: Caller, wish: ChangeLimit) -> Result<Receipt, ApiError> {
    caller.acting(wish.wait).change_limit(caller.customer, &wish.account, wish.limit).await?;
    Ok(Receipt::of(&caller, wish.wait).await)
}
