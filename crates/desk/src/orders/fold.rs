//! The fold of an order: a pure function from the set of its facts to what is shown (step 9 of the journey).
//!
//! It sorts by [`Place`](crate::event::fact::Place), a total order that does not depend on the order of arrival, so any
//! permutation and duplication of the same deliveries ends in the same bytes. It derives transitions by comparing
//! consecutive facts of a lane, because the provider delivers no previous status, actor or reason. It knows no SQL and
//! no network.
//!
//! Here is the order itself: its facts by lane, in their places, completed and without copies. What is made of it is in
//! [`row`], `timeline` and `page`.

mod changes;
mod page;
pub(crate) mod row;
mod sequence;
mod timeline;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    compare::Here,
    fact::OrderFact,
    words::{Finality, Rejections, StatusGroup},
};
use crate::{
    event::fact::Fact,
    id::{ConnectionId, LaneUid, OrderUid},
};

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
}

/// A rejection of which its sender does not say whether it ends the lane does end it where that sender tells final ones only.
/// How a sender tells rejections is a setting of its connection.
pub(super) fn settle_finality(fact: &mut OrderFact, told: Rejections) {
    if fact.meaning.finality == Some(Finality::Unknown) && told == Rejections::FinalOnly {
        fact.meaning.finality = Some(Finality::Final);
    }
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

#[cfg(test)]
mod tests;
