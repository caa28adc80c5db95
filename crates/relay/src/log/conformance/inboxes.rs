//! Inboxes and inlets.

use futures_util::future::join_all;

use super::*;

pub(super) async fn an_inlet_is_put_once(house: House) {
    let log = house.open().await;
    let (a, b) = (inbox(&log, "a").await, inbox(&log, "b").await);
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
}

pub(super) async fn an_inlet_is_retired_once(house: House) {
    let log = house.open().await;
    let (a, b) = (inbox(&log, "a").await, inbox(&log, "b").await);
    log.put_inlet(&a, &inlet_id("1"), hash("t"), at(7)).await.unwrap();
    assert!(log.retire(&b, &inlet_id("1"), at(8)).await.unwrap().is_none());
    for ms in [9, 10] {
        assert_eq!(log.retire(&a, &inlet_id("1"), at(ms)).await.unwrap(), Some(hash("t")));
    }
    assert_eq!(log.inlets(&a).await.unwrap()[0].retired_at, Some(at(9)));
    assert!(log.records().await.unwrap().inlets[0].retired);
}

pub(super) async fn a_name_is_taken_once(house: House) {
    let log = house.open().await;
    inbox(&log, "a").await;
    assert!(matches!(log.add_inbox("a", hash("x"), at(9), at(1)).await, Err(LogError::NameTaken)));
    assert!(matches!(log.add_code("b", hash("x"), at(9)).await, Err(LogError::NameUnknown)));
    assert!(matches!(log.remove_inbox("b").await, Err(LogError::NameUnknown)));
    log.remove_inbox("a").await.unwrap();
    assert_eq!(log.inboxes().await.unwrap().len(), 0);
    inbox(&log, "a").await;
}

pub(super) async fn removing_an_inbox_removes_everything(house: House) {
    let log = house.open().await;
    let (a, b) = (inbox(&log, "a").await, inbox(&log, "b").await);
    device(&log, "a", "token").await;
    log.put_inlet(&a, &inlet_id("1"), hash("t"), at(7)).await.unwrap();
    group(&log, (0..500).map(|_| sealed(&a, "x")).collect(), at(1)).await;
    append(&log, &b, "stays", 1).await;
    log.remove_inbox("a").await.unwrap();
    let records = log.records().await.unwrap();
    assert_eq!((records.inboxes.len(), records.devices.len(), records.inlets.len()), (1, 0, 0));
    assert_eq!(log.size().await.unwrap(), (1, 5));
    assert!(log.code(hash("code a"), at(1)).await.unwrap().is_none());
    assert_eq!(sequences(&log, &b, 0).await, [1]);
}

pub(super) async fn an_inbox_may_have_any_name(house: House) {
    let log = house.open().await;
    let names = ["Löwen-Apotheke am Markt", "a.b.*.>", "/in/../x", "$JS.API", " ", "日本", "'; DROP TABLE inbox; --"];
    for name in names {
        inbox(&log, name).await;
    }
    let mut listed: Vec<_> = log.inboxes().await.unwrap().into_iter().map(|inbox| inbox.name).collect();
    listed.sort();
    let mut names = names.to_vec();
    names.sort_unstable();
    assert_eq!(listed, names);
    for name in names {
        log.remove_inbox(name).await.unwrap();
    }
    assert_eq!(log.inboxes().await.unwrap().len(), 0);
}

pub(super) async fn a_look_shows_one_inbox(house: House) {
    let log = house.open().await;
    let (a, b) = (inbox(&log, "a").await, inbox(&log, "b").await);
    let desk = device(&log, "a", "one").await;
    device(&log, "b", "two").await;
    log.put_inlet(&a, &inlet_id("1"), hash("t"), at(7)).await.unwrap();
    log.put_inlet(&b, &inlet_id("2"), hash("u"), at(7)).await.unwrap();
    append(&log, &a, "x", 8).await;
    let records = log.look(&a).await.unwrap();
    let [known] = records.inboxes.as_slice() else { panic!("one inbox") };
    assert_eq!((&known.id, known.name.as_str(), known.head), (&a, "a", 1));
    assert_eq!(records.devices.iter().map(|device| &device.id).collect::<Vec<_>>(), [&desk.id]);
    assert_eq!(records.inlets.iter().map(|inlet| &inlet.id).collect::<Vec<_>>(), [&inlet_id("1")]);
    assert!(log.look(&InboxId::random().unwrap()).await.unwrap().inboxes.is_empty());
}

pub(super) async fn many_inlets_at_once(house: House) {
    let log = house.open().await;
    let a = inbox(&log, "a").await;
    let ids: Vec<_> = (0..12).map(|i| inlet_id(&i.to_string())).collect();
    let put = ids.iter().map(|id| log.put_inlet(&a, id, hash(id.as_str()), at(7)));
    assert!(join_all(put).await.into_iter().all(|place| matches!(place, Ok(InletPlace::Stored(_)))));
    assert_eq!(log.inlets(&a).await.unwrap().len(), 12);
    assert_eq!(log.look(&a).await.unwrap().inlets.len(), 12);
}

pub(super) async fn one_inlet_put_by_many_is_one(house: House) {
    let (one, two) = (house.open().await, house.open().await);
    let a = inbox(&one, "a").await;
    let id = inlet_id("1");
    let put = (0..8).map(|i| if i % 2 == 0 { &one } else { &two }).map(|log| log.put_inlet(&a, &id, hash("t"), at(7)));
    assert!(join_all(put).await.into_iter().all(|place| matches!(place, Ok(InletPlace::Stored(_)))));
    assert_eq!(one.inlets(&a).await.unwrap().len(), 1);
}

pub(super) async fn a_name_wanted_by_many_is_given_once(house: House) {
    let (one, two) = (house.open().await, house.open().await);
    let codes: Vec<_> = (0..6).map(|i| hash(&format!("code {i}"))).collect();
    let adding = codes.iter().enumerate().map(|(i, code)| {
        let log = if i % 2 == 0 { &one } else { &two };
        log.add_inbox("a", *code, at(9), at(1))
    });
    let added = join_all(adding).await;
    assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 1);
    assert!(added.iter().all(|added| matches!(added, Ok(_) | Err(LogError::NameTaken))));
    assert_eq!(one.inboxes().await.unwrap().len(), 1);
}

pub(super) async fn an_inbox_removed_elsewhere_is_gone(house: House) {
    let (one, two) = (house.open().await, house.open().await);
    let a = inbox(&one, "a").await;
    let desk = device(&one, "a", "token").await;
    append(&one, &a, "x", 1).await;
    two.remove_inbox("a").await.unwrap();
    assert_eq!(group(&one, vec![sealed(&a, "y")], at(2)).await, [None]);
    assert!(one.page(&a, 0).await.unwrap().is_none());
    assert!(one.look(&a).await.unwrap().inboxes.is_empty());
    assert_eq!(one.ack(&desk.id, 1, at(2)).await.unwrap(), None);
    assert!(matches!(one.put_inlet(&a, &inlet_id("1"), hash("t"), at(2)).await.unwrap(), InletPlace::NoInbox));
}
