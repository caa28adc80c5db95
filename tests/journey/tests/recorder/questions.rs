//! What the window asks on its screens: every list with every filter the window offers, and everything behind each row. The demo
//! answers nothing else, so a new question of the window is added here.

use jiff::{SignedDuration, Timestamp};
use offizin_desk::Desk;
use serde_json::{Value, json};

use crate::{
    ask::Recording,
    cast::{PHARMACIES, PRODUCTS},
    lives, shelves,
};

/// Orders whose events are looked into, from the newest; the hard one is, too.
const LOOKED_INTO: usize = 8;
const GROUPS: [&str; 7] = ["new", "waiting", "in_work", "needs_attention", "done", "stopped", "unknown"];
const REASONS: [&str; 3] = ["signature_wrong", "signature_missing", "secret_missing"];

fn before(now: Timestamp, hours: i64) -> String {
    (now - SignedDuration::from_hours(hours)).to_string()
}

/// How the midnights lie that the window names.
fn periods(now: Timestamp) -> [String; 3] {
    [12, 6 * 24 + 12, 29 * 24 + 12].map(|hours| before(now, hours))
}

/// Everything, of a desk that knows much.
pub(crate) async fn everything(recording: &mut Recording, desk: &Desk, now: Timestamp) {
    glance(recording, desk, now).await;
    orders(recording, desk).await;
    stock(recording, desk, now).await;
    doctors(recording, desk, now).await;
    events(recording, desk).await;
}

/// What frame, overview and the first look at every list ask.
pub(crate) async fn glance(recording: &mut Recording, desk: &Desk, now: Timestamp) {
    recording.ask(desk, "status", Value::Null).await;
    for list in ["order_list", "stock_list", "prescription_list", "doctor_list", "event_list"] {
        recording.ask(desk, list, json!({})).await;
    }
    recording.ask(desk, "order_list", json!({ "attention": true })).await;
    recording.ask(desk, "order_facets", Value::Null).await;
    recording.ask(desk, "order_stuck", json!({ "hours": 48, "limit": 5 })).await;
    recording.ask(desk, "order_today", json!({ "at": before(now, 12) })).await;
    recording.ask(desk, "stock_list", json!({ "low": true })).await;
    recording.ask(desk, "stock_list", json!({ "out": true })).await;
    recording.ask(desk, "stock_rule", Value::Null).await;
    recording.ask(desk, "assignment_filters", Value::Null).await;
    for verdict in ["accepted", "unrecognised", "rejected"] {
        recording.ask(desk, "event_list", json!({ "verdict": verdict })).await;
    }
}

async fn orders(recording: &mut Recording, desk: &Desk) {
    let mut filters = vec![
        json!({ "attention": true, "group": "stopped" }),
        json!({ "open": true }),
        json!({ "urgent": true }),
        json!({ "connection": recording.connection.clone() }),
    ];
    filters.extend(GROUPS.map(|group| json!({ "group": group })));
    filters.extend([4, 24, 48, 168].map(|hours| json!({ "age_hours": hours })));
    filters.extend(PHARMACIES.map(|(uid, _)| json!({ "pharmacy": uid })));
    filters.extend(["standard", "express", "pickup"].map(|way| json!({ "delivery_type": way })));
    filters.extend(["1", "12", "123", "1233"].map(|search| json!({ "search": search })));
    for filter in filters {
        recording.ask(desk, "order_list", filter).await;
    }
    for row in rows(recording.ask(desk, "order_list", json!({})).await) {
        order(recording, desk, &row["uid"]).await;
    }
    for question in ["order_show", "order_timeline", "order_prescriptions", "order_confirmable"] {
        recording.ask(desk, question, json!("ord-nowhere")).await;
    }
}

/// Everything about one order.
pub(crate) async fn order(recording: &mut Recording, desk: &Desk, uid: &Value) {
    for question in
        ["order_show", "order_timeline", "order_patient", "order_prescriptions", "order_handover", "order_confirmable"]
    {
        recording.ask(desk, question, uid.clone()).await;
    }
}

async fn stock(recording: &mut Recording, desk: &Desk, now: Timestamp) {
    let then = before(now, 30 * 24);
    recording.ask(desk, "stock_list", json!({ "as_of": then })).await;
    recording.ask(desk, "stock_list", json!({ "as_of": then, "out": true })).await;
    for product in 0..PRODUCTS.len() as u32 {
        let uid = shelves::uid(product);
        shelf(recording, desk, now, product).await;
        recording.ask(desk, "stock_chart", json!({ "uid": uid, "since": then, "as_of": then })).await;
        recording.ask(desk, "stock_history", json!({ "uid": uid, "as_of": then })).await;
    }
}

/// One product as it is now.
pub(crate) async fn shelf(recording: &mut Recording, desk: &Desk, now: Timestamp, product: u32) {
    let uid = shelves::uid(product);
    for days in [Some(7), Some(30), Some(90), None] {
        let since = days.map(|days| before(now, days * 24));
        recording.ask(desk, "stock_chart", json!({ "uid": uid, "since": since })).await;
    }
    recording.ask(desk, "stock_history", json!({ "uid": uid })).await;
}

async fn doctors(recording: &mut Recording, desk: &Desk, now: Timestamp) {
    let filters = recording.ask(desk, "assignment_filters", Value::Null).await;
    let reasons: Vec<Value> = rows(filters["reasons"].clone()).into_iter().map(|one| one["reason"].clone()).collect();
    let shops = rows(filters["shops"].clone());
    let doctors: Vec<Value> = rows(recording.ask(desk, "doctor_list", json!({})).await);
    let mut narrowed: Vec<Value> = Vec::new();
    narrowed.extend(reasons.iter().map(|reason| json!({ "reason": reason })));
    narrowed.extend(shops.iter().map(|shop| json!({ "shop": shop })));
    narrowed.extend(periods(now).map(|since| json!({ "since": since })));
    let states = ["assigned", "unassigned", "broken"].map(|state| json!({ "state": state }));
    let held = doctors.iter().map(|doctor| json!({ "doctor": doctor["uid"] }));
    for filter in narrowed.iter().cloned().chain(states).chain(held) {
        recording.ask(desk, "prescription_list", filter).await;
    }
    for doctor in &doctors {
        recording.ask(desk, "doctor_show", doctor["uid"].clone()).await;
        for open in [None, Some(true)] {
            let of = json!({ "doctor": doctor["uid"], "open": open });
            recording.ask(desk, "assignment_list", of.clone()).await;
            for filter in &narrowed {
                let mut both = of.clone();
                both.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
                recording.ask(desk, "assignment_list", both).await;
            }
        }
    }
    for row in rows(recording.ask(desk, "prescription_list", json!({})).await) {
        recording.ask(desk, "prescription_show", row["uid"].clone()).await;
    }
}

async fn events(recording: &mut Recording, desk: &Desk) {
    let types = [
        "pharmacy_order_created",
        "pharmacy_order_updated",
        "pharmacy_sku_stock_updated",
        "PRESCRIPTION_DOCTOR_CHANGED",
    ];
    for one in types {
        recording.ask(desk, "event_list", json!({ "type": one })).await;
    }
    for source in ["rxscale", "rxscale-pubsub"] {
        recording.ask(desk, "event_list", json!({ "source": source })).await;
    }
    for reason in REASONS {
        recording.ask(desk, "event_list", json!({ "verdict": "rejected", "quarantine": reason })).await;
    }
    let mut looked_into: Vec<Value> = Vec::new();
    for verdict in ["unrecognised", "rejected"] {
        let listed = recording.ask(desk, "event_list", json!({ "verdict": verdict })).await;
        looked_into.extend(rows(listed).into_iter().map(|row| row["id"].clone()));
    }
    let listed = rows(recording.ask(desk, "order_list", json!({})).await);
    let noisy = listed.iter().find(|row| row["uid"] == lives::noisy_uid().as_str());
    for row in listed.iter().take(LOOKED_INTO).chain(noisy) {
        looked_into.extend(events_of(recording, desk, &row["uid"]).await);
    }
    for id in looked_into {
        event(recording, desk, &id).await;
    }
}

/// The events of one order.
pub(crate) async fn events_of(recording: &mut Recording, desk: &Desk, uid: &Value) -> Vec<Value> {
    let timeline = recording.ask(desk, "order_timeline", uid.clone()).await;
    rows(timeline["entries"].clone()).into_iter().map(|entry| entry["event_id"].clone()).collect()
}

/// Everything about one event.
pub(crate) async fn event(recording: &mut Recording, desk: &Desk, id: &Value) {
    for question in ["event_show", "event_fields", "event_body", "event_verify"] {
        recording.ask(desk, question, id.clone()).await;
    }
}

fn rows(answer: Value) -> Vec<Value> {
    match answer {
        Value::Array(rows) => rows,
        other => panic!("{other} is no list"),
    }
}
