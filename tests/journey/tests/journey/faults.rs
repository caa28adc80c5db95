//! Faults on the way from the provider: whatever the order, the number and the delay of the deliveries, the desk shows
//! the same as one that received everything once and in order.

use std::{collections::BTreeSet, path::Path};

use offizin_journey::{Sender, Story, TYPES, World, arrivals, desk, pair, pull, story};
use offizin_sandbox::{Config, Fault, Faults, LedgerEntry, Odds, Outcome, Switches};
use reqwest::StatusCode;

fn seeded() -> Config {
    Config { seed: 7, orders: 12, starts_at: Some(offizin_journey::at(1_790_000_000)), ..Config::default() }
}

/// Everything once, in the order in which it happened, at a desk of its own.
async fn undisturbed(world: &World, bodies: &[LedgerEntry], dir: &Path) -> Story {
    let quiet = desk(dir).await;
    pair(&quiet, &world.relay.invite("Quiet").await).await.unwrap();
    let sender = Sender::at(&quiet, "Quiet", None).await;
    let mut seen = BTreeSet::new();
    for entry in bodies.iter().filter(|entry| seen.insert(entry.body.clone())) {
        assert_eq!(sender.post(&entry.body).await, Some(StatusCode::OK));
    }
    pull(&quiet).await;
    story(&quiet).await
}

/// Lives twelve orders through this fault; answers what the provider tried, after comparing the stories.
async fn through(faults: Faults) -> Vec<LedgerEntry> {
    let world = World::with(seeded()).await;
    world.sandbox.set_switches(Switches { test_after_registration: false, ..world.sandbox.switches() });
    world.register(&TYPES).await;
    world.sandbox.set_faults(faults);
    let events = world.sandbox.emit_all();
    assert!(events.len() > 50);
    world.arrive().await;
    let ledger = world.sandbox.ledger();
    let is_signed = |entry: &&LedgerEntry| {
        !entry.faults.iter().any(|fault| matches!(fault, Fault::WrongSignature | Fault::MissingSignature))
    };
    let heard: Vec<LedgerEntry> =
        ledger.iter().filter(|e| e.outcome == Outcome::Delivered).filter(is_signed).cloned().collect();
    let kept = arrivals(&world.desk, None).await;
    let distinct: BTreeSet<_> = heard.iter().map(|entry| entry.body.clone()).collect();
    assert_eq!(kept.iter().filter(|row| row.trust.is_some()).count(), distinct.len());

    let expected = undisturbed(&world, &heard, &world.dir.path().join("quiet")).await;
    let told = story(&world.desk).await;
    assert!(told.unambiguous() >= 6, "only {} of {}", told.unambiguous(), told.orders.len());
    assert_eq!(told, expected);
    assert!(world.desk.ledger_verify().await.unwrap().projections_match);
    ledger
}

fn struck(ledger: &[LedgerEntry], fault: Fault) -> usize {
    ledger.iter().filter(|entry| entry.faults.contains(&fault)).count()
}

fn all_arrived(ledger: &[LedgerEntry]) -> bool {
    ledger.iter().all(|entry| entry.outcome == Outcome::Delivered)
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_change_nothing() {
    let ledger = through(Faults { duplicate: Odds::Chance(0.5), ..Faults::default() }).await;
    assert!(struck(&ledger, Fault::Duplicate) > 10 && all_arrived(&ledger));
}

#[tokio::test(flavor = "multi_thread")]
async fn reordering_changes_nothing() {
    let ledger = through(Faults { reorder: Odds::Chance(0.5), ..Faults::default() }).await;
    assert!(struck(&ledger, Fault::Reorder) > 10 && all_arrived(&ledger));
}

#[tokio::test(flavor = "multi_thread")]
async fn delays_change_nothing() {
    let ledger = through(Faults { delay: Odds::Chance(0.3), delay_ms: 300, ..Faults::default() }).await;
    assert!(struck(&ledger, Fault::Delay) > 10 && all_arrived(&ledger));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_sender_changes_nothing() {
    let ledger = through(Faults { slow: Odds::Chance(0.2), slow_ms: 100, ..Faults::default() }).await;
    assert!(struck(&ledger, Fault::Slow) > 5 && all_arrived(&ledger));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_came_leaves_the_rest_as_it_is() {
    let ledger = through(Faults { drop: Odds::Chance(0.2), ..Faults::default() }).await;
    assert!(struck(&ledger, Fault::Drop) > 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_wrong_leaves_the_rest_as_it_is() {
    let faults =
        Faults { wrong_signature: Odds::Chance(0.1), missing_signature: Odds::Chance(0.1), ..Faults::default() };
    let ledger = through(faults).await;
    assert!(struck(&ledger, Fault::WrongSignature) > 2 && struck(&ledger, Fault::MissingSignature) > 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_at_once_changes_nothing() {
    let ledger = through(Faults {
        duplicate: Odds::Chance(0.3),
        reorder: Odds::Chance(0.3),
        delay: Odds::Chance(0.2),
        delay_ms: 200,
        drop: Odds::Chance(0.1),
        wrong_signature: Odds::Chance(0.1),
        slow: Odds::Chance(0.1),
        slow_ms: 50,
        ..Faults::default()
    })
    .await;
    assert!(struck(&ledger, Fault::Duplicate) > 0 && struck(&ledger, Fault::Drop) > 0);
}
