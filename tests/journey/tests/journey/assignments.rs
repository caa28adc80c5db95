//! Who had a prescription: shown beside its order and on the command line, after events went through the real relay
//! into the real journal.

use offizin_desk::assignments::view::AssignmentView;
use offizin_journey::{Sender, ServedRelay, ctl, desk, pair, pull};
use reqwest::StatusCode;
use serde_json::{Value, json};

const BEGIN: i64 = 1_790_000_000;

fn order(uid: &str, external: &str, second: i64) -> Value {
    json!({ "event_type": "pharmacy_order_created", "timestamp": BEGIN + second, "payload_version": "1",
        "data": { "uid": format!("po-{uid}"), "status": "init", "name": format!("#{uid}"), "order": { "uid": uid },
            "fulfillment": { "uid": "fo-1", "external_id": null,
                "order": { "uid": uid, "shop_order": { "uid": "so-1", "external_id": external } } } } })
}

fn change(from: Option<&str>, to: Option<&str>, reason: &str) -> Value {
    json!({ "category": "prescription", "event": "doctor_changed", "data": {
        "shop_identifier": "shop.example.test", "external_order_id": "EXT-1", "external_fulfillment_id": null,
        "external_provider_identifier": null, "doctor_assignment_reason": reason,
        "old_doctor_uid": from, "new_doctor_uid": to,
        "prescription": { "uid": "rx-1", "created_at": "2025-10-09T00:00:00Z", "status": "pending",
            "doctor": to.map(|uid| json!({ "uid": uid, "first_name": "Ada", "last_name": "Muster" })),
            "patient_data": { "first_name": "Erika", "last_name": "Beispiel", "date_of_birth": "1990-01-01" },
            "documents": [], "items": [] } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_tells_who_had_its_prescription_taken_away_and_put_back() {
    let dir = tempfile::tempdir().unwrap();
    let relay = ServedRelay::start(&dir.path().join("relay")).await;
    let home = dir.path().join("home");
    let desk = desk(&home).await;
    pair(&desk, &relay.invite("counter").await).await.unwrap();
    let sender = Sender::at(&desk, "counter", None).await;
    let post = async |body: Value| assert_eq!(sender.post(body.to_string().as_bytes()).await, Some(StatusCode::OK));
    // A pull between: changes of doctor carry no time of their own, what tells them apart is when they came.
    for body in [
        change(None, Some("doc-1"), "QUEUE_ASSIGNED"),
        change(Some("doc-1"), None, "ON_HOLD_DOCTOR_REMOVED"),
        change(None, Some("doc-1"), "ADMIN_ASSIGNED"),
        order("ord-1", "EXT-1", 1),
        order("ord-2", "EXT-10", 2),
    ] {
        post(body).await;
        pull(&desk).await;
    }
    let found = desk.order_prescriptions(&"ord-1".into()).await.unwrap();
    assert_eq!(found.len(), 1);
    let told = |one: &AssignmentView| (one.doctor_uid.as_ref().map(ToString::to_string), one.reason.clone(), one.open);
    let doctor = || Some("doc-1".to_owned());
    let because = |reason: &str| Some(reason.to_owned());
    let history: Vec<_> = found[0].history.iter().map(told).filter(|(_, reason, _)| reason.is_some()).collect();
    assert_eq!(
        history,
        [
            (doctor(), because("QUEUE_ASSIGNED"), false),
            (None, because("ON_HOLD_DOCTOR_REMOVED"), false),
            (doctor(), because("ADMIN_ASSIGNED"), true),
        ]
    );
    assert!(desk.order_prescriptions(&"ord-2".into()).await.unwrap().is_empty(), "nearly the same number is another");
    desk.close().await;

    // The same on the command line, by the uid of the lane.
    let printed = ctl(&home, "", ["order", "assignments", "po-ord-1"]).await;
    let told: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(told["rows"][0]["uid"], "rx-1");
    assert_eq!(told["rows"][0]["doctor_uid"], "doc-1");
    assert!(!told.to_string().contains("Erika"), "no list of doctors names a patient");
    let nobody = ctl(&home, "", ["order", "assignments", "ord-2"]).await;
    assert_eq!(serde_json::from_slice::<Value>(&nobody.stdout).unwrap(), json!({ "rows": [], "next": null }));
    relay.stop().await;
}
