//! The shapes in which orders are stored as JSON. They are the store's own: [`super::view`] makes of them what the window gets, so
//! that a field renamed for the screen leaves the database as it is. What a field means is said there.
//!
//! Whoever changes one of them moves [`VERSION`](crate::ledger::rebuild::VERSION); a test pins their text.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words::{Agreement, Attention, EntryKind, Finality, Mark, Stage, StatusGroup, StepState};
use crate::{
    event::fact::Trust,
    id::{ConnectionId, EventId, LaneUid, OrderUid, PharmacyUid},
    money::Money,
};

/// One lane of an order, in its row and in its timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredLane {
    pub(crate) uid: LaneUid,
    pub(crate) name: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) status_group: StatusGroup,
    pub(crate) stage: Option<Stage>,
    pub(crate) finality: Option<Finality>,
    pub(crate) handed_over: bool,
    pub(crate) pharmacy_uid: Option<PharmacyUid>,
    pub(crate) pharmacy_name: Option<String>,
    pub(crate) updated_at: Timestamp,
    pub(crate) deleted: bool,
}

/// One row of the list. It names no patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredRow {
    pub(crate) uid: OrderUid,
    pub(crate) connection: ConnectionId,
    pub(crate) name: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) status_group: StatusGroup,
    pub(crate) stage: Option<Stage>,
    pub(crate) finality: Option<Finality>,
    pub(crate) updated_at: Timestamp,
    pub(crate) status_since: Timestamp,
    pub(crate) received_at: Timestamp,
    pub(crate) lanes: Vec<StoredLane>,
    pub(crate) attention: Vec<Attention>,
    pub(crate) delivery_type: Option<String>,
    pub(crate) priority: i64,
    pub(crate) total: Option<Money>,
    pub(crate) items: u32,
    pub(crate) events: u32,
    pub(crate) trust: Trust,
}

/// One step of the expected sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredStep {
    pub(crate) status: String,
    pub(crate) stage: Option<Stage>,
    pub(crate) state: StepState,
    pub(crate) at: Option<Timestamp>,
}

/// The expected sequence of one lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredSequence {
    pub(crate) lane_uid: Option<LaneUid>,
    pub(crate) pharmacy_name: Option<String>,
    pub(crate) steps: Vec<StoredStep>,
}

/// One field that differs; masked already where it may speak of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredChange {
    pub(crate) field: String,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
}

/// One entry of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredEntry {
    pub(crate) event_id: EventId,
    pub(crate) lane_uid: Option<LaneUid>,
    pub(crate) pharmacy_name: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) received_at: Timestamp,
    pub(crate) kind: EntryKind,
    pub(crate) event_type: String,
    pub(crate) from: Option<String>,
    pub(crate) from_group: Option<StatusGroup>,
    pub(crate) from_stage: Option<Stage>,
    pub(crate) to: Option<String>,
    pub(crate) to_group: StatusGroup,
    pub(crate) to_stage: Option<Stage>,
    pub(crate) finality: Option<Finality>,
    pub(crate) dwell_ms: Option<i64>,
    pub(crate) reason: Option<String>,
    pub(crate) successors: Vec<LaneUid>,
    pub(crate) predecessor: Option<LaneUid>,
    pub(crate) trust: Trust,
    pub(crate) marks: Vec<Mark>,
    pub(crate) receipts: u32,
    pub(crate) changes: Vec<StoredChange>,
}

/// The timeline of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredTimeline {
    pub(crate) uid: OrderUid,
    pub(crate) lanes: Vec<StoredLane>,
    pub(crate) sequences: Vec<StoredSequence>,
    pub(crate) entries: Vec<StoredEntry>,
}

/// What was known of a lane here and there when somebody asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredConfirmedLane {
    pub(crate) lane_uid: Option<LaneUid>,
    pub(crate) here: Option<Stage>,
    pub(crate) there: Option<String>,
    pub(crate) agreement: Agreement,
}

/// What came of asking a provider's API. No fold makes it anew: it has to be read for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredConfirmation {
    pub(crate) asked_at: Timestamp,
    pub(crate) agreement: Agreement,
    pub(crate) lanes: Vec<StoredConfirmedLane>,
    /// Always false: whether something was received since is found out when it is shown.
    pub(crate) outdated: bool,
}
