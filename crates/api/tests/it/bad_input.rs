//! Values at and beyond every boundary: a clean code, a message at the parameter, nothing changed.

use http::StatusCode;
use turnpike_testkit::each_store;

use crate::given::{Customer, Given};

/// Sends one JSON value for one parameter and expects a refusal with a message at just that parameter.
async fn refused(given: &Given, customer: &Customer, call: &str, (name, json): (&str, &str), rest: &str) {
    let body = format!(r#"{{"{name}":{json}{rest}}}"#);
    let answer = given.post(customer, &format!("/whitelist-account/{call}"), body).await;
    let shown: String = json.chars().take(60).collect();
    assert_eq!((answer.status, answer.code()), (StatusCode::OK, 400), "{call} {name}={shown}: {answer}");
    let json = answer.json();
    let errors = json["errors"].as_object().unwrap();
    assert_eq!(errors.keys().collect::<Vec<_>>(), [name], "{call} {name}={shown}");
    assert_eq!(answer.errors(name).len(), 1);
}

fn text(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

const NO_TEXT: [&str; 7] = ["1", "1.5", "true", "[]", r#"["a:b"]"#, "{}", r#""\ud800""#];
const NO_NUMBER: [&str; 16] = [
    "true",
    "[9]",
    "{}",
    "9.5",
    "0.5",
    "-0.5",
    r#""9 ""#,
    r#"" 9""#,
    r#""0x9""#,
    r#""+9""#,
    r#""nine""#,
    r#""9;DROP""#,
    r#""09""#,
    r#""NaN""#,
    r#""Infinity""#,
    r#""９""#,
];

each_store! {
    async fn account_batches(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let many = (0..501).map(|n| format!("u{n}:p")).collect::<Vec<_>>().join(",");
        let texts = [
            "", ",", " , ,", "a", "a:", ":b", "a:b,c", "a:b,c:", "a:b:c", "a:b,a:c", "a b:c", "a:b c", "a，b:c", "a：b", "١:b",
            "\u{430}:b", "a\u{200d}:b", "a\0:b", "a-session-1:b", "a_country:b", "..:b", "' OR 1=1--:b", "ａ:b", "a:пароль", "😀:b",
            &format!("{}:b", "a".repeat(33)), &format!("a:{}", "b".repeat(33)), &many, &"a".repeat(900_000), "a:b;c:d", "a@b:c",
        ];
        for accounts in texts {
            refused(&given, &anna, "add", ("accounts", &text(accounts)), "").await;
        }
        for json in NO_TEXT.iter().chain(&["null"]) {
            refused(&given, &anna, "add", ("accounts", json), "").await;
            for call in ["delete", "disable", "enable"] {
                refused(&given, &anna, call, ("accounts", json), "").await;
            }
        }
        let many = (0..501).map(|n| format!("u{n}")).collect::<Vec<_>>().join(",");
        for accounts in ["", ",", "a:b", "a,a", "a b", "..", "a-session-1", "a\0", &"a".repeat(33), &many] {
            for call in ["delete", "disable", "enable"] {
                refused(&given, &anna, call, ("accounts", &text(accounts)), "").await;
            }
        }
        assert_eq!(given.usernames(&anna).await, Vec::<String>::new());

        let most = (0..500).map(|n| format!("u{n}:p")).collect::<Vec<_>>().join(",");
        let longest = format!("{}:{}", "a".repeat(32), "b".repeat(32));
        for accounts in [most.as_str(), &longest, "A:b,a:b", "\tx : y\n, ,"] {
            given.post(&anna, "/whitelist-account/add", format!(r#"{{"accounts":{}}}"#, text(accounts))).await.data();
        }
        assert_eq!(given.usernames(&anna).await.len(), 504);
    }

    async fn remarks(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        let too_wide = [
            "a".repeat(65), "备".repeat(33), format!("{}a", "备".repeat(32)), format!("{}备", "a".repeat(63)), "e\u{301}".repeat(22),
            "👨\u{200d}👩\u{200d}👧".repeat(7), "\u{301}".repeat(1000), "x".repeat(900_000),
        ];
        let controls = ["a\nb", "a\r", "\0", "\x1b[2J", "a\tb", "\u{85}"];
        for remark in too_wide.iter().map(String::as_str).chain(controls) {
            refused(&given, &anna, "change-remark", ("remark", &text(remark)), r#","account":"a""#).await;
            refused(&given, &anna, "add", ("remark", &text(remark)), r#","accounts":"b:p""#).await;
        }
        for json in NO_TEXT {
            refused(&given, &anna, "change-remark", ("remark", json), r#","account":"a""#).await;
        }
        refused(&given, &anna, "change-remark", ("remark", "null"), r#","account":"a""#).await;
        let kept = [
            "a".repeat(63), "a".repeat(64), "备".repeat(32), format!("{}aa", "备".repeat(31)), "מימין לשמאל".into(),
            "<script>alert(1)</script>".into(), "' OR 1=1--".into(), "{{7*7}}${jndi:x}".into(), "=cmd|' /C calc'!A0".into(),
            "\u{202e}abc".into(), " ".into(), "\"\\/".into(),
        ];
        for remark in kept {
            let body = format!(r#"{{"account":"a","remark":{}}}"#, text(&remark));
            given.post(&anna, "/whitelist-account/change-remark", body).await.data();
            let listed = given.get(&anna, "/whitelist-account/list").await.data();
            assert_eq!(listed["list"][0]["remark"], remark);
        }
    }

    async fn numbers(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        let digits = "9".repeat(100_000);
        let beyond = ["-1", "102401", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e400", "-1e400",
            r#""102401""#, digits.as_str()];
        for json in NO_NUMBER.iter().chain(&beyond) {
            refused(&given, &anna, "change-limit", ("limit", json), r#","account":"a""#).await;
            refused(&given, &anna, "add", ("limit", json), r#","accounts":"b:p""#).await;
            refused(&given, &anna, "add", ("daily_limit", json), r#","accounts":"b:p""#).await;
        }
        for json in ["null", r#""""#] {
            refused(&given, &anna, "change-limit", ("limit", json), r#","account":"a""#).await;
        }
        for (json, limit) in [("0", 0), ("1", 1), ("102400", 102_400), (r#""10""#, 10), ("1e3", 1000), ("2.0", 2), ("-0", 0)] {
            given.post(&anna, "/whitelist-account/change-limit", format!(r#"{{"account":"a","limit":{json}}}"#)).await.data();
            let listed = given.get(&anna, "/whitelist-account/list").await.data();
            assert_eq!(listed["list"][0]["limit_flow"], limit, "{json}");
        }
        let types = ["0", "-1", "3", "10", "12", "2147483648", "9223372036854775808", "1e400", "-9"];
        for json in NO_NUMBER.iter().chain(&types) {
            refused(&given, &anna, "add", ("product_type", json), r#","accounts":"b:p""#).await;
        }
        assert_eq!(given.usernames(&anna).await, ["a"]);
        for (n, json) in ["9", "11", "14", "25", r#""9""#, "9.0", "9e0", "null", r#""""#].into_iter().enumerate() {
            let body = format!(r#"{{"accounts":"t{n}:p","product_type":{json}}}"#);
            given.post(&anna, "/whitelist-account/add", body).await.data();
        }
    }

    async fn single_names_and_passwords(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        let long = "a".repeat(33);
        let texts = ["", " ", " a", "a ", "a,b", "a:b", "..", "a\0", "a-session-1", "ａ", long.as_str()];
        for name in texts {
            refused(&given, &anna, "change-password", ("account", &text(name)), r#","password":"n""#).await;
            refused(&given, &anna, "change-password", ("password", &text(name)), r#","account":"a""#).await;
            refused(&given, &anna, "change-remark", ("account", &text(name)), r#","remark":"n""#).await;
            refused(&given, &anna, "change-limit", ("account", &text(name)), r#","limit":1"#).await;
        }
        for json in NO_TEXT.iter().chain(&["null"]) {
            refused(&given, &anna, "change-password", ("account", json), r#","password":"n""#).await;
            refused(&given, &anna, "change-password", ("password", json), r#","account":"a""#).await;
        }
        let listed = given.get(&anna, "/whitelist-account/list").await.data();
        assert_eq!((&listed["list"][0]["password"], &listed["list"][0]["limit_flow"]), (&"p".into(), &0.into()));
    }

    async fn all_that_is_wrong_is_told_at_once(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let answer = given.post(&anna, "/whitelist-account/add", r#"{"remark":1,"product_type":12,"limit":-1}"#).await;
        answer.must_be(r#"200 {"code":400,"msg":"Some parameters are not valid","message":"Some parameters are not valid","data":null,"errors":{"accounts":["is required"],"limit":["must be between 0 and 102400"],"product_type":["must be one of 9, 11, 14 and 25"],"remark":["must be a text"]}}"#);
        // What nobody asked for cannot be set.
        let sprayed = r#"{"accounts":"a:p","id":77,"customer_id":1,"usage_flow":5,"status":0,"created_at":"2000-01-01","limit_flow":9}"#;
        given.post(&anna, "/whitelist-account/add", sprayed).await.data();
        let listed = given.get(&anna, "/whitelist-account/list").await.data();
        assert_eq!(listed["list"][0].to_string(), r#"{"id":1,"username":"a","password":"p","created_at":"2026-03-10 12:00:00","remark":"","product_type":9,"usage_flow":0,"limit_flow":0,"status":1}"#);
    }

    async fn parameters_given_twice(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let answer = given.get(&anna, "/user-product/list?page=1&page=2").await;
        assert_eq!((answer.code(), answer.errors("page").len()), (400, 1));
        given.get(&anna, "/user-product/list?page=1&page=1").await.data();
        // One that nobody asks for may be anything.
        given.get(&anna, "/user-product/list?limit=1&limit=2&team_id[]=x&x=%ff").await.data();
        let answer = given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p","accounts":"b:p"}"#).await;
        assert_eq!((answer.code(), answer.errors("accounts").len()), (400, 1));
    }
}
