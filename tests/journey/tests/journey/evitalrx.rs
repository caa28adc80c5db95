//! A provider that signs nothing, names no event type and sends no time, through the real relay. Every documented
//! shape, also with the other type that the documents show, is read and is not shown as more than it proves.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use offizin_desk::{
    Code, Desk, Source,
    event::{QuarantineReason, Trust, Verdict},
    inlets::{
        InletInput, InletSecretInput, InletView,
        unsigned::{InletKeyInput, InletRotateInput, InletSetInput},
    },
    orders::{
        Rejections,
        view::{LaneInput, LinkInput, OrderExportInput, OrderFormat, OrderListInput},
        words::{
            Agreement, AmountMeaning, Attention, EntryKind, Finality, LinkKind, Mark, Stage, StatusGroup, StepState,
        },
    },
    page::PageInput,
};
use offizin_journey::{OpenDesk, ServedRelay, arrivals, desk, desk_at, orders, pair, pull};
use offizin_sandbox::evitalrx::{Caller, Ids, Tale, api::OrdersApi, ids, medicine, tell};

struct Scene {
    relay: ServedRelay,
    desk: OpenDesk,
    dir: tempfile::TempDir,
}

impl Scene {
    async fn begin() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let relay = ServedRelay::start(&dir.path().join("relay")).await;
        let desk = desk(&dir.path().join("home")).await;
        pair(&desk, &relay.invite("Adler-Apotheke").await).await.unwrap();
        Self { relay, desk, dir }
    }
}

async fn inlet(desk: &Desk) -> InletView {
    let input = InletInput { name: "eVitalRx".into(), source: Source::Evitalrx, connection: None };
    desk.inlet_add(input).await.unwrap()
}

fn caller(inlet: &InletView) -> Caller {
    Caller::new(inlet.url.parse().unwrap(), None).unwrap()
}

/// Tells a tale and pulls after each call, so that the order of receipt is the order of the tale.
async fn live(desk: &Desk, caller: &Caller, tale: Tale, number: u64, drift: bool) -> Ids {
    for call in tell(tale, number, drift) {
        assert_eq!(caller.call(&call).await, Some(200), "{}", call.nature);
        pull(desk).await;
    }
    ids(number)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shape_with_its_drift_is_read_and_nothing_is_called_verified() {
    let scene = Scene::begin().await;
    let desk = &scene.desk;
    let inlet = inlet(desk).await;
    assert_eq!((inlet.rejections, inlet.signed), (Some(Rejections::NotSure), false));
    let caller = caller(&inlet);
    let mut number = 0;
    for drift in [false, true] {
        for tale in Tale::ALL {
            number += 1;
            let ids = live(desk, &caller, tale, number, drift).await;
            let order = desk.order_show(&ids.parent.as_str().into()).await.unwrap();
            let timeline = desk.order_timeline(&ids.parent.as_str().into()).await.unwrap();
            for entry in &timeline.entries {
                assert_eq!(entry.trust, Trust::Unsigned);
                assert!(entry.marks.contains(&Mark::TimeOfReceipt), "{tale:?}");
                assert_eq!(entry.at, entry.received_at);
            }
            let group = match tale {
                Tale::Delivery | Tale::Pickup | Tale::Prescription => StatusGroup::Done,
                Tale::PrescriptionRejected
                | Tale::Rejected
                | Tale::RejectedAfterShipping
                | Tale::CancelledAfterDelivery => StatusGroup::Stopped,
                Tale::Reassigned | Tale::Split => StatusGroup::InWork,
                Tale::RejectedWithoutFlag => StatusGroup::Waiting,
            };
            assert_eq!(order.row.status_group, group, "{tale:?}, drift {drift}");
            assert_eq!(order.shop_order.as_deref(), Some(format!("{number:08}").as_str()), "leading zeros survive");
            if tale != Tale::PrescriptionRejected {
                let amount =
                    |meaning| order.amounts.iter().find(|one| one.meaning == meaning).map(|one| one.amount.clone());
                let total = amount(AmountMeaning::ItemsAfterDiscount).unwrap();
                assert_eq!((total.amount.as_str(), total.currency.as_str(), total.assumed), ("1300", "INR", true));
                assert_eq!(amount(AmountMeaning::ItemsAtMaximumPrice).unwrap().amount, "1384.18");
                assert_eq!(order.item_list[0].name.as_deref(), Some("Testmedicine 500"));
            }
            let told = serde_json::to_string(&(&order, &timeline)).unwrap();
            // The code as a value: four digits stand in many an id.
            for never in ["Asha", "9000000000", "margin", "landing", "\"0498\"", "1900-01-01", "pictures.example"] {
                assert!(!told.contains(never), "{never} in {tale:?}");
            }
        }
    }
    assert_eq!(caller.call(&medicine(1)).await, Some(200));
    pull(desk).await;
    assert!(arrivals(desk, Some(Verdict::Unrecognised)).await.is_empty());
    assert!(arrivals(desk, Some(Verdict::Rejected)).await.is_empty());
    assert_eq!(orders(desk).await.len(), 20);
    // A pharmacy is called by its short code until its name is heard, and never by its id.
    let facets = desk.order_facets().await.unwrap();
    let pharmacies: BTreeSet<_> =
        facets.into_iter().filter(|one| one.kind == "pharmacy").map(|one| one.label).collect();
    assert!(pharmacies.contains("Test Pharmacy") && pharmacies.contains("T02ST"), "{pharmacies:?}");
    assert!(pharmacies.iter().all(|label| !label.ends_with('=')), "{pharmacies:?}");
    assert!(desk.ledger_verify().await.unwrap().projections_match);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_re_assigned_order_is_one_order_with_its_lanes_linked() {
    let scene = Scene::begin().await;
    let desk = &scene.desk;
    let caller = caller(&inlet(desk).await);
    let calls = tell(Tale::Reassigned, 1, false);
    // The rejection is lost on the way and the handover comes first of all.
    for call in calls.iter().filter(|call| call.nature != "reject").rev() {
        assert_eq!(caller.call(call).await, Some(200));
        pull(desk).await;
    }
    let ids = ids(1);
    let timeline = desk.order_timeline(&ids.parent.as_str().into()).await.unwrap();
    let lanes: BTreeSet<_> = timeline.lanes.iter().map(|lane| lane.uid.as_str().to_owned()).collect();
    assert_eq!(lanes, ids.children.iter().cloned().collect());
    let handed_over = timeline.entries.iter().find(|entry| entry.kind == EntryKind::HandedOver).unwrap();
    assert_eq!(handed_over.lane_uid.as_ref().unwrap().as_str(), ids.children[0]);
    assert_eq!(
        handed_over.successors.iter().map(|lane| lane.as_str()).collect::<Vec<_>>(),
        [&ids.children[1], &ids.children[2]]
    );
    // A lane is found by its own uid, too.
    assert_eq!(desk.order_timeline(&ids.children[2].as_str().into()).await.unwrap().uid.as_str(), ids.parent);
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_is_shown_with_what_was_skipped_and_what_will_not_come() {
    let scene = Scene::begin().await;
    let desk = &scene.desk;
    let caller = caller(&inlet(desk).await);
    let ids = live(desk, &caller, Tale::RejectedAfterShipping, 1, false).await;
    let order = desk.order_show(&ids.parent.as_str().into()).await.unwrap();
    assert_eq!((order.row.stage, order.row.finality), (Some(Stage::RejectedOrCancelled), Some(Finality::Final)));
    assert!(order.row.attention.contains(&Attention::WentBack));
    let timeline = desk.order_timeline(&ids.parent.as_str().into()).await.unwrap();
    let states: Vec<_> = timeline.sequences[0].steps.iter().map(|step| step.state).collect();
    use StepState::{Done, Ending, NotReached};
    assert_eq!(states, [Done, Done, Ending, NotReached, NotReached]);
    let lost = tell(Tale::Delivery, 2, false);
    for call in [&lost[1], &lost[4]] {
        caller.call(call).await.unwrap();
        pull(desk).await;
    }
    let timeline = desk.order_timeline(&offizin_sandbox::evitalrx::ids(2).parent.as_str().into()).await.unwrap();
    let skipped = timeline.sequences[0].steps.iter().filter(|step| step.state == StepState::Skipped).count();
    assert_eq!(skipped, 2);
    assert!(timeline.entries[1].marks.contains(&Mark::Unexpected));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handover_code_and_the_links_leave_only_when_asked_for() {
    let scene = Scene::begin().await;
    let desk = &scene.desk;
    let caller = caller(&inlet(desk).await);
    for call in tell(Tale::Delivery, 1, false).iter().take(4) {
        caller.call(call).await.unwrap();
        pull(desk).await;
    }
    let ids = ids(1);
    let (uid, lane) = (ids.parent.as_str().into(), Some(ids.children[0].as_str().into()));
    let handover = desk.order_handover(&uid).await.unwrap();
    assert_eq!((handover[0].courier_name.as_deref(), handover[0].has_pin), (Some("Ravi Example"), true));
    assert!(!serde_json::to_string(&handover).unwrap().contains("0498"));
    // Not even into a file with patients.
    let file = scene.dir.path().join("orders.json");
    let export = OrderExportInput { filter: OrderListInput::default(), format: OrderFormat::Json, with_patients: true };
    desk.order_export(&file, &export, |_| {}).await.unwrap();
    let exported = std::fs::read_to_string(&file).unwrap();
    assert!(exported.contains("Asha Example"));
    for never in ["\"0498\"", "margin", "landing_price"] {
        assert!(!exported.contains(never), "{never}");
    }
    let pin = desk.order_pin(&LaneInput { uid: uid.clone(), lane_uid: lane.clone() }).await.unwrap();
    assert_eq!((pin.pin.as_str(), format!("{pin:?}").as_str()), ("0498", "PinView(…)"));
    let link = desk.order_link(&LinkInput { uid, lane_uid: lane, kind: LinkKind::Tracking }).await.unwrap();
    assert_eq!((link.scheme(), link.host_str()), ("https", Some("track.example.in")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_address_answers_until_its_time_is_over_and_both_tell_one_story() {
    let dir = tempfile::tempdir().unwrap();
    let relay = ServedRelay::start(&dir.path().join("relay")).await;
    let ahead = Arc::new(AtomicI64::new(0));
    let hours = Arc::clone(&ahead);
    let clock = Arc::new(move || {
        Timestamp::now().checked_add(SignedDuration::from_hours(hours.load(Ordering::Relaxed))).unwrap()
    });
    let desk = desk_at(&dir.path().join("home"), clock).await.map_err(|problem| problem.code).unwrap();
    pair(&desk, &relay.invite("Adler-Apotheke").await).await.unwrap();
    let old = inlet(&desk).await;
    let new = desk.inlet_rotate(InletRotateInput { id: "eVitalRx".into(), grace_ms: None }).await.unwrap();
    assert_ne!((&old.id, &old.url), (&new.id, &new.url));
    let calls = tell(Tale::Delivery, 1, false);
    assert_eq!((caller(&old).call(&calls[0]).await, caller(&new).call(&calls[0]).await), (Some(200), Some(200)));
    let pulled = desk.pull(Duration::ZERO).await.unwrap();
    assert_eq!((pulled.events, pulled.duplicates), (1, 1), "one event with two receipts");
    assert!(desk.inlet_list().await.unwrap().iter().any(|view| view.id == old.id && view.retires_at.is_some()));
    ahead.store(73, Ordering::Relaxed);
    pull(&desk).await;
    assert_eq!((caller(&old).call(&calls[1]).await, caller(&new).call(&calls[1]).await), (Some(410), Some(200)));
    assert_eq!(desk.inlet_list().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreed_header_keeps_strangers_out_until_nobody_asks_for_it() {
    let scene = Scene::begin().await;
    let desk = &scene.desk;
    let inlet = inlet(desk).await;
    let set = |required_header: Option<&str>, rejections| InletSetInput {
        id: inlet.id.clone(),
        rejections,
        required_header: required_header.map(str::to_owned),
    };
    desk.inlet_set(set(Some("X-Agreed"), Rejections::NotSure)).await.unwrap();
    desk.inlet_secret(InletSecretInput { id: inlet.id.clone(), secret: "at-onboarding".to_owned().into() })
        .await
        .unwrap();
    let with =
        |value: &str| Caller::new(inlet.url.parse().unwrap(), Some(("x-agreed".to_owned(), value.to_owned()))).unwrap();
    let call = &tell(Tale::RejectedWithoutFlag, 1, false)[0];
    assert_eq!(caller(&inlet).call(call).await, Some(200), "the relay does not judge");
    pull(desk).await;
    with("guessed").call(&tell(Tale::Rejected, 2, false)[0]).await.unwrap();
    pull(desk).await;
    let reasons: Vec<_> =
        arrivals(desk, Some(Verdict::Rejected)).await.into_iter().map(|row| row.quarantine.unwrap()).collect();
    assert_eq!(reasons, [QuarantineReason::HeaderWrong, QuarantineReason::HeaderMissing]);
    with("at-onboarding").call(&tell(Tale::Pickup, 3, false)[0]).await.unwrap();
    pull(desk).await;
    assert_eq!(orders(desk).await[0].trust, Trust::Unsigned, "it came from whoever was told, and no more");
    desk.inlet_set(set(None, Rejections::FinalOnly)).await.unwrap();
    assert!(arrivals(desk, Some(Verdict::Rejected)).await.is_empty(), "what was kept out comes in");
    let first = orders(desk).await.into_iter().find(|row| row.uid.as_str() == ids(1).parent).unwrap();
    assert_eq!(
        (first.status_group, first.finality),
        (StatusGroup::Stopped, Some(Finality::Final)),
        "the setting speaks for the silence"
    );
    assert!(desk.ledger_verify().await.unwrap().projections_match);
    drop((scene.relay, scene.dir));
}

async fn orders_api() -> OrdersApi {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    OrdersApi::serve_on(listener, address, "key-for-orders")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_confirmed_when_somebody_asks_and_a_difference_rewrites_nothing() {
    let scene = Scene::begin().await;
    let desk = &scene.desk;
    let inlet = inlet(desk).await;
    let api = orders_api().await;
    let caller = caller(&inlet);
    let calls = tell(Tale::Delivery, 1, false);
    for call in &calls[..3] {
        api.note(call);
        caller.call(call).await.unwrap();
        pull(desk).await;
    }
    let ids = ids(1);
    let uid = ids.parent.as_str().into();
    assert!(!desk.order_confirmable(&uid).await.unwrap().possible);
    assert_eq!(desk.order_confirm(&uid).await.unwrap_err().code, Code::ConfirmationOff);

    let key = |key: Option<&str>, base: String| InletKeyInput {
        id: inlet.id.clone(),
        api_key: key.map(|key| key.to_owned().into()),
        base_url: Some(base),
    };
    let elsewhere = desk.inlet_key(key(Some("key-for-orders"), "https://orders.example.in".into())).await.unwrap_err();
    assert_eq!(elsewhere.code, Code::InputInvalid, "a key travels to the provider alone");
    let set = desk.inlet_key(key(Some("key-for-orders"), api.base_url())).await.unwrap();
    assert_eq!(set.confirms_at.as_deref(), Some("127.0.0.1"));
    let before = desk.order_confirmable(&uid).await.unwrap();
    assert!(before.possible && before.last.is_none());
    assert_eq!(api.asked(), 0, "nothing is asked by itself: it costs");

    let confirmed = desk.order_confirm(&uid).await.unwrap().last.unwrap();
    assert_eq!((confirmed.agreement, api.asked()), (Agreement::Agrees, 1));
    assert_eq!(confirmed.lanes[0].there.as_deref(), Some("shipped"));

    let shown = desk.order_timeline(&uid).await.unwrap();
    api.say(&ids.parent, &ids.children[0], "cancelled");
    let differs = desk.order_confirm(&uid).await.unwrap().last.unwrap();
    assert_eq!((differs.agreement, differs.lanes[0].here), (Agreement::Differs, Some(Stage::Packed)));
    assert_eq!(desk.order_timeline(&uid).await.unwrap(), shown, "and rewrites nothing");
    assert!(desk.ledger_verify().await.unwrap().projections_match);

    caller.call(&calls[3]).await.unwrap();
    pull(desk).await;
    desk.ledger_rebuild().await.unwrap();
    let kept = desk.order_confirmable(&uid).await.unwrap().last.unwrap();
    assert_eq!((kept.agreement, kept.outdated), (Agreement::Differs, true), "it survives a rebuild and shows its age");

    let other = offizin_sandbox::evitalrx::ids(2);
    caller.call(&tell(Tale::Pickup, 2, false)[0]).await.unwrap();
    pull(desk).await;
    let unknown = desk.order_confirm(&other.parent.as_str().into()).await.unwrap_err();
    assert_eq!(unknown.code, Code::ProviderNotFound, "HTTP 200 with status code 0 is a failure");
    desk.inlet_key(key(Some("wrong"), api.base_url())).await.unwrap();
    assert_eq!(desk.order_confirm(&uid).await.unwrap_err().code, Code::ProviderRejected);
    let record = serde_json::to_string(&desk.audit_list(&PageInput::default()).await.unwrap()).unwrap();
    assert!(record.contains("order_confirm") && record.contains("inlet_key"));
    assert!(!record.contains("key-for-orders"));

    desk.inlet_key(key(None, api.base_url())).await.unwrap();
    assert_eq!(desk.order_confirm(&uid).await.unwrap_err().code, Code::ConfirmationOff);
}
