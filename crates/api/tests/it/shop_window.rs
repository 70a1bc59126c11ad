//! What a shop shows: products, coupons, articles and the recharge bonus.

use turnpike_domain::catalogue::{Catalogue, Draft, Listed, Sku, Step, Terms};
use turnpike_domain::country::CountryCode;
use turnpike_domain::coupon::{CouponCode, CouponScope, NewCoupon, Percent, Reduction};
use turnpike_domain::product::ProductType;
use turnpike_domain::recharge::Tier;
use turnpike_domain::time::Span;
use turnpike_domain::units::Bytes;
use turnpike_service::{ArticleChange, CouponChange};
use turnpike_testkit::each_store;

use crate::given::{Given, operator};

/// A product that is listed after those before it.
fn draft(rank: i64, product_type: ProductType) -> Draft {
    let sells_traffic = product_type == ProductType::DynamicTraffic;
    Draft {
        id: None,
        code: format!("p-{rank}"),
        product_type,
        name: format!("Name {rank}"),
        title: format!("Title {rank}"),
        description: "Two\nlines".to_owned(),
        on_sale: true,
        rank,
        price: "5".parse().unwrap(),
        size: sells_traffic.then_some(Bytes::new(1 << 30)),
        validity: Span::from_days(30),
        ip_type: None,
        least: 1,
        most: 100,
        stock: None,
        terms: Terms::default(),
    }
}

async fn load(given: &Given, drafts: Vec<Draft>) {
    let tier = |amount: &str, ratio: &str| Tier { amount: amount.parse().unwrap(), ratio: ratio.parse().unwrap() };
    let listed = |draft| Listed { draft, keeps_stock: false };
    let tiers = Some(vec![tier("100", "1.05"), tier("499.50", "1.2")]);
    let catalogue = Catalogue { products: drafts.into_iter().map(listed).collect(), tiers };
    given.service.load_catalogue(&operator(), catalogue).await.unwrap();
}

async fn coupon(given: &Given, code: &str, change: impl FnOnce(&mut NewCoupon)) {
    let now = given.service.now();
    let mut coupon = NewCoupon {
        code: CouponCode::parse(code).unwrap(),
        name: "Spring".to_owned(),
        reduction: Reduction::Percent(Percent::from_hundredths(1250).unwrap()),
        scope: CouponScope::default(),
        starts_at: now,
        expires_at: now.plus(Span::from_days(7)),
        most_uses: Some(2),
        most_uses_each: Some(1),
        customer: None,
        listed: true,
    };
    change(&mut coupon);
    given.service.add_coupon(&operator(), coupon).await.unwrap();
}

each_store! {
    async fn products_on_sale_are_listed_in_their_order(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.unverified_customer("anna@example.com").await;
        let mut traffic = draft(2, ProductType::DynamicTraffic);
        traffic.terms.steps = vec![Step { from: 10, price: "4.50".parse().unwrap() }];
        traffic.stock = Some(7);
        let mut plan = draft(1, ProductType::DynamicTimePlan);
        plan.terms.bandwidth = vec![Sku { id: 3, title: "10 Mbit/s".to_owned(), value: 10_000, price: "2.50".parse().unwrap() }];
        let mut ips = draft(3, ProductType::StaticResidentialIp);
        ips.terms.countries.insert(CountryCode::parse("JP").unwrap(), "6.4".parse().unwrap());
        let hidden = Draft { on_sale: false, ..draft(4, ProductType::Serp) };
        load(&given, vec![traffic, plan, ips, hidden]).await;

        given.get(&anna, "/product?type=9").await.must_be(r#"200 {"code":0,"msg":"Success","message":"Success","data":[{"id":1,"name":"Name 2","title":"Title 2","type":9,"price":5,"description":"Two\nlines","flow":1048576,"validity":2592000,"ip_type":null,"min":1,"max":100,"stock":7,"steps":[{"from":10,"price":4.5}],"countries":{},"only_countries":false,"product_sku_bandwidth":[],"product_sku_concurrency":[]}]}"#);
        let all = given.get(&anna, "/product").await.data_0();
        let ids: Vec<_> = all.as_array().unwrap().iter().map(|product| product["id"].as_i64().unwrap()).collect();
        assert_eq!(ids, [2, 1, 3]);
        assert_eq!(all[0]["product_sku_bandwidth"].to_string(), r#"[{"id":3,"title":"10 Mbit/s","value":10000,"price":2.5}]"#);
        assert_eq!(all[2]["countries"].to_string(), r#"{"JP":6.4}"#);
        assert_eq!(given.get(&anna, "/product?type=12").await.data_0().to_string(), "[]");
        assert_eq!(given.get(&anna, "/product?type=x").await.errors("type").len(), 1);
    }

    async fn coupons_that_can_be_used_are_listed(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        load(&given, vec![draft(1, ProductType::DynamicTraffic)]).await;
        coupon(&given, "SPRING-26", |coupon| coupon.scope.types = vec![ProductType::DynamicTraffic]).await;
        coupon(&given, "SECRET", |coupon| coupon.listed = false).await;
        coupon(&given, "LATER", |coupon| coupon.starts_at = coupon.starts_at.plus(Span::from_days(1))).await;
        coupon(&given, "BENS", |coupon| coupon.customer = Some(ben.id)).await;
        coupon(&given, "FIVE", |coupon| coupon.reduction = Reduction::Amount("5".parse().unwrap())).await;
        coupon(&given, "OVER", |_| ()).await;
        let off = CouponChange { enabled: Some(false), ..CouponChange::default() };
        given.service.change_coupon(&operator(), turnpike_domain::ids::CouponId::new(6), off).await.unwrap();

        given.get(&anna, "/coupon/list").await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"list":[{"id":5,"name":"Spring","code":"FIVE","discount":5,"discount_type":"amount","expire_time":"2026-03-17T12:00:00Z","product_types":[],"products":[]},{"id":1,"name":"Spring","code":"SPRING-26","discount":12.5,"discount_type":"percent","expire_time":"2026-03-17T12:00:00Z","product_types":[9],"products":[]}],"page":1,"page_size":20,"total_count":2,"total_page":1}}"#);
        let codes = async |query: &str| {
            let list = given.get(&ben, &format!("/coupon/list{query}")).await.data()["list"].take();
            list.as_array().unwrap().iter().map(|coupon| coupon["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(codes("").await, ["FIVE", "BENS", "SPRING-26"]);
        assert_eq!(codes("?page=2&size=2").await, ["SPRING-26"]);

        // Once it was used it is gone, for Ben.
        let order = r#"{"pid":1,"pm_id":0,"coupon_sn":"spring-26"}"#;
        assert_eq!(given.post(&ben, "/order/create", order).await.data_0()["pay_fee"], 4.37);
        assert_eq!(codes("").await, ["FIVE", "BENS"]);
        assert_eq!(given.get(&anna, "/coupon/list").await.data()["total_count"], 2);
        assert_eq!(given.post(&ben, "/order/create", order).await.code(), 409);
    }

    async fn codes_of_coupons_cannot_be_guessed(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        load(&given, vec![draft(1, ProductType::DynamicTraffic)]).await;
        coupon(&given, "REAL", |coupon| (coupon.most_uses, coupon.most_uses_each) = (None, None)).await;
        let guess = async |path: &str, code: &str| {
            given.post(&anna, path, format!(r#"{{"pid":1,"pm_id":0,"coupon_sn":"{code}"}}"#)).await
        };
        // A code that is real is never counted.
        for _ in 0..30 {
            assert_eq!(guess("/order/check", "REAL").await.code(), 0);
        }
        for number in 0..20 {
            let path = if number % 2 == 0 { "/order/check" } else { "/order/create" };
            assert_eq!(guess(path, &format!("GUESS-{number}")).await.code(), 404);
        }
        let late = guess("/order/check", "GUESS-20").await;
        late.must_be(r#"429 {"code":429,"msg":"Too many coupons that do not exist, please try again in 31 seconds","message":"Too many coupons that do not exist, please try again in 31 seconds","data":null,"errors":{}}"#);
        assert_eq!(late.headers["retry-after"], "31");
        assert_eq!(guess("/order/create", "REAL").await.code(), 429);
        // Nothing stands in the way of an order without one, nor in another customer's.
        assert_eq!(given.post(&anna, "/order/create", r#"{"pid":1,"pm_id":0}"#).await.code(), 0);
        let order = r#"{"pid":1,"pm_id":0,"coupon_sn":"GUESS-21"}"#;
        assert_eq!(given.post(&ben, "/order/check", order).await.code(), 404);
    }

    async fn articles_are_read_until_they_are_withdrawn(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.unverified_customer("anna@example.com").await;
        for number in 1..=3 {
            given.service.add_article(&operator(), &format!("Title {number}"), "Two\nlines").await.unwrap();
        }
        let withdrawn = ArticleChange { withdrawn: Some(true), ..ArticleChange::default() };
        given.service.change_article(&operator(), turnpike_domain::ids::ArticleId::new(2), withdrawn).await.unwrap();
        given.get(&anna, "/article/list").await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"list":[{"id":3,"title":"Title 3","content":"Two\nlines","created_at":"2026-03-10T12:00:00Z"},{"id":1,"title":"Title 1","content":"Two\nlines","created_at":"2026-03-10T12:00:00Z"}],"page":1,"page_size":20,"total_count":2,"total_page":1}}"#);
        given.get(&anna, "/article/info?id=3").await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":{"id":3,"title":"Title 3","content":"Two\nlines","created_at":"2026-03-10T12:00:00Z"}}"#);
        let none = given.get(&anna, "/article/info?id=99").await;
        none.must_be(r#"200 {"code":404,"msg":"There is no such article","message":"There is no such article","data":null,"errors":{}}"#);
        // Withdrawn, and never there, are one answer.
        assert_eq!(given.get(&anna, "/article/info?id=2").await.body, none.body);
        for id in ["", "x", "0", "-1"] {
            let answer = given.get(&anna, &format!("/article/info?id={id}")).await;
            assert_eq!((answer.code(), answer.errors("id").len()), (400, 1), "{id}");
        }
    }

    async fn the_recharge_bonus_is_told_in_exact_numbers(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let path = "/activity/balance-recharge-gift-ratio";
        given.get(&anna, path).await.must_be(r#"200 {"code":0,"msg":"Success","message":"Success","data":{"list":[]}}"#);
        load(&given, Vec::new()).await;
        given.get(&anna, path).await.must_be(r#"200 {"code":0,"msg":"Success","message":"Success","data":{"list":[{"amount":100,"ratio":1.05},{"amount":499.5,"ratio":1.2}]}}"#);
        let new = given.unverified_customer("new@example.com").await;
        assert_eq!(given.get(&new, path).await.code(), 156);
    }
}
