//! API keys and what each may do. Section 3 of the provider's documentation.
//!
//! It compares keys and knows the names of permissions. Keys are held in memory only. The preset keys are printed by
//! `--help` and protect nothing; they are handled like secrets all the same, because real keys would be.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::fixtures::PHARMACIES;

/// Permissions of the Management API that this sandbox looks at.
pub const MANAGEMENT_PERMISSIONS: [&str; 4] =
    ["notification_subscription:read", "notification_subscription:write", "order:read", "prescription:read"];

/// Permissions of the External Pharmacy API that this sandbox looks at.
pub const PHARMACY_PERMISSIONS: [&str; 4] = ["webhooks_read", "webhooks_write", "orders_read", "stock_read"];

/// How far a key reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The Management API, organisation-wide.
    Organisation,
    /// The External Pharmacy API for several pharmacies; calls must name `pharmacy_uid`.
    Group(Vec<String>),
    /// The External Pharmacy API for one pharmacy.
    Pharmacy(String),
}

/// A key with its reach and its permissions.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Shown in the state and in the record of requests instead of the key.
    pub name: String,
    pub key: SecretString,
    pub reach: Reach,
    pub permissions: BTreeSet<String>,
}

impl ApiKey {
    /// A key called `name` that may do what `permissions` say.
    pub fn new<'a>(name: &str, key: &str, reach: Reach, permissions: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            name: name.to_owned(),
            key: SecretString::from(key),
            reach,
            permissions: permissions.into_iter().map(str::to_owned).collect(),
        }
    }

    pub(crate) fn may(&self, permission: &str) -> bool {
        self.permissions.contains(permission)
    }
}

/// The preset keys. Each is its own name.
pub fn presets() -> Vec<ApiKey> {
    let uid = |index: usize| PHARMACIES.get(index).copied().unwrap_or_default().uid.to_owned();
    let group = || Reach::Group(PHARMACIES.iter().take(4).map(|pharmacy| pharmacy.uid.to_owned()).collect());
    let key = |name: &str, reach: Reach, permissions: &[&'static str]| {
        ApiKey::new(name, name, reach, permissions.iter().copied())
    };
    vec![
        key(DEMO_KEY, Reach::Organisation, &MANAGEMENT_PERMISSIONS),
        key("sandbox-organisation-read-only", Reach::Organisation, &["notification_subscription:read", "order:read"]),
        key("sandbox-organisation-no-webhooks", Reach::Organisation, &["order:read", "prescription:read"]),
        key("sandbox-pharmacy", Reach::Pharmacy(uid(0)), &PHARMACY_PERMISSIONS),
        key("sandbox-pharmacy-read-only", Reach::Pharmacy(uid(0)), &["webhooks_read", "orders_read", "stock_read"]),
        key("sandbox-pharmacy-no-webhooks", Reach::Pharmacy(uid(0)), &["orders_read", "stock_read"]),
        key("sandbox-pharmacy-group", group(), &PHARMACY_PERMISSIONS),
    ]
}

/// The preset that may do everything at the Management API.
pub const DEMO_KEY: &str = "sandbox-organisation";

/// The key that `presented` is, if it is one.
pub(crate) fn find<'a>(keys: &'a [ApiKey], presented: &str) -> Option<&'a ApiKey> {
    keys.iter().find(|key| key.key.expose_secret() == presented)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_prints_nothing() {
        let key = ApiKey::new("demo", "top-secret-value", Reach::Organisation, []);
        assert!(!format!("{key:?}").contains("top-secret-value"));
    }

    #[test]
    fn presets_are_distinct_and_found() {
        let keys = presets();
        let names: BTreeSet<&str> = keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names.len(), keys.len());
        assert_eq!(find(&keys, DEMO_KEY).map(|key| key.name.as_str()), Some(DEMO_KEY));
        assert!(find(&keys, "").is_none());
    }
}
