//! `proxy-account/change`: several things of a proxy account at once (contract §8).

use serde::Serialize;
use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::remark::Remark;
use turnpike_domain::units::LimitGb;
use turnpike_service::{AccountChange, ChangedAccount};
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::effective::{Receipt, Wait, WaitParameter};
use crate::error::ApiError;
use crate::fields::{self, Fields};

/// Changes a proxy account, everything at once or nothing. What is not given stays.
#[derive(ToSchema)]
#[schema(title = "Change an account")]
pub(crate) struct Change {
    /// The account's name.
    #[schema(value_type = String, example = "user01")]
    account: Username,
    /// The new password: 6 to 16 ASCII letters and digits.
    #[schema(value_type = String, required = false, min_length = 6, max_length = 16, example = "newpass1")]
    password: Option<AccountPassword>,
    /// At most 64 English or 32 Chinese characters; an empty text clears it.
    #[schema(value_type = String, required = false, example = "crawler 2")]
    remark: Option<Remark>,
    /// Traffic limit in GB, 0 for none.
    #[schema(value_type = u32, required = false, maximum = 102_400, example = 10)]
    limit: Option<LimitGb>,
    /// Traffic limit in GB a calendar day, 0 for none.
    #[schema(value_type = u32, required = false, maximum = 102_400, example = 1)]
    daily_limit: Option<LimitGb>,
    /// 1 enabled, 0 disabled.
    #[schema(value_type = u8, required = false, maximum = 1, example = 1)]
    status: Option<bool>,
    /// Whether the account may use UDP.
    #[schema(value_type = bool, required = false)]
    udp: Option<bool>,
    #[schema(value_type = WaitParameter, required = false)]
    wait: Wait,
}

impl Wish for Change {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let names = fields.names();
        let account = fields.required("account", |given| fields::username(given, names));
        let password = fields.optional("password", fields::new_password);
        let remark = fields.optional_or_empty("remark", fields::remark);
        let limit = fields.optional("limit", fields::limit);
        let daily_limit = fields.optional("daily_limit", fields::limit);
        let status = fields.optional("status", fields::boolean);
        let udp = fields.optional("udp", fields::boolean);
        let wait = fields.optional("wait", Wait::read).unwrap_or_default();
        Some(Self { account: account?, password, remark, limit, daily_limit, status, udp, wait })
    }
}

/// A proxy account after the change.
#[derive(Serialize, ToSchema)]
pub(crate) struct Account {
    #[schema(example = 42)]
    id: i64,
    #[schema(example = "user01")]
    username: String,
    /// Traffic limit in GB, 0 for none.
    #[schema(example = 10)]
    limit: u32,
    /// Traffic limit in GB a calendar day, 0 for none.
    #[schema(example = 1)]
    daily_limit: u32,
    /// Traffic used, in KB.
    #[schema(example = 1024)]
    used: u64,
    /// 1 enabled, 0 disabled.
    #[schema(example = 1)]
    status: u8,
    /// Whether the account may use UDP.
    #[schema(example = false)]
    udp: bool,
    /// With `wait=applied`: gateways that have applied the change, of those in touch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "4/4")]
    effective: Option<String>,
}

impl Account {
    fn of(username: &Username, changed: &ChangedAccount) -> Self {
        Self {
            id: changed.id.get(),
            username: username.to_string(),
            limit: changed.limit.get(),
            daily_limit: changed.daily_limit.get(),
            used: changed.used.kilobytes(),
            status: u8::from(changed.enabled),
            udp: changed.udp,
            effective: None,
        }
    }
}

pub(crate) async fn change(caller: Caller, wish: Change) -> Result<Account, ApiError> {
    let username = wish.account;
    let change = AccountChange {
        password: wish.password,
        remark: wish.remark,
        limit: wish.limit,
        daily_limit: wish.daily_limit,
        enabled: wish.status,
        udp: wish.udp,
    };
    let acting = caller.acting_for(move |changed: &ChangedAccount| Account::of(&username, changed));
    let changed = acting.change_account(caller.customer, &username, change).await?;
    let effective = Receipt::of(&caller, wish.wait).await.into_text();
    Ok(Account { effective, ..Account::of(&username, &changed) })
}
