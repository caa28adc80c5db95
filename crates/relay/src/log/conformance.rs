//! What every engine has to do, as tests. An engine runs the whole suite with one line: `conformance!(name, open)`,
//! where `open(home)` opens the store that belongs to a directory, the same one for the same directory.

use std::{path::Path, sync::Arc};

use futures_util::future::join_all;
use jiff::Timestamp;
use offizin_wire::{
    Identity, InletId, TokenHash,
    pull::{PAGE_BYTES, PAGE_SEGMENTS},
};

use super::*;

async fn open_sqlite(home: &Path) -> Arc<dyn Log> {
    Arc::new(sqlite::Sqlite::open(&home.join("relay.db"), None).await.unwrap())
}

/// Runs every case against one engine.
macro_rules! conformance {
    ($engine:ident, $open:ident: $($case:ident)*) => {
        mod $engine {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    let home = tempfile::tempdir().unwrap();
                    let log = super::$open(home.path()).await;
                    if let Some(again) = super::$case(log.clone()).await {
                        log.close().await;
                        again(super::$open(home.path()).await).await;
                    }
                }
            )*
        }
    };
}

conformance!(on_sqlite, open_sqlite:
    sequences_count_up_in_each_inbox
    a_removed_inbox_does_not_spoil_the_group
    appends_at_once_neither_lose_nor_share_a_sequence
    reopening_forgets_nothing
    a_page_is_bounded_by_segments
    a_page_is_bounded_by_bytes
    a_page_of_nothing
    an_acknowledgement_never_moves_back
    unknown_and_revoked_devices_do_not_acknowledge
    the_slowest_device_holds_back
    nobody_paired_holds_back_nothing
    a_clock_set_back_keeps_more
    what_is_too_old_goes_unread
    a_sequence_is_never_used_twice
    a_large_round_of_retention_ends
    codes_expire
    a_code_is_for_one_candidate
    many_candidates_one_winner
    a_token_belongs_to_one_device
    pairing_knows_the_head
    a_device_is_revoked_only_from_its_inbox
    an_inlet_is_put_once
    an_inlet_is_retired_once
    a_name_is_taken_once
    removing_an_inbox_removes_everything
    seen_is_noted
    deliveries_and_sizes_are_counted
    a_probe_leaves_nothing
);

/// What a case still wants to see after the store was closed and opened again.
type Again = Option<Box<dyn FnOnce(Arc<dyn Log>) -> BoxFuture<'static, ()> + Send>>;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

fn hash(text: &str) -> TokenHash {
    TokenHash::of(text)
}

fn inlet_id(text: &str) -> InletId {
    InletId::try_from(format!("inlet-for-conformance-{text}")).unwrap()
}

async fn inbox(log: &dyn Log, name: &str) -> InboxId {
    log.add_inbox(name, hash(&format!("code {name}")), at(1_000_000), at(0)).await.unwrap()
}

fn candidate(code: &str, token: &str) -> Candidate {
    Candidate {
        code: hash(code),
        name: "Desk".into(),
        recipient: Identity::random().recipient(),
        token_hash: hash(token),
    }
}

/// Another device of an inbox.
async fn device(log: &dyn Log, inbox: &str, token: &str) -> DeviceRecord {
    let code = format!("code for {token}");
    log.add_code(inbox, hash(&code), at(1_000_000)).await.unwrap();
    log.pair(candidate(&code, token), at(1)).await.unwrap().unwrap()
}

fn sealed(inbox: &InboxId, bytes: impl Into<Vec<u8>>) -> Sealed {
    Sealed { inbox: inbox.clone(), deliveries: vec![(inlet_id("a"), 1)], bytes: bytes.into() }
}

async fn append(log: &dyn Log, inbox: &InboxId, bytes: impl Into<Vec<u8>>, ms: i64) -> u64 {
    log.append(vec![sealed(inbox, bytes)], at(ms)).await.unwrap()[0].unwrap()
}

async fn sequences(log: &dyn Log, inbox: &InboxId, after: u64) -> Vec<u64> {
    log.page(inbox, after).await.unwrap().unwrap().segments.iter().map(|s| s.sequence).collect()
}

async fn sequences_count_up_in_each_inbox(log: Arc<dyn Log>) -> Again {
    let (a, b) = (inbox(&*log, "a").await, inbox(&*log, "b").await);
    let group = vec![sealed(&a, "a1"), sealed(&b, "b1"), sealed(&a, "a2")];
    assert_eq!(log.append(group, at(5)).await.unwrap(), [Some(1), Some(1), Some(2)]);
    assert_eq!(append(&*log, &b, "b2", 6).await, 2);
    let page = log.page(&a, 0).await.unwrap().unwrap();
    let told: Vec<_> = page.segments.iter().map(|s| (s.sequence, s.committed_at, s.sealed.as_slice())).collect();
    assert_eq!(told, [(1, at(5), b"a1".as_slice()), (2, at(5), b"a2")]);
    assert_eq!(page.head, 2);
    None
}

async fn a_removed_inbox_does_not_spoil_the_group(log: Arc<dyn Log>) -> Again {
    let (a, b) = (inbox(&*log, "a").await, inbox(&*log, "b").await);
    log.remove_inbox("a").await.unwrap();
    let places = log.append(vec![sealed(&a, "x"), sealed(&b, "y")], at(1)).await.unwrap();
    assert_eq!(places, [None, Some(1)]);
    assert!(log.page(&a, 0).await.unwrap().is_none());
    assert_eq!(sequences(&*log, &b, 0).await, [1]);
    None
}

async fn appends_at_once_neither_lose_nor_share_a_sequence(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    let mut given = join_all((0..100).map(|i| append(&*log, &a, format!("{i}"), i))).await;
    given.sort_unstable();
    assert!(given.iter().copied().eq(1..=100));
    assert_eq!(sequences(&*log, &a, 0).await.len(), 100);
    None
}

async fn reopening_forgets_nothing(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    let desk = device(&*log, "a", "token").await;
    log.put_inlet(&a, &inlet_id("a"), hash("inlet"), at(3)).await.unwrap();
    append(&*log, &a, "one", 4).await;
    log.ack(&desk.id, 1, at(5)).await.unwrap();
    Some(Box::new(move |log| {
        Box::pin(async move {
            let records = log.records().await.unwrap();
            let [known] = records.inboxes.as_slice() else { panic!("one inbox") };
            assert_eq!((&known.id, known.name.as_str(), known.head), (&a, "a", 1));
            let [known] = records.devices.as_slice() else { panic!("one device") };
            assert_eq!((&known.id, known.acked, known.token_hash), (&desk.id, 1, hash("token")));
            assert_eq!((known.cursor, known.paired_at, &known.recipient), (0, at(1), &desk.recipient));
            let [known] = records.inlets.as_slice() else { panic!("one inlet") };
            assert_eq!((&known.id, known.token_hash, known.retired), (&inlet_id("a"), hash("inlet"), false));
            assert_eq!(log.page(&a, 0).await.unwrap().unwrap().segments[0].sealed, b"one");
            assert_eq!(append(&*log, &a, "two", 9).await, 2);
        })
    }))
}

async fn a_page_is_bounded_by_segments(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    let count = PAGE_SEGMENTS + 30;
    log.append((0..count).map(|_| sealed(&a, "x")).collect(), at(1)).await.unwrap();
    assert_eq!(sequences(&*log, &a, 0).await.len(), PAGE_SEGMENTS);
    assert_eq!(sequences(&*log, &a, PAGE_SEGMENTS as u64).await.len(), 30);
    assert_eq!(sequences(&*log, &a, 5).await.first(), Some(&6));
    None
}

async fn a_page_is_bounded_by_bytes(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    for size in [PAGE_BYTES + 1, PAGE_BYTES / 2, PAGE_BYTES / 2, 1] {
        append(&*log, &a, vec![7; size], 1).await;
    }
    assert_eq!(sequences(&*log, &a, 0).await, [1], "one larger than a page comes alone");
    assert_eq!(sequences(&*log, &a, 1).await, [2, 3], "exactly full is not too full");
    assert_eq!(sequences(&*log, &a, 3).await, [4]);
    None
}

async fn a_page_of_nothing(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    for after in [0, 1, u64::MAX] {
        let page = log.page(&a, after).await.unwrap().unwrap();
        assert!(page.segments.is_empty() && page.head == 0);
    }
    assert!(log.page(&InboxId::random().unwrap(), 0).await.unwrap().is_none());
    assert_eq!(log.append(vec![], at(1)).await.unwrap(), []);
    None
}

async fn an_acknowledgement_never_moves_back(log: Arc<dyn Log>) -> Again {
    inbox(&*log, "a").await;
    let desk = device(&*log, "a", "token").await;
    for (cursor, stands) in [(3, 3), (1, 3), (3, 3), (4, 4)] {
        assert_eq!(log.ack(&desk.id, cursor, at(1)).await.unwrap(), Some(stands));
    }
    None
}

async fn unknown_and_revoked_devices_do_not_acknowledge(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    let desk = device(&*log, "a", "token").await;
    assert!(log.revoke(&a, desk.id.as_str(), at(1)).await.unwrap());
    assert_eq!(log.ack(&desk.id, 1, at(1)).await.unwrap(), None);
    assert_eq!(log.ack(&DeviceId::random().unwrap(), 1, at(1)).await.unwrap(), None);
    assert!(log.records().await.unwrap().devices.is_empty());
    None
}

async fn the_slowest_device_holds_back(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    let (fast, slow) = (device(&*log, "a", "fast").await, device(&*log, "a", "slow").await);
    for ms in 1..=6 {
        append(&*log, &a, "12345", ms * 10).await;
    }
    log.ack(&fast.id, 6, at(100)).await.unwrap();
    log.ack(&slow.id, 4, at(100)).await.unwrap();
    let pruned = log.prune(at(31), at(0), at(200)).await.unwrap();
    assert_eq!(pruned, Pruned { segments: 3, bytes: 15, unread: 0 }, "old enough and read by both");
    assert_eq!(log.prune(at(1000), at(0), at(200)).await.unwrap().segments, 1, "read by both");
    log.revoke(&a, slow.id.as_str(), at(200)).await.unwrap();
    assert_eq!(log.prune(at(60), at(0), at(200)).await.unwrap().segments, 1, "committed before, not at");
    assert_eq!(sequences(&*log, &a, 0).await, [6]);
    None
}

async fn nobody_paired_holds_back_nothing(log: Arc<dyn Log>) -> Again {
    let (a, b) = (inbox(&*log, "a").await, inbox(&*log, "b").await);
    device(&*log, "b", "token").await;
    append(&*log, &a, "x", 10).await;
    append(&*log, &b, "x", 10).await;
    assert_eq!(log.prune(at(11), at(0), at(20)).await.unwrap(), Pruned { segments: 1, bytes: 1, unread: 0 });
    assert_eq!(sequences(&*log, &b, 0).await, [1], "another inbox waits for its own devices");
    None
}

async fn a_clock_set_back_keeps_more(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    for ms in [10, 500, 20, 30] {
        append(&*log, &a, "x", ms).await;
    }
    assert_eq!(log.prune(at(100), at(0), at(600)).await.unwrap().segments, 1);
    assert_eq!(sequences(&*log, &a, 0).await, [2, 3, 4]);
    None
}

async fn what_is_too_old_goes_unread(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    let desk = device(&*log, "a", "token").await;
    for ms in [10, 20, 30, 40] {
        append(&*log, &a, "x", ms).await;
    }
    log.ack(&desk.id, 1, at(50)).await.unwrap();
    let pruned = log.prune(at(35), at(35), at(60)).await.unwrap();
    assert_eq!(pruned, Pruned { segments: 3, bytes: 3, unread: 2 });
    assert_eq!(sequences(&*log, &a, 0).await, [4]);
    None
}

async fn a_sequence_is_never_used_twice(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    append(&*log, &a, "x", 1).await;
    append(&*log, &a, "x", 1).await;
    assert_eq!(log.prune(at(2), at(2), at(2)).await.unwrap().segments, 2);
    let page = log.page(&a, 0).await.unwrap().unwrap();
    assert!(page.segments.is_empty() && page.head == 2);
    Some(Box::new(move |log| Box::pin(async move { assert_eq!(append(&*log, &a, "x", 3).await, 3) })))
}

async fn a_large_round_of_retention_ends(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    log.append((0..1000).map(|_| sealed(&a, vec![1; 3000])).collect(), at(1)).await.unwrap();
    append(&*log, &a, "young", 100).await;
    let pruned = log.prune(at(50), at(50), at(100)).await.unwrap();
    assert_eq!((pruned.segments, pruned.bytes), (1000, 3_000_000));
    assert_eq!(log.size().await.unwrap(), (1, 5));
    None
}

async fn codes_expire(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    log.add_code("a", hash("late"), at(100)).await.unwrap();
    assert_eq!(log.code(hash("late"), at(99)).await.unwrap().unwrap().id, a);
    assert!(log.code(hash("late"), at(100)).await.unwrap().is_none());
    assert!(log.pair(candidate("late", "token"), at(100)).await.unwrap().is_none());
    assert!(log.code(hash("never made"), at(1)).await.unwrap().is_none());
    let used = candidate("late", "token");
    assert!(log.pair(used.clone(), at(99)).await.unwrap().is_some());
    assert!(log.pair(used, at(100)).await.unwrap().is_none(), "asking again ends with the code");
    log.prune(at(0), at(0), at(100)).await.unwrap();
    assert!(log.code(hash("late"), at(50)).await.unwrap().is_none(), "an expired code is not kept");
    assert!(log.code(hash("code a"), at(50)).await.unwrap().is_some());
    assert_eq!(log.records().await.unwrap().devices.len(), 1, "the device is");
    None
}

async fn a_code_is_for_one_candidate(log: Arc<dyn Log>) -> Again {
    inbox(&*log, "a").await;
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
    None
}

async fn many_candidates_one_winner(log: Arc<dyn Log>) -> Again {
    inbox(&*log, "a").await;
    let paired =
        join_all((0..12).map(|i| log.pair(candidate("code a", &format!("{i}")), at(1)))).await.into_iter().flatten();
    assert_eq!(paired.flatten().count(), 1);
    assert_eq!(log.records().await.unwrap().devices.len(), 1);
    None
}

async fn a_token_belongs_to_one_device(log: Arc<dyn Log>) -> Again {
    inbox(&*log, "a").await;
    inbox(&*log, "b").await;
    assert!(log.pair(candidate("code a", "token"), at(1)).await.unwrap().is_some());
    assert!(log.pair(candidate("code b", "token"), at(1)).await.unwrap().is_none());
    assert!(log.pair(candidate("code b", "another"), at(1)).await.unwrap().is_some(), "the code is not used up");
    None
}

async fn pairing_knows_the_head(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    append(&*log, &a, "x", 1).await;
    append(&*log, &a, "x", 1).await;
    let late = device(&*log, "a", "late").await;
    assert_eq!((late.cursor, late.acked), (2, 2), "what it cannot open does not wait for it");
    None
}

async fn a_device_is_revoked_only_from_its_inbox(log: Arc<dyn Log>) -> Again {
    let (a, b) = (inbox(&*log, "a").await, inbox(&*log, "b").await);
    let desk = device(&*log, "a", "token").await;
    assert!(!log.revoke(&b, desk.id.as_str(), at(1)).await.unwrap());
    assert!(!log.revoke(&a, "nobody", at(1)).await.unwrap());
    assert_eq!(log.records().await.unwrap().devices.len(), 1);
    for ms in [2, 3] {
        assert!(log.revoke(&a, desk.id.as_str(), at(ms)).await.unwrap(), "again is fine");
    }
    None
}

async fn an_inlet_is_put_once(log: Arc<dyn Log>) -> Again {
    let (a, b) = (inbox(&*log, "a").await, inbox(&*log, "b").await);
    for ms in [7, 8] {
        let InletPlace::Stored(answer) = log.put_inlet(&a, &inlet_id("1"), hash("t"), at(ms)).await.unwrap() else {
            panic!("stored")
        };
        assert_eq!((answer.id, answer.created_at, answer.retired_at), (inlet_id("1"), at(7), None));
    }
    let taken = async |inbox, id, token| {
        matches!(log.put_inlet(inbox, &inlet_id(id), hash(token), at(9)).await.unwrap(), InletPlace::Taken)
    };
    assert!(taken(&a, "1", "other").await, "the id is taken");
    assert!(taken(&a, "2", "t").await, "the token is taken");
    assert!(taken(&b, "1", "t").await, "also in another inbox");
    assert!(!taken(&b, "1", "other").await, "the id is the inbox's own");
    let nowhere = InboxId::random().unwrap();
    assert!(matches!(log.put_inlet(&nowhere, &inlet_id("3"), hash("u"), at(9)).await.unwrap(), InletPlace::NoInbox));
    assert_eq!(log.inlets(&a).await.unwrap().len(), 1);
    assert_eq!(log.inlets(&nowhere).await.unwrap().len(), 0);
    None
}

async fn an_inlet_is_retired_once(log: Arc<dyn Log>) -> Again {
    let (a, b) = (inbox(&*log, "a").await, inbox(&*log, "b").await);
    log.put_inlet(&a, &inlet_id("1"), hash("t"), at(7)).await.unwrap();
    assert!(log.retire(&b, &inlet_id("1"), at(8)).await.unwrap().is_none());
    for ms in [9, 10] {
        assert_eq!(log.retire(&a, &inlet_id("1"), at(ms)).await.unwrap(), Some(hash("t")));
    }
    assert_eq!(log.inlets(&a).await.unwrap()[0].retired_at, Some(at(9)));
    assert!(log.records().await.unwrap().inlets[0].retired);
    None
}

async fn a_name_is_taken_once(log: Arc<dyn Log>) -> Again {
    inbox(&*log, "a").await;
    assert!(matches!(log.add_inbox("a", hash("x"), at(9), at(1)).await, Err(LogError::NameTaken)));
    assert!(matches!(log.add_code("b", hash("x"), at(9)).await, Err(LogError::NameUnknown)));
    assert!(matches!(log.remove_inbox("b").await, Err(LogError::NameUnknown)));
    log.remove_inbox("a").await.unwrap();
    assert_eq!(log.inboxes().await.unwrap().len(), 0);
    inbox(&*log, "a").await;
    None
}

async fn removing_an_inbox_removes_everything(log: Arc<dyn Log>) -> Again {
    let (a, b) = (inbox(&*log, "a").await, inbox(&*log, "b").await);
    device(&*log, "a", "token").await;
    log.put_inlet(&a, &inlet_id("1"), hash("t"), at(7)).await.unwrap();
    log.append((0..500).map(|_| sealed(&a, "x")).collect(), at(1)).await.unwrap();
    append(&*log, &b, "stays", 1).await;
    log.remove_inbox("a").await.unwrap();
    let records = log.records().await.unwrap();
    assert_eq!((records.inboxes.len(), records.devices.len(), records.inlets.len()), (1, 0, 0));
    assert_eq!(log.size().await.unwrap(), (1, 5));
    assert!(log.code(hash("code a"), at(1)).await.unwrap().is_none());
    assert_eq!(sequences(&*log, &b, 0).await, [1]);
    None
}

async fn seen_is_noted(log: Arc<dyn Log>) -> Again {
    inbox(&*log, "a").await;
    let desk = device(&*log, "a", "token").await;
    log.seen(vec![(desk.id.clone(), at(50))]).await.unwrap();
    log.seen(vec![(desk.id, at(40)), (DeviceId::random().unwrap(), at(99))]).await.unwrap();
    log.seen(vec![]).await.unwrap();
    assert_eq!(log.records().await.unwrap().devices[0].last_seen_at, Some(at(50)));
    None
}

async fn deliveries_and_sizes_are_counted(log: Arc<dyn Log>) -> Again {
    let a = inbox(&*log, "a").await;
    device(&*log, "a", "token").await;
    for id in ["1", "2"] {
        log.put_inlet(&a, &inlet_id(id), hash(id), at(7)).await.unwrap();
    }
    let deliveries = vec![(inlet_id("1"), 2), (inlet_id("2"), 1), (inlet_id("never-put"), 5)];
    log.append(vec![Sealed { inbox: a.clone(), deliveries, bytes: vec![0; 42] }], at(8)).await.unwrap();
    let counts: Vec<_> = log.inlets(&a).await.unwrap().iter().map(|inlet| inlet.deliveries).collect();
    assert_eq!(counts, [2, 1]);
    log.retire(&a, &inlet_id("2"), at(9)).await.unwrap();
    let [summary] = log.inboxes().await.unwrap().try_into().unwrap();
    assert_eq!((summary.inbox.as_str(), summary.created_at, summary.head), (a.as_str(), at(0), 1));
    assert_eq!((summary.devices, summary.inlets, summary.segments, summary.bytes), (1, 1, 1, 42));
    assert_eq!(log.size().await.unwrap(), (1, 42));
    None
}

async fn a_probe_leaves_nothing(log: Arc<dyn Log>) -> Again {
    for _ in 0..3 {
        log.probe().await.unwrap();
    }
    assert_eq!(log.size().await.unwrap(), (0, 0));
    None
}
