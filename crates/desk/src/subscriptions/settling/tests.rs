//! What settling reads from a list, over rows, lists and times that need not make sense.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::provider::Ambiguity;

const NOW: i64 = 1_700_000_000_000;

/// A row that owns its text, drawn from few enough words that rows and lists meet.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    id: String,
    uid: Option<String>,
    target: String,
    state: SubscriptionState,
    secret: SecretState,
    created_at: i64,
}

impl Kept {
    fn ours(&self) -> Ours<'_> {
        Ours {
            id: &self.id,
            provider_uid: self.uid.as_deref(),
            target: &self.target,
            state: self.state,
            secret: self.secret,
            created_at: self.created_at,
        }
    }

    /// The row as settling leaves it.
    fn after(&self, listed: &[Listed], now: i64, has_ended: bool) -> Kept {
        let mut after = self.clone();
        if let Some(settled) = settled(self.ours(), listed, now, has_ended) {
            after.state = settled.state;
            after.uid = settled.provider_uid.map(str::to_owned);
        }
        after
    }

    fn is_listed(&self, listed: &[Listed]) -> bool {
        listed.iter().any(|l| Some(&l.uid) == self.uid.as_ref() || l.target == self.target)
    }
}

fn state() -> impl Strategy<Value = SubscriptionState> {
    use SubscriptionState::{Active, Foreign, Orphaned, Planned, Removed, Removing, Unsettled, Vanished};
    select(vec![Planned, Unsettled, Active, Vanished, Orphaned, Foreign, Removing, Removed])
}

fn secret() -> impl Strategy<Value = SecretState> {
    select(vec![SecretState::Stored, SecretState::Missing, SecretState::NotIssued])
}

fn age() -> impl Strategy<Value = i64> {
    prop_oneof![-120_000i64..180_000, select(vec![0, ON_ITS_WAY_MS - 1, ON_ITS_WAY_MS, i64::MIN, i64::MAX])]
}

fn kept() -> impl Strategy<Value = Kept> {
    (0u8..100, option::of(0u8..6), 0u8..6, state(), secret(), age()).prop_map(
        |(id, uid, target, state, secret, age)| Kept {
            id: format!("s{id}"),
            uid: uid.map(|uid| format!("u{uid}")),
            target: format!("t{target}"),
            state,
            secret,
            created_at: NOW.saturating_sub(age),
        },
    )
}

fn list() -> impl Strategy<Value = Vec<Listed>> {
    vec((0u8..6, 0u8..6, 0u8..3), 0..8).prop_map(|rows| {
        rows.into_iter().map(|(uid, target, kind)| listed(&format!("u{uid}"), &format!("t{target}"), kind)).collect()
    })
}

fn listed(uid: &str, target: &str, kind: u8) -> Listed {
    Listed { uid: uid.to_owned(), notification_type: format!("type {kind}"), target: target.to_owned() }
}

fn one(state: SubscriptionState, secret: SecretState, age: i64) -> Kept {
    Kept { id: "s".into(), uid: Some("u1".into()), target: "t1".into(), state, secret, created_at: NOW - age }
}

proptest! {
    #[test]
    fn settling_twice_with_the_same_list_changes_nothing(row in kept(), list in list(), ended in any::<bool>()) {
        let once = row.after(&list, NOW, ended);
        prop_assert_eq!(once.after(&list, NOW, ended), once.clone());
        // The secret is looked for as long as it is missing, which finds nothing the second time.
        if let (Some(first), Some(second)) =
            (settled(row.ours(), &list, NOW, ended), settled(once.ours(), &list, NOW, ended))
        {
            prop_assert_eq!(first.take_up, second.take_up);
        }
    }

    #[test]
    fn what_may_be_on_its_way_is_left_alone_for_a_minute(mut row in kept(), list in list(), age in -10_000..ON_ITS_WAY_MS) {
        row.created_at = NOW - age;
        row.state = SubscriptionState::Unsettled;
        prop_assert_eq!(settled(row.ours(), &list, NOW, false), None);
    }

    #[test]
    fn a_young_plan_that_is_not_listed_is_left_alone(mut row in kept(), list in list(), age in 0..ON_ITS_WAY_MS) {
        row.created_at = NOW - age;
        row.state = SubscriptionState::Planned;
        prop_assume!(!row.is_listed(&list));
        prop_assert_eq!(settled(row.ours(), &list, NOW, false), None);
    }

    #[test]
    fn after_a_minute_or_a_known_end_nothing_stays_unsettled(mut row in kept(), list in list(), age in age(), ended in any::<bool>()) {
        row.created_at = NOW.saturating_sub(age);
        prop_assume!(ended || age >= ON_ITS_WAY_MS);
        let after = row.after(&list, NOW, ended).state;
        prop_assert!(!matches!(after, SubscriptionState::Planned | SubscriptionState::Unsettled | SubscriptionState::Removing));
    }

    #[test]
    fn what_a_row_of_ours_explains_is_never_foreign(rows in vec(kept(), 0..6), list in list()) {
        let ours: Vec<Ours<'_>> = rows.iter().map(Kept::ours).collect();
        let foreign = foreign(&ours, &list);
        for at in &list {
            let explained = rows.iter().any(|row| row.uid.as_ref() == Some(&at.uid) || row.target == at.target);
            prop_assert_eq!(foreign.contains(&at), !explained);
        }
    }

    #[test]
    fn a_subscription_becomes_active_only_when_listed_and_never_without_knowing_its_secret(
        row in kept(), list in list(), ended in any::<bool>(),
    ) {
        if let Some(settled) = settled(row.ours(), &list, NOW, ended) {
            if settled.state == SubscriptionState::Active {
                prop_assert!(row.is_listed(&list) && row.secret != SecretState::Missing);
            }
            prop_assert_eq!(settled.take_up, row.is_listed(&list) && row.secret == SecretState::Missing);
            prop_assert_eq!(settled.take_up, settled.state == SubscriptionState::Orphaned);
        }
    }

    #[test]
    fn a_uid_once_known_is_never_forgotten(row in kept(), list in list(), ended in any::<bool>()) {
        let after = row.after(&list, NOW, ended);
        prop_assert!(row.uid.is_none() || after.uid.is_some());
        prop_assert!(after.uid == row.uid || list.iter().any(|at| Some(&at.uid) == after.uid.as_ref()));
    }

    #[test]
    fn what_a_delete_took_beside_its_own_is_exactly_what_is_reported(
        before in list(), after in list(), but in option::of(0u8..6),
    ) {
        let but = but.map(|uid| format!("u{uid}"));
        let lost = lost_beside(&before, &after, but.as_deref());
        for at in &before {
            let is_lost = but.as_ref() != Some(&at.uid) && after.iter().all(|still| still.uid != at.uid);
            prop_assert_eq!(lost.contains(&at), is_lost);
        }
        prop_assert!(lost.iter().all(|at| before.contains(at)));
    }

    #[test]
    fn what_appears_after_a_delete_is_not_reported(before in list(), more in list(), but in 0u8..6) {
        let mut after = before.clone();
        after.extend(more);
        prop_assert_eq!(lost_beside(&before, &after, Some(&format!("u{but}"))), Vec::<&Listed>::new());
    }

    #[test]
    fn nothing_counts_as_deleted_while_it_may_deliver(state in state()) {
        use SubscriptionState::{Active, Foreign, Orphaned, Removing, Unsettled};
        let may_deliver = matches!(state, Active | Foreign | Orphaned | Removing | Unsettled);
        prop_assert_eq!(left(Some(state)) == Left::Subscription, may_deliver);
    }
}

#[test]
fn a_create_slower_than_our_patience_comes_back_as_an_orphan() {
    let row = one(SubscriptionState::Removed, SecretState::Missing, 2 * ON_ITS_WAY_MS);
    let after = row.after(&[listed("u1", "t1", 0)], NOW, false);
    assert_eq!(after.state, SubscriptionState::Orphaned);
}

#[test]
fn a_create_whose_answer_was_lost_is_known_by_its_target() {
    let mut row = one(SubscriptionState::Unsettled, SecretState::Missing, 0);
    row.uid = None;
    let list = [listed("u2", "t2", 0), listed("u7", "t1", 0)];
    let after = row.after(&list, NOW, true);
    assert_eq!((after.state, after.uid.as_deref()), (SubscriptionState::Orphaned, Some("u7")));
}

#[test]
fn a_young_subscription_that_is_listed_is_not_called_an_orphan_yet() {
    let row = one(SubscriptionState::Unsettled, SecretState::Missing, ON_ITS_WAY_MS - 1);
    assert_eq!(settled(row.ours(), &[listed("u1", "t1", 0)], NOW, false), None);
}

#[test]
fn a_create_that_is_known_to_have_ended_and_is_not_listed_never_happened() {
    let row = one(SubscriptionState::Unsettled, SecretState::Missing, 0);
    assert_eq!(row.after(&[], NOW, true).state, SubscriptionState::Removed);
}

#[test]
fn an_active_one_that_is_not_listed_has_vanished_and_is_not_removed() {
    let row = one(SubscriptionState::Active, SecretState::Stored, 0);
    let after = row.after(&[], NOW, true);
    assert_eq!((after.state, after.uid.as_deref()), (SubscriptionState::Vanished, Some("u1")));
}

#[test]
fn a_delete_that_did_not_take_makes_the_subscription_active_again() {
    let row = one(SubscriptionState::Removing, SecretState::Stored, 0);
    assert_eq!(row.after(&[listed("u1", "t1", 0)], NOW, false).state, SubscriptionState::Active);
}

#[test]
fn one_that_was_never_issued_a_secret_is_active_and_no_secret_is_looked_for() {
    let row = one(SubscriptionState::Unsettled, SecretState::NotIssued, ON_ITS_WAY_MS);
    let list = [listed("u1", "t1", 0)];
    let settled = settled(row.ours(), &list, NOW, false).unwrap();
    assert_eq!((settled.state, settled.take_up), (SubscriptionState::Active, false));
}

#[test]
fn a_clock_that_was_set_back_waits_and_does_not_remove() {
    let row = one(SubscriptionState::Unsettled, SecretState::Missing, -3_600_000);
    assert_eq!(settled(row.ours(), &[], NOW, false), None);
}

#[test]
fn a_delete_whose_answer_was_lost_is_settled_by_the_next_list() {
    let failure = |error: ProviderError| DeleteFailure::of(&error.into());
    assert_eq!(failure(ProviderError::Ambiguous(Ambiguity::Unreadable)), DeleteFailure::ListTells);
    assert_eq!(failure(ProviderError::NotFound("gone".into())), DeleteFailure::ListTells);
    assert_eq!(failure(ProviderError::Rejected("no".into())), DeleteFailure::Rejected);
    assert_eq!(failure(ProviderError::Failed(503)), DeleteFailure::Failed);
}
