//! Money from outside: taken in once, for the order that awaits it, or parked.

use turnpike_domain::money::Currency;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::time::Span;
use turnpike_service::{EventFilter, EventState, PaymentNotice, Resolution, ShopError, Wish};
use turnpike_testkit::each_store;

use super::{BALANCE, LATER, RECHARGE, SCARCE, Shop, TOP_UP, TRAFFIC, TRANSFER, money, notice, refusal, wish};
use crate::given::operator;

each_store! {
    async fn a_transfer_pays_its_order_once(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "0").await;
        let order = shop.awaiting(anna, TRAFFIC).await;
        let first = shop.transfer("T-1", &order, "5").await;
        assert_eq!((first.state, first.repeated), (EventState::Applied, false));
        let paid = first.order.unwrap();
        assert_eq!((paid.status, paid.method, paid.received), (OrderStatus::Paid, TRANSFER, money("5")));
        let second = shop.transfer("T-1", &order, "5").await;
        assert_eq!((second.state, second.repeated, second.event), (EventState::Applied, true, first.event));
        let otherwise = notice("T-1", order.trade_no.as_str(), "6");
        assert_eq!(refusal(shop.service.confirm_payment(&operator(), otherwise).await), ShopError::EventToldOtherwise);
        assert_eq!(shop.number("SELECT count(*) FROM package").await, 1);
        assert_eq!(shop.balance(anna).await, "0.00");
        shop.agrees().await;
    }

    async fn a_recharge_is_paid_in_with_its_bonus(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "0").await;
        for (event, amount, balance) in [("A", "49.99", "49.99"), ("B", "50", "104.99"), ("C", "100", "224.99")] {
            let order = shop.order(anna, Wish { recharge: Some(money(amount)), ..wish(RECHARGE, LATER) }).await.unwrap();
            shop.transfer(event, &order, amount).await;
            assert_eq!(shop.balance(anna).await, balance);
        }
        assert_eq!(shop.number("SELECT CAST(sum(amount) AS BIGINT) FROM posting WHERE book = 4").await, -2500);
        assert_eq!(shop.number("SELECT CAST(sum(amount) AS BIGINT) FROM posting WHERE book = 2").await, -19_999);
        shop.agrees().await;
    }

    async fn a_short_transfer_waits_for_the_rest(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "0").await;
        let order = shop.awaiting(anna, TRAFFIC).await;
        shop.pass(Span::from_secs(1700));
        let short = shop.transfer("T-1", &order, "3").await.order.unwrap();
        assert_eq!((short.status, short.received), (OrderStatus::AwaitingPayment, money("3")));
        shop.agrees().await;
        // It has its time anew.
        shop.pass(Span::from_secs(1700));
        assert_eq!(shop.service.expire_orders().await.unwrap(), 0);
        let paid = shop.transfer("T-2", &order, "4").await.order.unwrap();
        assert_eq!((paid.status, paid.received), (OrderStatus::Paid, money("7")));
        // What was too much is the customer's.
        assert_eq!(shop.balance(anna).await, "2.00");
        shop.agrees().await;
    }

    async fn a_short_transfer_is_made_up_from_the_balance(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "10").await;
        let order = shop.awaiting(anna, TRAFFIC).await;
        shop.transfer("T-1", &order, "3").await;
        shop.pay(&order, BALANCE).await.unwrap();
        assert_eq!(shop.balance(anna).await, "8.00");
        assert_eq!(shop.look(&order).await.status, OrderStatus::Paid);
        shop.agrees().await;
    }

    async fn a_top_up_pays_the_order_that_was_paid_short(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "10").await;
        for (event, method) in [("A", BALANCE), ("B", TRANSFER)] {
            let order = shop.awaiting(anna, TRAFFIC).await;
            shop.transfer(event, &order, "3").await;
            let upids = vec![order.id.get()];
            let rest = shop.order(anna, Wish { upids, ..wish(TOP_UP, method) }).await.unwrap();
            assert_eq!(rest.pay_fee, money("2"));
            shop.agrees().await;
            if method == TRANSFER {
                shop.transfer("rest", &rest, "2").await;
            }
            assert_eq!(shop.look(&rest).await.status, OrderStatus::Paid);
            assert_eq!(shop.look(&order).await.status, OrderStatus::Paid);
            assert_eq!(shop.balance(anna).await, "8.00");
            shop.agrees().await;
        }
        assert_eq!(shop.number("SELECT count(*) FROM package").await, 2);
        assert_eq!(shop.number("SELECT CAST(sum(amount) AS BIGINT) FROM posting WHERE book = 3").await, 1000);
    }

    async fn a_top_up_of_what_was_paid_meanwhile_is_refused(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "10").await;
        let order = shop.awaiting(anna, TRAFFIC).await;
        shop.transfer("A", &order, "3").await;
        let rest = shop.order(anna, Wish { upids: vec![order.id.get()], ..wish(TOP_UP, LATER) }).await.unwrap();
        shop.transfer("B", &order, "2").await;
        assert_eq!(refusal(shop.pay(&rest, BALANCE).await), ShopError::NothingToTopUp);
        let parked = shop.transfer("C", &rest, "2").await;
        assert_eq!(parked.state, EventState::Parked);
        assert_eq!(shop.balance(anna).await, "10.00");
        shop.agrees().await;
    }

    async fn an_order_closed_with_a_deposit_gives_it_to_the_wallet(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "0").await;
        let (closed, overdue) = (shop.awaiting(anna, TRAFFIC).await, shop.awaiting(anna, TRAFFIC).await);
        shop.transfer("A", &closed, "3").await;
        shop.transfer("B", &overdue, "1.5").await;
        shop.close(&closed).await.unwrap();
        assert_eq!(shop.balance(anna).await, "3.00");
        shop.pass(Span::from_days(1));
        assert_eq!(shop.service.expire_orders().await.unwrap(), 1);
        assert_eq!(shop.balance(anna).await, "4.50");
        shop.agrees().await;
    }

    async fn what_fits_no_order_is_parked_and_resolved(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "0").await;
        let (closed, open) = (shop.awaiting(anna, TRAFFIC).await, shop.awaiting(anna, TRAFFIC).await);
        shop.close(&closed).await.unwrap();
        let late = shop.transfer("late", &closed, "5").await;
        assert_eq!((late.state, late.why.as_str()), (EventState::Parked, "the order is closed"));
        let confirm = async |notice: PaymentNotice| shop.service.confirm_payment(&operator(), notice).await.unwrap();
        let unknown = confirm(notice("unknown", "no order at all", "7")).await;
        assert_eq!(unknown.why, "no such order");
        let euros = PaymentNotice {
            currency: Currency::parse("EUR").unwrap(),
            ..notice("euros", open.trade_no.as_str(), "5")
        };
        let euros = confirm(euros).await;
        assert_eq!(euros.why, "the order is in USD");
        assert_eq!(shop.number("SELECT count(*) FROM entry").await, 0);
        shop.agrees().await;

        let resolve = async |event, resolution| shop.service.resolve_event(&operator(), event, resolution).await;
        resolve(late.event, Resolution::Credit(anna)).await.unwrap();
        assert_eq!(shop.balance(anna).await, "5.00");
        assert_eq!(refusal(resolve(late.event, Resolution::Credit(anna)).await), ShopError::EventNotParked);
        let applied = resolve(unknown.event, Resolution::Apply(Some(open.trade_no.clone()))).await.unwrap();
        assert_eq!(applied.order.unwrap().status, OrderStatus::Paid);
        assert_eq!(shop.balance(anna).await, "7.00");
        assert!(matches!(refusal(resolve(euros.event, Resolution::Credit(anna)).await), ShopError::CannotApply(_)));
        assert_eq!(resolve(euros.event, Resolution::SentBack).await.unwrap().state, EventState::Resolved);
        let filter = EventFilter { state: Some(EventState::Parked), trade_no: None };
        assert_eq!(shop.service.page_events(&filter, None, 10).await.unwrap(), []);
        assert_eq!(shop.service.page_events(&EventFilter::default(), None, 10).await.unwrap().len(), 3);
        shop.agrees().await;
    }

    async fn a_transfer_for_what_is_sold_out_is_parked_until_there_is_more(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "100").await;
        let all = || Wish { amount: Some(5), ..wish(SCARCE, LATER) };
        let (first, second) = (shop.order(anna, all()).await.unwrap(), shop.order(anna, all()).await.unwrap());
        shop.pay(&first, BALANCE).await.unwrap();
        let parked = shop.transfer("T-1", &second, "25").await;
        assert_eq!((parked.state, parked.why.as_str()), (EventState::Parked, "not enough is in stock"));
        assert_eq!(shop.look(&second).await.received, money("0"));
        shop.agrees().await;
        shop.given.store.run_raw("UPDATE product SET stock = 5 WHERE id = 3").await.unwrap();
        let applied = shop.service.resolve_event(&operator(), parked.event, Resolution::Apply(None)).await.unwrap();
        assert_eq!(applied.order.unwrap().status, OrderStatus::Paid);
        shop.agrees().await;
    }

    async fn a_notice_that_says_nothing_is_refused(given: &TestStore) {
        let shop = Shop::over(given).await;
        let confirm = async |notice| refusal(shop.service.confirm_payment(&operator(), notice).await);
        assert_eq!(confirm(notice("A", "x", "0")).await, ShopError::NoAmount);
        assert_eq!(confirm(notice("A", "x", "-1")).await, ShopError::NoAmount);
        assert!(matches!(confirm(notice("", "x", "1")).await, ShopError::Text { .. }));
        assert!(matches!(confirm(notice("a\nb", "x", "1")).await, ShopError::Text { .. }));
    }

    async fn the_same_event_from_all_sides_at_once_is_taken_in_once(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "0").await;
        let order = shop.awaiting(anna, TRAFFIC).await;
        let told = (0..32).map(|_| {
            let (service, notice) = (shop.service.clone(), notice("T-1", order.trade_no.as_str(), "8"));
            tokio::spawn(async move { service.confirm_payment(&operator(), notice).await.unwrap() })
        });
        let mut first = 0;
        for outcome in told.collect::<Vec<_>>() {
            let outcome = outcome.await.unwrap();
            assert_eq!(outcome.state, EventState::Applied);
            first += usize::from(!outcome.repeated);
        }
        assert_eq!(first, 1);
        assert_eq!(shop.balance(anna).await, "3.00");
        shop.agrees().await;
    }
}
