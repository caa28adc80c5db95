//! Engines that go down, crash or are full.

use std::collections::BTreeSet;

use super::*;

pub(super) async fn an_engine_that_is_down_says_so_and_recovers(mut house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    append(&log, &a, "before", 1).await;
    let version = version(&log, &a).await;
    house.break_down().await;
    assert_eq!(try_append(&log, &a, version, "lost or not, not acknowledged").await, None);
    assert!(log.add_inbox("b", hash("b"), at(9), at(1)).await.is_err());
    house.heal().await;
    let patience = 100;
    for _ in 0..patience {
        if try_append(&log, &a, version, "after").await.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let kept: Vec<_> = all(&log, &a, 0).await.into_iter().map(|segment| segment.sealed).collect();
    assert_eq!(kept.first().map(Vec::as_slice), Some(b"before".as_slice()));
    assert_eq!(kept.last().map(Vec::as_slice), Some(b"after".as_slice()));
}

pub(super) async fn nothing_acknowledged_is_lost_while_an_engine_goes_and_comes(mut house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let version = version(&log, &a).await;
    let writing = |log: Arc<Log>, a: InboxId, from: u32| async move {
        let mut acknowledged = BTreeSet::new();
        for i in from..from + 40 {
            let body = i.to_be_bytes().to_vec();
            if try_append(&log, &a, version, body.clone()).await.is_some() {
                acknowledged.insert(body);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        acknowledged
    };
    let writers: Vec<_> = (0..4).map(|i| tokio::spawn(writing(log.clone(), a.clone(), i * 1000))).collect();
    tokio::time::sleep(Duration::from_millis(60)).await;
    house.break_down().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    house.heal().await;
    let mut acknowledged = BTreeSet::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    let log = house.open().await;
    let kept = all(&log, &a, 0).await;
    let bodies: BTreeSet<_> = kept.iter().map(|segment| segment.sealed.clone()).collect();
    assert!(acknowledged.len() > 4, "they wrote something");
    assert_eq!(acknowledged.difference(&bodies).count(), 0);
    assert!(kept.iter().map(|segment| segment.sequence).eq(1..=kept.len() as u64), "and the order has no holes");
}

pub(super) async fn a_probe_tells_whether_the_engine_is_up(mut house: House) {
    let log = house.open().await;
    log.probe().await.unwrap();
    house.break_down().await;
    assert!(log.probe().await.is_err());
    house.heal().await;
    let mut patience = 100;
    while log.probe().await.is_err() {
        patience -= 1;
        assert!(patience > 0, "it does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(super) async fn a_crash_keeps_what_was_acknowledged(mut house: House) {
    let mut log = house.open().await;
    let a = inbox(&log, "a").await;
    device(&log, "a", "token").await;
    log.put_inlet(&a, &inlet_id("1"), hash("t"), at(3)).await.unwrap();
    for round in 0..4_u8 {
        for i in 0..5 {
            assert_eq!(append(&log, &a, vec![round, i], 1).await, u64::from(round * 5 + i) + 1);
        }
        log = house.crash(log).await;
        let kept = all(&log, &a, 0).await;
        assert_eq!(kept.len(), usize::from(round + 1) * 5);
        assert_eq!(kept.last().unwrap().sealed, [round, 4]);
        let records = log.look(&a).await.unwrap();
        assert_eq!((records.devices.len(), records.inlets.len()), (1, 1));
    }
}

pub(super) async fn a_full_store_refuses_and_keeps_its_word(house: House) {
    let engine = if house.nats.is_some() { Engine::OnNats } else { Engine::OnSqlite };
    let house = House::of(engine, Some(4 * 1024 * 1024));
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let version = version(&log, &a).await;
    let mut kept = 0;
    let refusal = loop {
        let one = Sealed { version, ..sealed(&a, vec![9; 200_000]) };
        let place = log.append(vec![one], at(10)).await.map(|mut places| places.pop().unwrap());
        match place {
            Ok(Place::At(sequence)) => kept = sequence,
            Ok(Place::Failed(error)) | Err(error) => break error,
            Ok(place) => panic!("{place:?}"),
        }
        assert!(kept < 100, "the store has a limit");
    };
    assert!(matches!(refusal, LogError::Full), "{refusal:?}");
    assert!(kept > 5);
    assert_eq!(all(&log, &a, 0).await.len() as u64, kept, "what was acknowledged is there");
    assert_eq!(log.prune(horizon(at(20), at(0), at(30))).await.unwrap().segments, kept);
    assert_eq!(append(&log, &a, vec![9; 200_000], 40).await, kept + 1, "and there is room again");
}
