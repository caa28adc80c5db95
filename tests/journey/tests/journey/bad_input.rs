//! Bad input: whatever a provider sends is kept, gets a reason, is shown, and does not stop other deliveries.

use std::collections::BTreeSet;

use offizin_desk::event::{QuarantineReason, Trust, Unrecognised, Verdict};
use offizin_desk::inlets::InletRemoveInput;
use offizin_journey::{Sender, ServedRelay, TYPES, World, arrivals, desk, orders, pair, pull};
use offizin_relay::Limits;
use offizin_sandbox::{Config, Fault, Faults, HUGE, Malformation, Odds};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn malformed_events_are_kept_and_named() {
    let world = World::with(Config { orders: 4, ..Config::default() }).await;
    world.register(&TYPES).await;
    world.arrive().await;
    let before: BTreeSet<_> = arrivals(&world.desk, None).await.into_iter().map(|row| row.id).collect();
    let once = Odds::next(1);
    world.sandbox.set_faults(Faults {
        not_json: once,
        not_utf8: once,
        deep_nesting: once,
        wrong_types: once,
        missing_fields: once,
        unknown_event_type: once,
        unknown_payload_version: once,
        huge: once,
        ..Faults::default()
    });
    world.sandbox.emit_all();
    world.sandbox.settled().await;
    let pulled = pull(&world.desk).await;
    assert_eq!((pulled.rejected, pulled.unopened), (0, 0));

    let rows = arrivals(&world.desk, Some(Verdict::Unrecognised)).await;
    let rows: Vec<_> = rows.into_iter().filter(|row| !before.contains(&row.id)).collect();
    let mut seen = 0;
    for entry in world.sandbox.ledger() {
        let Some(kind) = entry.faults.iter().find_map(|fault| match fault {
            Fault::Malformed(kind) => Some(*kind),
            _ => None,
        }) else {
            continue;
        };
        let expected = match kind {
            Malformation::NotJson => Unrecognised::NotJson,
            Malformation::NotUtf8 => Unrecognised::NotUtf8,
            Malformation::DeepNesting => Unrecognised::TooDeep,
            Malformation::WrongTypes | Malformation::MissingFields | Malformation::Huge => Unrecognised::FieldMissing,
            Malformation::UnknownEventType => Unrecognised::UnknownType,
            Malformation::UnknownPayloadVersion => Unrecognised::UnknownVersion,
        };
        let mut found = false;
        for row in &rows {
            if row.unrecognised == Some(expected) && world.desk.event_raw(&row.id).await.unwrap() == entry.body {
                assert_eq!(row.trust, Some(Trust::Verified), "signed and kept, though not understood");
                assert_eq!(row.bytes, i64::try_from(entry.body.len()).unwrap());
                assert_eq!(world.desk.event_body(&row.id).await.unwrap().truncated, entry.body.len() > 1 << 20);
                found = true;
            }
        }
        assert!(found, "{kind:?} is not listed as {expected:?}");
        seen += 1;
    }
    assert_eq!(seen, 8);
    assert_eq!(rows.len(), 8);
    assert_eq!(orders(&world.desk).await.len(), 4, "the good ones were understood all the same");
    assert!(world.desk.ledger_verify().await.unwrap().projections_match);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_bytes_are_survived() {
    let world = World::begin().await;
    let sender = Sender::at(&world.desk, "Portal", None).await;
    let mut bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        vec![0; 1000],
        vec![0xff; 1000],
        b"{\"event_type\":".repeat(2000),
        br#"{"event_type":"pharmacy_order_updated","event_type":"x","timestamp":1,"payload_version":"1","data":{}}"#
            .to_vec(),
        b"\"".repeat(100_000),
        vec![b' '; HUGE],
    ];
    for timestamp in [json!(i64::MAX), json!(i64::MIN), json!(-1), json!(1e300), json!(253_402_300_800_i64), json!("1")]
    {
        for uid in [json!(""), json!("\u{0}"), json!("x".repeat(100_000)), json!("\u{1f9ea}\u{202e}")] {
            let body = json!({ "event_type": "pharmacy_order_updated", "timestamp": timestamp, "payload_version": "1",
                "data": { "uid": uid, "status": "in\u{0}progress", "updated_at": timestamp, "order": { "uid": uid },
                    "order_items": [{ "amount": timestamp, "total_paid_amount": i64::MAX }, { "total_paid_amount": i64::MAX }] } });
            bodies.push(body.to_string().into_bytes());
            let body = json!({ "event_type": "pharmacy_sku_stock_updated", "timestamp": timestamp, "payload_version": "1",
                "data": { "uid": uid, "stock": timestamp, "price": timestamp, "updated_at": timestamp } });
            bodies.push(body.to_string().into_bytes());
        }
    }
    let distinct: BTreeSet<_> = bodies.iter().cloned().collect();
    for body in &bodies {
        assert_eq!(sender.post(body).await, Some(StatusCode::OK));
    }
    let pulled = pull(&world.desk).await;
    assert_eq!((pulled.events, pulled.rejected, pulled.unopened), (distinct.len() as u64, 0, 0));
    let rows = arrivals(&world.desk, None).await;
    let mut kept = BTreeSet::new();
    for row in &rows {
        kept.insert(world.desk.event_raw(&row.id).await.unwrap());
        if let Some(order) = &row.order {
            world.desk.order_timeline(order).await.unwrap();
            world.desk.order_show(order).await.unwrap();
        }
        if let Some(uid) = &row.stock {
            world.desk.stock_history(uid, None, &offizin_desk::page::PageInput::default()).await.unwrap();
        }
    }
    assert_eq!(kept, distinct);
    assert!(world.desk.ledger_verify().await.unwrap().projections_match);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_signature_has_its_reason() {
    let world = World::begin().await;
    let sender = Sender::at(&world.desk, "Portal", None).await;
    let right = offizin_wire::SigningSecret::new("whsec_of_Portal".into()).unwrap().sign(b"body");
    let flipped: String = right.chars().rev().collect();
    let cases: [(&[&str], QuarantineReason); 5] = [
        (&[], QuarantineReason::SignatureMissing),
        (&["nonsense"], QuarantineReason::SignatureMalformed),
        (&[&format!("sha256={right}")], QuarantineReason::SignatureMalformed),
        (&[&flipped], QuarantineReason::SignatureWrong),
        (&[&right, &right], QuarantineReason::SignatureRepeated),
    ];
    for (signatures, reason) in cases {
        assert_eq!(sender.post_with(b"body", signatures).await, Some(StatusCode::OK), "the relay does not judge");
        assert_eq!(pull(&world.desk).await.rejected, 1);
        assert_eq!(arrivals(&world.desk, None).await[0].quarantine, Some(reason), "{signatures:?}");
    }
    assert_eq!(arrivals(&world.desk, Some(Verdict::Rejected)).await.len(), 5);
    assert_eq!(world.desk.status().await.unwrap().counts.events, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_says_why_it_does_not_take_something() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { body_bytes: 1000, inlet_rate: 1, inlet_burst: 3, ..Limits::default() };
    let relay = ServedRelay::with_limits(&dir.path().join("relay"), limits).await;
    let desk = desk(&dir.path().join("home")).await;
    pair(&desk, &relay.invite("Adler-Apotheke").await).await.unwrap();
    let fast = Sender::at(&desk, "fast", None).await;
    let gone = Sender::at(&desk, "gone", None).await;
    assert_eq!(gone.post(b"{}").await, Some(StatusCode::OK));
    desk.inlet_remove(&InletRemoveInput { id: "gone".into(), confirm: None }).await.unwrap();
    assert_eq!(gone.post(b"{}").await, Some(StatusCode::GONE));
    let unknown = reqwest::Client::new().post(relay.url.join("in/0123456789abcdef0123456789abcdef").unwrap());
    assert_eq!(unknown.body("{}").send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(fast.post(&[b' '; 1001]).await, Some(StatusCode::PAYLOAD_TOO_LARGE));
    let mut refused = 0;
    for _ in 0..8 {
        let answer = reqwest::Client::new().post(&fast.inlet.url).body("{}").send().await.unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.headers().contains_key("retry-after"));
            refused += 1;
        }
    }
    assert!(refused > 0);
    // What was taken before its inlet was retired still verifies.
    let pulled = pull(&desk).await;
    assert_eq!((pulled.deliveries, pulled.events), (1 + 8 - refused, 1));
}
