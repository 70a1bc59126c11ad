//! What a catalogue may be, and what putting one in force changes.

use super::*;
use crate::recharge::Tier;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn draft(code: &str, product_type: ProductType) -> Draft {
    let (size, ip_type) = match product_type {
        ProductType::DynamicTraffic | ProductType::IdcTraffic => (Some(Bytes::new(1 << 30)), None),
        ProductType::StaticTrafficAddOn => (Some(Bytes::new(1 << 30)), Some(ProductType::StaticResidentialIp)),
        ProductType::StaticIpRenewal => (None, Some(ProductType::StaticDatacenterIp)),
        _ => (None, None),
    };
    Product {
        id: None,
        code: code.to_owned(),
        product_type,
        name: "Name".to_owned(),
        title: "Title".to_owned(),
        description: "Two\nlines".to_owned(),
        on_sale: true,
        rank: 0,
        price: money("1"),
        size,
        validity: Span::from_days(30),
        ip_type,
        least: 1,
        most: 100,
        stock: None,
        terms: Terms::default(),
    }
}

/// The keys of what is wrong with a product of that type after a change.
fn faults(product_type: ProductType, change: impl FnOnce(&mut Draft)) -> Vec<String> {
    let mut draft = draft("a-1", product_type);
    change(&mut draft);
    draft.faults().into_iter().map(|fault| fault.key).collect()
}

#[test]
fn a_product_of_every_type_can_be_listed() {
    for product_type in ProductType::ALL {
        assert_eq!(faults(*product_type, |_| ()), [""; 0], "{product_type:?}");
    }
}

#[test]
fn every_rule_names_its_key() {
    use ProductType as T;
    assert_eq!(faults(T::DynamicTraffic, |draft| draft.code = "Upper".to_owned()), ["code"]);
    assert_eq!(faults(T::DynamicTraffic, |draft| draft.name = "a\nb".to_owned()), ["name"]);
    assert_eq!(faults(T::DynamicTraffic, |draft| draft.title = " ".to_owned()), ["title"]);
    assert_eq!(faults(T::DynamicTraffic, |draft| draft.description = "\u{7}".to_owned()), ["description"]);
    assert_eq!(faults(T::DynamicTraffic, |draft| draft.price = money("-1")), ["price"]);
    assert_eq!(faults(T::Recharge, |draft| draft.price = Money::ZERO), ["price"]);
    assert_eq!(faults(T::DynamicTraffic, |draft| draft.size = None), ["size"]);
    assert_eq!(faults(T::DynamicTraffic, |draft| draft.size = Some(Bytes::new(1025))), ["size"]);
    assert_eq!(faults(T::DynamicTraffic, |draft| draft.size = Some(Bytes::new(1 << 60))), ["most"]);
    assert_eq!(faults(T::Recharge, |draft| draft.size = Some(Bytes::new(1024))), ["size"]);
    assert_eq!(faults(T::DynamicTraffic, |draft| draft.validity = Span::from_ms(1500)), ["validity"]);
    assert_eq!(faults(T::StaticIpRenewal, |draft| draft.ip_type = None), ["ip_type"]);
    assert_eq!(faults(T::StaticIpRenewal, |draft| draft.ip_type = Some(T::DynamicTraffic)), ["ip_type"]);
    assert_eq!(faults(T::DynamicTraffic, |draft| draft.ip_type = Some(T::StaticDatacenterIp)), ["ip_type"]);
    assert_eq!(faults(T::DynamicTraffic, |draft| draft.least = 101), ["most"]);
    assert_eq!(faults(T::StaticDatacenterIp, |draft| draft.most = MOST_STATIC_IPS + 1), ["most"]);
    assert_eq!(faults(T::StaticDatacenterIp, |draft| draft.stock = Some(1)), ["stock"]);
    assert_eq!(faults(T::StaticDatacenterIp, |draft| draft.terms.only_countries = true), ["only_countries"]);
    let step = |from| Step { from, price: money("1") };
    assert_eq!(faults(T::DynamicTraffic, |draft| draft.terms.steps = vec![step(5), step(5)]), ["steps[1].from"]);
    let country = CountryCode::parse("JP").unwrap();
    let in_japan = |draft: &mut Draft| draft.terms.countries.extend([(country, money("1"))]);
    assert_eq!(faults(T::DynamicTraffic, in_japan), ["countries"]);
    let sku = |id| Sku { id, title: "x".to_owned(), value: 1, price: Money::ZERO };
    let twice = |draft: &mut Draft| draft.terms.bandwidth = vec![sku(1), sku(1)];
    assert_eq!(faults(T::DynamicTimePlan, twice), ["bandwidth[1].id"]);
    assert_eq!(faults(T::IdcTraffic, |draft| draft.terms.concurrency = vec![sku(1)]), ["concurrency"]);
}

fn catalogue(drafts: impl IntoIterator<Item = Draft>) -> Catalogue {
    let listed = |draft| Listed { draft, keeps_stock: false };
    Catalogue { products: drafts.into_iter().map(listed).collect(), tiers: None }
}

fn numbered(id: i64, draft: Draft) -> Draft {
    draft.with_id(Some(ProductId::new(id)))
}

#[test]
fn codes_and_numbers_stand_there_once() {
    let traffic = |code| draft(code, ProductType::DynamicTraffic);
    let mut wrong = catalogue([numbered(4, traffic("a")), traffic("b"), numbered(4, traffic("a"))]);
    let tier = |amount: &str| Tier { amount: money(amount), ratio: "1.2".parse().unwrap() };
    wrong.tiers = Some(vec![tier("10"), tier("5")]);
    let keys: Vec<_> = wrong.faults().into_iter().map(|fault| fault.key).collect();
    assert_eq!(keys, ["product[2].code", "product[2].id", "tier[1].amount"]);
}

#[test]
fn products_are_told_by_code_and_keep_their_numbers() {
    let traffic = |code| draft(code, ProductType::DynamicTraffic);
    let first = catalogue([traffic("a"), numbered(9, traffic("b")), traffic("c")]).changes(&[]).unwrap();
    let ids: Vec<_> = first.added.iter().map(|product| (product.code.as_str(), product.id.get())).collect();
    assert_eq!(ids, [("a", 10), ("b", 9), ("c", 11)]);

    let dearer = Draft { price: money("2"), ..traffic("b") };
    let next = catalogue([dearer, traffic("c"), traffic("d")]).changes(&first.added).unwrap();
    let codes = |products: &[Product]| {
        products.iter().map(|product| (product.code.clone(), product.id.get())).collect::<Vec<_>>()
    };
    assert_eq!(codes(&next.added), [("d".to_owned(), 12)]);
    assert_eq!(codes(&next.changed), [("b".to_owned(), 9)]);
    assert_eq!((codes(&next.withdrawn), next.withdrawn[0].on_sale), (vec![("a".to_owned(), 10)], false));
    assert_eq!(next.unchanged, 1);
}

#[test]
fn a_stock_can_be_left_as_it_is() {
    let draft = draft("a", ProductType::DynamicTraffic);
    let present = Product { stock: Some(3), ..draft.clone().with_id(ProductId::new(1)) };
    let with = |keeps_stock| Catalogue { products: vec![Listed { draft: draft.clone(), keeps_stock }], tiers: None };
    let changes = |keeps_stock| with(keeps_stock).changes(std::slice::from_ref(&present)).unwrap();
    assert_eq!((changes(true).unchanged, changes(true).changed), (1, vec![]));
    assert_eq!(changes(false).changed[0].stock, None);
}

#[test]
fn a_number_and_a_type_stay() {
    let present = draft("a", ProductType::DynamicTraffic).with_id(ProductId::new(1));
    let refused = |draft| {
        let faults = catalogue([draft]).changes(std::slice::from_ref(&present)).unwrap_err();
        faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let traffic = |code| draft(code, ProductType::DynamicTraffic);
    assert_eq!(refused(numbered(2, traffic("a"))), ["product[0].id: is 1 already, and stays"]);
    assert_eq!(refused(numbered(1, traffic("b"))), ["product[0].id: is the number of a"]);
    let idc = draft("a", ProductType::IdcTraffic);
    assert_eq!(refused(idc), ["product[0].type: cannot change: take another code for another product"]);
}
