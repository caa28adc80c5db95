//! The script of an order: which changes it goes through, before any name or time is chosen.
//!
//! Most orders are ordinary. The others are the cases that make a timeline difficult: a pause, a second pharmacy, a
//! restart, a cancellation after completion, two changes within one second.

use std::collections::VecDeque;

use crate::{fixtures::DOCTORS, rng::Rng};

/// One change of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The order is given to a pharmacy: to the first one, or after a cancellation to another one.
    Assign,
    /// The pharmacy order gets this status.
    Status(&'static str),
    /// The prescription passes to this doctor (an index into the fixtures) or to nobody.
    Doctor { reason: &'static str, to: Option<usize> },
}

/// A change, and whether it falls into the same second as the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) change: Change,
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

/// The course an order takes. How many of a hundred orders take which is in [`COURSES`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Course {
    #[default]
    Ordinary,
    Paused,
    Cancelled,
    Rerouted,
    Restarted,
    CancelledLate,
    SameSecond,
}

const COURSES: [(Course, usize); 7] = [
    (Course::Ordinary, 64),
    (Course::Paused, 11),
    (Course::Cancelled, 5),
    (Course::Rerouted, 8),
    (Course::Restarted, 5),
    (Course::CancelledLate, 2),
    (Course::SameSecond, 5),
];

fn course(rng: &mut Rng) -> Course {
    let mut draw = rng.below(100);
    for (course, share) in COURSES {
        if draw < share {
            return course;
        }
        draw -= share;
    }
    Course::Ordinary
}

/// All changes of one order, and the doctor who signs in the end.
pub(crate) fn plan(rng: &mut Rng) -> (VecDeque<Step>, usize) {
    let mut changes = Vec::new();
    let signing = doctors(rng, &mut changes);
    match course(rng) {
        Course::Ordinary => {
            changes.push(Change::Assign);
            changes.extend([WAITING, REVIEW, IN_PROGRESS, READY, COMPLETED].map(Change::Status));
        }
        Course::Paused => {
            changes.push(Change::Assign);
            changes.extend([WAITING, REVIEW].map(Change::Status));
            if rng.hits(0.5) {
                changes.push(Change::Status(IN_PROGRESS));
            }
            changes.push(Change::Status(ON_HOLD));
            if rng.hits(0.3) {
                changes.push(Change::Doctor { reason: "ON_HOLD_DOCTOR_REMOVED", to: None });
                changes.push(Change::Doctor { reason: "ADMIN_ASSIGNED", to: Some(signing) });
            }
            changes.extend([IN_PROGRESS, READY, COMPLETED].map(Change::Status));
        }
        Course::Cancelled => {
            changes.extend([Change::Assign, Change::Status(WAITING)]);
            if rng.hits(0.5) {
                changes.push(Change::Status(REVIEW));
            }
            changes.push(Change::Status(CANCELLED));
        }
        Course::Rerouted => {
            let pharmacies = if rng.hits(0.2) { 2 } else { 1 };
            for _ in 0..pharmacies {
                changes.extend([Change::Assign, Change::Status(WAITING)]);
                if rng.hits(0.6) {
                    changes.push(Change::Status(REVIEW));
                }
                changes.push(Change::Status(CANCELLED));
            }
            changes.push(Change::Assign);
            changes.extend([WAITING, REVIEW, IN_PROGRESS, READY, COMPLETED].map(Change::Status));
        }
        Course::Restarted => {
            changes.push(Change::Assign);
            changes.extend([WAITING, REVIEW, IN_PROGRESS].map(Change::Status));
            changes.extend([INIT, WAITING, REVIEW, IN_PROGRESS, READY, COMPLETED].map(Change::Status));
        }
        Course::CancelledLate => {
            changes.push(Change::Assign);
            changes.extend([WAITING, REVIEW, IN_PROGRESS, READY, COMPLETED, CANCELLED].map(Change::Status));
        }
        Course::SameSecond => {
            changes.push(Change::Assign);
            changes.extend([WAITING, REVIEW, IN_PROGRESS, READY, COMPLETED].map(Change::Status));
            let (first, second) = if rng.hits(0.5) { (WAITING, REVIEW) } else { (IN_PROGRESS, READY) };
            return (steps_of(changes, Some((first, second))), signing);
        }
    }
    (steps_of(changes, None), signing)
}

/// The doctors before the pharmacy: usually one from the queue, sometimes several, with times in between when nobody has it.
fn doctors(rng: &mut Rng, changes: &mut Vec<Change>) -> usize {
    let first = rng.below(DOCTORS.len());
    if rng.hits(0.4) {
        return first;
    }
    let reason = rng.pick(&["QUEUE_ASSIGNED", "QUEUE_ASSIGNED", "QUEUE_ASSIGNED", "ORDER_ATTRIBUTE_ASSIGNED"]);
    changes.push(Change::Doctor { reason, to: Some(first) });
    let mut signing = first;
    if rng.hits(0.25) {
        signing = (first + 1 + rng.below(DOCTORS.len() - 1)) % DOCTORS.len();
        if rng.hits(0.5) {
            changes.push(Change::Doctor { reason: "ADMIN_ASSIGNED", to: Some(signing) });
        } else {
            let away = ["PRESCRIPTION_REQUEUED", "DOCTOR_REQUEUED_PRESCRIPTIONS", "STALE_ASSIGNMENT_CLEARED"];
            let reason = rng.pick(&away);
            if reason == "PRESCRIPTION_REQUEUED" {
                // The queue gives it back to the same doctor. This message is then equal to the first one byte for byte, because
                // the provider puts neither time nor id into it. A client has to cope with that.
                signing = first;
            }
            changes.push(Change::Doctor { reason, to: None });
            changes.push(Change::Doctor { reason: "QUEUE_ASSIGNED", to: Some(signing) });
        }
    }
    signing
}

fn steps_of(changes: Vec<Change>, same_second: Option<(&str, &str)>) -> VecDeque<Step> {
    let mut steps = VecDeque::with_capacity(changes.len());
    let mut before = None;
    for change in changes {
        let at_once = same_second.is_some_and(|(first, second)| {
            matches!((before, change), (Some(Change::Status(a)), Change::Status(b)) if a == first && b == second)
        });
        steps.push_back(Step { change, at_once });
        before = Some(change);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lives(number: usize) -> Vec<Vec<Step>> {
        let mut rng = Rng::new(11);
        (0..number).map(|_| plan(&mut rng).0.into()).collect()
    }

    fn statuses(life: &[Step]) -> Vec<&'static str> {
        life.iter()
            .filter_map(|step| if let Change::Status(status) = step.change { Some(status) } else { None })
            .collect()
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
        assert!(has(&|life| life.iter().filter(|step| step.change == Change::Assign).count() == 3));
        assert!(has(&|life| statuses(life).contains(&INIT)));
        assert!(has(&|life| statuses(life).ends_with(&[COMPLETED, CANCELLED])));
        assert!(has(&|life| life.iter().any(|step| step.at_once)));
        assert!(has(&|life| matches!(life.iter().map(|s| s.change).nth(1), Some(Change::Doctor { to: None, .. }))));
        assert!(has(&|life| {
            let changes: Vec<_> = life.iter().map(|step| step.change).collect();
            matches!(changes.as_slice(), [first @ Change::Doctor { to: Some(_), .. }, Change::Doctor { to: None, .. }, again, ..]
                if first == again)
        }));
    }

    #[test]
    fn every_life_is_assigned_before_it_has_a_status_and_ends() {
        for life in lives(500) {
            let assigned = life.iter().position(|step| step.change == Change::Assign).unwrap();
            let status = life.iter().position(|step| matches!(step.change, Change::Status(_))).unwrap();
            assert!(assigned < status);
            assert!(matches!(statuses(&life).last(), Some(&COMPLETED) | Some(&CANCELLED)));
        }
    }
}
