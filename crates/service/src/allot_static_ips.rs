//! Static IPs that an order pays for: taken from the inventory in the order's transaction, and given with an account to
//! reach them by.

use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::{CustomerId, HoldingId, OrderId, StaticIpId};
use turnpike_domain::product::ProductType;
use turnpike_domain::remark::Remark;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::LimitGb;
use turnpike_store::account::{self, Terms};
use turnpike_store::feed::Changed;
use turnpike_store::holding::{self, NewHoldings};
use turnpike_store::{Tx, static_ip};

use crate::error::{ServiceError, look_again};
use crate::service::Service;
use crate::source::draw;
use crate::static_ip_ports::{self, Holder};

/// What names and passwords are drawn from: nothing that is mistaken for something else.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// What an order pays for.
#[derive(Clone, Debug)]
pub(crate) struct Allotment {
    pub(crate) customer: CustomerId,
    pub(crate) order: OrderId,
    /// The kind of the addresses: 14 or 25.
    pub(crate) product_type: ProductType,
    /// How many in which country.
    pub(crate) regions: Vec<(CountryCode, u32)>,
    pub(crate) expires_at: Timestamp,
    pub(crate) now: Timestamp,
}

/// Gives the addresses, all of them or none: the holdings' numbers, ascending.
///
/// # Errors
/// [`ServiceError::OutOfStockIn`] names a country with too few for sale.
pub(crate) async fn allot(
    service: &Service,
    tx: &mut Tx,
    allotment: &Allotment,
) -> Result<Vec<HoldingId>, ServiceError> {
    let Allotment { customer, order, product_type, expires_at, now, .. } = allotment;
    let ips = take(tx, allotment).await?;
    let (customer, order, product_type) = (*customer, *order, *product_type);
    let new = NewHoldings { customer, order, product_type, starts_at: *now, expires_at: *expires_at };
    let holdings = holding::insert(tx, &new, &ips).await?;
    static_ip_ports::provide(service, tx, Holder { customer, product_type }, &holdings, *now).await?;
    provide_account(service, tx, (customer, product_type), *now).await?;
    tx.announce(Changed::Customer(customer), *now);
    Ok(holdings)
}

/// Country after country in one order for all, so that nobody waits for whom who waits for him.
async fn take(tx: &mut Tx, allotment: &Allotment) -> Result<Vec<(StaticIpId, CountryCode)>, ServiceError> {
    let mut regions = allotment.regions.clone();
    regions.sort_unstable();
    let mut ips = Vec::new();
    for (country, count) in regions {
        let taken = static_ip::take(tx, allotment.product_type, country, count).await?;
        let taken = taken.ok_or(ServiceError::OutOfStockIn(country))?;
        ips.extend(taken.into_iter().map(|ip| (ip, country)));
    }
    Ok(ips)
}

/// Makes an account of the type when the customer has none that lives. It may have one more than its quota then: what
/// is paid for must be reachable.
async fn provide_account(
    service: &Service,
    tx: &mut Tx,
    (customer, product_type): (CustomerId, ProductType),
    now: Timestamp,
) -> Result<(), ServiceError> {
    if account::oldest(tx, customer, product_type).await?.is_some() {
        return Ok(());
    }
    let Some((username, password)) = drawn(service) else { return Ok(()) };
    let credentials = service.shared.vault.credentials(service.random(), customer, username, &password)?;
    let (limit, daily_limit) = (LimitGb::UNLIMITED, LimitGb::UNLIMITED);
    let terms = Terms { remark: Remark::default(), product_type, limit, daily_limit, created_at: now };
    for added in account::insert(tx, customer, &[credentials], &terms).await.map_err(look_again)? {
        tx.announce(Changed::Account(added), now);
    }
    Ok(())
}

/// A name and a password that nobody can guess. `None` never: letters and digits can be both.
fn drawn(service: &Service) -> Option<(Username, AccountPassword)> {
    let text = |bytes: &[u8]| -> String {
        let letter = |byte: &u8| LETTERS.get(usize::from(byte & 31)).copied().map(char::from);
        bytes.iter().filter_map(letter).collect()
    };
    let (name, password): ([u8; 10], [u8; 16]) = (draw(service.random()), draw(service.random()));
    let name = Username::parse(&format!("ip{}", text(&name))).ok()?;
    // Under a prefix that leaves no room for it the name stands alone.
    let name = service.static_ip_rules().names.complete(name).unwrap_or(name);
    Some((name, AccountPassword::parse(&text(&password)).ok()?))
}
