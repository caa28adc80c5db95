//! What one leaked secret is good for, and what it is not: the address of an inlet, the token of a device.

use jiff::Timestamp;
use offizin_wire::{Identity, InletId, InletToken, RefusalCode, inlet::InletRequest, seal};

use crate::house::{Desk, House, assert_refused};

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_an_inlet_is_good_for_posting_alone() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    inlet.deliver("not for whoever has the address").await;
    let document: serde_json::Value =
        house.client.get(house.url("/openapi.json")).send().await.unwrap().json().await.unwrap();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation.get("security").is_none() {
                continue;
            }
            for id in [inlet.id.as_str(), &desk.id] {
                let url = house.url(&path.replace("{id}", id));
                let request = house.client.request(method.to_uppercase().parse().unwrap(), url);
                let answer = request.bearer_auth(inlet.token.expose()).send().await.unwrap();
                assert_refused(answer, 401, RefusalCode::DeviceUnknown).await;
            }
            asked += 1;
        }
    }
    assert_eq!(asked, 9, "every endpoint of desks");
    let address = house.url(&format!("/in/{}", inlet.token.expose()));
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE"] {
        let answer = house.client.request(method.parse().unwrap(), &address).send().await.unwrap();
        assert_eq!(answer.status(), 405, "{method}");
    }
    let seen = (desk.devices().await.len(), desk.bodies().await.len());
    assert_eq!(seen, (1, 1), "all is as it was");
    inlet.deliver("and the inlet still takes deliveries").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_token_without_its_key_opens_nothing() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    inlet.deliver("patient: Erika Beispiel").await;
    let thief = Desk { token: desk.token.clone(), ..Desk::new(house.address, house.client.clone()) };
    let [segment] = thief.segments().await.try_into().unwrap();
    for key in [thief.identity, Identity::random()] {
        assert!(seal::open(&segment.sealed, &key).is_err());
    }
    let canary = b"Erika Beispiel";
    assert!(!segment.sealed.windows(canary.len()).any(|window| window == canary));
    assert_eq!(seal::open(&segment.sealed, &desk.identity).unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_token_is_good_for_its_own_inbox_alone() {
    let house = House::open().await;
    let (thief, _) = house.inbox("Adler").await;
    let (desk, inlet) = house.inbox("Bär").await;
    inlet.deliver("of Bär").await;
    assert_eq!(thief.bodies().await.len(), 0);
    assert_refused(thief.ack(1).await, 400, RefusalCode::Malformed).await;
    let device = format!("/v1/devices/{}", desk.id);
    assert_refused(thief.delete(&device).await, 404, RefusalCode::NotFound).await;
    assert_refused(thief.rename(&desk.id, "x").await, 404, RefusalCode::NotFound).await;
    assert_refused(thief.delete(&format!("/v1/inlets/{}", inlet.id)).await, 404, RefusalCode::NotFound).await;
    let theirs = InletRequest { token_hash: inlet.token.hash() };
    assert_refused(thief.put_inlet(inlet.id.as_str(), &theirs).await, 409, RefusalCode::InletConflict).await;
    let other = InletId::random().unwrap();
    assert_refused(thief.put_inlet(other.as_str(), &theirs).await, 409, RefusalCode::InletConflict).await;
    for path in ["/v1/devices", "/v1/inlets"] {
        let listed = thief.get(path).await.text().await.unwrap();
        assert!(!listed.contains(&desk.id) && !listed.contains(inlet.id.as_str()), "{listed}");
    }
    // Ids are each inbox's own: the same one in another is another inlet.
    let own = InletRequest { token_hash: InletToken::random().unwrap().hash() };
    assert_eq!(thief.put_inlet(inlet.id.as_str(), &own).await.status(), 200);
    assert_eq!(thief.delete(&format!("/v1/inlets/{}", inlet.id)).await.status(), 204);
    inlet.deliver("still of Bär").await;
    assert_eq!((desk.bodies().await.len(), thief.bodies().await.len()), (2, 0));
    assert_eq!(desk.devices().await[0].name, "Desk");
}

/// Whoever has a token may speed up retention for what the real desk has not fetched, but not for another desk.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_thief_acknowledges_is_kept_for_the_other_desks() {
    let house = House::with(|config| config.retention.keep = std::time::Duration::ZERO).await;
    let (robbed, inlet) = house.inbox("Adler").await;
    let code = house.relay.add_code("Adler", Timestamp::now()).await.unwrap();
    let other = house.desk(&code).await;
    inlet.deliver("1").await;
    assert_eq!(robbed.ack(1).await.status(), 204, "by whoever has its token");
    house.relay.prune(Timestamp::now()).await.unwrap();
    assert_eq!(other.bodies().await.len(), 1);
    assert_eq!(other.ack(1).await.status(), 204);
    house.relay.prune(Timestamp::now() + jiff::SignedDuration::from_secs(1)).await.unwrap();
    assert_eq!(robbed.bodies().await.len(), 0, "gone, as it would be had the real desk acknowledged");
}
