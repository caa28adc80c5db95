//! Single decisions, over facts that need not make sense.

use proptest::{option, prelude::*, sample::select};

use super::*;
use crate::provider::Ambiguity;

pub(super) const NOW: i64 = 1_700_000_000_000;
pub(super) const MINUTE: i64 = 60_000;
pub(super) const GRACE: i64 = 72 * 60 * MINUTE;

use RotationStep::{Created as StepCreated, Done, Grace, Planned, Proving, RolledBack, RollingBack, Switching};

/// The diagram in the header of `rotation`.
pub(super) fn may_follow(from: RotationStep) -> &'static [RotationStep] {
    match from {
        Planned => &[StepCreated, RollingBack],
        StepCreated => &[Proving, RollingBack],
        Proving => &[Switching, RollingBack],
        Switching => &[Grace, RollingBack],
        Grace => &[Done],
        RollingBack => &[RolledBack],
        Done | RolledBack => &[],
    }
}

/// Where an act leads to; `None` stays.
pub(super) fn leads_to(act: Act) -> Option<RotationStep> {
    match act {
        Act::KeepNew => Some(StepCreated),
        Act::AwaitProof => Some(Proving),
        Act::Switch => Some(Switching),
        Act::BeginGrace(_) => Some(Grace),
        Act::Finish => Some(Done),
        Act::RolledBack { .. } => Some(RolledBack),
        Act::GiveUp(_) => Some(RollingBack),
        _ => None,
    }
}

pub(super) fn step() -> impl Strategy<Value = RotationStep> {
    select(vec![Planned, StepCreated, Proving, Switching, Grace, Done, RollingBack, RolledBack])
}

fn state() -> impl Strategy<Value = SubscriptionState> {
    use SubscriptionState::{Active, Orphaned, Planned, Removed, Removing, Unsettled, Vanished};
    select(vec![Planned, Unsettled, Active, Vanished, Orphaned, Removing, Removed])
}

fn secret() -> impl Strategy<Value = SecretState> {
    select(vec![SecretState::Stored, SecretState::Missing, SecretState::NotIssued])
}

pub(super) fn generation() -> impl Strategy<Value = Generation> {
    (state(), secret(), 0i64..3, -MINUTE..3 * MINUTE).prop_map(|(state, secret, verified, age)| Generation {
        state,
        secret,
        verified,
        created_at: NOW - age,
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    (step(), option::of(-GRACE..GRACE), any::<bool>(), generation(), generation()).prop_map(
        |(step, until, test_is_open, old, new)| Facts {
            step,
            grace_until: until.map(|until| NOW + until),
            test_is_open,
            old,
            new,
            now: NOW,
        },
    )
}

fn deleted() -> impl Strategy<Value = Deleted> {
    select(vec![Deleted::Gone, Deleted::LostOthers, Deleted::Failed])
}

fn heard() -> impl Strategy<Value = Heard> {
    prop_oneof![
        Just(Heard::Nothing),
        select(vec![Created::Made, Created::Lost, Created::Exists, Created::Passes, Created::No])
            .prop_map(Heard::Created),
        any::<bool>().prop_map(|refused| Heard::Listed { refused }),
        (any::<bool>(), deleted()).prop_map(|(new_was_there, outcome)| Heard::OldDeleted { new_was_there, outcome }),
        Just(Heard::PlanDropped),
        deleted().prop_map(Heard::NewDeleted),
    ]
}

proptest! {
    // Most facts lead to the same few acts; the rare ones are to be met in every run.
    #![proptest_config(ProptestConfig::with_cases(8000))]

    #[test]
    fn no_decision_leaves_the_diagram(facts in facts(), heard in heard()) {
        if let Some(to) = leads_to(next(&facts, heard)) {
            prop_assert!(may_follow(facts.step).contains(&to), "{:?} to {:?}", facts.step, to);
        }
    }

    #[test]
    fn the_old_one_is_deleted_only_after_a_list_that_shows_a_new_one_with_a_secret_or_no_old_one(
        facts in facts(), heard in heard(),
    ) {
        if let Act::DeleteOld { new_is_there } = next(&facts, heard) {
            let has_new = facts.new.state == SubscriptionState::Active && facts.new.secret == SecretState::Stored;
            let has_old = !matches!(facts.old.state, SubscriptionState::Removed | SubscriptionState::Vanished);
            prop_assert!(has_new || !has_old);
            let was_listed = matches!(heard, Heard::Listed { .. });
            prop_assert!(was_listed);
            prop_assert_eq!((facts.step, new_is_there), (Switching, has_new));
        }
    }

    #[test]
    fn only_what_is_planned_is_asked_for_and_not_right_after_it_was(facts in facts(), heard in heard()) {
        if next(&facts, heard) == Act::Create {
            prop_assert_eq!((facts.step, facts.new.state), (Planned, SubscriptionState::Planned));
            let was_asked = matches!(heard, Heard::Created(_));
            prop_assert!(!was_asked);
        }
    }

    #[test]
    fn nothing_is_given_up_once_the_old_one_is_gone(
        mut facts in facts(), heard in heard(), step in select(vec![Switching, Grace, Done]), is_removed in any::<bool>(),
    ) {
        facts.step = step;
        facts.old.state = if is_removed { SubscriptionState::Removed } else { SubscriptionState::Vanished };
        let gives_up = matches!(next(&facts, heard), Act::GiveUp(_) | Act::RolledBack { .. } | Act::DeleteNew);
        prop_assert!(!gives_up);
    }

    #[test]
    fn the_new_one_is_deleted_only_while_rolling_back(facts in facts(), heard in heard()) {
        if matches!(next(&facts, heard), Act::DeleteNew | Act::DropPlan) {
            prop_assert_eq!(facts.step, RollingBack);
        }
    }

    #[test]
    fn without_a_stored_secret_and_a_delivery_nothing_is_switched(facts in facts(), heard in heard()) {
        if next(&facts, heard) == Act::Switch {
            prop_assert!(facts.new.secret == SecretState::Stored && facts.new.verified > 0);
        }
    }

    #[test]
    fn the_old_address_is_closed_only_when_the_grace_period_is_over(facts in facts(), heard in heard()) {
        if next(&facts, heard) == Act::Finish {
            prop_assert!(facts.step == Grace && facts.grace_until.is_none_or(|until| until <= facts.now));
        }
    }

    #[test]
    fn what_may_be_on_its_way_is_looked_at_again_a_minute_after_it_was_asked_for(facts in facts(), heard in heard()) {
        if let Act::NotBefore(at) = next(&facts, heard) {
            prop_assert_eq!(facts.new.state, SubscriptionState::Unsettled);
            prop_assert_eq!(at, facts.new.created_at + MINUTE);
        }
    }

    #[test]
    fn pauses_double_and_stay_within_their_bounds(tries in any::<i64>()) {
        let (pause, longer) = (pause_s(tries), pause_s(tries.saturating_add(1)));
        prop_assert!((FIRST_PAUSE_S..=LONGEST_PAUSE_S).contains(&pause));
        let doubled = (pause * 2).min(LONGEST_PAUSE_S);
        prop_assert_eq!(longer, if tries < 0 { FIRST_PAUSE_S } else { doubled });
    }

    #[test]
    fn what_is_over_or_paused_is_not_worked_on(step in step(), at in option::of(-10i64..10)) {
        let is_due = is_due(step, at.map(|at| NOW + at), NOW);
        prop_assert_eq!(is_due, !matches!(step, Done | RolledBack) && at.is_none_or(|at| at <= 0));
    }
}

/// A rotation that was just begun.
fn fresh() -> Facts {
    let row = |state, secret| Generation { state, secret, verified: 0, created_at: NOW };
    Facts {
        step: Planned,
        grace_until: None,
        test_is_open: false,
        old: row(SubscriptionState::Active, SecretState::Stored),
        new: row(SubscriptionState::Planned, SecretState::Missing),
        now: NOW,
    }
}

#[test]
fn a_refusal_because_it_exists_shows_the_list_before_it_gives_up() {
    let mut facts = fresh();
    assert_eq!(next(&facts, Heard::Created(Created::Exists)), Act::List { ended: true });
    facts.new.state = SubscriptionState::Active;
    assert_eq!(next(&facts, Heard::Listed { refused: true }), Act::GiveUp(Why::Heard));
}

#[test]
fn the_way_to_the_grace_period_is_clear_although_the_delete_took_others_along() {
    let mut facts = fresh();
    facts.step = Switching;
    let heard = Heard::OldDeleted { new_was_there: true, outcome: Deleted::LostOthers };
    assert_eq!(next(&facts, heard), Act::BeginGrace(Some(Why::Heard)));
}

#[test]
fn without_a_secret_it_waits_for_somebody_to_paste_one_even_when_it_vanished() {
    let mut facts = fresh();
    facts.step = Proving;
    facts.new.state = SubscriptionState::Vanished;
    facts.new.secret = SecretState::NotIssued;
    assert_eq!(next(&facts, Heard::Nothing), Act::Wait);
}

#[test]
fn a_clear_no_is_given_up_and_a_passing_problem_is_tried_again() {
    let facts = fresh();
    let answer = |error: ProviderError| Created::of(&Err(error.into()));
    assert_eq!(next(&facts, Heard::Created(answer(ProviderError::Failed(503)))), Act::PutOff);
    assert_eq!(next(&facts, Heard::Created(answer(ProviderError::Rejected("no".into())))), Act::GiveUp(Why::Heard));
    assert_eq!(answer(ProviderError::Ambiguous(Ambiguity::Unreadable)), Created::Lost);
}

#[test]
fn a_delete_that_took_others_along_is_told_from_one_that_failed() {
    assert_eq!(Deleted::of(&Ok(())), Deleted::Gone);
    assert_eq!(Deleted::of(&Err(ProviderError::LostOthers("order".into()).into())), Deleted::LostOthers);
    assert_eq!(Deleted::of(&Err(ProviderError::Ambiguous(Ambiguity::NotListed).into())), Deleted::Failed);
}

#[test]
fn the_pauses_are_a_quarter_of_a_minute_to_a_quarter_of_an_hour() {
    let pauses: Vec<i64> = (0..8).map(pause_s).collect();
    assert_eq!(pauses, [15, 30, 60, 120, 240, 480, 900, 900]);
}
