//! What operators and their tools ask: alive, ready, metrics, the description of the interface.

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn every_described_endpoint_answers_as_described() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let document: serde_json::Value =
        house.client.get(house.url("/openapi.json")).send().await.unwrap().json().await.unwrap();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap().iter().filter(|(method, _)| *method != "parameters") {
            let id = if path.starts_with("/v1/inlets") { inlet.id.as_str() } else { desk.id.as_str() };
            // Not the desk that asks: it would lose its right to go on asking.
            let id = if path.starts_with("/v1/devices") { "somebody" } else { id };
            let url = house.url(&path.replace("{token}", inlet.token.expose()).replace("{id}", id));
            let method = method.to_uppercase().parse().unwrap();
            let mut request = house.client.request(method, url);
            if operation.get("security").is_some() {
                request = request.bearer_auth(desk.token.expose());
            }
            let status = request.send().await.unwrap().status().as_u16().to_string();
            assert!(operation["responses"].get(&status).is_some(), "{path} answered {status}");
            assert_ne!(status, "405", "{path}");
            asked += 1;
        }
    }
    assert_eq!(asked, 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_name_nobody() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler-Apotheke").await;
    inlet.deliver("x").await;
    let text = house.client.get(house.url("/metrics")).send().await.unwrap().text().await.unwrap();
    for line in ["offizin_relay_accepted_total 1", "offizin_relay_commit_seconds_count 1", "offizin_relay_ready 1"] {
        assert!(text.lines().any(|l| l == line), "{line}");
    }
    for secret in ["Adler", "Desk\"", desk.token.expose(), inlet.token.expose(), inlet.id.as_str()] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_means_that_a_write_succeeds() {
    let house = House::open().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(house.client.get(house.url(path)).send().await.unwrap().status(), 200);
    }
    let (_, inlet) = house.inbox("Adler").await;
    // The engine is gone: nothing can be made durable, so nothing is acknowledged.
    house.relay.close().await;
    assert_eq!(inlet.post("x").await.status(), 503);
    let unready = async {
        while house.client.get(house.url("/readyz")).send().await.unwrap().status() != 503 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::house::HANG, unready).await.unwrap();
    assert_eq!(house.client.get(house.url("/healthz")).send().await.unwrap().status(), 200);
}
