//! Exits, from their declaration to their end.

use serde_json::{Value, json};
use turnpike_testkit::each_store;

use crate::connections::FakeGateway;
use crate::given::Given;

async fn listed(given: &Given, query: &str) -> Vec<String> {
    let items = given.pages(&format!("/exits{query}"), 2).await.concat();
    items.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

fn acme() -> Value {
    json!({
        "name": "acme", "route": "socks5://proxy.example:1080", "username": "u-{cc}[-s-{session}]", "password": "hush",
        "places": ["us/ca/los angeles", "US/Narnia"], "product_types": [11, 9], "capacity": 50, "weight": 3,
        "provenance": "contracted", "evidence": "contract 7",
    })
}

each_store! {
    async fn an_exit_is_declared_shown_changed_and_removed(store: &TestStore) {
        let given = Given::over(store).await;
        let rehearsed = given.post("/exits?dry_run=true", acme()).await.is(200);
        assert_eq!((&rehearsed["name"], &rehearsed["dry_run"]), (&json!("acme"), &json!(true)));
        assert!(listed(&given, "").await.is_empty());
        let mut shown = given.post("/exits", acme()).await.is(201);
        shown.as_object_mut().unwrap().remove("id");
        assert_eq!(shown, json!({
            "name": "acme", "kind": "socks5", "route": "socks5://proxy.example:1080", "username": "u-{cc}[-s-{session}]",
            "has_password": true, "places": ["US/California/LosAngeles", "US/Narnia"], "unknown_places": ["US/Narnia"],
            "product_types": [9, 11], "capacity": 50, "weight": 3, "state": "active", "provenance": "contracted",
            "evidence": "contract 7", "created_at": "2026-03-10T12:00:00Z", "checked": null,
        }));
        assert_eq!(given.post("/exits", acme()).await.problem(409)["detail"], "an exit is called acme already");
        let changed = given.patch("/exits/acme", json!({"state": "draining", "capacity": null})).await.is(200);
        assert_eq!((&changed["state"], &changed["capacity"], &changed["weight"]), (&json!("draining"), &json!(null), &json!(3)));
        assert_eq!(changed["has_password"], true);
        assert_eq!(given.patch("/exits/acme", json!({"password": ""})).await.is(200)["has_password"], false);
        given.patch("/exits/acme", json!({})).await.problem(422);
        given.patch("/exits/other", json!({"weight": 1})).await.problem(404);
        given.get("/exits/a%20b").await.problem(404);
        assert_eq!(given.delete("/exits/acme").await.is(200)["name"], "acme");
        given.get("/exits/acme").await.problem(404);
        let acts = given.get("/audit?act=exit.change").await.is(200);
        assert_eq!(acts["items"][1]["detail"], "acme: capacity without a limit, state draining");
    }

    async fn what_no_exit_can_be_is_refused_member_by_member(store: &TestStore) {
        let given = Given::over(store).await;
        let wrong = json!({
            "name": "a b", "route": "", "username": "{zip}", "places": [], "product_types": [3], "capacity": 0, "weight": 0,
            "state": "up", "provenance": "borrowed",
        });
        let problem = given.post("/exits", wrong).await.problem(422);
        let named: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(named, ["#/name", "#/route", "#/username", "#/places", "#/product_types", "#/capacity", "#/weight",
            "#/state", "#/provenance"]);
        for (member, value, told) in [
            ("route", json!("http://proxy.example"), "route: the upstream's address"),
            ("route", json!("direct"), "route: only an upstream has a username"),
            ("places", json!(["XQ"]), "places: there is no country XQ"),
        ] {
            let mut wish = acme();
            wish[member] = value;
            let problem = given.post("/exits", wish).await.problem(422);
            assert!(problem["detail"].as_str().unwrap().starts_with(told), "{problem}");
            assert_eq!(problem["errors"][0]["pointer"], format!("#/{member}"));
        }
        assert!(listed(&given, "").await.is_empty());
    }

    async fn a_table_goes_in_and_comes_out_the_same(store: &TestStore) {
        let given = Given::over(store).await;
        let table = "name,route,places,username,password,product_types,capacity,weight,state,provenance,evidence\n\
            acme,http://proxy.example:3128,DE|US/Texas,u-{cc},hush,9,,2,active,contracted,\"a, b\"\n\
            own,192.0.2.1,FR,,,9|11|14|25,10,1,down,owned,'=1\n";
        assert_eq!(given.put("/exits", json!({"csv": table})).await.is(200), json!({"added": 2, "changed": 0, "unchanged": 0}));
        assert_eq!(listed(&given, "?country=us").await, ["acme"]);
        assert_eq!(listed(&given, "?state=down").await, ["own"]);
        assert_eq!(listed(&given, "?kind=http").await, ["acme"]);
        given.get("/exits?kind=ftp").await.problem(400);
        let exported = given.get("/exports/exits").await.body;
        assert_eq!(exported, table.replace("hush", ""));
        let again = given.put("/exits", json!({"csv": exported})).await.is(200);
        assert_eq!(again, json!({"added": 0, "changed": 0, "unchanged": 2}));
        assert_eq!(given.get("/exits/acme").await.is(200)["has_password"], true);
        let problem = given.put("/exits", json!({"csv": "name,route,places\nx,eth0,DE\ny,direct,XQ\n"})).await.problem(422);
        assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
    }

    async fn a_static_ip_is_put_behind_an_exit_which_then_stays(store: &TestStore) {
        let given = Given::over(store).await;
        given.post("/static-ips", json!({"csv": "ip,kind,country\n192.0.2.1,25,JP\n"})).await.is(201);
        given.post("/exits", acme()).await.is(201);
        assert_eq!(given.put("/static-ips/192.0.2.1/exit", json!({"exit": "acme"})).await.is(200)["exit"], "acme");
        assert_eq!(given.delete("/exits/acme").await.problem(409)["detail"], "1 static IPs are behind the exit; put them behind another one first");
        given.put("/static-ips/192.0.2.1/exit", json!({"exit": "other"})).await.problem(404);
        given.put("/static-ips/192.0.2.9/exit", json!({"exit": null})).await.problem(404);
        assert_eq!(given.put("/static-ips/192.0.2.1/exit", json!({"exit": null})).await.is(200)["exit"], Value::Null);
        given.delete("/exits/acme").await.is(200);
    }

    async fn every_gateway_proves_an_exit(store: &TestStore) {
        let given = Given::over(store).await;
        given.post("/exits", acme()).await.is(201);
        let nobody = given.post("/exits/acme/check", json!({})).await.is(201);
        assert_eq!((&nobody["outcome"]["fault"], &nobody["gateways"]), (&json!("no gateway answered"), &json!([])));
        let (one, two) = (FakeGateway::start(&given, 1).await, FakeGateway::start(&given, 2).await);
        let before = given.get("/exits/acme").await.is(200)["checked"].clone();
        let rehearsed = given.post("/exits/acme/check?dry_run=true", json!({})).await.is(200);
        assert_eq!(rehearsed["gateways"].as_array().unwrap().len(), 2);
        assert_eq!(given.get("/exits/acme").await.is(200)["checked"], before);
        let checked = given.post("/exits/acme/check", json!({})).await.is(201);
        assert_eq!(checked["gateways"][0], json!({"gateway": "-2", "seen": "203.0.113.2", "missing": []}));
        let told = checked["gateways"][1]["missing"][0].as_str().unwrap();
        assert!(told.contains("refuses the username or the password"), "{told}");
        assert_eq!(checked["outcome"]["seen"], "203.0.113.2");
        assert!(checked["outcome"]["fault"].as_str().unwrap().starts_with("gateway -1: the upstream refuses"));
        assert_eq!(checked["exit"]["checked"], checked["outcome"]);
        assert_eq!(listed(&given, "?faulty=true").await, ["acme"]);
        assert!(listed(&given, "?faulty=false").await.is_empty());
        one.stop().await;
        two.stop().await;
        given.post("/exits/other/check", json!({})).await.problem(404);
    }
}
