//! Stock as window and scripts see it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    event::Trust,
    id::{ConnectionId, EventId, PharmacySkuUid, PharmacyUid},
    page::PageInput,
};

/// Which stock levels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct StockListInput {
    /// Text in a product name, PZN or uid.
    pub search: Option<String>,
    /// The window.
    #[serde(flatten)]
    #[ts(flatten)]
    pub page: PageInput,
}

/// The level of one product at one pharmacy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StockRowView {
    /// The pharmacy SKU.
    pub uid: PharmacySkuUid,
    /// The connection it came through.
    pub connection: ConnectionId,
    /// The pharmacy.
    pub pharmacy_uid: Option<PharmacyUid>,
    /// Pharmazentralnummer.
    pub pzn: Option<String>,
    /// Product name.
    pub name: Option<String>,
    /// Absolute level; may be negative.
    #[ts(type = "number | null")]
    pub stock: Option<i64>,
    /// Difference to the level known before; `None` for the first.
    #[ts(type = "number | null")]
    pub delta: Option<i64>,
    /// Price of one, cents.
    #[ts(type = "number | null")]
    pub price_cents: Option<i64>,
    /// Provider's time.
    #[ts(type = "string")]
    pub updated_at: Timestamp,
    /// Signed or not.
    pub trust: Trust,
}

/// One known level, newest first in a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StockChangeView {
    /// Leads to the proof.
    pub event_id: EventId,
    /// When it was so.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// First receipt.
    #[ts(type = "string")]
    pub received_at: Timestamp,
    /// Absolute level.
    #[ts(type = "number | null")]
    pub stock: Option<i64>,
    /// Since last seen.
    #[ts(type = "number | null")]
    pub delta: Option<i64>,
    /// Cents.
    #[ts(type = "number | null")]
    pub price_cents: Option<i64>,
    /// Signed or not.
    pub trust: Trust,
    /// How many times it was received.
    pub receipts: u32,
}
