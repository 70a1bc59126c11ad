//! Coupons as they are made, changed, taken and given back; articles and invitations.

use turnpike_domain::catalogue::{Product, Terms};
use turnpike_domain::coupon::{Coupon, CouponCode, CouponError, CouponRefusal, CouponScope, NewCoupon, Reduction};
use turnpike_domain::ids::{CustomerId, OrderId, ProductId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Span;
use turnpike_domain::units::Bytes;
use turnpike_service::{CouponChange, LimitChange, ServiceError, ShopError};
use turnpike_store::coupon::{self, CouponUse};
use turnpike_store::{StoreError, invitation, product};
use turnpike_testkit::each_store;

use crate::given::{Given, operator};

fn traffic() -> Product {
    Product {
        id: ProductId::new(1),
        code: "gb".to_owned(),
        product_type: ProductType::DynamicTraffic,
        name: "Traffic".to_owned(),
        title: "Traffic".to_owned(),
        description: String::new(),
        on_sale: true,
        rank: 0,
        price: "5".parse().unwrap(),
        size: Some(Bytes::new(1 << 30)),
        validity: Span::from_days(30),
        ip_type: None,
        least: 1,
        most: 100,
        stock: None,
        terms: Terms::default(),
    }
}

fn terms(given: &Given, code: &str) -> NewCoupon {
    NewCoupon {
        code: CouponCode::parse(code).unwrap(),
        name: "A coupon".to_owned(),
        reduction: Reduction::Amount("5".parse().unwrap()),
        scope: CouponScope::default(),
        starts_at: given.now(),
        expires_at: given.now().plus(Span::from_days(7)),
        most_uses: None,
        most_uses_each: None,
        customer: None,
        listed: true,
    }
}

async fn add(given: &Given, terms: NewCoupon) -> Coupon {
    given.service.add_coupon(&operator(), terms).await.unwrap()
}

/// Takes a use, in a transaction of its own.
async fn take(given: &Given, customer: CustomerId, code: &str) -> Result<Coupon, CouponRefusal> {
    let wanted = (CouponCode::parse(code).unwrap(), customer, traffic(), given.now());
    let taken = given.store.write(wanted, |(code, customer, product, now), tx| {
        Box::pin(coupon::take(tx, CouponUse { code, customer: *customer, product, now: *now }))
    });
    let taken: Result<_, StoreError> = taken.await;
    taken.unwrap()
}

/// What a look that takes nothing says.
async fn look(given: &Given, customer: CustomerId, code: &str) -> Result<u32, CouponRefusal> {
    let (code, product, now) = (CouponCode::parse(code).unwrap(), traffic(), given.now());
    let wanted = CouponUse { code: &code, customer, product: &product, now };
    let looked: Result<_, StoreError> = given.store.read(async |tx| coupon::look_at(tx, wanted).await).await;
    looked.unwrap().map(|coupon| coupon.uses)
}

async fn give_back(given: &Given, coupon: &Coupon, customer: CustomerId) -> Result<(), StoreError> {
    let used = (coupon.id, customer);
    given.store.write(used, |(coupon, customer), tx| Box::pin(coupon::give_back(tx, *coupon, *customer))).await
}

each_store! {
    async fn uses_are_counted_for_all_and_for_each(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        let made = add(&given, NewCoupon { most_uses: Some(3), most_uses_each: Some(2), ..terms(&given, "THREE") }).await;
        assert_eq!((take(&given, anna, "three").await.unwrap().uses, look(&given, anna, "THREE").await), (1, Ok(1)));
        take(&given, anna, "THREE").await.unwrap();
        let refused = Err(CouponRefusal::UsedByCustomer);
        assert_eq!((take(&given, anna, "THREE").await.map(drop), look(&given, anna, "THREE").await.map(drop)), (refused, refused));
        take(&given, ben, "THREE").await.unwrap();
        let refused = Err(CouponRefusal::UsedUp);
        assert_eq!((take(&given, ben, "THREE").await.map(drop), look(&given, ben, "THREE").await.map(drop)), (refused, refused));
        // A use that is given back can be taken again, by whoever may.
        give_back(&given, &made, anna).await.unwrap();
        assert_eq!(take(&given, anna, "THREE").await.unwrap().uses, 3);
        // One that was never taken cannot be given back.
        let stranger = given.customer("carl@example.com").await;
        for _ in 0..3 {
            give_back(&given, &made, stranger).await.unwrap();
        }
        assert!(give_back(&given, &made, stranger).await.is_err());
        assert_eq!(take(&given, ben, "NONE").await.map(drop), Err(CouponRefusal::Unknown));
    }

    async fn many_at_once_take_no_more_uses_than_there_are(store: &TestStore) {
        let given = Given::over(store);
        let neighbour = Given::beside(&given);
        let mut customers = Vec::new();
        for number in 0..8 {
            customers.push(given.customer(&format!("{number}@example.com")).await);
        }
        add(&given, NewCoupon { most_uses: Some(9), most_uses_each: Some(2), ..terms(&given, "NINE") }).await;
        let tries = (0..64).map(|number: usize| {
            let through = if number.is_multiple_of(2) { &given } else { &neighbour };
            take(through, customers[number / 2 % customers.len()], "NINE")
        });
        let done = futures_util::future::join_all(tries).await;
        assert_eq!(done.iter().filter(|taken| taken.is_ok()).count(), 9);
        assert_eq!(given.store.number("SELECT uses FROM coupon").await.unwrap(), 9);
        assert_eq!(given.store.number("SELECT CAST(sum(uses) AS BIGINT) FROM coupon_use").await.unwrap(), 9);
        assert!(given.store.number("SELECT max(uses) FROM coupon_use").await.unwrap() <= 2);
    }

    async fn a_coupon_is_changed_within_what_was_used(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let made = add(&given, NewCoupon { most_uses: Some(3), ..terms(&given, "CODE") }).await;
        for _ in 0..2 {
            take(&given, anna, "CODE").await.unwrap();
        }
        let change = async |change| given.service.change_coupon(&operator(), made.id, change).await;
        let most = |most| CouponChange { most_uses: most, ..CouponChange::default() };
        let refused = change(most(LimitChange::Set(1))).await.unwrap_err();
        assert!(matches!(refused, ServiceError::Shop(ShopError::CouponTerms(CouponError::FewerThanUsed))), "{refused}");
        change(most(LimitChange::Set(2))).await.unwrap();
        assert_eq!(take(&given, anna, "CODE").await.map(drop), Err(CouponRefusal::UsedUp));
        assert_eq!(change(most(LimitChange::Lifted)).await.unwrap().terms.most_uses, None);
        assert_eq!(take(&given, anna, "CODE").await.unwrap().uses, 3);
        change(CouponChange { enabled: Some(false), ..CouponChange::default() }).await.unwrap();
        assert_eq!(take(&given, anna, "CODE").await.map(drop), Err(CouponRefusal::Unknown));
        given.pass(Span::from_days(7));
        change(CouponChange { enabled: Some(true), ..CouponChange::default() }).await.unwrap();
        assert_eq!(take(&given, anna, "CODE").await.map(drop), Err(CouponRefusal::Expired));
    }

    async fn a_coupon_must_make_sense(store: &TestStore) {
        let given = Given::over(store);
        let inserted = given.store.write((), |(), tx| Box::pin(async move { product::insert(tx, &traffic()).await }));
        let inserted: Result<(), StoreError> = inserted.await;
        inserted.unwrap();
        add(&given, terms(&given, "CODE")).await;
        let refused = async |change: &dyn Fn(&mut NewCoupon)| {
            let mut coupon = terms(&given, "OTHER");
            change(&mut coupon);
            given.service.add_coupon(&operator(), coupon).await.unwrap_err().to_string()
        };
        let code = CouponCode::parse("code").unwrap();
        assert_eq!(refused(&|coupon| coupon.code = code.clone()).await, "a coupon with the code CODE exists");
        let products = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let unknown = refused(&|coupon| coupon.scope.products = products(&["gb", "tb"])).await;
        assert_eq!(unknown, "no product has the code tb");
        assert_eq!(refused(&|coupon| coupon.customer = Some(CustomerId::new(99))).await, "no such customer");
        assert_eq!(refused(&|coupon| coupon.most_uses = Some(0)).await, "a coupon must have at least one use");
    }

    async fn an_invitation_gives_one_order_its_discount(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        let code = given.service.give_invite_code(&operator(), anna).await.unwrap().code.unwrap();
        given.service.note_invitation(&operator(), ben, &code).await.unwrap();
        given.package(ben, 1024).await;
        given.package(ben, 1024).await;
        // Ben cannot invite Anna in turn, nor is Carl new who has paid for something.
        let back = given.service.give_invite_code(&operator(), ben).await.unwrap().code.unwrap();
        let refused = given.service.note_invitation(&operator(), anna, &back).await.unwrap_err();
        assert!(matches!(refused, ServiceError::Shop(ShopError::InvitedEachOther)), "{refused:?}");
        let carl = given.customer("carl@example.com").await;
        given.package(carl, 1024).await;
        for (price, is_new) in [(1, false), (0, true)] {
            given.store.run_raw(&format!("UPDATE orders SET pay_fee = {price} WHERE customer_id = {carl}")).await.unwrap();
            assert_eq!(given.service.note_invitation(&operator(), carl, &back).await.is_ok(), is_new);
        }
        let taking = async |customer, order| {
            let wanted = (customer, OrderId::new(order));
            let take = given.store.write(wanted, |(customer, order), tx| Box::pin(invitation::take(tx, *customer, *order)));
            let taken: Result<bool, StoreError> = take.await;
            taken.unwrap()
        };
        let due = async |customer| {
            let due: Result<bool, StoreError> = given.store.read(async |tx| invitation::is_due(tx, customer).await).await;
            due.unwrap()
        };
        assert_eq!((due(anna).await, due(ben).await), (false, true));
        assert_eq!((taking(anna, 1).await, taking(ben, 1).await, taking(ben, 2).await), (false, true, false));
        assert!(!due(ben).await);
        // Only the order that has it gives it back.
        for (order, is_due) in [(2, false), (1, true)] {
            let wanted = (ben, OrderId::new(order));
            let back = given.store.write(wanted, |(customer, order), tx| Box::pin(invitation::give_back(tx, *customer, *order)));
            let back: Result<(), StoreError> = back.await;
            back.unwrap();
            assert_eq!(due(ben).await, is_due);
        }
        assert!(taking(ben, 2).await);
    }
}
