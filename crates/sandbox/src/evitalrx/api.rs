//! eVitalRx's Fulfillment API as its documents describe it, but only the call that the desk uses: "Order Details V2".
//! The key is a field of the form, and a refusal is an HTTP 200. It knows the orders whose events were sent before, and
//! a test can make it answer something else.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Multipart, State},
    routing::post,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Call;

/// Lanes of each order, with the word of each.
type Orders = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Debug, Default)]
struct Known {
    orders: Orders,
    asked: u64,
}

/// The API on loopback, until it is dropped.
#[derive(Debug)]
pub struct OrdersApi {
    address: SocketAddr,
    known: Arc<Mutex<Known>>,
    serving: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Serving {
    key: Arc<str>,
    known: Arc<Mutex<Known>>,
}

impl OrdersApi {
    /// Serves whoever has `key`.
    #[must_use]
    pub fn serve_on(listener: TcpListener, address: SocketAddr, key: &str) -> Self {
        let known = Arc::<Mutex<Known>>::default();
        let serving = Serving { key: key.into(), known: Arc::clone(&known) };
        let router = Router::new().route("/v1/fulfillment/orders/view_v2", post(view)).with_state(serving);
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!("the orders API ended: {error}");
            }
        });
        Self { address, known, serving }
    }

    /// `http://…` without a path.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was told to the webhook is known here.
    pub fn note(&self, call: &Call) {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let Some(parent) = text("draft_order_id") else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let lanes = known.orders.entry(parent.to_owned()).or_default();
        if let Some(lane) = text("id") {
            lanes.insert(lane.to_owned(), order_status(call.nature).to_owned());
        }
        if let Some(old) = text("rejected_order_id") {
            lanes.insert(old.to_owned(), "cancelled".to_owned());
        }
        for new in body.get("new_order_ids").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            lanes.entry(new.to_owned()).or_insert_with(|| "assigned".to_owned());
        }
    }

    /// From now on it says this of a lane, whatever was told.
    pub fn say(&self, parent: &str, lane: &str, status: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.orders.entry(parent.to_owned()).or_default().insert(lane.to_owned(), status.to_owned());
    }

    /// How often it was asked, refusals included: each costs.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).asked
    }
}

impl Drop for OrdersApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// "Seen anywhere, ever". A rider on the way is not told apart from what was shipped.
fn order_status(nature: &str) -> &'static str {
    match nature {
        "order_assigned" => "assigned",
        "accept" => "accepted",
        "reject" => "rejected",
        "split" => "cancelled",
        "shipped" | "order_picked_up" => "shipped",
        "delivered" => "completed",
        _ => "draft",
    }
}

async fn view(State(serving): State<Serving>, mut form: Multipart) -> Json<Value> {
    let mut fields = BTreeMap::new();
    while let Ok(Some(field)) = form.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        fields.insert(name, field.text().await.unwrap_or_default());
    }
    let mut known = serving.known.lock().unwrap_or_else(PoisonError::into_inner);
    known.asked += 1;
    let field = |name: &str| fields.get(name).map(String::as_str);
    if field("apikey") != Some(&*serving.key) {
        return refused("Invalid API key");
    }
    let Some((parent, lanes)) = field("order_id").and_then(|order| known.orders.get_key_value(order)) else {
        return refused("No record found");
    };
    let split: Vec<_> = lanes
        .iter()
        .map(|(lane, status)| {
            json!({ "order_id": lane, "chemist_order_id": "", "order_status": status, "order_delivery_status": null,
            "reject_reason": "Other", "chemist_id": 7, "delivery_pin": 1234, "total": 458, "amount": 428, "items": [] })
        })
        .collect();
    Json(json!({ "status_code": "1", "status_message": "Success", "datetime": "2026-01-29 12:26:51", "version": "1",
        "data": { "order_id": parent, "order_number": "TESTORDER", "payment_status": 3, "overall_status": "assigned",
        "draft_order_status": "assigned", "split_orders": split } }))
}

fn refused(message: &str) -> Json<Value> {
    Json(json!({ "status_code": "0", "status_message": message, "datetime": "2026-01-29 12:26:51", "data": null }))
}
