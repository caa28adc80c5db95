//! Orders as window and scripts see them. Nothing here names a patient, except [`PatientView`], which is asked for by itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::words::{
    Agreement, AmountMeaning, Attention, EntryKind, Finality, LinkKind, Mark, Stage, StatusGroup, StepState,
    TimeMeaning,
};
use crate::{
    event::fact::Trust,
    id::{ConnectionId, EventId, LaneUid, OrderUid, PharmacyUid},
    money::Money,
    page::PageInput,
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
}

/// One item of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ItemView {
    /// Product name.
    pub name: Option<String>,
    /// Pharmazentralnummer, text: leading zeros matter.
    pub pzn: Option<String>,
    /// How many.
    #[ts(type = "number | null")]
    pub amount: Option<i64>,
    /// What `amount` counts, where the provider says: `packs` or `units`.
    pub unit: Option<String>,
    /// The text on the pack, as sent.
    pub pack: Option<String>,
    /// The amount in single units, where the provider gives that, too.
    #[ts(type = "number | null")]
    pub loose: Option<i64>,
    /// Price of one.
    pub price: Option<Money>,
    /// Paid for all of this item.
    pub total: Option<Money>,
    /// Stock of this product when the event was made.
    #[ts(type = "number | null")]
    pub stock: Option<i64>,
}

/// One order with its parts, without its patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OrderView {
    /// The same as in the list.
    #[serde(flatten)]
    #[ts(flatten)]
    pub row: OrderRowView,
    /// From the newest event of the leading lane.
    pub item_list: Vec<ItemView>,
    /// The signing doctor's name.
    pub doctor: Option<String>,
    /// The shop's own order number.
    pub shop_order: Option<String>,
    /// The shop's own number of the fulfilment.
    pub fulfilment: Option<String>,
    /// Shipping costs.
    pub shipping: Option<Money>,
    /// What the provider's amounts mean, where they are not simply items, shipping and total. They do not add up.
    pub amounts: Vec<AmountView>,
    /// Times the provider reports without being the time of an event.
    pub reported: Vec<ReportedTimeView>,
    /// File name of the signed prescription, where one came along.
    pub prescription_file: Option<String>,
    /// Whether there is a patient or an address to reveal.
    pub has_patient: bool,
    /// Whether any lane tells who brings it, a link or a handover code.
    pub has_handover: bool,
}

/// An amount and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AmountView {
    /// What it means.
    pub meaning: AmountMeaning,
    /// The amount.
    pub amount: Money,
}

/// A time as the provider wrote it. Its zone is assumed, never stated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportedTimeView {
    /// What it means.
    pub meaning: TimeMeaning,
    /// As sent.
    pub text: String,
    /// The assumed zone by its IANA name.
    pub zone: Option<String>,
}

/// A link that came with an order.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LinkView {
    /// What it leads to.
    pub kind: LinkKind,
    /// The host, where the link may be opened: `https` and a public name.
    pub host: Option<String>,
    /// As sent, where it may not be opened.
    pub text: Option<String>,
}

/// How one lane is handed over. It speaks of people: fetched when somebody looks at it, never with the order.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HandoverView {
    /// The lane; `None` for what is said of the whole order.
    pub lane_uid: Option<LaneUid>,
    /// The lane as its provider names it.
    pub lane_name: Option<String>,
    /// Its pharmacy.
    pub pharmacy_name: Option<String>,
    /// Who brings it.
    pub courier_name: Option<String>,
    /// Telephone number of who brings it.
    pub courier_phone: Option<String>,
    /// Where to look further.
    pub links: Vec<LinkView>,
    /// There is a handover code; it is asked for by itself.
    pub has_pin: bool,
}

/// Prints nothing.
impl std::fmt::Debug for HandoverView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HandoverView(…)")
    }
}

/// One lane of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LaneInput {
    /// The order.
    pub uid: OrderUid,
    /// The lane; `None` for what is said of the whole order.
    pub lane_uid: Option<LaneUid>,
}

/// One link of one lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LinkInput {
    /// The order.
    pub uid: OrderUid,
    /// The lane; `None` for what is said of the whole order.
    pub lane_uid: Option<LaneUid>,
    /// Which link.
    pub kind: LinkKind,
}

/// The handover code of a lane, for the one who asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PinView {
    /// As sent: leading zeros matter.
    pub pin: String,
}

/// Prints nothing.
impl std::fmt::Debug for PinView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PinView(…)")
    }
}

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

/// A postal address as the provider sent it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct AddressView {
    /// First and last name.
    pub name: Option<String>,
    /// Street and house number.
    pub street: Option<String>,
    /// Addition.
    pub additional: Option<String>,
    /// Postal code and city.
    pub city: Option<String>,
    /// Country.
    pub country: Option<String>,
}

/// Prints nothing.
impl std::fmt::Debug for AddressView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AddressView(…)")
    }
}

/// The patient of an order: health data, fetched only when somebody reveals it, never cached by the window.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PatientView {
    /// Full name.
    pub name: Option<String>,
    /// As sent, `YYYY-MM-DD`.
    pub date_of_birth: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Where the goods go.
    pub delivery_address: Option<AddressView>,
    /// Where the invoice goes.
    pub invoice_address: Option<AddressView>,
    /// What else came with the order and may speak of a person, by the provider's path.
    pub further: Vec<FieldView>,
}

/// A field as the provider names it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FieldView {
    /// Dotted path.
    pub field: String,
    /// As text.
    pub value: String,
}

/// Prints nothing: a patient never reaches a log.
impl std::fmt::Debug for PatientView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PatientView(…)")
    }
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

/// What was known of a lane here and there when somebody asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConfirmedLaneView {
    /// The lane.
    pub lane_uid: Option<LaneUid>,
    /// Where it was here; `None` where nothing was known.
    pub here: Option<Stage>,
    /// Where it was there, in the provider's word; `None` where it was not told of.
    pub there: Option<String>,
    /// What came of comparing both.
    pub agreement: Agreement,
}

/// What came of asking a provider's API of an order. It rewrote nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConfirmationView {
    /// When it was asked.
    #[ts(type = "string")]
    pub asked_at: Timestamp,
    /// Over all lanes: a difference outweighs what agrees.
    pub agreement: Agreement,
    /// Lane by lane: those the provider told of, then those only known here.
    pub lanes: Vec<ConfirmedLaneView>,
    /// Something was received since.
    pub outdated: bool,
}

/// Whether an order can be confirmed with its provider, and what came of it last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConfirmableView {
    /// A key for the provider's orders API is stored.
    pub possible: bool,
    /// The last time somebody asked.
    pub last: Option<ConfirmationView>,
}
