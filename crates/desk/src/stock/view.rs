//! Stock as window and scripts see it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::stored::StoredLevel;
pub use super::words::{StockThreshold, StockWindow};
use crate::{
    event::fact::Trust,
    id::{ConnectionId, EventId, PharmacySkuUid, PharmacyUid},
    page::PageInput,
};

/// Which stock levels. All filters must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct StockListInput {
    /// Text in a product name, PZN or uid.
    pub search: Option<String>,
    /// Only what is low by its threshold. Not together with `as_of`.
    pub low: Option<bool>,
    /// Only what is empty.
    pub out: Option<bool>,
    /// As it was known to be at this moment; now when absent.
    #[ts(type = "string | null")]
    pub as_of: Option<Timestamp>,
    /// The window.
    #[serde(flatten)]
    #[ts(flatten)]
    pub page: PageInput,
}

/// A threshold of one product, or none of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StockThresholdInput {
    /// The product.
    pub uid: PharmacySkuUid,
    /// Its own; the rule for all where absent.
    pub threshold: Option<StockThreshold>,
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
    /// Absolute level; may be negative. `None`: nothing was known yet, as of the moment asked for.
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
    /// Signed or not: the newest level.
    pub trust: Trust,
    /// The oldest level known; before it nothing is.
    #[ts(type = "string")]
    pub first_at: Timestamp,
    /// Empty since; `None` while there is some.
    #[ts(type = "string | null")]
    pub out_since: Option<Timestamp>,
    /// How long it was empty before, in milliseconds, as far as it is known.
    #[ts(type = "number")]
    pub out_ms: i64,
    /// What moved.
    #[serde(default)]
    pub window: StockWindow,
    /// For how many days it lasts at the pace of the window; `None` where nothing moves.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub days_of_cover: Option<i64>,
    /// The levels at the end of the days of the window, oldest first; `None` before the first known.
    #[serde(default)]
    #[ts(type = "(number | null)[]")]
    pub trend: Vec<Option<i64>>,
    /// Low by its threshold.
    #[serde(default)]
    pub low: bool,
    /// From when on it is low.
    #[serde(default)]
    pub threshold: StockThreshold,
    /// The threshold is its own, not the rule for all.
    #[serde(default)]
    pub threshold_own: bool,
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

/// Which levels of one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StockHistoryInput {
    /// The product.
    pub uid: PharmacySkuUid,
    /// Up to this moment; all of it when absent.
    #[serde(default)]
    #[ts(type = "string | null")]
    pub as_of: Option<Timestamp>,
    /// Which page.
    pub page: PageInput,
}

/// A point of a step line: from this moment on it was so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StockPointView {
    /// Since when.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// Absolute level.
    #[ts(type = "number")]
    pub stock: i64,
    /// Cents.
    #[ts(type = "number | null")]
    pub price_cents: Option<i64>,
}

/// One product as a picture over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StockChartView {
    /// As in the list.
    pub row: StockRowView,
    /// Oldest first. The first may lie before the range: it was so when the range began.
    pub points: Vec<StockPointView>,
    /// There were too many changes to draw: a point is the level at the end of a day, without a price.
    pub daily: bool,
    /// Everything the relay accepted before this moment is known; after it nothing was heard. `None` without a relay.
    #[ts(type = "string | null")]
    pub complete_until: Option<Timestamp>,
}

/// Which product over which time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StockChartInput {
    /// The product.
    pub uid: PharmacySkuUid,
    /// From this moment on; from the first known one when absent.
    #[ts(type = "string | null")]
    pub since: Option<Timestamp>,
    /// As it was known to be at this moment; now when absent.
    #[ts(type = "string | null")]
    pub as_of: Option<Timestamp>,
}

/// What is low now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StockLowView {
    /// How many products.
    #[ts(type = "number")]
    pub count: i64,
    /// ... of which are empty.
    #[ts(type = "number")]
    pub out: i64,
    /// The first of them, empty ones first.
    pub rows: Vec<StockRowView>,
}

/// Without what depends on the moment of asking.
impl From<StoredLevel> for StockRowView {
    fn from(level: StoredLevel) -> Self {
        let StoredLevel {
            uid,
            connection,
            pharmacy_uid,
            pzn,
            name,
            stock,
            delta,
            price_cents,
            updated_at,
            trust,
            first_at,
            out_since,
            out_ms,
            unasked: _,
        } = level;
        Self {
            uid,
            connection,
            pharmacy_uid,
            pzn,
            name,
            stock,
            delta,
            price_cents,
            updated_at,
            trust,
            first_at,
            out_since,
            out_ms,
            window: StockWindow::default(),
            days_of_cover: None,
            trend: Vec::new(),
            low: false,
            threshold: StockThreshold::default(),
            threshold_own: false,
        }
    }
}
