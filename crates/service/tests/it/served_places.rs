//! Where customers are served, as processes hear of it.

use std::sync::Arc;

use turnpike_domain::exit::{ExitFields, ExitName, ExitState};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Span;
use turnpike_service::ExitChange;
use turnpike_testkit::each_store;

use crate::given::{Given, TYPE, operator};

async fn add(given: &Given, name: &str, places: &str, product_types: &str) {
    let fields = ExitFields { name, route: "direct", places, product_types, ..ExitFields::default() };
    let (name, terms) = fields.read().unwrap();
    given.service.add_exit(&operator(), name, terms).await.unwrap();
}

async fn set(given: &Given, name: &str, state: ExitState) {
    let change = ExitChange { state: Some(state), ..ExitChange::default() };
    given.service.change_exit(&operator(), ExitName::parse(name).unwrap(), change).await.unwrap();
}

async fn served(given: &Given, product_type: ProductType) -> Vec<String> {
    let places = given.service.served_places().await.unwrap();
    places.of(product_type).iter().map(ToString::to_string).collect()
}

each_store! {
    async fn places_are_those_of_exits_that_take_connections(given: &TestStore) {
        let given = Given::over(given);
        assert_eq!(served(&given, TYPE).await, Vec::<String>::new());
        add(&given, "a", "us/tx/austin|US/Iowa", "9").await;
        add(&given, "b", "US/Texas/Austin|DE", "9|11").await;
        assert_eq!(served(&given, TYPE).await, ["DE", "US/Iowa", "US/Texas/Austin"]);
        assert_eq!(served(&given, ProductType::DynamicTimePlan).await, ["DE", "US/Texas/Austin"]);
        assert_eq!(served(&given, ProductType::StaticResidentialIp).await, Vec::<String>::new());
        for state in [ExitState::Draining, ExitState::Maintenance, ExitState::Down] {
            set(&given, "b", state).await;
            assert_eq!(served(&given, TYPE).await, ["US/Iowa", "US/Texas/Austin"], "{state:?}");
        }
        set(&given, "b", ExitState::Active).await;
        given.service.remove_exit(&operator(), ExitName::parse("a").unwrap()).await.unwrap();
        assert_eq!(served(&given, TYPE).await, ["DE", "US/Texas/Austin"]);
    }

    async fn what_says_nothing_of_places_leaves_them_as_they_are(given: &TestStore) {
        let given = Given::over(given);
        add(&given, "a", "US", "9").await;
        let before = given.service.served_places().await.unwrap();
        given.customer("anna@example.com").await;
        add(&given, "b", "US", "9").await;
        assert!(Arc::ptr_eq(&before, &given.service.served_places().await.unwrap()));
        // Also when the feed no longer tells.
        add(&given, "c", "CA", "9").await;
        given.pass(Span::from_days(30));
        given.service.trim_feed().await.unwrap();
        assert_eq!(served(&given, TYPE).await, ["CA", "US"]);
    }

    async fn another_process_hears_of_it(given: &TestStore) {
        let (one, two) = (Given::over(given), Given::second(given).await);
        add(&one, "a", "US", "9").await;
        assert_eq!(served(&two, TYPE).await, ["US"]);
        let before = one.service.directory_snapshot().await.unwrap().seq;
        add(&one, "b", "DE", "9").await;
        two.service.wait_for_news(before).await;
        assert_eq!(served(&two, TYPE).await, ["DE", "US"]);
    }
}
