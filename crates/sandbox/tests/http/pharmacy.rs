//! The External Pharmacy API: subscriptions of pharmacies, the events they get, and what they can read.

use offizin_sandbox::{Config, DEMO_KEY, Event, EventType, PharmacyBase, Sandbox, Success, Switches};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{WEBHOOKS, answer, ask, quiet, text};

const ONE: &str = "sandbox-pharmacy";
const GROUP: &str = "sandbox-pharmacy-group";
const TYPE: &str = "pharmacy_order_updated";

async fn webhook(sandbox: &Sandbox, query: &str, key: &str, target: &str) -> (StatusCode, Value) {
    let wish = json!({ "notification_type": TYPE, "target": target });
    answer(ask(sandbox, Method::POST, &format!("{WEBHOOKS}{query}"), key).json(&wish)).await
}

#[tokio::test]
async fn create_list_and_delete() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    let (status, made) = webhook(&sandbox, "", ONE, &receiver.target("a")).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(made.as_object().unwrap().len(), 4);
    assert!(text(&made["signing_secret"]).starts_with("whsec_"));
    let (_, listed) = answer(ask(&sandbox, Method::GET, WEBHOOKS, ONE)).await;
    assert_eq!(listed, json!([{ "uid": made["uid"], "target": receiver.target("a"), "notification_type": TYPE }]));
    assert!(crate::list(&sandbox).await.is_empty(), "the organisation's list is another");

    let path = format!("{WEBHOOKS}{}", text(&made["uid"]));
    let delete = || async { ask(&sandbox, Method::DELETE, &path, ONE).send().await.unwrap().status() };
    assert_eq!(delete().await, StatusCode::NO_CONTENT);
    assert_eq!(delete().await, StatusCode::NOT_FOUND);
    let bare = ask(&sandbox, Method::DELETE, WEBHOOKS, ONE).send().await.unwrap().status();
    assert_eq!(bare, StatusCode::METHOD_NOT_ALLOWED);

    sandbox.set_switches(Switches { pharmacy_create_answer: Success::Ok, ..sandbox.switches() });
    assert_eq!(webhook(&sandbox, "", ONE, &receiver.target("b")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn either_base_path_can_be_the_real_one() {
    let (sandbox, _receiver) = quiet(Config::default()).await;
    for (base, underscore, hyphen) in
        [(PharmacyBase::Underscore, 200, 404), (PharmacyBase::Hyphen, 404, 200), (PharmacyBase::Both, 200, 200)]
    {
        sandbox.set_switches(Switches { pharmacy_base: base, ..sandbox.switches() });
        for (path, expected) in
            [("v1/external_pharmacy_api/health/", underscore), ("v1/external-pharmacy-api-v1/health/", hyphen)]
        {
            let (status, body) = answer(ask(&sandbox, Method::GET, path, ONE)).await;
            assert_eq!(status.as_u16(), expected, "{base:?} {path}");
            assert_eq!(body.is_object(), expected == 200, "a wrong base path does not answer JSON");
        }
    }
}

#[tokio::test]
async fn a_group_key_has_to_name_its_pharmacy() {
    let (sandbox, receiver) = quiet(Config::default()).await;
    let (status, body) = webhook(&sandbox, "", GROUP, &receiver.target("a")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text(&body["error"]).contains("pharmacy_uid"));
    assert_eq!(
        webhook(&sandbox, "?pharmacy_uid=ph-uebung", GROUP, &receiver.target("a")).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        webhook(&sandbox, "?pharmacy_uid=ph-muster-markt", GROUP, &receiver.target("a")).await.0,
        StatusCode::CREATED
    );
    assert_eq!(
        webhook(&sandbox, "?pharmacy_uid=ph-fantasia", ONE, &receiver.target("a")).await.0,
        StatusCode::NOT_FOUND
    );

    sandbox.set_switches(Switches { group_key_names_pharmacy: false, ..sandbox.switches() });
    assert_eq!(webhook(&sandbox, "", GROUP, &receiver.target("group")).await.0, StatusCode::CREATED);
    let events = sandbox.emit(400);
    sandbox.settled().await;
    let members = ["ph-muster-markt", "ph-beispiel-nord", "ph-goldenes-muster", "ph-probe-am-see"];
    let expected = |uids: &[&str]| {
        let own = |event: &&Event| event.pharmacy_uid().is_some_and(|uid| uids.contains(&uid));
        events.iter().filter(|event| event.event_type == EventType::OrderUpdated).filter(own).count()
    };
    assert!(expected(&members[..1]) > 0);
    assert_eq!(receiver.got_at("a").len(), expected(&members[..1]));
    assert_eq!(receiver.got_at("group").len(), expected(&members));
    assert!(receiver.got().iter().all(|got| got.json()["data"].get("fulfillment").is_none()));
}

#[tokio::test]
async fn keys_of_the_other_api_are_unknown() {
    let (sandbox, _receiver) = quiet(Config::default()).await;
    let (status, body) = answer(ask(&sandbox, Method::GET, WEBHOOKS, DEMO_KEY)).await;
    assert_eq!((status, &body["code"]), (StatusCode::UNAUTHORIZED, &json!("invalid_api_key")));
    let (status, _) = answer(ask(&sandbox, Method::GET, crate::SUBSCRIPTIONS, ONE)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn orders_and_stock_can_be_read_page_by_page() {
    let (sandbox, _receiver) = quiet(Config { orders: 60, ..Config::default() }).await;
    let events = sandbox.emit_all();
    let own = "ph-muster-markt";
    let mut expected = std::collections::BTreeMap::new();
    for event in events.iter().filter(|event| event.order_uid().is_some() && event.pharmacy_uid() == Some(own)) {
        expected.insert(event.subject().to_owned(), event.status().unwrap().to_owned());
    }
    assert!(expected.len() > 2);

    let base = "v1/external_pharmacy_api/";
    let mut read = std::collections::BTreeMap::new();
    for page in 0.. {
        let (status, body) =
            answer(ask(&sandbox, Method::GET, &format!("{base}pharmacy_orders/?limit=2&page={page}"), ONE)).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(body["totalRegistries"], expected.len());
        assert_eq!(body["totalPages"], expected.len().div_ceil(2));
        let rows = body["data"].as_array().unwrap();
        if rows.is_empty() {
            break;
        }
        for row in rows {
            assert!(row.get("patient_data").is_none() && row.get("prescription_file").is_none());
            read.insert(text(&row["uid"]).to_owned(), text(&row["status"]).to_owned());
        }
    }
    assert_eq!(read, expected);

    let uid = expected.keys().next().unwrap();
    let (_, detail) = answer(ask(&sandbox, Method::GET, &format!("{base}pharmacy_orders/{uid}"), ONE)).await;
    assert!(detail.get("patient_data").is_some() && detail["prepaid"].is_boolean());
    let (status, _) = answer(ask(&sandbox, Method::GET, &format!("{base}pharmacy_orders/po-else"), ONE)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, filtered) =
        answer(ask(&sandbox, Method::GET, &format!("{base}pharmacy_orders/?status=completed"), ONE)).await;
    assert_eq!(filtered["totalRegistries"], expected.values().filter(|status| *status == "completed").count());

    let (_, skus) = answer(ask(&sandbox, Method::GET, &format!("{base}pharmacy_skus/?limit=1000"), ONE)).await;
    assert_eq!((&skus["totalRegistries"], &skus["totalPages"]), (&json!(36), &json!(1)));
    assert!(skus["data"].as_array().unwrap().iter().all(|sku| sku["pharmacy"] == own));
    let (status, _) = answer(ask(&sandbox, Method::GET, &format!("{base}pharmacy_skus/?page=x"), ONE)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _) = answer(ask(&sandbox, Method::GET, &format!("{base}pharmacy_skus/"), GROUP)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
