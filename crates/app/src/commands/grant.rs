//! `turnpike grant`.

use std::io::Write;

use anyhow::{Context, Result, bail};
use turnpike_domain::product::ProductType;
use turnpike_domain::units::Bytes;
use turnpike_service::Grant;

use super::{acting, because, conclude, find, on_store, validity};
use crate::cli::GrantArgs;
use crate::settings::Settings;
use crate::{entropy, wiring};

/// Kilobytes in a gigabyte.
const KB_PER_GB: u64 = 1_048_576;

/// Gives a customer a package and prints its order number.
///
/// # Errors
/// When the store cannot be opened, a value makes no sense or the act is refused.
pub(crate) async fn grant(settings: &Settings, args: &GrantArgs) -> Result<()> {
    on_store(settings, false, async |backend| give(settings, args, backend).await).await
}

async fn give(settings: &Settings, args: &GrantArgs, backend: &wiring::Backend) -> Result<()> {
    let found = find(&backend.service, &args.customer).await?;
    let zone = settings.zone()?;
    let (starts_at, expires_at) = validity::window(&zone, entropy::now(), &args.validity)?;
    let grant = Grant {
        customer: found.id,
        product_type: ProductType::try_from(args.product_type)?,
        size: size(args)?,
        starts_at,
        expires_at,
        title: args.title.clone(),
    };
    let kilobytes = grant.size.kilobytes();
    let actor = because(args.manner.reason.clone());
    let trade_no = acting(&backend.service, &args.manner).grant_package(&actor, grant).await?;
    writeln!(
        std::io::stdout().lock(),
        "trade_no  {trade_no}\nsize      {kilobytes} KB\nvalid     {} to {} ({})",
        zone.format(starts_at),
        zone.format(expires_at),
        settings.zone,
    )?;
    conclude(&args.manner)
}

fn size(args: &GrantArgs) -> Result<Bytes> {
    let kilobytes = match (args.kb, args.gb) {
        (Some(kilobytes), _) => Some(kilobytes),
        (None, Some(gigabytes)) => gigabytes.checked_mul(KB_PER_GB),
        (None, None) => bail!("give a size: --kb or --gb"),
    };
    kilobytes.and_then(Bytes::from_kilobytes).context("the size is larger than the books can hold")
}
