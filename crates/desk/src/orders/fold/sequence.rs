//! The expected sequence of a lane: what was heard, what comes next, what was skipped, what nobody expected. Pure.

use std::collections::BTreeSet;

use crate::{
    event::fact::Fact,
    orders::{
        fact::{Expected, OrderFact},
        stored::StoredStep,
        words::{StatusGroup, StepState},
    },
};

/// The steps of a lane, or `None` where its provider's documents know no sequence for it. `whole` are the facts about the
/// order as a whole: what was heard there was heard for each of its lanes.
pub(super) fn sequence(
    whole: &[Fact<OrderFact>],
    facts: &[Fact<OrderFact>],
    has_ended: bool,
    group: impl Fn(&Fact<OrderFact>) -> StatusGroup,
) -> Option<Vec<StoredStep>> {
    let expected = facts.iter().rev().map(|fact| &fact.data.sequence).find(|sequence| !sequence.is_empty())?;
    let heard = |step: &Expected| whole.iter().chain(facts).find(|fact| word(fact) == Some(step.word.as_str()));
    let last_done = expected.iter().rposition(|step| heard(step).is_some());
    let mut steps = Vec::with_capacity(expected.len() + 1);
    let mut has_next = false;
    for (index, step) in expected.iter().enumerate() {
        let fact = heard(step);
        let is_behind = last_done.is_some_and(|last| index < last);
        let state = match fact {
            Some(_) => StepState::Done,
            None if step.optional => continue,
            None if is_behind => StepState::Skipped,
            None if has_ended => StepState::NotReached,
            None if !std::mem::replace(&mut has_next, true) => StepState::Next,
            None => StepState::Ahead,
        };
        let at = fact.map(|fact| fact.place.at);
        steps.push(StoredStep { status: step.word.clone(), stage: step.stage, state, at });
    }
    let reached = steps.iter().rposition(|step| step.state == StepState::Done).map_or(0, |last| last + 1);
    let mut others = Vec::new();
    let mut told = BTreeSet::new();
    for (index, fact) in facts.iter().enumerate() {
        let Some(status) = &fact.data.status else { continue };
        if expected.iter().any(|step| step.word == status.word) || !told.insert(&status.word) {
            continue;
        }
        // What only ended the lane for a while is told by its entry.
        let is_last = facts.iter().skip(index).all(|later| word(later) == Some(status.word.as_str()));
        let state = match status.group {
            StatusGroup::Stopped | StatusGroup::Done if is_last => StepState::Ending,
            StatusGroup::Stopped | StatusGroup::Done if group(fact) != StatusGroup::Unknown => continue,
            _ => StepState::Unexpected,
        };
        let (status, stage, at) = (status.word.clone(), fact.data.meaning.stage, Some(fact.place.at));
        others.push(StoredStep { status, stage, state, at });
    }
    steps.splice(reached..reached, others);
    Some(steps)
}

fn word(fact: &Fact<OrderFact>) -> Option<&str> {
    fact.data.status.as_ref().map(|status| status.word.as_str())
}
