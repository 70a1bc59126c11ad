//! Ours: why connections failed, and what would become of one. No gateway is there, so that none gives a verdict.

use super::Refuses::Strangers;
use super::Who::Ben;
use super::{Call, not_yours, refuses, shows};

const FAILED: &str = r#"{"id":"id","created_at":"utc","username":"=user01","endpoint_port":null,"protocol":"=connect","host":"=example.com","port":443,"exit_place":"=US/California/LosAngeles","reason":"=connect_refused","fault":"=target","message":"text","status":502,"count":1}"#;
const ONE: &str = r#"{"list":["@failed"],"page":1,"page_size":20,"total_count":1,"total_page":1}"#;
const NONE: &str = r#"{"list":[],"page":1,"page_size":20,"total_count":0,"total_page":0}"#;
const EXPLAINED: &str = r#"{"target":"=example.com:443","protocol":"=connect","account":{"username":"=user01","product_type":9,"enabled":true,"verified":true,"suspended":false},"wishes":{"country":"=us","state":null,"city":null,"session":"=a1","life":10,"ip":null},"remaining":{"limit":null,"daily_limit":null,"packages":1048576},"summary":null,"gateways":[]}"#;

/// For `shape.rs`.
pub(super) const SHAPES: [(&str, &str); 1] = [("failed", FAILED)];

pub(super) const CALLS: &[Call] = &[
    Call {
        route: "GET /user-activity/list",
        success: 200,
        refuses: Strangers,
        cases: &[
            shows("{}", ONE),
            shows(r#"{"username":"user01","reason":"connect_refused","start_time":"2026-03-01"}"#, ONE),
            shows(r#"{"reason":"no_exit"}"#, NONE),
            shows(r#"{"username":"user02"}"#, NONE),
            shows(r#"{"end_time":"2026-03-01"}"#, NONE),
            shows(r#"{"username":"user01"}"#, NONE).by(Ben),
            refuses(
                r#"{"username":"a_b","reason":"bad luck","start_time":"x","end_time":"y","page":0,"size":"z"}"#,
                400,
                &["username", "reason", "start_time", "end_time", "page", "size"],
            ),
        ],
    },
    Call {
        route: "POST /explain",
        success: 200,
        refuses: Strangers,
        cases: &[
            refuses("{}", 400, &["login", "target"]),
            refuses(
                r#"{"login":"_area-US","target":"example.com","protocol":"udp"}"#,
                400,
                &["login", "target", "protocol"],
            ),
            shows(r#"{"accounts":"user01:p"}"#, "null").of("POST /whitelist-account/add"),
            shows(r#"{"login":"user01_area-US_session-a1","target":"example.com:443"}"#, EXPLAINED),
            shows("{}", r#"{"list":["@account"]}"#)
                .of("GET /whitelist-account/list")
                .keeps(&[("mine", "/list/0/username")]),
            not_yours(r#"{"login":"$mine","target":"example.com:443"}"#),
        ],
    },
];
