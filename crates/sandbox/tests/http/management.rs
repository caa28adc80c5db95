//! The Management API: subscriptions of an organisation, with every switch that concerns them.

use offizin_sandbox::{Config, DEMO_KEY, DeleteBy, Slash, Success, Switches, TestEvent};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{SUBSCRIPTIONS, answer, ask, list, quiet, receiver::Receiver, subscribe, text};

const TYPE: &str = "pharmacy_order_updated";

async fn delete(sandbox: &offizin_sandbox::Sandbox, path: &str, body: Option<Value>) -> StatusCode {
    let request = ask(sandbox, Method::DELETE, path, DEMO_KEY);
    let request = if let Some(body) = body { request.json(&body) } else { request };
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_create_returns_its_secret_once_and_lists_without_it() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    let made = subscribe(&sandbox, TYPE, &receiver.target("a")).await;
    assert!(text(&made["uid"]).starts_with("ns-"));
    assert!(text(&made["signing_secret"]).starts_with("whsec_"));
    let expected = json!({
        "uid": made["uid"], "notification_type": TYPE, "target": receiver.target("a"), "options": "WEBHOOK", "payload_version": "1",
    });
    assert_eq!(list(&sandbox).await, [expected]);

    let other = subscribe(&sandbox, TYPE, &receiver.target("a")).await;
    assert_ne!(other["uid"], made["uid"], "by default the same may be wished twice");
    assert_ne!(other["signing_secret"], made["signing_secret"]);
}

#[tokio::test]
async fn the_secret_can_be_missing() {
    let switches = Switches { management_secret: false, ..Switches::default() };
    let (sandbox, receiver) = quiet(Config { switches, ..Config::default() }).await;
    let made = subscribe(&sandbox, TYPE, &receiver.target("a")).await;
    assert!(made.get("signing_secret").is_none(), "{made}");
    assert!(sandbox.secret(text(&made["uid"])).is_some(), "there is one all the same");
}

#[tokio::test]
async fn a_twin_can_be_a_conflict() {
    let switches = Switches { duplicate_conflict: true, ..Switches::default() };
    let (sandbox, receiver) = quiet(Config { switches, ..Config::default() }).await;
    subscribe(&sandbox, TYPE, &receiver.target("a")).await;
    subscribe(&sandbox, TYPE, &receiver.target("b")).await;
    subscribe(&sandbox, "pharmacy_order_created", &receiver.target("a")).await;
    let twin = json!({ "notification_type": TYPE, "target": receiver.target("a") });
    let (status, body) = answer(ask(&sandbox, Method::POST, SUBSCRIPTIONS, DEMO_KEY).json(&twin)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(body["error"].is_string());
    assert_eq!(list(&sandbox).await.len(), 3);
}

#[tokio::test]
async fn a_delete_names_its_subscription_in_exactly_one_way() {
    for by in [DeleteBy::Query, DeleteBy::Body, DeleteBy::Path] {
        let switches = Switches { delete_by: by, delete_answer: Success::Ok, ..Switches::default() };
        let (sandbox, receiver) = quiet(Config { switches, ..Config::default() }).await;
        let made = subscribe(&sandbox, TYPE, &receiver.target("a")).await;
        let kept = subscribe(&sandbox, TYPE, &receiver.target("b")).await;
        let uid = text(&made["uid"]);
        let status = match by {
            DeleteBy::Query => delete(&sandbox, &format!("{SUBSCRIPTIONS}?uid={uid}"), None).await,
            DeleteBy::Body => delete(&sandbox, SUBSCRIPTIONS, Some(json!({ "uid": uid }))).await,
            DeleteBy::Path => delete(&sandbox, &format!("{SUBSCRIPTIONS}{uid}"), None).await,
        };
        assert_eq!(status, StatusCode::OK, "{by:?}");
        assert_eq!(list(&sandbox).await.iter().map(|own| &own["uid"]).collect::<Vec<_>>(), [&kept["uid"]], "{by:?}");
        assert_eq!(sandbox.swept(), 0);
        let again = match by {
            DeleteBy::Query => delete(&sandbox, &format!("{SUBSCRIPTIONS}?uid={uid}"), None).await,
            DeleteBy::Body => delete(&sandbox, SUBSCRIPTIONS, Some(json!({ "uid": uid }))).await,
            DeleteBy::Path => delete(&sandbox, &format!("{SUBSCRIPTIONS}{uid}"), None).await,
        };
        assert_eq!(again, StatusCode::NOT_FOUND, "{by:?}");
    }
}

#[tokio::test]
async fn a_delete_of_the_bare_collection_takes_everything() {
    // What the wrong strategy amounts to, too: the uid in the query where the body is read, and the other way round.
    for (by, query, body) in [
        (DeleteBy::Query, "", None),
        (DeleteBy::Query, "", Some(json!({ "uid": "ns-1" }))),
        (DeleteBy::Query, "?uid=", None),
        (DeleteBy::Body, "", None),
        (DeleteBy::Body, "?uid=ns-1", None),
    ] {
        let switches = Switches { delete_by: by, ..Switches::default() };
        let (sandbox, receiver) = quiet(Config { switches, ..Config::default() }).await;
        subscribe(&sandbox, TYPE, &receiver.target("a")).await;
        subscribe(&sandbox, TYPE, &receiver.target("b")).await;
        let status = delete(&sandbox, &format!("{SUBSCRIPTIONS}{query}"), body).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        assert!(list(&sandbox).await.is_empty(), "{by:?} {query}");
        assert_eq!(sandbox.swept(), 1);
    }
}

#[tokio::test]
async fn by_path_the_bare_collection_is_refused() {
    let switches = Switches { delete_by: DeleteBy::Path, ..Switches::default() };
    let (sandbox, receiver) = quiet(Config { switches, ..Config::default() }).await;
    subscribe(&sandbox, TYPE, &receiver.target("a")).await;
    assert_eq!(delete(&sandbox, SUBSCRIPTIONS, None).await, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(list(&sandbox).await.len(), 1);
}

#[tokio::test]
async fn the_slash_may_matter() {
    let (sandbox, _receiver) = quiet(Config::default()).await;
    let bare = SUBSCRIPTIONS.trim_end_matches('/');
    assert_eq!(answer(ask(&sandbox, Method::GET, bare, DEMO_KEY)).await.0, StatusCode::OK);
    sandbox.set_switches(Switches { slash: Slash::Redirect, ..sandbox.switches() });
    let response = ask(&sandbox, Method::GET, &format!("{bare}?a=b"), DEMO_KEY).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(response.headers()["location"], "/v1/management/notification-subscriptions/?a=b");
    assert_eq!(list(&sandbox).await.len(), 0, "the form with the slash still works");
}

#[tokio::test]
async fn other_channels_share_the_list() {
    let switches = Switches { other_channels: true, ..Switches::default() };
    let (sandbox, _receiver) = quiet(Config { switches, ..Config::default() }).await;
    let listed = list(&sandbox).await;
    assert_eq!(listed.len(), 1);
    assert_ne!(listed[0]["options"], "WEBHOOK");
}

#[tokio::test]
async fn a_colleague_subscribes_and_a_subscription_vanishes() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    let uid = sandbox.subscribe_elsewhere(TYPE, &receiver.target("x").parse().unwrap()).unwrap();
    assert!(sandbox.subscribe_elsewhere("nonsense", &receiver.target("x").parse().unwrap()).is_none());
    assert_eq!(list(&sandbox).await[0]["uid"], json!(uid));
    assert!(sandbox.vanish(&uid) && !sandbox.vanish(&uid));
    assert!(list(&sandbox).await.is_empty());
}

#[tokio::test]
async fn a_test_event_follows_registration_in_each_shape() {
    for shape in [TestEvent::Typed, TestEvent::OwnType, TestEvent::Unsigned, TestEvent::Empty, TestEvent::Text] {
        let switches = Switches { test_event: shape, ..Switches::default() };
        let sandbox = offizin_sandbox::Sandbox::start(Config { switches, ..Config::default() }).await.unwrap();
        let receiver = Receiver::start().await;
        let made = subscribe(&sandbox, TYPE, &receiver.target("a")).await;
        sandbox.settled().await;
        let got = receiver.got();
        assert_eq!(got.len(), 1, "{shape:?}");
        assert_eq!(got[0].verifies(text(&made["signing_secret"])), shape != TestEvent::Unsigned, "{shape:?}");
        match shape {
            TestEvent::Typed | TestEvent::Unsigned => assert_eq!(got[0].json()["event_type"], "test"),
            TestEvent::OwnType => {
                assert_eq!(got[0].json()["event_type"], TYPE);
                assert_eq!(got[0].header("x-webhook-event"), Some(TYPE));
                assert!(got[0].json()["data"].get("uid").is_none());
            }
            TestEvent::Empty => assert_eq!(got[0].body.as_ref(), b"{}"),
            TestEvent::Text => assert!(serde_json::from_slice::<Value>(&got[0].body).is_err()),
        }
    }
}

#[tokio::test]
async fn the_test_endpoint_sends_to_one_subscription() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    let made = subscribe(&sandbox, TYPE, &receiver.target("a")).await;
    subscribe(&sandbox, TYPE, &receiver.target("b")).await;
    let path = format!("{SUBSCRIPTIONS}test");
    let post = |body: Value| answer(ask(&sandbox, Method::POST, &path, DEMO_KEY).json(&body));
    assert_eq!(post(json!({ "uid": made["uid"] })).await.0, StatusCode::OK);
    sandbox.settled().await;
    assert_eq!((receiver.got_at("a").len(), receiver.got_at("b").len()), (1, 0));
    assert!(receiver.got()[0].verifies(text(&made["signing_secret"])));
    assert_eq!(post(json!({ "uid": "ns-unknown" })).await.0, StatusCode::NOT_FOUND);
    assert_eq!(post(json!({})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let in_query = ask(&sandbox, Method::POST, &format!("{path}?uid={}", text(&made["uid"])), DEMO_KEY);
    assert_eq!(answer(in_query).await.0, StatusCode::OK);

    sandbox.set_switches(Switches { test_endpoint: false, ..sandbox.switches() });
    let (status, body) = post(json!({ "uid": made["uid"] })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(text(&body).contains("NoSuchBucket"), "nobody routes it");
}
