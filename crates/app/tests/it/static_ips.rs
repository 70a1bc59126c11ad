//! Static IPs as an operator and a customer of a running server have them: stocked, sold, expired, for sale again, renewed
//! by themselves.

use std::time::Duration;

use serde_json::{Value, json};
use turnpike_testkit::each_store;
use turnpike_testkit::product::Api;

use crate::server::{Server, Site};
use crate::until::until;

const TABLE: &str =
    "ip,kind,country,region,city\n127.25.1.1,25,US,California,LosAngeles\n127.25.81.1,25,JP,Tokyo,Chiyoda\n";

/// One kind of address that lasts for six seconds, and what renews it.
const CATALOGUE: &str = "\
    [[product]]\nid = 1\ncode = 'brief'\ntype = 25\nname = 'A brief address'\nprice = '5.00'\nvalidity = '6 s'\nmost = 9\n\
    [[product]]\nid = 2\ncode = 'renewal'\ntype = 19\nname = 'Renewal'\nprice = '7.00'\nip_type = 25\nmost = 9\n";

/// How long a job may take to come round.
const SOON: Duration = Duration::from_secs(30);

/// `data` of an answer that must be a success.
async fn asked(api: &Api, path: &str, query: &str) -> Value {
    api.get(path, query).await.unwrap()
}

async fn for_sale(api: &Api) -> Value {
    asked(api, "static-ip-region", "isp=1").await["list"].take()
}

each_store! {
    async fn an_address_is_sold_expires_and_is_for_sale_again(given: &TestStore) {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path(), given.uri());
        site.write("shop.static_ip_grace_s = 0\nshop.static_ip_port = 2600\njobs.buy_again_every_s = 1");
        let (table, catalogue) = (folder.path().join("ips.csv"), folder.path().join("catalogue.toml"));
        std::fs::write(&table, TABLE).unwrap();
        std::fs::write(&catalogue, CATALOGUE).unwrap();
        let (table, catalogue) = (table.to_str().unwrap(), catalogue.to_str().unwrap());
        site.operator(&["catalogue", "load", catalogue]);
        assert_eq!(site.operator(&["static-ip", "import", table, "--dry-run"]), "2 addresses would be in the inventory.\n");
        assert_eq!(site.operator(&["static-ip", "import", table]), "2 addresses are in the inventory.\n");
        let mut server = Server::start(&site);
        let api = site.add_customer(0).await;
        site.operator(&["ledger", "adjust", "anna@example.com", "100", "--reason", "for the test"]);
        let order = json!({"pid": 1, "pm_id": 1, "region_list": "JP,1|US,1"});
        assert_eq!(api.post("order/create", order.clone()).await.unwrap()["status"], 1);
        assert_eq!(for_sale(&api).await, json!([]));
        let held = asked(&api, "ip/get-static-ip", "").await["list"].take();
        let (kept, port) = (&held[0]["id"], &held[0]["port"]);
        assert_eq!(held.as_array().unwrap().len(), 2);
        assert!((20_000..26_000).contains(&port.as_u64().unwrap()), "{port}");
        // Renewed a day before its end, which is now.
        api.post("user-product/set-auto-renewal", json!({"upid": kept})).await.unwrap();
        let back = until(SOON, async || (for_sale(&api).await.as_array().unwrap().len() == 1).then_some(())).await;
        assert!(back.is_some(), "the other one is not for sale again");
        let left = asked(&api, "ip/get-static-ip", "").await["list"].take();
        assert_eq!((left.as_array().unwrap().len(), &left[0]["id"], &left[0]["status"]), (1, kept, &json!(1)));
        let logs = api.post("user-product/auto-renewal-logs", json!({})).await.unwrap();
        assert_eq!((&logs["total_count"], &logs["list"][0]["outcome"]), (&json!(1), &json!("renewed")));
        assert!(site.operator(&["ledger", "balance", "anna@example.com"]).contains("83.00"));
        server.signal("-TERM");
        assert!(server.ended().success());
        assert!(site.operator(&["verify"]).contains("address-holder"));
    }

    async fn a_table_goes_out_and_comes_in_again(given: &TestStore) {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path(), given.uri());
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (first, second, third) = (path("1.csv"), path("2.csv"), path("3.csv"));
        let all = "127.14.1.1,14,US,,,for_sale,\"a \"\"note\"\", quoted\",,,\n127.25.1.1,25,JP,Tokyo,Chiyoda,for_sale,'-1,,,\n";
        std::fs::write(&first, format!("ip,kind,country,region,city,state,note,exit,customer,expires_at\n{all}")).unwrap();
        site.operator(&["static-ip", "import", &first]);
        let shown = site.operator(&["static-ip", "withdraw", "127.25.1.1", "--dry-run"]);
        assert!(shown.contains("withdrawn") && shown.ends_with("(nothing was done)\n"), "{shown}");
        site.operator(&["static-ip", "maintenance", "127.25.1.1", "--reason", "A loose cable"]);
        site.operator(&["static-ip", "export", &second]);
        let exported = std::fs::read_to_string(&second).unwrap();
        assert_eq!(exported.split_once('\n').unwrap().1, all.replace("Chiyoda,for_sale", "Chiyoda,maintenance"));
        site.operator(&["static-ip", "export", &third, "--state", "maintenance", "--country", "jp", "--kind", "residential"]);
        assert_eq!(std::fs::read_to_string(&third).unwrap().lines().count(), 2);
        let other = tempfile::tempdir().unwrap();
        let elsewhere = Site::embedded(other.path());
        elsewhere.operator(&["static-ip", "import", &second]);
        assert_eq!(elsewhere.operator(&["static-ip", "export", "-"]), exported);
        assert_eq!(elsewhere.operator(&["static-ip", "list"]).lines().count(), 3);
        let told = site.refused(&["static-ip", "import", &first]);
        assert!(told.contains("line 2: ip: 127.14.1.1 is in the inventory already\nline 3: ip: 127.25.1.1"), "{told}");
        std::fs::write(&third, "ip,kind\n127.9.9.9,14\n").unwrap();
        assert!(site.refused(&["static-ip", "import", &third]).contains("line 1: the column country is missing"));
    }
}
