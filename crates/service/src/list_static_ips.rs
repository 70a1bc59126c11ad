//! Static IPs as their customer sees them, and where more can be bought (contract §4).

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::{CustomerId, HoldingId};
use turnpike_domain::product::ProductType;
use turnpike_domain::static_ip::HoldingStatus;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_store::holding::{self, Holding, HoldingFilter};
use turnpike_store::package::Stretch;
use turnpike_store::{Tx, account, endpoint, static_ip};

use crate::error::ServiceError;
use crate::list_packages::Page;
use crate::service::Service;

/// Which static IPs, and which page of them.
#[derive(Clone, Debug, Default)]
pub struct StaticIpWish {
    /// Only there.
    pub country: Option<CountryCode>,
    /// Only of this kind.
    pub product_type: Option<ProductType>,
    /// Only from the order with exactly this number; a text that is no number finds nothing.
    pub trade_no: Option<String>,
    /// Only of this status.
    pub status: Option<HoldingStatus>,
    /// From 1; 0 counts as 1.
    pub page: u32,
    /// How many a page holds; 0 counts as 1.
    pub size: u32,
}

/// A static IP, and how it is reached.
#[derive(Clone, Debug)]
pub struct StaticIpView {
    /// What a renewal names.
    pub id: HoldingId,
    /// The address.
    pub ip: IpAddr,
    /// The port of the default entry that leads to it; the gateway's own when it has none.
    pub port: u16,
    /// What the gateway knows the customer and the address by; empty while there is no account of the type.
    pub username: String,
    /// The account's password; empty while there is no account of the type.
    pub password: String,
    /// Its kind.
    pub product_type: ProductType,
    /// Where it is.
    pub country: CountryCode,
    /// The state or province.
    pub region: String,
    /// The city.
    pub city: String,
    /// Whether it can be used.
    pub status: HoldingStatus,
    /// The number of its order.
    pub trade_no: TradeNo,
    /// The customer's own words on it.
    pub remark: String,
    /// Since when.
    pub starts_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Service {
    /// A page of the customer's static IPs, newest first.
    ///
    /// # Errors
    /// [`ServiceError::Vault`] when a password does not open, or the store's.
    pub async fn list_static_ips(
        &self,
        customer: CustomerId,
        wish: StaticIpWish,
    ) -> Result<Page<StaticIpView>, ServiceError> {
        self.store.snapshot(async |tx| list(self, tx, customer, &wish).await).await
    }

    /// How many static IPs of these kinds can be bought, by country.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn static_ip_regions(
        &self,
        product_types: &[ProductType],
    ) -> Result<Vec<(CountryCode, u64)>, ServiceError> {
        Ok(self.store.read(async |tx| static_ip::for_sale(tx, product_types).await).await?)
    }
}

async fn list(
    service: &Service,
    tx: &mut Tx,
    customer: CustomerId,
    wish: &StaticIpWish,
) -> Result<Page<StaticIpView>, ServiceError> {
    let (page, size) = (wish.page.max(1), wish.size.max(1));
    let none = Page { items: Vec::new(), page, size, total: 0 };
    let trade_no = match wish.trade_no.as_deref().map(TradeNo::parse) {
        Some(None) => return Ok(none),
        other => other.flatten(),
    };
    let StaticIpWish { country, product_type, status, .. } = *wish;
    let filter = HoldingFilter { holding: None, country, product_type, trade_no, status };
    let now = service.now();
    let stretch = Stretch { skip: u64::from(page - 1) * u64::from(size), most: size };
    let total = holding::count(tx, customer, &filter, now).await?;
    let found = holding::list(tx, customer, &filter, (stretch, now)).await?;
    let items = views(service, tx, customer, found, now).await?;
    Ok(Page { items, total, ..none })
}

/// One of the customer's static IPs.
pub(crate) async fn view(
    service: &Service,
    tx: &mut Tx,
    customer: CustomerId,
    holding: HoldingId,
) -> Result<StaticIpView, ServiceError> {
    let (filter, now) = (HoldingFilter { holding: Some(holding), ..HoldingFilter::default() }, service.now());
    let found = holding::list(tx, customer, &filter, (Stretch { skip: 0, most: 1 }, now)).await?;
    let mut views = views(service, tx, customer, found, now).await?;
    views.pop().ok_or(ServiceError::NoSuchHolding(holding))
}

async fn views(
    service: &Service,
    tx: &mut Tx,
    customer: CustomerId,
    found: Vec<Holding>,
    now: Timestamp,
) -> Result<Vec<StaticIpView>, ServiceError> {
    let ports: HashMap<_, _> = endpoint::of_holdings(tx, customer).await?.into_iter().collect();
    let every_gateway = service.static_ip_rules().port;
    let mut logins = BTreeMap::new();
    let mut views = Vec::with_capacity(found.len());
    for holding in found {
        let product_type = holding.product_type;
        if let std::collections::btree_map::Entry::Vacant(free) = logins.entry(product_type) {
            free.insert(login(service, tx, customer, product_type).await?);
        }
        let login = logins.get(&product_type).and_then(Option::as_ref);
        let (username, password) = match login {
            Some((name, password)) => (format!("{name}_ip-{}", holding.ip), password.clone()),
            None => (String::new(), String::new()),
        };
        let port = ports.get(&holding.id).copied().unwrap_or(every_gateway);
        let status = HoldingStatus::of(holding.expires_at, holding.state, now);
        let Holding { id, ip, country, region, city, trade_no, remark, starts_at, expires_at, .. } = holding;
        views.push(StaticIpView {
            id,
            ip,
            port,
            username,
            password,
            product_type,
            country,
            region,
            city,
            status,
            trade_no,
            remark,
            starts_at,
            expires_at,
        });
    }
    Ok(views)
}

/// Name and password of the customer's oldest live account of a type.
async fn login(
    service: &Service,
    tx: &mut Tx,
    customer: CustomerId,
    product_type: ProductType,
) -> Result<Option<(String, String)>, ServiceError> {
    let Some(found) = account::oldest(tx, customer, product_type).await? else { return Ok(None) };
    let password = service.shared.vault.account_password(customer, &found.username, &found.password_sealed)?;
    Ok(Some((found.username.to_string(), password.reveal().to_owned())))
}
