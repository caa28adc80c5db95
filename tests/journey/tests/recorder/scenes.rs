//! The scenes of the subscriptions: every state a subscription can be in, and a rotation at each of its steps. Each is lived
//! through at a desk of its own, and the desk is asked what the window asks.

use offizin_desk::{
    Source,
    connections::view::DeleteStrategy,
    inlets::{InletInput, InletView},
    rotation::view::RotationStep,
    subscriptions::view::{RegisterInput, RemoveInput, SubscriptionView},
};
use offizin_journey::{Office, desk_at};
use offizin_sandbox::{AnswerFault, Call, Odds};
use serde_json::{Value, json};

use crate::{
    House,
    ask::Recording,
    compare, now,
    pharmacy::{Busy, DAY, MINUTE, Pharmacy, desks},
};

const CREATED: &str = "pharmacy_order_created";
const UPDATED: &str = "pharmacy_order_updated";
const STOCK: &str = "pharmacy_sku_stock_updated";
const MEETING: &str = "patient_doctor_meeting_updated";
const REMINDER: &str = "appointment_reminder_due";
const DOCTOR: &str = "PRESCRIPTION_DOCTOR_CHANGED";

/// What the window asks about subscriptions, at the moment of the recording.
async fn record(scene: &str, of: &Pharmacy) {
    let mut recording = Recording::of(&of.con[0].id);
    look(&mut recording, of).await;
    keep(scene, of, &recording).await;
}

async fn look(recording: &mut Recording, of: &Pharmacy) {
    for question in ["status", "inlet_list", "rules", "device_list"] {
        recording.ask(of.desk(), question, Value::Null).await;
    }
    recording.ask(of.desk(), "subscription_list", json!({ "refresh": false })).await;
    recording.ask(of.desk(), "audit_list", json!({})).await;
}

async fn keep(scene: &str, of: &Pharmacy, recording: &Recording) {
    let mut normal = of.normal();
    desks(of.desk(), &mut normal).await;
    compare(&format!("subscriptions/{scene}.json"), &recording.file(now(), &mut normal));
}

/// The three types every pharmacy subscribes to, on production.
async fn usual(of: &Pharmacy, days: i64) -> Vec<SubscriptionView> {
    let mut made = Vec::new();
    for (at, kind) in [CREATED, UPDATED, STOCK].into_iter().enumerate() {
        made.push(of.register(0, kind, days * DAY - 60 - at as i64).await);
    }
    for (one, hourly) in made.iter().zip([5, 18, 40]) {
        of.busy(&one.id, Busy::Hourly(hourly)).await;
    }
    made
}

async fn inlet(of: &Pharmacy, name: &str, source: Source, connection: Option<usize>, ago: i64) -> InletView {
    of.at(ago);
    let connection = connection.map(|con| of.con[con].id.to_string());
    of.desk().inlet_add(InletInput { name: name.to_owned(), source, connection }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_lists_what_the_desk_lists_when_all_is_well() {
    let of = Pharmacy::since(60).await;
    usual(&of, 60).await;
    of.register(1, UPDATED, 3 * DAY).await;
    of.at(0);
    of.tend().await;
    record("calm", &of).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_lists_what_the_desk_lists_when_secrets_are_old() {
    let of = Pharmacy::since(112).await;
    usual(&of, 112).await;
    of.at(0);
    of.tend().await;
    record("due", &of).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_lists_what_the_desk_lists_on_a_usual_day() {
    let of = Pharmacy::since(112).await;
    let old = of.register(0, UPDATED, 112 * DAY - 60).await;
    let made = of.register(0, CREATED, 60 * DAY).await;
    let mute = of.register(0, STOCK, 60 * DAY - 1).await;
    of.busy(&old.id, Busy::Hourly(18)).await;
    of.busy(&made.id, Busy::Hourly(5)).await;
    of.busy(&mute.id, Busy::Silent).await;
    let gone = of.register(1, UPDATED, 50 * DAY).await;
    of.secrets(1, false);
    of.register(1, MEETING, 40 * DAY).await;
    elsewhere(&of, DOCTOR);
    assert!(of.provider(1).vanish(gone.provider_uid.as_deref().unwrap()));
    acts(&of).await;
    of.other_desk("Notebook (alt)", 59 * DAY, 35 * DAY).await;
    of.other_desk("Büro, 2. Stock", 41 * DAY, 16 * 60 * MINUTE).await;
    of.at(0);
    of.tend().await;
    record("day", &of).await;
}

/// Somebody in another place subscribes as well.
fn elsewhere(of: &Pharmacy, kind: &str) {
    let target = "https://anderswo.example/empfang".parse().unwrap();
    of.provider(0).subscribe_elsewhere(kind, &target).unwrap();
}

/// What administrators did in the last weeks: enough for more than one page of the record.
async fn acts(of: &Pharmacy) {
    for back in (1..=120).rev() {
        of.at(back * 4 * 60 * MINUTE);
        let days = if back % 2 == 0 { 30 } else { 90 };
        of.desk().rules_set(&serde_json::from_value(json!({ "rotate_after_days": days })).unwrap()).await.unwrap();
    }
    assert!(of.try_register(0, "order_teleported", 2 * 60 * MINUTE).await.problem.is_some());
    of.at(60 * MINUTE);
    let row = of.desk().subscription_list(None, false).await.unwrap().rows.remove(0);
    // Somebody ended the program while it asked for a list.
    let input = RemoveInput { id: row.id, confirm: Some("Testapotheke".into()) };
    of.stopped("provider, asked", 1, of.desk().subscription_remove(&input)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_lists_what_the_desk_lists_when_everything_is_amiss() {
    let of = Pharmacy::since(60).await;
    let made = usual(&of, 60).await;
    of.busy(&made[2].id, Busy::Silent).await;
    let gone = made[1].provider_uid.as_deref().unwrap();
    assert!(of.provider(0).vanish(gone));
    let of_created = made[0].provider_uid.as_deref().unwrap();
    let theirs = of.provider(0).subscriptions().into_iter().find(|one| one.uid == of_created).unwrap();
    of.forge(theirs.target.as_str(), 4, 40 * MINUTE).await;

    let portal = inlet(&of, "Portal, Bestellungen", Source::Rxscale, Some(0), 12 * DAY).await;
    inlet(&of, "Arztzuweisungen", Source::RxscalePubsub, Some(0), 12 * DAY - 1).await;
    inlet(&of, "Altes Portal", Source::Rxscale, None, 12 * DAY - 2).await;
    of.provider(0).subscribe_elsewhere(MEETING, &portal.url.parse().unwrap()).unwrap();
    of.forge(&portal.url, 2, 30 * MINUTE).await;
    elsewhere(&of, DOCTOR);

    let lost = of.register(1, STOCK, 30 * DAY).await;
    let leaving = of.register(1, MEETING, 29 * DAY).await;
    of.secrets(1, false);
    let mute = of.register(1, UPDATED, 28 * DAY).await;
    of.deliver(1, mute.provider_uid.as_deref().unwrap(), 3, 20 * MINUTE).await;
    of.secrets(1, true);
    of.fault(1, Call::Create, AnswerFault::Lost, Odds::next(1));
    assert!(of.try_register(1, CREATED, 2 * DAY).await.problem.is_some());

    of.at(10 * MINUTE);
    of.tend().await;
    // What was under way when the program ended. A list that comes later would settle it.
    of.set(1, Some(DeleteStrategy::Query), false).await;
    of.at(40);
    let removal = RemoveInput { id: leaving.id, confirm: None };
    of.stopped("provider, asked", 2, of.desk().subscription_remove(&removal)).await;
    of.set(1, None, false).await;
    of.lose_secret(&lost.id).await;
    let register = |kind: &str| RegisterInput { connection: of.con[1].id.clone(), types: vec![kind.to_owned()] };
    of.at(30);
    of.stopped("provider, asked", 1, of.desk().subscription_register(register(REMINDER))).await;
    of.at(20);
    of.stopped("relay, asked", 1, of.desk().subscription_register(register(DOCTOR))).await;
    of.at(0);
    record("sick", &of).await;
}

/// A pharmacy that begins to rotate its subscription to changed orders, whose secret is old.
async fn rotating(ago: i64) -> Pharmacy {
    let of = begun().await;
    let row = row(&of, UPDATED).await;
    of.rotate(&row, ago).await;
    of
}

async fn begun() -> Pharmacy {
    let of = Pharmacy::since(112).await;
    usual(&of, 112).await;
    of
}

async fn row(of: &Pharmacy, kind: &str) -> SubscriptionView {
    let list = of.desk().subscription_list(None, false).await.unwrap();
    list.rows.into_iter().find(|row| row.notification_type == kind && row.replaces.is_none()).unwrap()
}

/// The scene of a rotation that has come to this step.
async fn at_step(scene: &str, of: &Pharmacy, step: RotationStep) {
    assert_eq!(of.newest().await.step, step, "{scene}");
    of.at(0);
    record(&format!("rotation-{scene}"), of).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_what_the_desk_shows_before_a_rotation_is_proven() {
    let of = rotating(3 * MINUTE).await;
    at_step("planned", &of, RotationStep::Planned).await;

    let of = rotating(3 * MINUTE).await;
    // Asked for, its secret kept, and that it is there.
    of.stopped("commit", 3, of.desk().tend()).await;
    at_step("created", &of, RotationStep::Created).await;

    let of = rotating(3 * MINUTE).await;
    of.secrets(0, false);
    of.desk().tend().await.unwrap();
    at_step("secret", &of, RotationStep::Proving).await;

    let of = rotating(3 * MINUTE).await;
    of.desk().tend().await.unwrap();
    at_step("proving", &of, RotationStep::Proving).await;

    let of = rotating(3 * MINUTE).await;
    of.set(0, Some(DeleteStrategy::Query), true).await;
    of.at(30);
    of.desk().tend().await.unwrap();
    at_step("tested", &of, RotationStep::Proving).await;

    let of = rotating(10).await;
    of.fault(0, Call::Create, AnswerFault::Status(429), Odds::ALWAYS);
    of.at(0);
    of.desk().tend().await.unwrap();
    at_step("next-try", &of, RotationStep::Planned).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_what_the_desk_shows_from_the_switch_on() {
    let of = proven(3 * MINUTE).await;
    of.stopped("provider, asked", 1, of.desk().tend()).await;
    at_step("switching", &of, RotationStep::Switching).await;

    let of = proven(20).await;
    of.fault(0, Call::Delete, AnswerFault::Status(502), Odds::ALWAYS);
    of.at(0);
    of.desk().tend().await.unwrap();
    at_step("switch-failed", &of, RotationStep::Switching).await;

    let of = proven(60 * MINUTE).await;
    of.desk().tend().await.unwrap();
    at_step("grace", &of, RotationStep::Grace).await;

    let of = proven(4 * DAY).await;
    of.desk().tend().await.unwrap();
    of.at(DAY - 60 * MINUTE);
    of.desk().tend().await.unwrap();
    at_step("done", &of, RotationStep::Done).await;
}

/// Begun at a moment, and the first event of the new one has come nine seconds later.
async fn proven(ago: i64) -> Pharmacy {
    let of = rotating(ago).await;
    of.desk().tend().await.unwrap();
    of.prove(ago - 9).await;
    of
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_what_the_desk_shows_of_a_rotation_that_was_given_up() {
    let of = rotating(5 * MINUTE).await;
    of.desk().tend().await.unwrap();
    let id = of.newest().await.id;
    of.at(2 * MINUTE);
    of.desk().rotation_roll_back(&id).await.unwrap();
    at_step("rolling-back", &of, RotationStep::RollingBack).await;

    let of = begun().await;
    rolled_back(&of, UPDATED, 2 * DAY).await;
    at_step("rolled-back", &of, RotationStep::RolledBack).await;

    let of = begun().await;
    answer_lost(&of, UPDATED, 3 * DAY).await;
    at_step("answer-lost", &of, RotationStep::RolledBack).await;

    let of = begun().await;
    vanished(&of, UPDATED, 5 * DAY).await;
    at_step("vanished", &of, RotationStep::RolledBack).await;
}

async fn rolled_back(of: &Pharmacy, kind: &str, ago: i64) {
    of.rotate(&row(of, kind).await, ago).await;
    of.desk().tend().await.unwrap();
    let id = of.newest().await.id;
    of.at(ago - 5 * MINUTE);
    of.desk().rotation_roll_back(&id).await.unwrap();
    of.desk().tend().await.unwrap();
}

async fn answer_lost(of: &Pharmacy, kind: &str, ago: i64) {
    of.rotate(&row(of, kind).await, ago).await;
    of.fault(0, Call::Create, AnswerFault::Lost, Odds::next(1));
    of.desk().tend().await.unwrap();
}

async fn vanished(of: &Pharmacy, kind: &str, ago: i64) {
    of.rotate(&row(of, kind).await, ago).await;
    of.desk().tend().await.unwrap();
    assert!(of.provider(0).vanish(&of.fresh().await));
    // The next list says so, and the one after that gives it up.
    for minutes in [20, 40] {
        of.at(ago - minutes * MINUTE);
        of.desk().tend().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_what_the_desk_shows_of_several_rotations() {
    let of = begun().await;
    let meeting = of.register(0, MEETING, 112 * DAY - 100).await;
    let reminder = of.register(0, REMINDER, 112 * DAY - 101).await;
    of.rotate(&row(&of, STOCK).await, 14).await;
    of.desk().tend().await.unwrap();
    of.secrets(0, false);
    of.rotate(&row(&of, UPDATED).await, 13).await;
    of.desk().tend().await.unwrap();
    of.secrets(0, true);
    of.rotate(&meeting, 12).await;
    of.desk().tend().await.unwrap();
    of.prove(11).await;
    of.fault(0, Call::Delete, AnswerFault::Status(502), Odds::next(1));
    of.desk().tend().await.unwrap();
    of.rotate(&reminder, 9).await;
    of.desk().tend().await.unwrap();
    of.prove(8).await;
    of.desk().tend().await.unwrap();
    of.rotate(&row(&of, CREATED).await, 5).await;
    of.at(0);
    record("steps", &of).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_what_the_desk_shows_of_rotations_that_ended() {
    let of = begun().await;
    of.register(0, MEETING, 112 * DAY - 100).await;
    vanished(&of, MEETING, 5 * DAY).await;
    of.rotate(&row(&of, CREATED).await, 4 * DAY).await;
    of.desk().tend().await.unwrap();
    of.prove(4 * DAY - 9).await;
    of.desk().tend().await.unwrap();
    answer_lost(&of, STOCK, 3 * DAY).await;
    rolled_back(&of, UPDATED, 2 * DAY).await;
    of.at(DAY - 60 * MINUTE);
    of.desk().tend().await.unwrap();
    of.at(0);
    record("ended", &of).await;
}

/// What is set and checked beside the subscriptions, on a desk that nothing was set on.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_checks_and_sets_what_the_desk_checks_and_sets() {
    let house = House::begin().await;
    let desk = &house.desk;
    let (url, name) = (house.sandbox.base_url().to_string(), "sandbox-pharmacy");
    let connect = |name: &str, key: &str, base_path: &str| {
        json!({ "name": name, "provider": "rxscale", "api": "pharmacy", "base_url": url, "api_key": key,
            "settings": { "base_path": base_path, "delete": null, "test_call": false, "signature_prefix": false, "meta_data": "" } })
    };
    let mut recording = Recording::default();
    for question in ["status", "network", "rules", "inlet_list", "device_list"] {
        recording.ask(desk, question, Value::Null).await;
    }
    recording.ask(desk, "subscription_list", json!({ "refresh": false })).await;
    recording.ask(desk, "audit_list", json!({})).await;
    let mut normal = house.normal();
    let hyphen = "/v1/external-pharmacy-api-v1";
    for (called, key, base_path) in [("right", name, ""), ("wrong-key", "nobodys", ""), ("wrong-path", name, hyphen)] {
        let made = recording.act(desk, "connection_add", connect(called, key, base_path)).await;
        normal.name(made["id"].as_str().unwrap(), called);
        recording.act(desk, "connection_check", made["id"].clone()).await;
    }
    recording.act(desk, "connection_add", connect("right", name, "")).await;
    recording.act(desk, "connection_check", json!("nobody")).await;
    let right = desk.connection_find("right").await.unwrap().id.to_string();
    recording.act(desk, "notification_types", json!(right)).await;
    let network = |proxy: &str, url: Option<&str>, pem: Option<&str>| json!({ "proxy": proxy, "proxy_url": url, "root_certificates_pem": pem, "timeout_seconds": 30 });
    recording.act(desk, "network_set", network("custom", None, None)).await;
    recording.act(desk, "network_set", network("system", None, Some("nothing"))).await;
    recording.act(desk, "network_set", network("custom", Some("http://proxy.beispiel.example:3128"), None)).await;
    let office = Office::before(&[]).await;
    let trusted = recording.act(desk, "network_set", network("system", None, Some(&office.root))).await;
    normal.name(&office.root, "a certificate");
    normal.name(trusted["root_certificates"][0].as_str().unwrap(), &"5c8b1e0f94a7d362".repeat(4));
    recording.act(desk, "rules_set", json!({ "rotate_after_days": 30 })).await;
    // Nobody answers at the last one; the ones before it refuse the key or the path.
    let mut nowhere = connect("unreachable", name, "");
    nowhere["base_url"] = json!("http://127.0.0.1:1");
    normal.name(recording.act(desk, "connection_add", nowhere).await["id"].as_str().unwrap(), "unreachable");
    recording.act(desk, "subscription_list", json!({ "refresh": true })).await;
    let id = desk.connection_find("unreachable").await.unwrap().id.to_string();
    let adopt = json!({ "connection": id, "provider_uid": "ns-1", "secret": "whsec_invented" });
    recording.act(desk, "subscription_adopt", adopt).await;
    desks(desk, &mut normal).await;
    compare("subscriptions/settings.json", &recording.file(now(), &mut normal));
}

/// Everything an administrator does with subscriptions, rotations and inlets, once as it is done and once as it is refused.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_does_what_the_desk_does() {
    let of = begun().await;
    let desk = of.desk();
    of.at(5 * MINUTE);
    let mut recording = Recording::of(&of.con[0].id);
    let con = of.con[0].id.to_string();
    let rows = desk.subscription_list(None, false).await.unwrap().rows;
    let id = |at: usize| json!(rows[at].id);
    let types = |kind: &str| json!({ "connection": con, "types": [kind] });
    for kind in [REMINDER, "order_teleported"] {
        recording.act(desk, "subscription_register", types(kind)).await;
    }
    of.set(0, Some(DeleteStrategy::Query), true).await;
    recording.act(desk, "subscription_test", id(0)).await;
    recording.act(desk, "subscription_remove", json!({ "id": id(0), "confirm": null })).await;
    recording.act(desk, "subscription_remove", json!({ "id": id(0), "confirm": "Testapotheke" })).await;
    recording.act(desk, "subscription_remove", json!({ "id": id(0), "confirm": "Testapotheke" })).await;
    for secret in ["falsch", "whsec_invented"] {
        recording.act(desk, "subscription_paste_secret", json!({ "id": id(2), "secret": secret })).await;
    }
    let rotate = json!({ "subscriptions": [id(1)], "grace_hours": 72 });
    let begun = recording.act(desk, "subscription_rotate", rotate.clone()).await;
    let rotation = begun[0]["rotation"]["id"].clone();
    recording.act(desk, "subscription_rotate", rotate).await;
    desk.tend().await.unwrap();
    for act in ["rotation_test", "rotation_try_now", "rotation_roll_back"] {
        of.at(4 * MINUTE);
        recording.act(desk, act, rotation.clone()).await;
        recording.act(desk, act, json!("nobody")).await;
    }
    desk.tend().await.unwrap();

    let add = |name: &str, source: &str| json!({ "name": name, "source": source, "connection": con });
    let portal = recording.act(desk, "inlet_add", add("Portal, Bestellungen", "rxscale")).await;
    of.at(3 * MINUTE);
    let pushes = recording.act(desk, "inlet_add", add("Arztzuweisungen", "rxscale-pubsub")).await;
    of.at(2 * MINUTE);
    let unsigned = json!({ "name": "eVitalRx", "source": "evitalrx" });
    let unsigned = recording.act(desk, "inlet_add", unsigned).await["id"].clone();
    recording.act(desk, "inlet_secret", json!({ "id": portal["id"], "secret": "whsec_invented" })).await;
    recording.act(desk, "inlet_secret", json!({ "id": "nobody", "secret": "whsec_invented" })).await;
    recording
        .act(desk, "inlet_set", json!({ "id": unsigned, "rejections": "final_only", "required_header": null }))
        .await;
    let key = json!({ "id": unsigned, "api_key": "invented", "base_url": "https://api.evitalrx.in" });
    recording.act(desk, "inlet_key", key).await;
    of.at(MINUTE);
    recording.act(desk, "inlet_rotate", json!({ "id": unsigned, "grace_ms": DAY * 3000 })).await;
    recording.act(desk, "inlet_remove", json!({ "id": pushes["id"], "confirm": null })).await;
    recording.act(desk, "inlet_remove", json!({ "id": pushes["id"], "confirm": "Testapotheke" })).await;

    let uid = of.provider(0).subscribe_elsewhere(MEETING, &portal["url"].as_str().unwrap().parse().unwrap()).unwrap();
    let adopt = |secret: &str| json!({ "connection": con, "provider_uid": uid, "secret": secret });
    recording.act(desk, "subscription_adopt", adopt("")).await;
    recording.act(desk, "subscription_adopt", adopt("whsec_invented")).await;
    elsewhere(&of, DOCTOR);
    let foreign = of.provider(0).subscriptions().into_iter().find(|one| one.notification_type == DOCTOR).unwrap().uid;
    desk.subscription_list(None, true).await.unwrap();
    for confirm in ["", "Testapotheke"] {
        let remove = json!({ "connection": con, "provider_uid": foreign, "confirm": confirm });
        recording.act(desk, "subscription_remove_foreign", remove).await;
    }
    recording.act(desk, "connection_remove", json!({ "id": con, "confirm": null })).await;
    recording.act(desk, "connection_remove", json!({ "id": con, "confirm": "Testapotheke" })).await;
    let settings = json!(of.con[0].settings);
    for name in ["Testapotheke Süd", "Testapotheke (Entwicklung)"] {
        let edit = json!({ "id": con, "name": name, "settings": settings });
        recording.act(desk, "connection_edit", edit).await;
    }
    of.at(0);
    look(&mut recording, &of).await;
    keep("acts", &of, &recording).await;
}

/// The first step of every desk, and what can be wrong with it.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_pairs_as_the_desk_pairs() {
    let house = House::begin().await;
    let dir = tempfile::tempdir().unwrap();
    let desk = desk_at(dir.path(), house.hand.desk()).await.unwrap();
    let mut recording = Recording::default();
    let mut normal = house.normal();
    let pair = |code: &str| json!({ "code": code, "device_name": "Kasse 2" });
    recording.act(&desk, "device_list", Value::Null).await;
    recording.act(&desk, "pair", pair("short")).await;
    let code = house.relay.relay.add_code("testapotheke", now()).await.unwrap().expose();
    recording.act(&desk, "pair", pair(&code)).await;
    normal.name(&code, "a code");
    let other = desk_at(&dir.path().join("other"), house.hand.desk()).await.unwrap();
    recording.act(&other, "pair", pair(&code)).await;
    recording.act(&desk, "device_rename", json!({ "id": "nobody", "name": "Kasse 3" })).await;
    recording.act(&desk, "device_revoke", json!("nobody")).await;
    house.relay.stop().await;
    recording.act(&other, "pair", pair(&code)).await;
    compare("subscriptions/pairing.json", &recording.file(now(), &mut normal));
}
