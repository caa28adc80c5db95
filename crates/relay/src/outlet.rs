//! The outlet: how a desk gets what is in its inbox (step 4 of the journey).
//!
//! `GET /v1/segments` waits without polling: a commit wakes it. `POST /v1/ack` is the only thing that lets go of
//! segments. It deliberately cannot read what it hands out.

use std::time::Duration;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use offizin_wire::pull::{Ack, CLOCK_HEADER, HEAD_HEADER, MAX_WAIT_SECONDS, PAGE_CONTENT_TYPE, write_segment};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Input, Paired},
    app::{App, AppState},
    refusal::Refused,
};

/// What is asked for.
#[derive(Deserialize)]
pub(crate) struct Pull {
    /// The highest sequence the desk already has.
    #[serde(default)]
    after: u64,
    /// Seconds to wait if there is nothing; more than [`MAX_WAIT_SECONDS`] is taken as that.
    #[serde(default)]
    wait: u64,
}

/// `GET /v1/segments`: one page, at once if there is something, else when something comes, or empty.
pub(crate) async fn segments(
    State(app): State<AppState>,
    Paired(device): Paired,
    query: Result<Query<Pull>, QueryRejection>,
) -> Result<Response, Refused> {
    let Query(Pull { after, wait }) = query.map_err(|_| Refused::malformed("after and wait are whole numbers"))?;
    let until = tokio::time::Instant::now() + Duration::from_secs(wait.min(MAX_WAIT_SECONDS));
    let mut head = device.inbox.watch();
    loop {
        // Seen before it is read: what is committed in between wakes the next round.
        head.borrow_and_update();
        let clock = app.now();
        let Some(page) = app.log.page(&device.inbox.id, after).await? else {
            app.registry.forget(&device.inbox.id);
            return Err(Refused::device_unknown());
        };
        // The log knows best: a commit may have become durable and yet been answered with an error.
        device.inbox.grown(page.head);
        if page.segments.is_empty() && tokio::time::Instant::now() < until {
            let _waiting = PullWaits::of(&app);
            tokio::select! {
                grown = head.changed() => if grown.is_ok() { continue },
                () = tokio::time::sleep_until(until) => continue,
                () = app.drained() => {}
            }
        }
        app.metrics.served(page.segments.len() as u64);
        let size = page.segments.iter().map(|segment| segment.sealed.len() + 20).sum();
        let mut body = Vec::with_capacity(size);
        for segment in &page.segments {
            if !write_segment(&mut body, segment) {
                return Err(Refused::not_durable());
            }
        }
        let mut response = body.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PAGE_CONTENT_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(HEAD_HEADER, HeaderValue::from(page.head));
        headers.insert(CLOCK_HEADER, HeaderValue::from(clock.as_millisecond()));
        return Ok(response);
    }
}

/// Counts a pull as waiting, whichever way the waiting ends.
struct PullWaits<'a>(&'a App);

impl<'a> PullWaits<'a> {
    fn of(app: &'a App) -> Self {
        app.metrics.pull_waits(true);
        Self(app)
    }
}

impl Drop for PullWaits<'_> {
    fn drop(&mut self) {
        self.0.metrics.pull_waits(false);
    }
}

/// `POST /v1/ack`: everything up to the cursor is on the desk's disk.
pub(crate) async fn ack(
    State(app): State<AppState>,
    Paired(device): Paired,
    Input(Ack { cursor }): Input<Ack>,
) -> Result<StatusCode, Refused> {
    if cursor > device.inbox.head() {
        // Another relay may have handed it out before the word of it came here.
        app.registry.look(&device.inbox.id).await?;
    }
    // Believing it would let retention delete what was never sent.
    if cursor > device.inbox.head() {
        return Err(Refused::malformed("the cursor is beyond the head of the inbox"));
    }
    match app.registry.ack(&device, cursor, app.now()).await? {
        Some(_) => Ok(StatusCode::NO_CONTENT),
        None => Err(Refused::device_unknown()),
    }
}

/// `GET /v1/inbox`: where everything stands.
#[derive(Serialize)]
pub(crate) struct InboxAnswer {
    /// Opaque id.
    inbox: String,
    /// The operator's name for it.
    name: String,
    /// The highest sequence the relay holds for it.
    head: u64,
    /// What the device that asks has acknowledged.
    acked: u64,
    /// How many devices are paired.
    devices: usize,
    /// The relay's clock.
    clock: Timestamp,
}

/// The handler.
pub(crate) async fn inbox(State(app): State<AppState>, Paired(device): Paired) -> Json<InboxAnswer> {
    Json(InboxAnswer {
        inbox: device.inbox.id.as_str().into(),
        name: device.inbox.name.clone(),
        clock: app.now(),
        head: device.inbox.head(),
        acked: device.acked(),
        devices: device.inbox.devices(),
    })
}
