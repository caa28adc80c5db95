//! The shelves of the recording: levels that fall, run out and are filled again, by dice, and their bodies.

use serde_json::json;

use crate::{
    cast::{PRODUCTS, dice},
    post::{Delivery, Way},
};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Everything that is told of every shelf. `now` is the moment of the recording, in milliseconds.
pub(crate) fn told(now: i64) -> Vec<Delivery> {
    (0..PRODUCTS.len() as u32).flat_map(|at| told_of(at, now)).collect()
}

/// The first level a desk hears of.
pub(crate) fn first(now: i64) -> Vec<Delivery> {
    let mut all = told_of(0, now);
    all.truncate(1);
    all
}

/// The uid under which the provider keeps the product at a place of the cast.
pub(crate) fn uid(at: u32) -> String {
    format!("psku-{}", PRODUCTS[at as usize].1)
}

fn told_of(at: u32, now: i64) -> Vec<Delivery> {
    let (name, number, mut price) = PRODUCTS[at as usize];
    // One that hardly moves.
    let is_still = at == 8;
    let count = if is_still { 1 } else { 18 + (dice(&[at, 51]) * 14.0) as i64 };
    let begin = now - if is_still { 90 } else { 60 } * DAY - (dice(&[at, 52]) * 20.0 * DAY as f64) as i64;
    let pace = (now - begin) as f64 / (count + 1) as f64;
    let mut stock = 20 + (dice(&[at, 53]) * 120.0) as i64;
    let mut time = begin;
    let mut deliveries = Vec::new();
    for change in 0..count {
        if change > 0 {
            let sold = 1 + (dice(&[at, 54, change as u32]) * 12.0) as i64;
            stock = if stock <= 0 { 48 } else { (stock - sold).max(0) };
        }
        if change == count - 1 {
            // What the list begins with: below nothing, nothing, nearly nothing.
            stock = match at {
                3 => 0,
                4 => 4,
                6 => -2,
                _ => stock,
            };
        }
        if change == count / 2 && at.is_multiple_of(3) {
            price += price / 25;
        }
        let second = time / 1000;
        let body = json!({
            "event_type": "pharmacy_sku_stock_updated", "timestamp": second, "payload_version": "1",
            "data": { "uid": uid(at), "pharmacy_uid": "ph-test", "sku_uid": format!("sku-{number}"), "external_id": null,
                "price": price, "stock": stock, "markup": 0, "priority": 0, "type": "normal", "created_at": begin / 1000,
                "updated_at": second, "deleted_at": null,
                "sku": { "uid": format!("sku-{number}"), "display_name": name, "pzn": number, "product_uid": format!("pr-{number}"),
                    "product_display_name": name, "product_handle": number } }
        });
        deliveries.push(Delivery {
            received: second * 1000 + 900,
            way: Way::Told("pharmacy_sku_stock_updated"),
            body: body.to_string().into_bytes(),
        });
        time += (pace * (0.4 + dice(&[at, 57, change as u32]) * 1.1)) as i64;
        time = time.min(now - (1 + change) * HOUR / 8);
    }
    deliveries
}
