//! Records what the demo of the window answers: the real relay, the real desk and the sandbox live through a script, the desk is
//! asked everything the window asks, and the answers are compared with the committed ones. `OFFIZIN_BLESS=1` accepts them.
//!
//! Run under `tests/with-keyring`. The same script gives the same bytes: the clock stands where the script puts it, and what is
//! drawn at random is counted instead.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a script that meets the unexpected has to fail"
)]

mod ask;
mod cast;
mod evitalrx;
mod lives;
mod normal;
mod pharmacy;
mod post;
mod questions;
mod scenes;
mod shelves;
mod wards;

use std::path::Path;

use jiff::Timestamp;
use offizin_desk::{
    Source, id::ConnectionId, inlets::InletInput, status::PairInput, subscriptions::view::RegisterInput,
};
use offizin_journey::{OpenDesk, ServedRelay, connection, desk_at, pull};
use offizin_sandbox::{Config, DEMO_KEY, Sandbox, Switches};
use serde_json::json;

use ask::Recording;
use normal::Normal;
use post::{Delivery, Hand, Post, Way};

const TYPES: [&str; 4] =
    ["pharmacy_order_created", "pharmacy_order_updated", "pharmacy_sku_stock_updated", "PRESCRIPTION_DOCTOR_CHANGED"];

/// The moment of every recording, to which the demo relates its own.
fn now() -> Timestamp {
    "2026-03-02T11:00:00Z".parse().unwrap()
}

/// Relay, sandbox and a paired desk, all reading one clock.
struct House {
    hand: Hand,
    relay: ServedRelay,
    sandbox: Sandbox,
    desk: OpenDesk,
    _dir: tempfile::TempDir,
}

impl House {
    async fn begin() -> Self {
        Self::since(now()).await
    }

    /// Paired at this moment, where its clock still stands.
    async fn since(paired: Timestamp) -> Self {
        let hand = Hand::at(paired);
        let dir = tempfile::tempdir().unwrap();
        let relay = ServedRelay::with_clock(&dir.path().join("relay"), hand.relay()).await;
        // A test event would carry the time of the machine.
        let switches = Switches { test_after_registration: false, ..Switches::default() };
        let sandbox = Sandbox::start(Config { switches, ..Config::default() }).await.unwrap();
        let desk = desk_at(&dir.path().join("home"), hand.desk()).await.unwrap();
        let code = relay.relay.add_inbox("testapotheke", paired).await.unwrap().expose();
        desk.pair(PairInput { code, device_name: "Kasse 1".to_owned() }).await.unwrap();
        Self { hand, relay, sandbox, desk, _dir: dir }
    }

    /// Connects to the sandbox and subscribes to everything.
    async fn subscribe(&self) -> ConnectionId {
        let made = self.desk.connection_add(connection(&self.sandbox, DEMO_KEY)).await.unwrap();
        let types = TYPES.map(str::to_owned).to_vec();
        let input = RegisterInput { connection: made.id.clone(), types };
        for one in self.desk.subscription_register(input).await.unwrap() {
            assert_eq!(one.problem, None);
        }
        made.id
    }

    /// The address of an inlet made by hand.
    async fn inlet(&self, name: &str, source: Source, connection: &ConnectionId) -> String {
        let input = InletInput { name: name.to_owned(), source, connection: Some(connection.to_string()) };
        self.desk.inlet_add(input).await.unwrap().url
    }

    /// Nothing of this house is the same in the next recording.
    fn normal(&self) -> Normal {
        let mut normal = Normal::default();
        normal.within(&self.desk.home().dir().display().to_string(), "~/.local/share/offizin");
        normal.within(self.relay.url.as_str().trim_end_matches('/'), "https://relais.beispiel.example");
        normal.within(self.sandbox.base_url().as_str().trim_end_matches('/'), "https://api.rxscale.com");
        normal
    }
}

/// Compares a recording with the committed one, or commits it.
fn compare(name: &str, recorded: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/backend/demo/recorded").join(name);
    if std::env::var_os("OFFIZIN_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, recorded).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let different = committed.lines().zip(recorded.lines()).position(|(one, other)| one != other);
    if let Some(line) = different {
        let [old, new] = [&committed, recorded].map(|text| text.lines().nth(line).unwrap_or_default());
        panic!(
            "{name}, line {}: the desk answers differently (OFFIZIN_BLESS=1 accepts it)\n- {old}\n+ {new}",
            line + 1
        );
    }
    assert!(committed == recorded, "{name} has lines more or less: the desk answers differently (OFFIZIN_BLESS=1)");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_answers_what_the_desk_answers_when_nothing_has_arrived() {
    let house = House::begin().await;
    let mut recording = Recording::default();
    questions::glance(&mut recording, &house.desk, now()).await;
    compare("empty.json", &recording.file(now(), &mut house.normal()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_answers_what_the_desk_answers_after_one_order() {
    let house = House::begin().await;
    let connection = house.subscribe().await;
    let post = Post { sandbox: &house.sandbox, hand: &house.hand, pushes: "", keyless: "" };
    let mut deliveries = lives::first(now().as_millisecond());
    deliveries.extend(shelves::first(now().as_millisecond()));
    post.deliver(deliveries).await;
    house.hand.set(now().as_millisecond());
    pull(&house.desk).await;
    let mut recording = Recording::of(&connection);
    questions::everything(&mut recording, &house.desk, now()).await;
    compare("one.json", &recording.file(now(), &mut house.normal()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_answers_what_the_desk_answers_on_a_busy_day() {
    let house = House::begin().await;
    let connection = house.subscribe().await;
    let pushes = house.inlet("Arztzuweisungen", Source::RxscalePubsub, &connection).await;
    let keyless = house.inlet("Portal", Source::Rxscale, &connection).await;
    let post = Post { sandbox: &house.sandbox, hand: &house.hand, pushes: &pushes, keyless: &keyless };
    let at = now().as_millisecond();
    let mut deliveries = lives::told(at);
    deliveries.extend(shelves::told(at));
    deliveries.extend(wards::told(at));
    deliveries.extend(odd(at));
    post.deliver(deliveries).await;
    house.hand.set(at);
    pull(&house.desk).await;

    let (desk, mut recording) = (&house.desk, Recording::of(&connection));
    questions::everything(&mut recording, desk, now()).await;
    // A product gets a threshold of its own, and follows the rule again.
    let product = 8;
    for threshold in [json!({ "pieces": 100 }), json!(null)] {
        recording
            .act(desk, "stock_threshold_set", json!({ "uid": shelves::uid(product), "threshold": threshold }))
            .await;
        for filter in [json!({}), json!({ "low": true }), json!({ "out": true })] {
            recording.ask(desk, "stock_list", filter).await;
        }
        questions::shelf(&mut recording, desk, now(), product).await;
        recording.ask(desk, "status", json!(null)).await;
    }
    for count in 1..=3 {
        let since = now() + jiff::SignedDuration::from_secs(i64::from(count));
        post.deliver(lives::arriving(count, since.as_millisecond())).await;
        house.hand.set(since.as_millisecond());
        pull(desk).await;
        recording.happened("arrive", count);
        questions::glance(&mut recording, desk, now()).await;
        let newest = recording.ask(desk, "order_list", json!({})).await[0]["uid"].clone();
        questions::order(&mut recording, desk, &newest).await;
        for id in questions::events_of(&mut recording, desk, &newest).await {
            questions::event(&mut recording, desk, &id).await;
        }
    }
    compare("day.json", &recording.file(now(), &mut house.normal()));
}

/// What nobody should send, and what nobody knows.
fn odd(now: i64) -> Vec<Delivery> {
    let minutes = |minutes: i64| now - minutes * 60_000;
    let told = |kind: &str, minutes: i64| {
        let at = (now - minutes * 60_000) / 1000;
        json!({ "event_type": kind, "timestamp": at, "payload_version": "1", "data": { "uid": "po-nobody", "status": "init" } })
            .to_string()
            .into_bytes()
    };
    let mut odd = vec![
        Delivery { received: minutes(26), way: Way::Forged, body: told("pharmacy_order_updated", 26) },
        Delivery { received: minutes(300), way: Way::Bare, body: b"hello".to_vec() },
        Delivery {
            received: minutes(120),
            way: Way::Named("pharmacy_order_teleported"),
            body: told("pharmacy_order_teleported", 120),
        },
        Delivery { received: minutes(1800), way: Way::Named("pharmacy_order_updated"), body: vec![0xfe; 6000] },
    ];
    let keyless = told("pharmacy_order_updated", 540);
    odd.extend((0..3).map(|more| Delivery {
        received: minutes(540) + more * 97_000,
        way: Way::Keyless("pharmacy_order_updated"),
        body: keyless.clone(),
    }));
    odd
}
