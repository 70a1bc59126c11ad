//! §7: how orders are paid, and what recharges are worth.

use super::Refuses::Unverified;
use super::{Call, not_yours, refuses, shows};

const ORDER: &str = "POST /order/create";

pub(super) const CALLS: &[Call] = &[
    Call {
        route: "GET /payment/groups",
        success: 0,
        refuses: Unverified,
        cases: &[
            shows("{}", r#"{"list":[{"name":"text","logos":"any","items":["@method"]}]}"#),
            // A recharge is not paid out of what it pays in.
            shows(r#"{"pid":1,"pm_id":0,"recharge_amount":10}"#, "@order")
                .of(ORDER)
                .keeps(&[("recharge", "/trade_no")]),
            shows(r#"{"trade_no":"$recharge"}"#, r#"{"list":[{"name":"text","logos":"any","items":["@method"]}]}"#),
            refuses(r#"{"trade_no":"7"}"#, 404, &[]),
            not_yours(r#"{"trade_no":"$recharge"}"#),
        ],
    },
    Call {
        route: "GET /payment/list",
        success: 0,
        refuses: Unverified,
        cases: &[
            shows(
                r#"{"currency":"USD"}"#,
                r#"{"list":[{"id":1,"title":"text","logo":"text","group":"text","disabled":false,"min":"money","max":"money"},{"id":2,"title":"text","logo":"text","group":"text","disabled":false,"min":"money","max":"money"}]}"#,
            ),
            shows("{}", r#"{"list":["@method"]}"#),
            shows(
                r#"{"trade_no":"$recharge"}"#,
                r#"{"list":[{"id":1,"title":"text","logo":"text","group":"text","disabled":true,"min":"money","max":"money"},{"id":2,"title":"text","logo":"text","group":"text","disabled":false,"min":"money","max":"money"}]}"#,
            ),
            // What is paid cannot be paid any more.
            shows(r#"{"pid":2,"pm_id":1}"#, "@order").of(ORDER).keeps(&[("paid", "/trade_no")]),
            shows(
                r#"{"trade_no":"$paid"}"#,
                r#"{"list":[{"id":1,"title":"text","logo":"text","group":"text","disabled":true,"min":"money","max":"money"},{"id":2,"title":"text","logo":"text","group":"text","disabled":true,"min":"money","max":"money"}]}"#,
            ),
            refuses(r#"{"trade_no":"7"}"#, 404, &[]),
            not_yours(r#"{"trade_no":"$recharge"}"#),
        ],
    },
    Call {
        route: "GET /activity/balance-recharge-gift-ratio",
        success: 0,
        refuses: Unverified,
        cases: &[shows("{}", r#"{"list":[{"amount":100,"ratio":1.05}]}"#)],
    },
];
