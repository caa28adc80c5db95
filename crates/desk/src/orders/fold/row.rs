//! What the tables hold of an order beside its timeline: its row, what it is filtered by and what it is found by.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Order, group, is_open, pharmacy_name, timeline::steps, word};
use crate::{
    event::{
        fact::{Fact, Trust},
        fold_word,
    },
    id::{LaneUid, PharmacyUid},
    keyword,
    money::Money,
    orders::{
        fact::OrderFact,
        stored::{StoredLane, StoredRow},
        words::{Attention, Stage, StatusGroup},
    },
    search::Words,
};

impl Order {
    /// Everything the tables hold of an order.
    pub(crate) fn folded(&self) -> Option<Folded> {
        let row = self.row()?;
        let begun = self.lanes.values().flatten().map(|fact| fact.place.at).min()?;
        let newest = self.leading()?.1;
        Some(Folded { begun, is_open: is_open(newest), facets: self.facets(&row), words: self.words(), row })
    }

    /// The row of the list.
    pub(crate) fn row(&self) -> Option<StoredRow> {
        let (facts, newest) = self.leading()?;
        let all = || self.lanes.values().flatten();
        let data = &newest.data;
        let status = word(newest);
        let status_group = group(newest);
        let since = facts.iter().rev().take_while(|fact| word(fact) == status).last().unwrap_or(newest);
        let events: BTreeSet<_> = all().map(|fact| &fact.place.event).collect();
        Some(StoredRow {
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

    pub(super) fn lane_views(&self) -> Vec<StoredLane> {
        self.newest().into_iter().map(|(uid, fact)| lane_view(uid, fact)).collect()
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

    /// By what the order can be filtered. Pharmacies: of every lane.
    fn facets(&self, row: &StoredRow) -> Vec<Facet> {
        let facet = |kind, value: &str, label: &str| Facet { kind, value: value.to_owned(), label: label.to_owned() };
        let mut facets = vec![
            facet(Facet::GROUP, &keyword::of(&row.status_group), ""),
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
    pub(crate) row: StoredRow,
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

fn lane_view(uid: &LaneUid, fact: &Fact<OrderFact>) -> StoredLane {
    StoredLane {
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
