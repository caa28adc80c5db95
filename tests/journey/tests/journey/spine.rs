//! One event on its whole way: registered at the provider, delivered, sealed, pulled, verified, stored in the journal,
//! folded, shown.

use data_encoding::HEXLOWER;
use offizin_desk::{
    event::{QuarantineReason, Trust, Verdict},
    page::PageInput,
    subscriptions::view::{SecretState, SubscriptionState},
};
use offizin_journey::{TYPES, World, arrivals, orders, stock};
use offizin_sandbox::{Config, Faults, Level, Odds, Outcome, Switches};
use sha2::{Digest, Sha256};

fn lives(orders: u64) -> Config {
    Config { orders, ..Config::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_arrives_verified_in_the_timeline() {
    let world = World::with(lives(8)).await;
    let made = world.register(&TYPES).await;
    assert_eq!(made.len(), 3);
    for subscription in &made {
        assert_eq!((subscription.state, subscription.secret), (SubscriptionState::Active, SecretState::Stored));
        assert!(subscription.provider_uid.is_some());
    }
    let events = world.sandbox.emit_all();
    let pulled = world.arrive().await;
    assert_eq!((pulled.rejected, pulled.unopened), (0, 0));

    let rows = orders(&world.desk).await;
    assert_eq!(rows.len(), 8);
    for event in events.iter().filter(|event| event.order_uid().is_some()) {
        let body = event.body(Level::Management);
        let hash = HEXLOWER.encode(&Sha256::digest(&body));
        // The uid of a lane will do.
        let timeline = world.desk.order_timeline(&event.subject().into()).await.unwrap();
        assert_eq!(timeline.uid.as_str(), event.order_uid().unwrap());
        let mut found = false;
        for entry in timeline
            .entries
            .iter()
            .filter(|e| e.at == event.at && e.lane_uid.as_ref().is_some_and(|lane| lane.as_str() == event.subject()))
        {
            let proof = world.desk.event_show(&entry.event_id).await.unwrap();
            if proof.sha256 == hash {
                found = true;
                assert_eq!(entry.to.as_deref(), event.status());
                assert_eq!((entry.trust, entry.receipts), (Trust::Verified, 1));
                assert_eq!(world.desk.event_raw(&entry.event_id).await.unwrap(), body);
                let again = world.desk.event_verify(&entry.event_id).await.unwrap();
                assert!(again.body_intact && again.signature_matches, "{again:?}");
            }
        }
        assert!(found, "{} at {} is not in its timeline", event.subject(), event.at);
    }

    let mut levels = std::collections::BTreeMap::new();
    for event in events.iter().filter(|event| event.stock().is_some()) {
        levels.insert(event.subject().to_owned(), event.stock());
    }
    assert!(!levels.is_empty());
    let shown: std::collections::BTreeMap<_, _> =
        stock(&world.desk).await.into_iter().map(|row| (row.uid.to_string(), row.stock)).collect();
    assert_eq!(shown, levels);
    for uid in levels.keys() {
        let history = world.desk.stock_history(&uid.as_str().into(), None, &PageInput::default()).await.unwrap();
        assert!(history.rows.iter().all(|level| level.trust == Trust::Verified));
    }

    let status = world.desk.status().await.unwrap();
    assert_eq!(status.counts.quarantine, 0);
    assert_eq!(status.counts.subscriptions, 3);
    assert!(status.relay.unwrap().complete_until.is_some());
    assert!(world.desk.ledger_verify().await.unwrap().projections_match);
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_are_receipts_of_one_event() {
    let world = World::with(lives(3)).await;
    world.sandbox.set_switches(Switches { test_after_registration: false, ..world.sandbox.switches() });
    world.register(&TYPES).await;
    world.sandbox.set_faults(Faults { duplicate: Odds::ALWAYS, ..Faults::default() });
    let events = world.sandbox.emit_all();
    let pulled = world.arrive().await;
    // Changes of doctor have no subscriber here.
    let heard = events.iter().filter(|e| e.status().is_some() || e.stock().is_some()).count() as u64;
    assert_eq!((pulled.deliveries, pulled.events, pulled.duplicates), (2 * heard, heard, heard));
    for row in arrivals(&world.desk, None).await {
        assert_eq!(row.receipts, 2);
        assert_eq!(world.desk.event_show(&row.id).await.unwrap().receipt_list.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_right_waits_in_quarantine() {
    let world = World::with(lives(2)).await;
    world.sandbox.set_switches(Switches { test_after_registration: false, ..world.sandbox.switches() });
    world.register(&TYPES).await;
    for faults in [
        Faults { wrong_signature: Odds::next(1), ..Faults::default() },
        Faults { missing_signature: Odds::next(1), ..Faults::default() },
    ] {
        world.sandbox.set_faults(faults);
        let before = world.sandbox.ledger().len();
        while world.sandbox.ledger().len() == before {
            assert_eq!(world.sandbox.emit(1).len(), 1);
        }
    }
    let pulled = world.arrive().await;
    assert_eq!((pulled.events, pulled.rejected), (0, 2));
    assert!(orders(&world.desk).await.is_empty());
    let rows = arrivals(&world.desk, Some(Verdict::Rejected)).await;
    let mut reasons: Vec<_> = rows.iter().filter_map(|row| row.quarantine).collect();
    reasons.sort_by_key(|reason| format!("{reason:?}"));
    assert_eq!(reasons, [QuarantineReason::SignatureMissing, QuarantineReason::SignatureWrong]);
    // Nothing is lost: every byte is there, and told to be unproven.
    let sent = world.sandbox.ledger();
    for row in &rows {
        let body = world.desk.event_raw(&row.id).await.unwrap();
        assert!(sent.iter().any(|entry| entry.body == body && entry.outcome == Outcome::Delivered));
        assert!(!world.desk.event_verify(&row.id).await.unwrap().signature_matches);
    }
    // And the world goes on.
    world.sandbox.emit_all();
    assert!(world.arrive().await.events > 0);
    assert_eq!(orders(&world.desk).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_secret_releases_what_waited_for_it() {
    let world = World::with(lives(3)).await;
    let switches = world.sandbox.switches();
    world.sandbox.set_switches(Switches { management_secret: false, test_after_registration: false, ..switches });
    let made = world.register(&TYPES).await;
    assert!(made.iter().all(|subscription| subscription.secret == SecretState::NotIssued));
    world.sandbox.emit_all();
    let pulled = world.arrive().await;
    assert_eq!(pulled.events, 0);
    let waiting = arrivals(&world.desk, None).await;
    assert!(!waiting.is_empty());
    assert!(waiting.iter().all(|row| row.quarantine == Some(QuarantineReason::SecretMissing)));

    // A wrong one releases nothing and loses nothing.
    let wrong = world.desk.subscription_paste_secret(&made[0].id, "whsec_wrong".to_owned().into()).await.unwrap();
    assert_eq!((wrong.secret, wrong.verified), (SecretState::Stored, 0));
    assert_eq!(arrivals(&world.desk, Some(Verdict::Rejected)).await.len(), waiting.len());

    for subscription in &made {
        let secret = world.sandbox.secret(subscription.provider_uid.as_deref().unwrap()).unwrap();
        let pasted = world.desk.subscription_paste_secret(&subscription.id, secret).await.unwrap();
        assert_eq!((pasted.secret, pasted.rejected), (SecretState::Stored, 0));
        assert!(pasted.verified > 0 && pasted.last_verified_at.is_some());
    }
    assert!(arrivals(&world.desk, Some(Verdict::Rejected)).await.is_empty());
    assert_eq!(arrivals(&world.desk, None).await.len(), waiting.len());
    assert_eq!(orders(&world.desk).await.len(), 3);
    assert!(world.desk.ledger_verify().await.unwrap().projections_match);
}
