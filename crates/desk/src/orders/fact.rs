//! An order fact: what one event says about one lane of an order, provider-neutral. A provider's folder makes it
//! (step 8 of the journey), the fold consumes it (step 9). It decides nothing and knows no JSON of any provider.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::{AmountMeaning, Finality, LinkKind, Stage, StatusGroup, TimeMeaning};
use crate::{
    id::{LaneUid, OrderUid, PharmacyUid},
    money::Money,
};

/// What one event says. `lane`, `parent` and `updated_at` have columns of their own; the rest is stored as JSON without what
/// is absent.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OrderFact {
    /// The lane it speaks of; `None` where it speaks of the whole order.
    #[serde(skip)]
    pub(crate) lane: Option<LaneUid>,
    /// The order the lane belongs to. Without lane and parent there is no fact.
    #[serde(skip)]
    pub(crate) parent: Option<OrderUid>,
    /// The provider's own "changed at".
    #[serde(skip)]
    pub(crate) updated_at: Option<Timestamp>,
    /// The event is no snapshot: what it leaves out stays as the fact before on the lane had it.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) partial: bool,
    /// The lane was made by this event.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) created: bool,
    /// The provider marked the lane as deleted.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) deleted: bool,
    /// Where the lane is; `None` where the event does not say.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) status: Option<Status>,
    /// What the status means beyond its word.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) meaning: Meaning,
    /// Why, in the provider's words.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) reason: Option<String>,
    /// Lanes that take over from this one: a re-routing. One that never spoke itself is shown all the same.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) successors: Vec<LaneUid>,
    /// Where a lane that takes over stands by that alone, and its stage; a lane that spoke before knows better.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) successors_at: Option<(Status, Option<Stage>)>,
    /// Set by the fold on a lane that another one handed over to.
    #[serde(skip)]
    pub(crate) predecessor: Option<LaneUid>,
    /// Set by the fold on a lane that handed over to others, whenever that was told.
    #[serde(skip)]
    pub(crate) handed_over: bool,
    /// The steps the provider's documents know for this way of delivery, in their order; empty where they know none.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) sequence: Vec<Expected>,
    /// For example `#1001`.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) pharmacy: Option<Pharmacy>,
    /// A short code people know the pharmacy by, shown where no name is known.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) pharmacy_code: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) delivery_type: Option<DeliveryType>,
    /// Higher is more urgent, 0 none.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) priority: Option<i64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) items: Vec<Item>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) shipping: Option<Money>,
    /// What the provider says it costs altogether; without it the items and the shipping are added up.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) total: Option<Money>,
    /// What the provider's amounts mean, where they are not simply items, shipping and total. Never added up.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) amounts: BTreeMap<AmountMeaning, Money>,
    /// Times the provider reports without being the time of the event, as it wrote them.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) reported: BTreeMap<TimeMeaning, String>,
    /// The zone those times are assumed to be in, by its IANA name.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) reported_zone: Option<String>,
    /// Who brings it.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) courier: Option<Courier>,
    /// Links as they came. They speak of a person; [`link`](super::link) says which of them may be opened.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) links: BTreeMap<LinkKind, String>,
    /// The code against which the goods are handed over.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) pin: Option<Pin>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) patient: Option<Patient>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) delivery_address: Option<Address>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) invoice_address: Option<Address>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) doctor: Option<Doctor>,
    /// The shop it was bought in, where the provider names one.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) shop: Option<String>,
    /// How the shop's side calls it. The one thing that may differ between two copies of the same change.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) fulfilment: Option<Fulfilment>,
    /// The signed prescription, where one came along. Its content stays in the journal.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) file: Option<File>,
    /// Further fields known to be harmless, by the provider's path: their changes are shown.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) plain: BTreeMap<String, Value>,
    /// Everything else the event holds, by the provider's path. It may speak of a person: shown only to somebody who asks.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) other: BTreeMap<String, Value>,
}

/// A status as received, and what the provider's folder knows about the word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Status {
    /// As received.
    pub(crate) word: String,
    pub(crate) group: StatusGroup,
    /// How far along; `None` for a pause and for unknown words, which are neither forward nor backward.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) rank: Option<u8>,
    /// Ranks of which the lane must have been at one for this to be no surprise. Empty: no expectation.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) after: Vec<u8>,
}

/// What a status means beyond its word, for a provider whose words alone would mislead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Meaning {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) stage: Option<Stage>,
    /// Whether an ending is one; `None` where that is no question.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) finality: Option<Finality>,
    /// No surprise either as the first thing heard of a lane.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) begins: bool,
}

/// A step that is expected of a lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Expected {
    /// The status word it is heard as.
    pub(crate) word: String,
    pub(crate) stage: Option<Stage>,
    /// No gap where it is not heard.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) optional: bool,
}

/// Who brings it. A person: prints nothing.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Courier {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) phone: Option<String>,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Courier(…)")
    }
}

/// A handover code. Prints nothing; leaves only for somebody who asked for it by itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Pin(pub(crate) String);

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(…)")
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Pharmacy {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) uid: Option<PharmacyUid>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DeliveryType {
    /// As a script would compare it.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) code: Option<String>,
    /// As a person reads it.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Item {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) name: Option<String>,
    /// The product's number: in Germany the PZN. Text: leading zeros matter.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) number: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) amount: Option<i64>,
    /// What the amount counts, where the provider says.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) unit: Option<Unit>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) price: Option<Money>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) total: Option<Money>,
    /// On the pharmacy's shelf when the event was made.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) stock: Option<i64>,
}

/// What an amount counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Unit {
    /// `packs` or `units`.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) word: Option<String>,
    /// The text on the pack, as sent.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) pack: Option<String>,
    /// The amount in single units, where the provider gives that, too.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) loose: Option<i64>,
}

/// Health data: prints nothing.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Patient {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) uid: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) born: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) phone: Option<String>,
}

impl std::fmt::Debug for Patient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Patient(…)")
    }
}

/// A postal address as the provider sent it. A person's: prints nothing. It stores what is absent, too.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Address {
    /// First and last name.
    pub(crate) name: Option<String>,
    /// Street and house number.
    pub(crate) street: Option<String>,
    pub(crate) additional: Option<String>,
    /// Postal code and city.
    pub(crate) city: Option<String>,
    pub(crate) country: Option<String>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address(…)")
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Doctor {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) uid: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Fulfilment {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) uid: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) external_id: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) shop_order_uid: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) shop_order_external_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct File {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) name: Option<String>,
    /// Of the content, hex.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) sha256: Option<String>,
    /// `None` where no content came along, or none that could be read.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) bytes: Option<u64>,
}

/// Prints no more than which lane it speaks of.
impl std::fmt::Debug for OrderFact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrderFact").field("lane", &self.lane).field("parent", &self.parent).finish_non_exhaustive()
    }
}

impl OrderFact {
    /// What is known after this fact, given what was known before it: a part is completed by what it leaves out.
    pub(crate) fn complete(&mut self, before: &OrderFact) {
        fn keep<T: Clone + Default + PartialEq>(now: &mut T, before: &T) {
            if *now == T::default() {
                now.clone_from(before);
            }
        }
        fn fill<K: Ord + Clone, V: Clone>(now: &mut BTreeMap<K, V>, before: &BTreeMap<K, V>) {
            for (name, value) in before {
                now.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        if !self.partial {
            return;
        }
        // Every field is named, so that a new one does not compile until it is said what a part does with it.
        let OrderFact {
            // Of the event alone: they say nothing about the event after it.
            lane: _,
            parent: _,
            updated_at: _,
            partial: _,
            created: _,
            reason: _,
            successors: _,
            successors_at: _,
            // The fold sets these itself.
            predecessor: _,
            handed_over: _,
            deleted,
            status,
            meaning,
            sequence,
            name,
            pharmacy,
            pharmacy_code,
            delivery_type,
            priority,
            items,
            shipping,
            total,
            amounts,
            reported,
            reported_zone,
            courier,
            links,
            pin,
            patient,
            delivery_address,
            invoice_address,
            doctor,
            shop,
            fulfilment,
            file,
            plain,
            other,
        } = before;
        keep(&mut self.deleted, deleted);
        // What a status means goes with the status.
        if self.status.is_none() {
            keep(&mut self.meaning, meaning);
        }
        keep(&mut self.status, status);
        keep(&mut self.sequence, sequence);
        keep(&mut self.name, name);
        keep(&mut self.pharmacy, pharmacy);
        keep(&mut self.pharmacy_code, pharmacy_code);
        // The name of a pharmacy may come once, its id with every event.
        if let (Some(now), Some(before)) = (&mut self.pharmacy, pharmacy)
            && now.uid == before.uid
        {
            keep(&mut now.name, &before.name);
        }
        keep(&mut self.delivery_type, delivery_type);
        keep(&mut self.priority, priority);
        keep(&mut self.items, items);
        keep(&mut self.shipping, shipping);
        keep(&mut self.total, total);
        keep(&mut self.patient, patient);
        keep(&mut self.delivery_address, delivery_address);
        keep(&mut self.invoice_address, invoice_address);
        keep(&mut self.doctor, doctor);
        keep(&mut self.shop, shop);
        keep(&mut self.fulfilment, fulfilment);
        keep(&mut self.file, file);
        keep(&mut self.courier, courier);
        keep(&mut self.pin, pin);
        keep(&mut self.reported_zone, reported_zone);
        fill(&mut self.amounts, amounts);
        fill(&mut self.reported, reported);
        fill(&mut self.links, links);
        fill(&mut self.plain, plain);
        fill(&mut self.other, other);
    }

    /// The pharmacy as a person reads it.
    pub(crate) fn pharmacy_name(&self) -> Option<&str> {
        let name = self.pharmacy.as_ref().and_then(|pharmacy| pharmacy.name.as_deref());
        name.or(self.pharmacy_code.as_deref())
    }

    /// Whether both say the same, apart from how the shop's side calls it.
    pub(crate) fn is_copy_of(&self, other: &OrderFact) -> bool {
        let fulfilment = other.fulfilment.clone();
        OrderFact { fulfilment, ..self.clone() } == *other
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
