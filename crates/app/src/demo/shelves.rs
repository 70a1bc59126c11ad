//! What the demo's shop has on its shelves: the starter catalogue, a coupon and an article.

use std::path::Path;

use anyhow::{Context, Result, bail};
use turnpike_domain::coupon::{CouponCode, CouponScope, NewCoupon, Percent, Reduction};
use turnpike_domain::time::Span;
use turnpike_service::{Actor, Service};

use crate::catalogue::{CatalogueFile, STARTER};

/// The demo's coupon, which takes a tenth off once for each customer.
const COUPON: &str = "WELCOME-10";
/// Hundredths of a percent that it takes off.
const OFF: u16 = 1000;
/// How long it lasts.
const COUPON_DAYS: i64 = 365;
/// What customers read.
const ARTICLE: (&str, &str) = (
    "Welcome",
    "Everything in this shop can be tried with play money. The coupon WELCOME-10 takes 10 % off one order.",
);

/// Fills the shelves of a shop that sells nothing yet; one that does is left alone.
///
/// # Errors
/// Only the store's: what is filled in is part of the binary.
pub(super) async fn fill(service: &Service) -> Result<()> {
    let (products, _) = service.catalogue().await?;
    if !products.is_empty() {
        return Ok(());
    }
    let operator = Actor::Operator("demo".to_owned());
    let Ok(starter) = CatalogueFile::read(Path::new("starter.toml"), STARTER) else { bail!("the starter catalogue") };
    service.load_catalogue(&operator, starter.catalogue).await?;
    let now = service.now();
    let coupon = NewCoupon {
        code: CouponCode::parse(COUPON)?,
        name: "Welcome".to_owned(),
        reduction: Reduction::Percent(Percent::from_hundredths(OFF).context("a share")?),
        scope: CouponScope::default(),
        starts_at: now,
        expires_at: now.plus(Span::from_days(COUPON_DAYS)),
        most_uses: None,
        most_uses_each: Some(1),
        customer: None,
        listed: true,
    };
    service.add_coupon(&operator, coupon).await?;
    service.add_article(&operator, ARTICLE.0, ARTICLE.1).await?;
    Ok(())
}
