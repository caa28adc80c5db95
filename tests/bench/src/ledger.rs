//! A ledger like that of a pharmacy's year: overlapping orders with people, items and addresses, and stock levels
//! between them. It is made from a seed, so every run has the same. The people are invented.

use std::{io::Write, ops::Range, path::Path};

use data_encoding::BASE64;
use jiff::Timestamp;
use offizin_wire::SigningSecret;
use serde_json::{Value, json};

use crate::house::Outcome;

/// How many events an order has.
const PER_ORDER: usize = 10;
/// How many orders are under way at once.
const AT_ONCE: usize = 200;
/// Every so-manyth event is about a shelf.
const STOCK_EVERY: usize = 12;
const BEGIN: i64 = 1_750_000_000;
/// Seconds between two events.
const PACE: i64 = 17;
const LIFE: [&str; PER_ORDER] = [
    "init",
    "waiting for pharmacy",
    "waiting for pharmacy",
    "pending review",
    "on-hold",
    "pending review",
    "in-progress",
    "in-progress",
    "ready_for_pickup",
    "completed",
];
const FIRST: [&str; 8] = ["Erika", "Max", "Lena", "Jonas", "Clara", "Otto", "Ida", "Karl"];
const PLACES: [&str; 12] =
    ["Markt", "Rathaus", "Bahnhof", "Dom", "Hafen", "See", "Wald", "Park", "Tor", "Ring", "Platz", "Berg"];
const PRODUCTS: [&str; 9] =
    ["Testmittel", "Beispiolan", "Probosan", "Musterin", "Fiktivol", "Attrappin", "Scheinolol", "Placebin", "Simulan"];

/// Which order, and which of its events, the event of this number is.
fn place(number: usize) -> (usize, usize) {
    let (block, within) = (number / (AT_ONCE * PER_ORDER), number % (AT_ONCE * PER_ORDER));
    (block * AT_ONCE + within % AT_ONCE, within / AT_ONCE)
}

pub(crate) fn second(number: usize) -> i64 {
    BEGIN + number as i64 * PACE
}

fn pick<'a>(from: &'a [&str], number: usize) -> &'a str {
    from.get(number % from.len()).copied().unwrap_or_default()
}

/// The body of one event.
pub(crate) fn body(number: usize) -> String {
    let second = second(number);
    if number % STOCK_EVERY == STOCK_EVERY - 1 {
        let product = number / STOCK_EVERY % 500;
        return json!({
            "event_type": "pharmacy_sku_stock_updated", "timestamp": second, "payload_version": "1",
            "data": { "uid": format!("psku-{product:04}"), "pharmacy_uid": format!("ph-{}", product % 12),
                "sku_uid": format!("sku-{product:04}"), "price": 1299, "stock": (number * 7 % 90), "updated_at": second,
                "sku": { "uid": format!("sku-{product:04}"), "pzn": format!("{:08}", product * 13),
                    "display_name": format!("{} {} mg", pick(&PRODUCTS, product), product % 9 * 5 + 5) } },
        })
        .to_string();
    }
    let (order, step) = place(number);
    of_order(order, step, second)
}

/// The body of one event of an order, its time made from both.
pub(crate) fn order_body(order: usize, step: usize) -> String {
    of_order(order, step, second(order * PER_ORDER + step))
}

fn of_order(order: usize, step: usize, second: i64) -> String {
    let first = pick(&FIRST, order);
    let last = format!("Beispiel{:03}", order * 7 % 997);
    let address = json!({ "first_name": first, "last_name": last, "street": "Testweg", "house_number": format!("{}", order % 90),
        "zip_code": "00000", "city": "Teststadt", "country": "Germany", "additional_address": Value::Null });
    let items: Vec<_> = (0..1 + order % 3)
        .map(|item| {
            let product = (order * 3 + item) % 500;
            json!({ "uid": format!("oi-{order}-{item}"), "amount": 1 + item, "total_paid_amount": 1299 * (1 + item),
                "sku": { "uid": format!("sku-{product:04}"), "pzn": format!("{:08}", product * 13),
                    "display_name": format!("{} {} mg", pick(&PRODUCTS, product), product % 9 * 5 + 5),
                    "product_uid": format!("prod-{product}"), "product_handle": "handle" },
                "pharmacy_sku": { "uid": format!("psku-{product:04}"), "external_id": Value::Null, "price": 1299,
                    "stock": step + item } })
        })
        .collect();
    json!({
        "event_type": if step == 0 { "pharmacy_order_created" } else { "pharmacy_order_updated" },
        "timestamp": second, "payload_version": "1",
        "data": {
            "uid": format!("po-{order:07x}"), "status": pick(&LIFE, step), "name": format!("#{}", 1000 + order),
            "external_status": "OPEN", "data": {}, "created_at": BEGIN, "updated_at": second, "deleted_at": Value::Null,
            "pharmacy": { "uid": format!("ph-{}", order % 12), "display_name": format!("Testapotheke am {}", pick(&PLACES, order)) },
            "order": { "uid": format!("ord-{order:07x}"), "delivery_address": address, "invoice_address": address,
                "shipping_costs_amount": 499, "shipping_costs_currency": "EUR", "priority": i64::from(order.is_multiple_of(40)) },
            "delivery_type": { "uid": "dt-1", "display_name": if order.is_multiple_of(5) { "Express" } else { "Standard" },
                "identifier": if order.is_multiple_of(5) { "express" } else { "standard" } },
            "order_items": items,
            "patient_data": { "uid": format!("pat-{order}"), "display_name": format!("{first} {last}"),
                "email": "erika@example.test", "date_of_birth": "1990-01-01", "phone_number": Value::Null },
            "doctor_data": { "uid": format!("doc-{}", order % 30), "display_name": format!("Dr. Test {}", order % 30) },
            "fulfillment": { "uid": format!("fo-{order}"), "external_id": format!("F-{order}"), "order": { "uid": format!("ord-{order:07x}"),
                "shop_order": { "uid": format!("so-{order}"), "external_id": format!("EXT-{}", 20_000 + order) } } },
        },
    })
    .to_string()
}

/// Every event a level of one and the same product.
pub(crate) fn level(number: usize) -> String {
    let second = second(number);
    json!({
        "event_type": "pharmacy_sku_stock_updated", "timestamp": second, "payload_version": "1",
        "data": { "uid": HOT, "pharmacy_uid": "ph-0", "sku_uid": "sku-hot", "price": 1299 + number / 1000 % 7,
            "stock": number * 7 % 90, "updated_at": second,
            "sku": { "uid": "sku-hot", "pzn": "00000013", "display_name": "Testmittel 5 mg" } },
    })
    .to_string()
}

/// The product of [`level`].
pub(crate) const HOT: &str = "psku-hot";

/// Writes these events as captured deliveries of one inlet.
pub(crate) fn write(
    file: &Path,
    events: Range<usize>,
    body: fn(usize) -> String,
    inlet: &str,
    secret: &SigningSecret,
) -> Outcome<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    writeln!(out, "{}", json!({ "format": "offizin-deliveries", "version": 1 }))?;
    for number in events {
        let body = body(number);
        let line = json!({ "inlet": inlet, "received_at": Timestamp::from_millisecond(second(number) * 1000 + 900)?,
            "headers": [["x-webhook-signature", secret.sign(body.as_bytes())], ["x-webhook-event", "pharmacy_order_updated"]],
            "body": BASE64.encode(body.as_bytes()) });
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    Ok(())
}
