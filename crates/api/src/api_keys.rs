//! `api-keys`: the customer's own key (contract §8).

use serde::Serialize;
use turnpike_domain::calendar::format_rfc3339;
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::fields::Fields;

/// Shows the customer's `app_key`. There is one.
#[derive(ToSchema)]
#[schema(title = "Keys")]
pub(crate) struct ListKeys {}

impl Wish for ListKeys {
    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self {})
    }
}

/// The customer's keys.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyList {
    list: Vec<Key>,
}

/// A key.
#[derive(Serialize, ToSchema)]
struct Key {
    /// In clear.
    #[schema(example = "0123456789abcdef0123456789abcdef")]
    app_key: String,
    /// RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-03-10T12:00:00Z")]
    created_at: String,
}

pub(crate) async fn list(caller: Caller, _: ListKeys) -> Result<KeyList, ApiError> {
    let key = caller.service.own_key(caller.customer).await?;
    let created_at = format_rfc3339(key.created_at);
    Ok(KeyList { list: vec![Key { app_key: key.app_key, created_at }] })
}
