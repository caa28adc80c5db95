//! The list of orders: what it is asked and what it answers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    event::fact::Trust,
    id::{ConnectionId, LaneUid, OrderUid, PharmacyUid},
    money::Money,
    orders::{
        stored::{StoredLane, StoredRow},
        words::{Attention, Finality, KnownStatus, Stage, StatusGroup},
    },
    page::PageInput,
    shown::shown,
    source::known_status,
};

/// Which orders. All filters must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct OrderListInput {
    /// A raw status, folded for case, space, `_` and `-`.
    pub status: Option<String>,
    /// A status group.
    pub group: Option<StatusGroup>,
    /// Only orders that need attention.
    pub attention: Option<bool>,
    /// The beginnings of words: the order's name, a uid, the shop's number, a product, its number,
    /// the pharmacy, the patient, the doctor.
    pub search: Option<String>,
    /// One connection only.
    pub connection: Option<ConnectionId>,
    /// One pharmacy has a lane of it, or had.
    pub pharmacy: Option<PharmacyUid>,
    /// One way of delivery.
    pub delivery_type: Option<String>,
    /// One shop.
    pub shop: Option<String>,
    /// Only orders that are neither finished nor stopped.
    pub open: Option<bool>,
    /// Only orders with a priority.
    pub urgent: Option<bool>,
    /// Only open orders that have had their status for at least so many hours.
    pub age_hours: Option<u32>,
    /// The window.
    #[serde(flatten)]
    #[ts(flatten)]
    pub page: PageInput,
}

/// How orders are written into a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum OrderFormat {
    /// One line per order, for spreadsheets.
    #[default]
    Csv,
    /// One JSON object per line, as `order list --json` gives them.
    Json,
}

/// Which orders to write, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct OrderExportInput {
    /// As the list is filtered; its window does not count.
    pub filter: OrderListInput,
    /// CSV or JSON lines.
    pub format: OrderFormat,
    /// Names, addresses, birth dates and numbers of patients too.
    pub with_patients: bool,
}

/// One value orders can be filtered by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FacetView {
    /// `status`, `group`, `attention`, `connection`, `pharmacy`, `delivery_type`, `shop`, `open`, `urgent`.
    pub kind: String,
    /// As the filter wants it.
    pub value: String,
    /// As a person reads it; empty where the window has the word.
    pub label: String,
    /// How many orders.
    #[ts(type = "number")]
    pub orders: i64,
    /// Of the kind `status`: the status, where it is a known one.
    pub known: Option<KnownStatus>,
}

/// Open orders that have not moved for long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StuckView {
    /// How many.
    #[ts(type = "number")]
    pub count: i64,
    /// Those that stand longest.
    pub rows: Vec<OrderRowView>,
}

/// What happened since the day began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TodayView {
    /// Orders that began today.
    pub arrived: u32,
    /// Orders that were finished today, whenever they began.
    #[ts(type = "number")]
    pub finished: i64,
    /// Orders that are neither finished nor stopped, whenever they began.
    #[ts(type = "number")]
    pub open: i64,
    /// Those that began today, by the pharmacy that has them now; the most first.
    pub pharmacies: Vec<PharmacyTodayView>,
}

/// One pharmacy's share of today.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PharmacyTodayView {
    /// The pharmacy; `None` for orders that nobody has yet.
    pub uid: Option<PharmacyUid>,
    /// Its name.
    pub name: Option<String>,
    /// Orders that began today.
    pub arrived: u32,
    /// ... and are finished.
    pub finished: u32,
    /// ... and are neither finished nor stopped.
    pub open: u32,
}

/// One lane of an order: what one pharmacy does with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LaneView {
    /// The provider's id of the pharmacy order.
    pub uid: LaneUid,
    /// As the provider names it, for example `#1001`.
    pub name: Option<String>,
    /// Raw.
    pub status: Option<String>,
    /// Folded.
    pub status_group: StatusGroup,
    /// What the status means, where its word alone would mislead.
    pub stage: Option<Stage>,
    /// Whether an ending is one.
    pub finality: Option<Finality>,
    /// Others took over from this lane.
    pub handed_over: bool,
    /// The pharmacy.
    pub pharmacy_uid: Option<PharmacyUid>,
    /// The pharmacy's name.
    pub pharmacy_name: Option<String>,
    /// Provider's time of the newest event.
    #[ts(type = "string")]
    pub updated_at: Timestamp,
    /// The provider marked it as deleted.
    pub deleted: bool,
    /// The status, where its raw word is a known one: the window has a word of its own for each.
    pub known: Option<KnownStatus>,
}

/// One row of the order list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OrderRowView {
    /// The parent order, or the lane's uid where it has no parent.
    pub uid: OrderUid,
    /// The connection it came through.
    pub connection: ConnectionId,
    /// For example `#1001`.
    pub name: Option<String>,
    /// Raw status of the leading lane: the one that changed last among those still open, else the last of all.
    pub status: Option<String>,
    /// Folded.
    pub status_group: StatusGroup,
    /// What the status means, where its word alone would mislead.
    pub stage: Option<Stage>,
    /// Whether an ending is one.
    pub finality: Option<Finality>,
    /// Provider's time of the newest event.
    #[ts(type = "string")]
    pub updated_at: Timestamp,
    /// Since when the leading lane has this status.
    #[ts(type = "string")]
    pub status_since: Timestamp,
    /// Relay's time of the newest receipt.
    #[ts(type = "string")]
    pub received_at: Timestamp,
    /// Newest lane first.
    pub lanes: Vec<LaneView>,
    /// Why it needs attention; empty for the ordinary case.
    pub attention: Vec<Attention>,
    /// As the provider names it.
    pub delivery_type: Option<String>,
    /// Higher is more urgent, 0 none.
    pub priority: i64,
    /// What it costs altogether, as the provider says or as items and shipping add up; `None` where neither is known.
    pub total: Option<Money>,
    /// How many items.
    pub items: u32,
    /// How many distinct events.
    pub events: u32,
    /// The lowest trust among its events.
    pub trust: Trust,
    /// The status, where its raw word is a known one: the window has a word of its own for each.
    pub known: Option<KnownStatus>,
}

/// The status of a raw word, where there is one and it is known.
pub(super) fn known(word: Option<&str>) -> Option<KnownStatus> {
    word.and_then(known_status)
}

shown! { StoredLane => LaneView {
    uid, name, status, status_group, stage, finality, handed_over, pharmacy_uid, pharmacy_name, updated_at, deleted;
    made known: known(status.as_deref())
} }

shown! { StoredRow => OrderRowView {
    uid, connection, name, status, status_group, stage, finality, updated_at, status_since, received_at, attention,
    delivery_type, priority, total, items, events, trust; each lanes;
    made known: known(status.as_deref())
} }
