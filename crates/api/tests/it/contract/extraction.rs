//! §4 and §9: extraction. A gateway listens on whatever is given out; texts are in `extraction.rs` beside this table.

use super::Refuses::Both;
use super::Who::Ben;
use super::{Call, refuses, shows};

const LIST: &str = "POST /proxy-ip/add";

pub(super) const CALLS: &[Call] = &[
    Call {
        route: "GET /ip/v3",
        success: 200,
        refuses: Both,
        cases: &[
            refuses("{}", 202, &[]),
            shows(r#"{"ips":"8.8.8.8"}"#, "null").of(LIST),
            shows("{}", r#"{"list":[["endpoint"]]}"#),
            shows(r#"{"num":"3"}"#, r#"{"list":[["endpoint","endpoint","endpoint"]]}"#),
            shows(
                r#"{"cc":"us","state":"US-CA","city":"Los Angeles","num":2,"life":99999,"format":"2","ep":"hk","lb":"1"}"#,
                r#"{"list":[["endpoint","endpoint"]]}"#,
            ),
            refuses(
                r#"{"num":0,"life":"long","format":"xml","lb":"12345678901234567","cc":"-"}"#,
                400,
                &["num", "life", "format", "lb", "cc"],
            ),
            refuses(r#"{"num":501}"#, 400, &["num"]),
            refuses(r#"{"cc":"US","city":"Nowhere"}"#, 404, &[]),
            refuses(r#"{"cc":"JP"}"#, 404, &[]),
            refuses("{}", 202, &[]).by(Ben),
            shows(r#"{"ips":"8.8.8.8"}"#, "null").of(LIST).by(Ben),
            refuses("{}", 402, &[]).by(Ben),
            refuses(r#"{"cc":"JP","format":"txt"}"#, 404, &[]),
        ],
    },
    Call {
        route: "GET /web_v1/ip/get-ip-v3",
        success: 200,
        refuses: Both,
        cases: &[
            shows(r#"{"ips":"8.8.8.8"}"#, "null").of("POST /proxy-ip/delete"),
            refuses("{}", 202, &[]),
            shows(r#"{"ips":"8.8.8.8"}"#, "null").of(LIST),
            shows(r#"{"pt":9,"protocol":"socks5","num":2}"#, r#"{"list":["endpoint","endpoint"]}"#),
            refuses(r#"{"num":0}"#, 400, &["num"]),
        ],
    },
];
