//! The faults, each requested and then observed.

use std::time::Duration;

use offizin_sandbox::{
    AnswerFault, AnswerRule, Call, Config, DEMO_KEY, Fault, Faults, HUGE, Malformation, Odds, Outcome, Sandbox,
};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{SUBSCRIPTIONS, answer, ask, list, quiet, receiver::Receiver, subscribe, text};

const TYPE: &str = "pharmacy_sku_stock_updated";

/// Emits until `number` events of the type have happened and tells the deliveries they led to.
async fn struck(faults: Faults, number: usize) -> (Sandbox, Receiver, String) {
    let (sandbox, receiver) = quiet(Config::default()).await;
    let made = subscribe(&sandbox, TYPE, &receiver.target("a")).await;
    sandbox.set_faults(faults);
    let mut happened = 0;
    while happened < number {
        happened += sandbox.emit(1).iter().filter(|event| event.event_type.as_str() == TYPE).count();
    }
    sandbox.settled().await;
    (sandbox, receiver, text(&made["signing_secret"]).to_owned())
}

fn bodies(receiver: &Receiver) -> Vec<bytes::Bytes> {
    receiver.got().into_iter().map(|got| got.body).collect()
}

#[tokio::test]
async fn a_duplicate_is_the_same_bytes_again() {
    let (sandbox, receiver, secret) = struck(Faults { duplicate: Odds::next(2), ..Faults::default() }, 3).await;
    let got = bodies(&receiver);
    assert_eq!(got.len(), 5);
    assert_eq!((&got[0], &got[2]), (&got[1], &got[3]));
    assert!(receiver.got().iter().all(|got| got.verifies(&secret)));
    assert_eq!(sandbox.ledger()[1].faults, [Fault::Duplicate]);
    assert_eq!(sandbox.faults().duplicate, Odds::next(0), "a count runs down");
}

#[tokio::test]
async fn a_reordered_delivery_is_overtaken_by_the_next() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    subscribe(&sandbox, TYPE, &receiver.target("a")).await;
    sandbox.set_faults(Faults { reorder: Odds::next(1), ..Faults::default() });
    sandbox.emit(200);
    sandbox.settled().await;
    let sent: Vec<_> = sandbox.ledger().into_iter().map(|entry| entry.body).collect();
    let got = bodies(&receiver);
    assert!(sent.len() > 2);
    assert_eq!((&got[0], &got[1]), (&sent[1], &sent[0]));
    assert_eq!(got[2..], sent[2..]);

    sandbox.set_faults(Faults { reorder: Odds::ALWAYS, ..Faults::default() });
    sandbox.emit(100);
    sandbox.settled().await;
    assert_eq!(receiver.got().len(), sandbox.ledger().len(), "nothing stays behind");
}

#[tokio::test]
async fn a_delayed_delivery_lets_others_pass() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    subscribe(&sandbox, TYPE, &receiver.target("a")).await;
    sandbox.set_faults(Faults { delay: Odds::next(1), delay_ms: 1_000, ..Faults::default() });
    sandbox.emit(200);
    sandbox.settled().await;
    let sent: Vec<_> = sandbox.ledger().into_iter().map(|entry| entry.body).collect();
    let got = bodies(&receiver);
    assert_eq!(got[0], sent[1], "the second overtook the first");
    assert!(got.contains(&sent[0]));
    assert_eq!(got.len(), sent.len());
}

#[tokio::test]
async fn a_dropped_delivery_never_comes() {
    let (sandbox, receiver, _) = struck(Faults { drop: Odds::next(1), ..Faults::default() }, 2).await;
    assert_eq!(sandbox.ledger()[0].outcome, Outcome::Dropped);
    assert!(sandbox.ledger()[0].attempts.is_empty());
    assert_eq!(bodies(&receiver), [sandbox.ledger()[1].body.clone()]);
}

#[tokio::test]
async fn signatures_can_be_wrong_or_missing() {
    let faults = Faults { wrong_signature: Odds::next(1), missing_signature: Odds::next(1), ..Faults::default() };
    let (sandbox, receiver, secret) = struck(faults, 3).await;
    let got = receiver.got();
    assert_eq!(got[0].header("x-webhook-signature").unwrap().len(), 64);
    assert!(!got[0].verifies(&secret));
    assert_eq!(got[1].header("x-webhook-signature"), None);
    assert!(got[2].verifies(&secret));
    let faults: Vec<_> = sandbox.ledger().into_iter().flat_map(|entry| entry.faults).collect();
    assert_eq!(faults, [Fault::WrongSignature, Fault::MissingSignature]);
}

#[tokio::test]
async fn a_slow_delivery_arrives_whole() {
    let faults = Faults { slow: Odds::next(1), slow_ms: 300, ..Faults::default() };
    let (sandbox, receiver, secret) = struck(faults, 1).await;
    let got = receiver.got();
    assert!(got[0].header("content-length").is_none(), "it came in pieces");
    assert!(got[0].verifies(&secret));
    assert_eq!(got[0].body, sandbox.ledger()[0].body);
}

#[tokio::test]
async fn malformed_bodies_come_in_addition_and_signed() {
    let once = Odds::next(1);
    let faults = Faults {
        not_json: once,
        not_utf8: once,
        deep_nesting: once,
        wrong_types: once,
        missing_fields: once,
        unknown_event_type: once,
        unknown_payload_version: once,
        huge: once,
        ..Faults::default()
    };
    let (sandbox, receiver, secret) = struck(faults, 1).await;
    let got = receiver.got();
    assert_eq!(got.len(), 9);
    assert!(got.iter().all(|got| got.verifies(&secret) && got.header("x-webhook-event") == Some(TYPE)));
    assert!(got[0].json()["data"]["uid"].is_string(), "the good one is among them");
    assert_eq!(sandbox.ledger()[8].faults, [Fault::Malformed(Malformation::Huge)]);
    assert_eq!(got[8].body.len(), HUGE);
}

#[tokio::test]
async fn faults_do_not_change_the_story() {
    let tell = |faults: Faults| async {
        let starts_at = Some(jiff::Timestamp::UNIX_EPOCH);
        let (sandbox, receiver) = quiet(Config { starts_at, faults, ..Config::default() }).await;
        subscribe(&sandbox, TYPE, &receiver.target("a")).await;
        sandbox.emit(60).iter().map(|event| event.body(offizin_sandbox::Level::Management)).collect::<Vec<_>>()
    };
    let half = Odds::Chance(0.5);
    let wild = Faults { duplicate: half, drop: half, wrong_signature: half, not_json: half, ..Faults::default() };
    assert_eq!(tell(Faults::default()).await, tell(wild).await);
}

fn rule(on: Call, fault: AnswerFault) -> Faults {
    Faults { answers: vec![AnswerRule { on, fault, odds: Odds::next(1) }], ..Faults::default() }
}

fn create(sandbox: &Sandbox, receiver: &Receiver) -> RequestBuilder {
    let wish = json!({ "notification_type": TYPE, "target": receiver.target("a") });
    ask(sandbox, Method::POST, SUBSCRIPTIONS, DEMO_KEY).json(&wish).timeout(Duration::from_secs(2))
}

#[tokio::test]
async fn the_answer_to_a_create_can_be_lost_with_and_without_effect() {
    for (fault, effect, timeout) in [
        (AnswerFault::Lost, 1, false),
        (AnswerFault::Cut, 0, false),
        (AnswerFault::HangAfter, 1, true),
        (AnswerFault::Hang, 0, true),
    ] {
        let (sandbox, receiver) = quiet(Config::default()).await;
        sandbox.set_faults(rule(Call::Create, fault.clone()));
        let error = create(&sandbox, &receiver).send().await.unwrap_err();
        assert_eq!(error.is_timeout(), timeout, "{fault:?}");
        assert_eq!(list(&sandbox).await.len(), effect, "{fault:?}");
        assert_eq!(sandbox.requests()[0].status, None, "{fault:?}");
        assert_eq!(create(&sandbox, &receiver).send().await.unwrap().status(), StatusCode::CREATED, "only once");
    }
}

#[tokio::test]
async fn the_answer_to_a_delete_can_be_lost_with_and_without_effect() {
    for (fault, left) in [(AnswerFault::Lost, 0), (AnswerFault::Cut, 1)] {
        let (sandbox, receiver) = quiet(Config::default()).await;
        let made = subscribe(&sandbox, TYPE, &receiver.target("a")).await;
        sandbox.set_faults(rule(Call::Delete, fault));
        let path = format!("{SUBSCRIPTIONS}?uid={}", text(&made["uid"]));
        assert!(ask(&sandbox, Method::DELETE, &path, DEMO_KEY).send().await.is_err());
        assert_eq!(list(&sandbox).await.len(), left);
    }
}

#[tokio::test]
async fn an_answer_can_be_empty_a_page_or_without_its_secret() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    sandbox.set_faults(rule(Call::Create, AnswerFault::Empty));
    assert_eq!(answer(create(&sandbox, &receiver)).await, (StatusCode::OK, Value::String(String::new())));
    assert_eq!(list(&sandbox).await.len(), 1);

    sandbox.set_faults(rule(Call::Create, AnswerFault::NoSecret));
    let (status, made) = answer(create(&sandbox, &receiver)).await;
    assert_eq!(status, StatusCode::CREATED);
    assert!(made["uid"].is_string() && made.get("signing_secret").is_none());
    assert_eq!(list(&sandbox).await.len(), 2);

    for (fault, expected) in [(AnswerFault::Html, 200), (AnswerFault::Status(502), 502)] {
        sandbox.set_faults(rule(Call::Any, fault));
        let response = create(&sandbox, &receiver).send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        assert_eq!(list(&sandbox).await.len(), 2, "without effect");
    }
}

#[tokio::test]
async fn an_answer_can_lead_away() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    sandbox.set_faults(rule(Call::List, AnswerFault::Redirect(receiver.target("trap").parse().unwrap())));
    let response = ask(&sandbox, Method::GET, SUBSCRIPTIONS, DEMO_KEY).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(response.headers()["location"], receiver.target("trap").as_str());
}

#[tokio::test]
async fn a_fault_strikes_only_the_calls_it_is_for() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    sandbox.set_faults(rule(Call::Delete, AnswerFault::Cut));
    subscribe(&sandbox, TYPE, &receiver.target("a")).await;
    list(&sandbox).await;
    assert!(ask(&sandbox, Method::DELETE, SUBSCRIPTIONS, DEMO_KEY).send().await.is_err());
    assert_eq!(sandbox.swept(), 0);
}
