//! Saying no: every refusal of every endpoint is made here, as status, `Retry-After` and [`Refusal`] JSON.
//!
//! Deliberately holds fixed English sentences only: nothing a client sent can come back or reach a log through them.

use std::time::Duration;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use offizin_wire::{Refusal, RefusalCode};

use crate::log::LogError;

/// How long a provider is asked to wait when nothing better is known.
const COME_BACK: Duration = Duration::from_secs(5);

/// A refusal on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    code: RefusalCode,
    detail: &'static str,
    retry_after: Option<Duration>,
    /// The label under which it is counted.
    pub(crate) reason: Reason,
}

/// What refusals are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    UnknownInlet,
    RetiredInlet,
    TooLarge,
    TooFast,
    TooSlow,
    Busy,
    NoDevice,
    StoreFull,
    StoreDown,
    DeviceUnknown,
    CodeUnknown,
    Malformed,
    Other,
}

impl Reason {
    /// All of them, in the order of their labels.
    pub(crate) const ALL: [(Self, &'static str); 13] = [
        (Self::UnknownInlet, "unknown_inlet"),
        (Self::RetiredInlet, "retired_inlet"),
        (Self::TooLarge, "too_large"),
        (Self::TooFast, "too_fast"),
        (Self::TooSlow, "too_slow"),
        (Self::Busy, "busy"),
        (Self::NoDevice, "no_device"),
        (Self::StoreFull, "store_full"),
        (Self::StoreDown, "store_down"),
        (Self::DeviceUnknown, "device_unknown"),
        (Self::CodeUnknown, "code_unknown"),
        (Self::Malformed, "malformed"),
        (Self::Other, "other"),
    ];
}

impl Refused {
    const fn new(status: StatusCode, code: RefusalCode, reason: Reason, detail: &'static str) -> Self {
        Self { status, code, detail, retry_after: None, reason }
    }

    const fn later(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// 404: nobody was ever given this address.
    pub(crate) const fn unknown_inlet() -> Self {
        Self::new(StatusCode::NOT_FOUND, RefusalCode::NotFound, Reason::UnknownInlet, "there is no such inlet")
    }

    /// 410: the desk retired it.
    pub(crate) const fn retired_inlet() -> Self {
        Self::new(StatusCode::GONE, RefusalCode::Retired, Reason::RetiredInlet, "this inlet was retired")
    }

    /// 413.
    pub(crate) const fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, RefusalCode::TooLarge, Reason::TooLarge, "the body is too large")
    }

    /// 431: headers are never cut off, because one of them is the signature.
    pub(crate) const fn too_many_headers() -> Self {
        Self::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            RefusalCode::TooLarge,
            Reason::TooLarge,
            "there are too many headers, or too large ones",
        )
    }

    /// 429.
    pub(crate) const fn too_fast(after: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, RefusalCode::TooFast, Reason::TooFast, "too many requests")
            .later(after)
    }

    /// 408.
    pub(crate) const fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, RefusalCode::TooSlow, Reason::TooSlow, "the body did not arrive in time")
    }

    /// 503: as many bodies are in memory as the operator allows.
    pub(crate) const fn busy() -> Self {
        Self::unavailable(Reason::Busy, "the relay is busy").later(Duration::from_secs(1))
    }

    /// 503: another relay paired or revoked a device a moment ago, or the inbox is being moved.
    pub(crate) const fn stale() -> Self {
        Self::unavailable(Reason::Busy, "the inbox is changing").later(Duration::from_secs(1))
    }

    /// 503: nobody could read what would be sealed.
    pub(crate) const fn no_device() -> Self {
        Self::unavailable(Reason::NoDevice, "no device is paired with this inbox")
    }

    /// 503: before the disk is full.
    pub(crate) const fn disk_low() -> Self {
        Self::unavailable(Reason::StoreFull, "the disk is nearly full")
    }

    /// 503: nothing can be promised right now.
    pub(crate) const fn not_durable() -> Self {
        Self::unavailable(Reason::StoreDown, "nothing can be made durable right now")
    }

    const fn unavailable(reason: Reason, detail: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, RefusalCode::Unavailable, reason, detail).later(COME_BACK)
    }

    /// 401.
    pub(crate) const fn device_unknown() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            RefusalCode::DeviceUnknown,
            Reason::DeviceUnknown,
            "no device token, or not one of a paired device",
        )
    }

    /// 404.
    pub(crate) const fn code_unknown() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            RefusalCode::PairingCodeUnknown,
            Reason::CodeUnknown,
            "the pairing code is not known, was used or has expired",
        )
    }

    /// 409.
    pub(crate) const fn inlet_conflict() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            RefusalCode::InletConflict,
            Reason::Other,
            "the inlet's id or token is taken by another inlet",
        )
    }

    /// 404.
    pub(crate) const fn not_found(detail: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, RefusalCode::NotFound, Reason::Other, detail)
    }

    /// 405.
    pub(crate) const fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            RefusalCode::NotFound,
            Reason::Other,
            "this method is not allowed here",
        )
    }

    /// 400.
    pub(crate) const fn malformed(detail: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, RefusalCode::Malformed, Reason::Malformed, detail)
    }

    /// 400.
    pub(crate) const fn version() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            RefusalCode::VersionUnsupported,
            Reason::Malformed,
            "this relay is older than the desk; update the relay",
        )
    }
}

/// The log's own words go to the operator's log where the error is met, never to a client.
impl From<&LogError> for Refused {
    fn from(error: &LogError) -> Self {
        match error {
            LogError::Full => Self::unavailable(Reason::StoreFull, "the store is full"),
            _ => Self::not_durable(),
        }
    }
}

impl From<LogError> for Refused {
    fn from(error: LogError) -> Self {
        tracing::warn!(%error, "the log refused");
        Self::from(&error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = Json(Refusal { code: self.code, detail: self.detail.into() });
        let mut response = (self.status, body).into_response();
        if let Some(after) = self.retry_after {
            // Whole seconds, rounded up: too early would be refused again.
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(self.reason);
        response
    }
}
