//! The catalogue put in force, beside shops that sell, and the recharge tiers.

use turnpike_domain::catalogue::{Catalogue, Changes, Draft, Listed, Product, Terms};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Span;
use turnpike_domain::units::Bytes;
use turnpike_service::{ServiceError, ShopError};
use turnpike_store::{StoreError, product};
use turnpike_testkit::each_store;

use crate::given::{Given, operator};

fn draft(code: &str, price: &str) -> Draft {
    Draft {
        id: None,
        code: code.to_owned(),
        product_type: ProductType::DynamicTraffic,
        name: "Traffic".to_owned(),
        title: "Traffic, 1 GB".to_owned(),
        description: String::new(),
        on_sale: true,
        rank: 0,
        price: price.parse().unwrap(),
        size: Some(Bytes::new(1 << 30)),
        validity: Span::from_days(30),
        ip_type: None,
        least: 1,
        most: 100,
        stock: None,
        terms: Terms::default(),
    }
}

fn catalogue(drafts: Vec<Draft>) -> Catalogue {
    let listed = |draft| Listed { draft, keeps_stock: true };
    Catalogue { products: drafts.into_iter().map(listed).collect(), tiers: None }
}

async fn load(given: &Given, drafts: Vec<Draft>) -> Changes {
    given.service.load_catalogue(&operator(), catalogue(drafts)).await.unwrap()
}

fn told(products: &[Product]) -> Vec<(i64, &str, String, bool)> {
    products.iter().map(|it| (it.id.get(), it.code.as_str(), it.price.to_string(), it.on_sale)).collect()
}

each_store! {
    async fn prices_are_for_countries_there_are(store: &TestStore) {
        let given = Given::over(store);
        let mut address = Draft { product_type: ProductType::StaticDatacenterIp, size: None, ..draft("a", "1") };
        address.terms.countries = [("JP", "2"), ("ZZ", "3")].map(|(code, price)| (code.parse().unwrap(), price.parse().unwrap())).into();
        let refused = given.service.load_catalogue(&operator(), catalogue(vec![draft("b", "1"), address.clone()])).await;
        let Err(ServiceError::Shop(ShopError::Catalogue(faults))) = refused else { panic!("{refused:?}") };
        assert_eq!(faults.iter().map(ToString::to_string).collect::<Vec<_>>(), ["product[1].countries.ZZ: there is no such country"]);
        address.terms.countries.pop_last();
        load(&given, vec![address]).await;
    }

    async fn a_catalogue_in_force_is_the_one_that_was_loaded(store: &TestStore) {
        let given = Given::over(store);
        load(&given, vec![draft("a", "1"), draft("b", "2")]).await;
        let changes = load(&given, vec![draft("b", "2.50"), draft("c", "3")]).await;
        assert_eq!((changes.added.len(), changes.changed.len(), changes.withdrawn.len()), (1, 1, 1));
        let (products, tiers) = given.service.catalogue().await.unwrap();
        let expected = [
            (1, "a", "1.00".to_owned(), false), (2, "b", "2.50".to_owned(), true), (3, "c", "3.00".to_owned(), true),
        ];
        assert_eq!((told(&products), tiers), (expected.to_vec(), vec![]));
        assert_eq!(given.service.products_on_sale(None).await.unwrap().len(), 2);
        // What went off sale comes back under its number.
        load(&given, vec![draft("a", "1"), draft("b", "2.50"), draft("c", "3")]).await;
        assert_eq!(told(&given.service.products_on_sale(Some(ProductType::DynamicTraffic)).await.unwrap())[0].0, 1);
        let acts = given.service.page_audit(&turnpike_service::AuditFilter::default(), None, 3).await.unwrap();
        let details: Vec<_> = acts.into_iter().map(|(_, act)| act.detail).collect();
        assert_eq!(details, ["1 changed: a", "1 added: c; 1 changed: b; 1 off sale: a", "2 added: a, b"]);
    }

    async fn a_wrong_catalogue_changes_nothing(store: &TestStore) {
        let given = Given::over(store);
        load(&given, vec![draft("a", "1")]).await;
        let idc = Draft { product_type: ProductType::IdcTraffic, ..draft("a", "9") };
        for (wrong, key) in [
            (vec![draft("b", "1"), draft("b", "1")], "product[1].code"),
            (vec![draft("b", "1"), idc], "product[1].type"),
            (vec![Draft { least: 0, ..draft("b", "1") }], "product[0].least"),
        ] {
            let refused = given.service.load_catalogue(&operator(), catalogue(wrong)).await.unwrap_err();
            let ServiceError::Shop(ShopError::Catalogue(faults)) = refused else { panic!("{refused}") };
            assert_eq!(faults[0].key, key);
        }
        let (products, _) = given.service.catalogue().await.unwrap();
        assert_eq!(told(&products), [(1, "a", "1.00".to_owned(), true)]);
    }

    async fn many_loads_at_once_give_every_code_one_number(store: &TestStore) {
        let given = Given::over(store);
        let loads = (0..8).map(|number| {
            let service = given.service.clone();
            let drafts = vec![draft("shared", "1"), draft(&format!("own-{number}"), "1")];
            tokio::spawn(async move { service.load_catalogue(&operator(), catalogue(drafts)).await })
        });
        for load in loads.collect::<Vec<_>>() {
            load.await.unwrap().unwrap();
        }
        let (products, _) = given.service.catalogue().await.unwrap();
        let numbers: Vec<_> = products.iter().map(|product| product.id.get()).collect();
        assert_eq!(numbers, (1..=9).collect::<Vec<_>>());
        // The last load decides what is on sale: the shared one and its own.
        assert_eq!(products.iter().filter(|product| product.on_sale).count(), 2);
    }

    async fn stock_is_sold_while_the_catalogue_is_loaded(store: &TestStore) {
        let given = Given::over(store);
        let stocked = Draft { stock: Some(40), ..draft("a", "1") };
        let first = Catalogue { products: vec![Listed { draft: stocked, keeps_stock: false }], tiers: None };
        given.service.load_catalogue(&operator(), first).await.unwrap();
        let [sold] = &given.service.products_on_sale(None).await.unwrap()[..] else { panic!("one product") };
        let buyers = (0..50).map(|_| {
            let (store, sold) = (given.store.clone(), sold.clone());
            tokio::spawn(async move {
                let take = store.write(sold, |sold, tx| Box::pin(async move {
                    product::take_stock(tx, sold, 1).await
                }));
                take.await.unwrap()
            })
        });
        let buyers: Vec<_> = buyers.collect();
        for number in 0..5 {
            load(&given, vec![draft("a", &format!("{number}"))]).await;
        }
        let mut taken = 0;
        for buyer in buyers {
            taken += i32::from(buyer.await.unwrap());
        }
        let [left] = &given.service.products_on_sale(None).await.unwrap()[..] else { panic!("one product") };
        assert_eq!((taken, left.stock, left.price.to_string()), (40, Some(0), "4.00".to_owned()));
        let back = given.store.write(sold.id, |sold, tx| Box::pin(product::give_back_stock(tx, *sold, 3)));
        let back: Result<(), StoreError> = back.await;
        back.unwrap();
        assert_eq!(given.service.products_on_sale(None).await.unwrap()[0].stock, Some(3));
    }
}
