//! Refusals of the relay: one JSON shape for every endpoint a desk calls.

use serde::{Deserialize, Serialize};

/// Why the relay refused. Serialised in snake case; a desk treats unknown codes as [`RefusalCode::Unknown`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// 401: no device token, or one the relay does not (or no longer) know.
    DeviceUnknown,
    /// 404: the pairing code is not known, was used by somebody else, or expired.
    PairingCodeUnknown,
    /// 404: no such inlet, device or route.
    NotFound,
    /// 410: the inlet was retired; whoever still posts to it should stop.
    Retired,
    /// 408: the body did not arrive in time.
    TooSlow,
    /// 409: the inlet id is taken with another token.
    InletConflict,
    /// 400: the request cannot be read; `detail` says which part.
    Malformed,
    /// 400: the desk speaks a newer wire than this relay.
    VersionUnsupported,
    /// 413: more bytes than the relay takes.
    TooLarge,
    /// 429: too fast; `Retry-After` says how long to wait.
    TooFast,
    /// 503: the relay cannot make anything durable right now; `Retry-After` says when to come back.
    Unavailable,
    /// A code this side does not know.
    #[serde(other)]
    Unknown,
}

/// The body of every refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Machine-readable.
    pub code: RefusalCode,
    /// For an operator's log, in English; never contains tokens or client content.
    pub detail: String,
}
