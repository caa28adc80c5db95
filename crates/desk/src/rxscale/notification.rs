//! RxScale's other events (step 8 of the journey): changes of doctor in the envelope `{category, event, data}` (bare, inside a
//! Pub/Sub push, inside a signed webhook), meetings and reminders, and the order and prescription events that the guides
//! name without publishing their payloads. Sources: "For telemedicine providers / Webhooks and notifications", "Webhooks /
//! Events", "Help centre / Notifications". Total. What is not documented is recognised and kept; it folds into nothing.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::decode::{envelope, header, interpret};
use crate::{
    assignments::{
        fact::{AssignmentFact, Doctor},
        words::{Clock, ReasonKind},
    },
    event::{Event, Subject, Unrecognised, at, fold_word, text},
};

/// The event type of a change of doctor, however it was wrapped.
pub(super) const DOCTOR_CHANGED: &str = "PRESCRIPTION_DOCTOR_CHANGED";

/// Event types that documents or guides name, folded: their strings are not published exactly.
const NAMED: &[&str] = &[
    "patientdoctormeetingupdated",
    "appointmentreminderdue",
    "ordercreated",
    "orderupdated",
    "prescriptioncreated",
    "prescriptionupdated",
    "prescriptionapproved",
    "prescriptionsigned",
    "prescriptiondeclined",
    "prescriptionprinted",
];

/// What came around an envelope.
#[derive(Default)]
struct Transport {
    message: Option<String>,
    published_at: Option<Timestamp>,
}

/// What the body says if it is one of these events; otherwise the envelope is handed back.
pub(super) fn decode(envelope: Map<String, Value>) -> Result<Event, Map<String, Value>> {
    match push(&envelope) {
        Some(Ok((inner, transport))) => Ok(pushed(inner, transport)),
        Some(Err(reason)) => Ok(Event { unrecognised: Some(reason), ..Event::default() }),
        None => told(envelope, Transport::default()),
    }
}

/// An envelope that came inside a push, and what the push says about it.
type Pushed = (Map<String, Value>, Transport);

/// The envelope inside a Pub/Sub push, and what the push says about it.
fn push(envelope: &Map<String, Value>) -> Option<Result<Pushed, Unrecognised>> {
    if envelope.contains_key("event_type") || envelope.contains_key("category") {
        return None;
    }
    let message = envelope.get("message")?.as_object()?;
    let data = message.get("data")?.as_str()?;
    let field = |names: [&str; 2]| names.into_iter().find_map(|name| text(message, &[name]));
    let transport = Transport {
        message: field(["messageId", "message_id"]).filter(|id| !id.is_empty()),
        published_at: field(["publishTime", "publish_time"]).and_then(|time| time.parse().ok()),
    };
    Some(unpack(data).ok_or(Unrecognised::NotAnEvent).and_then(|raw| Ok((self::envelope(&raw)?, transport))))
}

fn unpack(data: &str) -> Option<Vec<u8>> {
    let data = data.trim().as_bytes();
    [BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD].iter().find_map(|alphabet| alphabet.decode(data).ok())
}

/// An event that arrived by push. Its own time comes first, then the time at which it was published.
fn pushed(inner: Map<String, Value>, transport: Transport) -> Event {
    let published_at = transport.published_at;
    let mut event = told(inner, transport).unwrap_or_else(interpret);
    event.at = event.at.or(published_at);
    event
}

fn told(envelope: Map<String, Value>, transport: Transport) -> Result<Event, Map<String, Value>> {
    if let (Some(category), Some(name)) = (text(&envelope, &["category"]), text(&envelope, &["event"])) {
        let event_type = format!("{category}_{name}").to_uppercase();
        return Ok(placed(Event { event_type: Some(event_type), ..Event::default() }, envelope, transport));
    }
    let event = header(&envelope);
    match event.event_type.as_deref().map(fold_word) {
        Some(word) if is_named(&word) && !is_empty(&envelope) => Ok(placed(event, envelope, transport)),
        _ => Err(envelope),
    }
}

fn is_named(word: &str) -> bool {
    word == fold_word(DOCTOR_CHANGED) || NAMED.contains(&word)
}

/// A documented type with nothing in it is how an address is tried.
fn is_empty(envelope: &Map<String, Value>) -> bool {
    envelope.get("data").and_then(Value::as_object).is_none_or(Map::is_empty)
}

fn placed(mut event: Event, mut envelope: Map<String, Value>, transport: Transport) -> Event {
    let word = event.event_type.as_deref().map(fold_word).unwrap_or_default();
    if event.payload_version.as_deref().is_some_and(|version| version != "1") {
        event.unrecognised = Some(Unrecognised::UnknownVersion);
    } else if word == fold_word(DOCTOR_CHANGED) {
        event.event_type = Some(DOCTOR_CHANGED.to_owned());
        let data = match envelope.remove("data") {
            // A signed webhook may hold the whole envelope as its data.
            Some(Value::Object(mut data)) if data.contains_key("category") => data.remove("data"),
            other => other,
        };
        let clock = match (event.at, transport.published_at) {
            (Some(_), _) => Clock::Event,
            (None, Some(_)) => Clock::Published,
            (None, None) => Clock::Received,
        };
        match data.and_then(|data| assignment(&data, clock, transport.message)) {
            Some(fact) => event.subject = Some(Subject::Assignment(Box::new(fact))),
            None => event.unrecognised = Some(Unrecognised::FieldMissing),
        }
    } else if NAMED.contains(&word.as_str()) {
        event.subject = Some(Subject::Notice);
    } else {
        event.unrecognised = Some(Unrecognised::UnknownType);
    }
    event
}

/// A change of doctor. The patient in it stays in the journal.
fn assignment(data: &Value, clock: Clock, message: Option<String>) -> Option<AssignmentFact> {
    let fields = data.as_object()?;
    let kept = |path: &[&str]| text(fields, path).filter(|text| !text.is_empty());
    let doctor = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(uid)) if !uid.is_empty() => Some(Some(uid.as_str().into())),
        Some(_) => None,
    };
    if !fields.contains_key("old_doctor_uid") && !fields.contains_key("new_doctor_uid") {
        return None;
    }
    let names = [kept(&["prescription", "doctor", "first_name"]), kept(&["prescription", "doctor", "last_name"])];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let reason = kept(&["doctor_assignment_reason"]);
    Some(AssignmentFact {
        prescription: kept(&["prescription", "uid"])?.into(),
        claim: HEXLOWER.encode(Sha256::digest(data.to_string()).get(..12).unwrap_or_default()),
        message,
        clock,
        from: doctor("old_doctor_uid")?,
        to: doctor("new_doctor_uid")?,
        reason_kind: reason.as_deref().map(reason_kind),
        reason,
        named: kept(&["prescription", "doctor", "uid"]).map(|uid| Doctor { uid: uid.into(), name }),
        status: kept(&["prescription", "status"]),
        created_at: at(fields, &["prescription", "created_at"])
            .and_then(Value::as_str)
            .and_then(|time| time.parse().ok()),
        shop: kept(&["shop_identifier"]),
        external_order_id: kept(&["external_order_id"]),
        external_fulfillment_id: kept(&["external_fulfillment_id"]),
    })
}

/// What a documented reason means. The list is open: others stay what they are.
fn reason_kind(reason: &str) -> ReasonKind {
    match fold_word(reason).as_str() {
        "adminassigned" => ReasonKind::Person,
        "orderattributeassigned" => ReasonKind::Order,
        "queueassigned" => ReasonKind::Queue,
        "prescriptionrequeued" => ReasonKind::Requeued,
        "doctorrequeuedprescriptions" => ReasonKind::DoctorRequeued,
        "staleassignmentcleared" => ReasonKind::Stale,
        "onholddoctorremoved" => ReasonKind::OnHold,
        _ => ReasonKind::Other,
    }
}

/// The body as a person can read it: what a push wraps is unwrapped.
pub(crate) fn readable(body: &[u8]) -> Option<Value> {
    let outer = envelope(body).ok()?;
    Some(Value::Object(match push(&outer) {
        Some(Ok((inner, _))) => inner,
        _ => outer,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn change() -> Value {
        json!({ "category": "prescription", "event": "doctor_changed", "data": {
            "shop_identifier": "beispielshop.example.test", "external_order_id": "EXT-1", "external_fulfillment_id": null,
            "external_provider_identifier": null, "doctor_assignment_reason": "QUEUE_ASSIGNED", "old_doctor_uid": null,
            "new_doctor_uid": "doc-1", "prescription": { "uid": "rx-1", "created_at": "2026-05-01T08:00:00Z",
                "status": "pending", "doctor": { "uid": "doc-1", "first_name": "Ada", "last_name": "Muster" },
                "patient_data": { "first_name": "Erika", "last_name": "Beispiel", "date_of_birth": "1990-01-01" },
                "documents": [], "items": [] } } })
    }

    fn wrapped(inner: &Value) -> Value {
        json!({ "message": { "data": BASE64.encode(inner.to_string().as_bytes()), "messageId": "m-1",
            "publishTime": "2026-05-01T09:00:00.123Z" }, "subscription": "projects/test/subscriptions/s" })
    }

    fn decoded(body: &Value) -> Event {
        super::super::decode::decode(body.to_string().as_bytes())
    }

    fn fact(event: Event) -> AssignmentFact {
        match event.subject {
            Some(Subject::Assignment(fact)) => *fact,
            other => panic!("{other:?} {:?}", event.unrecognised),
        }
    }

    #[test]
    fn a_change_of_doctor_is_understood_in_every_wrapping_and_says_whose_clock_it_has() {
        let bare = decoded(&change());
        assert_eq!((bare.event_type.as_deref(), bare.at), (Some(DOCTOR_CHANGED), None));
        let bare = fact(bare);
        assert_eq!((bare.clock, bare.message.as_deref()), (Clock::Received, None));
        assert_eq!((bare.from.as_ref(), bare.to.as_ref().unwrap().as_str()), (None, "doc-1"));
        assert_eq!((bare.reason.as_deref(), bare.reason_kind), (Some("QUEUE_ASSIGNED"), Some(ReasonKind::Queue)));

        let push = decoded(&wrapped(&change()));
        assert_eq!(push.at.unwrap().to_string(), "2026-05-01T09:00:00.123Z");
        let push = fact(push);
        assert_eq!((push.clock, push.message.as_deref()), (Clock::Published, Some("m-1")));
        assert_eq!(push.claim, bare.claim, "the same change, however it came");

        for data in [change(), change()["data"].clone()] {
            let signed = decoded(
                &json!({ "event_type": DOCTOR_CHANGED, "timestamp": 1_777_000_000, "payload_version": "1", "data": data }),
            );
            assert_eq!(signed.at.unwrap().as_second(), 1_777_000_000);
            let signed = fact(signed);
            assert_eq!((signed.clock, &signed.claim), (Clock::Event, &bare.claim));
        }
    }

    #[test]
    fn no_patient_leaves_the_journal_with_it() {
        let text = serde_json::to_string(&fact(decoded(&change()))).unwrap();
        for word in ["Erika", "Beispiel", "1990"] {
            assert!(!text.contains(word), "{text}");
        }
        assert!(text.contains("Ada Muster"), "a doctor is staff");
    }

    #[test]
    fn an_unknown_reason_is_kept_verbatim() {
        let mut body = change();
        body["data"]["doctor_assignment_reason"] = json!("Moon phase ");
        let fact = fact(decoded(&body));
        assert_eq!((fact.reason.as_deref(), fact.reason_kind), (Some("Moon phase "), Some(ReasonKind::Other)));
    }

    #[test]
    fn events_that_are_only_named_are_recognised_however_they_are_written() {
        for (event_type, known) in [
            ("patient_doctor_meeting_updated", true),
            ("appointment_reminder_due", true),
            ("PRESCRIPTION_APPROVED", true),
            ("prescription signed", true),
            ("order_created", true),
            ("order_teleported", false),
        ] {
            let event = decoded(&json!({ "event_type": event_type, "timestamp": 1, "data": { "uid": "x" } }));
            assert_eq!(event.subject == Some(Subject::Notice), known, "{event_type}");
            assert_eq!(event.unrecognised.is_none(), known, "{event_type}");
        }
        let event = decoded(&json!({ "category": "prescription", "event": "signed", "data": {} }));
        assert_eq!((event.event_type.as_deref(), event.subject), (Some("PRESCRIPTION_SIGNED"), Some(Subject::Notice)));
        let event = decoded(&json!({ "category": "moon", "event": "rises", "data": {} }));
        assert_eq!(event.unrecognised, Some(Unrecognised::UnknownType));
    }

    #[test]
    fn a_push_may_hold_any_event() {
        let stock = json!({ "event_type": "pharmacy_sku_stock_updated", "timestamp": 1_760_000_000, "payload_version": "1",
            "data": { "uid": "psku-1", "stock": 3 } });
        let event = decoded(&wrapped(&stock));
        assert_eq!((event.at.unwrap().as_second(), event.unrecognised), (1_760_000_000, None));
        assert_eq!(readable(wrapped(&stock).to_string().as_bytes()).unwrap(), stock);
        for (data, reason) in [("not base64!", Unrecognised::NotAnEvent), ("AAAA", Unrecognised::NotJson)] {
            assert_eq!(decoded(&json!({ "message": { "data": data } })).unrecognised, Some(reason));
        }
    }

    proptest! {
        #[test]
        fn any_field_of_any_shape_is_survived(
            path in prop::sample::select(vec![
                "/category", "/event", "/data", "/data/prescription", "/data/prescription/uid", "/data/prescription/doctor",
                "/data/prescription/created_at", "/data/old_doctor_uid", "/data/new_doctor_uid",
                "/data/doctor_assignment_reason", "/data/external_order_id",
            ]),
            value in prop::sample::select(vec![
                json!(null), json!(true), json!(-1), json!(1e300), json!(""), json!("x"), json!([]), json!({}), json!([["deep"]]),
            ]),
            push in any::<bool>(),
        ) {
            let mut body = change();
            *body.pointer_mut(path).unwrap() = value;
            let event = decoded(&if push { wrapped(&body) } else { body });
            prop_assert_eq!(event.subject.is_none(), event.unrecognised.is_some());
        }

        #[test]
        fn any_bytes_inside_a_push_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300), time in ".*") {
            let body = json!({ "message": { "data": BASE64.encode(&bytes), "messageId": 7, "publishTime": time } });
            let event = decoded(&body);
            prop_assert_eq!(event.subject.is_none(), event.unrecognised.is_some());
        }
    }
}
