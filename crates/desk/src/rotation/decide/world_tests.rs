//! Whole rotations in a world with bad luck: answers get lost, the desk is killed after any question, subscriptions vanish,
//! somebody gives up. What the provider lists is read with the functions of `settling`.

use RotationStep::{Done, Grace, Planned, Proving, RolledBack, RollingBack, Switching};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    tests::{GRACE, MINUTE, NOW, generation, leads_to, may_follow, step},
    *,
};
use crate::{
    rxscale::api::Listed,
    subscriptions::settling::{self, Left, Ours},
};

/// A subscription in the world: our row, and whether the provider has it.
#[derive(Clone, Debug)]
struct Thing {
    row: Generation,
    uid: Option<&'static str>,
    name: &'static str,
    is_listed: bool,
    /// Its secret reached the keyring and not the database.
    is_pending: bool,
}

impl Thing {
    fn settle(&mut self, list: &[Listed], now: i64, has_ended: bool) {
        let ours = Ours {
            id: self.name,
            provider_uid: self.uid,
            target: self.name,
            state: self.row.state,
            secret: self.row.secret,
            created_at: self.row.created_at,
        };
        if let Some(settled) = settling::settled(ours, list, now, has_ended) {
            self.row.state = settled.state;
            self.uid = settled.provider_uid.map(|_| self.name);
            if settled.take_up && self.is_pending {
                self.keep_secret();
            }
        }
    }

    fn keep_secret(&mut self) {
        use SubscriptionState::{Removed, Removing, Vanished};
        if self.row.state != Removed {
            self.row.secret = SecretState::Stored;
        }
        if !matches!(self.row.state, Removed | Vanished | Removing) {
            self.row.state = SubscriptionState::Active;
        }
        self.is_pending = false;
    }
}

/// How a question ends. Which of them means what is up to the question.
type Luck = u8;
const KIND: Luck = 0;
/// The desk is killed when the question is answered.
const KILLED: Luck = 9;

#[derive(Clone, Copy, Debug)]
enum Outside {
    Nothing,
    Time(i64),
    Delivery,
    Paste,
    NewVanishes,
    OldVanishes,
    GiveUp,
}

fn outside() -> impl Strategy<Value = Outside> {
    prop_oneof![
        1 => Just(Outside::Nothing),
        2 => select(vec![1, 61, 20 * 60, 80 * 3600]).prop_map(|s| Outside::Time(s * 1000)),
        3 => Just(Outside::Delivery),
        1 => Just(Outside::Paste),
        1 => Just(Outside::NewVanishes),
        1 => Just(Outside::OldVanishes),
        1 => Just(Outside::GiveUp),
    ]
}

/// What may happen in one tending: something outside first, then how each question ends. Mostly kind, so that runs get far.
fn rounds() -> impl Strategy<Value = Vec<(Outside, Vec<Luck>)>> {
    vec((outside(), vec(prop_oneof![2 => Just(KIND), 1 => 0u8..12], 4)), 1..14)
}

#[derive(Clone, Debug)]
struct World {
    step: RotationStep,
    tries: i64,
    next_try_at: Option<i64>,
    grace_until: Option<i64>,
    test_is_open: bool,
    now: i64,
    old: Thing,
    new: Thing,
    /// A create of ours may have reached the provider.
    was_asked: bool,
    /// We deleted the old one.
    old_was_deleted: bool,
}

/// What a question came to; `None`: the desk was killed, or the step was put off.
type Answer = Option<Heard>;

impl World {
    fn new() -> Self {
        let row = |state, secret| Generation { state, secret, verified: 0, created_at: NOW - 1000 };
        let thing = |name, row| Thing { row, uid: None, name, is_listed: false, is_pending: false };
        let mut old = thing("old", row(SubscriptionState::Active, SecretState::Stored));
        old.is_listed = true;
        old.uid = Some("old");
        Self {
            step: Planned,
            tries: 0,
            next_try_at: None,
            grace_until: None,
            test_is_open: true,
            now: NOW,
            old,
            new: thing("new", row(SubscriptionState::Planned, SecretState::Missing)),
            was_asked: false,
            old_was_deleted: false,
        }
    }

    fn facts(&self) -> Facts {
        Facts {
            step: self.step,
            grace_until: self.grace_until,
            test_is_open: self.test_is_open && self.step == Proving,
            old: self.old.row,
            new: self.new.row,
            now: self.now,
        }
    }

    fn happens(&mut self, outside: Outside) {
        match outside {
            Outside::Nothing => {}
            Outside::Time(ms) => self.now += ms,
            Outside::Delivery if self.new.is_listed && self.new.row.secret == SecretState::Stored => {
                self.new.row.verified += 1;
            }
            Outside::Delivery => {}
            Outside::Paste => self.new.keep_secret(),
            Outside::NewVanishes => self.new.is_listed = false,
            Outside::OldVanishes => self.old.is_listed = false,
            Outside::GiveUp if self.step.can_roll_back() => self.go(RollingBack),
            Outside::GiveUp => {}
        }
    }

    fn go(&mut self, to: RotationStep) {
        assert!(may_follow(self.step).contains(&to), "{:?} to {to:?}", self.step);
        (self.step, self.tries, self.next_try_at) = (to, 0, None);
    }

    fn put_off(&mut self) {
        self.next_try_at = Some(self.now + pause_s(self.tries) * 1000);
        self.tries += 1;
    }

    fn settle(&mut self, ended: Option<&str>) {
        let there = [&self.old, &self.new].into_iter().filter(|thing| thing.is_listed);
        let list: Vec<Listed> = there
            .map(|thing| Listed { uid: thing.name.into(), notification_type: "t".into(), target: thing.name.into() })
            .collect();
        self.old.settle(&list, self.now, ended == Some("old"));
        self.new.settle(&list, self.now, ended == Some("new"));
    }

    fn create(&mut self, luck: Luck) -> Answer {
        use SubscriptionState::{Active, Planned, Unsettled};
        assert!(!self.was_asked, "asked for a second time");
        // Which state the row is left in, whether it exists, where the secret is, and what was heard.
        let (state, exists, secret, is_pending, heard) = match luck {
            KIND => (Active, true, SecretState::Stored, false, Some(Created::Made)),
            1 => (Active, true, SecretState::NotIssued, false, Some(Created::Made)),
            2 => (Unsettled, true, SecretState::Missing, false, Some(Created::Lost)),
            3 => (Unsettled, false, SecretState::Missing, false, Some(Created::Lost)),
            4 => (Planned, false, SecretState::Missing, false, Some(Created::Exists)),
            5 => (Planned, false, SecretState::Missing, false, Some(Created::Passes)),
            6 => (Planned, false, SecretState::Missing, false, Some(Created::No)),
            // The keyring failed with the secret in hand.
            7 => (Unsettled, true, SecretState::Missing, false, Some(Created::Passes)),
            8 => (Unsettled, true, SecretState::Missing, false, Some(Created::No)),
            KILLED => (Unsettled, true, SecretState::Missing, true, None),
            10 => (Unsettled, true, SecretState::Missing, false, None),
            _ => (Unsettled, false, SecretState::Missing, false, None),
        };
        self.was_asked = state != Planned;
        self.new.row = Generation { state, secret, verified: 0, created_at: self.now };
        self.new.uid = (state == Active).then_some("new");
        (self.new.is_listed, self.new.is_pending) = (exists, is_pending);
        heard.map(Heard::Created)
    }

    /// What `settle::delete` does.
    fn delete(&mut self, name: &'static str, luck: Luck) -> Option<Deleted> {
        self.settle(None);
        let is_old = name == "old";
        let found = if is_old { &mut self.old } else { &mut self.new };
        let before = found.row.state;
        if before == SubscriptionState::Removed {
            return Some(Deleted::Gone);
        }
        if found.is_listed && found.uid.is_some() {
            found.row.state = SubscriptionState::Removing;
            match luck {
                // Nobody was reached.
                1 => {
                    found.row.state = before;
                    return Some(Deleted::Failed);
                }
                // Lost or refused, and not done.
                2 | 3 | 10 => {}
                _ => {
                    found.is_listed = false;
                    self.old_was_deleted |= is_old;
                }
            }
        }
        if luck >= KILLED {
            return None;
        }
        self.settle(Some(name));
        let found = if is_old { &mut self.old } else { &mut self.new };
        match settling::left(Some(found.row.state)) {
            Left::Nothing => {}
            Left::Row => found.row.state = SubscriptionState::Removed,
            Left::Subscription => return Some(Deleted::Failed),
        }
        Some(if luck == 4 { Deleted::LostOthers } else { Deleted::Gone })
    }

    /// What `step::advance` does, with a stroke of luck for each question; without luck left it is killed.
    fn advance(&mut self, luck: &[Luck]) {
        let mut luck = luck.iter().copied();
        let mut heard = Heard::Nothing;
        while is_due(self.step, self.next_try_at, self.now) {
            let act = next(&self.facts(), heard);
            let asks = matches!(act, Act::Create | Act::List { .. } | Act::DeleteOld { .. } | Act::DeleteNew);
            let Some(luck) = (if asks { luck.next() } else { Some(KIND) }) else { return };
            let answer = match act {
                Act::Create => self.create(luck),
                Act::List { .. } if luck == 1 => return self.put_off(),
                Act::List { ended } => {
                    self.settle(ended.then_some("new"));
                    let refused = heard == Heard::Created(Created::Exists);
                    (luck < KILLED).then_some(Heard::Listed { refused })
                }
                Act::DeleteOld { new_is_there } => {
                    assert!(
                        self.new.is_listed || !self.old.is_listed,
                        "the old one is deleted, and there is no new one"
                    );
                    let outcome = self.delete("old", luck);
                    outcome.map(|outcome| Heard::OldDeleted { new_was_there: new_is_there, outcome })
                }
                Act::DeleteNew => self.delete("new", luck).map(Heard::NewDeleted),
                Act::DropPlan => {
                    self.new.row.state = SubscriptionState::Removed;
                    Some(Heard::PlanDropped)
                }
                Act::Test => {
                    self.test_is_open = false;
                    None
                }
                Act::Wait => {
                    self.next_try_at = None;
                    None
                }
                Act::NotBefore(at) => {
                    self.tries += 1;
                    self.next_try_at = Some(at);
                    None
                }
                Act::PutOff => return self.put_off(),
                act => {
                    if matches!(act, Act::BeginGrace(_)) {
                        self.grace_until = Some(self.now + GRACE);
                    }
                    if let Some(to) = leads_to(act) {
                        self.go(to);
                    }
                    Some(Heard::Nothing)
                }
            };
            let Some(answer) = answer else { return };
            heard = answer;
        }
    }

    fn live(&mut self, rounds: &[(Outside, Vec<Luck>)]) {
        for (outside, luck) in rounds {
            self.happens(*outside);
            self.advance(luck);
        }
    }

    /// Everything goes well from here on, and whoever has to do something does it.
    fn end_well(&mut self) {
        for _ in 0..12 {
            self.settle(None);
            if self.step == Proving {
                self.happens(Outside::Paste);
            }
            self.happens(Outside::Delivery);
            if self.step == Proving && self.new.row.secret != SecretState::Stored {
                // It was removed, so no secret can be pasted: it waits for one until somebody gives it up.
                self.happens(Outside::GiveUp);
            }
            self.advance(&[KIND; 8]);
            self.now += GRACE + MINUTE;
        }
    }
}

fn anywhere() -> impl Strategy<Value = World> {
    let thing = || (generation(), any::<bool>(), any::<bool>());
    (step(), thing(), thing(), option::of(-GRACE..GRACE), 0i64..70).prop_map(|(step, old, new, until, tries)| {
        let mut world = World::new();
        (world.step, world.tries) = (step, tries);
        world.grace_until = until.map(|until| NOW + until);
        (world.old.row, world.old.is_listed) = (old.0, old.1);
        (world.new.row, world.new.is_listed) = (new.0, new.1);
        world.new.uid = new.2.then_some("new");
        world
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The world itself panics where a step leaves the diagram, a create is repeated, or the last working one is deleted.
    #[test]
    fn whatever_happens_a_rotation_ends_with_one_that_was_never_interrupted(rounds in rounds()) {
        let mut world = World::new();
        world.live(&rounds);
        world.end_well();
        prop_assert!(world.step.is_over(), "stuck: {:?}", world);
        match world.step {
            // Nothing of the try is left, and the old one was never touched by us.
            RolledBack => prop_assert!(!world.new.is_listed && !world.old_was_deleted, "{:?}", world),
            _ => prop_assert!(!world.old.is_listed, "{:?}", world),
        }
    }

    #[test]
    fn from_any_step_and_any_rows_a_rotation_can_end(mut world in anywhere()) {
        world.end_well();
        prop_assert!(world.step.is_over(), "stuck: {:?}", world);
    }
}

#[test]
fn with_good_luck_a_rotation_is_done() {
    let mut world = World::new();
    world.end_well();
    assert_eq!((world.step, world.new.is_listed, world.old.is_listed), (Done, true, false));
}

fn after(rounds: &[(Outside, &[Luck])]) -> World {
    let mut world = World::new();
    for (outside, luck) in rounds {
        world.happens(*outside);
        world.advance(luck);
    }
    world
}

#[test]
fn a_secret_that_reached_the_keyring_before_the_desk_was_killed_is_taken_up() {
    let world = after(&[(Outside::Nothing, &[KILLED]), (Outside::Time(MINUTE), &[KIND])]);
    assert_eq!((world.step, world.new.row.secret), (Proving, SecretState::Stored));
}

#[test]
fn a_create_whose_answer_was_lost_is_given_up_because_nobody_saw_its_secret() {
    let world = after(&[(Outside::Nothing, &[2, KIND, KIND])]);
    assert_eq!((world.step, world.new.is_listed, world.old.is_listed), (RolledBack, false, true));
}

#[test]
fn after_a_kill_within_a_minute_of_the_create_it_waits_for_that_minute() {
    let world = after(&[(Outside::Nothing, &[10]), (Outside::Time(1000), &[KIND])]);
    assert_eq!((world.step, world.next_try_at), (Planned, Some(NOW + MINUTE)));
}

#[test]
fn an_old_one_that_we_deleted_before_a_kill_is_not_rolled_back_although_the_new_one_vanished_meanwhile() {
    let created: (Outside, &[Luck]) = (Outside::Nothing, &[KIND]);
    let killed: (Outside, &[Luck]) = (Outside::Delivery, &[KIND, KILLED]);
    let world = after(&[created, killed, (Outside::NewVanishes, &[KIND; 4])]);
    assert_eq!((world.step, world.old_was_deleted), (Grace, true));
}

#[test]
fn a_new_one_that_vanished_before_the_old_one_was_touched_is_given_up_even_while_switching() {
    let list_fails: (Outside, &[Luck]) = (Outside::Delivery, &[1]);
    let mut world = after(&[(Outside::Nothing, &[KIND]), list_fails, (Outside::NewVanishes, &[])]);
    assert_eq!(world.step, Switching);
    world.now += MINUTE;
    world.advance(&[KIND; 4]);
    assert_eq!((world.step, world.old.is_listed), (RolledBack, true));
}

#[test]
fn a_test_event_is_asked_for_once_and_not_when_a_delivery_came_already() {
    let mut world = after(&[(Outside::Nothing, &[KIND])]);
    assert!(!world.test_is_open);
    assert_eq!(next(&world.facts(), Heard::Nothing), Act::Wait);
    world.test_is_open = true;
    assert_eq!(next(&world.facts(), Heard::Nothing), Act::Test);
    world.new.row.verified = 1;
    assert_eq!(next(&world.facts(), Heard::Nothing), Act::Switch);
}

#[test]
fn a_plan_that_could_not_be_asked_for_within_a_minute_is_dropped_by_the_next_list() {
    let mut world = after(&[(Outside::Nothing, &[5]), (Outside::Time(MINUTE), &[])]);
    world.settle(None);
    assert_eq!(world.new.row.state, SubscriptionState::Removed);
    world.advance(&[KIND]);
    assert_eq!((world.step, world.was_asked), (RolledBack, false));
}
