//! What the fold of an order promises.

use proptest::prelude::*;

use super::*;
use crate::{
    event::fact::{Place, Trust},
    id::ConnectionId,
    orders::{
        fact::{Address, Doctor, Fulfilment, Item, Patient, Pharmacy, Status},
        words::{Attention, EntryKind, Mark},
    },
};

const T0: i64 = 1_760_000_000;

fn at_second(second: i64) -> Timestamp {
    Timestamp::from_second(T0 + second).unwrap()
}

/// Word, group and rank, as a provider's folder would say.
const WORDS: &[(&str, StatusGroup, Option<u8>)] = &[
    ("init", StatusGroup::New, Some(0)),
    ("waiting for pharmacy", StatusGroup::Waiting, Some(1)),
    ("pending review", StatusGroup::Waiting, Some(2)),
    ("in-progress", StatusGroup::InWork, Some(3)),
    ("ready_for_pickup", StatusGroup::InWork, Some(4)),
    ("completed", StatusGroup::Done, Some(6)),
    ("cancelled", StatusGroup::Stopped, Some(6)),
    ("on-hold", StatusGroup::NeedsAttention, None),
    ("teleported", StatusGroup::Unknown, None),
];

fn status(word: &str) -> Status {
    let (_, group, rank) = WORDS.iter().find(|known| known.0 == word).unwrap();
    Status { word: word.to_owned(), group: *group, rank: *rank, after: vec![] }
}

/// A fact of lane `po-1` at `second`, received at once; everything else ordinary.
fn fact(id: u32, second: i64, word: &str) -> Fact<OrderFact> {
    Fact {
        place: Place {
            at: at_second(second),
            updated_at: Some(at_second(second)),
            received_at: at_second(second),
            event: format!("{id:032x}").as_str().into(),
        },
        connection: ConnectionId::from("c-1"),
        event_type: if id == 0 { "made" } else { "changed" }.into(),
        time_of_receipt: false,
        last_receipt_at: at_second(second),
        receipts: 1,
        trust: Trust::Verified,
        header_mismatch: false,
        data: OrderFact {
            lane: Some("po-1".into()),
            parent: Some("ord-1".into()),
            created: id == 0,
            status: Some(status(word)),
            name: Some("#1001".into()),
            priority: Some(0),
            pharmacy: Some(Pharmacy { uid: Some("ph-1".into()), name: Some("Testapotheke".into()) }),
            ..OrderFact::default()
        },
    }
}

fn on_lane(lane: &str, mut fact: Fact<OrderFact>) -> Fact<OrderFact> {
    fact.data.lane = Some(lane.into());
    fact
}

fn erika() -> Option<Patient> {
    Some(Patient { name: Some("Erika Beispiel".into()), phone: Some("0000".into()), ..Patient::default() })
}

fn order(facts: Vec<Fact<OrderFact>>) -> Order {
    Order::new("ord-1".into(), facts).unwrap()
}

fn life(statuses: &[&str]) -> Vec<Fact<OrderFact>> {
    statuses.iter().enumerate().map(|(i, status)| fact(i as u32, i as i64 * 60, status)).collect()
}

fn marks(order: &Order) -> Vec<Vec<Mark>> {
    order.timeline().entries.into_iter().map(|entry| entry.marks).collect()
}

#[test]
fn an_ordinary_life_reads_from_status_to_status() {
    let order = order(life(&["init", "waiting for pharmacy", "in-progress", "completed"]));
    let entries = order.timeline().entries;
    let steps: Vec<_> = entries.iter().map(|e| (e.from.as_deref(), e.to.as_deref(), e.dwell_ms)).collect();
    assert_eq!(
        steps,
        [
            (None, Some("init"), None),
            (Some("init"), Some("waiting for pharmacy"), Some(60_000)),
            (Some("waiting for pharmacy"), Some("in-progress"), Some(60_000)),
            (Some("in-progress"), Some("completed"), Some(60_000)),
        ]
    );
    assert_eq!(entries[0].kind, EntryKind::Created);
    assert!(marks(&order).concat().is_empty());
    let row = order.row().unwrap();
    assert_eq!((row.status_group, row.attention.len()), (StatusGroup::Done, 0));
    assert_eq!(row.status_since, at_second(180));
}

#[test]
fn dwell_and_since_count_from_the_change_not_from_the_last_word() {
    let order = order(life(&["init", "in-progress", "in-progress", "completed"]));
    assert_eq!(order.timeline().entries[3].dwell_ms, Some(120_000));
    let open = super::tests::order(life(&["init", "in-progress", "in-progress"]));
    assert_eq!(open.row().unwrap().status_since, at_second(60));
}

#[test]
fn going_backwards_is_marked_and_never_refused() {
    let restart = order(life(&["init", "in-progress", "waiting for pharmacy"]));
    assert_eq!(marks(&restart)[2], [Mark::Backward]);
    assert_eq!(restart.row().unwrap().attention, [Attention::WentBack]);
    let reopened = order(life(&["completed", "cancelled"]));
    assert_eq!(marks(&reopened)[1], [Mark::Backward]);
    // A pause and its end are no step back.
    let held = order(life(&["in-progress", "on-hold", "in-progress"]));
    assert!(marks(&held).concat().is_empty());
    let back_from_hold = order(life(&["in-progress", "on-hold", "waiting for pharmacy"]));
    assert_eq!(marks(&back_from_hold)[2], [Mark::Backward]);
}

#[test]
fn a_re_routed_order_is_one_order_with_two_lanes() {
    let second = (10..12).map(|i| on_lane("po-2", fact(i, i64::from(i) * 60, "in-progress")));
    let order = order(life(&["waiting for pharmacy", "cancelled"]).into_iter().chain(second).collect());
    let row = order.row().unwrap();
    let lanes: Vec<_> = row.lanes.iter().map(|lane| (lane.uid.as_str(), lane.status_group)).collect();
    assert_eq!(lanes, [("po-2", StatusGroup::InWork), ("po-1", StatusGroup::Stopped)]);
    assert_eq!((row.status_group, row.attention.len()), (StatusGroup::InWork, 0));
}

#[test]
fn attention_says_why() {
    assert_eq!(order(life(&["in-progress", "on-hold"])).row().unwrap().attention, [Attention::OnHold]);
    assert_eq!(order(life(&["init", "cancelled"])).row().unwrap().attention, [Attention::CancelledEverywhere]);
    assert_eq!(order(life(&["init", "teleported"])).row().unwrap().attention, [Attention::UnknownStatus]);
}

#[test]
fn late_overtaken_and_same_second_are_marked() {
    let mut facts = life(&["init", "pending review", "in-progress"]);
    facts[1].place.received_at = at_second(3 * 24 * 3600);
    facts[2].place.at = facts[1].place.at;
    // The two of one second are told apart by `updated_at`: the late one comes first and was overtaken.
    assert_eq!(
        marks(&order(facts)),
        [vec![], vec![Mark::Late, Mark::OutOfOrder, Mark::SameSecond], vec![Mark::SameSecond]]
    );
}

#[test]
fn changes_name_fields_but_never_people() {
    let mut facts = life(&["init", "init"]);
    facts[0].data.patient = Some(Patient { phone: None, ..erika().unwrap() });
    facts[1].data.patient = Some(Patient { name: Some("Erika Muster".into()), ..erika().unwrap() });
    facts[1].data.priority = Some(5);
    facts[1].data.other.insert("data.note".into(), "Erika".into());
    facts[1].data.plain.insert("external_status".into(), "OPEN".into());
    let changes = order(facts).timeline().entries[1].changes.clone();
    let shown: Vec<_> = changes.iter().map(|c| (c.field.as_str(), c.from.as_deref(), c.to.as_deref())).collect();
    assert_eq!(
        shown,
        [
            ("priority", Some("0"), Some("5")),
            ("patient.name", Some("•••"), Some("•••")),
            ("patient.phone", None, Some("•••")),
            ("external_status", None, Some("OPEN")),
            ("data.note", None, Some("•••")),
        ]
    );
    let text = format!("{changes:?}");
    assert!(!text.contains("Erika") && !text.contains("0000"));
}

#[test]
fn the_row_names_no_patient_and_the_search_finds_one() {
    let mut facts = life(&["init"]);
    facts[0].data.patient = erika();
    facts[0].data.other.insert("data.note".into(), "für Erika".into());
    facts[0].data.delivery_address =
        Some(Address { name: Some("Erika Beispiel".into()), street: Some("Testweg 2".into()), ..Address::default() });
    let order = order(facts);
    let folded = order.folded().unwrap();
    let told = format!("{}{:?}", serde_json::to_string(&order.view().unwrap()).unwrap(), folded.facets);
    assert!(!told.contains("Beispiel") && !told.contains("Testweg") && !told.to_lowercase().contains("erika"));
    let patient = order.patient().unwrap();
    assert_eq!(patient.name.as_deref(), Some("Erika Beispiel"));
    assert_eq!(patient.further[0].value, "für Erika");
    assert!(folded.words.contains("testapotheke") && folded.words.contains("erika"), "found, and never shown");
}

#[test]
fn organisation_and_pharmacy_copies_are_one_entry() {
    let pharmacy = fact(1, 60, "in-progress");
    let mut organisation = Fact { connection: "c-2".into(), ..fact(2, 60, "in-progress") };
    organisation.data.fulfilment =
        Some(Fulfilment { shop_order_external_id: Some("EXT-1".into()), ..Fulfilment::default() });
    let order = order(vec![pharmacy, organisation]);
    let entries = order.timeline().entries;
    assert_eq!((entries.len(), entries[0].receipts), (1, 2));
    assert_eq!(order.view().unwrap().shop_order.as_deref(), Some("EXT-1"));
}

#[test]
fn a_part_is_completed_by_what_was_known_before() {
    let mut whole = fact(0, 0, "init");
    whole.data.patient = erika();
    whole.data.items = vec![Item { name: Some("Testmittel".into()), ..Item::default() }];
    let mut part = fact(1, 60, "in-progress");
    part.data = OrderFact {
        partial: true,
        lane: part.data.lane,
        parent: part.data.parent,
        status: part.data.status,
        doctor: Some(Doctor { name: Some("Dr. Test".into()), ..Doctor::default() }),
        ..OrderFact::default()
    };
    let order = order(vec![part, whole]);
    let view = order.view().unwrap();
    assert_eq!((view.row.name.as_deref(), view.item_list.len()), (Some("#1001"), 1));
    assert_eq!(order.patient().unwrap().name.as_deref(), Some("Erika Beispiel"));
    let changes: Vec<_> = order.timeline().entries[1].changes.iter().map(|c| c.field.clone()).collect();
    assert_eq!(changes, ["doctor"], "what a part leaves out did not change");
}

#[test]
fn a_lane_that_was_handed_over_leads_to_lanes_that_never_spoke() {
    let rejected = fact(0, 0, "cancelled");
    let mut moved = fact(1, 60, "init");
    moved.data = OrderFact {
        partial: true,
        lane: moved.data.lane,
        parent: moved.data.parent,
        successors: vec!["po-2".into(), "po-3".into()],
        ..OrderFact::default()
    };
    let silent = order(vec![rejected.clone(), moved.clone()]);
    let row = silent.row().unwrap();
    let lanes: Vec<_> = row.lanes.iter().map(|lane| (lane.uid.as_str(), lane.status.as_deref())).collect();
    assert_eq!(lanes, [("po-1", Some("cancelled")), ("po-2", None), ("po-3", None)]);
    assert_eq!((row.status_group, row.events, row.attention.len()), (StatusGroup::New, 2, 0));
    let entries = silent.timeline().entries;
    assert_eq!((entries[1].kind, entries[1].successors.len()), (EntryKind::HandedOver, 2));
    assert_eq!(
        (entries[2].kind, entries[2].predecessor.as_ref().map(LaneUid::as_str)),
        (EntryKind::Created, Some("po-1"))
    );
    // Whoever speaks first, the lane or the one that handed over, the state is what the lane says.
    for second in [30, 90] {
        let spoken = order(vec![rejected.clone(), on_lane("po-2", fact(2, second, "in-progress")), moved.clone()]);
        let lane = spoken.row().unwrap().lanes.into_iter().find(|lane| lane.uid.as_str() == "po-2").unwrap();
        assert_eq!(lane.status.as_deref(), Some("in-progress"));
    }
}

#[test]
fn a_step_its_provider_does_not_know_from_there_is_marked() {
    let after = |word: &str, ranks: &[u8]| Status { after: ranks.to_vec(), ..status(word) };
    let mut facts = life(&["init", "in-progress", "completed"]);
    facts[1].data.status = Some(after("in-progress", &[0, 1]));
    facts[2].data.status = Some(after("completed", &[4]));
    assert_eq!(marks(&order(facts.clone())), [vec![], vec![], vec![Mark::Unexpected]]);
    assert_eq!(marks(&order(vec![facts[1].clone()])), [[Mark::Unexpected]], "nothing came before it");
}

#[test]
fn what_is_said_of_the_whole_order_stands_for_it_until_a_lane_speaks() {
    let mut whole = fact(0, 0, "waiting for pharmacy");
    whole.data.lane = None;
    let alone = order(vec![whole.clone()]).row().unwrap();
    assert_eq!((alone.status_group, alone.lanes.len()), (StatusGroup::Waiting, 0));
    let order = order(vec![whole, fact(1, 60, "completed")]);
    assert_eq!(order.row().unwrap().status_group, StatusGroup::Done);
    assert_eq!(order.timeline().entries[0].lane_uid, None);
}

#[test]
fn silence_on_finality_ends_a_lane_only_where_its_sender_tells_final_rejections_only() {
    for (said, told, group) in [
        (Finality::Unknown, Rejections::FinalOnly, StatusGroup::Stopped),
        (Finality::Unknown, Rejections::Each, StatusGroup::Waiting),
        (Finality::Unknown, Rejections::NotSure, StatusGroup::Waiting),
        (Finality::MayContinue, Rejections::FinalOnly, StatusGroup::Waiting),
        (Finality::Final, Rejections::NotSure, StatusGroup::Stopped),
    ] {
        let mut rejected = fact(0, 0, "cancelled");
        rejected.data.meaning.finality = Some(said);
        settle_finality(&mut rejected.data, told);
        assert_eq!(order(vec![rejected]).row().unwrap().status_group, group, "{said:?} {told:?}");
    }
}

fn histories() -> impl Strategy<Value = Vec<Fact<OrderFact>>> {
    let shape = (0u32..4, 0u32..2, any::<bool>(), any::<bool>(), 0u32..12);
    let one = (0i64..6, 0i64..3, 0i64..200_000, prop::sample::select(WORDS), shape);
    proptest::collection::vec(one, 1..12).prop_map(|facts| {
        let with_id = facts.into_iter().enumerate().map(|(id, fact)| (id as u32, fact));
        with_id
            .map(|(id, (second, updated, received, word, (lane, connection, full, partial, successor)))| {
                let mut fact = fact(id, second, word.0);
                fact.place.updated_at = (updated > 0).then(|| at_second(updated));
                fact.place.received_at = at_second(received);
                fact.connection = format!("c-{connection}").as_str().into();
                fact.data.lane = (lane > 0).then(|| format!("po-{lane}").as_str().into());
                fact.data.fulfilment = full.then(|| Fulfilment { uid: Some("fo-1".into()), ..Fulfilment::default() });
                fact.data.partial = partial;
                if partial {
                    fact.data.name = None;
                    fact.data.status = fact.data.status.filter(|_| received % 2 == 0);
                }
                if lane > 0 && (1..4).contains(&successor) {
                    fact.data.successors = vec![format!("po-{successor}").as_str().into()];
                }
                fact
            })
            .collect()
    })
}

fn bytes(facts: Vec<Fact<OrderFact>>) -> String {
    let order = order(facts);
    let folded = order.folded().unwrap();
    let all = (folded.row, order.view(), order.timeline(), folded.words, format!("{:?}", folded.facets));
    serde_json::to_string(&all).unwrap()
}

proptest! {
    #[test]
    fn any_permutation_folds_to_the_same_bytes(
        (facts, shuffled) in histories().prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
    ) {
        prop_assert_eq!(bytes(facts), bytes(shuffled));
    }

    #[test]
    fn the_state_is_the_greatest_fact_of_the_leading_lane(facts in histories()) {
        let order = order(facts.clone());
        let row = order.row().unwrap();
        prop_assert!(row.lanes.windows(2).all(|pair| pair[0].updated_at >= pair[1].updated_at));
        for lane in &row.lanes {
            let speaks = |fact: &&Fact<OrderFact>| {
                fact.data.lane.as_ref() == Some(&lane.uid) || fact.data.successors.contains(&lane.uid)
            };
            let greatest = facts.iter().filter(speaks).map(|fact| &fact.place).max().unwrap();
            prop_assert_eq!(lane.updated_at, greatest.at);
        }
        let entries = order.timeline().entries;
        prop_assert!(entries.windows(2).all(|pair| pair[0].at <= pair[1].at));
    }

    #[test]
    fn a_stored_fact_is_read_back_as_it_was(facts in histories()) {
        for fact in facts {
            let stored = serde_json::to_string(&fact.data).unwrap();
            let mut read: OrderFact = serde_json::from_str(&stored).unwrap();
            (read.lane, read.parent) = (fact.data.lane.clone(), fact.data.parent.clone());
            prop_assert!(read == fact.data);
        }
    }
}
