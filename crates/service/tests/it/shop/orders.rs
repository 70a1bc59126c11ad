//! Orders: made, paid, closed, timed out; and what each type gives.

use turnpike_domain::coupon::{CouponRefusal, Reduction};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::price::PriceError;
use turnpike_domain::time::Span;
use turnpike_service::{Actor, OrderFilter, PayOutcome, ServiceError, ShopError, Wish};
use turnpike_testkit::each_store;

use super::{
    ADD_ON, ADDRESS, BALANCE, CHANGES, LATER, PLAN, RECHARGE, RENEWAL, SCARCE, Shop, TOP_UP, TRAFFIC, TRANSFER,
    country, money, refusal, wish,
};
use crate::given::{GB, operator};

each_store! {
    async fn an_order_paid_from_the_balance_gives_at_once_what_it_is_for(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "20").await;
        let quote = shop.service.order_quote(anna, &Wish { amount: Some(3), ..wish(TRAFFIC, BALANCE) }).await.unwrap();
        let order = shop.order(anna, Wish { amount: Some(3), ..wish(TRAFFIC, BALANCE) }).await.unwrap();
        assert_eq!((quote.total, quote.pay, quote.title.as_str()), (money("15"), money("15"), "Title of 2"));
        assert_eq!((order.status, order.pay_fee, order.product_name.as_str()), (OrderStatus::Paid, money("15"), "Product 2"));
        assert_eq!(order.paid_at, Some(shop.now()));
        assert_eq!(shop.balance(anna).await, "5.00");
        let gigabyte = i64::try_from(GB).unwrap();
        assert_eq!(shop.number("SELECT size FROM package WHERE product_type = 9").await, 3 * gigabyte);
        let until = shop.now().plus(Span::from_days(30)).ms();
        assert_eq!(shop.number("SELECT expires_at FROM package").await, until);
        assert_eq!(shop.look(&order).await, order);
        shop.agrees().await;
    }

    async fn without_enough_balance_no_order_is_made(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "4.99").await;
        let code = shop.coupon("HALF", 1).await;
        assert_eq!(refusal(shop.order(anna, wish(TRAFFIC, BALANCE)).await), ShopError::BalanceTooLow);
        let none = shop.customer("none@example.com").await;
        assert_eq!(refusal(shop.order(none, wish(TRAFFIC, BALANCE)).await), ShopError::BalanceTooLow);
        assert_eq!(shop.number("SELECT count(*) FROM orders").await, 0);
        assert_eq!(shop.number("SELECT count(*) FROM package").await, 0);
        // At half the price it is enough.
        shop.order(anna, Wish { coupon: Some(code), ..wish(TRAFFIC, BALANCE) }).await.unwrap();
        assert_eq!(shop.balance(anna).await, "2.49");
        shop.agrees().await;
    }

    async fn an_order_is_paid_or_closed_once(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "20").await;
        let (paid, closed) = (shop.awaiting(anna, TRAFFIC).await, shop.awaiting(anna, TRAFFIC).await);
        assert_eq!(paid.status, OrderStatus::AwaitingPayment);
        assert_eq!(shop.number("SELECT count(*) FROM package").await, 0);
        let PayOutcome::Paid(view) = shop.pay(&paid, BALANCE).await.unwrap() else { panic!("not paid") };
        assert_eq!((view.status, view.method), (OrderStatus::Paid, BALANCE));
        assert_eq!(shop.close(&closed).await.unwrap().status, OrderStatus::Closed);
        let stands = ShopError::OrderStands;
        assert_eq!(refusal(shop.pay(&paid, BALANCE).await), stands(OrderStatus::Paid));
        assert_eq!(refusal(shop.close(&paid).await), stands(OrderStatus::Paid));
        assert_eq!(refusal(shop.pay(&closed, BALANCE).await), stands(OrderStatus::Closed));
        assert_eq!(refusal(shop.close(&closed).await), stands(OrderStatus::Closed));
        assert_eq!(shop.balance(anna).await, "15.00");
        shop.agrees().await;
    }

    async fn an_order_that_costs_nothing_is_paid_at_once_however_it_is_paid(given: &TestStore) {
        let shop = Shop::over(given).await;
        let none = shop.customer("none@example.com").await;
        let code = shop.coupon_of("GIFT", Reduction::Amount(money("7")), 10).await;
        for (bought, method) in [(1, LATER), (2, TRANSFER), (3, BALANCE)] {
            let order = shop.order(none, Wish { coupon: Some(code.clone()), ..wish(TRAFFIC, method) }).await.unwrap();
            assert_eq!((order.status, order.pay_fee, order.paid_at), (OrderStatus::Paid, money("0"), Some(shop.now())));
            assert_eq!(shop.number("SELECT count(*) FROM package").await, bought);
        }
        let unknown = Wish { coupon: Some(code), ..wish(TRAFFIC, turnpike_domain::ids::PaymentMethod::new(9)) };
        assert_eq!(refusal(shop.order(none, unknown).await), ShopError::NoSuchPaymentMethod);
        assert_eq!(shop.balance(none).await, "0.00");
        shop.agrees().await;
    }

    async fn a_waiting_order_that_costs_nothing_is_paid_by_saying_so(given: &TestStore) {
        let shop = Shop::over(given).await;
        let none = shop.customer("none@example.com").await;
        for (paid, method) in [(1, LATER), (2, TRANSFER), (3, BALANCE)] {
            let order = shop.awaiting(none, TRAFFIC).await;
            shop.given.store.run_raw("UPDATE orders SET pay_fee = 0 WHERE status = 0").await.unwrap();
            let quote = shop.service.quote_payment(none, &order.trade_no, Some(method)).await.unwrap();
            assert_eq!(quote.missing, money("0"));
            let PayOutcome::Paid(view) = shop.pay(&order, method).await.unwrap() else { panic!("not paid") };
            assert_eq!(view.status, OrderStatus::Paid);
            assert_eq!(shop.number("SELECT count(*) FROM package").await, paid);
        }
        shop.agrees().await;
    }

    async fn a_transfer_is_chosen_and_says_what_to_do(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "20").await;
        let order = shop.awaiting(anna, TRAFFIC).await;
        let PayOutcome::Awaiting { order: chosen, instructions } = shop.pay(&order, TRANSFER).await.unwrap() else {
            panic!("paid by a transfer nobody made")
        };
        assert_eq!((chosen.status, chosen.method), (OrderStatus::AwaitingPayment, TRANSFER));
        assert!(instructions.contains("order number"));
        assert_eq!(shop.balance(anna).await, "20.00");
        let quote = shop.service.quote_payment(anna, &order.trade_no, None).await.unwrap();
        assert_eq!((quote.method, quote.missing), (TRANSFER, money("5")));
    }

    async fn another_customers_order_does_not_exist(given: &TestStore) {
        let shop = Shop::over(given).await;
        let (anna, bert) = (shop.buyer("anna@example.com", "20").await, shop.buyer("bert@example.com", "20").await);
        let order = shop.awaiting(anna, TRAFFIC).await;
        let (trade_no, actor) = (order.trade_no.clone(), Actor::Customer(bert));
        assert_eq!(refusal(shop.service.order_info(bert, &trade_no).await), ShopError::NoSuchOrder);
        let paid = shop.service.pay_order(&actor, bert, trade_no.clone(), BALANCE).await;
        assert_eq!(refusal(paid), ShopError::NoSuchOrder);
        assert_eq!(refusal(shop.service.close_order(&actor, bert, trade_no).await), ShopError::NoSuchOrder);
        assert_eq!(shop.look(&order).await.status, OrderStatus::AwaitingPayment);
    }

    async fn whoever_is_not_verified_or_suspended_orders_nothing(given: &TestStore) {
        let shop = Shop::over(given).await;
        let added = shop.service.add_customer(&operator(), "new@example.com", "a long password").await.unwrap();
        let refused = shop.order(added.id, wish(TRAFFIC, LATER)).await;
        assert!(matches!(refused, Err(ServiceError::Unverified)), "{refused:?}");
        let looked = shop.service.order_quote(added.id, &wish(TRAFFIC, LATER)).await;
        assert!(matches!(looked, Err(ServiceError::Unverified)), "{looked:?}");
        shop.service.verify_customer(&operator(), added.id).await.unwrap();
        shop.service.suspend_customer(&operator(), added.id).await.unwrap();
        let refused = shop.order(added.id, wish(TRAFFIC, LATER)).await;
        assert!(matches!(refused, Err(ServiceError::Suspended)), "{refused:?}");
    }

    async fn what_is_not_sold_so_is_refused(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "100").await;
        let many = |amount, product| Wish { amount: Some(amount), ..wish(product, LATER) };
        assert_eq!(refusal(shop.order(anna, wish(77, LATER)).await), ShopError::NoSuchProduct);
        let method = Wish { method: turnpike_domain::ids::PaymentMethod::new(9), ..wish(TRAFFIC, LATER) };
        assert_eq!(refusal(shop.order(anna, method).await), ShopError::NoSuchPaymentMethod);
        let amount = ShopError::Price(PriceError::Amount { least: 1, most: 1000 });
        assert_eq!(refusal(shop.order(anna, many(1001, TRAFFIC)).await), amount);
        assert_eq!(refusal(shop.order(anna, many(6, SCARCE)).await), ShopError::OutOfStock);
        assert_eq!(refusal(shop.order(anna, wish(ADDRESS, LATER)).await), ShopError::Price(PriceError::Regions));
        let no_part = ShopError::Price(PriceError::Bandwidth);
        assert_eq!(refusal(shop.order(anna, wish(PLAN, LATER)).await), no_part);
        // The balance is not recharged from the balance.
        let circular = Wish { recharge: Some(money("50")), ..wish(RECHARGE, BALANCE) };
        assert_eq!(refusal(shop.order(anna, circular).await), ShopError::PaymentMethodUnusable);
        let many_there = Wish { regions: vec![(country("US"), 4)], ..wish(ADDRESS, LATER) };
        let refused = shop.order(anna, many_there).await;
        assert!(matches!(refused, Err(ServiceError::OutOfStockIn(_))), "{refused:?}");
        assert_eq!(shop.number("SELECT count(*) FROM orders").await, 0);
    }

    async fn a_closed_order_gives_its_coupon_and_its_discount_back(given: &TestStore) {
        let shop = Shop::over(given).await;
        let (anna, bert) = (shop.buyer("anna@example.com", "20").await, shop.buyer("bert@example.com", "20").await);
        let code = shop.coupon("HALF", 1).await;
        let invited = shop.service.give_invite_code(&operator(), anna).await.unwrap();
        shop.service.note_invitation(&operator(), bert, &invited.code.unwrap()).await.unwrap();
        let reduced = |method| Wish { coupon: Some(code.clone()), invitation: true, ..wish(TRAFFIC, method) };
        let order = shop.order(bert, reduced(LATER)).await.unwrap();
        // A tenth off for having been invited, and half of what is left.
        assert_eq!((order.total_fee, order.pay_fee), (money("5"), money("2.25")));
        let again = Wish { coupon: None, ..reduced(LATER) };
        assert_eq!(refusal(shop.order(bert, again).await), ShopError::NoInvitation);
        let coupon = Wish { invitation: false, ..reduced(LATER) };
        let used_up = ShopError::Coupon(CouponRefusal::UsedUp);
        assert_eq!(refusal(shop.order(anna, coupon.clone()).await), used_up);
        shop.agrees().await;
        shop.close(&order).await.unwrap();
        shop.agrees().await;
        assert_eq!(shop.order(bert, reduced(BALANCE)).await.unwrap().pay_fee, money("2.25"));
        assert_eq!(refusal(shop.order(anna, coupon).await), used_up);
        shop.agrees().await;
    }

    async fn an_order_times_out_after_half_an_hour(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "100").await;
        let code = shop.coupon("HALF", 1).await;
        let order = shop.order(anna, Wish { coupon: Some(code.clone()), ..wish(TRAFFIC, LATER) }).await.unwrap();
        let orders: Vec<_> = {
            let mut made = Vec::new();
            for _ in 0..70 {
                made.push(shop.awaiting(anna, TRAFFIC).await);
            }
            made
        };
        shop.pass(Span::from_ms(1_799_999));
        let last = shop.awaiting(anna, TRAFFIC).await;
        assert_eq!(shop.service.expire_orders().await.unwrap(), 0);
        shop.pass(Span::from_ms(1));
        assert_eq!(refusal(shop.pay(&orders[0], BALANCE).await), ShopError::OrderOverdue);
        assert_eq!(shop.service.expire_orders().await.unwrap(), 71);
        assert_eq!(shop.look(&order).await.status, OrderStatus::Closed);
        assert_eq!(shop.look(&last).await.status, OrderStatus::AwaitingPayment);
        assert_eq!(shop.number("SELECT uses FROM coupon").await, 0);
        assert_eq!(shop.number("SELECT count(*) FROM audit WHERE act = 'order.expire'").await, 71);
        shop.agrees().await;
    }

    async fn stock_is_taken_when_it_is_paid(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "100").await;
        let three = || Wish { amount: Some(3), ..wish(SCARCE, LATER) };
        let (first, second) = (shop.order(anna, three()).await.unwrap(), shop.order(anna, three()).await.unwrap());
        shop.pay(&first, BALANCE).await.unwrap();
        assert_eq!(shop.number("SELECT stock FROM product WHERE id = 3").await, 2);
        assert_eq!(refusal(shop.pay(&second, BALANCE).await), ShopError::OutOfStock);
        assert_eq!(shop.balance(anna).await, "85.00");
        assert_eq!(shop.look(&second).await.status, OrderStatus::AwaitingPayment);
        shop.agrees().await;
    }

    async fn each_type_gives_what_it_is_for(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "100").await;
        let plan = Wish { amount: Some(2), bandwidth: Some(2), concurrency: Some(7), ..wish(PLAN, BALANCE) };
        assert_eq!(shop.order(anna, plan).await.unwrap().pay_fee, money("30"));
        assert_eq!(shop.number("SELECT bandwidth FROM time_plan").await, 50_000);
        assert_eq!(shop.number("SELECT tunnels FROM time_plan").await, 100);
        let sixty = shop.now().plus(Span::from_days(60)).ms();
        assert_eq!(shop.number("SELECT expires_at FROM package WHERE product_type = 11").await, sixty);

        let regions = vec![(country("JP"), 2), (country("US"), 1)];
        let addresses = shop.order(anna, Wish { regions, ..wish(ADDRESS, BALANCE) }).await.unwrap();
        assert_eq!((addresses.pay_fee, addresses.amount), (money("7"), 3));
        assert_eq!(shop.number("SELECT count(*) FROM holding WHERE country = 'JP' AND ended_at IS NULL").await, 2);
        let holdings = holdings(&shop, anna).await;
        let renewal = Wish { upids: holdings, ..wish(RENEWAL, BALANCE) };
        assert_eq!(shop.order(anna, renewal).await.unwrap().pay_fee, money("4.5"));

        shop.order(anna, Wish { amount: Some(4), ..wish(CHANGES, BALANCE) }).await.unwrap();
        assert_eq!(shop.number("SELECT ip_changes FROM customer").await, 4);
        let add_on = shop.order(anna, Wish { amount: Some(2), ..wish(ADD_ON, BALANCE) }).await.unwrap();
        assert_eq!(add_on.product_type.number(), 24);
        let two = i64::try_from(2 * GB).unwrap();
        assert_eq!(shop.number("SELECT size FROM package WHERE product_type = 14").await, two);
        assert_eq!(shop.balance(anna).await, "50.50");
        shop.agrees().await;
    }

    async fn only_an_order_paid_short_is_topped_up(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "100").await;
        let order = shop.awaiting(anna, TRAFFIC).await;
        let nothing = ShopError::Price(PriceError::NothingToTopUp);
        for upids in [vec![], vec![order.id.get()], vec![99]] {
            assert_eq!(refusal(shop.order(anna, Wish { upids, ..wish(TOP_UP, LATER) }).await), nothing);
        }
    }

    async fn a_list_of_orders_is_filtered_and_paged(given: &TestStore) {
        let shop = Shop::over(given).await;
        let (anna, bert) = (shop.buyer("anna@example.com", "100").await, shop.buyer("bert@example.com", "100").await);
        let mut made = Vec::new();
        for product in [TRAFFIC, SCARCE, TRAFFIC, TRAFFIC] {
            made.push(shop.awaiting(anna, product).await);
            shop.awaiting(bert, product).await;
            shop.pass(Span::from_secs(60));
        }
        shop.pay(&made[2], BALANCE).await.unwrap();
        let list = async |filter: OrderFilter| {
            let page = shop.service.list_orders(anna, filter).await.unwrap();
            let places = page.items.iter().map(|order| made.iter().position(|one| one.id == order.id).unwrap());
            (page.total, places.collect::<Vec<_>>())
        };
        let all = OrderFilter { page: 1, size: 3, ..OrderFilter::default() };
        assert_eq!(list(all.clone()).await, (4, vec![3, 2, 1]));
        assert_eq!(list(OrderFilter { page: 2, ..all.clone() }).await, (4, vec![0]));
        assert_eq!(list(OrderFilter { page: 9, ..all.clone() }).await, (4, vec![]));
        assert_eq!(list(OrderFilter { status: Some(OrderStatus::Paid), ..all.clone() }).await, (1, vec![2]));
        let product_type = Some(turnpike_domain::product::ProductType::IdcTraffic);
        assert_eq!(list(OrderFilter { product_type, ..all.clone() }).await, (1, vec![1]));
        let (from, to) = (Some(made[1].created_at), Some(made[2].created_at));
        assert_eq!(list(OrderFilter { from, to, ..all.clone() }).await, (2, vec![2, 1]));
        let trade_no = Some(made[0].trade_no.to_string());
        assert_eq!(list(OrderFilter { trade_no: trade_no.clone(), ..all.clone() }).await, (1, vec![0]));
        let other = OrderFilter { trade_no, status: Some(OrderStatus::Paid), ..all.clone() };
        assert_eq!(list(other).await, (0, vec![]));
        assert_eq!(list(OrderFilter { trade_no: Some("nonsense".to_owned()), ..all }).await, (0, vec![]));
    }

    async fn money_is_called_one_thing_for_good(given: &TestStore) {
        let shop = Shop::over(given).await;
        shop.service.lay_down_currency().await.unwrap();
        let settings = turnpike_service::ShopSettings {
            currency: turnpike_domain::money::Currency::parse("EUR").unwrap(),
            ..turnpike_service::ShopSettings::default()
        };
        shop.service.set_shop(settings);
        let refused = refusal(shop.service.lay_down_currency().await);
        assert_eq!(refused.to_string(), "this installation's currency is USD, and cannot become EUR");
    }
}

/// The numbers of what the customer holds.
async fn holdings(shop: &Shop, customer: CustomerId) -> Vec<i64> {
    let first = shop.number(&format!("SELECT min(id) FROM holding WHERE customer_id = {customer}")).await;
    let last = shop.number(&format!("SELECT max(id) FROM holding WHERE customer_id = {customer}")).await;
    (first..=last).collect()
}
