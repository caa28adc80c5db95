//! The shapes in which assignments, prescriptions and doctors are stored as JSON. They are the store's own: [`super::view`] makes of them what the window gets, so
//! that a field renamed for the screen leaves the database as it is. What a field means is said there.
//! Some queries read fields of them by name.
//!
//! Whoever changes one of them moves [`VERSION`](crate::ledger::rebuild::VERSION); a test pins their text.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words::{Clock, ReasonKind};
use crate::{
    event::fact::Trust,
    id::{ConnectionId, DoctorUid, EventId, PrescriptionUid},
};

/// One change of doctor: what began or ended an assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredChange {
    pub(crate) at: Timestamp,
    pub(crate) clock: Clock,
    pub(crate) reason: Option<String>,
    pub(crate) reason_kind: Option<ReasonKind>,
    pub(crate) event_id: Option<EventId>,
    pub(crate) trust: Trust,
    pub(crate) told: u32,
    pub(crate) uncertain: bool,
}

/// Who had a prescription, from when to when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredAssignment {
    pub(crate) prescription_uid: PrescriptionUid,
    pub(crate) doctor_uid: Option<DoctorUid>,
    pub(crate) doctor_name: Option<String>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) reason: Option<String>,
    pub(crate) open: bool,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Option<Timestamp>,
    pub(crate) began: Option<StoredChange>,
    pub(crate) ended: Option<StoredChange>,
    pub(crate) shop: Option<String>,
}

/// A prescription and who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredPrescription {
    pub(crate) uid: PrescriptionUid,
    pub(crate) connection: ConnectionId,
    pub(crate) status: Option<String>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) changed_at: Timestamp,
    pub(crate) doctor_uid: Option<DoctorUid>,
    pub(crate) doctor_name: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) reason_kind: Option<ReasonKind>,
    pub(crate) assignments: u32,
    pub(crate) gaps: u32,
    pub(crate) shop: Option<String>,
    pub(crate) external_order_id: Option<String>,
    pub(crate) external_fulfillment_id: Option<String>,
    /// Always nothing, and so is its name: the order is looked for when the prescription is shown.
    pub(crate) order: (),
    pub(crate) order_name: (),
}

/// A doctor in figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredDoctor {
    pub(crate) uid: String,
    pub(crate) name: Option<String>,
    pub(crate) open: i64,
    pub(crate) taken: i64,
    pub(crate) lost: i64,
    pub(crate) requeued: i64,
    pub(crate) last_at: Option<Timestamp>,
}
