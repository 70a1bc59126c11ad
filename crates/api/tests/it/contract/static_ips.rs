//! §4: static IPs, and where they can be bought.

use super::Refuses::{Both, Strangers};
use super::Who::Ben;
use super::{Call, Case, not_yours, refuses, shows};

const BUY: &str = "POST /order/create";
const LEFT: &str = "GET /ip/change-quota";
const LIST: &str = "GET /ip/get-static-ip";

const REGIONS: &[Case] = &[
    shows("{}", r#"{"list":["@region","@region"]}"#),
    shows(r#"{"isp":"1"}"#, r#"{"list":[{"code":"=JP","number":1}]}"#),
    shows(r#"{"isp":"0"}"#, r#"{"list":[{"code":"=JP","number":"id"},{"code":"=US","number":"id"}]}"#),
    refuses(r#"{"isp":"2"}"#, 400, &["isp"]),
];

pub(super) const CALLS: &[Call] = &[
    Call { route: "GET /static-ip-region", success: 200, refuses: Strangers, cases: REGIONS },
    Call { route: "GET /ip/static-ip-region", success: 200, refuses: Strangers, cases: REGIONS },
    Call {
        route: LIST,
        success: 200,
        refuses: Strangers,
        cases: &[
            shows("{}", r#"{"list":[],"page":1,"page_size":20,"total_count":0,"total_page":0}"#),
            shows(r#"{"pid":5,"pm_id":1,"region_list":"JP,1|US,1"}"#, "@order")
                .of(BUY)
                .keeps(&[("trade_no", "/trade_no")]),
            shows(
                "{}",
                r#"{"list":["@static ip","@static ip"],"page":1,"page_size":20,"total_count":2,"total_page":1}"#,
            ),
            shows(
                r#"{"country_code":"jp","product_type":14,"trade_no":"$trade_no","status":1}"#,
                r#"{"list":["@static ip"],"page":1,"page_size":20,"total_count":1,"total_page":1}"#,
            )
            .keeps(&[("upid", "/list/0/id"), ("ip", "/list/0/ip")]),
            shows(
                r#"{"page":2,"size":1}"#,
                r#"{"list":["@static ip"],"page":2,"page_size":1,"total_count":2,"total_page":2}"#,
            ),
            shows(r#"{"status":4}"#, r#"{"list":[],"page":1,"page_size":20,"total_count":0,"total_page":0}"#),
            shows(r#"{"product_type":25}"#, r#"{"list":[],"page":1,"page_size":20,"total_count":0,"total_page":0}"#),
            shows(
                r#"{"trade_no":"$trade_no"}"#,
                r#"{"list":[],"page":1,"page_size":20,"total_count":0,"total_page":0}"#,
            )
            .by(Ben),
            refuses(
                r#"{"country_code":"Japan","product_type":9,"status":5,"page":0}"#,
                400,
                &["country_code", "product_type", "status", "page"],
            ),
        ],
    },
    // Ours: nothing in the contract tells how many changes are left.
    Call {
        route: LEFT,
        success: 0,
        refuses: Strangers,
        cases: &[shows("{}", r#"{"remaining":0}"#)],
    },
    Call {
        route: "POST /ip/change-static-ip",
        success: 200,
        refuses: Both,
        cases: &[
            refuses("{}", 400, &["id"]),
            refuses(r#"{"id":$upid}"#, 402, &[]),
            shows(r#"{"pid":8,"pm_id":1,"amount":2}"#, "@order").of(BUY),
            shows("{}", r#"{"remaining":2}"#).of(LEFT),
            refuses(r#"{"id":$upid,"country_code":"US"}"#, 400, &["country_code"]),
            shows(r#"{"id":"$upid","country_code":"JP"}"#, "@static ip"),
            shows("{}", r#"{"remaining":1}"#).of(LEFT),
            refuses(r#"{"id":987654321}"#, 404, &[]),
            not_yours(r#"{"id":$upid}"#),
            shows(
                r#"{"country_code":"JP"}"#,
                r#"{"list":[{"id":$upid,"ip":"=127.14.81.2","port":"id","username":"text","password":"text","protocol":"=http/socks5","country_code":"=JP","state":"=","city":"=","product_type":14,"status":1,"trade_no":"=$trade_no","remark":"text","created_at":"zoneless","expired_at":"=2026-04-09 12:00:00"}],"page":1,"page_size":20,"total_count":1,"total_page":1}"#,
            )
            .of(LIST),
        ],
    },
];
