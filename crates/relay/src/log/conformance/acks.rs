//! Acknowledgements: each device's own, never backwards.

use futures_util::future::join_all;

use super::*;

pub(super) async fn an_acknowledgement_never_moves_back(house: House) {
    let log = house.open().await;
    inbox(&log, "a").await;
    let desk = device(&log, "a", "token").await;
    for (cursor, stands) in [(3, 3), (1, 3), (3, 3), (4, 4)] {
        assert_eq!(log.ack(&desk.id, cursor, at(1)).await.unwrap(), Some(stands));
    }
}

pub(super) async fn unknown_and_revoked_devices_do_not_acknowledge(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let desk = device(&log, "a", "token").await;
    assert!(log.revoke(&a, desk.id.as_str(), at(1)).await.unwrap());
    assert_eq!(log.ack(&desk.id, 1, at(1)).await.unwrap(), None);
    assert_eq!(log.ack(&DeviceId::random().unwrap(), 1, at(1)).await.unwrap(), None);
    assert!(log.records().await.unwrap().devices.is_empty());
}

pub(super) async fn seen_is_noted(house: House) {
    let log = house.open().await;
    inbox(&log, "a").await;
    let desk = device(&log, "a", "token").await;
    log.seen(vec![(desk.id.clone(), at(50))]).await.unwrap();
    log.seen(vec![(desk.id, at(40)), (DeviceId::random().unwrap(), at(99))]).await.unwrap();
    log.seen(vec![]).await.unwrap();
    assert_eq!(log.records().await.unwrap().devices[0].last_seen_at, Some(at(50)));
}

pub(super) async fn devices_acknowledge_each_for_itself(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let (one, two) = (device(&log, "a", "one").await, device(&log, "a", "two").await);
    append(&log, &a, "x", 1).await;
    append(&log, &a, "y", 1).await;
    log.ack(&one.id, 2, at(2)).await.unwrap();
    log.ack(&two.id, 1, at(2)).await.unwrap();
    let records = log.look(&a).await.unwrap();
    let acked = |id: &DeviceId| records.devices.iter().find(|device| device.id == *id).unwrap().acked;
    assert_eq!((acked(&one.id), acked(&two.id)), (2, 1));
}

pub(super) async fn an_acknowledgement_survives_a_crash(mut house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let desk = device(&log, "a", "token").await;
    append(&log, &a, "x", 1).await;
    assert_eq!(log.ack(&desk.id, 1, at(2)).await.unwrap(), Some(1));
    let log = house.crash(log).await;
    assert_eq!(log.look(&a).await.unwrap().devices[0].acked, 1);
}

pub(super) async fn of_acknowledgements_at_once_the_highest_stays(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let desk = device(&log, "a", "token").await;
    join_all((0..15).map(|i| log.ack(&desk.id, (i * 7) % 15, at(1)))).await;
    assert_eq!(log.look(&a).await.unwrap().devices[0].acked, 14);
}

pub(super) async fn who_acknowledges_was_seen(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let desk = device(&log, "a", "token").await;
    assert_eq!(desk.last_seen_at, Some(at(1)), "pairing is being seen");
    log.ack(&desk.id, 0, at(70)).await.unwrap();
    assert_eq!(log.look(&a).await.unwrap().devices[0].last_seen_at, Some(at(70)));
}

pub(super) async fn an_acknowledgement_at_one_opening_counts_at_the_other(house: House) {
    let (one, two) = (house.open().await, house.open().await);
    let a = inbox(&one, "a").await;
    let desk = device(&one, "a", "token").await;
    append(&one, &a, "x", 10).await;
    two.ack(&desk.id, 1, at(11)).await.unwrap();
    assert_eq!(one.ack(&desk.id, 0, at(12)).await.unwrap(), Some(1));
    assert_eq!(one.prune(horizon(at(20), at(0), at(30))).await.unwrap().segments, 1);
}
