//! Exits come back as they went in, and are found by what is asked for.

use turnpike_domain::country::CountryCode;
use turnpike_domain::exit::{ExitFields, ExitName, ExitState, Region};
use turnpike_domain::ids::ExitId;
use turnpike_domain::time::Timestamp;
use turnpike_store::exit::{self, Exit, ExitCheck, ExitFilter, WrittenExit};
use turnpike_store::{Store, StoreError};
use turnpike_testkit::each_store;

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);
const FIRST: ExitId = ExitId::new(0);

fn written(name: &str, route: &str, places: &str) -> WrittenExit {
    let username = if route.contains("://") { "u-{cc}[-s-{session}]" } else { "" };
    let fields =
        ExitFields { name, route, places, username, evidence: "\"quoted\" \\ ' 备注", ..ExitFields::default() };
    let (name, terms) = fields.read().unwrap();
    WrittenExit { name, terms, password_sealed: (!username.is_empty()).then(|| vec![0, 1, 0xfe, b'"']) }
}

async fn insert(store: &Store, exits: &[WrittenExit]) -> Result<Vec<ExitId>, StoreError> {
    store.write(exits.to_vec(), |exits, tx| Box::pin(exit::insert(tx, exits, NOW))).await
}

async fn page(store: &Store, filter: ExitFilter) -> Vec<String> {
    let found: Result<_, StoreError> = store.read(async |tx| exit::page(tx, &filter, FIRST, 100).await).await;
    found.unwrap().into_iter().map(|exit| exit.name.to_string()).collect()
}

async fn all(store: &Store) -> Vec<Exit> {
    let found: Result<_, StoreError> = store.read(async |tx| exit::after(tx, FIRST, 100).await).await;
    found.unwrap()
}

each_store! {
    async fn an_exit_comes_back_as_it_went_in(given: &TestStore) {
        let store = given.store();
        let mut exits = [
            written("a", "direct", "US/California/LosAngeles|DE|SG//Singapore"),
            written("b", "socks5://[2001:db8::1]:1080", "JP"),
        ];
        exits[0].terms.places[2].region = Some(Region { name: "California".into(), code: Some("CA".into()) });
        exits[0].terms.capacity = Some(u32::MAX);
        let ids = insert(&store, &exits).await.unwrap();
        let found = all(&store).await;
        for ((id, given), found) in ids.iter().zip(&exits).zip(&found) {
            let expected = Exit {
                id: *id,
                name: given.name.clone(),
                terms: given.terms.clone(),
                password_sealed: given.password_sealed.clone(),
                created_at: NOW,
                checked: None,
            };
            assert_eq!(*found, expected);
        }
        assert_eq!(found.len(), 2);
        assert!(matches!(insert(&store, &exits[..1]).await, Err(StoreError::Conflict)));
    }

    async fn exits_are_found_by_place_state_kind_and_fault(given: &TestStore) {
        let store = given.store();
        let mut exits = [
            written("direct", "direct", "US"),
            written("v4", "192.0.2.1", "US/Texas"),
            written("v6", "2001:db8::1", "DE"),
            written("prefix", "2001:db8:1::/48", "DE|FR"),
            written("http", "http://proxy.example:3128", "FR"),
            written("socks5", "socks5://proxy.example:1080", "JP"),
        ];
        exits[1].terms.state = ExitState::Down;
        let ids = insert(&store, &exits).await.unwrap();
        let country = |code| ExitFilter { country: CountryCode::parse(code).ok(), ..ExitFilter::default() };
        assert_eq!(page(&store, ExitFilter::default()).await.len(), 6);
        assert_eq!(page(&store, country("US")).await, ["direct", "v4"]);
        assert_eq!(page(&store, country("FR")).await, ["prefix", "http"]);
        let state = ExitFilter { state: Some(ExitState::Down), ..ExitFilter::default() };
        assert_eq!(page(&store, state).await, ["v4"]);
        for exit in &exits {
            let kind = ExitFilter { kind: Some(exit.terms.route.word()), ..ExitFilter::default() };
            let found = page(&store, kind).await;
            assert!(found.contains(&exit.name.to_string()) && found.len() == if exit.terms.route.word() == "address" { 2 } else { 1 });
        }
        let check = |id, fault: Option<&str>| {
            let check = ExitCheck { at: NOW, seen: "192.0.2.9".parse().ok(), fault: fault.map(ToOwned::to_owned) };
            let store = store.clone();
            async move {
                let noted: Result<bool, StoreError> =
                    store.write((id, check), |(id, check), tx| Box::pin(exit::note_check(tx, *id, check))).await;
                noted.unwrap()
            }
        };
        assert!(check(ids[0], None).await && check(ids[1], Some("no route")).await);
        assert!(!check(ExitId::new(1000), None).await);
        let faulty = |faulty| ExitFilter { faulty: Some(faulty), ..ExitFilter::default() };
        assert_eq!((page(&store, faulty(false)).await, page(&store, faulty(true)).await), (vec!["direct".into()], vec!["v4".into()]));
        assert_eq!(all(&store).await[1].checked.as_ref().unwrap().fault.as_deref(), Some("no route"));
    }

    async fn what_is_said_anew_replaces_what_was(given: &TestStore) {
        let store = given.store();
        let ids = insert(&store, &[written("a", "socks5://p.example:1", "US"), written("b", "direct", "DE")]).await.unwrap();
        let anew = written("a", "192.0.2.1", "FR");
        let changed: Result<u64, StoreError> =
            store.write(vec![anew.clone()], |anew, tx| Box::pin(exit::update(tx, anew))).await;
        assert_eq!(changed.unwrap(), 1);
        let found = all(&store).await;
        assert_eq!((&found[0].terms, &found[0].password_sealed), (&anew.terms, &None));
        assert_eq!(found[1].terms.places[0].to_string(), "DE");
        let names = [ExitName::parse("b").unwrap(), ExitName::parse("c").unwrap()];
        let locked: Result<_, StoreError> = store.write(names, |names, tx| Box::pin(exit::lock(tx, names))).await;
        assert_eq!(locked.unwrap().iter().map(|exit| exit.id).collect::<Vec<_>>(), [ids[1]]);
        let gone: Result<_, StoreError> = store.write(ids[0], |id, tx| Box::pin(exit::delete(tx, *id))).await;
        assert!(gone.unwrap());
        let of: Result<_, StoreError> = store.read(async |tx| exit::of(tx, &ids).await).await;
        assert_eq!(of.unwrap().iter().map(|exit| exit.name.to_string()).collect::<Vec<_>>(), ["b"]);
    }
}
