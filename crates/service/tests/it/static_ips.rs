//! Static IPs: bought, told, renewed, changed, given back, expired; never sold twice.

mod behind;
mod by_itself;
mod ports;

use std::sync::Arc;

use turnpike_domain::basket::Duration;
use turnpike_domain::catalogue::{Product, Terms};
use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::{CustomerId, HoldingId, PaymentMethod, ProductId};
use turnpike_domain::money::Money;
use turnpike_domain::product::ProductType;
use turnpike_domain::static_ip::{HoldingStatus, StaticIpDuty, StaticIpState};
use turnpike_domain::time::Span;
use turnpike_service::{
    Adjustment, Attempt, AutoRenewalWish, OrderView, ServiceError, ShopError, StaticIpFilter, StaticIpSheet,
    StaticIpView, StaticIpWish, Target, Wish,
};
use turnpike_store::{StoreError, product};
use turnpike_testkit::each_store;

use crate::given::{Given, operator, pair};

const RESIDENTIAL: ProductType = ProductType::StaticResidentialIp;
const BALANCE: PaymentMethod = PaymentMethod::new(1);
/// Sells residential addresses for 10 a piece and 30 days.
const IPS: ProductId = ProductId::new(1);
/// Renews them for 8 a month.
const RENEWAL: ProductId = ProductId::new(2);
/// Sells 10 GB of traffic for 5.
const TRAFFIC: ProductId = ProductId::new(3);
/// Sells changes for 1.
const CHANGES: ProductId = ProductId::new(4);

fn country(code: &str) -> CountryCode {
    CountryCode::parse(code).unwrap()
}

fn money(whole: i64) -> Money {
    Money::from_minor(whole * 100).unwrap()
}

fn sold(id: ProductId, product_type: ProductType, price: i64) -> Product {
    Product {
        id,
        code: format!("p{id}"),
        product_type,
        name: "A product".to_owned(),
        title: format!("Product {id}"),
        description: String::new(),
        on_sale: true,
        rank: 0,
        price: money(price),
        size: None,
        validity: Span::from_days(30),
        ip_type: Some(RESIDENTIAL),
        least: 1,
        most: 1000,
        stock: None,
        terms: Terms::default(),
    }
}

/// A shop that sells so many addresses in each of two countries, and a customer with 1000 to spend.
async fn shop(given: &Given, addresses: u8) -> CustomerId {
    let traffic = Product {
        size: Some(turnpike_domain::units::Bytes::new(10 << 30)),
        ip_type: None,
        ..sold(TRAFFIC, ProductType::DynamicTraffic, 5)
    };
    let products = [
        Product { ip_type: None, ..sold(IPS, RESIDENTIAL, 10) },
        sold(RENEWAL, ProductType::StaticIpRenewal, 8),
        traffic,
        sold(CHANGES, ProductType::StaticIpChangeQuota, 1),
    ];
    for one in products {
        let insert = given.store.write(one, |one, tx| Box::pin(product::insert(tx, one)));
        let done: Result<(), StoreError> = insert.await;
        done.unwrap();
    }
    let rows = (1..=addresses).map(|last| format!("127.1.0.{last},25,JP,Tokyo,Chiyoda\n127.2.0.{last},25,US,,\n"));
    let table = format!("ip,kind,country,region,city\n{}", rows.collect::<String>());
    import(given, &table).await.unwrap();
    rich_customer(given, "anna@example.com").await
}

async fn import(given: &Given, table: &str) -> Result<u64, ServiceError> {
    let sheet = StaticIpSheet::read(table.as_bytes());
    given.service.import_static_ips(&operator(), sheet, Arc::default()).await
}

async fn rich_customer(given: &Given, email: &str) -> CustomerId {
    let customer = given.customer(email).await;
    pay_in(given, customer, 1000).await;
    customer
}

async fn pay_in(given: &Given, customer: CustomerId, whole: i64) {
    let adjustment = Adjustment { customer, amount: money(whole), key: None, reason: "for the test".to_owned() };
    given.service.adjust_balance(&operator(), adjustment).await.unwrap();
}

async fn order(given: &Given, customer: CustomerId, wish: Wish) -> Result<OrderView, ServiceError> {
    given.service.create_order(&turnpike_service::Actor::Customer(customer), customer, wish).await
}

async fn buy(given: &Given, customer: CustomerId, regions: &[(&str, u32)]) -> Result<OrderView, ServiceError> {
    let regions = regions.iter().map(|(code, count)| (country(code), *count)).collect();
    order(given, customer, Wish { regions, ..Wish::of(IPS, BALANCE) }).await
}

async fn renew(
    given: &Given,
    customer: CustomerId,
    upids: &[HoldingId],
    duration: Duration,
) -> Result<OrderView, ServiceError> {
    let upids = upids.iter().map(|id| id.get()).collect();
    order(given, customer, Wish { upids, duration: Some(duration), ..Wish::of(RENEWAL, BALANCE) }).await
}

async fn listed(given: &Given, customer: CustomerId, wish: StaticIpWish) -> Vec<StaticIpView> {
    let page = given.service.list_static_ips(customer, StaticIpWish { page: 1, size: 100, ..wish }).await.unwrap();
    assert_eq!(page.total, u64::try_from(page.items.len()).unwrap());
    page.items
}

async fn all(given: &Given, customer: CustomerId) -> Vec<StaticIpView> {
    listed(given, customer, StaticIpWish::default()).await
}

/// How many can be bought in Japan and in the United States.
async fn for_sale(given: &Given) -> [u64; 2] {
    let regions = given.service.static_ip_regions(&[RESIDENTIAL]).await.unwrap();
    ["JP", "US"].map(|code| regions.iter().find(|(at, _)| *at == country(code)).map_or(0, |(_, number)| *number))
}

async fn logged(given: &Given, customer: CustomerId) -> Vec<Attempt> {
    let mut page = given.service.auto_renewal_log(customer, None, (1, 100)).await.unwrap();
    page.items.reverse();
    page.items
}

each_store! {
    async fn bought_addresses_are_told_with_an_account_to_reach_them_by(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 3).await;
        let order = buy(&given, anna, &[("JP", 2), ("US", 1)]).await.unwrap();
        let found = all(&given, anna).await;
        let ips: Vec<_> = found.iter().rev().map(|one| one.ip.to_string()).collect();
        assert_eq!(ips, ["127.1.0.1", "127.1.0.2", "127.2.0.1"]);
        assert_eq!(for_sale(&given).await, [1, 2]);
        let accounts = given.service.list_accounts(anna, Some(RESIDENTIAL)).await.unwrap();
        let [made] = &accounts[..] else { panic!("one account was made") };
        for one in &found {
            assert_eq!(one.username, format!("{}_ip-{}", made.username, one.ip));
            assert_eq!(one.password.as_str(), made.password.reveal());
            assert_eq!((&one.trade_no, one.status), (&order.trade_no, HoldingStatus::Active));
            assert_eq!(one.expires_at, given.now().plus(Span::from_days(30)));
        }
        let ben = rich_customer(&given, "ben@example.com").await;
        assert!(all(&given, ben).await.is_empty());
        let verification = given.service.verify().await.unwrap();
        assert!(verification.is_clean(), "{verification:?}");
    }

    async fn whoever_has_an_account_keeps_using_it(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 1).await;
        let accounts = turnpike_service::NewAccounts::of(vec![pair("mine")], RESIDENTIAL);
        given.service.add_accounts(anna, accounts).await.unwrap();
        buy(&given, anna, &[("JP", 1)]).await.unwrap();
        assert_eq!(all(&given, anna).await[0].username, "mine_ip-127.1.0.1");
        given.service.delete_accounts(anna, &[crate::given::name("mine")]).await.unwrap();
        let found = all(&given, anna).await;
        assert_eq!((found[0].username.as_str(), found[0].password.as_str()), ("", ""));
    }

    async fn what_is_not_there_is_not_sold_and_nothing_is_charged(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 2).await;
        let refused = buy(&given, anna, &[("US", 1), ("JP", 3)]).await.unwrap_err();
        assert!(matches!(refused, ServiceError::OutOfStockIn(at) if at == country("JP")), "{refused:?}");
        assert_eq!((for_sale(&given).await, given.service.balance(anna).await.unwrap()), ([2, 2], money(1000)));
        assert!(given.service.list_accounts(anna, None).await.unwrap().is_empty());
    }

    async fn fifty_at_once_get_the_five_there_are(given: &TestStore) {
        let (one, two) = (Given::over(given), Given::second(given).await);
        shop(&one, 5).await;
        let mut customers = Vec::new();
        for number in 0..50 {
            customers.push(rich_customer(&one, &format!("c{number}@example.com")).await);
        }
        let tries = customers.iter().zip([&one, &two].into_iter().cycle());
        let tries = tries.map(async |(customer, given)| {
            loop {
                match buy(given, *customer, &[("JP", 1)]).await {
                    // A busy machine has no connection left for a moment: a client asks again.
                    Err(error) if error.is_temporary() => {}
                    outcome => return outcome,
                }
            }
        });
        let outcomes = futures_util::future::join_all(tries).await;
        let sold = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        for refused in outcomes.into_iter().filter_map(Result::err) {
            assert!(matches!(refused, ServiceError::OutOfStockIn(_)), "{refused:?}");
        }
        assert_eq!((sold, for_sale(&one).await), (5, [0, 5]));
        let held = "SELECT count(DISTINCT static_ip_id) FROM holding WHERE ended_at IS NULL AND country = 'JP'";
        assert_eq!(one.number(held).await, 5);
        assert_eq!(one.number("SELECT count(*) FROM orders WHERE status = 1").await, 5);
        let paid = "SELECT CAST(sum(balance) AS BIGINT) FROM wallet";
        assert_eq!(one.number(paid).await, 51 * 100_000 - 5 * 1000);
        two.store.close().await;
    }

    async fn large_and_small_purchases_cross_without_a_deadlock(given: &TestStore) {
        let (one, two) = (Given::over(given), Given::second(given).await);
        shop(&one, 30).await;
        let mut customers = Vec::new();
        for number in 0..20 {
            customers.push(rich_customer(&one, &format!("c{number}@example.com")).await);
        }
        let wishes: [&[(&str, u32)]; 4] = [&[("JP", 2), ("US", 1)], &[("US", 2), ("JP", 1)], &[("US", 1)], &[("JP", 3)]];
        let tries = customers.iter().zip([&one, &two].into_iter().cycle()).zip(wishes.into_iter().cycle());
        let tries = tries.map(|((customer, given), wish)| buy(given, *customer, wish));
        for outcome in futures_util::future::join_all(tries).await {
            outcome.unwrap();
        }
        assert_eq!(for_sale(&one).await, [0, 10]);
        assert_eq!(one.number("SELECT count(*) FROM holding").await, 50);
        two.store.close().await;
    }

    async fn renewals_add_up_and_count_calendar_months(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 3).await;
        buy(&given, anna, &[("JP", 2)]).await.unwrap();
        let ids: Vec<_> = all(&given, anna).await.iter().map(|one| one.id).collect();
        let zone = given.service.zone().clone();
        let ends = async || {
            let found = all(&given, anna).await;
            found.iter().map(|one| zone.format(one.expires_at)).collect::<Vec<_>>()
        };
        assert_eq!(ends().await, ["2026-04-09 12:00:00"; 2]);
        let paid = renew(&given, anna, &ids, Duration::Months(2)).await.unwrap();
        assert_eq!((ends().await, paid.pay_fee), (vec!["2026-06-09 12:00:00".to_owned(); 2], money(32)));
        let paid = renew(&given, anna, &ids[..1], Duration::EndOfMonth).await.unwrap();
        assert_eq!(ends().await, ["2026-07-01 00:00:00", "2026-06-09 12:00:00"]);
        // 22 of June's 30 days, the 9th included, at 8 a month.
        assert_eq!(paid.pay_fee.to_string(), "5.87");
    }

    async fn only_ones_own_addresses_of_the_kind_are_renewed(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 3).await;
        let ben = rich_customer(&given, "ben@example.com").await;
        buy(&given, ben, &[("JP", 1)]).await.unwrap();
        let [of_ben] = &all(&given, ben).await[..] else { panic!("one") };
        for ids in [vec![of_ben.id], vec![HoldingId::new(99)]] {
            let refused = renew(&given, anna, &ids, Duration::Months(1)).await.unwrap_err();
            assert!(matches!(refused, ServiceError::NoSuchHolding(id) if id == ids[0]), "{refused:?}");
        }
        let twice = renew(&given, ben, &[of_ben.id, of_ben.id], Duration::Months(1)).await.unwrap_err();
        assert!(matches!(twice, ServiceError::NoSuchHolding(_)), "{twice:?}");
        given.store.run_raw("UPDATE product SET ip_type = 14 WHERE id = 2").await.unwrap();
        let other = renew(&given, ben, &[of_ben.id], Duration::Months(1)).await.unwrap_err();
        assert!(matches!(other, ServiceError::HoldingOfOtherType), "{other:?}");
    }

    async fn a_part_of_a_month_is_not_paid_for_and_a_whole_one_taken(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 1).await;
        buy(&given, anna, &[("JP", 1)]).await.unwrap();
        let id = all(&given, anna).await[0].id;
        let actor = turnpike_service::Actor::Customer(anna);
        let wish = |upids| Wish { upids, duration: Some(Duration::EndOfMonth), ..Wish::of(RENEWAL, PaymentMethod::new(0)) };
        let first = given.service.create_order(&actor, anna, wish(vec![id.get()])).await.unwrap();
        let second = given.service.create_order(&actor, anna, wish(vec![id.get()])).await.unwrap();
        given.service.pay_order(&actor, anna, first.trade_no, BALANCE).await.unwrap();
        let expires_at = all(&given, anna).await[0].expires_at;
        let refused = given.service.pay_order(&actor, anna, second.trade_no, BALANCE).await.unwrap_err();
        assert!(matches!(refused, ServiceError::HoldingChanged), "{refused:?}");
        assert_eq!(all(&given, anna).await[0].expires_at, expires_at);
    }

    async fn an_expired_address_can_be_renewed_until_its_grace_is_over(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 2).await;
        buy(&given, anna, &[("JP", 2)]).await.unwrap();
        let ids: Vec<_> = all(&given, anna).await.iter().map(|one| one.id).collect();
        given.pass(Span::from_days(24));
        let status = async || all(&given, anna).await.iter().map(|one| one.status.number()).collect::<Vec<_>>();
        assert_eq!(status().await, [3, 3]);
        given.pass(Span::from_days(7));
        let fed = given.number("SELECT seq FROM feed_head").await;
        assert_eq!(given.service.end_static_ips().await.unwrap(), 0);
        assert_eq!((status().await, given.number("SELECT seq FROM feed_head").await), (vec![2, 2], fed + 1));
        assert_eq!(given.service.end_static_ips().await.unwrap(), 0);
        assert_eq!(given.number("SELECT seq FROM feed_head").await, fed + 1);
        let too_late = renew(&given, anna, &ids[..1], Duration::EndOfMonth).await;
        assert!(too_late.is_ok(), "April is not over: {too_late:?}");
        given.pass(Span::from_days(3));
        assert_eq!(given.service.end_static_ips().await.unwrap(), 1);
        assert_eq!((status().await, for_sale(&given).await), (vec![1], [1, 2]));
        let refused = renew(&given, anna, &ids[1..], Duration::Months(1)).await.unwrap_err();
        assert!(matches!(refused, ServiceError::NoSuchHolding(id) if id == ids[1]), "{refused:?}");
        let ben = rich_customer(&given, "ben@example.com").await;
        buy(&given, ben, &[("JP", 1)]).await.unwrap();
    }

    async fn a_renewal_that_would_be_over_already_is_refused(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 1).await;
        buy(&given, anna, &[("JP", 1)]).await.unwrap();
        let id = all(&given, anna).await[0].id;
        given.store.run_raw("UPDATE holding SET expires_at = expires_at - 777600000").await.unwrap();
        // It expired on the 31st of March, and this is the 1st of April.
        given.pass(Span::from_days(22));
        let refused = renew(&given, anna, &[id], Duration::EndOfMonth).await.unwrap_err();
        assert!(matches!(refused, ServiceError::RenewalTooShort), "{refused:?}");
        renew(&given, anna, &[id], Duration::Months(1)).await.unwrap();
        assert_eq!(given.service.zone().format(all(&given, anna).await[0].expires_at), "2026-04-30 12:00:00");
    }

    async fn an_address_is_changed_out_of_the_changes_that_were_bought(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 2).await;
        buy(&given, anna, &[("JP", 1)]).await.unwrap();
        let before = all(&given, anna).await.remove(0);
        let change = async |to: Option<&str>| given.service.change_static_ip(anna, before.id, to.map(country)).await;
        let refused = change(None).await.unwrap_err();
        assert!(matches!(refused, ServiceError::NoIpChanges), "{refused:?}");
        assert_eq!(for_sale(&given).await, [1, 2]);
        order(&given, anna, Wish { amount: Some(2), ..Wish::of(CHANGES, BALANCE) }).await.unwrap();
        for elsewhere in ["US", "DE"] {
            let refused = change(Some(elsewhere)).await.unwrap_err();
            assert!(matches!(refused, ServiceError::HeldElsewhere(at) if at == country("JP")), "{refused:?}");
        }
        let after = change(None).await.unwrap();
        assert_eq!((after.id, after.ip.to_string(), after.expires_at), (before.id, "127.1.0.2".to_owned(), before.expires_at));
        let after = change(Some("JP")).await.unwrap();
        assert_eq!((after.ip.to_string(), after.country), ("127.1.0.1".to_owned(), country("JP")));
        assert_eq!(for_sale(&given).await, [1, 2]);
        assert!(matches!(change(None).await.unwrap_err(), ServiceError::NoIpChanges));
        let set = async |ip: &str, duty| given.service.set_static_ip_duty(&operator(), ip.parse().unwrap(), duty).await;
        set("127.1.0.1", StaticIpDuty::Maintenance).await.unwrap();
        // What cannot be used is changed at no charge, and only what cannot.
        assert_eq!(change(None).await.unwrap().ip.to_string(), "127.1.0.2");
        assert!(matches!(change(None).await.unwrap_err(), ServiceError::OutOfStockIn(_)));
        set("127.1.0.1", StaticIpDuty::Normal).await.unwrap();
        assert!(matches!(change(None).await.unwrap_err(), ServiceError::NoIpChanges));
        let ben = given.customer("ben@example.com").await;
        let foreign = given.service.change_static_ip(ben, before.id, None).await.unwrap_err();
        assert!(matches!(foreign, ServiceError::NoSuchHolding(_)), "{foreign:?}");
        given.pass(Span::from_days(30));
        assert!(matches!(change(None).await.unwrap_err(), ServiceError::HoldingExpired));
    }

    async fn maintenance_is_told_and_nothing_in_it_is_sold(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 2).await;
        buy(&given, anna, &[("JP", 1)]).await.unwrap();
        let set = async |ip: &str, duty| given.service.set_static_ip_duty(&operator(), ip.parse().unwrap(), duty).await;
        for ip in ["127.1.0.1", "127.1.0.2"] {
            assert_eq!(set(ip, StaticIpDuty::Maintenance).await.unwrap().state, StaticIpState::Maintenance);
        }
        assert_eq!(all(&given, anna).await[0].status, HoldingStatus::Maintenance);
        assert_eq!(for_sale(&given).await, [0, 2]);
        let refused = set("127.1.0.1", StaticIpDuty::Withdrawn).await.unwrap_err();
        assert!(matches!(refused, ServiceError::StaticIpHeld), "{refused:?}");
        let moved = given.service.replace_static_ip(&operator(), "127.1.0.1".parse().unwrap(), Some(country("US"))).await.unwrap();
        assert_eq!((moved.ip.to_string(), moved.state), ("127.2.0.1".to_owned(), StaticIpState::Held));
        assert_eq!(moved.holder.unwrap().customer, anna);
        let nobody = given.service.replace_static_ip(&operator(), "127.1.0.1".parse().unwrap(), None).await.unwrap_err();
        assert!(matches!(nobody, ServiceError::NotHeld), "{nobody:?}");
        assert_eq!(set("127.1.0.1", StaticIpDuty::Withdrawn).await.unwrap().state, StaticIpState::Withdrawn);
        assert_eq!(set("127.1.0.2", StaticIpDuty::Normal).await.unwrap().state, StaticIpState::ForSale);
        assert_eq!(set("127.2.0.1", StaticIpDuty::Normal).await.unwrap().state, StaticIpState::Held);
        assert!(matches!(set("127.9.9.9", StaticIpDuty::Normal).await.unwrap_err(), ServiceError::NoSuchStaticIp));
        assert_eq!(for_sale(&given).await, [1, 1]);
    }

    async fn a_refund_gives_the_addresses_back(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 2).await;
        let order = buy(&given, anna, &[("JP", 2)]).await.unwrap();
        assert_eq!(for_sale(&given).await, [0, 2]);
        given.service.refund_order(&operator(), order.trade_no, None).await.unwrap();
        assert_eq!((for_sale(&given).await, all(&given, anna).await.len()), ([2, 2], 0));
        assert_eq!(given.service.balance(anna).await.unwrap(), money(1000));
    }

    async fn a_list_is_cut_by_every_filter(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 4).await;
        let first = buy(&given, anna, &[("JP", 2), ("US", 1)]).await.unwrap();
        given.pass(Span::from_days(24));
        buy(&given, anna, &[("US", 2)]).await.unwrap();
        given.service.set_static_ip_duty(&operator(), "127.2.0.2".parse().unwrap(), StaticIpDuty::Maintenance).await.unwrap();
        let count = async |wish| listed(&given, anna, wish).await.len();
        let any = StaticIpWish::default;
        assert_eq!(count(any()).await, 5);
        assert_eq!(count(StaticIpWish { country: Some(country("JP")), ..any() }).await, 2);
        assert_eq!(count(StaticIpWish { product_type: Some(ProductType::StaticDatacenterIp), ..any() }).await, 0);
        assert_eq!(count(StaticIpWish { trade_no: Some(first.trade_no.to_string()), ..any() }).await, 3);
        assert_eq!(count(StaticIpWish { trade_no: Some("x".to_owned()), ..any() }).await, 0);
        for (status, expected) in [(1, 1), (2, 0), (3, 3), (4, 1)] {
            let wish = StaticIpWish { status: HoldingStatus::from_number(status), ..any() };
            let found = listed(&given, anna, wish).await;
            assert_eq!(found.len(), expected, "status {status}");
            assert!(found.iter().all(|one| one.status.number() == status));
        }
        let page = given.service.list_static_ips(anna, StaticIpWish { page: 2, size: 2, ..any() }).await.unwrap();
        assert_eq!((page.items.len(), page.total), (2, 5));
    }

    async fn a_table_is_taken_over_whole_or_not_at_all(given: &TestStore) {
        let given = Given::over(given);
        assert_eq!(import(&given, "ip,kind,country\n127.1.0.1,14,JP\n127.1.0.2,25,JP\n").await.unwrap(), 2);
        let refused =
            import(&given, "ip,kind,country\n127.1.0.3,14,JP\n\n127.1.0.2,14,US\n127.1.0.4,9,US\n").await.unwrap_err();
        let ServiceError::Sheet(faults) = refused else { panic!("{refused:?}") };
        let told: Vec<_> = faults.rows.iter().map(ToString::to_string).collect();
        assert_eq!(told, [
            "line 4: ip: 127.1.0.2 is in the inventory already", "line 5: kind: must be 14 (datacenter) or 25 (residential)",
        ]);
        let sheet = StaticIpSheet::read(b"ip,kind,country\n127.1.0.3,14,JP\n");
        let rehearsed = given.service.rehearsing().import_static_ips(&operator(), sheet, Arc::default()).await;
        assert_eq!(rehearsed.unwrap(), 1);
        let page = given.service.page_static_ips(&StaticIpFilter::default(), None, 10).await.unwrap();
        assert_eq!(page.iter().map(|one| one.ip.to_string()).collect::<Vec<_>>(), ["127.1.0.1", "127.1.0.2"]);
    }

    async fn a_hundred_thousand_addresses_are_taken_over_quickly(given: &TestStore) {
        let given = Given::over(given);
        let rows = (0..100_000_u32).map(|row| {
            let [_, a, b, c] = row.to_be_bytes();
            format!("10.{a}.{b}.{c},{},{},Some Region,A City\n", if row % 2 == 0 { 14 } else { 25 }, if row % 3 == 0 { "JP" } else { "US" })
        });
        let table = format!("ip,kind,country,region,city\n{}", rows.collect::<String>());
        let done = Arc::default();
        let began = std::time::Instant::now();
        let sheet = StaticIpSheet::read(table.as_bytes());
        let added = given.service.import_static_ips(&operator(), sheet, Arc::clone(&done)).await.unwrap();
        assert!(began.elapsed() < std::time::Duration::from_mins(1), "{:?}", began.elapsed());
        assert_eq!((added, done.load(std::sync::atomic::Ordering::Relaxed)), (100_000, 100_000));
        assert_eq!(given.number("SELECT count(*) FROM static_ip WHERE state = 0").await, 100_000);
    }
}
