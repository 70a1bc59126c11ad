//! §8: the rest of the family's surface, but what is asked of orders (§5) and of usage (§2).

use super::Refuses::{Both, Strangers, Suspended};
use super::Who::Ben;
use super::{Call, Case, not_yours, refuses, shows};

const ADD: &str = "POST /proxy-ip/add";
const BUY: &str = "POST /order/create";
const SOURCES: &[Case] = &[shows("{}", r#"{"quota":100,"used":0,"remaining":100}"#)];
const ACCOUNTS: &[Case] = &[shows("{}", "@quota")];

pub(super) const CALLS: &[Call] = &[
    Call { route: "GET /white-ip/quota", success: 0, refuses: Strangers, cases: SOURCES },
    Call { route: "GET /white-ip/quotas", success: 0, refuses: Strangers, cases: SOURCES },
    Call { route: "GET /whitelist-account/quota", success: 0, refuses: Strangers, cases: ACCOUNTS },
    Call { route: "GET /whitelist-account/quotas", success: 0, refuses: Strangers, cases: ACCOUNTS },
    Call {
        route: "GET /product",
        success: 0,
        refuses: Strangers,
        cases: &[
            shows("{}", r#"["@product"]"#),
            shows(r#"{"type":"27"}"#, r#"["@product"]"#),
            shows(r#"{"type":13}"#, "[]"),
            refuses(r#"{"type":"x"}"#, 400, &["type"]),
        ],
    },
    Call {
        route: "GET /proxy-ip/list",
        success: 200,
        refuses: Strangers,
        cases: &[
            shows("{}", r#"{"list":[]}"#),
            shows(r#"{"ips":"8.8.8.8\n2001:4860:4860::8888","remark":"office","product_type":9}"#, "null").of(ADD),
            shows("{}", r#"{"list":["@source","@source"]}"#),
            shows("{}", r#"{"list":[]}"#).by(Ben),
        ],
    },
    Call {
        route: ADD,
        success: 200,
        refuses: Suspended,
        cases: &[
            refuses("{}", 400, &["ips"]),
            shows(r#"{"ips":"1.1.1.1"}"#, "null"),
            shows(r#"{"ips":"1.1.1.1,8.8.4.4"}"#, "null"),
            refuses(r#"{"ips":"8.8.8.0/24"}"#, 400, &["ips"]),
            refuses(r#"{"ips":"10.0.0.1,nonsense","product_type":1}"#, 400, &["ips", "product_type"]),
        ],
    },
    Call {
        route: "POST /proxy-ip/delete",
        success: 200,
        refuses: Suspended,
        cases: &[
            refuses("{}", 400, &["ips"]),
            shows("{}", r#"{"list":["@source"]}"#).of("GET /proxy-ip/list").keeps(&[("ip", "/list/0/ip")]),
            not_yours(r#"{"ips":"$ip"}"#),
            refuses(r#"{"ips":"$ip,9.9.9.9"}"#, 404, &[]),
            shows(r#"{"ips":"$ip"}"#, "null"),
            refuses(r#"{"ips":"$ip"}"#, 404, &[]),
        ],
    },
    Call {
        route: "POST /proxy-account/change",
        success: 200,
        refuses: Both,
        cases: &[
            refuses("{}", 400, &["account"]),
            shows(r#"{"accounts":"mine:p"}"#, "null").of("POST /whitelist-account/add"),
            shows(
                r#"{"account":"mine","password":"secret","remark":"r","limit":"7","daily_limit":2,"status":0,"udp":"true"}"#,
                r#"{"id":"id","username":"=mine","limit":7,"daily_limit":2,"used":0,"status":0,"udp":true}"#,
            )
            .keeps(&[("mine", "/username")]),
            shows(r#"{"account":"mine","status":"true"}"#, "@changed account"),
            refuses(r#"{"account":"mine","password":"short"}"#, 400, &["password"]),
            refuses(
                r#"{"account":"mine","limit":102401,"daily_limit":-1,"status":2,"udp":"yes"}"#,
                400,
                &["limit", "daily_limit", "status", "udp"],
            ),
            refuses(r#"{"account":"nobody","status":0}"#, 404, &[]),
            not_yours(r#"{"account":"$mine","status":0}"#),
        ],
    },
    Call {
        route: "POST /user-product/set-auto-renewal",
        success: 200,
        refuses: Both,
        cases: &[
            refuses("{}", 400, &["upid"]),
            shows(r#"{"pid":5,"pm_id":1,"region_list":"JP,1"}"#, "@order").of(BUY),
            shows("{}", r#"{"list":["@static ip"],"page":1,"page_size":20,"total_count":1,"total_page":1}"#)
                .of("GET /ip/get-static-ip")
                .keeps(&[("upid", "/list/0/id")]),
            shows(r#"{"pid":2,"pm_id":1}"#, "@order").of(BUY),
            shows(r#"{"product_type":9}"#, r#"{"list":["@package"],"page":1,"page_size":20,"total_count":2,"total_page":1}"#)
                .of("GET /user-product/list")
                .keeps(&[("package", "/list/0/id")]),
            shows(r#"{"upid":$upid,"months":"3"}"#, "@renewal"),
            shows(r#"{"package_id":$package}"#, "@renewal"),
            shows(r#"{"upid":$upid,"enabled":0}"#, "@renewal"),
            refuses(r#"{"upid":$upid,"package_id":$package}"#, 400, &["upid"]),
            refuses(r#"{"upid":$upid,"months":37}"#, 400, &["months"]),
            refuses(r#"{"upid":$upid,"pid":99}"#, 404, &[]),
            refuses(r#"{"upid":987654321}"#, 404, &[]),
            refuses(r#"{"package_id":987654321}"#, 404, &[]),
            not_yours(r#"{"upid":$upid}"#),
            not_yours(r#"{"package_id":$package}"#),
        ],
    },
    Call {
        route: "POST /user-product/get-auto-renewal",
        success: 200,
        refuses: Strangers,
        cases: &[
            shows("{}", r#"{"list":["@renewal","@renewal"],"page":1,"page_size":20,"total_count":2,"total_page":1}"#),
            shows(
                r#"{"page":2,"size":1}"#,
                r#"{"list":["@renewal"],"page":2,"page_size":1,"total_count":2,"total_page":2}"#,
            ),
            shows("{}", r#"{"list":[],"page":1,"page_size":20,"total_count":0,"total_page":0}"#).by(Ben),
            refuses(r#"{"page":0}"#, 400, &["page"]),
        ],
    },
    Call {
        route: "POST /user-product/auto-renewal-logs",
        success: 200,
        refuses: Strangers,
        cases: &[
            shows("{}", r#"{"list":[],"page":1,"page_size":20,"total_count":0,"total_page":0}"#),
            refuses(r#"{"id":"x","size":0}"#, 400, &["id", "size"]),
        ],
    },
    Call {
        route: "GET /api-keys",
        success: 0,
        refuses: Strangers,
        cases: &[shows("{}", r#"{"list":[{"app_key":"key","created_at":"utc"}]}"#)],
    },
    Call {
        route: "GET /coupon/list",
        success: 200,
        refuses: Strangers,
        cases: &[
            shows("{}", r#"{"list":["@coupon"],"page":1,"page_size":20,"total_count":1,"total_page":1}"#),
            shows(
                r#"{"page":2,"size":1}"#,
                r#"{"list":[],"page":2,"page_size":1,"total_count":1,"total_page":1}"#,
            ),
            refuses(r#"{"size":0}"#, 400, &["size"]),
        ],
    },
    Call {
        route: "GET /article/list",
        success: 200,
        refuses: Strangers,
        cases: &[
            shows("{}", r#"{"list":["@article"],"page":1,"page_size":20,"total_count":1,"total_page":1}"#)
                .keeps(&[("article", "/list/0/id")]),
            refuses(r#"{"page":"x"}"#, 400, &["page"]),
        ],
    },
    Call {
        route: "GET /article/info",
        success: 200,
        refuses: Strangers,
        cases: &[
            refuses("{}", 400, &["id"]),
            shows(
                r#"{"id":$article}"#,
                r#"{"id":$article,"title":"=Maintenance","content":"=On Sunday.\nAt noon.","created_at":"=2026-03-10T12:00:00Z"}"#,
            ),
            refuses(r#"{"id":99}"#, 404, &[]),
        ],
    },
];
