//! The timeline of an order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::list::{LaneView, known};
use crate::{
    event::fact::Trust,
    id::{EventId, LaneUid, OrderUid},
    orders::{
        stored::{StoredChange, StoredEntry, StoredSequence, StoredStep, StoredTimeline},
        words::{EntryKind, Finality, KnownStatus, Mark, Stage, StatusGroup, StepState},
    },
    shown::shown,
};

/// One step of the expected sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StepView {
    /// The status word it is heard as.
    pub status: String,
    /// What it means.
    pub stage: Option<Stage>,
    /// Where it stands.
    pub state: StepState,
    /// When it was first heard of.
    #[ts(type = "string | null")]
    pub at: Option<Timestamp>,
    /// The status, where its raw word is a known one: the window has a word of its own for each.
    pub known: Option<KnownStatus>,
}

/// The expected sequence of one lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SequenceView {
    /// The lane; `None` for the whole order while it has no lane.
    pub lane_uid: Option<LaneUid>,
    /// Its pharmacy.
    pub pharmacy_name: Option<String>,
    /// In the order they are expected.
    pub steps: Vec<StepView>,
}

/// One field that differs from the entry before on the same lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChangeView {
    /// `priority`, `items[0].stock`, `patient.name` …; what only this provider has, by its own dotted path.
    pub field: String,
    /// Before; `None` where it was absent. Masked (`•••`) for what may speak of a person.
    pub from: Option<String>,
    /// After.
    pub to: Option<String>,
}

/// One entry of a timeline: one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EntryView {
    /// Leads to the proof.
    pub event_id: EventId,
    /// The lane it belongs to; `None` where it speaks of the order as a whole.
    pub lane_uid: Option<LaneUid>,
    /// The lane's pharmacy.
    pub pharmacy_name: Option<String>,
    /// When it happened: the event's own time, or the receipt time with the mark `time_of_receipt`.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// First receipt, relay's clock.
    #[ts(type = "string")]
    pub received_at: Timestamp,
    /// What it is.
    pub kind: EntryKind,
    /// The event's type, as the provider names it.
    pub event_type: String,
    /// Raw status before on this lane; `None` for the first.
    pub from: Option<String>,
    /// Folded.
    pub from_group: Option<StatusGroup>,
    /// What it meant, where its word alone would mislead.
    pub from_stage: Option<Stage>,
    /// Raw status after.
    pub to: Option<String>,
    /// Folded.
    pub to_group: StatusGroup,
    /// What it means, where its word alone would mislead.
    pub to_stage: Option<Stage>,
    /// Whether an ending is one.
    pub finality: Option<Finality>,
    /// How long the lane stayed in `from`, milliseconds.
    #[ts(type = "number | null")]
    pub dwell_ms: Option<i64>,
    /// Why, in the provider's words.
    pub reason: Option<String>,
    /// Lanes that take over from this one.
    pub successors: Vec<LaneUid>,
    /// The lane that handed over to this one.
    pub predecessor: Option<LaneUid>,
    /// Signed or not.
    pub trust: Trust,
    /// Words to show.
    pub marks: Vec<Mark>,
    /// How many times it was received.
    pub receipts: u32,
    /// What differs from the entry before on the same lane.
    pub changes: Vec<ChangeView>,
    /// The status before, where its raw word is a known one.
    pub from_known: Option<KnownStatus>,
    /// The status after, where its raw word is a known one.
    pub to_known: Option<KnownStatus>,
}

/// Everything known about one order, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TimelineView {
    /// The order.
    pub uid: OrderUid,
    /// Its lanes, newest first.
    pub lanes: Vec<LaneView>,
    /// The steps expected of each lane, newest lane first; only where the provider's documents know a sequence.
    pub sequences: Vec<SequenceView>,
    /// Oldest first.
    pub entries: Vec<EntryView>,
}

shown! { StoredStep => StepView { status, stage, state, at; made known: known(Some(&status)) } }

shown! { StoredSequence => SequenceView { lane_uid, pharmacy_name; each steps } }

shown! { StoredChange => ChangeView { field, from, to } }

shown! { StoredEntry => EntryView {
    event_id, lane_uid, pharmacy_name, at, received_at, kind, event_type, from, from_group, from_stage, to, to_group,
    to_stage, finality, dwell_ms, reason, successors, predecessor, trust, marks, receipts; each changes;
    made from_known: known(from.as_deref()), to_known: known(to.as_deref())
} }

shown! { StoredTimeline => TimelineView { uid; each lanes, sequences, entries } }
