//! Pairing: one use, a limited time, idempotent, ordered with sealing; devices see and revoke each other.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use jiff::{SignedDuration, Timestamp};
use offizin_relay::LogError;
use offizin_wire::{
    PairingCode, RefusalCode,
    pairing::{DeviceAnswer, PairAnswer},
    seal,
};

use crate::house::{Desk, House, assert_refused};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_for_one_desk_and_asking_again_is_harmless() {
    let house = House::open().await;
    let code = house.relay.add_inbox("Adler", Timestamp::now()).await.unwrap();
    assert_eq!(code.relay.as_str(), house.url("/"));
    let desk = Desk::new(house.address, house.client.clone());
    let first: PairAnswer = desk.pair(&code, "Empfang").await.json().await.unwrap();
    assert_eq!((first.inbox_name.as_str(), first.cursor), ("Adler", 0));
    let inlet = desk.inlet().await;
    inlet.deliver("x").await;
    let again: PairAnswer = desk.pair(&code, "Empfang").await.json().await.unwrap();
    assert_eq!(again, first);

    let thief = Desk::new(house.address, house.client.clone());
    assert_refused(thief.pair(&code, "Thief").await, 404, RefusalCode::PairingCodeUnknown).await;
    let other_key = Desk { token: desk.token.clone(), ..Desk::new(house.address, house.client.clone()) };
    assert_refused(other_key.pair(&code, "Thief").await, 404, RefusalCode::PairingCodeUnknown).await;
    let made_up = PairingCode::random(code.relay.clone()).unwrap();
    assert_refused(thief.pair(&made_up, "Thief").await, 404, RefusalCode::PairingCodeUnknown).await;
    assert_eq!(house.relay.inboxes().await.unwrap()[0].devices, 1);

    let house = house.restart().await;
    let desk = Desk { base: house.url(""), ..desk };
    let after: PairAnswer = desk.pair(&code, "Empfang").await.json().await.unwrap();
    assert_eq!(after, first);
    assert_eq!(desk.bodies().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_expires() {
    let house = House::open().await;
    let yesterday = Timestamp::now() - SignedDuration::from_hours(25);
    let late = house.relay.add_inbox("Adler", yesterday).await.unwrap();
    let desk = Desk::new(house.address, house.client.clone());
    assert_refused(desk.pair(&late, "Desk").await, 404, RefusalCode::PairingCodeUnknown).await;
    let fresh = house.relay.add_code("Adler", Timestamp::now()).await.unwrap();
    assert_eq!(desk.pair(&fresh, "Desk").await.status(), 200);
    assert!(matches!(house.relay.add_inbox("Adler", Timestamp::now()).await, Err(LogError::NameTaken)));
    assert!(matches!(house.relay.add_inbox(" ", Timestamp::now()).await, Err(LogError::NameMalformed)));
    assert!(matches!(house.relay.add_code("Bär", Timestamp::now()).await, Err(LogError::NameUnknown)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_has_a_name_people_can_read() {
    let house = House::open().await;
    let code = house.relay.add_inbox("Adler", Timestamp::now()).await.unwrap();
    let desk = Desk::new(house.address, house.client.clone());
    for name in ["", "  ", "a\nb", &"x".repeat(81)] {
        assert_refused(desk.pair(&code, name).await, 400, RefusalCode::Malformed).await;
    }
    assert_eq!(desk.pair(&code, &"ä".repeat(80)).await.status(), 200);
}

/// Desks are paired while deliveries pour in; each can open everything after the cursor it was told, and nothing before.
#[tokio::test(flavor = "multi_thread")]
async fn the_cursor_told_when_pairing_is_exact() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let paired = AtomicBool::new(false);
    let pouring = futures_util::future::join_all((0..16).map(|writer| {
        let (inlet, paired) = (&inlet, &paired);
        async move {
            let mut i = 0;
            while !paired.load(Relaxed) {
                inlet.deliver(format!("{writer} {i}")).await;
                i += 1;
            }
        }
    }));
    let pairing = async {
        let mut desks = Vec::new();
        for _ in 0..8 {
            let code = house.relay.add_code("Adler", Timestamp::now()).await.unwrap();
            desks.push(house.desk(&code).await);
        }
        paired.store(true, Relaxed);
        desks
    };
    let (_, desks) = tokio::join!(pouring, pairing);
    inlet.deliver("last").await;
    let all = desk.segments().await;
    for late in &desks {
        for segment in &all {
            let opened = seal::open(&segment.sealed, &late.identity);
            assert_eq!(opened.is_ok(), segment.sequence > late.cursor, "#{} after {}", segment.sequence, late.cursor);
        }
    }
    assert!(desks.iter().any(|late| late.cursor > 0), "some were paired in between");
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_see_and_revoke_each_other_but_not_strangers() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let (stranger, _) = house.inbox("Bär").await;
    let code = house.relay.add_code("Adler", Timestamp::now()).await.unwrap();
    let lost = house.desk(&code).await;
    inlet.deliver("both").await;
    desk.ack(1).await;

    let listed: Vec<DeviceAnswer> = desk.get("/v1/devices").await.json().await.unwrap();
    let seen: Vec<_> = listed.iter().map(|d| (d.id.as_str(), d.this, d.acked, d.last_seen_at.is_some())).collect();
    assert_eq!(seen, [(desk.id.as_str(), true, 1, true), (lost.id.as_str(), false, 0, true)]);
    assert_refused(desk.delete(&format!("/v1/devices/{}", stranger.id)).await, 404, RefusalCode::NotFound).await;
    assert_refused(stranger.delete(&format!("/v1/devices/{}", desk.id)).await, 404, RefusalCode::NotFound).await;

    for _ in 0..2 {
        assert_eq!(desk.delete(&format!("/v1/devices/{}", lost.id)).await.status(), 204);
    }
    assert_refused(lost.get("/v1/segments").await, 401, RefusalCode::DeviceUnknown).await;
    assert_refused(lost.ack(1).await, 401, RefusalCode::DeviceUnknown).await;
    assert_refused(lost.pair(&code, "Desk").await, 404, RefusalCode::PairingCodeUnknown).await;
    inlet.deliver("one").await;
    let segments = desk.segments().await;
    assert!(seal::open(&segments[0].sealed, &lost.identity).is_ok());
    assert!(seal::open(&segments[1].sealed, &lost.identity).is_err(), "nothing is sealed to a revoked device");

    let house = house.restart().await;
    let lost = Desk { base: house.url(""), ..lost };
    assert_refused(lost.get("/v1/inbox").await, 401, RefusalCode::DeviceUnknown).await;
    let desk = Desk { base: house.url(""), ..desk };
    let listed: Vec<DeviceAnswer> = desk.get("/v1/devices").await.json().await.unwrap();
    assert_eq!(listed.len(), 1);
}
