//! `whitelist-account/list`: not paged, so it is written in parts.

use futures_util::stream::{Stream, TryStreamExt};
use serde::Serialize;
use turnpike_domain::calendar::Zone;
use turnpike_domain::product::ProductType;
use turnpike_service::AccountView;
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::fields::{self, Fields};
use crate::shapes::AnyProductType;

/// Lists the proxy accounts, newest first, with their passwords in clear.
#[derive(ToSchema)]
#[schema(title = "Accounts")]
pub(crate) struct ListAccounts {
    #[schema(value_type = AnyProductType, required = false)]
    product_type: Option<ProductType>,
}

impl Wish for ListAccounts {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { product_type: fields.optional("product_type", fields::product_type) })
    }
}

pub(crate) async fn list(
    caller: Caller,
    wish: ListAccounts,
) -> Result<impl Stream<Item = Result<Vec<Account>, ApiError>>, ApiError> {
    let zone = caller.service.zone().clone();
    let parts = caller.service.account_parts(caller.customer, wish.product_type);
    let show = move |part: Vec<AccountView>| part.iter().map(|account| Account::of(account, &zone)).collect();
    Ok(parts.map_ok(show).map_err(ApiError::from))
}

/// A proxy account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Account {
    id: i64,
    username: String,
    /// In clear.
    password: String,
    /// `YYYY-MM-DD HH:MM:SS` in the configured zone.
    created_at: String,
    remark: String,
    #[schema(value_type = crate::shapes::AccountProductType)]
    product_type: ProductType,
    /// Traffic used, in KB.
    usage_flow: u64,
    /// Traffic limit in GB, 0 for none.
    limit_flow: u32,
    /// 1 enabled, 0 disabled.
    status: u8,
}

impl Account {
    fn of(account: &AccountView, zone: &Zone) -> Self {
        Self {
            id: account.id.get(),
            username: account.username.to_string(),
            password: account.password.reveal().to_owned(),
            created_at: zone.format(account.created_at),
            remark: account.remark.clone(),
            product_type: account.product_type,
            usage_flow: account.used.kilobytes(),
            limit_flow: account.limit.get(),
            status: u8::from(account.enabled),
        }
    }
}
