//! Who may ask: the device behind a bearer token, and the shape of what it sends. Used by every `/v1` endpoint.
//!
//! Deliberately owns no endpoint and no rule beyond "is this a paired device, does it speak our wire".

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    response::Response,
};
use http::{HeaderMap, HeaderValue, header, request::Parts};
use offizin_wire::{TokenHash, VERSION, VERSION_HEADER};
use serde::de::DeserializeOwned;

use crate::{addresses::Client, app::AppState, refusal::Refused, registry::Device};

/// Largest JSON a desk may send, in bytes.
const INPUT_BYTES: usize = 64 * 1024;
const INPUT_TIME: Duration = Duration::from_secs(10);

/// The paired device that asks.
pub(crate) struct Paired(pub(crate) Arc<Device>);

impl FromRequestParts<AppState> for Paired {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Refused> {
        let token = bearer(&parts.headers).ok_or(Refused::device_unknown())?;
        let (token, now) = (TokenHash::of(token), app.now());
        if let Some(device) = app.registry.device(&token, now) {
            return Ok(Self(device));
        }
        let at = Instant::now();
        let guess = parts.extensions.get::<Client>().map_or(Ok(()), |client| app.addresses.guess(*client, at));
        guess.and_then(|()| app.guess_rate.take(at)).map_err(Refused::too_fast)?;
        app.registry.device_of_anybody(&token, now).await?.map(Self).ok_or(Refused::device_unknown())
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The id in the path. One that cannot be read names nothing.
pub(crate) struct Named(pub(crate) String);

impl FromRequestParts<AppState> for Named {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Refused> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        path.map(|Path(id)| Self(id)).map_err(|_| Refused::not_found("nothing has this id"))
    }
}

/// A JSON body of a known shape. What the parser says stays here: it may quote the body.
pub(crate) struct Input<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Input<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Refused> {
        let body = axum::body::to_bytes(request.into_body(), INPUT_BYTES);
        let bytes = tokio::time::timeout(INPUT_TIME, body)
            .await
            .map_err(|_| Refused::too_slow())?
            .map_err(|_| Refused::too_large())?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|_| Refused::malformed("the body is not the JSON this endpoint takes"))
    }
}

/// Refuses a desk that speaks a newer wire. A missing version is fine.
pub(crate) fn check_version(headers: &HeaderMap) -> Result<(), Refused> {
    let Some(value) = headers.get(VERSION_HEADER) else { return Ok(()) };
    match value.to_str().ok().and_then(|text| text.parse::<u32>().ok()) {
        Some(version) if version <= VERSION => Ok(()),
        Some(_) => Err(Refused::version()),
        None => Err(Refused::malformed("the version header is not a number")),
    }
}

/// Says which wire this relay speaks.
pub(crate) fn tell_version(response: &mut Response) {
    response.headers_mut().insert(VERSION_HEADER, HeaderValue::from(VERSION));
}
