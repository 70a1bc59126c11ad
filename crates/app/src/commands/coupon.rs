//! `turnpike coupon …`.

use std::io::Write;

use anyhow::{Context, Result, bail};
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::coupon::{Coupon, CouponCode, CouponScope, NewCoupon, Reduction};
use turnpike_domain::ids::CouponId;
use turnpike_domain::product::ProductType;
use turnpike_service::{CouponChange, Service};

use super::{acting, because, find, on_store, validity};
use crate::cli::{CouponCommand, CouponTerms, Manner};
use crate::settings::Settings;

/// How many coupons are read at once.
const PAGE: u32 = 500;

/// Runs one of the commands about coupons.
///
/// # Errors
/// When the store cannot be opened or the act is refused.
pub(crate) async fn coupon(settings: &Settings, command: CouponCommand) -> Result<()> {
    let adds = matches!(command, CouponCommand::Add { .. });
    on_store(settings, adds, async |backend| run(&backend.service, command).await).await
}

async fn run(service: &Service, command: CouponCommand) -> Result<()> {
    match command {
        CouponCommand::Add { terms, manner } => add(service, terms, manner).await,
        CouponCommand::List => list(service).await,
        CouponCommand::Enable { code, manner } => set_enabled(service, &code, manner, true).await,
        CouponCommand::Disable { code, manner } => set_enabled(service, &code, manner, false).await,
    }
}

async fn add(service: &Service, terms: CouponTerms, manner: Manner) -> Result<()> {
    let reduction = match (terms.percent, terms.amount) {
        (Some(percent), None) => Reduction::Percent(percent),
        (None, Some(amount)) => Reduction::Amount(amount),
        _ => bail!("say what it takes off: --percent or --amount"),
    };
    let (starts_at, expires_at) = validity::window(service.zone(), service.now(), &terms.validity)?;
    let customer = match &terms.customer {
        Some(who) => Some(find(service, who).await?.id),
        None => None,
    };
    let types = terms.types.iter().map(|number| ProductType::try_from(*number)).collect::<Result<_, _>>();
    let code = CouponCode::parse(&terms.code).context("CODE")?;
    let coupon = NewCoupon {
        name: terms.name.unwrap_or_else(|| code.to_string()),
        code,
        reduction,
        scope: CouponScope { products: terms.products, types: types.context("--type")? },
        starts_at,
        expires_at,
        most_uses: terms.most_uses,
        most_uses_each: terms.most_uses_each,
        customer,
        listed: !terms.unlisted,
    };
    let (service, actor) = (acting(service, &manner), because(manner.reason));
    say(&service.add_coupon(&actor, coupon).await?)
}

async fn list(service: &Service) -> Result<()> {
    let mut after: Option<CouponId> = None;
    loop {
        let coupons = service.page_coupons(None, after, PAGE).await?;
        for coupon in &coupons {
            say(coupon)?;
        }
        match coupons.last() {
            Some(last) if coupons.len() >= usize::try_from(PAGE)? => after = Some(last.id),
            _ => return Ok(()),
        }
    }
}

async fn set_enabled(service: &Service, code: &str, manner: Manner, enabled: bool) -> Result<()> {
    let code = CouponCode::parse(code).context("CODE")?;
    let found = service.page_coupons(Some(&code), None, 1).await?;
    let id = found.first().with_context(|| format!("no coupon has the code {code}"))?.id;
    let change = CouponChange { enabled: Some(enabled), ..CouponChange::default() };
    let (service, actor) = (acting(service, &manner), because(manner.reason));
    say(&service.change_coupon(&actor, id, change).await?)
}

/// One coupon in one line.
fn say(coupon: &Coupon) -> Result<()> {
    let off = match coupon.terms.reduction {
        Reduction::Percent(percent) => format!("{percent} %"),
        Reduction::Amount(amount) => amount.to_string(),
    };
    let uses = match coupon.terms.most_uses {
        Some(most) => format!("{}/{most} used", coupon.uses),
        None => format!("{} used", coupon.uses),
    };
    let (id, code, ends) = (coupon.id, coupon.terms.code.as_str(), format_rfc3339(coupon.terms.expires_at));
    let standing = if coupon.enabled { "" } else { "  disabled" };
    writeln!(
        std::io::stdout().lock(),
        "{id:>6}  {code:<24}  {off:>10} off  until {ends}  {uses:<12}  {}{standing}",
        coupon.terms.name
    )?;
    Ok(())
}
