//! The orders of the recording: how each one goes, and the bodies in which the provider tells it. A hundred orders, newest first;
//! the newest few show each kind of life once, so that a short list is worth looking at. It posts nothing.

use serde_json::{Value, json};

use crate::{
    cast::{DOCTORS, PEOPLE, PHARMACIES, PRODUCTS, dice, hex, pick},
    post::{Delivery, Way},
};

/// So many orders have arrived.
pub(crate) const ORDERS: u32 = 100;
/// The number in the name of the newest of them.
const NEWEST: u32 = 1240;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

const ORDINARY: [&str; 6] =
    ["init", "waiting for pharmacy", "pending review", "in-progress", "ready_for_pickup", "completed"];

/// One turn of a life: on which of the order's lanes, which status, and what is odd about it.
#[derive(Clone, Copy, Default)]
struct Turn {
    lane: u32,
    status: &'static str,
    /// Priority and telephone number change with it.
    also: bool,
    /// Received so often in all, where that is more than once.
    receipts: u32,
    /// The header names another type than the body.
    mislabelled: bool,
    /// Milliseconds after the beginning of the life, where they are not drawn.
    after_begin: Option<i64>,
    /// Milliseconds from the event to its receipt, where they are not drawn.
    late: Option<i64>,
}

fn turn(lane: u32, status: &'static str) -> Turn {
    Turn { lane, status, ..Turn::default() }
}

fn along(lane: u32, count: usize) -> Vec<Turn> {
    ORDINARY.iter().take(count).map(|status| turn(lane, status)).collect()
}

/// The life of the order at a place of the list; 0 is the newest.
fn life(place: u32) -> Vec<Turn> {
    let drawn = dice(&[place, 1]);
    let reached = if place < 40 { 2 + (dice(&[place, 2]) * 5.0) as usize } else { ORDINARY.len() };
    match place {
        1 => held(),
        2 => rerouted(),
        7 => restarted(),
        9 => strange(),
        12 => cancelled(),
        0..=12 => along(0, reached),
        NOISY => noisy(),
        // Some stand still.
        84 | 91 | 98 => along(0, 4),
        _ if drawn < 0.03 => held(),
        _ if drawn < 0.06 => rerouted(),
        _ if drawn < 0.08 => restarted(),
        _ if drawn < 0.11 => cancelled(),
        _ => along(0, reached),
    }
}

fn held() -> Vec<Turn> {
    let mut life = along(0, 4);
    life.push(Turn { also: true, ..turn(0, "on-hold") });
    life
}

fn rerouted() -> Vec<Turn> {
    let mut life = along(0, 3);
    life.push(turn(0, "cancelled"));
    life.extend(along(1, 3));
    life
}

fn restarted() -> Vec<Turn> {
    let mut life = along(0, 4);
    life.extend([turn(0, "pending review"), turn(0, "in-progress")]);
    life
}

fn strange() -> Vec<Turn> {
    let mut life = along(0, 3);
    life.push(turn(0, "AWAITING_CUSTOMS"));
    life
}

fn cancelled() -> Vec<Turn> {
    let mut life = along(0, 3);
    life.push(turn(0, "cancelled"));
    life
}

/// One thing of each kind that makes a timeline hard. It began more than a day ago: only then something can be late.
const NOISY: u32 = 48;

fn noisy() -> Vec<Turn> {
    let at = |status, minutes: i64| Turn { after_begin: Some(minutes * MINUTE), ..turn(0, status) };
    vec![
        at("init", 0),
        Turn { receipts: 2, ..at("waiting for pharmacy", 30) },
        Turn { late: Some(25 * HOUR), ..at("pending review", 60) },
        Turn { also: true, ..at("pending review", 60) },
        Turn { receipts: 3, mislabelled: true, ..at("in-progress", 25 * 60) },
        at("ready_for_pickup", 27 * 60),
    ]
}

/// When the order at this place began, in milliseconds before the recording. The list is in the order of beginnings.
fn age(place: u32) -> i64 {
    let place = f64::from(place);
    let age = 40_000.0 + place * 7.0 * MINUTE as f64 * (1.0 + place / 12.0);
    (age / 1000.0) as i64 * 1000
}

/// Everything that is told of every order. `now` is the moment of the recording, in milliseconds.
pub(crate) fn told(now: i64) -> Vec<Delivery> {
    (0..ORDERS).flat_map(|place| told_of(place, NEWEST - place, &life(place), now - age(place), now)).collect()
}

/// What is told of the first order a desk hears of.
pub(crate) fn first(now: i64) -> Vec<Delivery> {
    told_of(0, 1001, &along(0, 2), now - 4000, now)
}

/// What is told of an order that arrives while somebody looks: the first, second, third after the recording.
pub(crate) fn arriving(count: u32, now: i64) -> Vec<Delivery> {
    told_of(ORDERS + count, NEWEST + count, &along(0, 1), now - 1000, now)
}

/// What is told of one life that began at `begin` and has to fit in before `now`.
fn told_of(place: u32, number: u32, life: &[Turn], begin: i64, now: i64) -> Vec<Delivery> {
    let home = (dice(&[place, 3]) * PHARMACIES.len() as f64) as usize;
    let pause = |index: usize| (4.0 + dice(&[place, 4, index as u32]).powi(3) * 900.0) * MINUTE as f64;
    let drawn: f64 = (1..life.len()).map(pause).sum();
    let fits = ((now - begin) as f64 * 0.9 / drawn.max(1.0)).min(1.0);
    let mut at = begin as f64;
    let times: Vec<i64> = life
        .iter()
        .enumerate()
        .map(|(index, turn)| {
            at += if index == 0 { 0.0 } else { pause(index) * fits };
            turn.after_begin.map_or(at as i64, |after| begin + after) / 1000 * 1000
        })
        .collect();
    let mut known = Vec::new();
    let mut urgent = dice(&[place, 6]) < 0.04;
    let mut deliveries = Vec::new();
    for (index, (turn, at)) in life.iter().zip(times).enumerate() {
        urgent |= turn.also;
        let is_new = !known.contains(&turn.lane);
        known.push(turn.lane);
        let kind = if is_new { "pharmacy_order_created" } else { "pharmacy_order_updated" };
        let order = Order { place, number, index, home, urgent, called: turn.also };
        let body = order.body(kind, turn, at);
        let received = at + turn.late.unwrap_or(700 + (dice(&[place, 17, index as u32]) * 900.0) as i64);
        let header = if turn.mislabelled { "pharmacy_order_created" } else { kind };
        for receipt in 0..turn.receipts.max(1) {
            deliveries.push(Delivery {
                received: received + i64::from(receipt) * 97_000,
                way: Way::Told(header),
                body: body.to_string().into_bytes(),
            });
        }
    }
    deliveries
}

struct Order {
    place: u32,
    number: u32,
    index: usize,
    home: usize,
    urgent: bool,
    /// Another telephone number than before.
    called: bool,
}

impl Order {
    /// The provider's order number, which prescriptions name, too.
    fn external(&self) -> String {
        external(self.number)
    }

    fn body(&self, kind: &str, turn: &Turn, at: i64) -> Value {
        let (place, second) = (self.place, at / 1000);
        let pharmacy = PHARMACIES[(self.home + turn.lane as usize) % PHARMACIES.len()];
        // The third order is looked at by name.
        let person = if place == 2 { PEOPLE[0] } else { *pick(&PEOPLE[1..], &[place, 12]) };
        let doctor = *pick(&DOCTORS, &[place, 11]);
        let delivery = *pick(&[("standard", "Standard"), ("express", "Express"), ("pickup", "Abholung")], &[place, 5]);
        let uid = uid(self.number);
        let address = json!({
            "first_name": person.first, "last_name": person.last, "street": "Testweg",
            "house_number": (1 + (dice(&[place, 13]) * 80.0) as u32).to_string(), "zip_code": person.zip, "city": person.city,
            "country": "Deutschland",
            "additional_address": (dice(&[place, 14]) < 0.3).then_some("c/o Beispiel, 3. Stock"),
        });
        let items: Vec<Value> = (0..=(dice(&[place, 7]) * 2.9) as u32).map(|item| self.item(item)).collect();
        json!({
            "event_type": kind, "timestamp": second, "payload_version": "1",
            "data": {
                "uid": format!("po-{}-{}", hex(4, &[55, self.number]), turn.lane + 1), "status": turn.status,
                "name": format!("#{}", self.number), "data": {}, "external_status": "OPEN", "created_at": second - 60,
                "updated_at": second, "deleted_at": null,
                "pharmacy": { "uid": pharmacy.0, "display_name": pharmacy.1 },
                "order": { "uid": uid, "delivery_address": address, "invoice_address": address,
                    "shipping_costs_amount": 499, "shipping_costs_currency": "EUR", "priority": if self.urgent { 2 } else { 0 } },
                "delivery_type": { "uid": format!("dt-{}", delivery.0), "display_name": delivery.1, "identifier": delivery.0 },
                "order_items": items,
                "patient_data": { "uid": format!("pat-{}", self.number), "display_name": format!("{} {}", person.first, person.last),
                    "email": format!("{}@example.test", person.first.to_lowercase()),
                    "date_of_birth": format!("19{}-0{}-14", 50 + (dice(&[place, 15]) * 49.0) as u32, 1 + (dice(&[place, 16]) * 9.0) as u32),
                    "phone_number": if self.called { "+49 30 23125001" } else { "+49 30 23125000" } },
                "doctor_data": { "uid": doctor.0, "display_name": format!("Dr. {} {}", doctor.1, doctor.2) },
                "prescription_file": (place % 5 != 4 && self.index > 1).then(|| json!({ "filename": format!("rezept-{}.pdf", self.number),
                    "content_base64": "JVBERi0xLjQK" })),
                "fulfillment": { "uid": format!("fo-{}", self.number), "external_id": null,
                    "order": { "uid": uid, "shop_order": { "uid": format!("so-{}", self.number), "external_id": self.external() } } },
            }
        })
    }

    fn item(&self, item: u32) -> Value {
        let product = *pick(&PRODUCTS, &[self.place, 8, item]);
        let amount = 1 + (dice(&[self.place, 9, item]) * 2.0) as i64;
        // The shelf empties while the order waits.
        let stock = (dice(&[self.place, 10, item]) * 50.0) as i64 + 10 - self.index as i64;
        json!({
            "uid": format!("oi-{}-{item}", self.number), "amount": amount, "total_paid_amount": product.2 * amount,
            "sku": { "uid": format!("sku-{}", product.1), "display_name": product.0, "pzn": product.1,
                "product_uid": format!("pr-{}", product.1), "product_display_name": product.0, "product_handle": product.1 },
            "pharmacy_sku": { "uid": format!("psku-{}", product.1), "external_id": null, "price": product.2, "stock": stock },
        })
    }
}

fn uid(number: u32) -> String {
    format!("ord-{}-{number}", hex(6, &[77, number]))
}

/// The uid of the order in which everything hard happens once.
pub(crate) fn noisy_uid() -> String {
    uid(NEWEST - NOISY)
}

/// The provider's number of the order with this number in its name.
pub(crate) fn external(number: u32) -> String {
    format!("EXT-{}", 18_760 + number)
}

/// The provider's number of the order at a place of the list.
pub(crate) fn external_at(place: u32) -> String {
    external(NEWEST - place)
}
