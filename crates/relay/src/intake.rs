//! `POST /in/{token}`: what a provider sends (step 1 of the journey).
//!
//! Owns the order in which a request is refused, cheapest first, and which headers are kept. It parses nothing: the body
//! stays byte-exact. It answers 200 only when the committer says that the delivery is durable.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension,
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use offizin_wire::{Delivery, Header, TokenHash};
use tokio::sync::oneshot;

use crate::{
    addresses::Client,
    app::{App, AppState},
    limits::Load,
    refusal::Refused,
    registry::Inlet,
    seal::Waiting,
};

/// A delivery keeps at most this many headers …
const MAX_HEADERS: usize = 64;
/// … of at most this many bytes, names and values together.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Of a refused request, so much is read and thrown away so that the sender gets to read the answer.
const DISCARDED: usize = 1024 * 1024;
/// Room made for a body before it has arrived; what is announced beyond has to arrive first.
const FIRST_ROOM: usize = 256 * 1024;

/// Not the provider's words but the connection's, the proxy's or the browser's.
const DROPPED: [&str; 17] = [
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "max-forwards",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
];

/// The handler.
pub(crate) async fn post(
    State(app): State<AppState>,
    Extension(client): Extension<Client>,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let (parts, mut body) = request.into_parts();
    let limit = app.limits.body_bytes;
    match take(&app, client, token, &parts.headers, &mut body).await {
        Ok(bytes) => {
            app.metrics.accepted(bytes);
            StatusCode::OK.into_response()
        }
        Err(refused) => {
            // Somebody who waits for "100 Continue" has sent nothing and must not be encouraged to.
            if !parts.headers.contains_key(header::EXPECT) {
                let patience = app.limits.body_time;
                let most = if refused.reason == crate::refusal::Reason::TooLarge { limit } else { DISCARDED };
                discard(body, most, patience).await;
            }
            refused.into_response()
        }
    }
}

/// Answers the size of the body once it is durable.
async fn take(
    app: &App,
    client: Client,
    token: Result<Path<String>, PathRejection>,
    headers: &HeaderMap,
    body: &mut Body,
) -> Result<u64, Refused> {
    let Ok(Path(token)) = token else { return Err(Refused::unknown_inlet()) };
    let inlet = inlet(app, client, &TokenHash::of(&token)).await?;
    drop(token);
    if inlet.is_retired() {
        return Err(Refused::retired_inlet());
    }
    let now = Instant::now();
    app.addresses
        .deliver(client, now)
        .and_then(|()| inlet.bucket.take(now))
        .and_then(|()| app.total_rate.take(now))
        .map_err(Refused::too_fast)?;
    if app.disk.is_low() {
        return Err(Refused::disk_low());
    }
    if !inlet.inbox.has_device() {
        return Err(Refused::no_device());
    }
    let kept = kept_headers(headers)?;
    let announced = announced_length(headers)?;
    let limits = &app.limits;
    if announced.is_some_and(|length| length > limits.body_bytes as u64) {
        return Err(Refused::too_large());
    }
    let mut load = Load::default();
    let reading = read(app, body, announced, &mut load);
    let bytes = tokio::time::timeout(limits.body_time, reading).await.map_err(|_| Refused::too_slow())??;

    let size = bytes.len() as u64;
    let delivery = Delivery::new(inlet.id.clone(), app.now(), kept, bytes);
    let (answer, answered) = oneshot::channel();
    let waiting = Waiting { inlet, delivery, load, answer };
    app.queue.try_send(waiting).map_err(|_| Refused::busy())?;
    let _pending = Pending::of(app);
    answered.await.unwrap_or_else(|_| Err(Refused::not_durable())).map(|()| size)
}

/// The inlet of a token. Where other relays serve the same store, one that is not known here may be known there; guessing
/// at that is limited, so that it costs the store nothing worth mentioning.
async fn inlet(app: &App, client: Client, token: &TokenHash) -> Result<Arc<Inlet>, Refused> {
    if let Some(inlet) = app.registry.inlet(token) {
        return Ok(inlet);
    }
    let now = Instant::now();
    app.addresses.guess(client, now).and_then(|()| app.guess_rate.take(now)).map_err(Refused::too_fast)?;
    app.registry.inlet_of_anybody(token).await?.ok_or(Refused::unknown_inlet())
}

async fn read(app: &App, body: &mut Body, announced: Option<u64>, load: &mut Load) -> Result<Vec<u8>, Refused> {
    let limit = app.limits.body_bytes;
    let room = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(0).min(FIRST_ROOM);
    let mut bytes = Vec::with_capacity(room);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refused::malformed("the body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Err(Refused::too_large());
        }
        if !app.flight.take(data.len(), load) {
            return Err(Refused::busy());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// The headers that matter, in the order of arrival. All or nothing: one of them is the signature.
fn kept_headers(headers: &HeaderMap) -> Result<Vec<Header>, Refused> {
    let kept: Vec<Header> = headers
        .iter()
        .filter(|(name, _)| !DROPPED.contains(&name.as_str()) && !name.as_str().starts_with("x-forwarded-"))
        .map(|(name, value)| Header { name: name.as_str().to_owned(), value: value.as_bytes().to_vec() })
        .collect();
    let bytes: usize = kept.iter().map(|header| header.name.len() + header.value.len()).sum();
    if kept.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Err(Refused::too_many_headers());
    }
    Ok(kept)
}

fn announced_length(headers: &HeaderMap) -> Result<Option<u64>, Refused> {
    let Some(value) = headers.get(header::CONTENT_LENGTH) else { return Ok(None) };
    let length = value.to_str().ok().and_then(|text| text.parse().ok());
    length.map(Some).ok_or(Refused::malformed("the content length is not a number"))
}

/// Closing a connection with unread bytes in it resets it, and the answer with it.
async fn discard(mut body: Body, most: usize, patience: Duration) {
    let reading = async {
        let mut seen = 0;
        while let Some(Ok(frame)) = body.frame().await {
            seen += frame.data_ref().map_or(0, |data| data.len());
            if seen > most {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(patience, reading).await;
}

/// Counts a delivery as waiting, whichever way the waiting ends.
struct Pending<'a>(&'a App);

impl<'a> Pending<'a> {
    fn of(app: &'a App) -> Self {
        app.metrics.waits();
        Self(app)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.metrics.answered();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_providers_headers_are_kept_and_none_is_cut_off() {
        let mut headers = HeaderMap::new();
        for name in DROPPED.into_iter().chain(["x-forwarded-for", "x-forwarded-proto"]) {
            headers.insert(http::HeaderName::from_static(name), "noise".parse().unwrap());
        }
        headers.insert("x-webhook-signature", "abc".parse().unwrap());
        headers.append("x-many", "1".parse().unwrap());
        headers.append("x-many", http::HeaderValue::from_bytes(b"\xff2").unwrap());
        let kept = kept_headers(&headers).unwrap();
        let expected =
            [Header::new("x-webhook-signature", "abc"), Header::new("x-many", "1"), Header::new("x-many", *b"\xff2")];
        assert_eq!(kept, expected);
        headers.insert("x-large", "a".repeat(MAX_HEADER_BYTES).parse().unwrap());
        assert!(kept_headers(&headers).is_err());
    }
}
