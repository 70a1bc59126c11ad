//! What a section begins with: a shop that sells a product of each type, what customers read, and customers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use turnpike_domain::activity::{ActivityEntry, Aim, Reason};
use turnpike_domain::catalogue::{Catalogue, Draft, Listed, Sku, Terms};
use turnpike_domain::connection::Protocol;
use turnpike_domain::coupon::{CouponCode, CouponScope, NewCoupon, Percent, Reduction};
use turnpike_domain::exit::ExitFields;
use turnpike_domain::ids::{AccountId, ProductId};
use turnpike_domain::money::Money;
use turnpike_domain::product::ProductType;
use turnpike_domain::recharge::Tier;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_service::{Adjustment, StaticIpSheet};
use turnpike_testkit::stores::TestStore;

use super::Who;
use crate::given::{Customer, Given, listen, operator};

/// Four datacenter addresses in Japan and one in the United States; a residential one in Japan.
const INVENTORY: &str = "ip,kind,country,region,city\n127.14.81.1,14,JP,,\n127.14.81.2,14,JP,,\n127.14.81.3,14,JP,,\n\
    127.14.81.4,14,JP,,\n127.14.1.1,14,US,,\n127.25.81.1,25,JP,Tokyo,Chiyoda\n";

/// Whence everybody calls.
pub(super) const HOME: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)), 50_000);

/// The API, and who calls it.
pub(super) struct World {
    pub(super) given: Given,
    anna: Customer,
    ben: Customer,
}

impl World {
    pub(super) async fn over(store: &TestStore) -> Self {
        let given = Given::over(store);
        let tier = Tier { amount: "100".parse().unwrap(), ratio: "1.05".parse().unwrap() };
        let catalogue = Catalogue { products: catalogue(), tiers: Some(vec![tier]) };
        given.service.load_catalogue(&operator(), catalogue).await.unwrap();
        let sheet = StaticIpSheet::read(INVENTORY.as_bytes());
        given.service.import_static_ips(&operator(), sheet, Arc::default()).await.unwrap();
        given.service.add_article(&operator(), "Maintenance", "On Sunday.\nAt noon.").await.unwrap();
        coupon(&given).await;
        exits(&given).await;
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        let amount = Money::from_minor(100_000_000).unwrap();
        let adjustment = Adjustment { customer: anna.id, amount, key: None, reason: "a gift".to_owned() };
        given.service.adjust_balance(&operator(), adjustment).await.unwrap();
        given.service.note_activity(vec![failure(&anna, given.service.now())]).await.unwrap();
        for product_type in [ProductType::DynamicTraffic, ProductType::IdcTraffic] {
            given.package(&anna, product_type, ["2026-03-01", "2026-04-01"]).await;
        }
        tokio::spawn(listen(given.service.clone()));
        Self { given, anna, ben }
    }

    pub(super) const fn customer(&self, who: Who) -> &Customer {
        match who {
            Who::Anna => &self.anna,
            Who::Ben => &self.ben,
        }
    }
}

/// A connection that its target refused.
fn failure(customer: &Customer, at: Timestamp) -> ActivityEntry {
    ActivityEntry {
        at,
        customer: customer.id,
        account: Some(AccountId::new(1)),
        username: "user01".to_owned(),
        endpoint: None,
        endpoint_port: None,
        protocol: Some(Protocol::Connect),
        target: Some(Aim { host: "example.com".to_owned(), port: 443 }),
        place: Some("US/California/LosAngeles".to_owned()),
        reason: Reason::ConnectRefused,
        status: Some(502),
        count: 1,
    }
}

/// One exit for traffic, whose cities are known in part, and one for time plans.
async fn exits(given: &Given) {
    let places = "US/California/LosAngeles|US/NorthCarolina|SG//Singapore|DE";
    for (name, places, product_types) in [("traffic", places, "9"), ("plans", "JP/Tokyo/Tokyo", "11")] {
        let fields = ExitFields { name, route: "direct", places, product_types, ..ExitFields::default() };
        let (name, terms) = fields.read().unwrap();
        given.service.add_exit(&operator(), name, terms).await.unwrap();
    }
}

/// 10 percent off traffic, once for each customer.
async fn coupon(given: &Given) {
    let now = given.service.now();
    let coupon = NewCoupon {
        code: CouponCode::parse("SPRING").unwrap(),
        name: "Spring".to_owned(),
        reduction: Reduction::Percent(Percent::from_hundredths(1000).unwrap()),
        scope: CouponScope { types: vec![ProductType::DynamicTraffic], ..CouponScope::default() },
        starts_at: now,
        expires_at: now.plus(Span::from_days(7)),
        most_uses: None,
        most_uses_each: Some(1),
        customer: None,
        listed: true,
    };
    given.service.add_coupon(&operator(), coupon).await.unwrap();
}

/// Product 1 is a recharge, and so on.
fn catalogue() -> Vec<Listed> {
    let gigabyte = Some(Bytes::new(1 << 30));
    let datacenter = Some(ProductType::StaticDatacenterIp);
    let sku = |id, price: i64| vec![Sku { id, title: "A part".to_owned(), value: 100, price: cents(price) }];
    let parts = Terms { bandwidth: sku(1, 250), concurrency: sku(2, 0), ..Terms::default() };
    let products = [
        product(1, ProductType::Recharge, 100),
        Draft { size: gigabyte, ..product(2, ProductType::DynamicTraffic, 500) },
        Draft { terms: parts, ..product(3, ProductType::DynamicTimePlan, 900) },
        Draft { size: gigabyte, ..product(4, ProductType::IdcTraffic, 400) },
        product(5, ProductType::StaticDatacenterIp, 200),
        product(6, ProductType::StaticResidentialIp, 1000),
        Draft { ip_type: datacenter, ..product(7, ProductType::StaticIpRenewal, 150) },
        product(8, ProductType::StaticIpChangeQuota, 50),
        Draft { size: gigabyte, ip_type: datacenter, ..product(9, ProductType::StaticTrafficAddOn, 300) },
        product(10, ProductType::OrderTopUp, 0),
        Draft { size: gigabyte, stock: Some(1), ..product(11, ProductType::DynamicTraffic, 500) },
        product(12, ProductType::Serp, 100),
    ];
    products.map(|draft| Listed { draft, keeps_stock: false }).to_vec()
}

fn cents(minor: i64) -> Money {
    Money::from_minor(minor).unwrap()
}

fn product(id: i64, product_type: ProductType, price: i64) -> Draft {
    Draft {
        id: Some(ProductId::new(id)),
        code: format!("p{id}"),
        product_type,
        name: format!("Name {id}"),
        title: format!("Title {id}"),
        description: String::new(),
        on_sale: true,
        rank: id,
        price: cents(price),
        size: None,
        validity: Span::from_days(30),
        ip_type: None,
        least: 1,
        most: 500,
        stock: None,
        terms: Terms::default(),
    }
}
