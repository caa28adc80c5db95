//! A provider that signs nothing and tells no times: five orders, one for each thing that only it says, told by its sandbox.

use offizin_desk::{
    Desk, Source,
    inlets::{InletInput, unsigned::InletKeyInput},
};
use offizin_journey::pull;
use offizin_sandbox::evitalrx::{Call, Caller, Ids, Tale, api::OrdersApi, ids, tell};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{House, ask::Recording, compare, now, questions};

const KEY: &str = "key-for-orders";

/// A call and how many minutes ago it came.
type Told = (Call, i64);

fn call(tale: Tale, number: u64, nature: &str) -> Call {
    tell(tale, number, false).into_iter().find(|call| call.nature == nature).unwrap()
}

/// The five, newest first.
fn tales() -> Vec<Vec<Told>> {
    let delivery = tell(Tale::Delivery, 1, false);
    let reassigned = tell(Tale::Reassigned, 2, false);
    let pickup = tell(Tale::Pickup, 3, false);
    let split = tell(Tale::Split, 5, false);
    vec![
        vec![(delivery[0].clone(), 95), (delivery[1].clone(), 80), (exact(&delivery[2]), 12)],
        // Rejected, re-assigned to two others, accepted by the first of them.
        vec![
            (reassigned[0].clone(), 240),
            (reassigned[1].clone(), 210),
            (reassigned[2].clone(), 205),
            (reassigned[3].clone(), 190),
        ],
        // A rider came for what was to be collected.
        vec![(pickup[0].clone(), 500), (pickup[1].clone(), 420), (rider(3), 380), (pickup[2].clone(), 300)],
        // Packed without having been accepted, then rejected for good.
        vec![
            (call(Tale::Prescription, 4, "digitization_completed"), 1500),
            (call(Tale::RejectedAfterShipping, 4, "shipped"), 1400),
            (call(Tale::RejectedAfterShipping, 4, "reject"), 1300),
        ],
        // Rejected without a word on finality, and told once more by the old event.
        vec![(call(Tale::RejectedWithoutFlag, 5, "reject"), 1600), (split[2].clone(), 1590)],
    ]
}

/// A price that no binary fraction holds.
fn exact(call: &Call) -> Call {
    let body = String::from_utf8(call.body.to_vec())
        .unwrap()
        .replace("\"price\":130,", "\"price\":30.740000000000002,")
        .replace("https://bills.example.in", "http://localhost");
    Call { body: body.into(), ..call.clone() }
}

/// The rider of a delivery, who comes to an order that is to be collected.
fn rider(number: u64) -> Call {
    let call = call(Tale::Delivery, number, "order_picked_up");
    let body = String::from_utf8(call.body.to_vec()).unwrap().replace("\"delivery\"", "\"pickup\"");
    Call { body: body.into(), ..call }
}

async fn api(tales: &[Vec<Told>]) -> OrdersApi {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let api = OrdersApi::serve_on(listener, address, KEY);
    for (call, _) in tales.iter().flatten() {
        api.note(call);
    }
    api
}

async fn told(house: &House, caller: &Caller, tales: Vec<Vec<Told>>) {
    let mut calls: Vec<Told> = tales.into_iter().flatten().collect();
    calls.sort_by_key(|(_, ago)| -ago);
    for (call, ago) in calls {
        house.hand.set(now().as_millisecond() - ago * 60_000);
        // The second came twice.
        for _ in 0..if call.nature == "accept" && ago == 80 { 2 } else { 1 } {
            assert_eq!(caller.call(&call).await, Some(200), "{}", call.nature);
        }
        pull(&house.desk).await;
    }
    house.hand.set(now().as_millisecond());
}

async fn confirm(recording: &mut Recording, desk: &Desk, ids: &Ids) {
    recording.act(desk, "order_confirm", json!(ids.parent)).await;
    recording.ask(desk, "order_confirmable", json!(ids.parent)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_answers_what_the_desk_answers_of_a_provider_that_signs_nothing() {
    let house = House::begin().await;
    let desk = &house.desk;
    let input = InletInput { name: "eVitalRx".into(), source: Source::Evitalrx, connection: None };
    let inlet = desk.inlet_add(input).await.unwrap();
    let tales = tales();
    let api = api(&tales).await;
    let key =
        InletKeyInput { id: inlet.id.clone(), api_key: Some(KEY.to_owned().into()), base_url: Some(api.base_url()) };
    desk.inlet_key(key).await.unwrap();
    told(&house, &Caller::new(inlet.url.parse().unwrap(), None).unwrap(), tales).await;

    let mut recording = Recording::of(&inlet.owner);
    questions::everything(&mut recording, desk, now()).await;
    let first = ids(1);
    let lane = json!({ "uid": first.parent, "lane_uid": first.children[0] });
    recording.ask(desk, "order_pin", lane).await;
    confirm(&mut recording, desk, &first).await;
    api.say(&ids(2).parent, &ids(2).children[1], "cancelled");
    confirm(&mut recording, desk, &ids(2)).await;
    let mut normal = house.normal();
    normal.within(&api.base_url(), "https://api.evitalrx.in");
    compare("evitalrx.json", &recording.file(now(), &mut normal));
}
