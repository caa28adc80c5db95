//! Histories of eVitalRx through journal and folds, on a real encrypted database: what happened reads the same whatever the
//! order of arrival, and a rebuild says the same.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    event::fact::Trust,
    ledger::rebuild,
    ledger::tests::{Arrival, Ledger, arrivals, leaves_no_trace, run},
    orders::{
        self,
        fold::Order,
        words::{Attention, EntryKind, Finality, Mark, Stage, StatusGroup, StepState},
    },
    source::Source,
};

const T0: i64 = 1_760_000_000;

fn of_lane(nature: &str, lane: &str, delivery: &str) -> Value {
    json!({ "transaction_nature": nature, "draft_order_id": "P==", "id": lane, "order_number": format!("NO{lane}"),
        "partner_order_id": "00011223", "delivery_type": delivery, "chemist_code": "T00ST", "total": 31, "amount": 34.18 })
}

fn rejected(lane: &str, is_final: Option<bool>) -> Value {
    let mut body = of_lane("reject", lane, "delivery");
    body["is_final_rejection"] = json!(is_final);
    body["reject_reason"] = json!("Other");
    body
}

fn reassigned(from: &str, to: &[&str]) -> Value {
    json!({ "transaction_nature": "reassign", "draft_order_id": "P==", "rejected_order_id": from, "new_order_ids": to })
}

/// The bodies as they arrive, a minute apart.
async fn order(bodies: &[Value]) -> Order {
    let mut ledger = Ledger::of(Source::Evitalrx).await;
    take(&mut ledger, bodies).await;
    find(&ledger, "P==").await
}

async fn take(ledger: &mut Ledger, bodies: &[Value]) {
    let at = |i: usize| T0 + i64::try_from(i).unwrap() * 60;
    let all = bodies.iter().enumerate().map(|(i, body)| ledger.delivery(body.to_string().as_bytes(), at(i))).collect();
    let _ = ledger.take(all).await;
}

async fn find(ledger: &Ledger, uid: &str) -> Order {
    orders::table::find(&mut *ledger.connection().await, &uid.into()).await.unwrap()
}

fn steps(order: &Order, lane: &str) -> Vec<(String, StepState)> {
    let sequences = order.timeline().sequences;
    let of_lane = sequences.into_iter().find(|s| s.lane_uid.as_ref().is_some_and(|uid| uid.as_str() == lane)).unwrap();
    of_lane.steps.into_iter().map(|step| (step.status, step.state)).collect()
}

fn told(steps: &[(String, StepState)]) -> Vec<(&str, StepState)> {
    steps.iter().map(|(word, state)| (word.as_str(), *state)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_the_whole_order_stands_beside_what_its_lanes_say() {
    let mut of_all = of_lane("order_assigned", "C==", "delivery");
    of_all.as_object_mut().unwrap().remove("id");
    let order = order(&[of_all, of_lane("accept", "C==", "delivery")]).await;
    let entries = order.timeline().entries;
    let lanes: Vec<_> = entries.iter().map(|entry| entry.lane_uid.as_ref().map(ToString::to_string)).collect();
    assert_eq!(lanes, [None, Some("C==".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_told_step_by_step_and_nothing_of_it_is_called_verified() {
    use StepState::{Ahead, Done, Next};
    let natures = ["order_assigned", "accept", "shipped", "order_picked_up", "delivered"];
    let life: Vec<_> = natures.iter().map(|nature| of_lane(nature, "C==", "delivery")).collect();
    let half = order(&life[..3]).await;
    let expected = [
        ("order_assigned", Done),
        ("accept", Done),
        ("shipped", Done),
        ("order_picked_up", Next),
        ("delivered", Ahead),
    ];
    assert_eq!(told(&steps(&half, "C==")), expected);
    let whole = order(&life).await;
    let entries = whole.timeline().entries;
    assert!(
        entries.iter().all(|entry| entry.trust == Trust::Unsigned && entry.marks == [Mark::TimeOfReceipt]),
        "{entries:?}"
    );
    assert_eq!(entries.last().unwrap().to_stage, Some(Stage::Delivered));
    let row = whole.row().unwrap();
    assert_eq!((row.status_group, row.attention.len(), row.trust), (StatusGroup::Done, 0, Trust::Unsigned));
    assert_eq!(row.total.unwrap().amount, "31", "shipping is not added, amounts are not mixed");
    assert_eq!(whole.view().unwrap().shop_order.as_deref(), Some("00011223"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_skipped_and_a_rider_at_a_pickup_is_unexpected() {
    use StepState::{Done, Skipped, Unexpected};
    let gap = order(&[of_lane("accept", "C==", "delivery"), of_lane("delivered", "C==", "delivery")]).await;
    let expected = [("accept", Done), ("shipped", Skipped), ("order_picked_up", Skipped), ("delivered", Done)];
    assert_eq!(told(&steps(&gap, "C==")), expected);
    assert_eq!(gap.timeline().entries[1].marks, [Mark::Unexpected, Mark::TimeOfReceipt]);
    let natures = ["accept", "shipped", "order_picked_up", "delivered"];
    let life: Vec<_> = natures.iter().map(|nature| of_lane(nature, "C==", "pickup")).collect();
    let pickup = order(&life).await;
    let expected = [("accept", Done), ("shipped", Done), ("delivered", Done), ("order_picked_up", Unexpected)];
    assert_eq!(told(&steps(&pickup, "C==")), expected);
    let entries = pickup.timeline().entries;
    assert_eq!(entries[2].marks, [Mark::Unexpected, Mark::TimeOfReceipt]);
    assert_eq!((entries[1].to_stage, entries[3].to_stage), (Some(Stage::ReadyForCollection), Some(Stage::Collected)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_lane_leads_to_its_successors_whichever_of_both_is_heard_first() {
    let rejection = rejected("old==", Some(false));
    let handover = reassigned("old==", &["new1==", "new2=="]);
    for bodies in [[rejection.clone(), handover.clone()], [handover, rejection]] {
        let order = order(&bodies).await;
        let row = order.row().unwrap();
        let mut lanes: Vec<_> = row.lanes.iter().map(|lane| (lane.uid.as_str(), lane.status_group)).collect();
        lanes.sort_unstable();
        assert_eq!(
            lanes,
            [("new1==", StatusGroup::Waiting), ("new2==", StatusGroup::Waiting), ("old==", StatusGroup::Stopped)]
        );
        assert_eq!((row.stage, row.attention.len()), (Some(Stage::Assigned), 0), "others go on");
        assert_eq!(row.name.as_deref(), Some("NOold=="), "a lane that never spoke borrows the name");
        let entries = order.timeline().entries;
        let handed_over = entries.iter().find(|entry| entry.kind == EntryKind::HandedOver).unwrap();
        assert_eq!(handed_over.successors.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_spoke_before_it_was_told_of_stays_where_it_is() {
    let handover = reassigned("old==", &["new1=="]);
    let order = order(&[of_lane("accept", "new1==", "delivery"), handover]).await;
    assert_eq!(order.row().unwrap().stage, Some(Stage::Accepted));
    assert!(order.timeline().entries.iter().all(|entry| !entry.marks.contains(&Mark::Backward)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_names_no_order_goes_where_the_one_before_it_goes_whichever_is_heard_first() {
    let handover = |from: &str, to: &str| json!({ "transaction_nature": "reassign", "rejected_order_id": from, "new_order_ids": [to] });
    let chain = [of_lane("accept", "C1==", "delivery"), handover("C1==", "C2=="), handover("C2==", "C3==")];
    for heard in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
        let mut ledger = Ledger::of(Source::Evitalrx).await;
        for at in heard {
            take(&mut ledger, &chain[at..=at]).await;
        }
        let row = find(&ledger, "C3==").await.row().unwrap();
        let mut lanes: Vec<_> = row.lanes.iter().map(|lane| lane.uid.as_str().to_owned()).collect();
        lanes.sort_unstable();
        assert_eq!(
            (row.uid.as_str(), lanes.as_slice()),
            ("P==", ["C1==", "C2==", "C3=="].map(str::to_owned).as_slice())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_final_rejection_stops_an_order_and_a_setting_can_say_that_all_are() {
    for (is_final, group) in
        [(Some(true), StatusGroup::Stopped), (Some(false), StatusGroup::Waiting), (None, StatusGroup::Waiting)]
    {
        let row = order(&[rejected("C==", is_final)]).await.row().unwrap();
        assert_eq!(row.status_group, group, "{is_final:?}");
        assert_eq!(row.attention.contains(&Attention::CancelledEverywhere), is_final == Some(true));
    }
    let mut ledger = Ledger::of(Source::Evitalrx).await;
    take(&mut ledger, &[rejected("C==", None)]).await;
    let mut tx = ledger.db.write().await.unwrap();
    sqlx::query("UPDATE sender SET rejections = 'final_only'").execute(&mut *tx).await.unwrap();
    let touched = orders::table::touched_by(&mut tx, &"c-1".into()).await.unwrap();
    orders::table::refold(&mut tx, &touched).await.unwrap();
    tx.commit().await.unwrap();
    let row = find(&ledger, "P==").await.row().unwrap();
    assert_eq!((row.status_group, row.finality), (StatusGroup::Stopped, Some(Finality::Final)));
    let report = rebuild::verify(&mut ledger.db.write().await.unwrap()).await.unwrap();
    assert!(report.projections_match, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prescription_nobody_could_fulfil_says_so_and_blames_no_pharmacy() {
    let rejected = json!({ "transaction_nature": "digitization_rejected", "draft_order_id": "P==",
        "reject_slug": "patient_test_order", "reject_reason": "Invented.", "partner_order_id": "" });
    assert_eq!(order(&[rejected]).await.row().unwrap().attention, [Attention::PrescriptionRejected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejection_after_packing_and_after_delivery_is_shown_and_not_refused() {
    let life = ["accept", "shipped"].map(|nature| of_lane(nature, "C==", "delivery"));
    let mut bodies = life.to_vec();
    bodies.push(rejected("C==", Some(true)));
    let order = order(&bodies).await;
    assert_eq!(order.timeline().entries[2].marks, [Mark::Backward, Mark::TimeOfReceipt]);
    let row = order.row().unwrap();
    assert_eq!((row.status_group, row.stage), (StatusGroup::Stopped, Some(Stage::RejectedOrCancelled)));
    let steps = steps(&order, "C==");
    let expected = [
        ("accept", StepState::Done),
        ("shipped", StepState::Done),
        ("reject", StepState::Ending),
        ("order_picked_up", StepState::NotReached),
        ("delivered", StepState::NotReached),
    ];
    assert_eq!(told(&steps), expected);
    bodies.insert(2, of_lane("delivered", "C==", "delivery"));
    let after = self::order(&bodies).await;
    assert!(after.timeline().entries[3].marks.contains(&Mark::Backward));
    assert_eq!(after.row().unwrap().attention, [Attention::CancelledEverywhere, Attention::WentBack]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_order_named_on_the_same_lane_is_a_warning_and_loses_nothing() {
    let mut slip = of_lane("delivered", "C==", "delivery");
    slip["draft_order_id"] = json!("Q==");
    let mut ledger = Ledger::of(Source::Evitalrx).await;
    take(&mut ledger, &[of_lane("shipped", "C==", "delivery"), slip]).await;
    let entries = find(&ledger, "C==").await.timeline().entries;
    assert_eq!(entries.len(), 2);
    assert!(entries[1].marks.contains(&Mark::OtherOrder));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_unique_only_among_its_kind() {
    let mut ledger = Ledger::of(Source::Evitalrx).await;
    let mut other = of_lane("accept", "X==", "delivery");
    other["draft_order_id"] = json!("C==");
    // "C==" is a child of one order and the parent of another.
    take(&mut ledger, &[of_lane("accept", "C==", "delivery"), other]).await;
    assert_eq!(find(&ledger, "C==").await.row().unwrap().lanes[0].uid.as_str(), "X==");
    assert_eq!(find(&ledger, "P==").await.row().unwrap().lanes[0].uid.as_str(), "C==");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_leaves_only_for_who_asks_for_it() {
    let mut body = of_lane("shipped", "C==", "delivery");
    body["delivery_pin"] = json!("0498");
    body["tracking_url"] = json!("https://track.example.in/secret-token");
    body["bill-pdf-url"] = json!("localhost/bill/0000");
    let order = order(&[body]).await;
    let lane = "C==".into();
    assert_eq!(order.pin(Some(&lane)).unwrap().pin, "0498");
    let handover = order.handover();
    assert!(handover[0].has_pin);
    let links: Vec<_> = handover[0].links.iter().map(|link| (link.host.as_deref(), link.text.as_deref())).collect();
    assert_eq!(links, [(Some("track.example.in"), None), (None, Some("localhost/bill/0000"))]);
    let told = serde_json::to_string(&(&handover, order.view(), order.timeline(), order.patient())).unwrap();
    assert!(!told.contains("0498") && !told.contains("secret-token"), "{told}");
    assert!(!order.folded().unwrap().words.contains("0498"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_is_asked_for_keeps_strangers_out_and_makes_nobody_verified() {
    let mut ledger = Ledger::of(Source::Evitalrx).await;
    ledger.required_header = Some("x-told-at-onboarding".into());
    ledger.know(vec![offizin_wire::SigningSecret::new("told".into()).unwrap()]);
    let body = of_lane("accept", "C==", "delivery").to_string();
    let with = |values: &[&str]| {
        let mut delivery = ledger.delivery(body.as_bytes(), T0);
        delivery.headers =
            values.iter().map(|value| offizin_wire::Header::new("X-Told-At-Onboarding", *value)).collect();
        delivery
    };
    let all = vec![with(&[]), with(&["guessed"]), with(&["told", "guessed"]), with(&["told"])];
    let tally = ledger.take(all).await;
    assert_eq!((tally.rejected, tally.events), (3, 1));
    assert_eq!(find(&ledger, "P==").await.row().unwrap().trust, Trust::Unsigned);
    let reasons: Vec<String> = sqlx::query_scalar("SELECT reason FROM quarantine ORDER BY sequence")
        .fetch_all(ledger.db.reader())
        .await
        .unwrap();
    assert_eq!(reasons, ["header_missing", "header_wrong", "header_wrong"]);
}

fn histories() -> impl Strategy<Value = Vec<Arrival>> {
    let natures = prop::sample::select(vec![
        "order_assigned",
        "accept",
        "reject",
        "shipped",
        "order_picked_up",
        "delivered",
        "split",
        "save",
        "digitization_completed",
        "digitization_rejected",
        "reassign",
    ]);
    let way = prop::sample::select(vec![Some("delivery"), Some("pickup"), None]);
    let one = (natures, 0..4u8, prop::option::of(0..3u8), way, prop::option::of(any::<bool>()), 0..3u8);
    let body = one.prop_map(|(nature, lane, parent, way, flag, to)| {
        let mut body = json!({ "transaction_nature": nature, "total": u32::from(to), "delivery_type": way,
            "is_final_rejection": flag, "draft_order_id": parent.map(|parent| format!("P{parent}")) });
        match nature {
            // Also in circles, and from lanes that name no order.
            "reassign" => {
                body["rejected_order_id"] = json!(format!("C{lane}"));
                body["new_order_ids"] = json!([format!("C{to}"), format!("C{}", to + 1)]);
            }
            "digitization_completed" | "digitization_rejected" if parent.is_some() => {}
            _ => body["id"] = json!(format!("C{lane}")),
        }
        body
    });
    proptest::collection::vec((body, 0..100_000i64), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_order_of_arrival_and_any_repetition_reads_the_same_and_so_does_a_rebuild(
        (history, shuffled, batch) in arrivals(histories()),
    ) {
        run(leaves_no_trace(Source::Evitalrx, &history, &shuffled, batch));
    }
}
