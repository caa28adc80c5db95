//! The timeline of an order: every event as an entry, with what it changed, what is noteworthy about it and how far its lane has
//! come.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Order, changes::changes, group, is_open, pharmacy_name, sequence::sequence, word};
use crate::{
    event::fact::Fact,
    id::LaneUid,
    orders::{
        fact::{OrderFact, Status},
        stored::{StoredEntry, StoredSequence, StoredTimeline},
        words::{EntryKind, Mark, StatusGroup},
    },
};

/// Received more than this after the event: late.
const LATE_MS: i64 = 24 * 3600 * 1000;
/// Further than this in the future of its receipt: a clock is wrong somewhere.
const FUTURE_MS: i64 = 5 * 60 * 1000;

impl Order {
    /// Every entry of every lane, oldest first.
    pub(crate) fn timeline(&self) -> StoredTimeline {
        let mut entries: Vec<_> = self
            .lanes
            .iter()
            .flat_map(|(lane, facts)| {
                facts.iter().map(|fact| fact.place.clone()).zip(lane_entries(lane.as_ref(), facts))
            })
            .collect();
        entries.sort_by(|a, b| (&a.0, &a.1.lane_uid).cmp(&(&b.0, &b.1.lane_uid)));
        let mut entries: Vec<StoredEntry> = entries.into_iter().map(|(_, entry)| entry).collect();
        mark_out_of_order(&mut entries);
        StoredTimeline { uid: self.uid.clone(), lanes: self.lane_views(), sequences: self.sequences(), entries }
    }

    /// Of the lanes, newest first; of the whole order while it has none.
    fn sequences(&self) -> Vec<StoredSequence> {
        let whole = self.lanes.get(&None).map_or(&[][..], Vec::as_slice);
        let of = |lane: Option<&LaneUid>, facts: &[Fact<OrderFact>]| {
            let newest = facts.last()?;
            let ended = !is_open(newest);
            let steps = sequence(whole, facts, ended, group)?;
            Some(StoredSequence { lane_uid: lane.cloned(), pharmacy_name: pharmacy_name(newest), steps })
        };
        let newest = self.newest();
        if newest.is_empty() {
            return of(None, whole).into_iter().collect();
        }
        let facts = |lane: &LaneUid| self.lanes.get(&Some(lane.clone())).map(Vec::as_slice);
        newest.into_iter().filter_map(|(lane, _)| of(Some(lane), facts(lane)?)).collect()
    }
}

/// What a fact is to the one before it on its lane.
#[derive(Clone, Copy, Default)]
pub(super) struct Step {
    has_moved: bool,
    pub(super) is_backward: bool,
    is_unexpected: bool,
    /// How long the lane stayed where it was, milliseconds.
    dwell_ms: Option<i64>,
}

pub(super) fn steps(facts: &[Fact<OrderFact>]) -> impl Iterator<Item = Step> {
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

fn lane_entries(lane: Option<&LaneUid>, facts: &[Fact<OrderFact>]) -> Vec<StoredEntry> {
    let mut entries: Vec<StoredEntry> = Vec::with_capacity(facts.len());
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
        entries.push(StoredEntry {
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
fn mark_out_of_order(entries: &mut [StoredEntry]) {
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
