//! The External Pharmacy API: subscriptions of pharmacies, and reading their orders and stock. Sections 5.2 and 9 of
//! the provider's documentation.
//!
//! It changes no order and no stock. The provider has calls for that, but no client of ours uses them.

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
    event::{Level, PharmacyOrder, StockLevel},
    keys::Reach,
    provider::Provider,
    refusal::Refusal,
    subscriptions::{NewSubscription, Subscription},
};

pub(crate) fn answer(provider: &Arc<Provider>, asked: &Asked) -> Result<Response, Refusal> {
    match (&asked.method, &asked.resource) {
        (&Method::GET, Resource::Health) => Ok(Json(json!({ "status": "ok" })).into_response()),
        (&Method::GET, Resource::Subscriptions) => list(provider, asked),
        (&Method::POST, Resource::Subscriptions) => create(provider, asked),
        (&Method::DELETE, Resource::Subscription(uid)) => delete(provider, asked, uid),
        (&Method::GET, Resource::PharmacyOrders) => orders(provider, asked),
        (&Method::GET, Resource::PharmacyOrder(uid)) => order(provider, asked, uid),
        (&Method::GET, Resource::PharmacySkus) => skus(provider, asked),
        _ => Err(Refusal::MethodNotAllowed),
    }
}

/// The pharmacies the call is about.
fn pharmacies(asked: &Asked, group_must_name_one: bool) -> Result<Vec<String>, Refusal> {
    match (&asked.key.reach, asked.query("pharmacy_uid")) {
        (Reach::Pharmacy(own), None) => Ok(vec![own.clone()]),
        (Reach::Pharmacy(own), Some(named)) if own == named => Ok(vec![own.clone()]),
        (Reach::Group(members), Some(named)) if members.iter().any(|own| own == named) => Ok(vec![named.to_owned()]),
        (Reach::Group(_), None) if group_must_name_one => Err(Refusal::PharmacyRequired),
        (Reach::Group(members), None) => Ok(members.clone()),
        _ => Err(Refusal::UnknownUid),
    }
}

fn within(subscription: &Subscription, scope: &[String]) -> bool {
    subscription.level == Level::Pharmacy
        && subscription.pharmacies.as_ref().is_some_and(|own| own.iter().all(|uid| scope.contains(uid)))
}

fn list(provider: &Provider, asked: &Asked) -> Result<Response, Refusal> {
    asked.needs("webhooks_read")?;
    let scope = pharmacies(asked, asked.switches.group_key_names_pharmacy)?;
    let state = provider.state();
    let own = state.subscriptions.iter().filter(|subscription| within(subscription, &scope));
    Ok(Json(own.map(|subscription| subscription.listed()).collect::<Vec<_>>()).into_response())
}

fn create(provider: &Provider, asked: &Asked) -> Result<Response, Refusal> {
    asked.needs("webhooks_write")?;
    let scope = pharmacies(asked, asked.switches.group_key_names_pharmacy)?;
    let wanted = NewSubscription::read(&asked.json()?, Level::Pharmacy, &asked.switches).map_err(Refusal::Fields)?;
    let twin = provider.state().subscriptions.iter().any(|other| {
        within(other, &scope) && other.target == wanted.target && other.notification_type == wanted.notification_type
    });
    if asked.switches.duplicate_conflict && twin {
        return Err(Refusal::Duplicate);
    }
    let (target, notification_type) = (wanted.target.clone(), wanted.notification_type.clone());
    let (uid, secret) =
        provider.register(wanted, Level::Pharmacy, Some(scope), Timestamp::now()).map_err(|_| Refusal::Unavailable)?;
    let made = json!({
        "uid": uid,
        "target": target.as_str(),
        "notification_type": notification_type,
        "signing_secret": secret.expose_secret(),
    });
    Ok((success(asked.switches.pharmacy_create_answer), Json(made)).into_response())
}

fn delete(provider: &Provider, asked: &Asked, uid: &str) -> Result<Response, Refusal> {
    asked.needs("webhooks_write")?;
    let scope = pharmacies(asked, asked.switches.group_key_names_pharmacy)?;
    match provider.delete(|subscription| subscription.uid == uid && within(subscription, &scope)) {
        0 => Err(Refusal::UnknownUid),
        _ => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

fn orders(provider: &Provider, asked: &Asked) -> Result<Response, Refusal> {
    asked.needs("orders_read")?;
    let scope = pharmacies(asked, true)?;
    let (status, search) = (asked.query("status"), asked.query("search").unwrap_or_default());
    let state = provider.state();
    let found = scope.iter().flat_map(|uid| state.orders_of(uid)).filter(|order| {
        status.is_none_or(|status| order.status == status) && (order.name.contains(search) || order.uid == search)
    });
    page(asked, found.map(summary).collect())
}

fn order(provider: &Provider, asked: &Asked, uid: &str) -> Result<Response, Refusal> {
    asked.needs("orders_read")?;
    let scope = pharmacies(asked, true)?;
    let state = provider.state();
    let found = scope.iter().flat_map(|pharmacy| state.orders_of(pharmacy)).find(|order| order.uid == uid);
    let mut body = json!(found.ok_or(Refusal::UnknownUid)?.at_level(Level::Pharmacy));
    if let Some(body) = body.as_object_mut() {
        body.insert("prepaid".to_owned(), json!(true));
    }
    Ok(Json(body).into_response())
}

/// A list shows neither patient nor doctor nor prescription.
fn summary(order: &PharmacyOrder) -> Value {
    let mut body = order.at_level(Level::Pharmacy);
    body.prescription_file = None;
    let mut body = json!(body);
    if let Some(fields) = body.as_object_mut() {
        for hidden in ["patient_data", "doctor_data", "prescription_file"] {
            fields.remove(hidden);
        }
    }
    body
}

fn skus(provider: &Provider, asked: &Asked) -> Result<Response, Refusal> {
    asked.needs("stock_read")?;
    let scope = pharmacies(asked, true)?;
    let state = provider.state();
    page(asked, scope.iter().flat_map(|uid| state.stock_of(uid)).map(sku).collect())
}

fn sku(level: &StockLevel) -> Value {
    json!({
        "uid": level.uid,
        "external_id": level.external_id,
        "price": level.price,
        "stock": level.stock,
        "pharmacy": level.pharmacy_uid,
        "sku": {
            "uid": level.sku.uid,
            "display_name": level.sku.display_name,
            "pzn": level.sku.pzn,
            "product_uid": level.sku.product_uid,
            "product_display_name": level.sku.product_display_name,
            "standard_selling_unit": 1.0,
            "unit": "piece",
            "product_handle": level.sku.product_handle,
            "digital": false,
        },
        "created_at": level.created_at,
        "updated_at": level.updated_at,
        "deleted_at": level.deleted_at,
    })
}

/// One page of `rows`: `page` counts from 0, `limit` is 50 unless given, and capped at 200.
fn page(asked: &Asked, rows: Vec<Value>) -> Result<Response, Refusal> {
    let number = |name: &'static str, otherwise: usize| match asked.query(name) {
        None => Ok(otherwise),
        Some(text) => text.parse().map_err(|_| Refusal::Fields(vec![(name, "must be a number")])),
    };
    let limit = number("limit", 50)?.clamp(1, 200);
    let skipped = number("page", 0)?.saturating_mul(limit);
    let (total, pages) = (rows.len(), rows.len().div_ceil(limit));
    let data: Vec<Value> = rows.into_iter().skip(skipped).take(limit).collect();
    Ok(Json(json!({ "data": data, "totalRegistries": total, "totalPages": pages })).into_response())
}
