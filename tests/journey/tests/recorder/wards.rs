//! The prescriptions of the recording and who had them: taken away and put back, requeued, with a gap, by two transports.

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    cast::{DOCTORS, dice, hex},
    lives,
    post::{Delivery, Way},
};

const MINUTE: i64 = 60_000;
const PRESCRIPTIONS: u32 = 42;

/// A change of doctor: minutes after the one before, the doctor named as the one before, the new one, why.
type Move = (i64, Option<usize>, Option<usize>, &'static str);

const STORIES: [&[Move]; 7] = [
    &[(22, None, Some(0), "QUEUE_ASSIGNED")],
    &[
        (8, None, Some(0), "QUEUE_ASSIGNED"),
        (140, Some(0), None, "ON_HOLD_DOCTOR_REMOVED"),
        (65, None, Some(0), "ADMIN_ASSIGNED"),
    ],
    // The change from the second doctor to the third was never heard of.
    &[(5, None, Some(1), "QUEUE_ASSIGNED"), (200, Some(2), Some(3), "ADMIN_ASSIGNED")],
    &[
        (15, None, Some(2), "QUEUE_ASSIGNED"),
        (480, Some(2), None, "DOCTOR_REQUEUED_PRESCRIPTIONS"),
        (35, None, Some(1), "QUEUE_ASSIGNED"),
    ],
    &[(3, None, Some(1), "ORDER_ATTRIBUTE_ASSIGNED"), (2900, Some(1), None, "STALE_ASSIGNMENT_CLEARED")],
    &[
        (12, None, Some(3), "QUEUE_ASSIGNED"),
        (30, Some(3), None, "PRESCRIPTION_REQUEUED"),
        (20, None, Some(3), "QUEUE_ASSIGNED"),
    ],
    &[(40, Some(1), Some(0), "NIGHT_SHIFT")],
];

/// Everything that is told of every prescription. `now` is the moment of the recording, in milliseconds.
pub(crate) fn told(now: i64) -> Vec<Delivery> {
    (0..PRESCRIPTIONS).flat_map(|at| told_of(at, now)).collect()
}

fn told_of(at: u32, now: i64) -> Vec<Delivery> {
    let story = STORIES[at as usize % STORIES.len()];
    let length: i64 = story.iter().map(|(after, ..)| after * MINUTE).sum();
    let end = now - (f64::from(at * 47) + dice(&[at, 72]) * 30.0) as i64 * MINUTE - 3 * MINUTE;
    let mut time = end - length;
    let made = time;
    let mut deliveries = Vec::new();
    for (index, (after, from, to, reason)) in story.iter().enumerate() {
        time += after * MINUTE;
        let body = told_as(at, made, *from, *to, reason);
        // Where the push says when it was published, twice the same is told apart.
        let (way, body) = if at.is_multiple_of(3) {
            (Way::Told("PRESCRIPTION_DOCTOR_CHANGED"), body)
        } else {
            (Way::Pushed, pushed(&body, time, at, index))
        };
        for receipt in 0..if at % 5 == 1 { 2 } else { 1 } {
            deliveries.push(Delivery {
                received: time + 800 + receipt * 31_000,
                way: way.clone(),
                body: body.to_string().into_bytes(),
            });
        }
    }
    deliveries
}

fn told_as(at: u32, made: i64, from: Option<usize>, to: Option<usize>, reason: &str) -> Value {
    let uid = |doctor: Option<usize>| doctor.map(|doctor| DOCTORS[doctor].0);
    let shop = if at % 6 == 4 { "probeladen.example.test" } else { "beispielshop.example.test" };
    // Every fourth is of no order we know.
    let external = if at % 4 == 3 { format!("EXT-{}", 480_000 + at) } else { lives::external_at(at) };
    json!({ "category": "prescription", "event": "doctor_changed", "data": {
        "shop_identifier": shop, "external_order_id": external, "external_fulfillment_id": null,
        "external_provider_identifier": null, "doctor_assignment_reason": reason,
        "old_doctor_uid": uid(from), "new_doctor_uid": uid(to),
        "prescription": { "uid": format!("rx-{}", hex(8, &[71, at])), "created_at": moment(made),
            "status": if to.is_some() { "pending" } else { "waiting_for_doctor" },
            "doctor": to.map(|doctor| json!({ "uid": DOCTORS[doctor].0, "first_name": DOCTORS[doctor].1, "last_name": DOCTORS[doctor].2 })),
            "patient_data": { "first_name": "Max", "last_name": "Musterperson", "date_of_birth": "1990-01-01" },
            "documents": [], "items": [] } } })
}

fn pushed(body: &Value, at: i64, prescription: u32, index: usize) -> Value {
    json!({ "message": { "data": BASE64.encode(body.to_string().as_bytes()), "messageId": format!("{}{index}", 7000 + prescription),
        "publishTime": moment(at) }, "subscription": "projects/beispiel/subscriptions/offizin" })
}

fn moment(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap().to_string()
}
