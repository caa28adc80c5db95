//! Retention: what goes, what stays, who holds back.

use super::*;

pub(super) async fn the_slowest_device_holds_back(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let (fast, slow) = (device(&log, "a", "fast").await, device(&log, "a", "slow").await);
    for ms in 1..=6 {
        append(&log, &a, "12345", ms * 10).await;
    }
    log.ack(&fast.id, 6, at(100)).await.unwrap();
    log.ack(&slow.id, 4, at(100)).await.unwrap();
    let pruned = log.prune(horizon(at(31), at(0), at(200))).await.unwrap();
    assert_eq!(pruned, Pruned { segments: 3, bytes: 15, unread: 0 }, "old enough and read by both");
    assert_eq!(log.prune(horizon(at(1000), at(0), at(200))).await.unwrap().segments, 1, "read by both");
    log.revoke(&a, slow.id.as_str(), at(200)).await.unwrap();
    assert_eq!(log.prune(horizon(at(60), at(0), at(200))).await.unwrap().segments, 1, "committed before, not at");
    assert_eq!(sequences(&log, &a, 0).await, [6]);
}

pub(super) async fn nobody_paired_holds_back_nothing(house: House) {
    let log = house.open().await;
    let (a, b) = (inbox(&log, "a").await, inbox(&log, "b").await);
    device(&log, "b", "token").await;
    append(&log, &a, "x", 10).await;
    append(&log, &b, "x", 10).await;
    assert_eq!(log.prune(horizon(at(11), at(0), at(20))).await.unwrap(), Pruned { segments: 1, bytes: 1, unread: 0 });
    assert_eq!(sequences(&log, &b, 0).await, [1], "another inbox waits for its own devices");
}

pub(super) async fn a_clock_set_back_keeps_more(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    for ms in [10, 500, 20, 30] {
        append(&log, &a, "x", ms).await;
    }
    assert_eq!(log.prune(horizon(at(100), at(0), at(600))).await.unwrap().segments, 1);
    assert_eq!(sequences(&log, &a, 0).await, [2, 3, 4]);
}

pub(super) async fn what_is_too_old_goes_unread(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let desk = device(&log, "a", "token").await;
    for ms in [10, 20, 30, 40] {
        append(&log, &a, "x", ms).await;
    }
    log.ack(&desk.id, 1, at(50)).await.unwrap();
    let pruned = log.prune(horizon(at(35), at(35), at(60))).await.unwrap();
    assert_eq!(pruned, Pruned { segments: 3, bytes: 3, unread: 2 });
    assert_eq!(sequences(&log, &a, 0).await, [4]);
}

pub(super) async fn a_sequence_is_never_used_twice(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    append(&log, &a, "x", 1).await;
    append(&log, &a, "x", 1).await;
    assert_eq!(log.prune(horizon(at(2), at(2), at(2))).await.unwrap().segments, 2);
    let page = log.page(&a, 0).await.unwrap().unwrap();
    assert!(page.segments.is_empty() && page.head == 2);
    let log = house.reopen(log).await;
    assert_eq!(append(&log, &a, "x", 3).await, 3);
}

pub(super) async fn a_large_round_of_retention_ends(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    group(&log, (0..1000).map(|_| sealed(&a, vec![1; 3000])).collect(), at(1)).await;
    append(&log, &a, "young", 100).await;
    let pruned = log.prune(horizon(at(50), at(50), at(100))).await.unwrap();
    assert_eq!((pruned.segments, pruned.bytes), (1000, 3_000_000));
    assert_eq!(log.size().await.unwrap(), (1, 5));
}

pub(super) async fn what_everybody_has_stays_for_a_while(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let desk = device(&log, "a", "token").await;
    append(&log, &a, "x", 10).await;
    log.ack(&desk.id, 1, at(11)).await.unwrap();
    assert_eq!(log.prune(horizon(at(10), at(0), at(12))).await.unwrap(), Pruned::default());
    assert_eq!(sequences(&log, &a, 0).await, [1]);
}

/// Two devices of one inbox with one segment: the first acknowledged it; each was last seen then.
async fn two_devices(log: &Log, seen: [i64; 2]) -> InboxId {
    let a = inbox(log, "a").await;
    let (one, two) = (device(log, "a", "one").await, device(log, "a", "two").await);
    append(log, &a, "x", 10).await;
    log.ack(&one.id, 1, at(seen[0])).await.unwrap();
    log.seen(vec![(two.id, at(seen[1]))]).await.unwrap();
    a
}

fn seen_since(ms: i64) -> Horizon {
    Horizon { seen_since: at(ms), ..horizon(at(1000), at(0), at(2000)) }
}

pub(super) async fn a_device_that_is_away_holds_back_nothing_that_another_has(house: House) {
    let log = house.open().await;
    two_devices(&log, [500, 100]).await;
    assert_eq!(log.prune(seen_since(100)).await.unwrap().segments, 0, "seen just in time");
    assert_eq!(log.prune(seen_since(101)).await.unwrap(), Pruned { segments: 1, bytes: 1, unread: 0 });
}

pub(super) async fn where_all_are_away_all_hold_back(house: House) {
    let log = house.open().await;
    let a = two_devices(&log, [500, 100]).await;
    assert_eq!(log.prune(seen_since(900)).await.unwrap().segments, 0, "the one that comes back may be the second");
    assert_eq!(sequences(&log, &a, 0).await, [1]);
}

pub(super) async fn a_device_that_comes_back_holds_back_again(house: House) {
    let log = house.open().await;
    let a = two_devices(&log, [500, 100]).await;
    let two = log.look(&a).await.unwrap().devices.into_iter().find(|device| device.acked == 0).unwrap();
    log.seen(vec![(two.id, at(600))]).await.unwrap();
    assert_eq!(log.prune(seen_since(400)).await.unwrap().segments, 0);
}

pub(super) async fn a_device_never_seen_counts_from_its_pairing(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let one = device(&log, "a", "one").await;
    device(&log, "a", "two").await;
    append(&log, &a, "x", 10).await;
    log.ack(&one.id, 1, at(500)).await.unwrap();
    assert_eq!(log.prune(seen_since(1)).await.unwrap().segments, 0, "paired at 1");
    assert_eq!(log.prune(seen_since(2)).await.unwrap().segments, 1);
}

pub(super) async fn a_second_round_removes_nothing_more(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    append(&log, &a, "x", 10).await;
    assert_eq!(log.prune(horizon(at(20), at(0), at(30))).await.unwrap().segments, 1);
    assert_eq!(log.prune(horizon(at(20), at(20), at(30))).await.unwrap(), Pruned::default());
    assert_eq!(append(&log, &a, "y", 40).await, 2);
    assert_eq!(sequences(&log, &a, 0).await, [2]);
}

pub(super) async fn retention_leaves_other_inboxes_alone(house: House) {
    let log = house.open().await;
    let (a, b) = (inbox(&log, "a").await, inbox(&log, "b").await);
    for ms in 1..=20 {
        append(&log, if ms % 2 == 0 { &a } else { &b }, "x", ms).await;
    }
    let desk = device(&log, "b", "token").await;
    log.ack(&desk.id, 0, at(21)).await.unwrap();
    append(&log, &b, "y", 30).await;
    assert_eq!(log.prune(horizon(at(25), at(0), at(40))).await.unwrap().segments, 20);
    assert_eq!((sequences(&log, &a, 0).await, sequences(&log, &b, 0).await), (vec![], vec![11]));
}

pub(super) async fn retention_amid_appends_loses_nothing(house: House) {
    let (one, two) = (house.open().await, house.open().await);
    let a = inbox(&one, "a").await;
    let desk = device(&one, "a", "token").await;
    let appending = async {
        for ms in 1..=60 {
            assert_eq!(append(&one, &a, "x", ms).await, u64::try_from(ms).unwrap());
        }
    };
    let pruning = async {
        for read in 1..=20 {
            two.ack(&desk.id, read * 2, at(1)).await.unwrap();
            two.prune(horizon(at(1000), at(0), at(1000))).await.unwrap();
        }
    };
    tokio::join!(appending, pruning);
    let kept = all(&one, &a, 0).await;
    let first = kept[0].sequence;
    assert!(first <= 41, "nothing beyond what was acknowledged is gone");
    assert!(kept.iter().map(|segment| segment.sequence).eq(first..=60));
}
