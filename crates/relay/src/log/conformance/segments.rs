//! The log itself: durability, order, pages, several openings of one store.

use futures_util::future::join_all;
use offizin_wire::pull::{PAGE_BYTES, PAGE_SEGMENTS};

use super::*;

pub(super) async fn sequences_count_up_in_each_inbox(house: House) {
    let log = house.open().await;
    let (a, b) = (inbox(&log, "a").await, inbox(&log, "b").await);
    let three = vec![sealed(&a, "a1"), sealed(&b, "b1"), sealed(&a, "a2")];
    assert_eq!(group(&log, three, at(5)).await, [Some(1), Some(1), Some(2)]);
    assert_eq!(append(&log, &b, "b2", 6).await, 2);
    let page = log.page(&a, 0).await.unwrap().unwrap();
    let told: Vec<_> = page.segments.iter().map(|s| (s.sequence, s.committed_at, s.sealed.as_slice())).collect();
    assert_eq!(told, [(1, at(5), b"a1".as_slice()), (2, at(5), b"a2")]);
    assert_eq!(page.head, 2);
}

pub(super) async fn a_removed_inbox_does_not_spoil_the_group(house: House) {
    let log = house.open().await;
    let (a, b) = (inbox(&log, "a").await, inbox(&log, "b").await);
    log.remove_inbox("a").await.unwrap();
    let places = group(&log, vec![sealed(&a, "x"), sealed(&b, "y")], at(1)).await;
    assert_eq!(places, [None, Some(1)]);
    assert!(log.page(&a, 0).await.unwrap().is_none());
    assert_eq!(sequences(&log, &b, 0).await, [1]);
}

pub(super) async fn appends_at_once_neither_lose_nor_share_a_sequence(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let mut given = join_all((0..100).map(|i| append(&log, &a, format!("{i}"), i))).await;
    given.sort_unstable();
    assert!(given.iter().copied().eq(1..=100));
    assert_eq!(sequences(&log, &a, 0).await.len(), 100);
}

pub(super) async fn reopening_forgets_nothing(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let desk = device(&log, "a", "token").await;
    log.put_inlet(&a, &inlet_id("a"), hash("inlet"), at(3)).await.unwrap();
    append(&log, &a, "one", 4).await;
    log.ack(&desk.id, 1, at(5)).await.unwrap();
    let log = house.reopen(log).await;
    let records = log.records().await.unwrap();
    let [known] = records.inboxes.as_slice() else { panic!("one inbox") };
    assert_eq!((&known.id, known.name.as_str(), known.head), (&a, "a", 1));
    let [known] = records.devices.as_slice() else { panic!("one device") };
    assert_eq!((&known.id, known.acked, known.token_hash), (&desk.id, 1, hash("token")));
    assert_eq!((known.cursor, known.paired_at, &known.recipient), (0, at(1), &desk.recipient));
    let [known] = records.inlets.as_slice() else { panic!("one inlet") };
    assert_eq!((&known.id, known.token_hash, known.retired), (&inlet_id("a"), hash("inlet"), false));
    assert_eq!(log.page(&a, 0).await.unwrap().unwrap().segments[0].sealed, b"one");
    assert_eq!(append(&log, &a, "two", 9).await, 2);
}

pub(super) async fn a_page_is_bounded_by_segments(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let count = PAGE_SEGMENTS + 30;
    group(&log, (0..count).map(|_| sealed(&a, "x")).collect(), at(1)).await;
    assert_eq!(sequences(&log, &a, 0).await.len(), PAGE_SEGMENTS);
    assert_eq!(sequences(&log, &a, PAGE_SEGMENTS as u64).await.len(), 30);
    assert_eq!(sequences(&log, &a, 5).await.first(), Some(&6));
}

pub(super) async fn a_page_is_bounded_by_bytes(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    for size in [PAGE_BYTES + 1, PAGE_BYTES / 2, PAGE_BYTES / 2, 1] {
        append(&log, &a, vec![7; size], 1).await;
    }
    assert_eq!(sequences(&log, &a, 0).await, [1], "one larger than a page comes alone");
    assert_eq!(sequences(&log, &a, 1).await, [2, 3], "exactly full is not too full");
    assert_eq!(sequences(&log, &a, 3).await, [4]);
}

pub(super) async fn a_page_of_nothing(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    for after in [0, 1, u64::MAX] {
        let page = log.page(&a, after).await.unwrap().unwrap();
        assert!(page.segments.is_empty() && page.head == 0);
    }
    assert!(log.page(&InboxId::random().unwrap(), 0).await.unwrap().is_none());
    assert_eq!(group(&log, vec![], at(1)).await, []);
}

pub(super) async fn deliveries_and_sizes_are_counted(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    device(&log, "a", "token").await;
    for id in ["1", "2"] {
        log.put_inlet(&a, &inlet_id(id), hash(id), at(7)).await.unwrap();
    }
    let deliveries = vec![(inlet_id("1"), 2), (inlet_id("2"), 1), (inlet_id("never-put"), 5)];
    group(&log, vec![Sealed { deliveries, ..sealed(&a, vec![0; 42]) }], at(8)).await;
    let counts: Vec<_> = log.inlets(&a).await.unwrap().iter().map(|inlet| inlet.deliveries).collect();
    assert_eq!(counts, [2, 1]);
    log.retire(&a, &inlet_id("2"), at(9)).await.unwrap();
    let [summary] = log.inboxes().await.unwrap().try_into().unwrap();
    assert_eq!((summary.inbox.as_str(), summary.created_at, summary.head), (a.as_str(), at(0), 1));
    assert_eq!((summary.devices, summary.inlets, summary.segments, summary.bytes), (1, 1, 1, 42));
    assert_eq!(log.size().await.unwrap(), (1, 42));
}

pub(super) async fn a_probe_leaves_nothing(house: House) {
    let log = house.open().await;
    for _ in 0..3 {
        log.probe().await.unwrap();
    }
    assert_eq!(log.size().await.unwrap(), (0, 0));
}

pub(super) async fn segments_of_any_size_come_back_as_they_were(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    // Around what a NATS server takes as one message, and well beyond what it takes at all.
    let sizes = [0, 1, 4095, 1024 * 1024 - 8192, 1024 * 1024 - 8191, 1024 * 1024 + 1, 3 * 1024 * 1024 + 7, 2];
    let body = |size: usize| (0..size).map(|i| (i % 251) as u8).collect::<Vec<_>>();
    for (i, size) in sizes.into_iter().enumerate() {
        assert_eq!(append(&log, &a, body(size), 1).await, i as u64 + 1);
    }
    let log = house.reopen(log).await;
    let kept = all(&log, &a, 0).await;
    assert_eq!(kept.len(), sizes.len());
    for (segment, size) in kept.iter().zip(sizes) {
        assert!(segment.sealed == body(size), "{size} bytes");
    }
    assert_eq!(log.size().await.unwrap(), (sizes.len() as u64, sizes.iter().sum::<usize>() as u64));
}

pub(super) async fn pages_follow_each_other_without_gap_or_overlap(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    for round in 0..6 {
        let segments = (0..200).map(|i| sealed(&a, vec![round; if i % 50 == 0 { 300_000 } else { 10 }])).collect();
        group(&log, segments, at(1)).await;
    }
    let sequences: Vec<u64> = all(&log, &a, 0).await.iter().map(|segment| segment.sequence).collect();
    assert!(sequences.into_iter().eq(1..=1200));
}

pub(super) async fn a_page_after_what_retention_removed_begins_with_what_is_left(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    for ms in [10, 20, 30, 40] {
        append(&log, &a, "x", ms).await;
    }
    log.prune(horizon(at(25), at(0), at(100))).await.unwrap();
    for after in [0, 1, 2] {
        assert_eq!(sequences(&log, &a, after).await, [3, 4]);
    }
    assert_eq!(sequences(&log, &a, 3).await, [4]);
}

pub(super) async fn what_was_committed_when_is_kept(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    // As the relay's clock says, even if it was set back.
    for ms in [1_700_000_000_123, 5, 1_700_000_000_124] {
        append(&log, &a, "x", ms).await;
    }
    let log = house.reopen(log).await;
    let times: Vec<_> = all(&log, &a, 0).await.iter().map(|segment| segment.committed_at).collect();
    assert_eq!(times, [at(1_700_000_000_123), at(5), at(1_700_000_000_124)]);
}

pub(super) async fn two_openings_see_the_same(house: House) {
    let (one, two) = (house.open().await, house.open().await);
    let a = inbox(&one, "a").await;
    append(&one, &a, "x", 1).await;
    assert_eq!(two.page(&a, 0).await.unwrap().unwrap().segments[0].sealed, b"x");
    assert_eq!(two.inboxes().await.unwrap().len(), 1);
    assert_eq!(two.size().await.unwrap(), (1, 1));
}

pub(super) async fn two_openings_append_to_one_order(house: House) {
    let (one, two) = (house.open().await, house.open().await);
    let a = inbox(&one, "a").await;
    for i in 0..10 {
        let log = if i % 3 == 0 { &two } else { &one };
        assert_eq!(append(log, &a, vec![i], i.into()).await, u64::from(i) + 1);
    }
    let kept: Vec<_> = all(&one, &a, 0).await.into_iter().map(|segment| segment.sealed).collect();
    assert!(kept.into_iter().eq((0..10).map(|i| vec![i])), "in the order of their appending");
}

pub(super) async fn two_openings_append_at_once(house: House) {
    let (one, two) = (house.open().await, house.open().await);
    let a = inbox(&one, "a").await;
    let appending = (0..60).map(|i| {
        let log = if i % 2 == 0 { one.clone() } else { two.clone() };
        let a = a.clone();
        async move { append(&log, &a, vec![i], 1).await }
    });
    let mut given = join_all(appending).await;
    let kept = all(&one, &a, 0).await;
    for (i, sequence) in given.iter().enumerate() {
        assert_eq!(kept[usize::try_from(*sequence).unwrap() - 1].sealed, [i as u8], "each is where it was told to be");
    }
    given.sort_unstable();
    assert!(given.into_iter().eq(1..=60));
}

pub(super) async fn inboxes_do_not_mix(house: House) {
    let log = house.open().await;
    let mut inboxes = Vec::new();
    for name in ["a", "b", "c"] {
        inboxes.push(inbox(&log, name).await);
    }
    for i in 0..30_usize {
        append(&log, &inboxes[i % 3], vec![(i % 3) as u8; 3], 1).await;
    }
    for (i, inbox) in inboxes.iter().enumerate() {
        let kept = all(&log, inbox, 0).await;
        assert_eq!(kept.len(), 10);
        assert!(kept.iter().all(|segment| segment.sealed == [i as u8; 3]));
    }
}
