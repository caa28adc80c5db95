//! RxScale's statuses of a pharmacy order: raw words folded to a group and a rank. One vocabulary of three; orders and
//! prescriptions have their own. Words of older documents are recognised too, so that old captures read well.

use crate::{
    event::fold_word,
    orders::words::{KnownStatus, StatusGroup},
};

/// The status of a raw word; `None` for a word this build does not know.
pub(crate) fn known(word: &str) -> Option<KnownStatus> {
    Some(match fold_word(word).as_str() {
        "init" | "created" => KnownStatus::Created,
        "waitingforpharmacy" | "open" => KnownStatus::WaitingForPharmacy,
        "pendingreview" => KnownStatus::PendingReview,
        "onhold" => KnownStatus::OnHold,
        "inprogress" | "processing" => KnownStatus::InProgress,
        "readyforpickup" => KnownStatus::ReadyForPickup,
        "shipped" => KnownStatus::Shipped,
        "completed" => KnownStatus::Completed,
        "cancelled" | "canceled" => KnownStatus::Cancelled,
        _ => return None,
    })
}

/// The group of a raw status.
pub(super) fn group(word: &str) -> StatusGroup {
    let Some(known) = known(word) else { return StatusGroup::Unknown };
    match known {
        KnownStatus::Created => StatusGroup::New,
        KnownStatus::WaitingForPharmacy | KnownStatus::PendingReview => StatusGroup::Waiting,
        KnownStatus::InProgress | KnownStatus::ReadyForPickup => StatusGroup::InWork,
        KnownStatus::OnHold => StatusGroup::NeedsAttention,
        KnownStatus::Completed | KnownStatus::Shipped => StatusGroup::Done,
        KnownStatus::Cancelled => StatusGroup::Stopped,
    }
}

/// How far along a status is. `None` for a pause and for words this build does not know: they are neither forward
/// nor backward.
pub(super) fn rank(word: &str) -> Option<u8> {
    match known(word)? {
        KnownStatus::Created => Some(0),
        KnownStatus::WaitingForPharmacy => Some(1),
        KnownStatus::PendingReview => Some(2),
        KnownStatus::InProgress => Some(3),
        KnownStatus::ReadyForPickup => Some(4),
        KnownStatus::Shipped => Some(5),
        // Cancelling is legal from everywhere before completion; after completion it is a step back.
        KnownStatus::Completed | KnownStatus::Cancelled => Some(6),
        KnownStatus::OnHold => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_one_key_however_its_word_is_written() {
        for (key, written) in [
            (KnownStatus::Created, &["init", "CREATED"][..]),
            (KnownStatus::WaitingForPharmacy, &["waiting for pharmacy", "WAITING_FOR_PHARMACY", "open"]),
            (KnownStatus::PendingReview, &["pending review", "pending-review"]),
            (KnownStatus::OnHold, &["on-hold", "ON_HOLD", "on hold"]),
            (KnownStatus::InProgress, &["in-progress", "In_Progress", "processing"]),
            (KnownStatus::ReadyForPickup, &["ready_for_pickup", "ready for pickup"]),
            (KnownStatus::Shipped, &["shipped"]),
            (KnownStatus::Completed, &["completed", "Completed"]),
            (KnownStatus::Cancelled, &["cancelled", "canceled"]),
        ] {
            for word in written {
                assert_eq!(known(word), Some(key), "{word}");
            }
        }
        for unknown in ["", "teleported", "__proto__", "done"] {
            assert_eq!(known(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_documented_status_has_its_group_however_it_is_written() {
        for (raw, expected) in [
            ("init", StatusGroup::New),
            ("waiting for pharmacy", StatusGroup::Waiting),
            ("WAITING_FOR_PHARMACY", StatusGroup::Waiting),
            ("pending review", StatusGroup::Waiting),
            ("on-hold", StatusGroup::NeedsAttention),
            ("ON_HOLD", StatusGroup::NeedsAttention),
            ("in-progress", StatusGroup::InWork),
            ("ready_for_pickup", StatusGroup::InWork),
            ("completed", StatusGroup::Done),
            ("cancelled", StatusGroup::Stopped),
            ("teleported", StatusGroup::Unknown),
        ] {
            assert_eq!(group(raw), expected, "{raw}");
        }
    }
}
