//! Devices: codes, pairing, revocation, names; and that whoever is paired can read what comes after.

use futures_util::future::join_all;

use super::*;

pub(super) async fn codes_expire(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    log.add_code("a", hash("late"), at(100)).await.unwrap();
    assert_eq!(log.code(hash("late"), at(99)).await.unwrap().unwrap().id, a);
    assert!(log.code(hash("late"), at(100)).await.unwrap().is_none());
    assert!(log.pair(candidate("late", "token"), at(100)).await.unwrap().is_none());
    assert!(log.code(hash("never made"), at(1)).await.unwrap().is_none());
    let used = candidate("late", "token");
    assert!(log.pair(used.clone(), at(99)).await.unwrap().is_some());
    assert!(log.pair(used, at(100)).await.unwrap().is_none(), "asking again ends with the code");
    log.prune(horizon(at(0), at(0), at(100))).await.unwrap();
    assert!(log.code(hash("late"), at(50)).await.unwrap().is_none(), "an expired code is not kept");
    assert!(log.code(hash("code a"), at(50)).await.unwrap().is_some());
    assert_eq!(log.records().await.unwrap().devices.len(), 1, "the device is");
}

pub(super) async fn a_code_is_for_one_candidate(house: House) {
    let log = house.open().await;
    inbox(&log, "a").await;
    let desk = candidate("code a", "token");
    let first = log.pair(desk.clone(), at(1)).await.unwrap().unwrap();
    let again = log.pair(Candidate { name: "renamed".into(), ..desk.clone() }, at(2)).await.unwrap().unwrap();
    assert_eq!((first.id, first.paired_at, first.cursor), (again.id.clone(), again.paired_at, again.cursor));
    for other in [
        Candidate { token_hash: hash("another token"), ..desk.clone() },
        Candidate { recipient: Identity::random().recipient(), ..desk.clone() },
        candidate("code a", "stranger"),
    ] {
        assert!(log.pair(other, at(3)).await.unwrap().is_none());
    }
    log.revoke(&again.inbox, again.id.as_str(), at(4)).await.unwrap();
    assert!(log.pair(desk, at(5)).await.unwrap().is_none(), "a revoked device does not come back with its code");
}

pub(super) async fn many_candidates_one_winner(house: House) {
    let log = house.open().await;
    inbox(&log, "a").await;
    let paired =
        join_all((0..12).map(|i| log.pair(candidate("code a", &format!("{i}")), at(1)))).await.into_iter().flatten();
    assert_eq!(paired.flatten().count(), 1);
    assert_eq!(log.records().await.unwrap().devices.len(), 1);
}

pub(super) async fn a_token_belongs_to_one_device(house: House) {
    let log = house.open().await;
    inbox(&log, "a").await;
    inbox(&log, "b").await;
    assert!(log.pair(candidate("code a", "token"), at(1)).await.unwrap().is_some());
    assert!(log.pair(candidate("code b", "token"), at(1)).await.unwrap().is_none());
    assert!(log.pair(candidate("code b", "another"), at(1)).await.unwrap().is_some(), "the code is not used up");
}

pub(super) async fn pairing_knows_the_head(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    append(&log, &a, "x", 1).await;
    append(&log, &a, "x", 1).await;
    let late = device(&log, "a", "late").await;
    assert_eq!((late.cursor, late.acked), (2, 2), "what it cannot open does not wait for it");
}

pub(super) async fn a_device_is_revoked_only_from_its_inbox(house: House) {
    let log = house.open().await;
    let (a, b) = (inbox(&log, "a").await, inbox(&log, "b").await);
    let desk = device(&log, "a", "token").await;
    assert!(!log.revoke(&b, desk.id.as_str(), at(1)).await.unwrap());
    assert!(!log.revoke(&a, "nobody", at(1)).await.unwrap());
    assert_eq!(log.records().await.unwrap().devices.len(), 1);
    for ms in [2, 3] {
        assert!(log.revoke(&a, desk.id.as_str(), at(ms)).await.unwrap(), "again is fine");
    }
}

pub(super) async fn what_was_sealed_before_a_pairing_is_refused_after_it(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    device(&log, "a", "one").await;
    let before = version(&log, &a).await;
    assert_eq!(try_append(&log, &a, before, "x").await, Some(1));
    device(&log, "a", "two").await;
    let places = log.append(vec![Sealed { version: before, ..sealed(&a, "y") }], at(1)).await.unwrap();
    assert!(matches!(places.as_slice(), [Place::Stale]), "{places:?}");
    let after = version(&log, &a).await;
    assert!(after > before);
    assert_eq!(try_append(&log, &a, after, "z").await, Some(2), "and nothing is left of the refused one");
}

pub(super) async fn what_was_sealed_before_a_revocation_is_refused_after_it(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let (one, _two) = (device(&log, "a", "one").await, device(&log, "a", "two").await);
    let before = version(&log, &a).await;
    log.revoke(&a, one.id.as_str(), at(5)).await.unwrap();
    assert_eq!(try_append(&log, &a, before, "x").await, None);
    assert!(try_append(&log, &a, version(&log, &a).await, "x").await.is_some());
}

pub(super) async fn a_stale_segment_does_not_spoil_the_group(house: House) {
    let log = house.open().await;
    let (a, b) = (inbox(&log, "a").await, inbox(&log, "b").await);
    device(&log, "a", "token").await;
    let version = version(&log, &b).await;
    let group = vec![sealed(&a, "stale"), Sealed { version, ..sealed(&b, "fresh") }];
    let places = log.append(group, at(1)).await.unwrap();
    assert!(matches!(places.as_slice(), [Place::Stale, Place::At(1)]), "{places:?}");
    assert!(sequences(&log, &a, 0).await.is_empty());
}

/// Devices are paired at one opening while another appends: whatever lies after a device's cursor was sealed to a version
/// in which it already was.
pub(super) async fn what_a_new_device_gets_was_sealed_to_it(house: House) {
    let (one, two) = (house.open().await, house.open().await);
    let a = inbox(&one, "a").await;
    let appending = async {
        let mut appended = Vec::new();
        let mut known = version(&two, &a).await;
        while appended.len() < 60 {
            match try_append(&two, &a, known, "x").await {
                Some(sequence) => appended.push((sequence, known)),
                None => known = version(&two, &a).await,
            }
        }
        appended
    };
    let pairing = async {
        let mut paired = Vec::new();
        for i in 0..6 {
            let device = device(&one, "a", &format!("token {i}")).await;
            paired.push((device.cursor, version(&one, &a).await));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        paired
    };
    let (appended, paired) = tokio::join!(appending, pairing);
    for (cursor, since) in paired {
        for (sequence, sealed_to) in &appended {
            assert!(*sequence <= cursor || *sealed_to >= since, "segment {sequence} after cursor {cursor}");
        }
    }
}

pub(super) async fn a_device_is_renamed_only_in_its_inbox(house: House) {
    let log = house.open().await;
    let (a, b) = (inbox(&log, "a").await, inbox(&log, "b").await);
    let desk = device(&log, "a", "token").await;
    let before = version(&log, &a).await;
    assert!(!log.rename(&b, desk.id.as_str(), "Anders").await.unwrap());
    assert!(!log.rename(&a, "nobody", "Anders").await.unwrap());
    assert!(log.rename(&a, desk.id.as_str(), "Büro, 2. Stock").await.unwrap());
    let log = house.reopen(log).await;
    let records = log.look(&a).await.unwrap();
    assert_eq!(records.devices[0].name, "Büro, 2. Stock");
    assert_eq!(records.inboxes[0].version, before, "nothing has to be sealed anew");
}

pub(super) async fn a_revoked_device_is_not_renamed(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let desk = device(&log, "a", "token").await;
    log.revoke(&a, desk.id.as_str(), at(2)).await.unwrap();
    assert!(!log.rename(&a, desk.id.as_str(), "Anders").await.unwrap());
}

pub(super) async fn a_code_waits_through_a_crash(mut house: House) {
    let log = house.open().await;
    inbox(&log, "a").await;
    let log = house.crash(log).await;
    let desk = candidate("code a", "token");
    let paired = log.pair(desk.clone(), at(2)).await.unwrap().unwrap();
    let log = house.crash(log).await;
    let again = log.pair(desk, at(3)).await.unwrap().unwrap();
    assert_eq!((paired.id, paired.cursor), (again.id, again.cursor), "the answer may have been lost in the crash");
    assert!(log.pair(candidate("code a", "other"), at(3)).await.unwrap().is_none());
}

pub(super) async fn pairing_at_one_opening_is_seen_at_the_other(house: House) {
    let (one, two) = (house.open().await, house.open().await);
    let a = inbox(&one, "a").await;
    let desk = device(&one, "a", "token").await;
    assert_eq!(two.look(&a).await.unwrap().devices[0].id, desk.id);
    assert!(two.revoke(&a, desk.id.as_str(), at(2)).await.unwrap());
    assert_eq!(one.look(&a).await.unwrap().devices.len(), 0);
    assert_eq!(one.ack(&desk.id, 1, at(3)).await.unwrap(), None);
}
