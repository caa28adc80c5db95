//! An inbox on its way between stores.

use super::*;

pub(super) async fn on_hold_nothing_changes(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    device(&log, "a", "token").await;
    append(&log, &a, "x", 1).await;
    log.add_code("a", hash("late"), at(1_000_000)).await.unwrap();
    let moving = log.hold("a").await.unwrap();
    assert_eq!((moving.inbox.head, moving.devices.len()), (1, 1));
    for version in [0, version(&log, &a).await, u64::MAX >> 2] {
        assert_eq!(try_append(&log, &a, version, "y").await, None);
    }
    assert!(log.pair(candidate("late", "other"), at(2)).await.is_err());
    assert!(log.put_inlet(&a, &inlet_id("1"), hash("t"), at(2)).await.is_err());
    assert_eq!(sequences(&log, &a, 0).await, [1], "what is there can be read");
    assert_eq!(log.hold("a").await.unwrap().inbox.head, 1, "again is fine");
    assert!(matches!(log.hold("b").await, Err(LogError::NameUnknown)));
}

pub(super) async fn a_hold_can_end(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    log.hold("a").await.unwrap();
    log.release(&a, 0).await.unwrap();
    assert_eq!(append(&log, &a, "x", 1).await, 1);
    assert!(log.pair(candidate("code a", "token"), at(2)).await.unwrap().is_some());
}

pub(super) async fn an_inbox_taken_over_is_as_it_was(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "Adler").await;
    let desk = device(&log, "Adler", "token").await;
    log.put_inlet(&a, &inlet_id("1"), hash("inlet"), at(3)).await.unwrap();
    for ms in 1..=9 {
        append(&log, &a, vec![7; 500_000], ms).await;
    }
    log.ack(&desk.id, 2, at(10)).await.unwrap();
    log.prune(horizon(at(100), at(0), at(100))).await.unwrap();
    let moving = log.hold("Adler").await.unwrap();

    let elsewhere = house.another();
    let there = elsewhere.open().await;
    there.import(&moving).await.unwrap();
    for segment in all(&log, &a, 0).await {
        there.restore(&a, vec![segment]).await.unwrap();
    }
    assert_eq!(try_append(&there, &a, version(&there, &a).await, "y").await, None, "not before it is complete");
    there.release(&a, moving.inbox.head).await.unwrap();

    let there = elsewhere.reopen(there).await;
    assert_eq!(all(&there, &a, 0).await, all(&log, &a, 0).await);
    assert_eq!(there.size().await.unwrap(), log.size().await.unwrap());
    let records = there.look(&a).await.unwrap();
    let [known] = records.devices.as_slice() else { panic!("one device") };
    assert_eq!((&known.id, known.acked, known.token_hash, known.cursor), (&desk.id, 2, hash("token"), 0));
    assert_eq!((&known.recipient, known.last_seen_at), (&desk.recipient, Some(at(10))));
    assert_eq!(there.inlets(&a).await.unwrap(), log.inlets(&a).await.unwrap());
    assert_eq!(append(&there, &a, "next", 20).await, 10);
    let code = candidate("code Adler", "another");
    assert_eq!(there.pair(code, at(21)).await.unwrap().unwrap().cursor, 10, "its codes came along");
}

pub(super) async fn what_does_not_follow_is_not_taken_over(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let segment = |sequence| Segment { sequence, committed_at: at(1), sealed: b"x".to_vec() };
    assert!(log.restore(&a, vec![segment(1)]).await.is_err(), "not on hold");
    log.hold("a").await.unwrap();
    log.restore(&a, vec![segment(5), segment(7)]).await.unwrap();
    for wrong in [vec![segment(7)], vec![segment(3)], vec![segment(9), segment(8)]] {
        assert!(log.restore(&a, wrong).await.is_err());
    }
    log.release(&a, 12).await.unwrap();
    assert_eq!(sequences(&log, &a, 0).await, [5, 7]);
    assert_eq!(sequences(&log, &a, 5).await, [7], "holes are passed over");
    assert_eq!(sequences(&log, &a, 6).await, [7]);
    assert_eq!(append(&log, &a, "y", 2).await, 13);
    assert_eq!(sequences(&log, &a, 8).await, [13]);
}

pub(super) async fn a_name_that_exists_is_not_taken_over(house: House) {
    let log = house.open().await;
    inbox(&log, "a").await;
    let elsewhere = house.another();
    let there = elsewhere.open().await;
    let b = inbox(&there, "a").await;
    append(&there, &b, "x", 1).await;
    let moving = log.hold("a").await.unwrap();
    assert!(matches!(there.import(&moving).await, Err(LogError::NameTaken)));
    assert_eq!(sequences(&there, &b, 0).await, [1]);
}
