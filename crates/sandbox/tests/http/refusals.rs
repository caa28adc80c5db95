//! Every error body, as the documents print it or as the live service was seen to send it.

use offizin_sandbox::{
    ApiKey, Config, DEMO_KEY, DeleteBy, RateLimit, Reach, RefusedFields, Switches, UnknownUid, Unrouted, presets,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{SUBSCRIPTIONS, WEBHOOKS, answer, ask, list, quiet, text};

#[tokio::test]
async fn a_missing_or_wrong_key() {
    let (sandbox, _receiver) = quiet(Config::default()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in ["v1/management/health/", SUBSCRIPTIONS, WEBHOOKS] {
        let (status, body) = answer(client.get(sandbox.base_url().join(path).unwrap())).await;
        assert_eq!((status, &body["code"]), (StatusCode::UNAUTHORIZED, &json!("api_key_missing")));
        assert!(body["description"].is_string());
        let (status, body) = answer(ask(&sandbox, Method::GET, path, "guessed")).await;
        assert_eq!((status, &body["code"]), (StatusCode::UNAUTHORIZED, &json!("invalid_api_key")));
    }
    assert!(sandbox.requests().iter().all(|seen| seen.key.is_none() && seen.status == Some(401)));
}

#[tokio::test]
async fn a_missing_permission() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    let wish = json!({ "notification_type": "pharmacy_order_created", "target": receiver.target("a") });
    for (method, path, key, allowed) in [
        (Method::GET, SUBSCRIPTIONS, "sandbox-organisation-read-only", true),
        (Method::POST, SUBSCRIPTIONS, "sandbox-organisation-read-only", false),
        (Method::DELETE, SUBSCRIPTIONS, "sandbox-organisation-read-only", false),
        (Method::GET, SUBSCRIPTIONS, "sandbox-organisation-no-webhooks", false),
        (Method::GET, WEBHOOKS, "sandbox-pharmacy-read-only", true),
        (Method::POST, WEBHOOKS, "sandbox-pharmacy-read-only", false),
        (Method::GET, WEBHOOKS, "sandbox-pharmacy-no-webhooks", false),
        (Method::GET, "v1/external_pharmacy_api/pharmacy_orders/", "sandbox-pharmacy-no-webhooks", true),
    ] {
        let (status, body) = answer(ask(&sandbox, method.clone(), path, key).json(&wish)).await;
        if allowed {
            assert_eq!(status, StatusCode::OK, "{method} {path} {key}");
        } else {
            assert_eq!(
                (status, &body["code"]),
                (StatusCode::FORBIDDEN, &json!("permission_denied")),
                "{method} {path} {key}"
            );
        }
    }
    assert!(list(&sandbox).await.is_empty());
}

#[tokio::test]
async fn keys_may_be_given() {
    let mut keys = presets();
    keys.push(ApiKey::new("mine", "a-key-of-mine", Reach::Organisation, ["notification_subscription:read"]));
    let (sandbox, _receiver) = quiet(Config { keys, ..Config::default() }).await;
    assert_eq!(answer(ask(&sandbox, Method::GET, SUBSCRIPTIONS, "a-key-of-mine")).await.0, StatusCode::OK);
    assert_eq!(sandbox.requests()[0].key.as_deref(), Some("mine"), "the record names the key and does not tell it");
}

#[tokio::test]
async fn too_many_requests() {
    let rate_limit = RateLimit { per_second: 0, per_minute: 3 };
    let (sandbox, _receiver) = quiet(Config { rate_limit, ..Config::default() }).await;
    for _ in 0..3 {
        list(&sandbox).await;
    }
    let refused = ask(&sandbox, Method::GET, SUBSCRIPTIONS, DEMO_KEY).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().get("retry-after").is_none(), "none is documented");
    assert_eq!(refused.json::<Value>().await.unwrap(), json!({ "error": "Rate limit exceeded" }));
    sandbox.set_switches(Switches { retry_after: Some(7), ..sandbox.switches() });
    let refused = ask(&sandbox, Method::GET, SUBSCRIPTIONS, DEMO_KEY).send().await.unwrap();
    assert_eq!(refused.headers()["retry-after"], "7");
    let other = answer(ask(&sandbox, Method::GET, SUBSCRIPTIONS, "sandbox-organisation-read-only")).await;
    assert_eq!(other.0, StatusCode::OK, "another key has a limit of its own");
}

#[tokio::test]
async fn fields_in_each_shape() {
    let (sandbox, _receiver) = quiet(Config::default()).await;
    for (shape, expected) in [(RefusedFields::Fields, 422), (RefusedFields::Error, 400), (RefusedFields::Code, 400)] {
        sandbox.set_switches(Switches { refused_fields: shape, ..sandbox.switches() });
        for target in [json!("http://relay.example.test/in"), json!(7), Value::Null] {
            let wish = json!({ "notification_type": "pharmacy_order_created", "target": target });
            let (status, body) = answer(ask(&sandbox, Method::POST, SUBSCRIPTIONS, DEMO_KEY).json(&wish)).await;
            assert_eq!(status.as_u16(), expected, "{shape:?}");
            match shape {
                RefusedFields::Fields => assert!(body["errors"]["target"][0].is_string()),
                RefusedFields::Error => assert!(text(&body["error"]).starts_with("target: ")),
                RefusedFields::Code => assert_eq!((&body["code"], body["message"].is_string()), (&json!(400), true)),
            }
        }
    }
    let (status, body) = answer(ask(&sandbox, Method::POST, SUBSCRIPTIONS, DEMO_KEY).body("{")).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("Invalid JSON")));
    let (status, _) = answer(ask(&sandbox, Method::POST, SUBSCRIPTIONS, DEMO_KEY).body(vec![b' '; 2 << 20])).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(list(&sandbox).await.is_empty());
}

#[tokio::test]
async fn an_unknown_uid_in_each_shape() {
    let switches = Switches { delete_by: DeleteBy::Path, ..Switches::default() };
    let (sandbox, _receiver) = quiet(Config { switches, ..Config::default() }).await;
    let path = format!("{SUBSCRIPTIONS}ns-unknown");
    let (status, body) = answer(ask(&sandbox, Method::DELETE, &path, DEMO_KEY)).await;
    assert_eq!((status, body), (StatusCode::NOT_FOUND, json!({ "error": "Not found" })));
    sandbox.set_switches(Switches { unknown_uid: UnknownUid::BadRequest, ..sandbox.switches() });
    let (status, body) = answer(ask(&sandbox, Method::DELETE, &path, DEMO_KEY)).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!(400)));
    assert!(body["message"].is_string());
}

#[tokio::test]
async fn a_path_that_nobody_routes() {
    let (sandbox, _receiver) = quiet(Config::default()).await;
    for (shape, media) in
        [(Unrouted::Xml, "application/xml"), (Unrouted::Json, "application/json"), (Unrouted::Html, "text/html")]
    {
        sandbox.set_switches(Switches { unrouted: shape, ..sandbox.switches() });
        for path in [
            "",
            "v4/anamnesis/",
            "v1/management",
            "v1/management/notification-subscriptions/a/b",
            "v1/external-pharmacy-api-v1/health/",
        ] {
            let response = ask(&sandbox, Method::GET, path, DEMO_KEY).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::NOT_FOUND);
            let told = response.headers()["content-type"].to_str().unwrap();
            assert!(told.starts_with(media), "{shape:?}: {told}");
            let body = response.text().await.unwrap();
            assert_eq!(body.contains("NoSuchBucket"), shape == Unrouted::Xml);
        }
    }
}

#[tokio::test]
async fn a_method_that_does_not_exist() {
    let (sandbox, _receiver) = quiet(Config::default()).await;
    for method in [Method::PUT, Method::PATCH] {
        let (status, body) = answer(ask(&sandbox, method, SUBSCRIPTIONS, DEMO_KEY)).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(body["error"].is_string());
    }
}
