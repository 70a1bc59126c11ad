//! `whitelist-account/list`: not paged, so a row is made only when it is written.

use serde::ser::{Serialize, SerializeStruct, Serializer};
use turnpike_domain::calendar::Zone;
use turnpike_domain::product::ProductType;
use turnpike_service::AccountView;
use utoipa::{PartialSchema, ToSchema};

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

pub(crate) async fn list(caller: Caller, wish: ListAccounts) -> Result<AccountList, ApiError> {
    let accounts = caller.service.list_accounts(caller.customer, wish.product_type).await?;
    Ok(AccountList { accounts, zone: caller.service.zone().clone() })
}

/// The accounts and the zone their times are told in.
pub(crate) struct AccountList {
    accounts: Vec<AccountView>,
    zone: Zone,
}

/// What the answer looks like.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes what AccountList writes")]
struct AccountListShape {
    list: Vec<Account<'static>>,
}

impl PartialSchema for AccountList {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        AccountListShape::schema()
    }
}

impl ToSchema for AccountList {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        AccountListShape::schemas(schemas);
    }
}

impl Serialize for AccountList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut data = serializer.serialize_struct("AccountList", 1)?;
        data.serialize_field("list", &Rows(self))?;
        data.end()
    }
}

struct Rows<'a>(&'a AccountList);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.accounts.iter().map(|account| Account::of(account, &self.0.zone)))
    }
}

/// A proxy account.
#[derive(serde::Serialize, ToSchema)]
struct Account<'a> {
    id: i64,
    username: &'a str,
    /// In clear.
    password: &'a str,
    /// `YYYY-MM-DD HH:MM:SS` in the configured zone.
    created_at: String,
    remark: &'a str,
    #[schema(value_type = crate::shapes::AccountProductType)]
    product_type: ProductType,
    /// Traffic used, in KB.
    usage_flow: u64,
    /// Traffic limit in GB, 0 for none.
    limit_flow: u32,
    /// 1 enabled, 0 disabled.
    status: u8,
}

impl<'a> Account<'a> {
    fn of(account: &'a AccountView, zone: &Zone) -> Self {
        Self {
            id: account.id.get(),
            username: account.username.as_str(),
            password: account.password.reveal(),
            created_at: zone.format(account.created_at),
            remark: &account.remark,
            product_type: account.product_type,
            usage_flow: account.used.kilobytes(),
            limit_flow: account.limit.get(),
            status: u8::from(account.enabled),
        }
    }
}
