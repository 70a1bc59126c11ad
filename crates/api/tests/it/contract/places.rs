//! §4 and §8: the places that exits serve now. Two exits are there: one in four places, one for time plans.

use super::Refuses::{Strangers, Unverified};
use super::{Call, Case, not_yours, refuses, shows};

const ADD: &str = "POST /whitelist-account/add";

/// A table of countries whose items have a shape.
const CITIES: &str = r#"{"list":["@country's cities","@country's cities","@country's cities"]}"#;
const STATES: &str = r#"{"list":["@country's states","@country's states","@country's states"]}"#;
const PLAN_AREAS: &str = r#"{"list":[{"name_zh_cn":"=日本","name_en":"=Japan","continent_code":"=AS","country_code":"=JP","items":[{"city":"=","state":"=Tokyo","continent_code":"=AS","country_code":"=JP"},{"city":"=Tokyo","state":"=Tokyo","continent_code":"=AS","country_code":"=JP"}]}]}"#;

const UNNAMED: Case = refuses("{}", 400, &["username"]);
const MISNAMED: Case = refuses(r#"{"username":"a_b"}"#, 400, &["username"]);
const FOREIGN: Case = not_yours(r#"{"username":"$mine"}"#);

pub(super) const CALLS: &[Call] = &[
    Call {
        route: "GET /ip/dynamic-citys",
        success: 200,
        refuses: Unverified,
        cases: &[shows("{}", CITIES), shows(r#"{"team_id":7}"#, CITIES)],
    },
    Call { route: "GET /ip/dynamic-states", success: 200, refuses: Unverified, cases: &[shows("{}", STATES)] },
    Call {
        route: "GET /ip/dynamic-citys/search",
        success: 200,
        refuses: Unverified,
        cases: &[
            refuses("{}", 400, &["country_code", "state"]),
            refuses(r#"{"country_code":"US","state":" "}"#, 400, &["state"]),
            shows(r#"{"country_code":"us","state":"US-CA"}"#, r#"{"list":["=LosAngeles"]}"#),
            shows(r#"{"country_code":"US","state":"Texas"}"#, r#"{"list":[]}"#),
            shows(r#"{"country_code":"ZZ","state":"CA"}"#, r#"{"list":[]}"#),
        ],
    },
    Call {
        route: "GET /ip/dynamic-states/search",
        success: 200,
        refuses: Unverified,
        cases: &[
            refuses("{}", 400, &["country_code"]),
            shows(r#"{"country_code":"US"}"#, r#"{"list":["=California","=NorthCarolina"]}"#),
            shows(r#"{"country_code":"JP"}"#, r#"{"list":[]}"#),
        ],
    },
    Call {
        route: "GET /host-pool/regions",
        success: 200,
        refuses: Strangers,
        cases: &[shows("{}", r#"{"list":["@country","@country","@country"]}"#)],
    },
    Call {
        route: "GET /ip/dcl4",
        success: 200,
        refuses: Strangers,
        cases: &[
            shows(r#"{"accounts":"user01:p"}"#, "null").of(ADD),
            shows(r#"{"username":"user01"}"#, CITIES),
            shows("{}", r#"{"list":["@account"]}"#)
                .of("GET /whitelist-account/list")
                .keeps(&[("mine", "/list/0/username")]),
            UNNAMED,
            MISNAMED,
            FOREIGN,
        ],
    },
    Call {
        route: "GET /ip/dsl4",
        success: 200,
        refuses: Strangers,
        cases: &[shows(r#"{"username":"user01"}"#, STATES), UNNAMED, MISNAMED, FOREIGN],
    },
    Call {
        route: "GET /ip/dal4",
        success: 200,
        refuses: Strangers,
        cases: &[
            shows(r#"{"accounts":"plan:p","product_type":11}"#, "null").of(ADD),
            shows(r#"{"username":"plan"}"#, PLAN_AREAS),
            UNNAMED,
            MISNAMED,
            FOREIGN,
        ],
    },
];
