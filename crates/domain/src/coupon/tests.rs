//! Who may use which coupon, when and for what.

use super::*;
use crate::catalogue::Terms;
use crate::ids::ProductId;
use crate::time::Span;

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);
const MINE: CustomerId = CustomerId::new(7);

fn product(product_type: ProductType) -> Product {
    Product {
        id: ProductId::new(1),
        code: "traffic".to_owned(),
        product_type,
        name: String::new(),
        title: String::new(),
        description: String::new(),
        on_sale: true,
        rank: 0,
        price: Money::ZERO,
        size: None,
        validity: Span::from_days(1),
        ip_type: None,
        least: 1,
        most: 1,
        stock: None,
        terms: Terms::default(),
    }
}

fn coupon() -> Coupon {
    Coupon {
        id: CouponId::new(1),
        terms: NewCoupon {
            code: CouponCode::parse("spring-26").unwrap(),
            name: "Spring".to_owned(),
            reduction: Reduction::Percent(Percent::from_hundredths(1250).unwrap()),
            scope: CouponScope::default(),
            starts_at: NOW,
            expires_at: NOW.plus(Span::from_days(1)),
            most_uses: Some(2),
            most_uses_each: None,
            customer: None,
            listed: true,
        },
        uses: 1,
        enabled: true,
    }
}

fn checked(change: impl FnOnce(&mut Coupon)) -> Result<(), CouponRefusal> {
    let mut coupon = coupon();
    change(&mut coupon);
    coupon.check(MINE, &product(ProductType::DynamicTraffic), NOW)
}

#[test]
fn nobody_learns_of_a_coupon_that_is_not_for_them() {
    assert_eq!(checked(|_| ()), Ok(()));
    assert_eq!(checked(|coupon| coupon.enabled = false), Err(CouponRefusal::Unknown));
    assert_eq!(checked(|coupon| coupon.terms.customer = Some(CustomerId::new(8))), Err(CouponRefusal::Unknown));
    assert_eq!(checked(|coupon| coupon.terms.customer = Some(MINE)), Ok(()));
    assert_eq!(checked(|coupon| coupon.terms.starts_at = NOW.plus(Span::from_ms(1))), Err(CouponRefusal::Unknown));
}

#[test]
fn its_time_and_its_uses_end() {
    assert_eq!(checked(|coupon| coupon.terms.expires_at = NOW), Err(CouponRefusal::Expired));
    assert_eq!(checked(|coupon| coupon.uses = 2), Err(CouponRefusal::UsedUp));
    assert_eq!(checked(|coupon| (coupon.uses, coupon.terms.most_uses) = (9, None)), Ok(()));
}

#[test]
fn a_scope_names_products_or_types_and_never_covers_money() {
    let scope = |products: &[&str], types: &[ProductType]| CouponScope {
        products: products.iter().map(ToString::to_string).collect(),
        types: types.to_vec(),
    };
    let traffic = product(ProductType::DynamicTraffic);
    for (scope, covered) in [
        (scope(&[], &[]), true),
        (scope(&["traffic"], &[]), true),
        (scope(&["other"], &[]), false),
        (scope(&["other"], &[ProductType::DynamicTraffic]), true),
        (scope(&[], &[ProductType::IdcTraffic]), false),
    ] {
        assert_eq!(scope.covers(&traffic), covered, "{scope:?}");
    }
    for money in [ProductType::Recharge, ProductType::OrderTopUp] {
        assert!(!scope(&["traffic"], &[money]).covers(&product(money)));
    }
}

#[test]
fn codes_are_read_in_either_case() {
    assert_eq!(CouponCode::parse(" spring-26 ").unwrap().as_str(), "SPRING-26");
    for text in ["", "abc", "a_bc", "ab c", "é123", &"a".repeat(33)] {
        assert_eq!(CouponCode::parse(text), Err(CodeError), "{text:?}");
    }
}

#[test]
fn percentages_have_two_decimals() {
    for (text, written) in [("12.5", "12.50"), ("100", "100.00"), ("0.01", "0.01")] {
        assert_eq!(text.parse::<Percent>().unwrap().to_string(), written);
    }
    for text in ["0", "100.01", "-5", "1.234", "x"] {
        assert_eq!(text.parse::<Percent>(), Err(PercentError), "{text}");
    }
}

#[test]
fn a_coupon_that_makes_no_sense_is_not_kept() {
    let refused = |change: fn(&mut NewCoupon)| {
        let mut terms = coupon().terms;
        change(&mut terms);
        terms.check()
    };
    assert_eq!(refused(|_| ()), Ok(()));
    assert_eq!(refused(|terms| terms.name = " ".to_owned()), Err(CouponError::Name));
    assert_eq!(refused(|terms| terms.reduction = Reduction::Amount(Money::ZERO)), Err(CouponError::Reduction));
    assert_eq!(refused(|terms| terms.expires_at = terms.starts_at), Err(CouponError::Backwards));
    assert_eq!(refused(|terms| terms.most_uses_each = Some(0)), Err(CouponError::Uses));
}
