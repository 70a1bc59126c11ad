//! Which keys differ between two configurations, and which of them can change while serving.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::settings::Settings;

/// Keys, and sections ending with a dot, that can change while serving. Everything else needs another process.
const LIVE: &[&str] = &[
    "drain_s",
    "log.level",
    "api.answers.",
    "api.server.",
    "operator.answers.",
    "operator.server.",
    "gateway.staleness_s",
    "gateway.exit.",
    "gateway.resolver.",
    "gateway.deadlines.",
    "gateway.limits.",
    "gateway.open",
    "destinations.",
    "leases.largest_kb",
    "leases.doubt_share",
    "leases.smallest_kb",
    "leases.share",
    "shop.order_expiry_s",
    "shop.invitation_discount_percent",
    "shop.payment",
    "shop.static_ip_grace_s",
    "shop.static_ip_port",
    "shop.auto_renewal_lead_s",
    "exits.",
    "extraction.most_live",
    "extraction.calls_per_minute",
    "activity.",
    "jobs.",
];

/// The keys that differ, by their dotted names, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changes(Vec<String>);

impl Changes {
    /// What differs.
    pub(super) fn between(before: &Settings, after: &Settings) -> Self {
        let (before_keys, after_keys) = (keys(before), keys(after));
        let mut changed: Vec<String> = after_keys
            .iter()
            .filter(|(key, value)| before_keys.get(*key) != Some(value))
            .map(|(key, _)| key.clone())
            .chain(before_keys.keys().filter(|key| !after_keys.contains_key(*key)).cloned())
            .collect();
        // The password in it is not among the values.
        let store = "store.uri".to_owned();
        if before.store_uri().reveal() != after.store_uri().reveal() && !changed.contains(&store) {
            changed.push(store);
        }
        changed.sort();
        Self(changed)
    }

    /// Whether nothing differs.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first key that cannot change while serving.
    pub(super) fn fixed(&self) -> Option<&str> {
        self.0.iter().map(String::as_str).find(|key| !is_live(key))
    }

    /// Whether a key of that section changed.
    pub(crate) fn touch(&self, section: &str) -> bool {
        self.0.iter().any(|key| within(key, section))
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "applied {}", self.0.join(", "))
    }
}

fn is_live(key: &str) -> bool {
    LIVE.iter().any(|live| match live.strip_suffix('.') {
        Some(section) => within(key, section),
        None => key == *live,
    })
}

fn within(key: &str, section: &str) -> bool {
    key.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Every key with its value; a list is one value.
fn keys(settings: &Settings) -> BTreeMap<String, Value> {
    let mut keys = BTreeMap::new();
    if let Ok(value) = serde_json::to_value(settings) {
        collect("", value, &mut keys);
    }
    keys
}

fn collect(name: &str, value: Value, keys: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(section) => {
            for (key, value) in section {
                let dotted = if name.is_empty() { key } else { format!("{name}.{key}") };
                collect(&dotted, value, keys);
            }
        }
        value => {
            keys.insert(name.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(change: impl FnOnce(&mut Settings)) -> Changes {
        let mut after = Settings::default();
        change(&mut after);
        Changes::between(&Settings::default(), &after)
    }

    #[test]
    fn what_can_change_while_serving_is_told_from_what_cannot() {
        let live = changed(|settings| {
            settings.drain_s = 7;
            settings.gateway.limits.requests = 7;
        });
        assert_eq!((live.fixed(), live.to_string().as_str()), (None, "applied drain_s, gateway.limits.requests"));
        assert!(live.touch("gateway") && live.touch("gateway.limits") && !live.touch("gate"));
        let fixed = changed(|settings| {
            settings.drain_s = 7;
            settings.gateway.threads = 7;
        });
        assert_eq!(fixed.fixed(), Some("gateway.threads"));
        assert!(changed(|_| ()).is_empty());
    }

    #[test]
    fn another_password_for_the_store_is_a_change() {
        let with = |password: &str| {
            changed(|settings| {
                let uri = format!("'postgres://turnpike:{password}@db/turnpike'");
                settings.store.uri = Some(serde_json::from_str(&uri.replace('\'', "\"")).unwrap());
            })
        };
        assert_eq!(with("one").fixed(), Some("store.uri"));
    }
}
