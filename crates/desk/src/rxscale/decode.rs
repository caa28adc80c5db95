//! Raw JSON of RxScale to [`Event`] (step 8 of the journey). Total: never panics, never fails; what it cannot place it
//! names. Source: "Webhooks / Events" of the provider's documentation; envelope `event_type`, `timestamp` (Unix seconds),
//! `payload_version`, `data`.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{notification, order, stock};
use crate::event::{Event, Subject, Unrecognised, integer, text};

/// Deeper than any documented event, shallower than the parser's own limit.
const MAX_DEPTH: usize = 64;

/// The event type of a test event.
const TEST_TYPE: &str = "test";

/// What a body says.
pub(crate) fn decode(body: &[u8]) -> Event {
    if matches!(body.trim_ascii(), b"test" | b"{}") {
        return Event { event_type: Some(TEST_TYPE.to_owned()), subject: Some(Subject::Test), ..Event::default() };
    }
    match envelope(body) {
        Ok(envelope) => notification::decode(envelope).unwrap_or_else(interpret),
        Err(reason) => Event { unrecognised: Some(reason), ..Event::default() },
    }
}

/// The signed prescription that came along in a body.
pub(crate) fn prescription(body: &[u8]) -> Option<Vec<u8>> {
    let envelope = envelope(body).ok()?;
    let content = text(&envelope, &["data", "prescription_file", "content_base64"])?;
    data_encoding::BASE64.decode(content.as_bytes()).ok().filter(|bytes| !bytes.is_empty())
}

pub(super) fn envelope(body: &[u8]) -> Result<Map<String, Value>, Unrecognised> {
    let body = std::str::from_utf8(body).map_err(|_| Unrecognised::NotUtf8)?;
    if depth(body) > MAX_DEPTH {
        return Err(Unrecognised::TooDeep);
    }
    match serde_json::from_str(body) {
        Ok(Value::Object(envelope)) => Ok(envelope),
        Ok(_) => Err(Unrecognised::NotAnEvent),
        Err(_) => Err(Unrecognised::NotJson),
    }
}

/// What every envelope says of itself.
pub(super) fn header(envelope: &Map<String, Value>) -> Event {
    Event {
        event_type: text(envelope, &["event_type"]),
        payload_version: envelope.get("payload_version").filter(|v| !v.is_null()).map(|v| match v {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }),
        at: integer(envelope, &["timestamp"]).and_then(seconds),
        ..Event::default()
    }
}

pub(super) fn interpret(mut envelope: Map<String, Value>) -> Event {
    let mut event = header(&envelope);
    let data = match envelope.remove("data") {
        Some(Value::Object(data)) => Some(data),
        _ => None,
    };
    if is_test(&event, data.as_ref()) {
        event.subject = Some(Subject::Test);
        return event;
    }
    match subject(&event, data) {
        Ok(subject) => event.subject = Some(subject),
        Err(reason) => event.unrecognised = Some(reason),
    }
    event
}

/// What the provider sends to try an address, as far as its documents and what was seen tell: a type of its own, or a
/// documented one with nothing in it.
fn is_test(event: &Event, data: Option<&Map<String, Value>>) -> bool {
    match &event.event_type {
        None => false,
        Some(event_type) => {
            let is_documented = super::TYPES.iter().any(|(name, _, _)| name == event_type);
            event_type == TEST_TYPE || is_documented && data.is_some_and(Map::is_empty)
        }
    }
}

fn subject(event: &Event, data: Option<Map<String, Value>>) -> Result<Subject, Unrecognised> {
    let event_type = event.event_type.as_deref().ok_or(Unrecognised::NotAnEvent)?;
    let is_order = matches!(event_type, "pharmacy_order_created" | "pharmacy_order_updated");
    if !is_order && event_type != "pharmacy_sku_stock_updated" {
        return Err(Unrecognised::UnknownType);
    }
    if event.payload_version.as_deref().is_some_and(|version| version != "1") {
        return Err(Unrecognised::UnknownVersion);
    }
    let data = data.ok_or(Unrecognised::FieldMissing)?;
    event.at.ok_or(Unrecognised::FieldMissing)?;
    if is_order {
        return Ok(Subject::Order(Box::new(order::order(event_type, data)?)));
    }
    Ok(Subject::Stock(Box::new(stock::stock(&data)?)))
}

fn seconds(unix: i64) -> Option<Timestamp> {
    Timestamp::from_second(unix).ok()
}

/// How deep brackets nest, outside strings. Runs before the parser so that its stack is never at stake.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn order() -> Value {
        json!({
            "event_type": "pharmacy_order_updated", "timestamp": 1_760_000_100, "payload_version": "1",
            "data": { "uid": "po-1", "status": "in-progress", "updated_at": 1_760_000_099, "order": { "uid": "ord-1" },
                "surprise": { "kept": [1, 2] },
                "prescription_file": { "filename": "rx.pdf", "content_base64": "JVBERi0=" } }
        })
    }

    fn reason(body: &[u8]) -> Option<Unrecognised> {
        decode(body).unrecognised
    }

    #[test]
    fn an_order_event_is_placed_and_keeps_what_it_does_not_know() {
        let event = decode(order().to_string().as_bytes());
        let Some(Subject::Order(fact)) = event.subject else { panic!("{event:?}") };
        assert_eq!((fact.lane.unwrap().as_str(), fact.parent.unwrap().as_str()), ("po-1", "ord-1"));
        assert_eq!(event.at.unwrap().as_second(), 1_760_000_100);
        assert_eq!(fact.updated_at.unwrap().as_second(), 1_760_000_099);
        assert_eq!(fact.other["surprise.kept[1]"], 2);
        assert_eq!(fact.file.as_ref().unwrap().bytes, Some(5));
        assert!(!format!("{:?}", fact.other).contains("JVBERi0"));
        assert_eq!(prescription(order().to_string().as_bytes()).unwrap(), b"%PDF-");
        assert_eq!(prescription(b"{}"), None);
    }

    #[test]
    fn each_way_of_being_unreadable_has_its_name() {
        assert_eq!(reason(b"not json"), Some(Unrecognised::NotJson));
        assert_eq!(reason(b""), Some(Unrecognised::NotJson));
        assert_eq!(reason(b"{\"a\":\"\xff\"}"), Some(Unrecognised::NotUtf8));
        assert_eq!(reason("[".repeat(100_000).as_bytes()), Some(Unrecognised::TooDeep));
        assert_eq!(reason(b"[1]"), Some(Unrecognised::NotAnEvent));
        assert_eq!(reason(br#"{"hello":1}"#), Some(Unrecognised::NotAnEvent));
        let with = |path: &str, value: Value| {
            let mut body = order();
            *body.pointer_mut(path).unwrap() = value;
            reason(body.to_string().as_bytes())
        };
        assert_eq!(with("/event_type", json!("order_teleported")), Some(Unrecognised::UnknownType));
        assert_eq!(with("/payload_version", json!("2")), Some(Unrecognised::UnknownVersion));
        assert_eq!(with("/payload_version", json!(1)), None);
        assert_eq!(with("/timestamp", json!("yesterday")), Some(Unrecognised::FieldMissing));
        assert_eq!(with("/data", json!([])), Some(Unrecognised::FieldMissing));
        assert_eq!(with("/data/uid", json!(7)), Some(Unrecognised::FieldMissing));
        assert_eq!(with("/data/status", json!(null)), Some(Unrecognised::FieldMissing));
        assert_eq!(with("/data/order", json!("gone")), None);
        assert_eq!(with("/data/prescription_file", json!("gone")), None);
    }

    #[test]
    fn a_test_event_is_recognised_in_every_shape_it_was_seen_in() {
        let typed = json!({ "event_type": "test", "timestamp": 1, "payload_version": "1", "data": {} }).to_string();
        let own = json!({ "event_type": "pharmacy_order_created", "timestamp": 1, "data": {} }).to_string();
        for body in [typed.as_bytes(), own.as_bytes(), b"test", b" {} "] {
            assert_eq!(decode(body).subject, Some(Subject::Test));
            assert_eq!(reason(body), None);
        }
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        let mut body = order();
        body["data"]["name"] = json!("[".repeat(500) + "\\\"{{{");
        assert_eq!(reason(body.to_string().as_bytes()), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn any_field_of_any_shape_is_survived(path in prop::sample::select(vec![
            "/event_type", "/timestamp", "/payload_version", "/data", "/data/uid", "/data/status", "/data/updated_at",
            "/data/order", "/data/order/uid", "/data/prescription_file", "/data/prescription_file/content_base64",
        ]), value in prop::sample::select(vec![
            json!(null), json!(true), json!(-1), json!(1e300), json!(9_223_372_036_854_775_807_i64), json!(""), json!("x"),
            json!([]), json!({}), json!([[["deep"]]]),
        ])) {
            let mut body = order();
            *body.pointer_mut(path).unwrap() = value;
            let event = decode(body.to_string().as_bytes());
            prop_assert_eq!(event.subject.is_none(), event.unrecognised.is_some());
        }
    }
}
