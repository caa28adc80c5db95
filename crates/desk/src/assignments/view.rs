//! Assignments as window and scripts see them. Doctors are named, patients never.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    stored::{StoredAssignment, StoredChange, StoredDoctor, StoredPrescription},
    words::{Clock, PrescriptionState, ReasonKind},
};
use crate::{
    event::fact::Trust,
    id::{ConnectionId, DoctorUid, EventId, OrderUid, PrescriptionUid},
    page::PageInput,
    shown::shown,
};

/// One change of doctor: what began or ended an assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChangeOfDoctorView {
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// Whose clock that is.
    pub clock: Clock,
    /// The provider's code, verbatim.
    pub reason: Option<String>,
    /// What it means.
    pub reason_kind: Option<ReasonKind>,
    /// Leads to the proof; absent where the prescription's own beginning stands in.
    pub event_id: Option<EventId>,
    /// Signed or not: the best proof of several that say the same.
    pub trust: Trust,
    /// How many events say the same: by another transport, or sent again.
    pub told: u32,
    /// The same message arrived again after another change, without a time of its own: the doctor was assigned anew, or it was
    /// only sent twice. Nothing in it tells which.
    pub uncertain: bool,
}

/// Who had a prescription, from when to when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AssignmentView {
    /// The prescription.
    pub prescription_uid: PrescriptionUid,
    /// The doctor; `None`: nobody.
    pub doctor_uid: Option<DoctorUid>,
    /// The doctor's name, where an event tells it.
    pub doctor_name: Option<String>,
    /// Since when; `None`: its beginning was not heard.
    #[ts(type = "string | null")]
    pub from: Option<Timestamp>,
    /// Until when; `None`: still, or its end was not heard. `open` tells which.
    #[ts(type = "string | null")]
    pub until: Option<Timestamp>,
    /// Why it began: the provider's code, verbatim.
    pub reason: Option<String>,
    /// It still goes on, as far as is known.
    pub open: bool,
    /// It was so at this moment at the earliest.
    #[ts(type = "string")]
    pub not_before: Timestamp,
    /// It had ended by this moment, where it ended.
    #[ts(type = "string | null")]
    pub not_after: Option<Timestamp>,
    /// What began it, where that was heard.
    pub began: Option<ChangeOfDoctorView>,
    /// What ended it, where that was heard.
    pub ended: Option<ChangeOfDoctorView>,
    /// The shop.
    pub shop: Option<String>,
}

/// Which assignments, newest first. All filters must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct AssignmentListInput {
    /// One prescription.
    pub prescription: Option<PrescriptionUid>,
    /// One doctor.
    pub doctor: Option<DoctorUid>,
    /// Begun by this reason, exactly.
    pub reason: Option<String>,
    /// One shop.
    pub shop: Option<String>,
    /// Begun at this moment or later.
    #[ts(type = "string | null")]
    pub since: Option<Timestamp>,
    /// Begun before this moment.
    #[ts(type = "string | null")]
    pub until: Option<Timestamp>,
    /// Only those that go on.
    pub open: Option<bool>,
    /// The window.
    #[serde(flatten)]
    #[ts(flatten)]
    pub page: PageInput,
}

/// A prescription and who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PrescriptionRowView {
    /// The provider's id.
    pub uid: PrescriptionUid,
    /// The connection it came through.
    pub connection: ConnectionId,
    /// As received.
    pub status: Option<String>,
    /// When the provider made it.
    #[ts(type = "string | null")]
    pub created_at: Option<Timestamp>,
    /// Its last change of doctor.
    #[ts(type = "string")]
    pub changed_at: Timestamp,
    /// Who has it; `None`: nobody.
    pub doctor_uid: Option<DoctorUid>,
    /// The doctor's name.
    pub doctor_name: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What the reason means.
    pub reason_kind: Option<ReasonKind>,
    /// How many doctors had it, the same one twice where it came back.
    pub assignments: u32,
    /// Breaks in the chain: changes that were not heard.
    pub gaps: u32,
    /// The shop.
    pub shop: Option<String>,
    /// How the shop calls the order.
    pub external_order_id: Option<String>,
    /// How the shop calls the delivery of goods.
    pub external_fulfillment_id: Option<String>,
    /// The order, where identifiers and shop agree exactly.
    pub order: Option<OrderUid>,
    /// The order's name.
    pub order_name: Option<String>,
}

/// Which prescriptions, newest change first. All filters must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct PrescriptionListInput {
    /// Text in its uid, the shop's numbers, a doctor.
    pub search: Option<String>,
    /// This doctor had it.
    pub doctor: Option<DoctorUid>,
    /// This reason occurs, exactly.
    pub reason: Option<String>,
    /// One shop.
    pub shop: Option<String>,
    /// Where it is.
    pub state: Option<PrescriptionState>,
    /// Changed at this moment or later.
    #[ts(type = "string | null")]
    pub since: Option<Timestamp>,
    /// The window.
    #[serde(flatten)]
    #[ts(flatten)]
    pub page: PageInput,
}

/// One prescription with its whole history, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PrescriptionView {
    /// As in the list.
    #[serde(flatten)]
    #[ts(flatten)]
    pub row: PrescriptionRowView,
    /// Who had it.
    pub history: Vec<AssignmentView>,
}

/// What the list of prescriptions can be filtered by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AssignmentFiltersView {
    /// Reasons that occur, as received.
    pub reasons: Vec<ReasonView>,
    /// Shops that occur.
    pub shops: Vec<String>,
}

/// A reason that occurs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReasonView {
    /// As received.
    pub reason: String,
    /// What it means.
    pub reason_kind: ReasonKind,
}

/// A doctor in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DoctorRowView {
    /// The provider's id.
    pub uid: String,
    /// As an event names the doctor.
    pub name: Option<String>,
    /// Prescriptions the doctor has now.
    #[ts(type = "number")]
    pub open: i64,
    /// How often the doctor was given one.
    #[ts(type = "number")]
    pub taken: i64,
    /// How often one was taken away.
    #[ts(type = "number")]
    pub lost: i64,
    /// ... because it went back into the queue.
    #[ts(type = "number")]
    pub requeued: i64,
    /// The newest assignment.
    #[ts(type = "string | null")]
    pub last_at: Option<Timestamp>,
}

/// Which doctors, those with the most open prescriptions first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct DoctorListInput {
    /// Text in name or uid.
    pub search: Option<String>,
    /// The window.
    #[serde(flatten)]
    #[ts(flatten)]
    pub page: PageInput,
}

/// How often for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReasonCountView {
    /// As received; `None` where none was told.
    pub reason: Option<String>,
    /// What it means.
    pub reason_kind: Option<ReasonKind>,
    /// Assignments that began so.
    #[ts(type = "number")]
    pub taken: i64,
    /// Assignments that ended so.
    #[ts(type = "number")]
    pub lost: i64,
}

/// One doctor, by reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DoctorView {
    /// As in the list.
    #[serde(flatten)]
    #[ts(flatten)]
    pub row: DoctorRowView,
    /// Most frequent first.
    pub reasons: Vec<ReasonCountView>,
}

shown! { StoredChange => ChangeOfDoctorView { at, clock, reason, reason_kind, event_id, trust, told, uncertain } }

shown! { StoredAssignment => AssignmentView {
    prescription_uid, doctor_uid, doctor_name, from, until, reason, open, not_before, not_after, shop; each began, ended
} }

shown! { StoredDoctor => DoctorRowView { uid, name, open, taken, lost, requeued, last_at } }

/// Without its order, which is looked for.
impl From<StoredPrescription> for PrescriptionRowView {
    fn from(prescription: StoredPrescription) -> Self {
        let StoredPrescription {
            uid,
            connection,
            status,
            created_at,
            changed_at,
            doctor_uid,
            doctor_name,
            reason,
            reason_kind,
            assignments,
            gaps,
            shop,
            external_order_id,
            external_fulfillment_id,
            order: (),
            order_name: (),
        } = prescription;
        Self {
            uid,
            connection,
            status,
            created_at,
            changed_at,
            doctor_uid,
            doctor_name,
            reason,
            reason_kind,
            assignments,
            gaps,
            shop,
            external_order_id,
            external_fulfillment_id,
            order: None,
            order_name: None,
        }
    }
}
