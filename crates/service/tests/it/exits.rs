//! Exits: declared, changed, taken over from tables, told to gateways; and the sessions that keep them.

use std::sync::Arc;

use turnpike_domain::directory::{Changed, Changes};
use turnpike_domain::exit::{ExitFields, ExitName, ExitState, ExitTerms, Route, UpstreamPassword};
use turnpike_domain::ids::{CustomerId, ExitId, FeedSeq};
use turnpike_domain::login::SessionId;
use turnpike_domain::place::PlaceWish;
use turnpike_domain::session::{Pin, SessionKey};
use turnpike_domain::time::{Span, Timestamp};
use turnpike_service::{
    AuditFilter, Exit, ExitChange, ExitFilter, ExitSheet, ImportedExits, LimitChange, ServiceError, write_exit,
    write_exit_header,
};
use turnpike_testkit::each_store;

use crate::given::{Given, TYPE, operator};

fn name(text: &str) -> ExitName {
    ExitName::parse(text).unwrap()
}

/// An upstream with a login where the route is one.
fn terms(route: &str, places: &str) -> ExitTerms {
    let has_login = route.contains("://");
    let (username, password) = if has_login { ("acme-{cc}[-s-{session}]", "hush") } else { ("", "") };
    let fields = ExitFields { name: "x", route, username, password, places, ..ExitFields::default() };
    fields.read().unwrap().1
}

async fn add(given: &Given, called: &str, route: &str, places: &str) -> Exit {
    given.service.add_exit(&operator(), name(called), terms(route, places)).await.unwrap()
}

async fn change(given: &Given, called: &str, change: ExitChange) -> Result<Exit, ServiceError> {
    given.service.change_exit(&operator(), name(called), change).await
}

async fn import(given: &Given, table: &str) -> Result<ImportedExits, ServiceError> {
    given.service.import_exits(&operator(), ExitSheet::read(table.as_bytes()), Arc::default()).await
}

async fn exported(given: &Given) -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    write_exit_header(&mut table).unwrap();
    for exit in given.service.page_exits(&ExitFilter::default(), None, 1000).await.unwrap() {
        write_exit(&mut table, &exit).unwrap();
    }
    String::from_utf8(table.into_inner().unwrap()).unwrap()
}

/// Follows the feed from a place to its end.
async fn told(given: &Given, place: &mut Option<FeedSeq>) -> Changed {
    match given.service.directory_changes(*place).await.unwrap() {
        Changes::Since { seq, changed } => {
            *place = Some(seq);
            *changed
        }
        Changes::None => Changed::default(),
        Changes::TooOld => panic!("too old"),
    }
}

/// The password that gateways log in to an upstream with.
fn password(route: &Route) -> &str {
    let Route::Upstream(upstream) = route else { panic!("{route} is no upstream") };
    upstream.password.reveal()
}

each_store! {
    async fn gateways_are_told_of_exits_with_their_logins_and_operators_are_not(given: &TestStore) {
        let given = Given::over(given);
        let mut place = None;
        let added = add(&given, "acme", "socks5://proxy.example:1080", "us/ca/los angeles").await;
        assert_eq!(added.terms.places[0].to_string(), "US/California/LosAngeles");
        assert_eq!(added.terms.places[0].region.as_ref().unwrap().code.as_deref(), Some("CA"));
        assert_eq!(password(&added.terms.route), "");
        assert!(!added.password_sealed.unwrap().windows(4).any(|part| part == b"hush"));
        let changed = told(&given, &mut place).await;
        let [entry] = &changed.exits[..] else { panic!("{changed:?}") };
        assert_eq!((entry.id, password(&entry.route)), (added.id, "hush"));
        let snapshot = given.service.directory_snapshot().await.unwrap();
        assert_eq!(snapshot.exits, changed.exits);
        let again = given.service.add_exit(&operator(), name("acme"), terms("direct", "US")).await;
        assert!(matches!(again, Err(ServiceError::ExitNameTaken(_))), "{again:?}");
        let nowhere = given.service.add_exit(&operator(), name("b"), terms("direct", "XQ")).await.unwrap_err();
        assert_eq!(nowhere.to_string(), "places: there is no country XQ");
        given.service.remove_exit(&operator(), name("acme")).await.unwrap();
        assert_eq!(told(&given, &mut place).await.gone_exits, [added.id]);
        assert!(given.service.verify().await.unwrap().is_clean());
        let audit = given.service.page_audit(&AuditFilter::default(), None, 10).await.unwrap();
        let acts: Vec<_> = audit.iter().map(|(_, entry)| format!("{} {}", entry.act, entry.detail)).collect();
        assert_eq!(acts, ["exit.remove acme: socks5://proxy.example:1080", "exit.add acme: socks5://proxy.example:1080"]);
    }

    async fn what_is_not_named_stays(given: &TestStore) {
        let given = Given::over(given);
        let before = add(&given, "acme", "http://proxy.example:3128", "US|DE").await;
        let mut place = given.service.directory_snapshot().await.unwrap().seq;
        let moved = ExitChange {
            route: Some("socks5://other.example:1".to_owned()),
            state: Some(ExitState::Draining),
            capacity: LimitChange::Set(7),
            ..ExitChange::default()
        };
        let after = change(&given, "acme", moved).await.unwrap();
        assert_eq!((after.terms.state, after.terms.capacity, &after.terms.places), (ExitState::Draining, Some(7), &before.terms.places));
        let entry = told(&given, &mut place).await.exits.remove(0);
        let Route::Upstream(upstream) = &entry.route else { panic!("{entry:?}") };
        assert_eq!((upstream.username.as_ref().unwrap().as_str(), password(&entry.route)), ("acme-{cc}[-s-{session}]", "hush"));
        // Another password, then none.
        for wished in ["hidden", ""] {
            let other = ExitChange { password: UpstreamPassword::new(wished.to_owned()), ..ExitChange::default() };
            change(&given, "acme", other).await.unwrap();
            assert_eq!(password(&told(&given, &mut place).await.exits[0].route), wished);
        }
        let direct = ExitChange { route: Some("192.0.2.1".to_owned()), ..ExitChange::default() };
        let after = change(&given, "acme", direct).await.unwrap();
        assert_eq!((after.terms.route.to_string(), after.password_sealed), ("192.0.2.1".to_owned(), None));
        let login = ExitChange { username: Some("u".to_owned()), ..ExitChange::default() };
        assert!(matches!(change(&given, "acme", login).await, Err(ServiceError::Exit(_))));
        assert!(matches!(change(&given, "other", ExitChange::default()).await, Err(ServiceError::NoSuchExit)));
    }

    async fn a_table_that_was_written_changes_nothing_when_it_is_read(given: &TestStore) {
        let given = Given::over(given);
        add(&given, "acme", "http://proxy.example:3128", "US/Texas|DE").await;
        add(&given, "own", "192.0.2.1", "FR").await;
        let table = exported(&given).await;
        assert!(!table.contains("hush"), "{table}");
        let mut place = given.service.directory_snapshot().await.unwrap().seq;
        let same = ImportedExits { added: 0, changed: 0, unchanged: 2 };
        assert_eq!(import(&given, &table).await.unwrap(), same);
        assert_eq!(told(&given, &mut place).await, Changed::default());
        // One cell is another, and a row is new.
        let table = table.replace("192.0.2.1,FR", "192.0.2.2,FR") + "new,direct,JP,,,9,,5,down,contracted,\"a, b\"\n";
        let dry = ExitSheet::read(table.as_bytes());
        let would = given.service.rehearsing().import_exits(&operator(), dry, Arc::default()).await.unwrap();
        let done = ImportedExits { added: 1, changed: 1, unchanged: 1 };
        assert_eq!(would, done);
        assert_eq!(told(&given, &mut place).await, Changed::default(), "a dry run");
        assert_eq!(import(&given, &table).await.unwrap(), done);
        let exits = told(&given, &mut place).await.exits;
        assert_eq!(exits.len(), 2);
        // The upstream that is taken over without its password keeps it.
        import(&given, &exported(&given).await.replace("http://proxy.example", "http://other.example")).await.unwrap();
        assert_eq!(password(&told(&given, &mut place).await.exits[0].route), "hush");
        let elsewhere = exported(&given).await;
        let found = given.service.page_exits(&ExitFilter::default(), None, 1000).await.unwrap();
        for exit in &found {
            given.service.remove_exit(&operator(), exit.name.clone()).await.unwrap();
        }
        assert_eq!(import(&given, &elsewhere).await.unwrap().added, 3);
        assert_eq!(exported(&given).await, elsewhere);
    }

    async fn a_table_with_faults_is_not_taken_over(given: &TestStore) {
        let given = Given::over(given);
        let refused = import(&given, "name,route,places\na,direct,US\nb,direct,XQ\n,eth0,\n").await.unwrap_err();
        let ServiceError::Sheet(error) = refused else { panic!("{refused:?}") };
        assert_eq!(error.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 4]);
        assert!(given.service.page_exits(&ExitFilter::default(), None, 10).await.unwrap().is_empty());
    }

    async fn two_who_take_the_same_table_over_get_it_once(given: &TestStore) {
        let (one, two) = (Given::over(given), Given::second(given).await);
        let rows: Vec<_> = (1..200).map(|number| format!("e{number},10.0.0.{number},US")).collect();
        let table = format!("name,route,places\n{}\n", rows.join("\n"));
        let (first, second) = tokio::join!(import(&one, &table), import(&two, &table));
        let mut added = [first.unwrap().added, second.unwrap().added];
        added.sort_unstable();
        assert_eq!(added, [0, 199]);
        two.store.close().await;
    }

    async fn sessions_are_told_to_all_gateways_and_forgotten_when_they_end(given: &TestStore) {
        let given = Given::over(given);
        let mut place = None;
        let session = |text: &str| {
            let session = SessionId::parse(text).unwrap();
            SessionKey::of(CustomerId::new(1), TYPE, &session, &PlaceWish::default())
        };
        let until = given.now().plus(Span::from_secs(600));
        let pin = |text: &str, exit| {
            Pin { key: session(text), exit: ExitId::new(exit), after: Timestamp::from_ms(0), until, moves: 0 }
        };
        assert_eq!(given.service.keep_pins(vec![pin("a", 1), pin("b", 2)]).await.unwrap(), 2);
        assert_eq!(told(&given, &mut place).await.pins.len(), 2);
        // Another gateway's choice for the same session loses, and the session's move wins.
        assert_eq!(given.service.keep_pins(vec![pin("a", 3)]).await.unwrap(), 0);
        assert_eq!(told(&given, &mut place).await, Changed::default());
        let moved = pin("a", 1).moved_to(ExitId::new(9));
        given.service.keep_pins(vec![moved]).await.unwrap();
        assert_eq!(told(&given, &mut place).await.pins, [moved]);
        let mut kept = given.service.directory_snapshot().await.unwrap().pins;
        kept.sort_unstable_by_key(|pin| pin.exit);
        assert_eq!(kept, [pin("b", 2), moved]);
        assert!(given.service.verify().await.unwrap().is_clean());
        given.pass(Span::from_secs(600));
        assert!(given.service.directory_snapshot().await.unwrap().pins.is_empty());
        assert_eq!(given.service.trim_pins().await.unwrap(), 2);
        assert_eq!(given.number("SELECT count(*) FROM pin").await, 0);
    }
}
