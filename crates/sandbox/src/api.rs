//! The requests to both RxScale APIs: which route a path means, keys, limits, and faults in answers.
//!
//! Routing is written by hand and not left to a router, because the switches decide where a path leads. The order of
//! the checks is: path, fault, key, rate limit, method, permission, fields.

use std::sync::Arc;

use axum::{
    Extension,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use crate::{
    asked::{Asked, Resource},
    event::Level,
    faults::{AnswerFault, Call},
    keys::{self, ApiKey, Reach},
    management, pharmacy,
    provider::{Provider, Seen},
    refusal::{self, Refusal},
    switches::{PharmacyBase, Slash, Switches},
};

/// The largest request body in bytes.
const LARGEST_REQUEST: usize = 1 << 20;

/// Closes the connection on which a request came.
#[derive(Debug, Clone)]
pub(crate) struct Wire(pub(crate) CancellationToken);

/// Answers every call under the base paths, and everything else as a path that does not exist.
pub(crate) async fn api(
    State(provider): State<Arc<Provider>>,
    Extension(wire): Extension<Wire>,
    request: Request,
) -> Response {
    let mut seen = Seen {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().map(str::to_owned),
        key: None,
        status: None,
    };
    let answer = respond(&provider, request, &mut seen).await;
    seen.status = match &answer {
        Answer::Given(response) => Some(response.status().as_u16()),
        Answer::Cut | Answer::Hang => None,
    };
    provider.state().saw(seen);
    match answer {
        Answer::Given(response) => response,
        Answer::Cut => {
            wire.0.cancel();
            std::future::pending().await
        }
        Answer::Hang => std::future::pending().await,
    }
}

enum Answer {
    Given(Response),
    Cut,
    Hang,
}

async fn respond(provider: &Arc<Provider>, request: Request, seen: &mut Seen) -> Answer {
    let switches = provider.state().switches.clone();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let Some((level, resource)) = route(path, &switches) else {
        return Answer::Given(Refusal::Unrouted.answer(&switches));
    };
    if switches.slash == Slash::Redirect
        && !path.ends_with('/')
        && matches!(
            resource,
            Resource::Subscriptions | Resource::Health | Resource::PharmacyOrders | Resource::PharmacySkus
        )
    {
        let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        return Answer::Given(redirect(StatusCode::PERMANENT_REDIRECT, &format!("{path}/{query}")));
    }

    let call = call(&parts.method, &resource);
    let fault = {
        let mut guard = provider.state();
        let state = &mut *guard;
        state.faults.answer(call, &mut state.rng)
    };
    match &fault {
        Some(AnswerFault::Cut) => return Answer::Cut,
        Some(AnswerFault::Hang) => return Answer::Hang,
        Some(AnswerFault::Html) => return Answer::Given(refusal::page(StatusCode::OK)),
        Some(AnswerFault::Status(status)) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return Answer::Given(refusal::page(status));
        }
        Some(AnswerFault::Redirect(target)) => {
            return Answer::Given(redirect(StatusCode::TEMPORARY_REDIRECT, target.as_str()));
        }
        Some(AnswerFault::Lost | AnswerFault::HangAfter | AnswerFault::Empty | AnswerFault::NoSecret) | None => {}
    }

    let outcome = async {
        let key = authenticate(provider, &parts.headers, level)?;
        seen.key = Some(key.name.clone());
        let body = to_bytes(body, LARGEST_REQUEST).await.map_err(|_| Refusal::TooLarge)?;
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let asked = Asked { method: parts.method.clone(), resource, query, body, key, switches: switches.clone() };
        match level {
            Level::Management => management::answer(provider, &asked),
            Level::Pharmacy => pharmacy::answer(provider, &asked),
        }
    };
    let response = outcome.await.unwrap_or_else(|refusal| refusal.answer(&switches));
    match fault {
        Some(AnswerFault::Lost) => Answer::Cut,
        Some(AnswerFault::HangAfter) => Answer::Hang,
        Some(AnswerFault::Empty) => Answer::Given(StatusCode::OK.into_response()),
        Some(AnswerFault::NoSecret) => Answer::Given(without_secret(response).await),
        _ => Answer::Given(response),
    }
}

/// Where `path` leads while `switches` hold.
fn route(path: &str, switches: &Switches) -> Option<(Level, Resource)> {
    let (level, rest) = if let Some(rest) = path.strip_prefix("/v1/management/") {
        (Level::Management, rest)
    } else {
        let underscore = path.strip_prefix("/v1/external_pharmacy_api/");
        let hyphen = path.strip_prefix("/v1/external-pharmacy-api-v1/");
        let rest = match switches.pharmacy_base {
            PharmacyBase::Underscore => underscore,
            PharmacyBase::Hyphen => hyphen,
            PharmacyBase::Both => underscore.or(hyphen),
        };
        (Level::Pharmacy, rest?)
    };
    let mut segments = rest.strip_suffix('/').unwrap_or(rest).split('/');
    let (first, second, third) = (segments.next()?, segments.next(), segments.next());
    if third.is_some() {
        return None;
    }
    let resource = match (level, first, second) {
        (_, "health", None) => Resource::Health,
        (Level::Management, "notification-subscriptions", None) | (Level::Pharmacy, "webhooks", None) => {
            Resource::Subscriptions
        }
        (Level::Management, "notification-subscriptions", Some("test")) if switches.test_endpoint => Resource::Test,
        (Level::Management, "notification-subscriptions", Some(uid))
            if switches.delete_by == crate::switches::DeleteBy::Path && uid != "test" =>
        {
            Resource::Subscription(decoded(uid)?)
        }
        (Level::Pharmacy, "webhooks", Some(uid)) => Resource::Subscription(decoded(uid)?),
        (Level::Pharmacy, "pharmacy_orders", None) => Resource::PharmacyOrders,
        (Level::Pharmacy, "pharmacy_orders", Some(uid)) => Resource::PharmacyOrder(decoded(uid)?),
        (Level::Pharmacy, "pharmacy_skus", None) => Resource::PharmacySkus,
        _ => return None,
    };
    Some((level, resource))
}

/// A path segment without its percent signs; `None` if it is empty or no text.
fn decoded(segment: &str) -> Option<String> {
    let mut parts = segment.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.extend(HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

fn call(method: &Method, resource: &Resource) -> Call {
    match resource {
        Resource::Health => Call::Health,
        Resource::Test => Call::Test,
        Resource::PharmacyOrders | Resource::PharmacyOrder(_) | Resource::PharmacySkus => Call::Read,
        Resource::Subscriptions | Resource::Subscription(_) => match *method {
            Method::POST => Call::Create,
            Method::DELETE => Call::Delete,
            _ => Call::List,
        },
    }
}

/// The key of the request, if it is one of this API and within its limit.
fn authenticate(provider: &Provider, headers: &HeaderMap, level: Level) -> Result<ApiKey, Refusal> {
    const KEY: HeaderName = HeaderName::from_static("x-api-key");
    let presented = headers.get(KEY).ok_or(Refusal::KeyMissing)?.to_str().map_err(|_| Refusal::KeyInvalid)?;
    let mut guard = provider.state();
    let state = &mut *guard;
    let key = keys::find(&state.keys, presented).ok_or(Refusal::KeyInvalid)?;
    // A key of the other API is refused like an unknown one, because the provider does not say more either.
    if (key.reach == Reach::Organisation) != (level == Level::Management) {
        return Err(Refusal::KeyInvalid);
    }
    if state.meter.admit(provider.config.rate_limit, &key.name, Instant::now()) {
        Ok(key.clone())
    } else {
        Err(Refusal::RateLimited)
    }
}

fn redirect(status: StatusCode, location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (status, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The same answer without its `signing_secret`.
async fn without_secret(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, LARGEST_REQUEST).await.unwrap_or_default();
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    if let Some(object) = value.as_object_mut() {
        object.remove("signing_secret");
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::switches::DeleteBy;

    #[test]
    fn paths_lead_where_the_switches_say() {
        let switches = Switches::default();
        let subscriptions = Some((Level::Management, Resource::Subscriptions));
        assert_eq!(route("/v1/management/notification-subscriptions/", &switches), subscriptions);
        assert_eq!(route("/v1/management/notification-subscriptions", &switches), subscriptions);
        assert_eq!(route("/v1/management/notification-subscriptions/ns-1", &switches), None);
        assert_eq!(route("/v1/management/notification-subscriptions/ns-1/x", &switches), None);
        assert_eq!(route("/v1/management/", &switches), None);
        assert_eq!(route("/v1/external-pharmacy-api-v1/health/", &switches), None);
        assert_eq!(route("/v1/external_pharmacy_api/health/", &switches), Some((Level::Pharmacy, Resource::Health)));
        let path = Switches { delete_by: DeleteBy::Path, test_endpoint: false, ..switches };
        assert_eq!(
            route("/v1/management/notification-subscriptions/ns-1", &path),
            Some((Level::Management, Resource::Subscription("ns-1".to_owned())))
        );
        assert_eq!(route("/v1/management/notification-subscriptions/test", &path), None);
    }

    #[test]
    fn uids_come_out_of_paths_whole() {
        assert_eq!(decoded("%23ord_1%2Fa").as_deref(), Some("#ord_1/a"));
        assert_eq!(decoded("po-1+2").as_deref(), Some("po-1+2"));
        for wrong in ["", "%", "%2", "%zz", "%ff", "%€"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }
}
