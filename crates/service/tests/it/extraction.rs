//! Extraction: who may, where and for how long; whose a port is, and when it is free again.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use turnpike_domain::directory::{Changed, Changes};
use turnpike_domain::endpoint::{EndpointEntry, EntryName, PortRange};
use turnpike_domain::ids::{CustomerId, EndpointId, FeedSeq, Incarnation};
use turnpike_domain::place::{PlaceName, PlaceWish};
use turnpike_domain::remark::Remark;
use turnpike_domain::throttle::Pace;
use turnpike_domain::time::Span;
use turnpike_service::{EndpointFilter, Entry, Extraction, ExtractionRules, NewSources, Service, ServiceError};
use turnpike_testkit::each_store;

use crate::given::{GB, Given, NEIGHBOUR, NODE, operator};

const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8));

/// A wish from a listed address.
fn wish(count: u32) -> Extraction {
    Extraction { source: SOURCE, place: PlaceWish::default(), count, life_minutes: 30, entry: None }
}

/// A customer with traffic, whose list holds one address; the default entry has so many ports.
async fn customer(given: &Given, email: &str, ports: u16) -> CustomerId {
    let range = PortRange::new(20_000, 20_000 + ports - 1).unwrap();
    let default = Entry { address: Ipv4Addr::new(192, 0, 2, 1), ports: range };
    given.service.set_extraction_rules(ExtractionRules { default, ..ExtractionRules::default() });
    let customer = given.customer(email).await;
    given.package(customer, GB).await;
    let listed = NewSources { sources: vec![SOURCE], remark: Remark::default() };
    given.service.add_sources(customer, listed).await.unwrap();
    customer
}

/// Follows the feed as a gateway does that listens on every port it hears of but for those `refused`.
struct Gateway {
    service: Service,
    place: Option<FeedSeq>,
    refused: BTreeSet<u16>,
    told: Changed,
}

impl Gateway {
    async fn of(service: &Service) -> Self {
        let place = service.directory_snapshot().await.unwrap().seq;
        Self { service: service.clone(), place, refused: BTreeSet::new(), told: Changed::default() }
    }

    /// Answers for every batch until the act is done: what came of that.
    async fn while_it<T>(&mut self, act: impl Future<Output = T>) -> T {
        let mut act = Box::pin(act);
        loop {
            tokio::select! {
                done = &mut act => {
                    self.catch_up().await;
                    return done;
                }
                () = self.hear() => {}
            }
        }
    }

    async fn hear(&mut self) {
        self.service.wait_for_news(self.place).await;
        self.catch_up().await;
    }

    async fn catch_up(&mut self) {
        let Changes::Since { seq, changed } = self.service.directory_changes(self.place).await.unwrap() else { return };
        self.place = Some(seq);
        let batches: BTreeSet<_> = changed.endpoints.iter().map(|endpoint| endpoint.batch).collect();
        for batch in batches {
            let of_batch = changed.endpoints.iter().filter(|endpoint| endpoint.batch == batch);
            let failed = of_batch.filter(|endpoint| self.refused.contains(&endpoint.port)).map(|endpoint| endpoint.id);
            let node = Incarnation { node: NODE, boot: 1 };
            self.service.note_bound(node, batch, failed.collect()).await.unwrap();
        }
        self.told = *changed;
    }
}

async fn live(service: &Service) -> Vec<EndpointEntry> {
    service.directory_snapshot().await.unwrap().endpoints
}

each_store! {
    async fn ports_are_given_out_once_a_gateway_listens_on_them(given: &TestStore) {
        let given = Given::over(given);
        let anna = customer(&given, "a@example.com", 1000).await;
        let mut gateway = Gateway::of(&given.service).await;
        let place = PlaceWish::default();
        let wish = Extraction { life_minutes: 5, ..wish(20) };
        let first = gateway.while_it(given.service.extract(anna, wish.clone())).await.unwrap();
        let second = gateway.while_it(given.service.extract(anna, wish)).await.unwrap();
        let ports: BTreeSet<u16> = first.iter().chain(&second).map(|(_, port)| *port).collect();
        assert_eq!((first.len(), ports.len()), (20, 40));
        assert!(first.iter().all(|(address, port)| *address == Ipv4Addr::new(192, 0, 2, 1) && (20_000..21_000).contains(port)));
        let live = live(&given.service).await;
        assert_eq!(live.iter().map(|endpoint| endpoint.port).collect::<BTreeSet<_>>(), ports);
        let one = &live[0];
        assert_eq!((one.customer, &one.place, one.ip), (anna, &place, None));
        assert_eq!(one.ends_at, Some(given.now().plus(Span::from_secs(300))));
        // One account without a name for all of it, which only gateways hear of.
        let snapshot = given.service.directory_snapshot().await.unwrap();
        let [nameless] = &snapshot.accounts[..] else { panic!("{:?}", snapshot.accounts) };
        assert!(nameless.username.is_nameless() && nameless.id == one.account);
        assert!(given.service.list_accounts(anna, None).await.unwrap().is_empty());
    }

    async fn refusals_come_in_the_contract_s_order(given: &TestStore) {
        let given = Given::over(given);
        let service = &given.service;
        let anna = service.add_customer(&operator(), "a@example.com", "a long password").await.unwrap().id;
        let nowhere = PlaceWish { country: PlaceName::parse("US").ok(), ..PlaceWish::default() };
        let wish = Extraction { place: nowhere, ..wish(1) };
        let refused = async || service.extract(anna, wish.clone()).await.unwrap_err();
        assert!(matches!(refused().await, ServiceError::Unverified));
        service.verify_customer(&operator(), anna).await.unwrap();
        assert!(matches!(refused().await, ServiceError::SourceNotListed(SOURCE)));
        service.add_sources(anna, NewSources { sources: vec![SOURCE], remark: Remark::default() }).await.unwrap();
        assert!(matches!(refused().await, ServiceError::NoTraffic));
        given.package_until(anna, GB, given.now().plus(Span::from_secs(10))).await;
        // While no exit is made nothing is anywhere.
        assert!(matches!(refused().await, ServiceError::PlaceNotServed));
        given.pass(Span::from_secs(10));
        assert!(matches!(refused().await, ServiceError::NoTraffic));
        service.suspend_customer(&operator(), anna).await.unwrap();
        assert!(matches!(refused().await, ServiceError::Suspended));
        assert!(live(service).await.is_empty());
    }

    async fn fewer_are_given_when_fewer_are_free_and_none_is_said(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (customer(&given, "a@example.com", 30).await, customer(&given, "b@example.com", 30).await);
        let mut gateway = Gateway::of(&given.service).await;
        assert_eq!(gateway.while_it(given.service.extract(anna, wish(20))).await.unwrap().len(), 20);
        assert_eq!(gateway.while_it(given.service.extract(ben, wish(20))).await.unwrap().len(), 10);
        assert!(matches!(given.service.extract(ben, wish(1)).await, Err(ServiceError::NoFreePort)));
        let count = given.service.count_endpoints().await.unwrap();
        assert_eq!(count, [(EntryName::default_entry(), 30)]);
    }

    async fn nobody_has_more_than_it_may(given: &TestStore) {
        let given = Given::over(given);
        let anna = customer(&given, "a@example.com", 100).await;
        let range = PortRange::new(20_000, 20_099).unwrap();
        let default = Entry { ports: range, ..Entry::default() };
        given.service.set_extraction_rules(ExtractionRules { default, most_live: 7, ..ExtractionRules::default() });
        let mut gateway = Gateway::of(&given.service).await;
        assert_eq!(gateway.while_it(given.service.extract(anna, wish(5))).await.unwrap().len(), 5);
        assert_eq!(gateway.while_it(given.service.extract(anna, wish(5))).await.unwrap().len(), 2);
        assert!(matches!(given.service.extract(anna, wish(5)).await, Err(ServiceError::NoFreePort)));
    }

    async fn ports_are_free_again_after_their_end(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (customer(&given, "a@example.com", 10).await, customer(&given, "b@example.com", 10).await);
        let mut gateway = Gateway::of(&given.service).await;
        gateway.while_it(given.service.extract(anna, Extraction { life_minutes: 1, ..wish(10) })).await.unwrap();
        given.pass(Span::from_secs(61));
        assert_eq!(given.service.end_endpoints().await.unwrap(), 0, "gateways' clocks come to it first");
        given.pass(Span::from_secs(1));
        assert_eq!(given.service.end_endpoints().await.unwrap(), 10);
        assert!(live(&given.service).await.is_empty());
        assert_eq!(gateway.while_it(given.service.extract(ben, wish(10))).await.unwrap().len(), 10);
        assert!(live(&given.service).await.iter().all(|endpoint| endpoint.customer == ben));
        // Those that have long ended are forgotten.
        given.pass(Span::from_days(3));
        given.service.end_endpoints().await.unwrap();
        given.pass(Span::from_days(3));
        given.service.end_endpoints().await.unwrap();
        assert_eq!(given.number("SELECT count(*) FROM endpoint").await, 0);
        assert_eq!(given.number("SELECT count(*) FROM endpoint_batch").await, 0);
    }

    async fn what_a_gateway_cannot_bind_is_replaced(given: &TestStore) {
        let given = Given::over(given);
        let anna = customer(&given, "a@example.com", 40).await;
        let mut gateway = Gateway::of(&given.service).await;
        gateway.refused = (20_000..20_010).collect();
        let ports = gateway.while_it(given.service.extract(anna, wish(30))).await.unwrap();
        let ports: BTreeSet<_> = ports.into_iter().map(|(_, port)| port).collect();
        assert!(ports.iter().all(|port| *port >= 20_010), "{ports:?}");
        let live: BTreeSet<_> = live(&given.service).await.into_iter().map(|endpoint| endpoint.port).collect();
        assert_eq!(live, ports);
        assert!(ports.len() >= 20, "{}", ports.len());
    }

    async fn without_a_gateway_that_listens_nothing_is_given(given: &TestStore) {
        let given = Given::over(given);
        let anna = customer(&given, "a@example.com", 40).await;
        let refused = given.service.extract(anna, wish(3)).await;
        assert!(matches!(refused, Err(ServiceError::EntryUnserved)), "{refused:?}");
        assert!(live(&given.service).await.is_empty());
    }

    async fn a_gateway_at_another_process_is_heard(given: &TestStore) {
        let (store, given) = (given, Given::over(given));
        let anna = customer(&given, "a@example.com", 40).await;
        let elsewhere = Given::second(store).await;
        let mut gateway = Gateway::of(&elsewhere.service).await;
        gateway.refused = (20_000..20_005).collect();
        let ports = gateway.while_it(given.service.extract(anna, wish(30))).await.unwrap();
        assert!(ports.iter().all(|(_, port)| *port >= 20_005), "{ports:?}");
        // Who comes second changes nothing.
        let batch = live(&given.service).await[0].batch;
        let neighbour = Incarnation { node: NEIGHBOUR, boot: 1 };
        elsewhere.service.note_bound(neighbour, batch, vec![EndpointId::new(1)]).await.unwrap();
        assert_eq!(live(&given.service).await.len(), ports.len());
    }

    async fn the_operator_ends_endpoints_and_gateways_are_told(given: &TestStore) {
        let given = Given::over(given);
        let anna = customer(&given, "a@example.com", 40).await;
        let mut gateway = Gateway::of(&given.service).await;
        gateway.while_it(given.service.extract(anna, wish(3))).await.unwrap();
        let listed = given.service.endpoints(&EndpointFilter::default(), 0, 10).await.unwrap();
        let ids: Vec<_> = listed.iter().map(|endpoint| endpoint.id).collect();
        let other = EndpointFilter { port: Some(listed[1].port), ..EndpointFilter::default() };
        assert_eq!(given.service.endpoints(&other, 0, 10).await.unwrap(), [listed[1].clone()]);
        let refused = given.service.end_endpoints_as(&operator(), vec![ids[0], EndpointId::new(99)]).await;
        assert!(matches!(refused, Err(ServiceError::NoSuchEndpoint(id)) if id == EndpointId::new(99)));
        given.service.end_endpoints_as(&operator(), vec![ids[0], ids[2]]).await.unwrap();
        gateway.catch_up().await;
        assert_eq!(gateway.told.ended_endpoints, [ids[0], ids[2]]);
        assert_eq!(live(&given.service).await.iter().map(|endpoint| endpoint.id).collect::<Vec<_>>(), [ids[1]]);
    }

    async fn who_extracts_too_often_is_told_when_to_come_back(given: &TestStore) {
        let given = Given::over(given);
        let anna = customer(&given, "a@example.com", 40).await;
        let pace = Some(Pace { burst: 2, interval: Span::from_secs(30) });
        given.service.set_extraction_rules(ExtractionRules { pace, ..ExtractionRules::default() });
        let mut gateway = Gateway::of(&given.service).await;
        for _ in 0..2 {
            gateway.while_it(given.service.extract(anna, wish(1))).await.unwrap();
        }
        let refused = given.service.extract(anna, wish(1)).await;
        assert!(matches!(refused, Err(ServiceError::ExtractedTooOften { wait }) if wait == Span::from_secs(30)));
        given.pass(Span::from_secs(30));
        gateway.while_it(given.service.extract(anna, wish(1))).await.unwrap();
    }

    async fn two_who_extract_at_once_get_different_ports(given: &TestStore) {
        let given = Given::over(given);
        let (anna, ben) = (customer(&given, "a@example.com", 400).await, customer(&given, "b@example.com", 400).await);
        let mut gateway = Gateway::of(&given.service).await;
        let both = async {
            let extract = |customer| Box::pin(given.service.extract(customer, wish(150)));
            tokio::join!(extract(anna), extract(ben))
        };
        let (first, second) = gateway.while_it(both).await;
        let ports: BTreeSet<_> = first.unwrap().into_iter().chain(second.unwrap()).collect();
        assert_eq!(ports.len(), 300);
    }

    async fn traffic_without_a_name_counts_in_totals_and_nowhere_else(given: &TestStore) {
        let given = Given::over(given);
        let anna = customer(&given, "a@example.com", 40).await;
        let mut gateway = Gateway::of(&given.service).await;
        gateway.while_it(given.service.extract(anna, wish(1))).await.unwrap();
        let account = live(&given.service).await[0].account;
        given.bill(account, 5000).await;
        let used = given.service.usage_by_account(Some(anna), given.now().minus(Span::from_days(1)), given.now()).await.unwrap();
        let [row] = &used[..] else { panic!("{used:?}") };
        assert_eq!((row.username.as_str(), row.used.get()), ("", 5000));
        let meter = given.service.read_meter(anna, given.now().minus(Span::from_days(1))).await.unwrap();
        assert_eq!(meter.total.get(), 5000);
        assert!(given.service.verify().await.unwrap().is_clean());
        // Whoever is suspended gets no more of it.
        given.service.suspend_customer(&operator(), anna).await.unwrap();
        assert!(given.ask(account).await.is_err());
    }
}
