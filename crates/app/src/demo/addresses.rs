//! The demo's static IPs: addresses of this machine alone, of both kinds and in two countries, so that everything about
//! them can be tried.

use std::fmt::Write;
use std::sync::Arc;

use anyhow::Result;
use turnpike_service::{Actor, Service, StaticIpFilter, StaticIpSheet};

/// How many there are of each kind in each country.
const EACH: u8 = 12;
/// The third number of the addresses, and where they are said to be.
const PLACES: [(u8, &str); 2] = [(81, "JP,Tokyo,Chiyoda"), (1, "US,California,LosAngeles")];

/// Fills an inventory that has nothing; another one is left alone.
///
/// # Errors
/// Only the store's.
pub(super) async fn fill(service: &Service) -> Result<()> {
    if !service.page_static_ips(&StaticIpFilter::default(), None, 1).await?.is_empty() {
        return Ok(());
    }
    let sheet = StaticIpSheet::read(table()?.as_bytes());
    service.import_static_ips(&Actor::Operator("demo".to_owned()), sheet, Arc::default()).await?;
    Ok(())
}

fn table() -> Result<String> {
    let mut table = "ip,kind,country,region,city,note\n".to_owned();
    for kind in [14, 25] {
        for (third, place) in PLACES {
            for last in 1..=EACH {
                writeln!(table, "127.{kind}.{third}.{last},{kind},{place},demo")?;
            }
        }
    }
    Ok(table)
}
