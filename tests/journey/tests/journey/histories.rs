//! Histories: any history, in any order of arrival and with any repetition, goes through the real relay into the real
//! journal and is shown the same. What is shown equals what a rebuild computes.
//!
//! Here the times of receipt differ between the two desks, as they would in use. The folds alone are compared byte for
//! byte in the desk's own tests.

use offizin_desk::interrupt::{Interrupt, watched};
use offizin_journey::{Sender, ServedRelay, desk, pair, pull, story};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

const STATUSES: [&str; 9] = [
    "waiting_for_pharmacy",
    "Pending Review",
    "in-progress",
    "on-hold",
    "ready_for_pickup",
    "completed",
    "cancelled",
    "restarted",
    "a word nobody knows",
];

#[derive(Clone, Debug)]
enum Happening {
    Order { lane: u8, order: u8, status: usize, pharmacy: u8, priority: i8 },
    Stock { sku: u8, level: i16 },
    Odd(Value),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (0..6u8, 0..3u8, 0..STATUSES.len(), 0..3u8, any::<i8>())
            .prop_map(|(lane, order, status, pharmacy, priority)| Happening::Order { lane, order, status, pharmacy, priority }),
        2 => (0..3u8, any::<i16>()).prop_map(|(sku, level)| Happening::Stock { sku, level }),
        1 => prop::sample::select(vec![json!(null), json!({ "event_type": "new_kind" }), json!([1, 2, 3])])
            .prop_map(Happening::Odd),
    ]
}

/// One body per happening; each has a second of its own, for within one second only the receipt gives an order.
fn bodies(history: &[Happening]) -> Vec<Vec<u8>> {
    let write = |(n, happening): (usize, &Happening)| {
        let second = 1_790_000_000 + n;
        let body = match happening {
            Happening::Order { lane, order, status, pharmacy, priority } => json!({
                "event_type": if n.is_multiple_of(4) { "pharmacy_order_created" } else { "pharmacy_order_updated" },
                "timestamp": second, "payload_version": "1",
                "data": { "uid": format!("po-{lane}"), "status": STATUSES[*status], "name": format!("#{lane}"),
                    "updated_at": second, "pharmacy": { "uid": format!("ph-{pharmacy}"), "display_name": "Adler" },
                    "order": { "uid": format!("ord-{order}"), "priority": priority } } }),
            Happening::Stock { sku, level } => json!({
                "event_type": "pharmacy_sku_stock_updated", "timestamp": second, "payload_version": "1",
                "data": { "uid": format!("psku-{sku}"), "stock": level, "updated_at": second } }),
            Happening::Odd(value) => json!({ "n": n, "odd": value }),
        };
        body.to_string().into_bytes()
    };
    history.iter().enumerate().map(write).collect()
}

type Case = (Vec<Happening>, Vec<prop::sample::Index>, Vec<u64>);

fn case() -> impl Strategy<Value = Case> {
    prop::collection::vec(happening(), 1..50).prop_flat_map(|history| {
        let keys = prop::collection::vec(any::<u64>(), history.len());
        (Just(history), prop::collection::vec(any::<prop::sample::Index>(), 0..20), keys)
    })
}

async fn told_the_same((history, again, keys): Case) {
    let dir = tempfile::tempdir().unwrap();
    let relay = ServedRelay::start(&dir.path().join("relay")).await;
    let in_order = bodies(&history);
    let mut shuffled: Vec<_> = keys.into_iter().zip(in_order.clone()).collect();
    shuffled.sort();
    let mut shuffled: Vec<_> = shuffled.into_iter().map(|(_, body)| body).collect();
    for index in &again {
        let body = index.get(&in_order).clone();
        let place = index.index(shuffled.len() + 1);
        shuffled.insert(place, body);
    }
    let mut stories = Vec::new();
    for (name, bodies) in [("first", &in_order), ("second", &shuffled)] {
        let desk = desk(&dir.path().join(name)).await;
        pair(&desk, &relay.invite(name).await).await.unwrap();
        let sender = Sender::at(&desk, name, None).await;
        // Pulled in pieces of any size: every page is folded into what is there.
        for piece in bodies.chunks(7) {
            for body in piece {
                assert_eq!(sender.post(body).await, Some(StatusCode::OK));
            }
            pull(&desk).await;
        }
        let live = desk.ledger_digest().await.unwrap();
        assert_eq!(desk.ledger_rebuild().await.unwrap(), in_order.len() as u64);
        assert_eq!(desk.ledger_digest().await.unwrap(), live, "a rebuild gives what was shown");
        stories.push(story(&desk).await);
        desk.close().await;
    }
    assert_eq!(stories[0], stories[1]);
    relay.stop().await;
}

#[test]
fn any_order_of_arrival_is_told_the_same() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let config = Config { cases, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    TestRunner::new(config)
        .run(&case(), |case| {
            runtime.block_on(told_the_same(case));
            Ok(())
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_is_killed_between_two_parts_is_made_again_on_opening() {
    let dir = tempfile::tempdir().unwrap();
    let relay = ServedRelay::start(&dir.path().join("relay")).await;
    let home = dir.path().join("home");
    let desk = offizin_journey::desk(&home).await;
    pair(&desk, &relay.invite("testapotheke").await).await.unwrap();
    let sender = Sender::at(&desk, "testapotheke", None).await;
    let history = (0..4).map(|status| Happening::Order { lane: 1, order: 1, status, pharmacy: 1, priority: 0 });
    for body in bodies(&history.collect::<Vec<_>>()) {
        assert_eq!(sender.post(&body).await, Some(StatusCode::OK));
    }
    pull(&desk).await;
    let whole = desk.ledger_digest().await.unwrap();

    let (stopped, mut on_stop) = tokio::sync::mpsc::unbounded_channel();
    let watcher = move |point: &'static str| match point {
        "rebuild, a part" => {
            stopped.send(()).unwrap();
            Interrupt::Stop
        }
        _ => Interrupt::Go,
    };
    tokio::select! {
        ended = watched(watcher, desk.ledger_rebuild()) => panic!("{ended:?}"),
        _ = on_stop.recv() => {}
    }
    assert_ne!(desk.ledger_digest().await.unwrap(), whole, "it was under way");
    desk.close().await;
    let desk = offizin_journey::desk(&home).await;
    assert_eq!(desk.ledger_digest().await.unwrap(), whole);
    desk.close().await;
    relay.stop().await;
}
