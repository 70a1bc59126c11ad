//! Coupons: made, changed, listed with how often they were used.

use serde::Serialize;
use turnpike_domain::coupon::{CouponCode, CouponScope, NewCoupon, Reduction};
use turnpike_domain::ids::{CouponId, CustomerId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_service::{CouponChange, LimitChange};
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Given, Members, Nothing, Wish};
use crate::pricing::{self, CouponCodeShape, NameLineShape, Off, ProductCodeShape, nullable};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{AnyProductType, Moment, TimeShape};

/// The most products of a scope.
const MOST_PRODUCTS: usize = 1000;

/// A coupon.
#[derive(Serialize, ToSchema)]
pub(crate) struct Coupon {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    /// What customers write to use it.
    code: String,
    name: String,
    /// What it takes off.
    off: Off,
    /// The codes of the products it is for; together with `types` empty for all.
    products: Vec<String>,
    /// The types of products it is for.
    #[schema(value_type = Vec<AnyProductType>)]
    types: Vec<i64>,
    /// Not before.
    starts_at: Moment,
    /// Not from then on.
    expires_at: Moment,
    /// How often it can be used by all together; `null` without a limit.
    #[schema(required = true)]
    most_uses: Option<u32>,
    /// How often each customer can use it; `null` without a limit.
    #[schema(required = true)]
    most_uses_each: Option<u32>,
    /// The one customer it is for; `null` for everybody.
    #[schema(required = true, minimum = 1)]
    customer: Option<i64>,
    /// Whether customers see it in their list.
    listed: bool,
    /// Whether it can be used.
    enabled: bool,
    /// How often it was used, in orders that are not closed.
    #[schema(minimum = 0)]
    uses: u32,
}

impl Coupon {
    fn of(coupon: &turnpike_domain::coupon::Coupon) -> Self {
        let terms = coupon.terms.clone();
        Self {
            id: coupon.id.get(),
            code: terms.code.to_string(),
            name: terms.name,
            off: Off(terms.reduction),
            products: terms.scope.products,
            types: terms.scope.types.into_iter().map(ProductType::number).collect(),
            starts_at: Moment(terms.starts_at),
            expires_at: Moment(terms.expires_at),
            most_uses: terms.most_uses,
            most_uses_each: terms.most_uses_each,
            customer: terms.customer.map(CustomerId::get),
            listed: terms.listed,
            enabled: coupon.enabled,
            uses: coupon.uses,
        }
    }
}

/// By number, oldest first.
#[derive(ToSchema)]
pub(crate) struct Filter {
    /// Only the one with this code.
    #[schema(value_type = CouponCodeShape, inline, required = false)]
    code: Option<CouponCode>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { code: members.optional("code", pricing::coupon_code) })
    }
}

impl Filter {
    pub(crate) fn into_code(self) -> Option<CouponCode> {
        self.code
    }
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<Coupon>, Problem> {
    let after = desk.cursors().after(&desk.paging)?.map(CouponId::new);
    let found = desk.service.page_coupons(filter.code.as_ref(), after, one_more(&desk.paging)).await?;
    let place = |coupon: &turnpike_domain::coupon::Coupon| coupon.id.get();
    Ok(desk.cursors().page(&desk.paging, found, (place, |coupon| Coupon::of(&coupon))))
}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<Coupon, Problem> {
    let coupon = desk.place("coupon").map(CouponId::new)?;
    Ok(Coupon::of(&desk.service.find_coupon(coupon).await?))
}

/// It can be used from its start on. What it takes off, and for whom and what, stays.
#[derive(ToSchema)]
pub(crate) struct CouponWish {
    /// What customers write to use it, in either case.
    #[schema(value_type = CouponCodeShape, inline, example = "SPRING-26")]
    code: CouponCode,
    /// What it is called; its code when not given.
    #[schema(value_type = NameLineShape, inline, required = false)]
    name: Option<String>,
    /// What it takes off: a percentage or an amount of money.
    #[schema(value_type = Off, inline, example = "12.5%")]
    off: Reduction,
    /// Only for the products with these codes, and those of `types`.
    #[schema(value_type = Vec<ProductCodeShape>, required = false, max_items = 1000)]
    products: Vec<String>,
    /// Only for products of these types, and those of `products`.
    #[schema(value_type = Vec<AnyProductType>, required = false, max_items = 100)]
    types: Vec<ProductType>,
    /// Not before; from now on when not given.
    #[schema(value_type = TimeShape, inline, required = false, example = "2026-01-31T00:00:00Z")]
    starts_at: Option<Timestamp>,
    /// Not from then on.
    #[schema(value_type = TimeShape, inline, example = "2026-02-28T00:00:00Z")]
    expires_at: Timestamp,
    /// How often it can be used by all together; `null` without a limit.
    #[schema(value_type = Option<u32>, required = false, minimum = 1, maximum = 2_147_483_647)]
    most_uses: Option<u32>,
    /// How often each customer can use it; `null` without a limit.
    #[schema(value_type = Option<u32>, required = false, minimum = 1, maximum = 2_147_483_647)]
    most_uses_each: Option<u32>,
    /// The one customer it is for; `null` for everybody.
    #[schema(value_type = Option<i64>, required = false, minimum = 1)]
    customer: Option<CustomerId>,
    /// Whether customers see it in their list; they do when not given.
    #[schema(value_type = bool, required = false, default = true)]
    listed: Option<bool>,
}

impl Wish for CouponWish {
    fn read(members: &mut Members) -> Option<Self> {
        let code = members.required("code", pricing::coupon_code);
        let name = members.optional("name", pricing::name);
        let off = members.required("off", pricing::reduction);
        let products = members.optional("products", |given| read::all(given, MOST_PRODUCTS, pricing::product_code));
        let any = |given: Given<'_>| read::product_type(given, |_| true);
        let types = members.optional("types", |given| read::all(given, 100, any));
        let starts_at = members.optional("starts_at", read::time);
        let expires_at = members.required("expires_at", read::time);
        let most_uses = members.optional("most_uses", uses).flatten();
        let most_uses_each = members.optional("most_uses_each", uses).flatten();
        let customer = |given: Given<'_>| read::integer(given, 1..=i64::MAX).map(CustomerId::new);
        let customer = members.optional("customer", |given| nullable(given, customer)).flatten();
        let listed = members.optional("listed", read::flag);
        Some(Self {
            code: code?,
            name,
            off: off?,
            products: products.unwrap_or_default(),
            types: types.unwrap_or_default(),
            starts_at,
            expires_at: expires_at?,
            most_uses,
            most_uses_each,
            customer,
            listed,
        })
    }
}

/// A number of uses, or `null` for no limit.
fn uses(given: Given<'_>) -> Result<Option<u32>, String> {
    nullable(given, |given| read::count(given, 1..=read::HIGHEST_LIMIT))
}

/// Another number of uses, or `null` for no limit any more.
fn limit(given: Given<'_>) -> Result<LimitChange, String> {
    Ok(uses(given)?.map_or(LimitChange::Lifted, LimitChange::Set))
}

pub(crate) async fn add(desk: Desk, wish: CouponWish) -> Result<Coupon, Problem> {
    let coupon = NewCoupon {
        name: wish.name.unwrap_or_else(|| wish.code.to_string()),
        code: wish.code,
        reduction: wish.off,
        scope: CouponScope { products: wish.products, types: wish.types },
        starts_at: wish.starts_at.unwrap_or_else(|| desk.service.now()),
        expires_at: wish.expires_at,
        most_uses: wish.most_uses,
        most_uses_each: wish.most_uses_each,
        customer: wish.customer,
        listed: wish.listed.unwrap_or(true),
    };
    Ok(Coupon::of(&desk.acting(Coupon::of).add_coupon(&desk.actor, coupon).await?))
}

/// What is left out stays. Orders that took the coupon keep what it took off.
#[derive(ToSchema)]
pub(crate) struct Change {
    #[schema(value_type = NameLineShape, inline, required = false)]
    name: Option<String>,
    #[schema(value_type = TimeShape, inline, required = false)]
    starts_at: Option<Timestamp>,
    #[schema(value_type = TimeShape, inline, required = false)]
    expires_at: Option<Timestamp>,
    /// Never fewer than were used; `null` without a limit.
    #[schema(value_type = Option<u32>, required = false, minimum = 1, maximum = 2_147_483_647)]
    most_uses: LimitChange,
    /// `null` without a limit.
    #[schema(value_type = Option<u32>, required = false, minimum = 1, maximum = 2_147_483_647)]
    most_uses_each: LimitChange,
    /// Whether customers see it in their list.
    #[schema(value_type = bool, required = false)]
    listed: Option<bool>,
    /// Whether it can be used.
    #[schema(value_type = bool, required = false)]
    enabled: Option<bool>,
}

impl Wish for Change {
    fn read(members: &mut Members) -> Option<Self> {
        members.must_hold_something();
        Some(Self {
            name: members.optional("name", pricing::name),
            starts_at: members.optional("starts_at", read::time),
            expires_at: members.optional("expires_at", read::time),
            most_uses: members.optional("most_uses", limit).unwrap_or_default(),
            most_uses_each: members.optional("most_uses_each", limit).unwrap_or_default(),
            listed: members.optional("listed", read::flag),
            enabled: members.optional("enabled", read::flag),
        })
    }
}

pub(crate) async fn change(desk: Desk, wish: Change) -> Result<Coupon, Problem> {
    let Change { name, starts_at, expires_at, most_uses, most_uses_each, listed, enabled } = wish;
    let change = CouponChange { name, starts_at, expires_at, most_uses, most_uses_each, listed, enabled };
    let coupon = desk.place("coupon").map(CouponId::new)?;
    Ok(Coupon::of(&desk.acting(Coupon::of).change_coupon(&desk.actor, coupon, change).await?))
}
