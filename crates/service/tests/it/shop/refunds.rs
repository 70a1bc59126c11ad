//! Refunds: in proportion to what is unused, and that is taken away.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::time::Span;
use turnpike_service::{Grant, ShopError, Wish};
use turnpike_testkit::each_store;

use super::{
    ADD_ON, ADDRESS, BALANCE, CHANGES, LATER, PLAN, RECHARGE, RENEWAL, Shop, TOP_UP, TRAFFIC, country, money, refusal,
    wish,
};
use crate::given::{GB, TYPE, operator};

each_store! {
    async fn unused_traffic_is_paid_back_and_gone(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "20").await;
        let account = shop.account(anna, "alpha").await;
        let order = shop.order(anna, Wish { amount: Some(4), ..wish(TRAFFIC, BALANCE) }).await.unwrap();
        shop.bill(account, GB).await;
        let shown = shop.service.rehearsing().refund_order(&operator(), order.trade_no.clone(), None).await.unwrap();
        assert_eq!(shown.amount, money("15"));
        assert_eq!(shop.look(&order).await.status, OrderStatus::Paid);
        let refund = shop.refund(&order.trade_no).await.unwrap();
        assert_eq!((refund.amount, refund.unused.ten_thousandths()), (money("15"), 7500));
        assert_eq!((refund.order.status, refund.order.refunded), (OrderStatus::Refunded, money("15")));
        assert_eq!(shop.balance(anna).await, "15.00");
        assert!(shop.ask(account).await.is_err(), "what was taken back can still be used");
        assert_eq!(refusal(shop.refund(&order.trade_no).await), ShopError::OrderStands(OrderStatus::Refunded));
        shop.agrees().await;
    }

    async fn a_reduced_price_is_paid_back_as_it_was_reduced(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "20").await;
        let code = shop.coupon("HALF", 1).await;
        let order = shop.order(anna, Wish { coupon: Some(code), ..wish(TRAFFIC, BALANCE) }).await.unwrap();
        assert_eq!(shop.refund(&order.trade_no).await.unwrap().amount, money("2.5"));
        assert_eq!(shop.balance(anna).await, "20.00");
        // The coupon stays used.
        assert_eq!(shop.number("SELECT uses FROM coupon").await, 1);
        shop.agrees().await;
    }

    async fn the_operator_may_pay_back_another_amount_up_to_the_price(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "20").await;
        let order = shop.order(anna, wish(TRAFFIC, BALANCE)).await.unwrap();
        let refund = async |amount: &str| {
            shop.service.refund_order(&operator(), order.trade_no.clone(), Some(money(amount))).await
        };
        assert_eq!(refusal(refund("5.01").await), ShopError::RefundTooHigh { most: money("5") });
        assert_eq!(refusal(refund("-1").await), ShopError::RefundTooHigh { most: money("5") });
        assert_eq!(refund("1.23").await.unwrap().amount, money("1.23"));
        assert_eq!(shop.balance(anna).await, "16.23");
        shop.agrees().await;
    }

    async fn a_recharge_goes_back_with_its_bonus_as_far_as_it_is_unspent(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "0").await;
        let recharge = Wish { recharge: Some(money("100")), ..wish(RECHARGE, LATER) };
        let order = shop.order(anna, recharge).await.unwrap();
        shop.transfer("T-1", &order, "100").await;
        shop.order(anna, Wish { amount: Some(12), ..wish(TRAFFIC, BALANCE) }).await.unwrap();
        assert_eq!(shop.balance(anna).await, "60.00");
        let refused = shop.service.refund_order(&operator(), order.trade_no.clone(), Some(money("1"))).await;
        assert!(matches!(refusal(refused), ShopError::NotRefundable(_)));
        let refund = shop.refund(&order.trade_no).await.unwrap();
        assert_eq!((refund.amount, refund.bonus), (money("50"), money("10")));
        assert_eq!(shop.balance(anna).await, "0.00");
        assert_eq!(shop.number("SELECT CAST(sum(amount) AS BIGINT) FROM posting WHERE book = 2").await, -5000);
        assert_eq!(shop.number("SELECT CAST(sum(amount) AS BIGINT) FROM posting WHERE book = 4").await, -1000);
        shop.agrees().await;
    }

    async fn time_is_paid_back_by_the_day(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "100").await;
        let plan = Wish { bandwidth: Some(1), concurrency: Some(7), ..wish(PLAN, BALANCE) };
        let plan = shop.order(anna, plan).await.unwrap();
        let addresses = Wish { regions: vec![(country("JP"), 5)], ..wish(ADDRESS, BALANCE) };
        let addresses = shop.order(anna, addresses).await.unwrap();
        assert_eq!((plan.pay_fee, addresses.pay_fee), (money("12"), money("10")));
        shop.pass(Span::from_days(15));
        assert_eq!(shop.refund(&plan.trade_no).await.unwrap().amount, money("6"));
        assert_eq!(shop.number("SELECT count(*) FROM static_ip WHERE state = 1").await, 5);
        assert_eq!(shop.refund(&addresses.trade_no).await.unwrap().amount, money("5"));
        assert_eq!(shop.number("SELECT count(*) FROM static_ip WHERE state = 0").await, 8);
        assert_eq!(shop.balance(anna).await, "89.00");
        shop.agrees().await;
    }

    async fn what_has_expired_is_used_up(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "100").await;
        let traffic = shop.order(anna, wish(TRAFFIC, BALANCE)).await.unwrap();
        let add_on = shop.order(anna, wish(ADD_ON, BALANCE)).await.unwrap();
        shop.pass(Span::from_days(30));
        for order in [&traffic, &add_on] {
            assert_eq!(shop.refund(&order.trade_no).await.unwrap().amount, money("0"));
        }
        assert_eq!(shop.balance(anna).await, "92.00");
        shop.agrees().await;
    }

    async fn a_renewal_is_taken_off_the_end(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "100").await;
        let addresses = Wish { regions: vec![(country("JP"), 1)], ..wish(ADDRESS, BALANCE) };
        shop.order(anna, addresses).await.unwrap();
        let first_end = shop.number("SELECT expires_at FROM holding").await;
        let upids = vec![shop.number("SELECT id FROM holding").await];
        let renewal = shop.order(anna, Wish { upids, ..wish(RENEWAL, BALANCE) }).await.unwrap();
        assert!(shop.number("SELECT expires_at FROM holding").await > first_end);
        assert_eq!(shop.refund(&renewal.trade_no).await.unwrap().amount, money("1.5"));
        assert_eq!(shop.number("SELECT expires_at FROM holding").await, first_end);
        shop.agrees().await;
    }

    async fn changes_that_were_not_made_are_paid_back(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "100").await;
        let order = shop.order(anna, Wish { amount: Some(4), ..wish(CHANGES, BALANCE) }).await.unwrap();
        shop.given.store.run_raw("UPDATE customer SET ip_changes = ip_changes - 1").await.unwrap();
        assert_eq!(shop.refund(&order.trade_no).await.unwrap().amount, money("1.5"));
        assert_eq!(shop.number("SELECT ip_changes FROM customer").await, 0);
        shop.agrees().await;
    }

    async fn an_order_that_was_topped_up_is_refunded_as_a_whole(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "10").await;
        let order = shop.awaiting(anna, TRAFFIC).await;
        shop.transfer("T-1", &order, "3").await;
        let rest = shop.order(anna, Wish { upids: vec![order.id.get()], ..wish(TOP_UP, BALANCE) }).await.unwrap();
        assert!(matches!(refusal(shop.refund(&rest.trade_no).await), ShopError::NotRefundable(_)));
        assert_eq!(shop.refund(&order.trade_no).await.unwrap().amount, money("5"));
        assert_eq!(shop.balance(anna).await, "13.00");
        shop.agrees().await;
    }

    async fn what_the_operator_gave_is_taken_back_for_nothing(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna: CustomerId = shop.buyer("anna@example.com", "0").await;
        let (starts_at, expires_at) = (shop.now(), shop.now().plus(Span::from_days(30)));
        let (size, title) = (turnpike_domain::units::Bytes::new(GB), "A gift".to_owned());
        let grant = Grant { customer: anna, product_type: TYPE, size, starts_at, expires_at, title };
        let trade_no = shop.service.grant_package(&operator(), grant).await.unwrap();
        assert_eq!(shop.refund(&trade_no).await.unwrap().amount, money("0"));
        let account = shop.account(anna, "alpha").await;
        assert!(shop.ask(account).await.is_err());
        shop.agrees().await;
    }

    async fn only_what_is_paid_is_refunded(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "0").await;
        let order = shop.awaiting(anna, TRAFFIC).await;
        assert_eq!(
            refusal(shop.refund(&order.trade_no).await),
            ShopError::OrderStands(OrderStatus::AwaitingPayment)
        );
        shop.close(&order).await.unwrap();
        assert_eq!(refusal(shop.refund(&order.trade_no).await), ShopError::OrderStands(OrderStatus::Closed));
    }
}
