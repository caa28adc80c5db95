//! One order by itself: its parts, and by themselves its patient, its handover and what its provider confirms.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::list::OrderRowView;
use crate::{
    id::{LaneUid, OrderUid},
    money::Money,
    orders::{
        fact::Address,
        stored::{StoredConfirmation, StoredConfirmedLane},
        words::{Agreement, AmountMeaning, LinkKind, Stage, TimeMeaning},
    },
    shown::shown,
};

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

shown! { Address => AddressView { name, street, additional, city, country } }

shown! { StoredConfirmedLane => ConfirmedLaneView { lane_uid, here, there, agreement } }

shown! { StoredConfirmation => ConfirmationView { asked_at, agreement, outdated; each lanes } }
