//! The controls of the sandbox, `/_sandbox/…`, for people and for tests that run in another process.
//!
//! They are not part of the provider. They need no key, and for that reason the sandbox listens on loopback only.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    event::Level,
    ledger::Outcome,
    provider::{Provider, Stage},
    subscriptions::{SubscriptionView, Wish},
};

/// The largest body that can be handed in, in bytes.
const LARGEST_BODY: usize = 64 << 20;

/// The most events that can be asked for at once; a story without end would never answer.
const MOST_EVENTS: usize = 100_000;

pub(crate) fn routes() -> Router<Arc<Provider>> {
    Router::new()
        .route("/_sandbox/state", get(state))
        .route("/_sandbox/switches", get(switches).put(put_switches).patch(patch_switches))
        .route("/_sandbox/faults", get(faults).put(put_faults).patch(patch_faults))
        .route("/_sandbox/ledger", get(ledger))
        .route("/_sandbox/requests", get(requests))
        .route("/_sandbox/emit", post(emit))
        .route("/_sandbox/send", post(send))
        .route("/_sandbox/subscriptions", post(subscribe))
        .route("/_sandbox/subscriptions/{uid}", delete(vanish))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// JSON that a person can read.
fn shown(value: &impl Serialize) -> Response {
    match serde_json::to_string_pretty(value) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text + "\n").into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn refused(reason: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": reason }))).into_response()
}

async fn state(State(provider): State<Arc<Provider>>) -> Response {
    let count = |outcome| provider.ledger.entries().iter().filter(|entry| entry.outcome == outcome).count();
    let deliveries = json!({
        "waiting": provider.ledger.waiting(),
        "delivered": count(Outcome::Delivered),
        "dropped": count(Outcome::Dropped),
        "gave_up": count(Outcome::GaveUp),
        "abandoned": count(Outcome::Abandoned),
    });
    let stage = provider.stage();
    let keys = stage.keys.iter();
    shown(&json!({
        "seed": provider.config.seed,
        "orders": provider.config.orders,
        "events": stage.emitted,
        "deliveries": deliveries,
        "subscriptions": stage.subscriptions.iter().map(|own| own.view()).collect::<Vec<SubscriptionView>>(),
        "swept": stage.swept,
        "requests": stage.requests.len(),
        "keys": keys.map(|key| json!({"name": key.name, "reach": key.reach, "permissions": key.permissions})).collect::<Vec<_>>(),
        "switches": stage.switches,
        "faults": stage.faults,
    }))
}

async fn switches(State(provider): State<Arc<Provider>>) -> Response {
    shown(&provider.stage().switches)
}

async fn put_switches(State(provider): State<Arc<Provider>>, body: Bytes) -> Response {
    set(&provider, &body, |_| json!({}), |stage, switches| stage.switches = switches)
}

async fn patch_switches(State(provider): State<Arc<Provider>>, body: Bytes) -> Response {
    set(&provider, &body, |stage| json!(stage.switches), |stage, switches| stage.switches = switches)
}

async fn faults(State(provider): State<Arc<Provider>>) -> Response {
    shown(&provider.stage().faults)
}

async fn put_faults(State(provider): State<Arc<Provider>>, body: Bytes) -> Response {
    set(&provider, &body, |_| json!({}), |stage, faults| stage.faults = faults)
}

async fn patch_faults(State(provider): State<Arc<Provider>>, body: Bytes) -> Response {
    set(&provider, &body, |stage| json!(stage.faults), |stage, faults| stage.faults = faults)
}

/// Lays the fields of `body` over what is there and sets the whole.
fn set<T: DeserializeOwned + Serialize>(
    provider: &Provider,
    body: &[u8],
    base: impl FnOnce(&Stage) -> Value,
    put: impl FnOnce(&mut Stage, T),
) -> Response {
    let mut stage = provider.stage();
    let laid = serde_json::from_slice(body).and_then(|fields: serde_json::Map<String, Value>| {
        let mut whole = base(&stage);
        if let Some(whole) = whole.as_object_mut() {
            whole.extend(fields);
        }
        serde_json::from_value::<T>(whole)
    });
    match laid {
        Ok(whole) => {
            let answer = shown(&whole);
            put(&mut stage, whole);
            answer
        }
        Err(error) => refused(&error.to_string()),
    }
}

async fn ledger(State(provider): State<Arc<Provider>>) -> Response {
    let entries = provider.ledger.entries();
    let told = entries.iter().map(|entry| {
        json!({
            "id": entry.id,
            "event": entry.event,
            "event_type": entry.event_type,
            "subscription": entry.subscription,
            "sha256": HEXLOWER.encode(&Sha256::digest(&entry.body)),
            "bytes": entry.body.len(),
            "faults": entry.faults,
            "attempts": entry.attempts,
            "outcome": entry.outcome,
        })
    });
    shown(&told.collect::<Vec<_>>())
}

async fn requests(State(provider): State<Arc<Provider>>) -> Response {
    shown(&provider.stage().requests)
}

#[derive(Debug, Deserialize)]
struct Emission {
    #[serde(default = "one")]
    events: usize,
}

fn one() -> usize {
    1
}

async fn emit(State(provider): State<Arc<Provider>>, Query(emission): Query<Emission>) -> Response {
    if emission.events > MOST_EVENTS {
        return refused("too many events at once");
    }
    let emitted = (0..emission.events).map_while(|_| provider.emit(Timestamp::now())).count();
    provider.release();
    shown(&json!({ "events": emitted }))
}

#[derive(Debug, Deserialize)]
struct Addressed {
    event_type: String,
    subscription: Option<String>,
}

async fn send(State(provider): State<Arc<Provider>>, Query(to): Query<Addressed>, body: Bytes) -> Response {
    shown(&json!({ "deliveries": provider.send(&to.event_type, to.subscription.as_deref(), &body) }))
}

/// A subscription made by somebody else, in the portal: nobody is told its secret.
async fn subscribe(State(provider): State<Arc<Provider>>, body: Bytes) -> Response {
    let Ok(value) = serde_json::from_slice::<Value>(&body) else { return refused("not JSON") };
    let switches = provider.stage().switches.clone();
    let wish = match Wish::read(&value, Level::Management, &switches) {
        Ok(wish) => wish,
        Err(fields) => return refused(&format!("{fields:?}")),
    };
    match provider.register(wish, Level::Management, None, Timestamp::now()) {
        Ok((uid, _)) => shown(&json!({ "uid": uid })),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// A subscription that disappears without anybody of ours asking for it.
async fn vanish(State(provider): State<Arc<Provider>>, Path(uid): Path<String>) -> Response {
    shown(&json!({ "deleted": provider.delete(|subscription| subscription.uid == uid) }))
}
