//! What `data` looks like, written as JSON with words in the place of values.
//!
//! An object has exactly the members named. `["…"]` is a list of at least one, `[]` an empty one, `[a, b]` one of two.
//! Numbers, booleans and `null` stand for themselves, a text for a kind (`"count"`), for one of several (`"utc|null"`), for
//! itself (`"=KB"`) or for a shape of [`NAMED`] (`"@order"`).

use serde_json::Value;

/// The shapes that the contract gives a name, or writes down once for several calls.
const NAMED: &[(&str, &str)] = &[
    (
        "account",
        r#"{"id":"id","username":"text","password":"text","created_at":"zoneless","remark":"text","product_type":"count","usage_flow":"count","limit_flow":"count","status":"count"}"#,
    ),
    (
        "changed account",
        r#"{"id":"id","username":"text","limit":"count","daily_limit":"count","used":"count","status":"count","udp":"flag"}"#,
    ),
    ("source", r#"{"id":"id","ip":"address","remark":"text","created_at":"utc"}"#),
    ("quota", r#"{"quota":"count","used":"count","remaining":"count"}"#),
    (
        "package",
        r#"{"id":"id","created_at":"zoneless","expired_at":"zoneless","product_type":"count","trade_no":"trade number","order":{"created_at":"zoneless","pay_at":"zoneless","title":"text"}}"#,
    ),
    (
        "static ip",
        r#"{"id":"id","ip":"address","port":"id","username":"text","password":"text","protocol":"=http/socks5","country_code":"text","state":"text","city":"text","product_type":"count","status":"count","trade_no":"trade number","remark":"text","created_at":"zoneless","expired_at":"zoneless"}"#,
    ),
    (
        "country's cities",
        r#"{"name_zh_cn":"text","name_en":"text","continent_code":"text","country_code":"text","items":"any"}"#,
    ),
    (
        "country's states",
        r#"{"name_zh_cn":"text","name_en":"text","continent_code":"text","country_code":"text","items":"any"}"#,
    ),
    (
        "country",
        r#"{"code":"text","name_zh_cn":"text","name_en":"text","continent_code":"text","country_code":"text"}"#,
    ),
    ("region", r#"{"code":"text","number":"id"}"#),
    (
        "order",
        r#"{"id":"id","trade_no":"trade number","product_id":"count","product_name":"text","total_fee":"money","pay_fee":"money","status":"count","created_at":"utc"}"#,
    ),
    (
        "paged orders",
        r#"{"list":["@order"],"pagination":{"total":"id","page_no":"id","page_size":"id","total_pages":"id"}}"#,
    ),
    (
        "order info",
        r#"{"id":"id","trade_no":"trade number","product_id":"count","product_name":"text","total_fee":"money","pay_fee":"money","status":"count","created_at":"utc","title":"text","product_type":"count","amount":"id","pm_id":"count","received_fee":"money","refund_fee":"money","pay_at":"utc|null","expire_at":"utc|null"}"#,
    ),
    ("price", r#"{"pay_fee":"money","total_fee":"money","title":"text"}"#),
    (
        "method",
        r#"{"id":"id","title":"text","logo":"text","group":"text","disabled":"flag","min":"money","max":"money"}"#,
    ),
    (
        "product",
        r#"{"id":"id","name":"text","title":"text","type":"count","price":"money","description":"text","flow":"count|null","validity":"count","ip_type":"count|null","min":"id","max":"id","stock":"count|null","steps":"any","countries":"any","only_countries":"flag","product_sku_bandwidth":"any","product_sku_concurrency":"any"}"#,
    ),
    (
        "renewal",
        r#"{"id":"id","upid":"id|null","package_id":"id|null","ip":"address|null","product_type":"count","product_id":"id","title":"text","amount":"id","enabled":"flag","next_at":"zoneless","expired_at":"zoneless"}"#,
    ),
    (
        "coupon",
        r#"{"id":"id","name":"text","code":"text","discount":"money","discount_type":"text","expire_time":"utc","product_types":"any","products":"any"}"#,
    ),
    ("article", r#"{"id":"id","title":"text","content":"text","created_at":"utc"}"#),
    (
        "customer",
        r#"{"id":"id","email":"text","phone":"text","balance":"money","status":1,"is_real_name":true,"created_at":"utc"}"#,
    ),
];

/// A shape as it stands in a row: the name of one does as well.
pub(super) fn read(text: &str) -> Value {
    if text.starts_with('@') {
        text.into()
    } else {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// Why a value has not the shape.
pub(super) fn differs(shape: &Value, seen: &Value) -> Result<(), String> {
    let fault = |why: &str| Err(format!("{why}: {seen} should be {shape}"));
    match (shape, seen) {
        (Value::String(words), _) => match words.strip_prefix('@') {
            Some(name) => differs(&named(name), seen),
            None if words.split('|').any(|word| is(word, seen)) => Ok(()),
            None => fault("of another kind"),
        },
        (Value::Object(shapes), Value::Object(members)) => {
            if !shapes.keys().eq(members.keys()) {
                return fault("other members");
            }
            shapes
                .iter()
                .zip(members.values())
                .try_for_each(|((name, shape), seen)| differs(shape, seen).map_err(|why| format!("{name}: {why}")))
        }
        (Value::Array(shapes), Value::Array(items)) => match &shapes[..] {
            [each] if items.is_empty() => fault(&format!("without any {each}")),
            [each] => items.iter().try_for_each(|item| differs(each, item)),
            several if several.len() == items.len() => {
                several.iter().zip(items).try_for_each(|(shape, item)| differs(shape, item))
            }
            _ => fault("of another length"),
        },
        _ if shape == seen => Ok(()),
        _ => fault("another value"),
    }
}

fn named(name: &str) -> Value {
    let (_, shape) = NAMED
        .iter()
        .chain(&super::trouble::SHAPES)
        .find(|(known, _)| *known == name)
        .unwrap_or_else(|| panic!("no shape {name}"));
    serde_json::from_str(shape).unwrap()
}

/// Whether a value is of a kind.
fn is(kind: &str, seen: &Value) -> bool {
    let text = |rule: fn(&str) -> bool| seen.as_str().is_some_and(rule);
    match kind {
        "any" => true,
        "null" => seen.is_null(),
        "flag" => seen.is_boolean(),
        "count" => seen.as_u64().is_some(),
        "id" => seen.as_u64().is_some_and(|number| number > 0),
        "money" => seen.is_number() && is_money(&seen.to_string()),
        "text" => seen.is_string(),
        "zoneless" => text(|text| fits(text, "0000-00-00 00:00:00")),
        "utc" => text(|text| fits(text, "0000-00-00T00:00:00Z")),
        "day" => text(|text| fits(text, "0000-00-00")),
        "trade number" => text(|text| fits(text, "0000000000000000000000000000")),
        "key" => text(|text| text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))),
        "token" => text(|text| text.split('.').count() == 3),
        "endpoint" => text(|text| text.parse::<std::net::SocketAddrV4>().is_ok_and(|at| at.port() > 0)),
        "address" => text(|text| text.parse::<std::net::IpAddr>().is_ok()),
        _ => match kind.strip_prefix('=') {
            Some(exact) => seen.as_str() == Some(exact),
            None => panic!("no kind {kind}"),
        },
    }
}

/// At most two decimals, and never below nothing (contract 0.5).
fn is_money(written: &str) -> bool {
    let (whole, decimals) = written.split_once('.').unwrap_or((written, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(decimals) && decimals.len() <= 2
}

/// Whether it is written like that, `0` standing for any digit.
fn fits(text: &str, pattern: &str) -> bool {
    let alike = |(seen, meant): (u8, u8)| if meant == b'0' { seen.is_ascii_digit() } else { seen == meant };
    text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(alike)
}

#[test]
fn what_has_another_shape_is_seen() {
    let shape = serde_json::json!({"list": ["@region"], "at": "utc|null", "fee": "money", "unit": "=KB"});
    let right = serde_json::json!({"list": [{"code": "JP", "number": 2}], "at": null, "fee": 4.25, "unit": "KB"});
    assert_eq!(differs(&shape, &right), Ok(()));
    for (member, wrong) in [
        ("/list", serde_json::json!([])),
        ("/list/0", serde_json::json!({"code": "JP"})),
        ("/list/0", serde_json::json!({"code": "JP", "number": 2, "more": 1})),
        ("/list/0/number", "2".into()),
        ("/at", "2026-03-10 12:00:00".into()),
        ("/fee", 4.125.into()),
        ("/fee", (-1).into()),
        ("/unit", "MB".into()),
    ] {
        let mut seen = right.clone();
        *seen.pointer_mut(member).unwrap() = wrong;
        assert!(differs(&shape, &seen).is_err(), "{seen}");
    }
}
