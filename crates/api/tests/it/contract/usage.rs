//! §2: usage per day; and of §8 all of it at once, and live.

use super::Refuses::{Strangers, Unverified};
use super::{Answers, Call, case, refuses, shows};

pub(super) const CALLS: &[Call] = &[
    Call {
        route: "GET /user-usage-flow/total",
        success: 200,
        refuses: Unverified,
        cases: &[
            // Today and the six days before it.
            shows(
                "{}",
                r#"{"list":[{"day":"=2026-03-04","flow":0},{"day":"=2026-03-05","flow":0},{"day":"=2026-03-06","flow":0},{"day":"=2026-03-07","flow":0},{"day":"=2026-03-08","flow":0},{"day":"=2026-03-09","flow":0},{"day":"=2026-03-10","flow":0}]}"#,
            ),
            shows(r#"{"start_time":"2024-01-01","end_time":"2024-12-31"}"#, r#"{"list":[{"day":"day","flow":0}]}"#),
            shows(
                r#"{"start_time":"2026-03-09 23:59:59","end_time":"2026-03-10 00:00:00","username":"nobody","product_type":"9"}"#,
                r#"{"list":[{"day":"=2026-03-09","flow":0},{"day":"=2026-03-10","flow":0}]}"#,
            ),
            refuses(r#"{"start_time":"2024-01-01","end_time":"2025-01-01"}"#, 400, &["end_time"]),
            refuses(r#"{"start_time":"2026-03-10","end_time":"2026-03-09"}"#, 400, &["end_time"]),
            refuses(r#"{"start_time":"2026-02-30","end_time":"yesterday"}"#, 400, &["start_time", "end_time"]),
            refuses(r#"{"username":"a_b"}"#, 400, &["username"]),
            refuses(r#"{"product_type":10}"#, 400, &["product_type"]),
        ],
    },
    Call {
        route: "GET /user-usage-flow/flow-total",
        success: 200,
        refuses: Strangers,
        cases: &[
            shows("{}", r#"{"unit":"=KB","total":2097152,"used":0,"remaining":2097152}"#),
            shows(r#"{"unit":"MB"}"#, r#"{"unit":"=MB","total":2048,"used":0,"remaining":2048}"#),
            shows(r#"{"unit":"gb"}"#, r#"{"unit":"=GB","total":2,"used":0,"remaining":2}"#),
            shows(r#"{"unit":"TB"}"#, r#"{"unit":"=TB","total":0,"used":0,"remaining":0}"#),
            shows(r#"{"unit":"PB"}"#, r#"{"unit":"=PB","total":0,"used":0,"remaining":0}"#),
            refuses(r#"{"unit":"EB"}"#, 400, &["unit"]),
        ],
    },
    Call {
        route: "GET /user-usage-flow/live",
        success: 200,
        refuses: Strangers,
        cases: &[
            case("{}", Answers::Event(r#"{"at":"utc","total":0,"total_bytes":0,"delta":0,"accounts":[]}"#)),
            refuses(r#"{"cursor":"yesterday"}"#, 400, &["cursor"]),
        ],
    },
];
