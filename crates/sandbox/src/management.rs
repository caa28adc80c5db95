//! The Management API: subscriptions of the whole organisation. Section 5.1 of the provider's documentation.
//!
//! It has no update and no rotation, because the provider has none. A DELETE on the collection is dangerous on purpose:
//! where a delete names its subscription in the query or in the body, a delete that names none deletes all
//! subscriptions. A test can so find out whether a client ever sends one.

use std::sync::Arc;

use axum::{
    Json,
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    asked::{Asked, Resource, success},
    event::Level,
    provider::Provider,
    refusal::Refusal,
    subscriptions::NewSubscription,
    switches::DeleteBy,
};

const READ: &str = "notification_subscription:read";
const WRITE: &str = "notification_subscription:write";

pub(crate) fn answer(provider: &Arc<Provider>, asked: &Asked) -> Result<Response, Refusal> {
    match (&asked.method, &asked.resource) {
        (&Method::GET, Resource::Health) => Ok(Json(json!({ "status": "ok" })).into_response()),
        (&Method::GET, Resource::Subscriptions) => list(provider, asked),
        (&Method::POST, Resource::Subscriptions) => create(provider, asked),
        (&Method::DELETE, Resource::Subscriptions) => delete_in_collection(provider, asked),
        (&Method::DELETE, Resource::Subscription(uid)) => {
            asked.needs(WRITE)?;
            delete(provider, asked, uid)
        }
        (&Method::POST, Resource::Test) => test(provider, asked),
        _ => Err(Refusal::MethodNotAllowed),
    }
}

fn list(provider: &Provider, asked: &Asked) -> Result<Response, Refusal> {
    asked.needs(READ)?;
    let state = provider.state();
    let own = state.subscriptions.iter().filter(|subscription| subscription.level == Level::Management);
    let mut listed: Vec<Value> = own.map(|subscription| subscription.listed()).collect();
    if asked.switches.other_channels {
        listed.push(json!({
            "uid": "ns-other-channel",
            "notification_type": "PRESCRIPTION_DOCTOR_CHANGED",
            "target": "projects/sandbox/topics/prescription-notifications",
            "options": "PUBSUB",
            "payload_version": "1",
        }));
    }
    Ok(Json(listed).into_response())
}

fn create(provider: &Provider, asked: &Asked) -> Result<Response, Refusal> {
    asked.needs(WRITE)?;
    let wanted = NewSubscription::read(&asked.json()?, Level::Management, &asked.switches).map_err(Refusal::Fields)?;
    let twin = |level: Level| {
        let state = provider.state();
        state.subscriptions.iter().any(|other| {
            other.level == level && other.target == wanted.target && other.notification_type == wanted.notification_type
        })
    };
    if asked.switches.duplicate_conflict && twin(Level::Management) {
        return Err(Refusal::Duplicate);
    }
    let (notification_type, target) = (wanted.notification_type.clone(), wanted.target.clone());
    let payload_version = wanted.payload_version.clone();
    let (uid, secret) =
        provider.register(wanted, Level::Management, None, Timestamp::now()).map_err(|_| Refusal::Unavailable)?;
    let mut made = json!({
        "uid": uid,
        "notification_type": notification_type,
        "target": target.as_str(),
        "options": "WEBHOOK",
        "payload_version": payload_version,
    });
    if let (true, Some(made)) = (asked.switches.management_secret, made.as_object_mut()) {
        made.insert("signing_secret".to_owned(), json!(secret.expose_secret()));
    }
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

fn delete_in_collection(provider: &Provider, asked: &Asked) -> Result<Response, Refusal> {
    asked.needs(WRITE)?;
    let named = match asked.switches.delete_by {
        DeleteBy::Path => return Err(Refusal::MethodNotAllowed),
        DeleteBy::Query => asked.query("uid").map(str::to_owned),
        DeleteBy::Body if asked.body.is_empty() => None,
        DeleteBy::Body => asked.json()?.get("uid").and_then(Value::as_str).map(str::to_owned),
    };
    match named.filter(|uid| !uid.is_empty()) {
        Some(uid) => delete(provider, asked, &uid),
        None => {
            provider.state().swept += 1;
            let gone = provider.delete(|subscription| subscription.level == Level::Management);
            tracing::warn!(gone, "a delete named no subscription and took all of them");
            Ok(success(asked.switches.delete_answer).into_response())
        }
    }
}

fn delete(provider: &Provider, asked: &Asked, uid: &str) -> Result<Response, Refusal> {
    match provider.delete(|subscription| subscription.level == Level::Management && subscription.uid == uid) {
        0 => Err(Refusal::UnknownUid),
        _ => Ok(success(asked.switches.delete_answer).into_response()),
    }
}

/// The documents name the endpoint and nothing more: here it takes `uid` in the body or the query.
fn test(provider: &Provider, asked: &Asked) -> Result<Response, Refusal> {
    asked.needs(WRITE)?;
    let uid = match asked.query("uid") {
        Some(uid) => Some(uid.to_owned()),
        None if asked.body.is_empty() => None,
        None => asked.json()?.get("uid").and_then(Value::as_str).map(str::to_owned),
    };
    let uid = uid.ok_or_else(|| Refusal::Fields(vec![("uid", "is required")]))?;
    if provider.test(&uid, Timestamp::now()) {
        Ok(Json(json!({ "status": "sent" })).into_response())
    } else {
        Err(Refusal::UnknownUid)
    }
}
