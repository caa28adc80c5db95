//! The controls under `/_sandbox/`.

use offizin_sandbox::{Config, DEMO_KEY, DeleteBy, Odds, Sandbox};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{answer, ask, list, quiet, subscribe, text};

async fn control(sandbox: &Sandbox, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
    answer(ask(sandbox, method, &format!("_sandbox/{path}"), "no key is needed").json(body)).await
}

#[tokio::test]
async fn switches_and_faults_are_set_whole_or_in_part() {
    let (sandbox, _receiver) = quiet(Config::default()).await;
    let (status, set) = control(&sandbox, Method::PATCH, "switches", &json!({ "delete_by": "body" })).await;
    assert_eq!((status, &set["delete_by"]), (StatusCode::OK, &json!("body")));
    assert_eq!(sandbox.switches().delete_by, DeleteBy::Body);
    assert!(!sandbox.switches().test_after_registration, "the others stay");
    control(&sandbox, Method::PUT, "switches", &json!({ "delete_by": "body" })).await;
    assert!(sandbox.switches().test_after_registration, "the others fall back");

    control(&sandbox, Method::PATCH, "faults", &json!({ "drop": 0.25, "duplicate": { "next": 3 } })).await;
    assert_eq!((sandbox.faults().drop, sandbox.faults().duplicate), (Odds::Chance(0.25), Odds::next(3)));
    let rule = json!({ "answers": [{ "on": "create", "fault": "lost", "odds": { "next": 1 } }, { "on": "any", "fault": { "status": 503 } }] });
    let (status, _) = control(&sandbox, Method::PUT, "faults", &rule).await;
    assert_eq!((status, sandbox.faults().answers.len(), sandbox.faults().drop), (StatusCode::OK, 2, Odds::NEVER));

    for (path, wrong) in
        [("switches", json!({ "delete_by": "fax" })), ("switches", json!([])), ("faults", json!({ "gremlins": 1 }))]
    {
        let (status, body) = control(&sandbox, Method::PATCH, path, &wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(body["error"].is_string());
    }
    assert_eq!(sandbox.faults().answers.len(), 2, "what is refused changes nothing");
    assert_eq!(control(&sandbox, Method::GET, "switches", &Value::Null).await.1["delete_by"], "body");
    assert_eq!(control(&sandbox, Method::GET, "faults", &Value::Null).await.1["answers"][0]["on"], "create");
}

#[tokio::test]
async fn events_are_emitted_and_bodies_sent() {
    let (sandbox, receiver) = quiet(Config { orders: 2, ..Config::default() }).await;
    let made = subscribe(&sandbox, "pharmacy_order_created", &receiver.target("a")).await;
    let (_, emitted) = control(&sandbox, Method::POST, "emit?events=4", &Value::Null).await;
    assert_eq!(emitted["events"], 4);
    let (_, emitted) = control(&sandbox, Method::POST, "emit?events=1000", &Value::Null).await;
    assert!(emitted["events"].as_u64().unwrap() < 1000, "the story ends");
    let (status, _) = control(&sandbox, Method::POST, "emit?events=100001", &Value::Null).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let path = "_sandbox/send?event_type=pharmacy_order_created";
    let (_, sent) = answer(ask(&sandbox, Method::POST, path, "").body("not json")).await;
    assert_eq!(sent["deliveries"], 1);
    let to_nobody = format!("{path}&subscription=ns-unknown");
    assert_eq!(answer(ask(&sandbox, Method::POST, &to_nobody, "").body("x")).await.1["deliveries"], 0);
    sandbox.settled().await;
    let got = receiver.got();
    assert!(got.last().unwrap().body == "not json" && got.last().unwrap().verifies(text(&made["signing_secret"])));

    let (_, ledger) = control(&sandbox, Method::GET, "ledger", &Value::Null).await;
    assert_eq!(ledger.as_array().unwrap().len(), got.len());
    assert_eq!(ledger[0]["outcome"], "delivered");
    assert_eq!(ledger[0]["attempts"], json!([{ "answered": 200 }]));
    assert_eq!(text(&ledger[0]["sha256"]).len(), 64);
}

#[tokio::test]
async fn the_state_tells_everything_but_secrets() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    let made = subscribe(&sandbox, "pharmacy_order_created", &receiver.target("a")).await;
    sandbox.emit(10);
    sandbox.settled().await;
    let text_of = ask(&sandbox, Method::GET, "_sandbox/state", "").send().await.unwrap().text().await.unwrap();
    assert!(!text_of.contains(text(&made["signing_secret"])));
    let state: Value = serde_json::from_str(&text_of).unwrap();
    assert_eq!((&state["events"], &state["swept"]), (&json!(10), &json!(0)));
    assert_eq!(state["subscriptions"][0]["uid"], made["uid"]);
    assert!(state["keys"].as_array().unwrap().iter().any(|key| key["name"] == DEMO_KEY));

    let (_, requests) = control(&sandbox, Method::GET, "requests", &Value::Null).await;
    assert_eq!((&requests[0]["method"], &requests[0]["status"]), (&json!("POST"), &json!(201)));
    assert_eq!(requests[0]["key"], DEMO_KEY);
}

#[tokio::test]
async fn a_colleague_and_a_disappearance_over_http() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    let wish = json!({ "notification_type": "pharmacy_order_created", "target": receiver.target("x") });
    let (_, made) = control(&sandbox, Method::POST, "subscriptions", &wish).await;
    assert_eq!(list(&sandbox).await.len(), 1);
    let (status, _) = control(&sandbox, Method::POST, "subscriptions", &json!({})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let path = format!("subscriptions/{}", text(&made["uid"]));
    assert_eq!(control(&sandbox, Method::DELETE, &path, &Value::Null).await.1["deleted"], 1);
    assert!(list(&sandbox).await.is_empty());
    assert!(made.get("signing_secret").is_none(), "nobody is told");
}
