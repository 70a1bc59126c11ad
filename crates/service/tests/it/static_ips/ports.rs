//! The ports that static IPs are reached by: one each, kept through a change, free again when nobody holds the address.

use std::collections::BTreeSet;

use turnpike_domain::directory::Changes;
use turnpike_domain::endpoint::{EndpointEntry, PortRange};
use turnpike_service::{Entry, ExtractionRules};

use super::*;

async fn live(given: &Given) -> Vec<EndpointEntry> {
    given.service.directory_snapshot().await.unwrap().endpoints
}

fn offer(given: &Given, ports: u16) {
    let ports = PortRange::new(20_000, 20_000 + ports - 1).unwrap();
    let default = Entry { ports, ..Entry::default() };
    given.service.set_extraction_rules(ExtractionRules { default, ..ExtractionRules::default() });
}

each_store! {
    async fn each_address_has_a_port_of_its_own_for_as_long_as_it_is_held(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 3).await;
        let bought = buy(&given, anna, &[("JP", 2), ("US", 1)]).await.unwrap();
        let found = all(&given, anna).await;
        let live_now = live(&given).await;
        for one in &found {
            let endpoint = live_now.iter().find(|endpoint| endpoint.port == one.port).unwrap();
            assert_eq!((endpoint.customer, endpoint.ip, endpoint.ends_at), (anna, Some(one.ip), None));
            assert_eq!(endpoint.product_type, RESIDENTIAL);
        }
        assert_eq!(found.iter().map(|one| one.port).collect::<BTreeSet<_>>().len(), 3);
        given.pass(Span::from_days(29));
        given.service.end_endpoints().await.unwrap();
        assert_eq!(live(&given).await.len(), 3);
        let before = given.service.directory_snapshot().await.unwrap().seq;
        given.service.refund_order(&operator(), bought.trade_no, None).await.unwrap();
        assert!(live(&given).await.is_empty());
        let Changes::Since { changed, .. } = given.service.directory_changes(before).await.unwrap() else { panic!() };
        assert_eq!(changed.ended_endpoints.len(), 3);
    }

    async fn a_port_leads_to_the_other_address_after_a_change(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 2).await;
        buy(&given, anna, &[("JP", 1)]).await.unwrap();
        order(&given, anna, Wish::of(CHANGES, BALANCE)).await.unwrap();
        let [one] = &all(&given, anna).await[..] else { panic!("one") };
        let before = given.service.directory_snapshot().await.unwrap().seq;
        let changed = given.service.change_static_ip(anna, one.id, None).await.unwrap();
        assert!(changed.port == one.port && changed.ip != one.ip);
        let Changes::Since { changed: told, .. } = given.service.directory_changes(before).await.unwrap() else { panic!() };
        let [endpoint] = &told.endpoints[..] else { panic!("{told:?}") };
        assert_eq!((endpoint.port, endpoint.ip), (one.port, Some(changed.ip)));
    }

    async fn ports_are_free_when_the_grace_of_an_address_is_over(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 2).await;
        buy(&given, anna, &[("JP", 2)]).await.unwrap();
        given.pass(Span::from_days(31));
        given.service.end_static_ips().await.unwrap();
        assert_eq!(live(&given).await.len(), 2, "they can be renewed still");
        given.pass(Span::from_days(3));
        given.service.end_static_ips().await.unwrap();
        assert!(live(&given).await.is_empty());
    }

    async fn addresses_that_went_without_a_port_are_given_one_later(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 3).await;
        offer(&given, 2);
        buy(&given, anna, &[("JP", 3)]).await.unwrap();
        let without = async || all(&given, anna).await.iter().filter(|one| one.port == 2600).count();
        assert_eq!((without().await, live(&given).await.len()), (1, 2));
        assert_eq!(given.service.provide_static_ip_ports().await.unwrap(), 0);
        offer(&given, 3);
        assert_eq!(given.service.provide_static_ip_ports().await.unwrap(), 1);
        assert_eq!((without().await, live(&given).await.len()), (0, 3));
        assert!(given.service.verify().await.unwrap().is_clean());
    }

    async fn a_port_that_no_gateway_can_bind_is_exchanged(given: &TestStore) {
        use turnpike_domain::ids::Incarnation;
        let given = Given::over(given);
        let anna = shop(&given, 1).await;
        buy(&given, anna, &[("JP", 1)]).await.unwrap();
        let [endpoint] = &live(&given).await[..] else { panic!("one") };
        let node = Incarnation { node: crate::given::NODE, boot: 1 };
        given.service.note_bound(node, endpoint.batch, vec![endpoint.id]).await.unwrap();
        assert!(live(&given).await.is_empty());
        assert_eq!(given.service.provide_static_ip_ports().await.unwrap(), 1);
        let [other] = &live(&given).await[..] else { panic!("one") };
        assert!(other.id != endpoint.id && other.ip == endpoint.ip);
        // A gateway that comes later cannot have it moved.
        given.service.note_bound(node, other.batch, Vec::new()).await.unwrap();
        given.service.note_bound(node, other.batch, vec![other.id]).await.unwrap();
        assert_eq!(live(&given).await.len(), 1);
    }
}
