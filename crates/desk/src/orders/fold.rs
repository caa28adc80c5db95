//! The fold of an order: a pure function from the set of its facts to what is shown (step 9 of the journey).
//!
//! It sorts by [`Place`](crate::event::fact::Place), a total order that does not depend on the order of arrival, so any
//! permutation and duplication of the same deliveries ends in the same bytes. It derives transitions by comparing
//! consecutive facts of a lane, because the provider delivers no previous status, actor or reason. It knows no SQL and
//! no network.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    changes::changes,
    compare::Here,
    fact::{OrderFact, Status},
    link,
    sequence::sequence,
    view::{
        AmountView, EntryView, FieldView, HandoverView, ItemView, LaneView, LinkView, OrderRowView, OrderView,
        PatientView, PinView, ReportedTimeView, SequenceView, TimelineView,
    },
    words::{Attention, EntryKind, Finality, LinkKind, Mark, Stage, StatusGroup},
};
use crate::{
    event::{
        fact::{Fact, Trust},
        fold_word,
    },
    id::{ConnectionId, EventId, LaneUid, OrderUid, PharmacyUid},
    money::Money,
    search::Words,
};

/// Received more than this after the event: late.
const LATE_MS: i64 = 24 * 3600 * 1000;
/// Further than this in the future of its receipt: a clock is wrong somewhere.
const FUTURE_MS: i64 = 5 * 60 * 1000;

/// An order: its facts by lane, each lane in the order of time. Facts about the order as a whole have no lane.
pub(crate) struct Order {
    uid: OrderUid,
    lanes: BTreeMap<Option<LaneUid>, Vec<Fact<OrderFact>>>,
}

impl Order {
    /// `facts` in any order; `None` where there are none.
    pub(crate) fn new(uid: OrderUid, facts: impl IntoIterator<Item = Fact<OrderFact>>) -> Option<Self> {
        let mut lanes: BTreeMap<Option<LaneUid>, Vec<Fact<OrderFact>>> = BTreeMap::new();
        for fact in facts {
            for successor in fact.data.successors.iter().filter(|lane| Some(*lane) != fact.data.lane.as_ref()) {
                lanes.entry(Some(successor.clone())).or_default().push(handed_over(&fact, successor));
            }
            lanes.entry(fact.data.lane.clone()).or_default().push(fact);
        }
        for facts in lanes.values_mut() {
            facts.sort_by(|a, b| a.place.cmp(&b.place));
            merge_copies(facts);
            complete_parts(facts);
            let handed_over = facts.iter().any(|fact| !fact.data.successors.is_empty());
            facts.iter_mut().for_each(|fact| fact.data.handed_over = handed_over);
        }
        (!lanes.is_empty()).then_some(Self { uid, lanes })
    }

    pub(crate) fn uid(&self) -> &OrderUid {
        &self.uid
    }

    /// The connection that told of it last.
    pub(super) fn connection(&self) -> Option<&ConnectionId> {
        Some(&self.leading()?.1.connection)
    }

    /// When the newest of its deliveries was received.
    pub(super) fn last_receipt_at(&self) -> Option<Timestamp> {
        self.lanes.values().flatten().map(|fact| fact.last_receipt_at).max()
    }

    /// Where each lane is.
    pub(super) fn here(&self) -> Vec<Here> {
        let lanes = self.newest().into_iter();
        lanes.map(|(lane, fact)| Here { lane: lane.clone(), stage: fact.data.meaning.stage }).collect()
    }

    /// Newest lane first, with the newest fact of each. What is said of the whole order is no lane.
    fn newest(&self) -> Vec<(&LaneUid, &Fact<OrderFact>)> {
        let mut lanes: Vec<_> =
            self.lanes.iter().filter_map(|(uid, facts)| Some((uid.as_ref()?, facts.last()?))).collect();
        lanes.sort_by(|a, b| b.1.place.cmp(&a.1.place).then_with(|| a.0.cmp(b.0)));
        lanes
    }

    /// The facts that stand for the order: of the lane that changed last among those still open, else of the last of all.
    /// What is said of the whole order stands for it while it has no lane.
    fn leading(&self) -> Option<(&[Fact<OrderFact>], &Fact<OrderFact>)> {
        let newest = self.newest();
        let lane = newest.iter().find(|(_, fact)| is_open(fact)).or(newest.first()).map(|(lane, _)| (*lane).clone());
        let facts = self.lanes.get(&lane)?;
        Some((facts, facts.last()?))
    }

    fn lane_views(&self) -> Vec<LaneView> {
        self.newest().into_iter().map(|(uid, fact)| lane_view(uid, fact)).collect()
    }

    /// The row of the list.
    pub(crate) fn row(&self) -> Option<OrderRowView> {
        let (facts, newest) = self.leading()?;
        let all = || self.lanes.values().flatten();
        let data = &newest.data;
        let status = word(newest);
        let status_group = group(newest);
        let since = facts.iter().rev().take_while(|fact| word(fact) == status).last().unwrap_or(newest);
        let events: BTreeSet<_> = all().map(|fact| &fact.place.event).collect();
        Some(OrderRowView {
            uid: self.uid.clone(),
            connection: newest.connection.clone(),
            name: data.name.clone().or_else(|| self.any_name()),
            status_group,
            stage: newest.data.meaning.stage,
            finality: newest.data.meaning.finality,
            attention: self.attention(status_group, facts),
            status: status.map(str::to_owned),
            updated_at: all().map(|fact| fact.place.at).max().unwrap_or(newest.place.at),
            status_since: since.place.at,
            received_at: all().map(|fact| fact.last_receipt_at).max().unwrap_or(newest.last_receipt_at),
            lanes: self.lane_views(),
            delivery_type: data.delivery_type.clone().and_then(|kind| kind.name.or(kind.code)),
            priority: data.priority.unwrap_or(0),
            total: total(data),
            items: u32::try_from(data.items.len()).unwrap_or(u32::MAX),
            events: u32::try_from(events.len()).unwrap_or(u32::MAX),
            trust: all().map(|fact| fact.trust).min().unwrap_or(Trust::Unsigned),
        })
    }

    /// Of a lane that has one where the leading one has none, else of the order as a whole.
    fn any_name(&self) -> Option<String> {
        let whole = self.lanes.get(&None).and_then(|facts| facts.last());
        let mut facts = self.newest().into_iter().map(|(_, fact)| fact).chain(whole);
        facts.find_map(|fact| fact.data.name.clone())
    }

    fn attention(&self, leading: StatusGroup, facts: &[Fact<OrderFact>]) -> Vec<Attention> {
        let mut attention = BTreeSet::new();
        match leading {
            StatusGroup::NeedsAttention => _ = attention.insert(Attention::OnHold),
            StatusGroup::Unknown => _ = attention.insert(Attention::UnknownStatus),
            // No lane is open, and the one that stands for the order was stopped, unless another was finished.
            StatusGroup::Stopped => {
                let finished = self.newest().iter().any(|(_, fact)| group(fact) == StatusGroup::Done);
                let stage = facts.last().and_then(|fact| fact.data.meaning.stage);
                if stage == Some(Stage::PrescriptionRejected) {
                    attention.insert(Attention::PrescriptionRejected);
                } else if !finished {
                    attention.insert(Attention::CancelledEverywhere);
                }
            }
            _ => {}
        }
        if steps(facts).last().is_some_and(|step| step.is_backward) {
            attention.insert(Attention::WentBack);
        }
        attention.into_iter().collect()
    }

    /// The order page without its patient.
    pub(crate) fn view(&self) -> Option<OrderView> {
        let data = &self.leading()?.1.data;
        let fulfilment = data.fulfilment.clone().unwrap_or_default();
        Some(OrderView {
            row: self.row()?,
            item_list: data.items.iter().map(item_view).collect(),
            doctor: data.doctor.clone().and_then(|doctor| doctor.name),
            shop_order: fulfilment.shop_order_external_id,
            fulfilment: fulfilment.external_id,
            shipping: data.shipping.clone(),
            amounts: data
                .amounts
                .iter()
                .map(|(meaning, amount)| AmountView { meaning: *meaning, amount: amount.clone() })
                .collect(),
            reported: data
                .reported
                .iter()
                .map(|(meaning, text)| ReportedTimeView {
                    meaning: *meaning,
                    text: text.clone(),
                    zone: data.reported_zone.clone(),
                })
                .collect(),
            prescription_file: data.file.clone().and_then(|file| file.name),
            has_patient: data.patient.is_some() || data.delivery_address.is_some() || !data.other.is_empty(),
            has_handover: !self.handover().is_empty(),
        })
    }

    /// How each lane is handed over, newest lane first; lanes of which nothing is told are left out.
    pub(crate) fn handover(&self) -> Vec<HandoverView> {
        let lanes = self.newest().into_iter().map(|(lane, fact)| (Some(lane), fact));
        let whole = self.lanes.get(&None).and_then(|facts| facts.last()).map(|fact| (None, fact));
        let told = lanes.chain(whole).filter(|(_, fact)| {
            let data = &fact.data;
            data.courier.is_some() || data.pin.is_some() || !data.links.is_empty()
        });
        told.map(|(lane, fact)| {
            let data = &fact.data;
            let courier = data.courier.clone().unwrap_or_default();
            HandoverView {
                lane_uid: lane.cloned(),
                lane_name: data.name.clone(),
                pharmacy_name: pharmacy_name(fact),
                courier_name: courier.name,
                courier_phone: courier.phone,
                links: data.links.iter().map(|(kind, text)| link_view(*kind, text)).collect(),
                has_pin: data.pin.is_some(),
            }
        })
        .collect()
    }

    /// The handover code of a lane, for the one who asked.
    pub(crate) fn pin(&self, lane: Option<&LaneUid>) -> Option<PinView> {
        let pin = self.lanes.get(&lane.cloned())?.last()?.data.pin.clone()?;
        Some(PinView { pin: pin.0 })
    }

    /// A link of a lane, as it came.
    pub(crate) fn link(&self, lane: Option<&LaneUid>, kind: LinkKind) -> Option<&str> {
        self.lanes.get(&lane.cloned())?.last()?.data.links.get(&kind).map(String::as_str)
    }

    /// The patient, for the one who asked.
    pub(crate) fn patient(&self) -> Option<PatientView> {
        let data = &self.leading()?.1.data;
        let patient = data.patient.clone().unwrap_or_default();
        let further = data.other.iter().map(|(field, value)| FieldView {
            field: field.clone(),
            value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        });
        Some(PatientView {
            name: patient.name,
            date_of_birth: patient.born,
            email: patient.email,
            phone: patient.phone,
            delivery_address: data.delivery_address.clone(),
            invoice_address: data.invoice_address.clone(),
            further: further.collect(),
        })
    }

    /// Every entry of every lane, oldest first.
    pub(crate) fn timeline(&self) -> TimelineView {
        let mut entries: Vec<_> = self
            .lanes
            .iter()
            .flat_map(|(lane, facts)| {
                facts.iter().map(|fact| fact.place.clone()).zip(lane_entries(lane.as_ref(), facts))
            })
            .collect();
        entries.sort_by(|a, b| (&a.0, &a.1.lane_uid).cmp(&(&b.0, &b.1.lane_uid)));
        let mut entries: Vec<EntryView> = entries.into_iter().map(|(_, entry)| entry).collect();
        mark_out_of_order(&mut entries);
        TimelineView { uid: self.uid.clone(), lanes: self.lane_views(), sequences: self.sequences(), entries }
    }

    /// Of the lanes, newest first; of the whole order while it has none.
    fn sequences(&self) -> Vec<SequenceView> {
        let whole = self.lanes.get(&None).map_or(&[][..], Vec::as_slice);
        let of = |lane: Option<&LaneUid>, facts: &[Fact<OrderFact>]| {
            let newest = facts.last()?;
            let ended = !is_open(newest);
            let steps = sequence(whole, facts, ended, group)?;
            Some(SequenceView { lane_uid: lane.cloned(), pharmacy_name: pharmacy_name(newest), steps })
        };
        let newest = self.newest();
        if newest.is_empty() {
            return of(None, whole).into_iter().collect();
        }
        let facts = |lane: &LaneUid| self.lanes.get(&Some(lane.clone())).map(Vec::as_slice);
        newest.into_iter().filter_map(|(lane, _)| of(Some(lane), facts(lane)?)).collect()
    }

    /// The newest event of the leading lane that brought a readable prescription file.
    pub(crate) fn prescription(&self) -> Option<&EventId> {
        let has_file = |fact: &&Fact<OrderFact>| fact.data.file.as_ref().is_some_and(|file| file.bytes.is_some());
        let (facts, _) = self.leading()?;
        facts.iter().rev().find(has_file).map(|fact| &fact.place.event)
    }

    /// Everything the tables hold of an order.
    pub(crate) fn folded(&self) -> Option<Folded> {
        let row = self.row()?;
        let begun = self.lanes.values().flatten().map(|fact| fact.place.at).min()?;
        let newest = self.leading()?.1;
        Some(Folded { begun, is_open: is_open(newest), facets: self.facets(&row), words: self.words(), row })
    }

    /// By what the order can be filtered. Pharmacies: of every lane.
    fn facets(&self, row: &OrderRowView) -> Vec<Facet> {
        let facet = |kind, value: &str, label: &str| Facet { kind, value: value.to_owned(), label: label.to_owned() };
        let mut facets = vec![
            facet(Facet::GROUP, &told(&row.status_group), ""),
            facet(Facet::CONNECTION, row.connection.as_str(), ""),
        ];
        if let Some(status) = &row.status {
            facets.push(facet(Facet::STATUS, &fold_word(status), status));
        }
        if !row.attention.is_empty() {
            facets.push(facet(Facet::ATTENTION, "", ""));
        }
        if self.leading().is_some_and(|(_, newest)| is_open(newest)) {
            facets.push(facet(Facet::OPEN, "", ""));
        }
        if row.priority > 0 {
            facets.push(facet(Facet::URGENT, "", ""));
        }
        for (_, fact) in self.newest() {
            let data = &fact.data;
            if let Some(pharmacy) = &data.pharmacy {
                let name = data.pharmacy_name();
                if let Some(value) = pharmacy.uid.as_ref().map(PharmacyUid::as_str).or(name) {
                    facets.push(facet(Facet::PHARMACY, value, name.unwrap_or(value)));
                }
            }
            if let Some(shop) = &data.shop {
                facets.push(facet(Facet::SHOP, shop, shop));
            }
        }
        if let Some(kind) = self.leading().and_then(|(_, fact)| fact.data.delivery_type.as_ref()) {
            let name = kind.name.as_deref();
            if let Some(value) = kind.code.as_deref().or(name) {
                facets.push(facet(Facet::DELIVERY_TYPE, value, name.unwrap_or(value)));
            }
        }
        facets
    }

    /// What the search looks in: names and numbers, the patient's and the doctor's too. Kept where nothing but keys is read.
    fn words(&self) -> String {
        let mut words = Words::default();
        words.add(self.uid.as_str());
        let whole = self.lanes.get(&None).and_then(|facts| facts.last());
        for fact in self.newest().into_iter().map(|(_, fact)| fact).chain(whole) {
            let data = &fact.data;
            let texts = [
                data.lane.as_ref().map(LaneUid::as_str),
                data.name.as_deref(),
                data.doctor.as_ref().and_then(|doctor| doctor.name.as_deref()),
                data.patient.as_ref().and_then(|patient| patient.name.as_deref()),
                data.delivery_address.as_ref().and_then(|address| address.name.as_deref()),
                data.fulfilment.as_ref().and_then(|fulfilment| fulfilment.external_id.as_deref()),
                data.fulfilment.as_ref().and_then(|fulfilment| fulfilment.shop_order_external_id.as_deref()),
            ];
            texts.into_iter().flatten().for_each(|text| words.add(text));
            data.pharmacy_name().into_iter().for_each(|name| words.add_parts(name));
            for item in &data.items {
                item.name.iter().for_each(|name| words.add_parts(name));
                item.number.iter().for_each(|number| words.add(number));
            }
        }
        words.joined()
    }
}

/// Everything the tables hold of one order.
pub(crate) struct Folded {
    pub(crate) row: OrderRowView,
    /// The oldest fact's time: where the order stands in every list.
    pub(crate) begun: Timestamp,
    /// Neither finished nor stopped.
    pub(crate) is_open: bool,
    pub(crate) facets: Vec<Facet>,
    pub(crate) words: String,
}

/// One value an order can be filtered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Facet {
    pub(crate) kind: &'static str,
    pub(crate) value: String,
    /// As a person reads it; empty where the window has the word.
    pub(crate) label: String,
}

impl Facet {
    pub(crate) const STATUS: &str = "status";
    pub(crate) const GROUP: &str = "group";
    pub(crate) const ATTENTION: &str = "attention";
    pub(crate) const CONNECTION: &str = "connection";
    pub(crate) const PHARMACY: &str = "pharmacy";
    pub(crate) const SHOP: &str = "shop";
    pub(crate) const DELIVERY_TYPE: &str = "delivery_type";
    pub(crate) const OPEN: &str = "open";
    pub(crate) const URGENT: &str = "urgent";
}

/// A status group as it is stored.
pub(crate) fn told(group: &StatusGroup) -> String {
    serde_json::to_value(group).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What a lane begins with that another one handed over to.
fn handed_over(fact: &Fact<OrderFact>, to: &LaneUid) -> Fact<OrderFact> {
    let data = OrderFact {
        lane: Some(to.clone()),
        parent: fact.data.parent.clone(),
        partial: true,
        created: true,
        predecessor: fact.data.lane.clone(),
        successors_at: fact.data.successors_at.clone(),
        ..OrderFact::default()
    };
    Fact { data, ..fact.clone() }
}

/// The same change, delivered once at organisation and once at pharmacy level, is one entry: the fuller body stays.
/// Two bodies of one connection are never merged.
fn merge_copies(facts: &mut Vec<Fact<OrderFact>>) {
    let mut kept: Vec<Fact<OrderFact>> = Vec::with_capacity(facts.len());
    for fact in facts.drain(..) {
        let twin = kept.iter_mut().rev().take_while(|k| k.place.at == fact.place.at).find(|k| {
            k.connection != fact.connection
                && k.event_type == fact.event_type
                && k.place.updated_at == fact.place.updated_at
                && k.data.is_copy_of(&fact.data)
        });
        match twin {
            None => kept.push(fact),
            Some(twin) => {
                let receipts = twin.receipts.saturating_add(fact.receipts);
                let last_receipt_at = twin.last_receipt_at.max(fact.last_receipt_at);
                let trust = twin.trust.min(fact.trust);
                if fact.data.fulfilment.is_some() && twin.data.fulfilment.is_none() {
                    *twin = Fact { place: fact.place.clone().min(twin.place.clone()), ..fact };
                }
                (twin.receipts, twin.last_receipt_at, twin.trust) = (receipts, last_receipt_at, trust);
            }
        }
    }
    *facts = kept;
}

fn complete_parts(facts: &mut [Fact<OrderFact>]) {
    for index in 0..facts.len() {
        let Some((before, [fact, ..])) = facts.split_at_mut_checked(index) else { return };
        if let Some(before) = before.last() {
            fact.data.complete(&before.data);
        }
        let data = &mut fact.data;
        if let (None, Some(_), Some((status, stage))) = (&data.status, &data.predecessor, &data.successors_at) {
            data.meaning.stage = *stage;
            data.status = Some(status.clone());
        }
    }
}

fn word(fact: &Fact<OrderFact>) -> Option<&str> {
    fact.data.status.as_ref().map(|status| status.word.as_str())
}

/// A lane that has not spoken yet is new. An ending that may not be one keeps the lane waiting until others take over.
fn group(fact: &Fact<OrderFact>) -> StatusGroup {
    let Some(status) = &fact.data.status else { return StatusGroup::New };
    match (status.group, fact.data.meaning.finality) {
        (StatusGroup::Stopped, Some(Finality::MayContinue | Finality::Unknown)) if !fact.data.handed_over => {
            StatusGroup::Waiting
        }
        (group, _) => group,
    }
}

fn pharmacy_name(fact: &Fact<OrderFact>) -> Option<String> {
    fact.data.pharmacy_name().map(str::to_owned)
}

fn is_open(fact: &Fact<OrderFact>) -> bool {
    let has_ended = matches!(group(fact), StatusGroup::Done | StatusGroup::Stopped);
    !has_ended && !fact.data.deleted && !fact.data.handed_over
}

/// What may be opened shows its host and nothing else; what may not is shown as it came.
fn link_view(kind: LinkKind, text: &str) -> LinkView {
    let host = link::openable(text).and_then(|url| url.host_str().map(str::to_owned));
    LinkView { kind, text: host.is_none().then(|| text.to_owned()), host }
}

fn total(data: &OrderFact) -> Option<Money> {
    // Amounts that need a word of what they mean do not add up to one.
    let adds_up = |money: &&Money| data.amounts.is_empty() && !money.assumed;
    let added_up = || {
        let items: Option<Vec<_>> = data.items.iter().map(|item| item.total.as_ref().filter(adds_up)).collect();
        let items = items.filter(|items| !items.is_empty())?;
        Money::sum(items.into_iter().chain(&data.shipping))
    };
    data.total.clone().or_else(added_up)
}

fn lane_view(uid: &LaneUid, fact: &Fact<OrderFact>) -> LaneView {
    LaneView {
        uid: uid.clone(),
        name: fact.data.name.clone(),
        status_group: group(fact),
        stage: fact.data.meaning.stage,
        finality: fact.data.meaning.finality,
        handed_over: fact.data.handed_over,
        status: word(fact).map(str::to_owned),
        pharmacy_uid: fact.data.pharmacy.as_ref().and_then(|pharmacy| pharmacy.uid.clone()),
        pharmacy_name: pharmacy_name(fact),
        updated_at: fact.place.at,
        deleted: fact.data.deleted,
    }
}

fn item_view(item: &super::fact::Item) -> ItemView {
    let unit = item.unit.clone().unwrap_or_default();
    ItemView {
        name: item.name.clone(),
        pzn: item.number.clone(),
        amount: item.amount,
        unit: unit.word,
        pack: unit.pack,
        loose: unit.loose,
        price: item.price.clone(),
        total: item.total.clone(),
        stock: item.stock,
    }
}

/// What a fact is to the one before it on its lane.
#[derive(Clone, Copy, Default)]
struct Step {
    has_moved: bool,
    is_backward: bool,
    is_unexpected: bool,
    /// How long the lane stayed where it was, milliseconds.
    dwell_ms: Option<i64>,
}

fn steps(facts: &[Fact<OrderFact>]) -> impl Iterator<Item = Step> {
    let (mut rank, mut since) = (None, None::<Timestamp>);
    let mut before: Option<&Fact<OrderFact>> = None;
    facts.iter().map(move |fact| {
        let status = fact.data.status.as_ref();
        let has_moved = before.is_some_and(|before| word(before) != word(fact));
        let next_rank = status.and_then(|status| status.rank);
        let left_an_end = before.is_some_and(|b| matches!(group(b), StatusGroup::Done | StatusGroup::Stopped));
        let begins = fact.data.meaning.begins;
        let follows =
            |status: &Status| status.after.is_empty() || rank.map_or(begins, |rank| status.after.contains(&rank));
        let step = Step {
            has_moved,
            is_backward: has_moved && (left_an_end || next_rank.is_some() && next_rank < rank),
            is_unexpected: (has_moved || before.is_none()) && !status.is_none_or(follows),
            dwell_ms: since
                .filter(|_| has_moved)
                .map(|since| fact.place.at.as_millisecond().saturating_sub(since.as_millisecond())),
        };
        rank = next_rank.or(rank);
        if has_moved || before.is_none() {
            since = Some(fact.place.at);
        }
        before = Some(fact);
        step
    })
}

fn lane_entries(lane: Option<&LaneUid>, facts: &[Fact<OrderFact>]) -> Vec<EntryView> {
    let mut entries: Vec<EntryView> = Vec::with_capacity(facts.len());
    for (index, (fact, step)) in facts.iter().zip(steps(facts)).enumerate() {
        let before = index.checked_sub(1).and_then(|i| facts.get(i));
        let same_second = |other: Option<&Fact<OrderFact>>| {
            other.is_some_and(|other| other.place.at == fact.place.at && other.event_type == fact.event_type)
        };
        let mut marks = time_marks(fact);
        if same_second(before) || same_second(facts.get(index + 1)) {
            marks.insert(Mark::SameSecond);
        }
        if step.is_backward {
            marks.insert(Mark::Backward);
        }
        if step.is_unexpected {
            marks.insert(Mark::Unexpected);
        }
        if before.is_some_and(|before| is_other(before.data.parent.as_ref(), fact.data.parent.as_ref())) {
            marks.insert(Mark::OtherOrder);
        }
        let from = before.filter(|before| before.data.status.is_some());
        entries.push(EntryView {
            event_id: fact.place.event.clone(),
            lane_uid: lane.cloned(),
            pharmacy_name: pharmacy_name(fact),
            at: fact.place.at,
            received_at: fact.place.received_at,
            kind: kind(before, fact, step.has_moved),
            event_type: fact.event_type.clone(),
            from_group: from.map(group),
            from_stage: from.and_then(|from| from.data.meaning.stage),
            from: from.and_then(word).map(str::to_owned),
            to_group: group(fact),
            to_stage: fact.data.meaning.stage,
            to: word(fact).map(str::to_owned),
            finality: fact.data.meaning.finality,
            dwell_ms: step.dwell_ms,
            reason: fact.data.reason.clone(),
            successors: fact.data.successors.clone(),
            predecessor: fact.data.predecessor.clone(),
            trust: fact.trust,
            marks: marks.into_iter().collect(),
            receipts: fact.receipts,
            changes: before.map(|before| changes(&before.data, &fact.data)).unwrap_or_default(),
        });
    }
    mark_out_of_order(&mut entries);
    entries
}

/// Both are named, and they are two.
fn is_other<T: PartialEq>(before: Option<&T>, now: Option<&T>) -> bool {
    before.zip(now).is_some_and(|(before, now)| before != now)
}

fn kind(before: Option<&Fact<OrderFact>>, fact: &Fact<OrderFact>, has_moved: bool) -> EntryKind {
    if fact.data.deleted && !before.is_some_and(|before| before.data.deleted) {
        EntryKind::Deleted
    } else if !fact.data.successors.is_empty() {
        EntryKind::HandedOver
    } else if fact.data.created {
        EntryKind::Created
    } else if has_moved {
        EntryKind::StatusChanged
    } else {
        EntryKind::Updated
    }
}

fn time_marks(fact: &Fact<OrderFact>) -> BTreeSet<Mark> {
    let mut marks = BTreeSet::new();
    let delay = fact.place.received_at.as_millisecond().saturating_sub(fact.place.at.as_millisecond());
    if delay > LATE_MS {
        marks.insert(Mark::Late);
    }
    if delay < -FUTURE_MS {
        marks.insert(Mark::Future);
    }
    if fact.header_mismatch {
        marks.insert(Mark::HeaderMismatch);
    }
    if fact.time_of_receipt {
        marks.insert(Mark::TimeOfReceipt);
    }
    marks
}

/// Marks every entry that was received after one that comes later in time.
fn mark_out_of_order(entries: &mut [EntryView]) {
    let mut earliest_after: Option<Timestamp> = None;
    for entry in entries.iter_mut().rev() {
        let overtaken = earliest_after.is_some_and(|after| after < entry.received_at);
        let position = entry.marks.binary_search(&Mark::OutOfOrder);
        match (overtaken, position) {
            (true, Err(position)) => entry.marks.insert(position, Mark::OutOfOrder),
            (false, Ok(position)) => _ = entry.marks.remove(position),
            _ => {}
        }
        earliest_after = Some(earliest_after.map_or(entry.received_at, |e| e.min(entry.received_at)));
    }
}

#[cfg(test)]
mod tests;
