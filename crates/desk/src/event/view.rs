//! Events and quarantine as window and scripts see them: what arrived, how it was judged, and its raw proof.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    fact::Trust,
    words::{QuarantineReason, Unrecognised, Verdict},
};
use crate::{
    id::{ConnectionId, EventId, OrderUid, PharmacySkuUid},
    page::PageInput,
    status::Tag,
};

/// Which arrivals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct EventListInput {
    /// Only this verdict.
    pub verdict: Option<Verdict>,
    /// Only this event type, exactly.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// Only this source, by its short name.
    pub source: Option<String>,
    /// Only this reason; with the verdict `rejected`.
    pub quarantine: Option<QuarantineReason>,
    /// What an order is found by, or the beginning of a product's uid or of the event's id.
    pub search: Option<String>,
    /// The window.
    #[serde(flatten)]
    #[ts(flatten)]
    pub page: PageInput,
}

/// One arrival that was kept: an event, or a delivery in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EventRowView {
    /// The event, or the quarantined delivery.
    pub id: EventId,
    /// The provider's short name, for example `rxscale`.
    pub source: String,
    /// The connection; `None` where the inlet is not known.
    pub connection: Option<ConnectionId>,
    /// As the body says, or the unsigned header for what is in quarantine.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// The event's own time.
    #[ts(type = "string | null")]
    pub at: Option<Timestamp>,
    /// First receipt.
    #[ts(type = "string")]
    pub received_at: Timestamp,
    /// How it was judged.
    pub verdict: Verdict,
    /// Signed or not; `None` in quarantine.
    pub trust: Option<Trust>,
    /// Why it was not understood.
    pub unrecognised: Option<Unrecognised>,
    /// Why it is in quarantine.
    pub quarantine: Option<QuarantineReason>,
    /// How many times it was received.
    pub receipts: u32,
    /// Bytes of the body.
    #[ts(type = "number")]
    pub bytes: i64,
    /// The order it speaks of.
    pub order: Option<OrderUid>,
    /// The order's name.
    pub order_name: Option<String>,
    /// The product it speaks of.
    pub stock: Option<PharmacySkuUid>,
    /// It never came through the relay, only out of a file.
    pub imported: bool,
}

/// One receipt of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReceiptView {
    /// Relay's clock.
    #[ts(type = "string")]
    pub received_at: Timestamp,
    /// The inlet it came through.
    pub inlet: String,
    /// Place in the relay's log; `None` for an imported file.
    #[ts(type = "number | null")]
    pub sequence: Option<i64>,
    /// Fingerprint of the secret that verified it.
    pub fingerprint: Option<String>,
    /// Headers as they arrived; a value that is not UTF-8 shows as hex.
    pub headers: Vec<(String, String)>,
}

/// Everything that proves one event, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProofView {
    /// The same as in the list.
    #[serde(flatten)]
    #[ts(flatten)]
    pub row: EventRowView,
    /// SHA-256 of the raw body, hex.
    pub sha256: String,
    /// `payload_version` as sent.
    pub payload_version: Option<String>,
    /// Every receipt, oldest first.
    pub receipt_list: Vec<ReceiptView>,
}

/// What an import brought, or has brought so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportedView {
    /// Bytes of the file.
    #[ts(type = "number")]
    pub bytes: u64,
    /// ... and how many of them were read.
    #[ts(type = "number")]
    pub bytes_read: u64,
    /// Deliveries in the file.
    #[ts(type = "number")]
    pub deliveries: u64,
    /// Events not seen before.
    #[ts(type = "number")]
    pub events: u64,
    /// Further deliveries of events seen before.
    #[ts(type = "number")]
    pub duplicates: u64,
    /// Deliveries this desk has already.
    #[ts(type = "number")]
    pub known: u64,
    /// Deliveries now in quarantine.
    #[ts(type = "number")]
    pub rejected: u64,
    /// Lines that are no delivery, or name no inlet.
    #[ts(type = "number")]
    pub unreadable: u64,
    /// The first of them, counted from the line after the head.
    #[ts(type = "number | null")]
    pub first_unreadable: Option<u64>,
    /// What changed.
    pub changed: Vec<Tag>,
}

/// What an export wrote, or has written so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExportedView {
    /// Rows of the list.
    #[ts(type = "number")]
    pub rows: u64,
}

/// The raw body: health data, fetched only when somebody asks for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BodyView {
    /// The body as text; `None` where it is not UTF-8, then `base64` holds it.
    pub text: Option<String>,
    /// The body in base64 where it is not UTF-8.
    pub base64: Option<String>,
    /// The body is longer than what is given here (1 MiB).
    pub truncated: bool,
}

/// Prints nothing.
impl std::fmt::Debug for BodyView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BodyView(…)")
    }
}

/// The answer to "verify again", made from the stored bytes, headers and secrets at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VerifyView {
    /// The stored hash still is the hash of the stored body.
    pub body_intact: bool,
    /// A stored secret of the inlet makes this signature.
    pub signature_matches: bool,
    /// Which one.
    pub fingerprint: Option<String>,
    /// Why not.
    pub reason: Option<QuarantineReason>,
}
