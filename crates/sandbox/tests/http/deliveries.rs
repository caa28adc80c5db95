//! What a receiver gets: signatures, order and retries, and nothing it has not subscribed to.

use std::{collections::BTreeMap, time::Duration};

use data_encoding::BASE64;
use jiff::Timestamp;
use offizin_sandbox::{Attempt, Config, EventType, Level, Outcome, Pace, Retry, Sandbox, Simulation, Switches};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::{
    quiet,
    receiver::{Receiver, Reply},
    subscribe, text,
};

const TYPES: [(&str, EventType); 4] = [
    ("pharmacy_order_created", EventType::OrderCreated),
    ("pharmacy_order_updated", EventType::OrderUpdated),
    ("pharmacy_sku_stock_updated", EventType::StockUpdated),
    ("PRESCRIPTION_DOCTOR_CHANGED", EventType::DoctorChanged),
];

#[tokio::test]
async fn each_type_reaches_its_subscription_signed_and_in_order() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    let mut secrets = BTreeMap::new();
    for (name, _) in TYPES {
        let made = subscribe(&sandbox, name, &receiver.target(name)).await;
        secrets.insert(name, text(&made["signing_secret"]).to_owned());
    }
    let events = sandbox.emit(300);
    sandbox.settled().await;
    for (name, event_type) in TYPES {
        let told = events.iter().filter(|event| event.event_type == event_type);
        let expected: Vec<_> = told.map(|event| event.body(Level::Management)).collect();
        let got = receiver.got_at(name);
        assert!(!got.is_empty(), "{name}");
        assert_eq!(got.iter().map(|got| got.body.clone()).collect::<Vec<_>>(), expected, "{name}");
        for got in &got {
            assert!(got.verifies(&secrets[name]));
            assert_eq!(got.header("x-webhook-event"), Some(name));
            assert_eq!(got.header("content-type"), Some("application/json"));
            assert_eq!(got.header("x-webhook-signature").unwrap().len(), 64);
        }
    }
    let order = receiver.got_at("pharmacy_order_updated")[0].json();
    assert!(order["data"]["fulfillment"]["order"]["shop_order"]["uid"].is_string());
    assert!(
        sandbox
            .ledger()
            .iter()
            .all(|entry| entry.outcome == Outcome::Delivered && entry.attempts == [Attempt::Answered(200)])
    );
}

#[tokio::test]
async fn the_same_seed_and_time_deliver_the_same_bytes() {
    let starts_at = Timestamp::from_second(1_777_000_000).unwrap();
    let mut told = Vec::new();
    for _ in 0..2 {
        let config = Config { seed: 42, orders: 25, starts_at: Some(starts_at), ..Config::default() };
        let (sandbox, receiver) = quiet(config).await;
        subscribe(&sandbox, "pharmacy_order_updated", &receiver.target("a")).await;
        sandbox.emit_all();
        sandbox.settled().await;
        told.push(receiver.got().into_iter().map(|got| got.body).collect::<Vec<_>>());
    }
    assert_eq!(told[0], told[1]);
    let story = Simulation::new(42, 25, starts_at, Duration::from_secs(60));
    let story: Vec<_> = story.filter(|event| event.event_type == EventType::OrderUpdated).collect();
    assert_eq!(told[0], story.iter().map(|event| event.body(Level::Management)).collect::<Vec<_>>());
}

#[tokio::test]
async fn anything_but_a_2xx_is_tried_again() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    subscribe(&sandbox, "pharmacy_order_created", &receiver.target("a")).await;
    let elsewhere = receiver.target("elsewhere");
    receiver.reply([500, 404, 410, 429, 301].map(Reply::Status));
    receiver.reply([Reply::Redirect(elsewhere), Reply::Status(202)]);
    assert_eq!(sandbox.send("pharmacy_order_created", "canary"), 1);
    sandbox.settled().await;
    let ledger = sandbox.ledger();
    assert_eq!(ledger[0].attempts, [500, 404, 410, 429, 301, 307, 202].map(Attempt::Answered));
    assert_eq!(ledger[0].outcome, Outcome::Delivered);
    assert!(receiver.got().iter().all(|got| got.path == "/in/a" && got.body == "canary"), "redirects are not followed");
    assert_eq!(receiver.got().len(), 7);
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_failure_and_so_is_no_connection() {
    let retry = Retry {
        answer_within: Duration::from_millis(150),
        first_pause: Duration::from_millis(5),
        attempts: 3,
        ..Retry::default()
    };
    let (sandbox, receiver) = quiet(Config { retry, ..Config::default() }).await;
    subscribe(&sandbox, "pharmacy_order_created", &receiver.target("a")).await;
    receiver.reply([Reply::Never, Reply::Never, Reply::Never]);
    sandbox.send("pharmacy_order_created", "one");
    sandbox.settled().await;
    assert_eq!(sandbox.ledger()[0].attempts, [Attempt::Timeout; 3]);
    assert_eq!(sandbox.ledger()[0].outcome, Outcome::GaveUp);

    drop(receiver);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    subscribe(&sandbox, "pharmacy_order_updated", &format!("http://{nobody}/in")).await;
    sandbox.send("pharmacy_order_updated", "two");
    sandbox.settled().await;
    assert_eq!(sandbox.ledger()[1].attempts, [Attempt::Unreachable; 3]);
}

#[tokio::test]
async fn a_failed_delivery_steps_aside_and_comes_again() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    subscribe(&sandbox, "pharmacy_order_created", &receiver.target("a")).await;
    receiver.reply([Reply::Status(503)]);
    sandbox.send("pharmacy_order_created", "first");
    sandbox.send("pharmacy_order_created", "second");
    sandbox.settled().await;
    let bodies: Vec<_> = receiver.got().into_iter().map(|got| got.body).collect();
    assert_eq!(bodies, ["first", "second", "first"]);
}

#[tokio::test]
async fn retries_may_outlive_their_subscription() {
    for outlive in [true, false] {
        let retry = Retry { first_pause: Duration::from_millis(200), ..Retry::default() };
        let switches = Switches { retries_outlive_deletion: outlive, ..Switches::default() };
        let (sandbox, receiver) = quiet(Config { retry, switches, ..Config::default() }).await;
        let made = subscribe(&sandbox, "pharmacy_order_created", &receiver.target("a")).await;
        receiver.reply([Reply::Status(503)]);
        sandbox.send("pharmacy_order_created", "one");
        while sandbox.ledger()[0].attempts.is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(sandbox.vanish(text(&made["uid"])));
        sandbox.settled().await;
        let (outcome, got) = if outlive { (Outcome::Delivered, 2) } else { (Outcome::Abandoned, 1) };
        assert_eq!((sandbox.ledger()[0].outcome, receiver.got().len()), (outcome, got));
        assert_eq!(sandbox.send("pharmacy_order_created", "two"), 0, "nothing new is sent to it");
    }
}

#[tokio::test]
async fn changes_of_doctor_can_be_pushed_unsigned() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    sandbox
        .set_switches(Switches { pubsub_push: Some(receiver.target("push").parse().unwrap()), ..sandbox.switches() });
    let events = sandbox.emit(100);
    sandbox.settled().await;
    let changes: Vec<_> = events.iter().filter(|event| event.event_type == EventType::DoctorChanged).collect();
    let got = receiver.got_at("push");
    assert!(!changes.is_empty() && got.len() == changes.len());
    let mut ids = std::collections::BTreeSet::new();
    for (got, change) in got.iter().zip(changes) {
        assert!(got.header("x-webhook-signature").is_none() && got.header("x-webhook-event").is_none());
        let pushed = got.json();
        let data = BASE64.decode(text(&pushed["message"]["data"]).as_bytes()).unwrap();
        assert_eq!(data, change.body(Level::Management));
        let inner: Value = serde_json::from_slice(&data).unwrap();
        assert_eq!((&inner["category"], &inner["event"]), (&"prescription".into(), &"doctor_changed".into()));
        assert!(text(&pushed["message"]["publishTime"]).ends_with('Z'));
        ids.insert(text(&pushed["message"]["messageId"]).to_owned());
    }
    assert_eq!(ids.len(), got.len());
}

#[tokio::test]
async fn a_paced_story_waits_for_subscriptions_and_ends() {
    for pace in [Pace::Rate(2_000.0), Pace::AtOnce { step: Duration::from_secs(60) }] {
        let before = Timestamp::now();
        let config = Config { orders: 10, pace, quiet: Duration::from_secs(1), ..Config::default() };
        let (mut sandbox, receiver) = quiet(config).await;
        for (name, _) in TYPES {
            subscribe(&sandbox, name, &receiver.target(name)).await;
        }
        sandbox.told().await;
        sandbox.settled().await;
        assert!(sandbox.emit(1).is_empty(), "it has ended");
        let expected = Simulation::new(1, 10, before, Duration::ZERO).count();
        assert_eq!(receiver.got().len(), expected, "{pace:?}: nothing happened before all had subscribed");
        // Five minutes in the future would look wrong to any receiver.
        let soon = Timestamp::now().as_second() + 60;
        let times = receiver.got().into_iter().filter_map(|got| got.json()["timestamp"].as_i64()).collect::<Vec<_>>();
        assert!(!times.is_empty() && times.iter().all(|time| *time <= soon), "{pace:?}");
        sandbox.shutdown().await;
    }
}

#[tokio::test]
async fn what_does_not_fit_together_does_not_start() {
    for config in [
        Config { pace: Pace::AtOnce { step: Duration::ZERO }, ..Config::default() },
        Config { pace: Pace::Rate(-1.0), ..Config::default() },
        Config { pace: Pace::Rate(f64::NAN), ..Config::default() },
    ] {
        assert!(Sandbox::start(config).await.is_err());
    }
    let everywhere = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    assert!(Sandbox::serve_on(everywhere, Config::default()).is_err(), "loopback only");
}

#[tokio::test]
async fn closing_abandons_what_is_under_way() {
    let (sandbox, receiver) = quiet(Config { pace: Pace::Rate(50.0), ..Config::default() }).await;
    subscribe(&sandbox, "pharmacy_order_created", &receiver.target("a")).await;
    receiver.reply([Reply::Never]);
    sandbox.send("pharmacy_order_created", "one");
    let address = sandbox.base_url().clone();
    sandbox.shutdown().await;
    assert!(reqwest::Client::builder().no_proxy().build().unwrap().get(address).send().await.is_err(), "it is gone");
}

#[tokio::test]
async fn the_ledger_forgets_beyond_its_bound() {
    let (sandbox, receiver) = quiet(Config { remember: 5, ..Config::default() }).await;
    subscribe(&sandbox, "pharmacy_order_created", &receiver.target("a")).await;
    for number in 0..20 {
        sandbox.send("pharmacy_order_created", number.to_string());
        sandbox.settled().await;
    }
    let kept = sandbox.ledger();
    assert_eq!(kept.iter().map(|entry| entry.id).collect::<Vec<_>>(), [15, 16, 17, 18, 19]);
    assert_eq!(receiver.got().len(), 20);
}

#[tokio::test]
async fn a_secret_is_told_to_tests_only() {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let receiver = Receiver::start().await;
    let made = subscribe(&sandbox, "pharmacy_order_created", &receiver.target("a")).await;
    let secret = sandbox.secret(text(&made["uid"])).unwrap();
    assert_eq!(secret.expose_secret(), text(&made["signing_secret"]));
    assert!(!format!("{sandbox:?}").contains(secret.expose_secret()));
    assert!(sandbox.secret("ns-unknown").is_none());
}
