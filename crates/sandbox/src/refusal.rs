//! Refusals: every error body that the provider documents, and those that the live service was seen to send.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::switches::{RefusedFields, Switches, UnknownUid, Unrouted};

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    KeyMissing,
    KeyInvalid,
    PermissionDenied {
        permission: &'static str,
    },
    RateLimited,
    /// A uid that is unknown or belongs to somebody else.
    UnknownUid,
    /// A path that nobody routes.
    Unrouted,
    MethodNotAllowed,
    /// Fields that are missing or wrong, each with its complaint.
    Fields(Vec<(&'static str, &'static str)>),
    NotJson,
    PharmacyRequired,
    Duplicate,
    TooLarge,
    /// The operating system had no randomness to give.
    Unavailable,
}

impl Refusal {
    pub(crate) fn answer(&self, switches: &Switches) -> Response {
        match self {
            Self::KeyMissing => auth(StatusCode::UNAUTHORIZED, "api_key_missing", "The X-API-Key header is missing."),
            Self::KeyInvalid => auth(StatusCode::UNAUTHORIZED, "invalid_api_key", "The API key is not valid."),
            Self::PermissionDenied { permission } => {
                auth(StatusCode::FORBIDDEN, "permission_denied", &format!("Missing permission: {permission}"))
            }
            Self::RateLimited => {
                let mut answer = error(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded");
                if let Some(seconds) = switches.retry_after {
                    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                }
                answer
            }
            Self::UnknownUid => match switches.unknown_uid {
                UnknownUid::NotFound => error(StatusCode::NOT_FOUND, "Not found"),
                UnknownUid::BadRequest => code("Resource does not exist"),
            },
            Self::Unrouted => unrouted(switches.unrouted),
            Self::MethodNotAllowed => error(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::Fields(fields) => refused_fields(fields, switches.refused_fields),
            Self::NotJson => error(StatusCode::BAD_REQUEST, "Invalid JSON"),
            Self::PharmacyRequired => error(StatusCode::BAD_REQUEST, "pharmacy_uid is required for group keys"),
            Self::Duplicate => error(StatusCode::CONFLICT, "Subscription already exists"),
            Self::TooLarge => error(StatusCode::PAYLOAD_TOO_LARGE, "Request too large"),
            Self::Unavailable => error(StatusCode::SERVICE_UNAVAILABLE, "Temporarily unavailable"),
        }
    }
}

fn body(status: StatusCode, value: Value) -> Response {
    (status, Json(value)).into_response()
}

fn error(status: StatusCode, text: &str) -> Response {
    body(status, json!({ "error": text }))
}

fn auth(status: StatusCode, code: &str, description: &str) -> Response {
    body(status, json!({ "code": code, "description": description }))
}

fn code(message: &str) -> Response {
    body(StatusCode::BAD_REQUEST, json!({ "code": 400, "message": message }))
}

fn refused_fields(fields: &[(&'static str, &'static str)], shape: RefusedFields) -> Response {
    let sentence =
        fields.iter().map(|(field, complaint)| format!("{field}: {complaint}")).collect::<Vec<_>>().join("; ");
    match shape {
        RefusedFields::Fields => {
            let errors: serde_json::Map<String, Value> =
                fields.iter().map(|(field, complaint)| ((*field).to_owned(), json!([complaint]))).collect();
            body(StatusCode::UNPROCESSABLE_ENTITY, json!({ "error": "Validation failed", "errors": errors }))
        }
        RefusedFields::Error => error(StatusCode::BAD_REQUEST, &sentence),
        RefusedFields::Code => code(&sentence),
    }
}

fn unrouted(shape: Unrouted) -> Response {
    let (media, text) = match shape {
        Unrouted::Json => return error(StatusCode::NOT_FOUND, "Not found"),
        Unrouted::Xml => (
            "application/xml; charset=UTF-8",
            "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchBucket</Code>\
             <Message>The specified bucket does not exist.</Message></Error>",
        ),
        Unrouted::Html => ("text/html; charset=utf-8", "<!doctype html><title>404</title><h1>Not Found</h1>"),
    };
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, media)], text).into_response()
}

/// A page where JSON was expected.
pub(crate) fn page(status: StatusCode) -> Response {
    let text = "<!doctype html><title>Gateway</title><h1>Please sign in</h1>";
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}
