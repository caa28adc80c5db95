//! The script of an order: which changes it goes through, before any name or time is chosen.
//!
//! Most orders are ordinary. The others are the cases that make a timeline difficult: a pause, a second pharmacy, a
//! restart, a cancellation after completion, two changes within one second.

use std::collections::VecDeque;

use crate::{cast::DOCTORS, chance::Chance};

/// One turn of an order's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The order is handed to a pharmacy: the first, or after a cancellation another one.
    Assign,
    /// The pharmacy order takes this status.
    Status(&'static str),
    /// The prescription passes to this doctor (an index of the cast) or to nobody.
    Doctor { reason: &'static str, to: Option<usize> },
}

/// A turn and whether it falls into the same second as the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) turn: Turn,
    pub(crate) at_once: bool,
}

pub(crate) const INIT: &str = "init";
pub(crate) const WAITING: &str = "waiting for pharmacy";
pub(crate) const REVIEW: &str = "pending review";
pub(crate) const ON_HOLD: &str = "on-hold";
pub(crate) const IN_PROGRESS: &str = "in-progress";
pub(crate) const READY: &str = "ready_for_pickup";
pub(crate) const COMPLETED: &str = "completed";
pub(crate) const CANCELLED: &str = "cancelled";

/// Which way a life goes, and in how many of a hundred it does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Course {
    #[default]
    Ordinary,
    Paused,
    Cancelled,
    Rerouted,
    Restarted,
    CancelledLate,
    Hurried,
}

const COURSES: [(Course, usize); 7] = [
    (Course::Ordinary, 64),
    (Course::Paused, 11),
    (Course::Cancelled, 5),
    (Course::Rerouted, 8),
    (Course::Restarted, 5),
    (Course::CancelledLate, 2),
    (Course::Hurried, 5),
];

fn course(chance: &mut Chance) -> Course {
    let mut draw = chance.below(100);
    for (course, share) in COURSES {
        if draw < share {
            return course;
        }
        draw -= share;
    }
    Course::Ordinary
}

/// The whole life of one order, and the doctor who signs in the end.
pub(crate) fn plan(chance: &mut Chance) -> (VecDeque<Step>, usize) {
    let mut turns = Vec::new();
    let signing = doctors(chance, &mut turns);
    match course(chance) {
        Course::Ordinary => {
            turns.push(Turn::Assign);
            turns.extend([WAITING, REVIEW, IN_PROGRESS, READY, COMPLETED].map(Turn::Status));
        }
        Course::Paused => {
            turns.push(Turn::Assign);
            turns.extend([WAITING, REVIEW].map(Turn::Status));
            if chance.hits(0.5) {
                turns.push(Turn::Status(IN_PROGRESS));
            }
            turns.push(Turn::Status(ON_HOLD));
            if chance.hits(0.3) {
                turns.push(Turn::Doctor { reason: "ON_HOLD_DOCTOR_REMOVED", to: None });
                turns.push(Turn::Doctor { reason: "ADMIN_ASSIGNED", to: Some(signing) });
            }
            turns.extend([IN_PROGRESS, READY, COMPLETED].map(Turn::Status));
        }
        Course::Cancelled => {
            turns.extend([Turn::Assign, Turn::Status(WAITING)]);
            if chance.hits(0.5) {
                turns.push(Turn::Status(REVIEW));
            }
            turns.push(Turn::Status(CANCELLED));
        }
        Course::Rerouted => {
            let pharmacies = if chance.hits(0.2) { 2 } else { 1 };
            for _ in 0..pharmacies {
                turns.extend([Turn::Assign, Turn::Status(WAITING)]);
                if chance.hits(0.6) {
                    turns.push(Turn::Status(REVIEW));
                }
                turns.push(Turn::Status(CANCELLED));
            }
            turns.push(Turn::Assign);
            turns.extend([WAITING, REVIEW, IN_PROGRESS, READY, COMPLETED].map(Turn::Status));
        }
        Course::Restarted => {
            turns.push(Turn::Assign);
            turns.extend([WAITING, REVIEW, IN_PROGRESS].map(Turn::Status));
            turns.extend([INIT, WAITING, REVIEW, IN_PROGRESS, READY, COMPLETED].map(Turn::Status));
        }
        Course::CancelledLate => {
            turns.push(Turn::Assign);
            turns.extend([WAITING, REVIEW, IN_PROGRESS, READY, COMPLETED, CANCELLED].map(Turn::Status));
        }
        Course::Hurried => {
            turns.push(Turn::Assign);
            turns.extend([WAITING, REVIEW, IN_PROGRESS, READY, COMPLETED].map(Turn::Status));
            let (first, second) = if chance.hits(0.5) { (WAITING, REVIEW) } else { (IN_PROGRESS, READY) };
            return (in_time(turns, Some((first, second))), signing);
        }
    }
    (in_time(turns, None), signing)
}

/// The doctors before the pharmacy: usually one from the queue, sometimes a chain with gaps of nobody.
fn doctors(chance: &mut Chance, turns: &mut Vec<Turn>) -> usize {
    let first = chance.below(DOCTORS.len());
    if chance.hits(0.4) {
        return first;
    }
    let reason = chance.pick(&["QUEUE_ASSIGNED", "QUEUE_ASSIGNED", "QUEUE_ASSIGNED", "ORDER_ATTRIBUTE_ASSIGNED"]);
    turns.push(Turn::Doctor { reason, to: Some(first) });
    let mut signing = first;
    if chance.hits(0.25) {
        signing = (first + 1 + chance.below(DOCTORS.len() - 1)) % DOCTORS.len();
        if chance.hits(0.5) {
            turns.push(Turn::Doctor { reason: "ADMIN_ASSIGNED", to: Some(signing) });
        } else {
            let away = ["PRESCRIPTION_REQUEUED", "DOCTOR_REQUEUED_PRESCRIPTIONS", "STALE_ASSIGNMENT_CLEARED"];
            let reason = chance.pick(&away);
            if reason == "PRESCRIPTION_REQUEUED" {
                // The queue gives it back to the same doctor: bare, this message is equal to the first to the byte.
                signing = first;
            }
            turns.push(Turn::Doctor { reason, to: None });
            turns.push(Turn::Doctor { reason: "QUEUE_ASSIGNED", to: Some(signing) });
        }
    }
    signing
}

fn in_time(turns: Vec<Turn>, hurried: Option<(&str, &str)>) -> VecDeque<Step> {
    let mut steps = VecDeque::with_capacity(turns.len());
    let mut before = None;
    for turn in turns {
        let at_once = hurried.is_some_and(|(first, second)| {
            matches!((before, turn), (Some(Turn::Status(a)), Turn::Status(b)) if a == first && b == second)
        });
        steps.push_back(Step { turn, at_once });
        before = Some(turn);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lives(number: usize) -> Vec<Vec<Step>> {
        let mut chance = Chance::new(11);
        (0..number).map(|_| plan(&mut chance).0.into()).collect()
    }

    fn statuses(life: &[Step]) -> Vec<&'static str> {
        life.iter().filter_map(|step| if let Turn::Status(status) = step.turn { Some(status) } else { None }).collect()
    }

    #[test]
    fn the_shares_are_of_a_hundred() {
        assert_eq!(COURSES.iter().map(|(_, share)| share).sum::<usize>(), 100);
    }

    #[test]
    fn most_lives_are_ordinary_and_every_turn_occurs() {
        let lives = lives(2000);
        let ordinary = [WAITING, REVIEW, IN_PROGRESS, READY, COMPLETED];
        let plain =
            lives.iter().filter(|life| statuses(life) == ordinary && !life.iter().any(|step| step.at_once)).count();
        assert!((1100..1450).contains(&plain), "{plain}");
        let has = |test: &dyn Fn(&[Step]) -> bool| lives.iter().any(|life| test(life));
        assert!(has(&|life| statuses(life).contains(&ON_HOLD)));
        assert!(has(&|life| life.iter().filter(|step| step.turn == Turn::Assign).count() == 3));
        assert!(has(&|life| statuses(life).contains(&INIT)));
        assert!(has(&|life| statuses(life).ends_with(&[COMPLETED, CANCELLED])));
        assert!(has(&|life| life.iter().any(|step| step.at_once)));
        assert!(has(&|life| matches!(life.iter().map(|s| s.turn).nth(1), Some(Turn::Doctor { to: None, .. }))));
        assert!(has(&|life| {
            let turns: Vec<_> = life.iter().map(|step| step.turn).collect();
            matches!(turns.as_slice(), [first @ Turn::Doctor { to: Some(_), .. }, Turn::Doctor { to: None, .. }, again, ..]
                if first == again)
        }));
    }

    #[test]
    fn every_life_is_assigned_before_it_has_a_status_and_ends() {
        for life in lives(500) {
            let assigned = life.iter().position(|step| step.turn == Turn::Assign).unwrap();
            let told = life.iter().position(|step| matches!(step.turn, Turn::Status(_))).unwrap();
            assert!(assigned < told);
            assert!(matches!(statuses(&life).last(), Some(&COMPLETED) | Some(&CANCELLED)));
        }
    }
}
