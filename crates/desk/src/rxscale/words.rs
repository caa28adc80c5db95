//! RxScale's statuses of a pharmacy order: raw words folded to a group and a rank. One vocabulary of three; orders and
//! prescriptions have their own. Words of older documents are recognised too, so that old captures read well.

use crate::{event::fold_word, orders::words::StatusGroup};

/// The group of a raw status.
pub(super) fn group(status: &str) -> StatusGroup {
    match fold_word(status).as_str() {
        "init" | "created" => StatusGroup::New,
        "waitingforpharmacy" | "pendingreview" | "open" => StatusGroup::Waiting,
        "inprogress" | "readyforpickup" | "processing" => StatusGroup::InWork,
        "onhold" => StatusGroup::NeedsAttention,
        "completed" | "shipped" => StatusGroup::Done,
        "cancelled" | "canceled" => StatusGroup::Stopped,
        _ => StatusGroup::Unknown,
    }
}

/// How far along a status is. `None` for a pause and for words this build does not know: they are neither forward
/// nor backward.
pub(super) fn rank(status: &str) -> Option<u8> {
    Some(match fold_word(status).as_str() {
        "init" | "created" => 0,
        "waitingforpharmacy" | "open" => 1,
        "pendingreview" => 2,
        "inprogress" | "processing" => 3,
        "readyforpickup" => 4,
        "shipped" => 5,
        "completed" => 6,
        // Legal from everywhere before completion; after completion it is a step back.
        "cancelled" | "canceled" => 6,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
