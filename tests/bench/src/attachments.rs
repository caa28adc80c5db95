//! A ledger with prescriptions: how much disk it takes, against one copy of each distinct file.
//!
//! Each order has five events, and its signed prescription rides in all of them. The files are as large as scanned ones
//! are, and their bytes are as good as random, as compressed images in a PDF are.

use data_encoding::BASE64;
use offizin_wire::SigningSecret;
use serde_json::{Value, json};

use crate::{
    house::{House, Outcome, say},
    ledger, views,
};

/// Orders in the run beside the others.
pub(crate) const ORDERS: usize = 200;
/// Events each of them has.
const EVENTS: usize = 5;
/// Bytes of a prescription.
const FILE: usize = 150_000;

/// Takes the orders in and tells what the closed database takes on disk.
pub(crate) async fn measure(orders: usize, secret: &SigningSecret) -> Outcome<()> {
    let room = tempfile::tempdir()?;
    let house = House::build(room.path(), secret).await?;
    let home = house.desk.home().dir().to_owned();
    views::take_in(&house, room.path(), 0..orders * EVENTS, body, secret).await?;
    house.leave().await?;
    let on_disk = std::fs::metadata(home.join("offizin.db"))?.len();
    let files = (orders * FILE) as u64;
    say(&format!(
        "\n| {orders} orders of {EVENTS} events, each with its prescription of {FILE} bytes | MB | ratio |\n\
         | --- | ---: | ---: |\n\
         | one copy of each distinct prescription | {:.1} | 1.00 |\n\
         | the database on disk | {:.1} | {:.2} |",
        files as f64 / 1e6,
        on_disk as f64 / 1e6,
        on_disk as f64 / files as f64,
    ))
}

/// The event of this number, with the prescription of its order.
fn body(number: usize) -> String {
    let order = number / EVENTS;
    let mut state = order as u64 + 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    let file: Vec<u8> = b"%PDF-1.7\n".iter().copied().chain(std::iter::repeat_with(&mut next)).take(FILE).collect();
    let mut body: Value = serde_json::from_str(&ledger::order_body(order, number % EVENTS)).unwrap_or_default();
    if let Some(data) = body.get_mut("data").and_then(Value::as_object_mut) {
        let file = json!({ "filename": format!("rezept-{order}.pdf"), "content_base64": BASE64.encode(&file) });
        data.insert("prescription_file".to_owned(), file);
    }
    body.to_string()
}
