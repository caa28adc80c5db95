//! What the fold of assignments promises.

use proptest::prelude::*;

use super::*;
use crate::{assignments::words::ReasonKind, event::fact::Trust};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + second).unwrap()
}

/// `from` → `to`; published at `published`, or bare.
fn told(from: Option<u8>, to: Option<u8>, reason: &str, published: Option<i64>, receipts: &[i64]) -> Telling {
    let doctor = |number: Option<u8>| number.map(|number| DoctorUid::from(format!("doc-{number}")));
    let first = *receipts.iter().min().unwrap();
    let claim = format!("{from:?}>{to:?}:{reason}");
    let clock = if published.is_some() { Clock::Published } else { Clock::Received };
    Telling {
        receipts: receipts.iter().map(|second| at(*second)).collect(),
        fact: Fact {
            place: Place {
                at: at(published.unwrap_or(first)),
                updated_at: None,
                received_at: at(first),
                event: format!("{claim}@{published:?}").into(),
            },
            connection: "c-1".into(),
            event_type: String::new(),
            time_of_receipt: published.is_none(),
            last_receipt_at: at(first),
            receipts: 1,
            trust: if published.is_some() { Trust::Unsigned } else { Trust::Verified },
            header_mismatch: false,
            data: AssignmentFact {
                prescription: "rx-1".into(),
                message: published.map(|published| format!("m-{published}")),
                claim,
                clock,
                from: doctor(from),
                to: doctor(to),
                reason: Some(reason.to_owned()),
                reason_kind: Some(if reason == "back" { ReasonKind::Requeued } else { ReasonKind::Queue }),
                named: None,
                status: None,
                created_at: None,
                shop: None,
                external_order_id: None,
                external_fulfillment_id: None,
            },
        },
    }
}

fn history(tellings: &[Telling]) -> Vec<StoredAssignment> {
    Prescription::new("rx-1".into(), tellings.to_vec()).unwrap().history()
}

/// `(doctor, from, until)` in seconds.
fn spans(tellings: &[Telling]) -> Vec<(Option<String>, Option<i64>, Option<i64>)> {
    let second = |time: Option<Timestamp>| time.map(|time| time.as_second() - 1_760_000_000);
    history(tellings)
        .into_iter()
        .map(|one| (one.doctor_uid.map(|uid| uid.to_string()), second(one.from), second(one.until)))
        .collect()
}

fn doc(number: u8) -> Option<String> {
    Some(format!("doc-{number}"))
}

#[test]
fn a_doctor_taken_away_and_put_back_reads_as_three_spans() {
    let story = [
        told(None, Some(1), "queue", Some(0), &[1]),
        told(Some(1), None, "back", Some(60), &[61]),
        told(None, Some(1), "queue", Some(120), &[121]),
    ];
    assert_eq!(spans(&story), [(doc(1), Some(0), Some(60)), (None, Some(60), Some(120)), (doc(1), Some(120), None)]);
    let history = history(&story);
    assert!(history[2].open && !history[0].open);
    let figures: Vec<_> = history.iter().flat_map(counts).collect();
    let number = |what: &str| figures.iter().filter(|(one, _)| *one == what).count();
    assert_eq!([number("open"), number("taken"), number("lost"), number("requeued")], [1, 2, 1, 1]);
}

#[test]
fn a_broken_chain_makes_up_neither_end() {
    let story = [told(None, Some(1), "queue", Some(0), &[0]), told(Some(2), Some(3), "queue", Some(60), &[60])];
    assert_eq!(spans(&story), [(doc(1), Some(0), None), (doc(2), None, Some(60)), (doc(3), Some(60), None)]);
    let history = history(&story);
    assert!(!history[0].open && history[0].not_after == Some(at(60)), "it ended, nobody heard when");
    assert_eq!(history[1].not_before, at(0));
    let row = Prescription::new("rx-1".into(), story.to_vec()).unwrap().row(&history).unwrap();
    assert_eq!((row.gaps, row.assignments, row.doctor_uid.unwrap().as_str()), (1, 3, "doc-3"));
}

#[test]
fn a_chain_that_begins_in_the_middle_says_so() {
    assert_eq!(
        spans(&[told(Some(1), None, "back", Some(60), &[60])]),
        [(doc(1), None, Some(60)), (None, Some(60), None)]
    );
}

#[test]
fn the_time_before_the_first_doctor_counts_from_the_making_of_the_prescription() {
    let mut first = told(None, Some(1), "queue", Some(60), &[60]);
    first.fact.data.created_at = Some(at(10));
    assert_eq!(spans(&[first]), [(None, Some(10), Some(60)), (doc(1), Some(60), None)]);
}

#[test]
fn one_change_told_by_both_transports_is_one_and_has_the_better_proof() {
    let story = [
        told(None, Some(1), "queue", Some(0), &[2]),
        told(Some(1), None, "back", Some(60), &[61]),
        // The signed copy of the first arrives last: a retry.
        told(None, Some(1), "queue", None, &[300]),
    ];
    assert_eq!(spans(&story), [(doc(1), Some(0), Some(60)), (None, Some(60), None)]);
    let began = history(&story)[0].began.clone().unwrap();
    assert_eq!((began.told, began.trust, began.clock), (2, Trust::Verified, Clock::Published));
}

#[test]
fn a_message_sent_twice_changes_nothing() {
    let once = [told(None, Some(1), "queue", None, &[0]), told(Some(1), Some(2), "queue", None, &[60])];
    let twice = [told(None, Some(1), "queue", None, &[0, 30]), told(Some(1), Some(2), "queue", None, &[60, 90])];
    assert_eq!(history(&once), history(&twice));
    // After the other change the first does not fit: somebody has it.
    let late = [told(None, Some(1), "queue", None, &[0, 100]), told(Some(1), Some(2), "queue", None, &[60])];
    assert_eq!(history(&once), history(&late));
}

#[test]
fn a_bare_message_that_fits_again_is_shown_and_marked_as_uncertain() {
    let story = [told(None, Some(1), "queue", None, &[0, 120]), told(Some(1), None, "back", None, &[60])];
    assert_eq!(spans(&story), [(doc(1), Some(0), Some(60)), (None, Some(60), Some(120)), (doc(1), Some(120), None)]);
    assert!(history(&story)[2].began.as_ref().unwrap().uncertain);
}

#[test]
fn one_message_pushed_twice_is_one() {
    let mut again = told(None, Some(1), "queue", Some(0), &[50]);
    again.fact.place.event = "another-wrapping".into();
    let story = [told(None, Some(1), "queue", Some(0), &[1]), again, told(Some(1), None, "back", Some(60), &[61])];
    assert_eq!(spans(&story), [(doc(1), Some(0), Some(60)), (None, Some(60), None)]);
}

fn stories() -> impl Strategy<Value = Vec<Telling>> {
    let doctor = || prop::option::of(0..3u8);
    let telling = (
        doctor(),
        doctor(),
        prop::sample::select(vec!["queue", "back"]),
        prop::option::of(0..6i64),
        proptest::collection::vec(0..9i64, 1..4),
    )
        .prop_map(|(from, to, reason, published, receipts)| told(from, to, reason, published, &receipts));
    proptest::collection::vec(telling, 1..9)
}

proptest! {
    #[test]
    fn any_order_of_arrival_ends_the_same((story, shuffled) in stories().prop_flat_map(|story| (Just(story.clone()), Just(story).prop_shuffle()))) {
        // Events are distinct by their body.
        let distinct = |story: &[Telling]| {
            let mut by_event = BTreeMap::new();
            for one in story {
                by_event.entry(one.fact.place.event.to_string()).and_modify(|known: &mut Telling| {
                    known.receipts.extend(&one.receipts);
                    let first = *known.receipts.iter().min().unwrap();
                    known.fact.place.received_at = first;
                    if known.fact.time_of_receipt { known.fact.place.at = first }
                }).or_insert_with(|| one.clone());
            }
            by_event.into_values().collect::<Vec<_>>()
        };
        let mut other = distinct(&shuffled);
        other.reverse();
        prop_assert_eq!(history(&distinct(&story)), history(&other));
    }

    #[test]
    fn spans_follow_each_other_and_one_at_most_is_open(story in stories()) {
        let mut events = BTreeSet::new();
        let story: Vec<_> = story.into_iter().filter(|one| events.insert(one.fact.place.event.to_string())).collect();
        let history = history(&story);
        prop_assert_eq!(history.iter().filter(|one| one.open).count(), 1);
        prop_assert!(history.last().unwrap().open);
        for pair in history.windows(2) {
            prop_assert!(pair[0].not_before <= pair[1].not_before);
            prop_assert!(pair[0].not_after.unwrap() <= pair[1].not_after.unwrap_or(Timestamp::MAX));
            match (pair[0].until, pair[1].from) {
                (Some(until), Some(from)) => prop_assert_eq!(until, from, "no hole without a mark"),
                (until, from) => prop_assert!(until.is_none() && from.is_none(), "a break has two ends"),
            }
        }
    }
}
