//! §1: proxy accounts. A name belongs to one live account of the whole server.

use super::Refuses::{Both, Strangers};
use super::Who::Ben;
use super::{Call, not_yours, refuses, shows};

const ADD: &str = "POST /whitelist-account/add";
const LIST: &str = "GET /whitelist-account/list";

pub(super) const CALLS: &[Call] = &[
    Call {
        route: LIST,
        success: 200,
        refuses: Strangers,
        cases: &[
            shows("{}", r#"{"list":[]}"#),
            shows(r#"{"accounts":"user01:pass, user02:pass2,"}"#, "null").of(ADD),
            shows(r#"{"accounts":"ip01:pass","product_type":"25","limit":10,"remark":"备注"}"#, "null").of(ADD),
            shows("{}", r#"{"list":["@account","@account","@account"]}"#).keeps(&[("mine", "/list/1/username")]),
            shows(
                r#"{"product_type":25}"#,
                r#"{"list":[{"id":"id","username":"=ip01","password":"=pass","created_at":"zoneless","remark":"=备注","product_type":25,"usage_flow":0,"limit_flow":10,"status":1}]}"#,
            ),
            shows(r#"{"product_type":""}"#, r#"{"list":["@account"]}"#),
            shows(r#"{"product_type":12,"team_id":7}"#, r#"{"list":[]}"#),
            shows("{}", r#"{"list":[]}"#).by(Ben),
            refuses(r#"{"product_type":10}"#, 400, &["product_type"]),
        ],
    },
    Call {
        route: ADD,
        success: 200,
        refuses: Both,
        cases: &[
            refuses("{}", 400, &["accounts"]),
            shows(r#"{"accounts":"plan:p","product_type":11,"daily_limit":"2"}"#, "null"),
            refuses(r#"{"accounts":"free:p,user01:p"}"#, 409, &[]),
            refuses(r#"{"accounts":"user01:p"}"#, 409, &[]).by(Ben),
            refuses(r#"{"accounts":"free:p,a_b:p"}"#, 400, &["accounts"]),
            refuses(r#"{"accounts":"free:p,free:q"}"#, 400, &["accounts"]),
            refuses(r#"{"accounts":"free"}"#, 400, &["accounts"]),
            refuses(r#"{"accounts":" , "}"#, 400, &["accounts"]),
            refuses(r#"{"accounts":"free:p","product_type":12}"#, 400, &["product_type"]),
            refuses(r#"{"accounts":"free:p","limit":102401}"#, 400, &["limit"]),
            refuses(r#"{"accounts":"free:p","limit":-1,"daily_limit":1.5}"#, 400, &["limit", "daily_limit"]),
            shows(r#"{"accounts":"free:p"}"#, "null"),
        ],
    },
    Call {
        route: "POST /whitelist-account/disable",
        success: 200,
        refuses: Both,
        cases: &[
            refuses("{}", 400, &["accounts"]),
            shows(r#"{"accounts":"ip01"}"#, "null"),
            shows(r#"{"accounts":"ip01"}"#, "null"),
            refuses(r#"{"accounts":"user01,nobody"}"#, 404, &[]),
            refuses(r#"{"accounts":"user01:p"}"#, 400, &["accounts"]),
            not_yours(r#"{"accounts":"$mine"}"#),
            shows(
                r#"{"product_type":25}"#,
                r#"{"list":[{"id":"id","username":"=ip01","password":"=pass","created_at":"zoneless","remark":"text","product_type":25,"usage_flow":0,"limit_flow":10,"status":0}]}"#,
            )
            .of(LIST),
        ],
    },
    Call {
        route: "POST /whitelist-account/enable",
        success: 200,
        refuses: Both,
        cases: &[
            refuses("{}", 400, &["accounts"]),
            shows(r#"{"accounts":"ip01, user01"}"#, "null"),
            refuses(r#"{"accounts":"nobody"}"#, 404, &[]),
            not_yours(r#"{"accounts":"$mine"}"#),
        ],
    },
    Call {
        route: "POST /whitelist-account/change-password",
        success: 200,
        refuses: Both,
        cases: &[
            refuses("{}", 400, &["account", "password"]),
            shows(r#"{"account":"ip01","password":"new"}"#, "null"),
            refuses(r#"{"account":"ip01","password":"ne w"}"#, 400, &["password"]),
            refuses(r#"{"account":"ip01","password":"123456789012345678901234567890123"}"#, 400, &["password"]),
            refuses(r#"{"account":"nobody","password":"p"}"#, 404, &[]),
            not_yours(r#"{"account":"$mine","password":"p"}"#),
        ],
    },
    Call {
        route: "POST /whitelist-account/change-remark",
        success: 200,
        refuses: Both,
        cases: &[
            refuses("{}", 400, &["account", "remark"]),
            shows(r#"{"account":"ip01","remark":"备注备注备注备注备注备注备注备注备注备注备注备注备注备注备注备注"}"#, "null"),
            refuses(
                r#"{"account":"ip01","remark":"备注备注备注备注备注备注备注备注备注备注备注备注备注备注备注备注a"}"#,
                400,
                &["remark"],
            ),
            refuses(
                r#"{"account":"ip01","remark":"12345678901234567890123456789012345678901234567890123456789012345"}"#,
                400,
                &["remark"],
            ),
            shows(r#"{"account":"ip01","remark":""}"#, "null"),
            refuses(r#"{"account":"nobody","remark":"r"}"#, 404, &[]),
            not_yours(r#"{"account":"$mine","remark":"r"}"#),
        ],
    },
    Call {
        route: "POST /whitelist-account/change-limit",
        success: 200,
        refuses: Both,
        cases: &[
            refuses("{}", 400, &["account", "limit"]),
            shows(r#"{"account":"ip01","limit":"102400"}"#, "null"),
            refuses(r#"{"account":"ip01","limit":102401}"#, 400, &["limit"]),
            refuses(r#"{"account":"ip01","limit":"1e9"}"#, 400, &["limit"]),
            refuses(r#"{"account":"nobody","limit":1}"#, 404, &[]),
            not_yours(r#"{"account":"$mine","limit":1}"#),
            shows(
                r#"{"product_type":25}"#,
                r#"{"list":[{"id":"id","username":"=ip01","password":"=new","created_at":"zoneless","remark":"=","product_type":25,"usage_flow":0,"limit_flow":102400,"status":1}]}"#,
            )
            .of(LIST),
        ],
    },
    Call {
        route: "POST /whitelist-account/delete",
        success: 200,
        refuses: Both,
        cases: &[
            refuses("{}", 400, &["accounts"]),
            refuses(r#"{"accounts":"ip01,nobody"}"#, 404, &[]),
            not_yours(r#"{"accounts":"$mine"}"#),
            shows(r#"{"accounts":"ip01,user01"}"#, "null"),
            refuses(r#"{"accounts":"ip01"}"#, 404, &[]),
            shows(r#"{"product_type":25}"#, r#"{"list":[]}"#).of(LIST),
            // The name is free again, for anybody.
            shows(r#"{"accounts":"ip01:p"}"#, "null").by(Ben).of(ADD),
        ],
    },
];
