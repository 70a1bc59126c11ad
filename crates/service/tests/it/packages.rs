//! Packages: granted by the operator, listed page by page.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Span;
use turnpike_domain::units::Bytes;
use turnpike_service::{Grant, PackageFilter, ServiceError};
use turnpike_testkit::each_store;

use crate::given::{GB, Given, TYPE, operator};

fn all() -> PackageFilter {
    PackageFilter { trade_no: None, product_type: None, page: 1, size: 20 }
}

fn grant(given: &Given, customer: CustomerId) -> Grant {
    let (starts_at, title) = (given.now(), "10 GB".to_owned());
    let expires_at = starts_at.plus(Span::from_days(30));
    Grant { customer, product_type: TYPE, size: Bytes::new(10 * GB), starts_at, expires_at, title }
}

each_store! {
    async fn a_granted_package_has_a_paid_order(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let wish = grant(&given, anna);
        let trade_no = given.service.grant_package(&operator(), wish.clone()).await.unwrap();
        assert!(trade_no.as_str().starts_with("20260310120000"), "{trade_no}");
        let page = given.service.list_packages(anna, all()).await.unwrap();
        let [package] = &page.items[..] else { panic!("one package") };
        assert_eq!((package.starts_at, package.expires_at), (wish.starts_at, wish.expires_at));
        assert_eq!((&package.trade_no, package.order.title.as_str()), (&trade_no, "10 GB"));
        assert_eq!((package.order.created_at, package.order.paid_at), (given.now(), given.now()));
        assert_eq!(given.number("SELECT count(*) FROM orders WHERE status = 1 AND pay_fee = 0").await, 1);
    }

    async fn pages_are_newest_first_and_know_the_total(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        let mut numbers = Vec::new();
        for _ in 0..5 {
            numbers.push(given.service.grant_package(&operator(), grant(&given, anna)).await.unwrap());
        }
        given.service.grant_package(&operator(), grant(&given, ben)).await.unwrap();
        let page = async |page, size| given.service.list_packages(anna, PackageFilter { page, size, ..all() }).await.unwrap();
        let first = page(1, 2).await;
        assert_eq!((first.total, first.page, first.size), (5, 1, 2));
        assert_eq!(first.items.iter().map(|one| one.trade_no.clone()).collect::<Vec<_>>(), [numbers[4].clone(), numbers[3].clone()]);
        assert_eq!(page(3, 2).await.items.len(), 1);
        let past = page(u32::MAX, 1000).await;
        assert_eq!((past.items.len(), past.total), (0, 5));
    }

    async fn packages_are_found_by_their_own_order_only(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        let number = given.service.grant_package(&operator(), grant(&given, anna)).await.unwrap();
        let find = async |customer, text: &str| {
            let filter = PackageFilter { trade_no: Some(text.to_owned()), ..all() };
            given.service.list_packages(customer, filter).await.unwrap().total
        };
        assert_eq!(find(anna, number.as_str()).await, 1);
        assert_eq!(find(ben, number.as_str()).await, 0);
        for text in ["", "%", &number.as_str()[..27], "' OR '1'='1"] {
            assert_eq!(find(anna, text).await, 0, "{text}");
        }
        let filter = PackageFilter { product_type: Some(ProductType::IdcTraffic), ..all() };
        assert_eq!(given.service.list_packages(anna, filter).await.unwrap().total, 0);
    }

    async fn what_is_no_package_is_refused(given: &TestStore) {
        let given = Given::over(given);
        let anna = given.customer("anna@example.com").await;
        let good = grant(&given, anna);
        let refused = [
            Grant { size: Bytes::new(1023), ..good.clone() },
            Grant { expires_at: good.starts_at, ..good.clone() },
            Grant { title: "  ".to_owned(), ..good.clone() },
            Grant { title: "x".repeat(201), ..good.clone() },
            Grant { title: "a\nb".to_owned(), ..good.clone() },
            Grant { customer: CustomerId::new(4711), ..good },
        ];
        for wish in refused {
            let outcome = given.service.grant_package(&operator(), wish.clone()).await;
            assert!(outcome.is_err(), "{wish:?}");
        }
        assert_eq!(given.number("SELECT count(*) FROM orders").await, 0);
    }

    async fn an_unverified_customer_sees_no_list_but_a_summary(given: &TestStore) {
        let given = Given::over(given);
        let added = given.service.add_customer(&operator(), "new@example.com", "a long password").await.unwrap();
        let listed = given.service.list_packages(added.id, all()).await;
        assert!(matches!(listed, Err(ServiceError::Unverified)));
        let summary = given.service.summarise_packages(added.id, &[TYPE]).await.unwrap();
        assert_eq!(summary.total_count, 0);
    }

    async fn a_summary_tells_of_its_types_and_its_customer(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        given.package(anna, GB).await;
        given.package_until(anna, 2 * GB, given.now().plus(Span::from_days(3))).await;
        given.package(ben, 4 * GB).await;
        let idc = Grant { product_type: ProductType::IdcTraffic, size: Bytes::new(8 * GB), ..grant(&given, anna) };
        given.service.grant_package(&operator(), idc).await.unwrap();
        let summary = given.service.summarise_packages(anna, &[TYPE]).await.unwrap();
        assert_eq!((summary.total.get(), summary.total_count), (3 * GB, 2));
        assert_eq!((summary.temporary.get(), summary.temporary_count), (2 * GB, 1));
        let both = given.service.summarise_packages(anna, &[TYPE, ProductType::IdcTraffic]).await.unwrap();
        assert_eq!(both.effective_total.get(), 11 * GB);
        given.pass(Span::from_days(3));
        let later = given.service.summarise_packages(anna, &[TYPE]).await.unwrap();
        assert_eq!((later.expired.get(), later.expired_count, later.effective.get()), (2 * GB, 1, GB));
    }
}
