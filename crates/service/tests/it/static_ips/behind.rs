//! What gateways are told of static IPs: who may use which now, and by which exit it leaves.

use turnpike_domain::directory::{Changes, HeldIp};
use turnpike_domain::exit::{ExitFields, ExitName};
use turnpike_domain::ids::FeedSeq;

use super::*;

/// What the gateways know of a customer's static IPs, from the place they are at; `None` when nothing of it changed.
async fn told(given: &Given, customer: CustomerId, place: &mut Option<FeedSeq>) -> Option<Vec<HeldIp>> {
    let Changes::Since { seq, changed } = given.service.directory_changes(*place).await.unwrap() else { return None };
    *place = Some(seq);
    changed.customers.into_iter().find(|entry| entry.id == customer).map(|entry| entry.static_ips)
}

fn ips(held: Option<Vec<HeldIp>>) -> Option<Vec<String>> {
    held.map(|held| held.iter().map(|one| one.ip.to_string()).collect())
}

each_store! {
    async fn what_may_be_used_is_told_when_it_changes(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 3).await;
        let mut place = given.service.directory_snapshot().await.unwrap().seq;
        buy(&given, anna, &[("JP", 2)]).await.unwrap();
        let held = told(&given, anna, &mut place).await.unwrap();
        let [first, _] = &held[..] else { panic!("{held:?}") };
        assert_eq!((first.ip.to_string(), first.place.to_string()), ("127.1.0.1".to_owned(), "JP/Tokyo/Chiyoda".to_owned()));
        assert_eq!((first.product_type, first.exit), (RESIDENTIAL, None));
        assert_eq!(first.expires_at, given.now().plus(Span::from_days(30)));
        assert_eq!(given.service.directory_snapshot().await.unwrap().customers[0].static_ips, held);
        let set = async |ip: &str, duty| {
            given.service.set_static_ip_duty(&operator(), ip.parse().unwrap(), duty).await.unwrap();
        };
        set("127.1.0.1", StaticIpDuty::Maintenance).await;
        assert_eq!(ips(told(&given, anna, &mut place).await), Some(vec!["127.1.0.2".to_owned()]));
        set("127.1.0.1", StaticIpDuty::Normal).await;
        assert_eq!(ips(told(&given, anna, &mut place).await).unwrap().len(), 2);
        // Another address in its place.
        given.service.replace_static_ip(&operator(), "127.1.0.2".parse().unwrap(), None).await.unwrap();
        assert_eq!(ips(told(&given, anna, &mut place).await).unwrap(), ["127.1.0.1", "127.1.0.3"]);
        // Renewed, then expired.
        let ids: Vec<_> = all(&given, anna).await.iter().map(|one| one.id).collect();
        renew(&given, anna, &ids[..1], Duration::Months(1)).await.unwrap();
        assert_eq!(ips(told(&given, anna, &mut place).await).unwrap().len(), 2);
        given.pass(Span::from_days(30));
        given.service.end_static_ips().await.unwrap();
        assert_eq!(ips(told(&given, anna, &mut place).await).unwrap().len(), 1);
        given.pass(Span::from_days(60));
        given.service.end_static_ips().await.unwrap();
        assert_eq!(ips(told(&given, anna, &mut place).await).unwrap(), Vec::<String>::new());
    }

    async fn an_address_behind_an_exit_is_told_with_it(given: &TestStore) {
        let given = Given::over(given);
        let anna = shop(&given, 1).await;
        buy(&given, anna, &[("JP", 1)]).await.unwrap();
        let fields = ExitFields { name: "acme", route: "http://p.example:1", places: "JP", ..ExitFields::default() };
        let (acme, terms) = fields.read().unwrap();
        let exit = given.service.add_exit(&operator(), acme.clone(), terms).await.unwrap().id;
        let mut place = given.service.directory_snapshot().await.unwrap().seq;
        let ip = "127.1.0.1".parse().unwrap();
        let put = async |behind| given.service.put_static_ip_behind(&operator(), ip, behind).await;
        let details = put(Some(acme.clone())).await.unwrap();
        assert_eq!(details.exit.as_ref(), Some(&acme));
        assert_eq!(told(&given, anna, &mut place).await.unwrap()[0].exit, Some(exit));
        let gone = given.service.remove_exit(&operator(), acme.clone()).await;
        assert!(matches!(gone, Err(ServiceError::ExitHasStaticIps(1))), "{gone:?}");
        let unknown = put(ExitName::parse("other").ok()).await;
        assert!(matches!(unknown, Err(ServiceError::NoSuchExit)), "{unknown:?}");
        put(None).await.unwrap();
        assert_eq!(told(&given, anna, &mut place).await.unwrap()[0].exit, None);
        given.service.remove_exit(&operator(), acme).await.unwrap();
    }

    async fn a_table_of_addresses_says_which_exits_they_are_behind(given: &TestStore) {
        let given = Given::over(given);
        let (acme, terms) = ExitFields { name: "acme", route: "direct", places: "JP", ..ExitFields::default() }.read().unwrap();
        given.service.add_exit(&operator(), acme.clone(), terms).await.unwrap();
        let refused = import(&given, "ip,kind,country,exit\n127.1.0.1,25,JP,acme\n127.1.0.2,25,JP,other\n").await.unwrap_err();
        assert!(refused.to_string().contains("line 3: exit: there is no other"), "{refused}");
        import(&given, "ip,kind,country,exit\n127.1.0.1,25,JP,acme\n127.1.0.2,25,JP,\n").await.unwrap();
        let found = given.service.page_static_ips(&StaticIpFilter::default(), None, 10).await.unwrap();
        assert_eq!(found.iter().map(|one| one.exit.clone()).collect::<Vec<_>>(), [Some(acme), None]);
    }
}
