//! §5: orders, and of §8 what is asked of them before and after.

use super::Refuses::{Both, Strangers, Suspended, Unverified};
use super::Who::Ben;
use super::{Call, not_yours, refuses, shows};

const CREATE: &str = "POST /order/create";
const CLOSE: &str = "POST /order/close";
const INFO: &str = "GET /order/info";

pub(super) const CALLS: &[Call] = &[
    Call {
        route: CREATE,
        success: 0,
        refuses: Both,
        cases: &[
            refuses("{}", 400, &["pid", "pm_id"]),
            // Nothing chosen yet, by transfer, and at once by balance; a client's amount of money is not believed.
            shows(
                r#"{"pid":2,"pm_id":0,"amount":"3","pay_fee":0.01,"total_fee":0.01}"#,
                r#"{"id":"id","trade_no":"trade number","product_id":2,"product_name":"=Name 2","total_fee":15,"pay_fee":15,"status":0,"created_at":"=2026-03-10T12:00:00Z"}"#,
            )
            .keeps(&[("open", "/trade_no"), ("number", "/id")]),
            shows(
                r#"{"pid":1,"pm_id":2,"recharge_amount":"100.50"}"#,
                r#"{"id":"id","trade_no":"trade number","product_id":1,"product_name":"=Name 1","total_fee":100.5,"pay_fee":100.5,"status":0,"created_at":"utc"}"#,
            ),
            shows(
                r#"{"pid":2,"pm_id":1,"coupon_sn":"spring","product_type":3}"#,
                r#"{"id":"id","trade_no":"trade number","product_id":2,"product_name":"=Name 2","total_fee":5,"pay_fee":4.5,"status":1,"created_at":"utc"}"#,
            )
            .keeps(&[("paid", "/trade_no")]),
            shows(
                r#"{"pid":3,"pm_id":1,"product_sku_bandwidth_id":1,"product_sku_concurrency_id":2}"#,
                r#"{"id":"id","trade_no":"trade number","product_id":3,"product_name":"=Name 3","total_fee":11.5,"pay_fee":11.5,"status":1,"created_at":"utc"}"#,
            ),
            shows(r#"{"pid":4,"pm_id":1,"amount":""}"#, "@order"),
            // What is to be renewed: two static IPs.
            shows(
                r#"{"pid":5,"pm_id":1,"region_list":"JP,1|US,1"}"#,
                r#"{"id":"id","trade_no":"trade number","product_id":5,"product_name":"=Name 5","total_fee":4,"pay_fee":4,"status":1,"created_at":"utc"}"#,
            ),
            shows("{}", r#"{"list":["@static ip","@static ip"],"page":1,"page_size":20,"total_count":2,"total_page":1}"#)
                .of("GET /ip/get-static-ip")
                .keeps(&[("upid", "/list/0/id"), ("other", "/list/1/id")]),
            shows(
                r#"{"pid":7,"pm_id":1,"upids":"$upid,$other","renew_duration":"2m"}"#,
                r#"{"id":"id","trade_no":"trade number","product_id":7,"product_name":"=Name 7","total_fee":6,"pay_fee":6,"status":1,"created_at":"utc"}"#,
            ),
            shows(r#"{"pid":7,"pm_id":0,"upids":"$upid","renew_duration":3}"#, "@order"),
            shows(r#"{"pid":7,"pm_id":0,"upids":"$upid","renew_duration":"em"}"#, "@order"),
            shows(r#"{"pid":8,"pm_id":1,"amount":2}"#, "@order"),
            shows(r#"{"pid":9,"pm_id":1}"#, "@order"),
            // Unknown product, way to pay, static IPs and coupon.
            refuses(r#"{"pid":99,"pm_id":0}"#, 404, &[]),
            refuses(r#"{"pid":2,"pm_id":99}"#, 404, &[]),
            refuses(r#"{"pid":7,"pm_id":0,"upids":"987654321"}"#, 404, &[]),
            refuses(r#"{"pid":2,"pm_id":0,"coupon_sn":"AUTUMN"}"#, 404, &[]),
            not_yours(r#"{"pid":7,"pm_id":0,"upids":"$upid"}"#),
            // Not sold by this installation.
            refuses(r#"{"pid":12,"pm_id":0}"#, 400, &["pid"]),
            // A coupon used before, or for other products, and an invitation that was none.
            refuses(r#"{"pid":2,"pm_id":0,"coupon_sn":"SPRING"}"#, 409, &[]),
            refuses(r#"{"pid":4,"pm_id":0,"coupon_sn":"SPRING"}"#, 409, &[]).by(Ben),
            refuses(r#"{"pid":2,"pm_id":0,"use_invitation_registration_discount":1}"#, 409, &[]),
            // Not enough stock, of either kind.
            refuses(r#"{"pid":11,"pm_id":1,"amount":2}"#, 409, &[]),
            refuses(r#"{"pid":6,"pm_id":1,"region_list":"JP,2"}"#, 409, &[]),
            // Not enough money; and money that is not paid in by itself.
            refuses(r#"{"pid":2,"pm_id":1}"#, 402, &[]).by(Ben),
            refuses(r#"{"pid":1,"pm_id":1,"recharge_amount":100}"#, 409, &[]),
            refuses(r#"{"pid":1,"pm_id":2,"recharge_amount":1.005}"#, 400, &["recharge_amount"]),
            refuses(r#"{"pid":2,"pm_id":0,"amount":0}"#, 400, &["amount"]),
            refuses(r#"{"pid":2,"pm_id":0,"amount":501}"#, 400, &["amount"]),
            refuses(r#"{"pid":3,"pm_id":0}"#, 400, &["product_sku_bandwidth_id"]),
            refuses(r#"{"pid":5,"pm_id":0}"#, 400, &["region_list"]),
            refuses(r#"{"pid":5,"pm_id":0,"region_list":"Japan"}"#, 400, &["region_list"]),
            refuses(r#"{"pid":7,"pm_id":0}"#, 400, &["upids"]),
            refuses(r#"{"pid":7,"pm_id":0,"upids":"$upid","renew_duration":"37"}"#, 400, &["renew_duration"]),
            refuses(r#"{"pid":10,"pm_id":0,"upids":"$number"}"#, 400, &["upids"]),
        ],
    },
    Call {
        route: "POST /order/check",
        success: 0,
        refuses: Unverified,
        cases: &[
            refuses("{}", 400, &["pid", "pm_id"]),
            shows(r#"{"pid":2,"pm_id":0,"amount":2}"#, r#"{"pay_fee":10,"total_fee":10,"title":"=Title 2"}"#),
            shows(
                r#"{"pid":2,"pm_id":0,"coupon_sn":"SPRING"}"#,
                r#"{"pay_fee":4.5,"total_fee":5,"title":"=Title 2"}"#,
            )
            .by(Ben),
            // What cannot be paid can be priced.
            shows(r#"{"pid":2,"pm_id":1}"#, "@price").by(Ben),
            refuses(r#"{"pid":99,"pm_id":0}"#, 404, &[]),
            refuses(r#"{"pid":12,"pm_id":0}"#, 400, &["pid"]),
            refuses(r#"{"pid":11,"pm_id":0,"amount":2}"#, 409, &[]),
            not_yours(r#"{"pid":7,"pm_id":0,"upids":"$upid"}"#),
        ],
    },
    Call {
        route: "GET /order/list",
        success: 0,
        refuses: Strangers,
        cases: &[
            shows("{}", "@paged orders"),
            shows(
                r#"{"trade_no":"$paid"}"#,
                r#"{"list":["@order"],"pagination":{"total":1,"page_no":1,"page_size":20,"total_pages":1}}"#,
            ),
            shows(
                r#"{"page_no":"1","page_size":"1","status":"1","product_type":11}"#,
                r#"{"list":[{"id":"id","trade_no":"trade number","product_id":3,"product_name":"text","total_fee":11.5,"pay_fee":11.5,"status":1,"created_at":"utc"}],"pagination":{"total":1,"page_no":1,"page_size":1,"total_pages":1}}"#,
            ),
            shows(
                r#"{"page_no":9,"status":1,"product_type":12}"#,
                r#"{"list":[],"pagination":{"total":2,"page_no":9,"page_size":20,"total_pages":1}}"#,
            ),
            shows(
                r#"{"start_time":"2026-03-10","end_time":"2026-03-10 12:00:00","page_size":5000,"status":0,"product_type":3}"#,
                r#"{"list":["@order"],"pagination":{"total":1,"page_no":1,"page_size":1000,"total_pages":1}}"#,
            ),
            shows(
                r#"{"end_time":"2026-03-09"}"#,
                r#"{"list":[],"pagination":{"total":0,"page_no":1,"page_size":20,"total_pages":0}}"#,
            ),
            shows(
                r#"{"trade_no":"$paid"}"#,
                r#"{"list":[],"pagination":{"total":0,"page_no":1,"page_size":20,"total_pages":0}}"#,
            )
            .by(Ben),
            refuses(
                r#"{"page_no":0,"page_size":-1,"status":4,"product_type":1,"start_time":"x","end_time":"y"}"#,
                400,
                &["page_no", "page_size", "status", "product_type", "start_time", "end_time"],
            ),
        ],
    },
    Call {
        route: INFO,
        success: 200,
        refuses: Strangers,
        cases: &[
            refuses("{}", 400, &["trade_no"]),
            shows(
                r#"{"trade_no":"$open"}"#,
                r#"{"id":$number,"trade_no":"=$open","product_id":2,"product_name":"text","total_fee":15,"pay_fee":15,"status":0,"created_at":"utc","title":"=Title 2","product_type":9,"amount":3,"pm_id":0,"received_fee":0,"refund_fee":0,"pay_at":null,"expire_at":"=2026-03-10T12:30:00Z"}"#,
            ),
            shows(r#"{"trade_no":"$paid"}"#, "@order info"),
            refuses(r#"{"trade_no":"7"}"#, 404, &[]),
            not_yours(r#"{"trade_no":"$open"}"#),
        ],
    },
    Call {
        route: "POST /pay/pay-check",
        success: 200,
        refuses: Strangers,
        cases: &[
            refuses("{}", 400, &["trade_no"]),
            shows(r#"{"trade_no":"$open"}"#, r#"{"trade_no":"=$open","pm_id":0,"pay_fee":15}"#),
            shows(r#"{"trade_no":"$open","pm_id":"2"}"#, r#"{"trade_no":"=$open","pm_id":2,"pay_fee":15}"#),
            refuses(r#"{"trade_no":"$open","pm_id":99}"#, 404, &[]),
            refuses(r#"{"trade_no":"$paid"}"#, 409, &[]),
            not_yours(r#"{"trade_no":"$open"}"#),
        ],
    },
    Call {
        route: "POST /pay",
        success: 0,
        refuses: Both,
        cases: &[
            refuses("{}", 400, &["trade_no"]),
            refuses(r#"{"trade_no":"$open"}"#, 400, &["pm_id"]),
            shows(
                r#"{"trade_no":"$open","pm_id":2}"#,
                r#"{"trade_no":"=$open","pm_id":2,"pay_fee":15,"status":0,"url":null,"instructions":"text|null"}"#,
            ),
            refuses(r#"{"trade_no":"$open","pm_id":99}"#, 404, &[]),
            not_yours(r#"{"trade_no":"$open","pm_id":1}"#),
            shows(
                r#"{"trade_no":"$open","pm_id":1}"#,
                r#"{"trade_no":"=$open","pm_id":1,"pay_fee":0,"status":1,"url":null,"instructions":null}"#,
            ),
            refuses(r#"{"trade_no":"$open","pm_id":1}"#, 409, &[]),
            shows(r#"{"pid":2,"pm_id":0}"#, "@order").by(Ben).of(CREATE).keeps(&[("bens", "/trade_no")]),
            refuses(r#"{"trade_no":"$bens","pm_id":1}"#, 402, &[]).by(Ben),
        ],
    },
    Call {
        route: CLOSE,
        success: 0,
        refuses: Suspended,
        cases: &[
            refuses("{}", 400, &["trade_no"]),
            shows(r#"{"pid":2,"pm_id":0}"#, "@order").of(CREATE).keeps(&[("open", "/trade_no")]),
            not_yours(r#"{"trade_no":"$open"}"#),
            shows(r#"{"trade_no":"$open"}"#, "null"),
            refuses(r#"{"trade_no":"$open"}"#, 409, &[]),
            refuses(r#"{"trade_no":"$paid"}"#, 409, &[]),
            refuses(r#"{"trade_no":"7"}"#, 404, &[]),
            shows(
                r#"{"trade_no":"$open"}"#,
                r#"{"id":"id","trade_no":"=$open","product_id":2,"product_name":"text","total_fee":5,"pay_fee":5,"status":2,"created_at":"utc","title":"=Title 2","product_type":9,"amount":1,"pm_id":0,"received_fee":0,"refund_fee":0,"pay_at":null,"expire_at":null}"#,
            )
            .of(INFO),
        ],
    },
];
