//! Faults: what goes wrong on request, in deliveries and in answers.
//!
//! Each fault has a probability or a number of times. Their random numbers come from a sequence of their own, so the
//! events stay the same whatever goes wrong with their delivery.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::rng::Rng;

/// How often a fault occurs. In JSON a number is a probability and `{"next": n}` a count; as text `0.25` and `3x`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Odds {
    /// With this probability, 0.0 to 1.0, without a limit.
    Chance(f64),
    /// The next so many times.
    Next { next: u32 },
}

impl Odds {
    /// Never.
    pub const NEVER: Self = Self::Chance(0.0);
    /// Every time.
    pub const ALWAYS: Self = Self::Chance(1.0);

    /// The next `times` times.
    pub const fn next(times: u32) -> Self {
        Self::Next { next: times }
    }

    pub(crate) fn strike(&mut self, rng: &mut Rng) -> bool {
        match self {
            // No random number is drawn for a fault that never occurs. Otherwise a new kind of fault would change when the
            // others occur under the same seed.
            Self::Chance(p) => *p > 0.0 && rng.hits(*p),
            Self::Next { next: 0 } => false,
            Self::Next { next } => {
                *next -= 1;
                true
            }
        }
    }
}

impl Default for Odds {
    fn default() -> Self {
        Self::NEVER
    }
}

/// Odds that are neither a probability nor a count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a probability from 0 to 1 nor a count like 3x")]
pub struct NotOdds(String);

impl std::str::FromStr for Odds {
    type Err = NotOdds;

    fn from_str(text: &str) -> Result<Self, NotOdds> {
        let refused = || NotOdds(text.to_owned());
        if let Some(count) = text.strip_suffix('x') {
            return count.parse().map(Self::next).map_err(|_| refused());
        }
        let p: f64 = text.parse().map_err(|_| refused())?;
        if (0.0..=1.0).contains(&p) { Ok(Self::Chance(p)) } else { Err(refused()) }
    }
}

/// Everything that can be made to go wrong. Missing fields keep their default (never); unknown ones are refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// The same bytes are delivered a second time.
    pub duplicate: Odds,
    /// A delivery waits until the next one to the same subscription has been sent.
    pub reorder: Odds,
    /// A delivery is sent [`Faults::delay_ms`] later, and others overtake it.
    pub delay: Odds,
    /// A delivery is never made.
    pub drop: Odds,
    /// Signed with another secret.
    pub wrong_signature: Odds,
    /// Without `X-Webhook-Signature`.
    pub missing_signature: Odds,
    /// The body is sent in pieces that take [`Faults::slow_ms`] together.
    pub slow: Odds,
    /// Malformed deliveries. Each comes in addition to the good one, correctly signed.
    pub not_json: Odds,
    pub not_utf8: Odds,
    pub deep_nesting: Odds,
    pub wrong_types: Odds,
    pub missing_fields: Odds,
    pub unknown_event_type: Odds,
    pub unknown_payload_version: Odds,
    /// A body of 16 MiB.
    pub huge: Odds,
    /// Milliseconds of a delay.
    pub delay_ms: u64,
    /// Milliseconds that a slow delivery takes.
    pub slow_ms: u64,
    /// What goes wrong with answers of the API; the first rule that fits and whose odds come up is taken.
    pub answers: Vec<AnswerRule>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            duplicate: Odds::NEVER,
            reorder: Odds::NEVER,
            delay: Odds::NEVER,
            drop: Odds::NEVER,
            wrong_signature: Odds::NEVER,
            missing_signature: Odds::NEVER,
            slow: Odds::NEVER,
            not_json: Odds::NEVER,
            not_utf8: Odds::NEVER,
            deep_nesting: Odds::NEVER,
            wrong_types: Odds::NEVER,
            missing_fields: Odds::NEVER,
            unknown_event_type: Odds::NEVER,
            unknown_payload_version: Odds::NEVER,
            huge: Odds::NEVER,
            delay_ms: 3_000,
            slow_ms: 3_000,
            answers: Vec::new(),
        }
    }
}

/// Something wrong with the answer to a kind of call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRule {
    pub on: Call,
    pub fault: AnswerFault,
    #[serde(default = "always")]
    pub odds: Odds,
}

fn always() -> Odds {
    Odds::ALWAYS
}

/// The kinds of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    Any,
    Health,
    List,
    Create,
    Delete,
    Test,
    /// Pharmacy orders and SKUs.
    Read,
}

impl Call {
    pub(crate) fn covers(self, other: Call) -> bool {
        self == Self::Any || self == other
    }
}

/// What can be wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFault {
    /// The call takes effect, then the connection is cut without an answer.
    Lost,
    /// The call takes no effect and the connection is cut.
    Cut,
    /// The call takes effect, and nothing is ever answered.
    HangAfter,
    /// The call takes no effect, and nothing is ever answered.
    Hang,
    /// The call takes effect; 200 with an empty body.
    Empty,
    /// The call takes effect; its answer lacks the `signing_secret`.
    NoSecret,
    /// No effect; 200 with a page, as from a captive portal.
    Html,
    /// No effect; this status with a page, as from a gateway in between.
    Status(u16),
    /// No effect; 307 to this address.
    Redirect(Url),
}

/// The ways in which a body can be malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformation {
    NotJson,
    NotUtf8,
    DeepNesting,
    WrongTypes,
    MissingFields,
    UnknownEventType,
    UnknownPayloadVersion,
    Huge,
}

/// The size of a huge body in bytes.
pub const HUGE: usize = 16 * 1024 * 1024;

impl Malformation {
    /// The good `body`, made malformed.
    pub(crate) fn of(self, body: &[u8]) -> Bytes {
        let mut fields: serde_json::Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
        let uid = fields.get("data").and_then(|data| data.get("uid")).cloned();
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        match self {
            Self::NotJson => {
                let half = body.get(..body.len() / 2).unwrap_or_default();
                return Bytes::copy_from_slice(half);
            }
            Self::NotUtf8 => {
                let mut bytes = body.to_vec();
                // After the opening brace, where a key belongs.
                bytes.splice(1.min(bytes.len()).., [b'"', 0xff, 0xfe, 0x80, b'"', b':', b'1', b'}']);
                return bytes.into();
            }
            Self::DeepNesting => {
                let depth = 50_000;
                let head = br#"{"event_type":"pharmacy_order_updated","timestamp":1,"payload_version":"1","data":"#;
                return [head.as_slice(), &b"[".repeat(depth), &b"]".repeat(depth), b"}"].concat().into();
            }
            Self::Huge => {
                let head = br#"{"event_type":"pharmacy_order_updated","timestamp":1,"payload_version":"1","data":{"uid":"po-huge","note":""#;
                let tail = b"\"}}";
                let filling = HUGE.saturating_sub(head.len() + tail.len());
                return [head.as_slice(), &b"x".repeat(filling), tail].concat().into();
            }
            Self::WrongTypes => {
                put("timestamp", json!("yesterday"));
                put(
                    "data",
                    json!({"uid": 17, "status": ["completed"], "updated_at": {}, "order": "none", "stock": 1.5}),
                )
            }
            Self::MissingFields => put("data", json!({ "uid": uid })),
            Self::UnknownEventType => put("event_type", json!("pharmacy_order_teleported")),
            Self::UnknownPayloadVersion => put("payload_version", json!("2")),
        };
        serde_json::to_vec(&fields).unwrap_or_default().into()
    }
}

/// What was done to one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// This is the second copy.
    Duplicate,
    Reorder,
    Delay,
    Drop,
    WrongSignature,
    MissingSignature,
    Slow,
    Malformed(Malformation),
}

impl Faults {
    /// The malformed bodies that are sent beside the next delivery.
    pub(crate) fn malformations(&mut self, rng: &mut Rng) -> Vec<Malformation> {
        let kinds = [
            (&mut self.not_json, Malformation::NotJson),
            (&mut self.not_utf8, Malformation::NotUtf8),
            (&mut self.deep_nesting, Malformation::DeepNesting),
            (&mut self.wrong_types, Malformation::WrongTypes),
            (&mut self.missing_fields, Malformation::MissingFields),
            (&mut self.unknown_event_type, Malformation::UnknownEventType),
            (&mut self.unknown_payload_version, Malformation::UnknownPayloadVersion),
            (&mut self.huge, Malformation::Huge),
        ];
        kinds.into_iter().filter_map(|(odds, kind)| odds.strike(rng).then_some(kind)).collect()
    }

    /// What happens to the next delivery on its way.
    pub(crate) fn on_the_way(&mut self, rng: &mut Rng) -> Vec<Fault> {
        if self.drop.strike(rng) {
            return vec![Fault::Drop];
        }
        let mut struck = Vec::new();
        if self.wrong_signature.strike(rng) {
            struck.push(Fault::WrongSignature);
        } else if self.missing_signature.strike(rng) {
            struck.push(Fault::MissingSignature);
        }
        if self.reorder.strike(rng) {
            struck.push(Fault::Reorder);
        }
        if self.delay.strike(rng) {
            struck.push(Fault::Delay);
        }
        if self.slow.strike(rng) {
            struck.push(Fault::Slow);
        }
        struck
    }

    /// What is wrong with the answer to the next `call`.
    pub(crate) fn answer(&mut self, call: Call, rng: &mut Rng) -> Option<AnswerFault> {
        self.answers
            .iter_mut()
            .find_map(|rule| (rule.on.covers(call) && rule.odds.strike(rng)).then(|| rule.fault.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_read_and_write_the_same() {
        assert_eq!("0.25".parse(), Ok(Odds::Chance(0.25)));
        assert_eq!("3x".parse(), Ok(Odds::next(3)));
        for wrong in ["", "x", "1.5", "-0.1", "NaN", "-1x", "often"] {
            assert!(wrong.parse::<Odds>().is_err(), "{wrong}");
        }
        let faults: Faults = serde_json::from_str(r#"{"duplicate": 1, "drop": {"next": 2}}"#).unwrap();
        assert_eq!((faults.duplicate, faults.drop), (Odds::ALWAYS, Odds::next(2)));
        assert!(serde_json::from_str::<Faults>(r#"{"dulpicate": 1}"#).is_err(), "a typo must not pass for a fault");
    }

    #[test]
    fn a_count_strikes_exactly_so_often() {
        let mut odds = Odds::next(2);
        let mut rng = Rng::new(1);
        let struck: Vec<bool> = (0..4).map(|_| odds.strike(&mut rng)).collect();
        assert_eq!(struck, [true, true, false, false]);
    }

    #[test]
    fn malformed_bodies_are_what_they_say() {
        let good = br#"{"event_type":"pharmacy_order_updated","timestamp":5,"payload_version":"1","data":{"uid":"po-1","status":"init"}}"#;
        let parsed = |kind: Malformation| serde_json::from_slice::<Value>(&kind.of(good));
        assert!(parsed(Malformation::NotJson).is_err());
        assert!(std::str::from_utf8(&Malformation::NotUtf8.of(good)).is_err());
        assert!(parsed(Malformation::DeepNesting).unwrap_err().to_string().contains("recursion limit"));
        assert_eq!(parsed(Malformation::WrongTypes).unwrap()["data"]["uid"], 17);
        assert_eq!(parsed(Malformation::MissingFields).unwrap()["data"], json!({"uid": "po-1"}));
        assert_eq!(parsed(Malformation::UnknownEventType).unwrap()["event_type"], "pharmacy_order_teleported");
        assert_eq!(parsed(Malformation::UnknownPayloadVersion).unwrap()["payload_version"], "2");
        assert_eq!(Malformation::Huge.of(good).len(), HUGE);
        assert!(parsed(Malformation::Huge).is_ok());
        for kind in
            [Malformation::NotJson, Malformation::NotUtf8, Malformation::WrongTypes, Malformation::MissingFields]
        {
            kind.of(b"");
            kind.of(b"[]");
        }
    }
}
