//! eVitalRx's words: what `transaction_nature` means for a lane, which steps are expected for delivery and for pickup.
//! `order_status` does not move when the rider comes, so nothing here reads it.

use crate::{
    event::fold_word,
    orders::{
        fact::{Expected, Meaning, Status},
        words::{Finality, Stage, StatusGroup},
    },
};

/// What an event is. Compared without case, though the documents write lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    DigitizationCompleted,
    DigitizationRejected,
    OrderAssigned,
    Accept,
    Reject,
    Reassign,
    Shipped,
    OrderPickedUp,
    Delivered,
    Split,
    /// One of the older, general ones: `draft_save`, `draft_edit`, `save`, `edit`. It moves nothing.
    General,
}

/// How the goods leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Delivery,
    Pickup,
    Unknown,
}

impl Way {
    pub(super) fn of(word: Option<&str>) -> Self {
        match word.map(fold_word).as_deref() {
            Some("delivery") => Way::Delivery,
            Some("pickup") => Way::Pickup,
            _ => Way::Unknown,
        }
    }
}

/// Ranks, in the order of both documented sequences. A rejection stands where acceptance stands: legal up to there, a step
/// back after that, and documented all the same.
const DIGITIZED: u8 = 0;
const ASSIGNED: u8 = 1;
const DECIDED: u8 = 2;
const PACKED: u8 = 3;
const WITH_RIDER: u8 = 4;
const ENDED: u8 = 5;
/// No lane is ever here: a step that follows nothing.
const NEVER: u8 = u8::MAX;

impl Nature {
    const ALL: &[(&str, Nature)] = &[
        ("digitization_completed", Nature::DigitizationCompleted),
        ("digitization_rejected", Nature::DigitizationRejected),
        ("order_assigned", Nature::OrderAssigned),
        ("accept", Nature::Accept),
        ("reject", Nature::Reject),
        ("reassign", Nature::Reassign),
        ("shipped", Nature::Shipped),
        ("order_picked_up", Nature::OrderPickedUp),
        ("delivered", Nature::Delivered),
        ("split", Nature::Split),
        ("draft_save", Nature::General),
        ("draft_edit", Nature::General),
        ("save", Nature::General),
        ("edit", Nature::General),
    ];

    /// `None` for a word this build does not know.
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(word.trim())).map(|(_, nature)| *nature)
    }

    /// The word as the documents write it.
    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, nature)| *nature == self).map_or("", |(word, _)| word)
    }

    /// Where it puts its lane; `None` for what moves nothing. A split is noted and no more: it names no successors, and the
    /// documents call it outdated.
    pub(super) fn status(self, way: Way) -> Option<Status> {
        let (group, rank, after): (_, _, &[u8]) = match self {
            Nature::DigitizationCompleted => (StatusGroup::Waiting, Some(DIGITIZED), &[]),
            Nature::DigitizationRejected => (StatusGroup::Stopped, Some(DIGITIZED), &[]),
            Nature::OrderAssigned => (StatusGroup::Waiting, Some(ASSIGNED), &[]),
            Nature::Accept => (StatusGroup::InWork, Some(DECIDED), &[]),
            Nature::Reject => (StatusGroup::Stopped, Some(DECIDED), &[]),
            Nature::Reassign if way == Way::Pickup => (StatusGroup::Stopped, None, &[NEVER]),
            Nature::Reassign => (StatusGroup::Stopped, None, &[DIGITIZED, ASSIGNED, DECIDED]),
            Nature::Shipped => (StatusGroup::InWork, Some(PACKED), &[DECIDED]),
            Nature::OrderPickedUp if way == Way::Pickup => (StatusGroup::InWork, Some(WITH_RIDER), &[NEVER]),
            Nature::OrderPickedUp => (StatusGroup::InWork, Some(WITH_RIDER), &[PACKED]),
            Nature::Delivered if way == Way::Delivery => (StatusGroup::Done, Some(ENDED), &[WITH_RIDER]),
            Nature::Delivered => (StatusGroup::Done, Some(ENDED), &[PACKED, WITH_RIDER]),
            Nature::Split | Nature::General => return None,
        };
        Some(Status { word: self.word().to_owned(), group, rank, after: after.to_vec() })
    }

    pub(super) fn meaning(self, way: Way, is_final: Option<bool>) -> Meaning {
        let finality = match self {
            Nature::Reject => Some(match is_final {
                Some(true) => Finality::Final,
                Some(false) => Finality::MayContinue,
                None => Finality::Unknown,
            }),
            _ => None,
        };
        Meaning { stage: self.stage(way), finality, begins: self == Nature::Reassign }
    }

    pub(super) fn stage(self, way: Way) -> Option<Stage> {
        Some(match self {
            Nature::DigitizationCompleted => Stage::Digitized,
            Nature::DigitizationRejected => Stage::PrescriptionRejected,
            Nature::OrderAssigned => Stage::Assigned,
            Nature::Accept => Stage::Accepted,
            Nature::Reject => Stage::RejectedOrCancelled,
            Nature::Reassign => Stage::Reassigned,
            Nature::Shipped if way == Way::Pickup => Stage::ReadyForCollection,
            Nature::Shipped => Stage::Packed,
            Nature::OrderPickedUp => Stage::WithRider,
            Nature::Delivered if way == Way::Pickup => Stage::Collected,
            Nature::Delivered => Stage::Delivered,
            Nature::Split | Nature::General => return None,
        })
    }

    /// Digitization and assignment are optional; pickup knows no rider.
    pub(super) fn sequence(way: Way) -> Vec<Expected> {
        let steps: &[(Nature, bool)] = match way {
            Way::Delivery => &[
                (Nature::DigitizationCompleted, true),
                (Nature::OrderAssigned, true),
                (Nature::Accept, false),
                (Nature::Shipped, false),
                (Nature::OrderPickedUp, false),
                (Nature::Delivered, false),
            ],
            Way::Pickup => &[
                (Nature::DigitizationCompleted, true),
                (Nature::Accept, false),
                (Nature::Shipped, false),
                (Nature::Delivered, false),
            ],
            Way::Unknown => &[],
        };
        steps
            .iter()
            .map(|(nature, optional)| Expected {
                word: nature.word().to_owned(),
                stage: nature.stage(way),
                optional: *optional,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_however_it_is_written() {
        for written in ["order_picked_up", "ORDER_PICKED_UP", " Order_Picked_Up\n"] {
            assert_eq!(Nature::of(written), Some(Nature::OrderPickedUp), "{written}");
        }
        for unknown in ["", "order picked up", "teleported"] {
            assert_eq!(Nature::of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_status_is_called_by_the_documented_word() {
        for (word, nature) in Nature::ALL {
            if let Some(status) = nature.status(Way::Delivery) {
                assert_eq!(status.word, *word);
            }
        }
    }

    #[test]
    fn the_expected_steps_follow_each_other() {
        for way in [Way::Delivery, Way::Pickup] {
            let steps = Nature::sequence(way);
            let ranks: Vec<_> =
                steps.iter().map(|step| Nature::of(&step.word).unwrap().status(way).unwrap().rank).collect();
            assert!(ranks.is_sorted() && ranks.iter().all(Option::is_some), "{way:?}: {ranks:?}");
        }
    }

    #[test]
    fn nobody_rides_for_what_is_collected() {
        assert!(Nature::sequence(Way::Pickup).iter().all(|step| step.word != "order_picked_up"));
        assert_eq!(Nature::OrderPickedUp.status(Way::Pickup).unwrap().after, [NEVER], "it follows nothing if it comes");
    }

    #[test]
    fn a_way_that_is_not_known_has_no_expected_steps() {
        assert!(Nature::sequence(Way::of(Some("drone"))).is_empty() && Nature::sequence(Way::of(None)).is_empty());
    }

    #[test]
    fn what_is_shipped_waits_for_a_rider_or_for_whoever_collects_it() {
        assert_eq!(Nature::Shipped.stage(Way::of(Some("PickUp"))), Some(Stage::ReadyForCollection));
        assert_eq!(Nature::Shipped.stage(Way::of(Some("delivery"))), Some(Stage::Packed));
        assert_eq!(Nature::Delivered.stage(Way::Pickup), Some(Stage::Collected));
    }

    #[test]
    fn only_a_rejection_says_whether_it_is_final() {
        let finality = |nature: Nature, is_final| nature.meaning(Way::Delivery, is_final).finality;
        assert_eq!(finality(Nature::Reject, Some(true)), Some(Finality::Final));
        assert_eq!(finality(Nature::Reject, Some(false)), Some(Finality::MayContinue));
        assert_eq!(finality(Nature::Reject, None), Some(Finality::Unknown));
        assert_eq!(finality(Nature::Delivered, Some(true)), None);
    }

    #[test]
    fn a_general_event_and_a_split_move_nothing() {
        for nature in [Nature::General, Nature::Split] {
            assert_eq!((nature.status(Way::Delivery), nature.stage(Way::Delivery)), (None, None));
        }
    }

    #[test]
    fn only_a_reassignment_begins_a_lane_anew() {
        let begins = |nature: Nature| nature.meaning(Way::Delivery, None).begins;
        let beginning: Vec<_> =
            Nature::ALL.iter().filter(|(_, nature)| begins(*nature)).map(|(word, _)| *word).collect();
        assert_eq!(beginning, ["reassign"]);
    }
}
