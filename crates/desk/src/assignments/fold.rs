//! The fold of a prescription's doctors (step 9 of the journey). Pure, and independent of the order of arrival.
//!
//! The events carry no time of their own. One that was pushed has the time of its publication; one that came bare has only
//! its receipts. So the fold first decides which events are the same change told twice, then walks the chain: where the
//! doctor before is not the one the last change named, something between was not heard, and neither end is made up.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    fact::AssignmentFact,
    stored::{StoredAssignment, StoredChange, StoredPrescription},
    words::{Clock, ReasonKind},
};
use crate::{
    event::fact::{Fact, Place, Trust},
    id::{DoctorUid, PrescriptionUid},
};

/// An event with the moments of its receipts.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    pub(crate) fact: Fact<AssignmentFact>,
    /// Every receipt; looked at only where the event has no time.
    pub(crate) receipts: Vec<Timestamp>,
}

/// A prescription with everything known about its doctors.
pub(crate) struct Prescription {
    uid: PrescriptionUid,
    /// In their places.
    tellings: Vec<Telling>,
}

/// One change, however often it was told.
#[derive(Clone, Debug)]
struct Change {
    place: Place,
    clock: Clock,
    fact: AssignmentFact,
    trust: Trust,
    told: u32,
    /// A bare message that was received again: it counts only where the chain has room for it.
    again: bool,
}

impl Change {
    fn at(&self) -> Timestamp {
        self.place.at
    }

    fn stored(&self) -> StoredChange {
        StoredChange {
            at: self.at(),
            clock: self.clock,
            reason: self.fact.reason.clone(),
            reason_kind: self.fact.reason_kind,
            event_id: Some(self.place.event.clone()),
            trust: self.trust,
            told: self.told,
            uncertain: self.again,
        }
    }

    fn tell(&mut self, trust: Trust) {
        self.told = self.told.saturating_add(1);
        self.trust = self.trust.max(trust);
    }
}

impl Prescription {
    /// `tellings` in any order; `None` where there are none.
    pub(crate) fn new(uid: PrescriptionUid, mut tellings: Vec<Telling>) -> Option<Self> {
        tellings.sort_by(|a, b| a.fact.place.cmp(&b.fact.place));
        (!tellings.is_empty()).then_some(Self { uid, tellings })
    }

    /// The changes in their order, each once.
    fn changes(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        for telling in self.tellings.iter().filter(|telling| !telling.fact.time_of_receipt) {
            let fact = &telling.fact;
            let same = |change: &&mut Change| {
                let by_message = change.fact.message.is_some() && change.fact.message == fact.data.message;
                change.fact.claim == fact.data.claim && (by_message || change.place.at == fact.place.at)
            };
            match changes.iter_mut().find(same) {
                Some(known) => known.tell(fact.trust),
                None => changes.push(change(fact, fact.place.clone(), false)),
            }
        }
        // A bare event that says the same as one with a time is that one told by another way.
        let mut bare: BTreeMap<&str, Vec<&Telling>> = BTreeMap::new();
        for telling in self.tellings.iter().filter(|telling| telling.fact.time_of_receipt) {
            let fact = &telling.fact;
            let is_same = |change: &Change| change.fact.claim == fact.data.claim;
            let before = changes.iter().rposition(|one| is_same(one) && one.at() <= fact.place.at);
            match before.or_else(|| changes.iter().position(is_same)).and_then(|at| changes.get_mut(at)) {
                Some(known) => known.tell(fact.trust),
                None => bare.entry(fact.data.claim.as_str()).or_default().push(telling),
            }
        }
        for tellings in bare.into_values() {
            let Some(first) = tellings.first() else { continue };
            let mut once = change(&first.fact, first.fact.place.clone(), false);
            tellings.iter().skip(1).for_each(|other| once.tell(other.fact.trust));
            let receipts: BTreeSet<_> = tellings.iter().flat_map(|telling| &telling.receipts).copied().collect();
            let later = receipts.into_iter().filter(|at| *at > once.at());
            changes.extend(later.map(|at| Change {
                place: Place { at, received_at: at, ..once.place.clone() },
                again: true,
                ..once.clone()
            }));
            changes.push(once);
        }
        changes.sort_by(|a, b| a.place.cmp(&b.place));
        changes
    }

    /// Who had it, oldest first.
    pub(crate) fn history(&self) -> Vec<StoredAssignment> {
        let mut history: Vec<StoredAssignment> = Vec::new();
        let mut last: Option<Change> = None;
        for change in self.changes() {
            let holder = last.as_ref().map(|last| &last.fact.to);
            let fits = holder.is_none_or(|holder| *holder == change.fact.from);
            let is_repeated = last.as_ref().is_some_and(|last| last.fact.claim == change.fact.claim);
            if is_repeated || change.again && (!fits || change.fact.from == change.fact.to) {
                // The same again without anything between: sent twice.
                continue;
            }
            let began = change.stored();
            match history.last_mut().filter(|_| fits) {
                Some(open) => {
                    open.until = Some(change.at());
                    open.ended = Some(began.clone());
                }
                None => history.extend(self.unheard(last.as_ref(), &change)),
            }
            if let Some(before) = history.iter_mut().rev().find(|before| before.open) {
                before.open = false;
                before.not_after = Some(change.at());
            }
            history.push(StoredAssignment {
                doctor_uid: change.fact.to.clone(),
                from: Some(change.at()),
                reason: change.fact.reason.clone(),
                open: true,
                not_before: change.at(),
                began: Some(began),
                ..self.blank(change.at())
            });
            last = Some(change);
        }
        for assignment in &mut history {
            assignment.doctor_name = assignment.doctor_uid.as_ref().and_then(|uid| self.name(uid));
        }
        history
    }

    /// Who had it just before a change, where the change that gave it to them was not heard.
    fn unheard(&self, last: Option<&Change>, change: &Change) -> Option<StoredAssignment> {
        let ended = Some(change.stored());
        let made = change.fact.created_at.filter(|made| *made < change.at());
        let (from, not_before) = match (last, &change.fact.from, made) {
            (Some(last), ..) => (None, last.at()),
            // From its making until its first doctor it was nobody's.
            (None, None, Some(made)) => (Some(made), made),
            (None, None, None) => return None,
            (None, Some(_), made) => (None, made.unwrap_or(change.at())),
        };
        let began = from.map(|at| StoredChange {
            at,
            clock: Clock::Prescription,
            reason: None,
            reason_kind: None,
            event_id: None,
            trust: change.trust,
            told: 1,
            uncertain: false,
        });
        Some(StoredAssignment {
            doctor_uid: change.fact.from.clone(),
            from,
            until: Some(change.at()),
            not_before,
            not_after: Some(change.at()),
            began,
            ended,
            ..self.blank(change.at())
        })
    }

    fn blank(&self, at: Timestamp) -> StoredAssignment {
        StoredAssignment {
            prescription_uid: self.uid.clone(),
            doctor_uid: None,
            doctor_name: None,
            from: None,
            until: None,
            reason: None,
            open: false,
            not_before: at,
            not_after: None,
            began: None,
            ended: None,
            shop: self.newest(|fact| fact.shop.clone()),
        }
    }

    /// What the newest event that says anything says.
    fn newest<T>(&self, says: impl Fn(&AssignmentFact) -> Option<T>) -> Option<T> {
        self.tellings.iter().rev().find_map(|telling| says(&telling.fact.data))
    }

    fn name(&self, uid: &DoctorUid) -> Option<String> {
        self.newest(|fact| {
            fact.named
                .as_ref()
                .filter(|doctor| doctor.uid == *uid && !doctor.name.is_empty())
                .map(|doctor| doctor.name.clone())
        })
    }

    /// The row of the list.
    pub(crate) fn row(&self, history: &[StoredAssignment]) -> Option<StoredPrescription> {
        let now = history.iter().rev().find(|one| one.open)?;
        let unheard = |one: &&StoredAssignment| one.from.is_none() || (one.until.is_none() && !one.open);
        Some(StoredPrescription {
            uid: self.uid.clone(),
            connection: self.tellings.last()?.fact.connection.clone(),
            status: self.newest(|fact| fact.status.clone()),
            created_at: self.newest(|fact| fact.created_at),
            changed_at: now.not_before,
            doctor_uid: now.doctor_uid.clone(),
            doctor_name: now.doctor_name.clone(),
            reason: now.reason.clone(),
            reason_kind: now.began.as_ref().and_then(|change| change.reason_kind),
            assignments: count(history.iter().filter(|one| one.doctor_uid.is_some())),
            // A break has two ends; the one before the first event has but one.
            gaps: count(history.iter().filter(unheard).filter(|one| one.from.is_none())),
            shop: self.newest(|fact| fact.shop.clone()),
            external_order_id: self.newest(|fact| fact.external_order_id.clone()),
            external_fulfillment_id: self.newest(|fact| fact.external_fulfillment_id.clone()),
            order: (),
            order_name: (),
        })
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

fn change(fact: &Fact<AssignmentFact>, place: Place, again: bool) -> Change {
    Change { place, clock: fact.data.clock, fact: fact.data.clone(), trust: fact.trust, told: 1, again }
}

/// What an assignment adds to its doctor's figures: `(what, reason)`.
pub(crate) fn counts(one: &StoredAssignment) -> Vec<(&'static str, String)> {
    let mut counts = Vec::new();
    if one.doctor_uid.is_none() {
        return counts;
    }
    let reason = |change: &StoredChange| change.reason.clone().unwrap_or_default();
    if one.open {
        counts.push(("open", String::new()));
    }
    counts.push(("taken", one.began.as_ref().map(reason).unwrap_or_default()));
    if !one.open {
        let why = one.ended.as_ref().map(reason).unwrap_or_default();
        if one.ended.as_ref().and_then(|change| change.reason_kind).is_some_and(ReasonKind::is_requeue) {
            counts.push(("requeued", why.clone()));
        }
        counts.push(("lost", why));
    }
    counts
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
