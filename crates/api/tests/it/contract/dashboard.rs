//! §6 and §9: who one is, and the dashboard's routes, which are under no prefix.

use super::Refuses::{Nobody, Strangers};
use super::{Call, Case, refuses, shows};

const INFO: &[Case] = &[shows("{}", "@customer")];

pub(super) const CALLS: &[Call] = &[
    Call { route: "GET /user/info", success: 0, refuses: Strangers, cases: INFO },
    Call { route: "GET /web_v1/user/info", success: 200, refuses: Strangers, cases: INFO },
    Call {
        route: "POST /web_v1/user/login",
        success: 200,
        refuses: Nobody,
        cases: &[
            refuses("{}", 400, &["email", "password"]),
            shows(
                r#"{"email":"Anna@example.com","password":"a long password","verify_type":"","verify_code":"","remember_me":1}"#,
                r#"{"access_token":"token","openid":"key"}"#,
            ),
            refuses(r#"{"email":"anna@example.com","password":"another one"}"#, 403, &[]),
            refuses(r#"{"email":"nobody@example.com","password":"a long password"}"#, 403, &[]),
        ],
    },
];
