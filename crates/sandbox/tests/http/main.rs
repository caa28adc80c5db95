//! The sandbox over real HTTP, as a client and a receiver see it.
//!
//! The receiver verifies signatures with a few lines of its own. If it used the sandbox's code, a mistake in that code
//! would not be noticed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

mod binary;
mod control;
mod deliveries;
mod faults;
mod management;
mod pharmacy;
mod receiver;
mod refusals;

use offizin_sandbox::{Config, DEMO_KEY, Sandbox, Switches};
use receiver::Receiver;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

const SUBSCRIPTIONS: &str = "v1/management/notification-subscriptions/";
const WEBHOOKS: &str = "v1/external_pharmacy_api/webhooks/";

/// A sandbox in which a subscription causes no test event, and a receiver.
async fn quiet(config: Config) -> (Sandbox, Receiver) {
    let switches = Switches { test_after_registration: false, ..config.switches };
    (Sandbox::start(Config { switches, ..config }).await.unwrap(), Receiver::start().await)
}

fn ask(sandbox: &Sandbox, method: Method, path: &str, key: &str) -> RequestBuilder {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    client.request(method, sandbox.base_url().join(path).unwrap()).header("X-API-Key", key)
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

async fn list(sandbox: &Sandbox) -> Vec<Value> {
    let (status, listed) = answer(ask(sandbox, Method::GET, SUBSCRIPTIONS, DEMO_KEY)).await;
    assert_eq!(status, StatusCode::OK);
    listed.as_array().unwrap().clone()
}

/// Subscribes at the Management API and returns what was answered.
async fn subscribe(sandbox: &Sandbox, notification_type: &str, target: &str) -> Value {
    let wish = json!({ "notification_type": notification_type, "target": target, "payload_version": "1" });
    let (status, made) = answer(ask(sandbox, Method::POST, SUBSCRIPTIONS, DEMO_KEY).json(&wish)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
