//! A call whose path was understood, and how one that worked is answered.

use axum::http::{Method, StatusCode};
use bytes::Bytes;
use serde_json::Value;

use crate::{
    keys::ApiKey,
    refusal::Refusal,
    switches::{Success, Switches},
};

/// Which resource a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resource {
    Health,
    Subscriptions,
    Subscription(String),
    Test,
    PharmacyOrders,
    PharmacyOrder(String),
    PharmacySkus,
}

/// A call whose path was understood.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) resource: Resource,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) key: ApiKey,
    pub(crate) switches: Switches,
}

impl Asked {
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Result<Value, Refusal> {
        serde_json::from_slice(&self.body).map_err(|_| Refusal::NotJson)
    }

    pub(crate) fn needs(&self, permission: &'static str) -> Result<(), Refusal> {
        if self.key.may(permission) { Ok(()) } else { Err(Refusal::PermissionDenied { permission }) }
    }
}

pub(crate) fn success(success: Success) -> StatusCode {
    match success {
        Success::Ok => StatusCode::OK,
        Success::Created => StatusCode::CREATED,
        Success::NoContent => StatusCode::NO_CONTENT,
    }
}
