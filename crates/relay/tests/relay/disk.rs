//! No room, or soon none: refused, and nothing acknowledged is missing afterwards.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use offizin_wire::{Refusal, RefusalCode};

use crate::house::{HANG, House, assert_refused, noise};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_refuses_keeps_its_word_and_recovers() {
    let mut house = House::with(|config| config.store_bytes = Some(1024 * 1024)).await;
    let (desk, inlet) = house.inbox("Adler").await;
    let mut acknowledged = BTreeSet::new();
    let full = loop {
        let body = noise(40_000);
        let answer = inlet.post(body.clone()).await;
        if answer.status() != 200 {
            break answer;
        }
        acknowledged.insert(body);
        assert!(acknowledged.len() < 100, "the store has a limit");
    };
    assert!(acknowledged.len() > 10);
    assert_refused(full, 503, RefusalCode::Unavailable).await;
    assert_eq!(house.metric("offizin_relay_refused_total{reason=\"store_full\"}").await, 1);
    assert_refused(house.client.get(house.url("/readyz")).send().await.unwrap(), 503, RefusalCode::Unavailable).await;
    assert_eq!(house.client.get(house.url("/healthz")).send().await.unwrap().status(), 200);

    house = house.restart().await;
    let desk = crate::house::Desk { base: house.url(""), ..desk };
    let inlet = desk.inlet_at(inlet.id, inlet.token);
    assert_eq!(inlet.post(noise(40_000)).await.status(), 503);
    assert!(desk.bodies().await == acknowledged, "exactly what was acknowledged, after a restart too");

    let head = desk.segments().await.last().unwrap().sequence;
    assert_eq!(desk.ack(head).await.status(), 204);
    let later = Timestamp::now() + SignedDuration::from_hours(73);
    assert_eq!(house.relay.prune(later).await.unwrap().segments, acknowledged.len() as u64);
    inlet.deliver(noise(40_000)).await;
    let ready = async { while house.client.get(house.url("/readyz")).send().await.unwrap().status() != 200 {} };
    tokio::time::timeout(HANG, ready).await.unwrap();
    assert_eq!(desk.segments().await.first().unwrap().sequence, head + 1, "no sequence comes back");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_disk_is_full_deliveries_are_refused_and_desks_go_on() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    inlet.deliver("kept").await;
    // More than any disk has to spare: from the start there is too little.
    let house = house.restart_with(|config| config.least_free = u64::MAX).await;
    let (desk, inlet) = house.again(desk, inlet);
    assert_refused(inlet.post("refused").await, 503, RefusalCode::Unavailable).await;
    let ready = house.client.get(house.url("/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    assert!(ready.json::<Refusal>().await.unwrap().detail.contains("disk"));
    assert!(house.metric("offizin_relay_disk_free_bytes").await > 0);
    assert_eq!(desk.bodies().await, BTreeSet::from([b"kept".to_vec()]));
    assert_eq!(desk.ack(1).await.status(), 204);
}
