//! Many at once for what there is only once, and three at once for one order.
//!
//! For more: `TURNPIKE_RACES=20000 cargo test --release -p turnpike-service -- shop::races::of_paying`.

use turnpike_domain::order::OrderStatus;
use turnpike_domain::time::Span;
use turnpike_service::{Actor, OrderView, ServiceError, ShopError, Wish};
use turnpike_testkit::each_store;

use super::{BALANCE, LATER, SCARCE, Shop, TRAFFIC, number_from, wish};

/// How many buy at once.
const BUYERS: usize = 200;
/// Orders that are paid, closed and timed out at once.
const ORDERS: usize = 60;
/// How many orders are raced for in all, unless the environment says otherwise.
const RACES: u64 = 60;

each_store! {
    async fn funds_for_one_buy_one(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "7.5").await;
        let outcomes = at_once(&shop, |_| (anna, wish(TRAFFIC, BALANCE))).await;
        assert_eq!(made(&outcomes, &ShopError::BalanceTooLow), 1);
        assert_eq!(shop.balance(anna).await, "2.50");
        assert_eq!(shop.number("SELECT count(*) FROM orders").await, 1);
        assert_eq!(shop.number("SELECT count(*) FROM package").await, 1);
        shop.agrees().await;
    }

    async fn a_coupon_for_one_use_is_used_once(given: &TestStore) {
        let shop = Shop::over(given).await;
        let code = shop.coupon("ONCE", 1).await;
        let mut buyers = Vec::new();
        for buyer in 0..10 {
            buyers.push(shop.buyer(&format!("{buyer}@example.com"), "1000").await);
        }
        let reduced = |number: usize| (buyers[number % 10], Wish { coupon: Some(code.clone()), ..wish(TRAFFIC, BALANCE) });
        let outcomes = at_once(&shop, reduced).await;
        let used_up = ShopError::Coupon(turnpike_domain::coupon::CouponRefusal::UsedUp);
        assert_eq!(made(&outcomes, &used_up), 1);
        shop.agrees().await;
    }

    async fn stock_for_five_is_sold_to_five(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "10000").await;
        let outcomes = at_once(&shop, |_| (anna, wish(SCARCE, BALANCE))).await;
        assert_eq!(made(&outcomes, &ShopError::OutOfStock), 5);
        assert_eq!(shop.number("SELECT stock FROM product WHERE id = 3").await, 0);
        shop.agrees().await;
    }

    async fn of_paying_closing_and_timing_out_one_happens(given: &TestStore) {
        let shop = Shop::over(given).await;
        let anna = shop.buyer("anna@example.com", "1000000").await;
        let code = shop.coupon("MANY", 1_000_000).await;
        let (mut raced, mut paid) = (0, 0);
        while raced < number_from("TURNPIKE_RACES", RACES) {
            let mut orders = Vec::new();
            for number in 0..ORDERS {
                let coupon = (number % 2 == 0).then(|| code.clone());
                orders.push(shop.order(anna, Wish { coupon, ..wish(TRAFFIC, LATER) }).await.unwrap());
            }
            paid += race_for(&shop, &orders).await;
            raced += u64::try_from(ORDERS).unwrap();
        }
        let steps = "SELECT count(*) FROM audit WHERE act IN ('order.pay', 'order.close', 'order.expire')";
        assert_eq!(shop.number(steps).await, i64::try_from(raced).unwrap());
        assert_eq!(shop.number("SELECT count(*) FROM package").await, paid);
        assert_eq!(shop.number("SELECT count(*) FROM entry WHERE cause LIKE 'order:%'").await, paid);
        shop.agrees().await;
    }
}

/// Everybody is after every order at once: how many were paid.
async fn race_for(shop: &Shop, orders: &[OrderView]) -> i64 {
    // They can just be paid, and time out a moment later.
    shop.pass(Span::from_ms(1_799_999));
    let mut running = Vec::new();
    for (number, order) in orders.iter().enumerate() {
        running.extend(three_at_once(shop, order, number));
    }
    for outcome in running {
        outcome.await.unwrap();
    }
    shop.service.expire_orders().await.unwrap();
    let mut paid = 0;
    for order in orders {
        let order = shop.look(order).await;
        assert!(matches!(order.status, OrderStatus::Paid | OrderStatus::Closed), "{order:?}");
        paid += i64::from(order.status == OrderStatus::Paid);
    }
    paid
}

/// Wishes that are all ordered at once: what came of each.
async fn at_once(
    shop: &Shop,
    wish: impl Fn(usize) -> (turnpike_domain::ids::CustomerId, Wish),
) -> Vec<Result<OrderView, ServiceError>> {
    let ordering: Vec<_> = (0..BUYERS)
        .map(|number| {
            let (service, (customer, wish)) = (shop.service.clone(), wish(number));
            tokio::spawn(async move { service.create_order(&Actor::Customer(customer), customer, wish).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for outcome in ordering {
        outcomes.push(outcome.await.unwrap());
    }
    outcomes
}

/// How many succeeded; all others were refused like this.
fn made(outcomes: &[Result<OrderView, ServiceError>], refusal: &ShopError) -> usize {
    let refused = |outcome: &&Result<OrderView, ServiceError>| match outcome {
        Ok(_) => false,
        Err(ServiceError::Shop(found)) if found == refusal => true,
        other => panic!("{other:?}"),
    };
    outcomes.len() - outcomes.iter().filter(refused).count()
}

fn three_at_once(shop: &Shop, order: &OrderView, number: usize) -> Vec<tokio::task::JoinHandle<()>> {
    let (customer, trade_no) = (order.customer, order.trade_no.clone());
    let actor = Actor::Customer(customer);
    let paying = {
        let (service, trade_no, actor) = (shop.service.clone(), trade_no.clone(), actor.clone());
        tokio::spawn(async move { tell(service.pay_order(&actor, customer, trade_no, BALANCE).await.map(drop)) })
    };
    let closing = {
        let service = shop.service.clone();
        tokio::spawn(async move { tell(service.close_order(&actor, customer, trade_no).await.map(drop)) })
    };
    if number == ORDERS / 2 {
        shop.pass(Span::from_ms(1));
    }
    let service = shop.service.clone();
    let expiring = tokio::spawn(async move { tell(service.expire_orders().await.map(drop)) });
    vec![paying, closing, expiring]
}

/// Whoever is not first is told so, and nothing else.
fn tell(outcome: Result<(), ServiceError>) {
    match outcome {
        Ok(()) | Err(ServiceError::Shop(ShopError::OrderStands(_) | ShopError::OrderOverdue)) => {}
        Err(other) => panic!("{other:?}"),
    }
}
