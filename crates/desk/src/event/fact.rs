//! A fact: an event as a fold sees it, with its place in time, how it came and how far it can be believed. What it says is the
//! business of whoever folds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

use crate::id::{ConnectionId, EventId};

/// How far an event can be believed. Ordered: the lowest of several is the one to show for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// The source does not sign.
    Unsigned,
    /// Fetched from the provider's API to fill a gap.
    Reconciled,
    /// The signature over the raw body was checked with a secret of its inlet.
    Verified,
}

impl Trust {
    pub(crate) fn stored(self) -> i64 {
        self as i64
    }

    pub(crate) fn from_stored(number: i64) -> Self {
        match number {
            2 => Trust::Verified,
            1 => Trust::Reconciled,
            _ => Trust::Unsigned,
        }
    }
}

/// The place of a fact in time: event time, provider's `updated_at`, first receipt, event id (which comes from the body's
/// hash). A total order that does not depend on the order of arrival.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The event's own time, or the receipt time where it has none.
    pub(crate) at: Timestamp,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) received_at: Timestamp,
    pub(crate) event: EventId,
}

/// An event as a fold sees it: its place, how it came, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fact<T = Map<String, Value>> {
    pub(crate) place: Place,
    pub(crate) connection: ConnectionId,
    pub(crate) event_type: String,
    /// The event carries no time of its own.
    pub(crate) time_of_receipt: bool,
    pub(crate) last_receipt_at: Timestamp,
    pub(crate) receipts: u32,
    pub(crate) trust: Trust,
    pub(crate) header_mismatch: bool,
    pub(crate) data: T,
}
