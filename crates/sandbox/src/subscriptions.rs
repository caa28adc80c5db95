//! Subscriptions: each has one event type, one target and one secret. Section 5 of the provider's documentation.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Value, json};
use url::{Host, Url};

use crate::{
    deliver::Queue,
    event::{Event, EventType, Level},
    switches::Switches,
};

/// The types that both APIs accept.
const TYPES: [&str; 5] = [
    "pharmacy_order_created",
    "pharmacy_order_updated",
    "pharmacy_sku_stock_updated",
    "patient_doctor_meeting_updated",
    "appointment_reminder_due",
];

/// A subscription as others may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscriptionView {
    pub uid: String,
    pub notification_type: String,
    pub target: Url,
    pub level: Level,
    /// The pharmacies it hears of; none: the whole organisation.
    pub pharmacies: Option<Vec<String>>,
}

#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) uid: String,
    pub(crate) notification_type: String,
    pub(crate) target: Url,
    pub(crate) level: Level,
    pub(crate) pharmacies: Option<Vec<String>>,
    pub(crate) payload_version: String,
    pub(crate) secret: SecretString,
    pub(crate) queue: Queue,
}

impl Subscription {
    pub(crate) fn receives(&self, event: &Event) -> bool {
        self.notification_type == event.event_type.as_str()
            && match (&self.pharmacies, event.pharmacy_uid()) {
                (None, _) => true,
                (Some(pharmacies), Some(uid)) => pharmacies.iter().any(|own| own == uid),
                (Some(_), None) => false,
            }
    }

    /// How the list of its API shows it.
    pub(crate) fn listed(&self) -> Value {
        match self.level {
            Level::Management => json!({
                "uid": self.uid,
                "notification_type": self.notification_type,
                "target": self.target.as_str(),
                "options": "WEBHOOK",
                "payload_version": self.payload_version,
            }),
            Level::Pharmacy => json!({
                "uid": self.uid,
                "target": self.target.as_str(),
                "notification_type": self.notification_type,
            }),
        }
    }

    pub(crate) fn view(&self) -> SubscriptionView {
        SubscriptionView {
            uid: self.uid.clone(),
            notification_type: self.notification_type.clone(),
            target: self.target.clone(),
            level: self.level,
            pharmacies: self.pharmacies.clone(),
        }
    }
}

/// What a create asks for, once it has been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewSubscription {
    pub(crate) notification_type: String,
    pub(crate) target: Url,
    pub(crate) payload_version: String,
}

impl NewSubscription {
    /// Reads the body of a create.
    ///
    /// # Errors
    /// Each field that is missing or wrong, with its complaint.
    pub(crate) fn read(
        body: &Value,
        level: Level,
        switches: &Switches,
    ) -> Result<Self, Vec<(&'static str, &'static str)>> {
        let mut complaints = Vec::new();
        let notification_type = match body.get("notification_type").map(Value::as_str) {
            None => Err("is required"),
            Some(None) => Err("must be a string"),
            Some(Some(text)) if accepted(text, level, switches) => Ok(text.to_owned()),
            Some(Some(_)) => Err("is not a valid notification type"),
        };
        let target = match body.get("target").map(Value::as_str) {
            None => Err("is required"),
            Some(None) => Err("must be a string"),
            Some(Some(text)) => match Url::parse(text) {
                Ok(url) if reachable(&url) => Ok(url),
                _ => Err("must be an HTTPS URL"),
            },
        };
        let payload_version = match body.get("payload_version").map(Value::as_str) {
            None | Some(Some("1")) => Ok("1".to_owned()),
            Some(_) => Err("is not a known version"),
        };
        if body.get("meta_data").is_some_and(|meta| !meta.is_object() && !meta.is_null()) {
            complaints.push(("meta_data", "must be an object"));
        }
        let mut take = |field: &'static str, result: Result<_, &'static str>| {
            result.map_err(|complaint| complaints.push((field, complaint))).ok()
        };
        let notification_type = take("notification_type", notification_type);
        let payload_version = take("payload_version", payload_version);
        let target = target.map_err(|complaint| complaints.push(("target", complaint))).ok();
        match (notification_type, target, payload_version) {
            (Some(notification_type), Some(target), Some(payload_version)) if complaints.is_empty() => {
                Ok(Self { notification_type, target, payload_version })
            }
            _ => Err(complaints),
        }
    }
}

fn accepted(notification_type: &str, level: Level, switches: &Switches) -> bool {
    TYPES.contains(&notification_type)
        || (level == Level::Management
            && switches.doctor_changes_by_webhook
            && notification_type == EventType::DoctorChanged.as_str())
}

/// HTTPS anywhere, or plain HTTP on this machine, which the real provider would not accept.
fn reachable(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

/// A fresh uid and a fresh `whsec_…` secret, from the operating system.
///
/// # Errors
/// If the operating system has no randomness to give.
pub(crate) fn fresh(level: Level) -> Result<(String, SecretString), getrandom::Error> {
    let mut name = [0_u8; 8];
    getrandom::fill(&mut name)?;
    let mut key = [0_u8; 24];
    getrandom::fill(&mut key)?;
    let prefix = match level {
        Level::Management => "ns",
        Level::Pharmacy => "sub",
    };
    let uid = format!("{prefix}-{}", HEXLOWER.encode(&name));
    Ok((uid, SecretString::from(format!("whsec_{}", BASE64URL_NOPAD.encode(&key)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<NewSubscription, Vec<(&'static str, &'static str)>> {
        NewSubscription::read(&body, Level::Management, &Switches::default())
    }

    #[test]
    fn targets_are_https_or_on_this_machine() {
        for good in
            ["https://relay.example.test/in/x", "http://127.0.0.1:9/in", "http://[::1]/in", "http://localhost:1/"]
        {
            assert!(read(json!({"notification_type": "pharmacy_order_created", "target": good})).is_ok(), "{good}");
        }
        for bad in [
            "http://relay.example.test/",
            "ftp://127.0.0.1/",
            "http://10.0.0.1/",
            "relay",
            "",
            "http://127.0.0.1.example.test/",
        ] {
            let refused = read(json!({"notification_type": "pharmacy_order_created", "target": bad})).unwrap_err();
            assert_eq!(refused, [("target", "must be an HTTPS URL")], "{bad}");
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let refused =
            read(json!({"notification_type": "nonsense", "payload_version": "9", "meta_data": 1})).unwrap_err();
        let mut fields: Vec<_> = refused.into_iter().map(|(field, _)| field).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["meta_data", "notification_type", "payload_version", "target"]);
        assert!(read(json!([1])).is_err());
    }

    #[test]
    fn changes_of_doctor_are_for_organisations() {
        let body = json!({"notification_type": "PRESCRIPTION_DOCTOR_CHANGED", "target": "https://a.example.test"});
        assert!(NewSubscription::read(&body, Level::Management, &Switches::default()).is_ok());
        assert!(NewSubscription::read(&body, Level::Pharmacy, &Switches::default()).is_err());
        let off = Switches { doctor_changes_by_webhook: false, ..Switches::default() };
        assert!(NewSubscription::read(&body, Level::Management, &off).is_err());
    }
}
