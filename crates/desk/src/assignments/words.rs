//! What is said of a change of doctor, in the words that decoders, folds and tables share.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Whose clock a moment is from. A change of doctor carries no time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The signed event around it says when.
    Event,
    /// The transport says when it was published.
    Published,
    /// When the relay received it.
    Received,
    /// When the provider made the prescription.
    Prescription,
}

/// What a reason means, where it is a documented one. The code beside it stays verbatim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// Somebody of the organisation assigned it.
    Person,
    /// The order asked for this doctor.
    Order,
    /// The queue gave it.
    Queue,
    /// The prescription was put back into the queue.
    Requeued,
    /// The doctor's prescriptions were put back into the queue.
    DoctorRequeued,
    /// An assignment that nobody worked on was cleared.
    Stale,
    /// The doctor was removed because the order was put on hold.
    OnHold,
    /// A code this build does not know.
    Other,
}

impl ReasonKind {
    /// It went back into the queue.
    pub(crate) fn is_requeue(self) -> bool {
        matches!(self, ReasonKind::Requeued | ReasonKind::DoctorRequeued)
    }
}

/// Where a prescription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PrescriptionState {
    /// A doctor has it.
    Assigned,
    /// Nobody has it.
    Unassigned,
    /// Something between was not heard, whoever has it now.
    Broken,
}
