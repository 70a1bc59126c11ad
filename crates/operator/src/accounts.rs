//! Proxy accounts, on their customers' behalf.

use serde::Serialize;
use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::ids::AccountId;
use turnpike_domain::product::ProductType;
use turnpike_domain::remark::Remark;
use turnpike_domain::units::LimitGb;
use turnpike_service::{AccountChange, AccountDetails, AccountFilter, NewAccounts};
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Given, Members, Nothing, Wish};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{AccountProductType, Moment, NameShape, RemarkShape};

/// A proxy account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Account {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    /// Whose.
    #[schema(minimum = 1)]
    customer: i64,
    /// The name in the gateway's login.
    username: String,
    /// The customer's own words on it.
    remark: String,
    #[schema(value_type = AccountProductType)]
    product_type: i64,
    /// For its life; 0 is no limit.
    #[schema(minimum = 0)]
    limit_gb: u32,
    /// For one calendar day; 0 is no limit.
    #[schema(minimum = 0)]
    daily_limit_gb: u32,
    /// Whether it may be used.
    enabled: bool,
    /// Whether it may use UDP.
    udp: bool,
    /// Billed over its life.
    #[schema(minimum = 0)]
    used_kb: u64,
    created_at: Moment,
}

impl Account {
    fn of(details: &AccountDetails) -> Self {
        Self {
            id: details.id.get(),
            customer: details.customer.get(),
            username: details.username.to_string(),
            remark: details.remark.clone(),
            product_type: details.product_type.number(),
            limit_gb: details.limit.get(),
            daily_limit_gb: details.daily_limit.get(),
            enabled: details.enabled,
            udp: details.udp,
            used_kb: details.used.kilobytes(),
            created_at: Moment(details.created_at),
        }
    }
}

/// By number, oldest first. Deleted accounts are not listed.
#[derive(ToSchema)]
pub(crate) struct Filter {
    /// Only of this type.
    #[schema(value_type = AccountProductType, required = false, inline)]
    product_type: Option<ProductType>,
    /// Only those that are enabled, or only those that are not.
    #[schema(value_type = bool, required = false)]
    enabled: Option<bool>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        let product_type = members.optional("product_type", product_type);
        Some(Self { product_type, enabled: members.optional("enabled", read::flag) })
    }
}

fn product_type(given: Given<'_>) -> Result<ProductType, String> {
    read::product_type(given, ProductType::takes_accounts)
}

fn limit(given: Given<'_>) -> Result<LimitGb, String> {
    let gigabytes = read::count(given, 0..=LimitGb::HIGHEST_GB)?;
    LimitGb::new(gigabytes).ok_or_else(|| "is too large".to_owned())
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<Account>, Problem> {
    let filter = AccountFilter { product_type: filter.product_type, enabled: filter.enabled };
    let after = desk.cursors().after(&desk.paging)?.map(AccountId::new);
    let found = desk.service.page_accounts(desk.customer()?, filter, after, one_more(&desk.paging)).await?;
    let place = |details: &AccountDetails| details.id.get();
    Ok(desk.cursors().page(&desk.paging, found, (place, |details| Account::of(&details))))
}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<Account, Problem> {
    Ok(Account::of(&desk.service.account_details(desk.customer()?, &desk.username()?).await?))
}

/// The name must be free among all customers' accounts.
#[derive(ToSchema)]
pub(crate) struct NewAccount {
    /// The name in the gateway's login.
    #[schema(value_type = NameShape, inline)]
    username: Username,
    /// The password in the gateway's login.
    #[schema(value_type = NameShape, inline)]
    password: AccountPassword,
    #[schema(value_type = RemarkShape, required = false, inline)]
    remark: Option<Remark>,
    /// The package type it draws on; 9, dynamic residential traffic, when not given.
    #[schema(value_type = AccountProductType, required = false, inline)]
    product_type: Option<ProductType>,
    /// For its life; 0, no limit, when not given.
    #[schema(value_type = u32, required = false, minimum = 0, maximum = 102_400)]
    limit_gb: Option<LimitGb>,
    /// For one calendar day; 0, no limit, when not given.
    #[schema(value_type = u32, required = false, minimum = 0, maximum = 102_400)]
    daily_limit_gb: Option<LimitGb>,
}

impl Wish for NewAccount {
    fn read(members: &mut Members) -> Option<Self> {
        let username = members.required("username", read::username);
        let password = members.required("password", read::password);
        let remark = members.optional("remark", read::remark);
        let product_type = members.optional("product_type", product_type);
        let limit_gb = members.optional("limit_gb", limit);
        let daily_limit_gb = members.optional("daily_limit_gb", limit);
        Some(Self { username: username?, password: password?, remark, product_type, limit_gb, daily_limit_gb })
    }
}

pub(crate) async fn add(desk: Desk, wish: NewAccount) -> Result<Account, Problem> {
    let terms = NewAccounts {
        remark: wish.remark.unwrap_or_default(),
        limit: wish.limit_gb.unwrap_or_default(),
        daily_limit: wish.daily_limit_gb.unwrap_or_default(),
        ..NewAccounts::of(Vec::new(), wish.product_type.unwrap_or(ProductType::DynamicTraffic))
    };
    let (service, pair) = (desk.acting(Account::of), (wish.username, wish.password));
    Ok(Account::of(&service.open_account(&desk.actor, desk.customer()?, pair, terms).await?))
}

/// What is left out stays. Open tunnels of an account that is disabled or given a new password end within a second.
#[derive(ToSchema)]
pub(crate) struct Change {
    /// Whether it may be used.
    #[schema(value_type = bool, required = false)]
    enabled: Option<bool>,
    /// The password in the gateway's login.
    #[schema(value_type = NameShape, inline, required = false)]
    password: Option<AccountPassword>,
    /// For its life; 0 is no limit.
    #[schema(value_type = u32, required = false, minimum = 0, maximum = 102_400)]
    limit_gb: Option<LimitGb>,
    /// For one calendar day; 0 is no limit.
    #[schema(value_type = u32, required = false, minimum = 0, maximum = 102_400)]
    daily_limit_gb: Option<LimitGb>,
    #[schema(value_type = RemarkShape, required = false, inline)]
    remark: Option<Remark>,
    /// Whether it may use UDP.
    #[schema(value_type = bool, required = false)]
    udp: Option<bool>,
}

impl Wish for Change {
    fn read(members: &mut Members) -> Option<Self> {
        members.must_hold_something();
        let enabled = members.optional("enabled", read::flag);
        let password = members.optional("password", read::password);
        let limit_gb = members.optional("limit_gb", limit);
        let daily_limit_gb = members.optional("daily_limit_gb", limit);
        let remark = members.optional("remark", read::remark);
        Some(Self { enabled, password, limit_gb, daily_limit_gb, remark, udp: members.optional("udp", read::flag) })
    }
}

pub(crate) async fn change(desk: Desk, wish: Change) -> Result<Account, Problem> {
    let Change { enabled, password, limit_gb: limit, daily_limit_gb: daily_limit, remark, udp } = wish;
    let change = AccountChange { password, remark, limit, daily_limit, enabled, udp };
    let (customer, username) = (desk.customer()?, desk.username()?);
    let service = desk.acting(Account::of);
    Ok(Account::of(&service.change_account_as(&desk.actor, customer, &username, change).await?))
}

/// An account that is gone.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct Deleted {
    /// Its name, which is free again.
    username: String,
    /// Always true.
    deleted: bool,
}

pub(crate) async fn delete(desk: Desk, _: Nothing) -> Result<Deleted, Problem> {
    let (customer, username) = (desk.customer()?, desk.username()?);
    let show = move |(): &()| Deleted { username: username.to_string(), deleted: true };
    desk.acting(show).delete_account_as(&desk.actor, customer, &username).await?;
    Ok(show(&()))
}

/// An account's password.
#[derive(Serialize, ToSchema)]
pub(crate) struct Password {
    /// Whose.
    username: String,
    /// In clear.
    password: String,
}

pub(crate) async fn password(desk: Desk, _: Nothing) -> Result<Password, Problem> {
    let username = desk.username()?;
    let password = desk.service.show_account_password(&desk.actor, desk.customer()?, &username).await?;
    Ok(Password { username: username.to_string(), password: password.reveal().to_owned() })
}
