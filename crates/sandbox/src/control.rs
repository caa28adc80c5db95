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
    provider::{Provider, ProviderState},
    subscriptions::{NewSubscription, SubscriptionView},
};

/// The largest body that can be handed in, in bytes.
const LARGEST_BODY: usize = 64 << 20;

/// The most events that can be requested at once. Without a limit, a request for a sequence without end would never be answered.
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
    let state = provider.state();
    let keys = state.keys.iter();
    shown(&json!({
        "seed": provider.config.seed,
        "orders": provider.config.orders,
        "events": state.emitted,
        "deliveries": deliveries,
        "subscriptions": state.subscriptions.iter().map(|own| own.view()).collect::<Vec<SubscriptionView>>(),
        "swept": state.swept,
        "requests": state.requests.len(),
        "keys": keys.map(|key| json!({"name": key.name, "reach": key.reach, "permissions": key.permissions})).collect::<Vec<_>>(),
        "switches": state.switches,
        "faults": state.faults,
    }))
}

async fn switches(State(provider): State<Arc<Provider>>) -> Response {
    shown(&provider.state().switches)
}

async fn put_switches(State(provider): State<Arc<Provider>>, body: Bytes) -> Response {
    set(&provider, &body, |_| json!({}), |state, switches| state.switches = switches)
}

async fn patch_switches(State(provider): State<Arc<Provider>>, body: Bytes) -> Response {
    set(&provider, &body, |state| json!(state.switches), |state, switches| state.switches = switches)
}

async fn faults(State(provider): State<Arc<Provider>>) -> Response {
    shown(&provider.state().faults)
}

async fn put_faults(State(provider): State<Arc<Provider>>, body: Bytes) -> Response {
    set(&provider, &body, |_| json!({}), |state, faults| state.faults = faults)
}

async fn patch_faults(State(provider): State<Arc<Provider>>, body: Bytes) -> Response {
    set(&provider, &body, |state| json!(state.faults), |state, faults| state.faults = faults)
}

/// Sets what is there, with the fields of `body` replaced.
fn set<T: DeserializeOwned + Serialize>(
    provider: &Provider,
    body: &[u8],
    base: impl FnOnce(&ProviderState) -> Value,
    put: impl FnOnce(&mut ProviderState, T),
) -> Response {
    let mut state = provider.state();
    let laid = serde_json::from_slice(body).and_then(|fields: serde_json::Map<String, Value>| {
        let mut whole = base(&state);
        if let Some(whole) = whole.as_object_mut() {
            whole.extend(fields);
        }
        serde_json::from_value::<T>(whole)
    });
    match laid {
        Ok(whole) => {
            let answer = shown(&whole);
            put(&mut state, whole);
            answer
        }
        Err(error) => refused(&error.to_string()),
    }
}

async fn ledger(State(provider): State<Arc<Provider>>) -> Response {
    let entries = provider.ledger.entries();
    let listed = entries.iter().map(|entry| {
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
    shown(&listed.collect::<Vec<_>>())
}

async fn requests(State(provider): State<Arc<Provider>>) -> Response {
    shown(&provider.state().requests)
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

/// Makes a subscription as a colleague would in the portal: its secret is not in the answer.
async fn subscribe(State(provider): State<Arc<Provider>>, body: Bytes) -> Response {
    let Ok(value) = serde_json::from_slice::<Value>(&body) else { return refused("not JSON") };
    let switches = provider.state().switches.clone();
    let wanted = match NewSubscription::read(&value, Level::Management, &switches) {
        Ok(wanted) => wanted,
        Err(fields) => return refused(&format!("{fields:?}")),
    };
    match provider.register(wanted, Level::Management, None, Timestamp::now()) {
        Ok((uid, _)) => shown(&json!({ "uid": uid })),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Removes a subscription as a colleague would in the portal: no client of ours asked for it.
async fn vanish(State(provider): State<Arc<Provider>>, Path(uid): Path<String>) -> Response {
    shown(&json!({ "deleted": provider.delete(|subscription| subscription.uid == uid) }))
}
