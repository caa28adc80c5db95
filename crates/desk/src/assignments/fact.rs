//! What one event says about who has a prescription: provider-neutral, and without its patient. A provider's folder makes it
//! (step 8 of the journey), the fold consumes it (step 9).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words::{Clock, ReasonKind};
use crate::id::{DoctorUid, PrescriptionUid};

/// A change of doctor. `prescription` has a column of its own; the rest is stored as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AssignmentFact {
    #[serde(skip, default = "no_prescription")]
    pub(crate) prescription: PrescriptionUid,
    /// Equal for two events that say the same, however they were wrapped.
    pub(crate) claim: String,
    /// The transport's id of the message: equal for two that are one.
    pub(crate) message: Option<String>,
    /// Whose clock its time is from.
    pub(crate) clock: Clock,
    /// Who had it; `None`: nobody.
    pub(crate) from: Option<DoctorUid>,
    /// Who has it now; `None`: nobody.
    pub(crate) to: Option<DoctorUid>,
    /// Verbatim.
    pub(crate) reason: Option<String>,
    pub(crate) reason_kind: Option<ReasonKind>,
    /// A doctor whose name it tells.
    pub(crate) named: Option<Doctor>,
    /// Of the prescription, verbatim.
    pub(crate) status: Option<String>,
    /// When the prescription was made.
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) shop: Option<String>,
    pub(crate) external_order_id: Option<String>,
    pub(crate) external_fulfillment_id: Option<String>,
}

fn no_prescription() -> PrescriptionUid {
    "".into()
}

/// A doctor by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Doctor {
    pub(crate) uid: DoctorUid,
    pub(crate) name: String,
}
