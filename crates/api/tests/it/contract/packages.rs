//! §3: packages.

use super::Refuses::{Strangers, Unverified};
use super::Who::Ben;
use super::{Call, refuses, shows};

pub(super) const CALLS: &[Call] = &[
    Call {
        route: "GET /user-product/list",
        success: 200,
        refuses: Unverified,
        cases: &[
            shows(
                "{}",
                r#"{"list":["@package","@package"],"page":1,"page_size":20,"total_count":2,"total_page":1}"#,
            )
            .keeps(&[("trade_no", "/list/0/trade_no")]),
            shows(
                r#"{"trade_no":"$trade_no"}"#,
                r#"{"list":[{"id":"id","created_at":"=2026-03-01 00:00:00","expired_at":"=2026-04-01 00:00:00","product_type":12,"trade_no":"=$trade_no","order":{"created_at":"=2026-03-10 12:00:00","pay_at":"=2026-03-10 12:00:00","title":"=Starter"}}],"page":1,"page_size":20,"total_count":1,"total_page":1}"#,
            ),
            shows(
                r#"{"page":2,"size":1}"#,
                r#"{"list":["@package"],"page":2,"page_size":1,"total_count":2,"total_page":2}"#,
            ),
            shows(r#"{"page":9}"#, r#"{"list":[],"page":9,"page_size":20,"total_count":2,"total_page":1}"#),
            shows(
                r#"{"size":5000,"product_type":9}"#,
                r#"{"list":["@package"],"page":1,"page_size":1000,"total_count":1,"total_page":1}"#,
            ),
            shows(
                r#"{"trade_no":"$trade_no"}"#,
                r#"{"list":[],"page":1,"page_size":20,"total_count":0,"total_page":0}"#,
            )
            .by(Ben),
            refuses(r#"{"page":0,"size":"x","product_type":1}"#, 400, &["page", "size", "product_type"]),
        ],
    },
    Call {
        route: "GET /user-product/summary",
        success: 200,
        refuses: Strangers,
        cases: &[
            shows(
                "{}",
                r#"{"total":2097152,"total_count":2,"effective":2097152,"effective_count":2,"effective_total":2097152,"effective_used":0,"temporary":0,"temporary_count":0,"expired":0,"expired_count":0,"used":0}"#,
            ),
            shows(
                r#"{"product_type":12}"#,
                r#"{"total":1048576,"total_count":1,"effective":1048576,"effective_count":1,"effective_total":1048576,"effective_used":0,"temporary":0,"temporary_count":0,"expired":0,"expired_count":0,"used":0}"#,
            ),
            shows(
                r#"{"product_type":9}"#,
                r#"{"total":0,"total_count":0,"effective":0,"effective_count":0,"effective_total":0,"effective_used":0,"temporary":0,"temporary_count":0,"expired":0,"expired_count":0,"used":0}"#,
            )
            .by(Ben),
            refuses(r#"{"product_type":14}"#, 400, &["product_type"]),
        ],
    },
];
