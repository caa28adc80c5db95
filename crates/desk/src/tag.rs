//! Tags: which views changed. They travel to the window in place of rows, and whatever is open there asks again.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which views changed: tags, never rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    /// Orders and timelines.
    Orders,
    /// Stock levels.
    Stock,
    /// Assignments of doctors.
    Doctors,
    /// Events and quarantine.
    Events,
    /// Subscriptions and connections.
    Subscriptions,
    /// Pairing, freshness, counts.
    Status,
    /// Settings.
    Settings,
}
