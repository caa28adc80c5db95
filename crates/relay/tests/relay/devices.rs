//! Several desks of one inbox: each its own key, cursor and acknowledgement; each sees, names and revokes all.

use jiff::Timestamp;
use offizin_wire::RefusalCode;

use crate::house::{Desk, House, Inlet, assert_refused};

/// An inbox with two desks.
async fn two(house: &House) -> (Desk, Desk, Inlet) {
    let (one, inlet) = house.inbox("Adler").await;
    let code = house.relay.add_code("Adler", Timestamp::now()).await.unwrap();
    (one, house.desk(&code).await, inlet)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_desk_opens_everything_with_its_own_key_and_acknowledges_for_itself() {
    let house = House::open().await;
    let (one, two, inlet) = two(&house).await;
    for body in ["1", "2", "3"] {
        inlet.deliver(body).await;
    }
    assert_eq!(one.bodies().await, two.bodies().await);
    assert_eq!(one.bodies().await.len(), 3);
    one.ack(3).await;
    two.ack(1).await;
    let mut seen: Vec<_> =
        one.devices().await.into_iter().map(|d| (d.id == one.id, d.this, d.acked, d.behind)).collect();
    seen.sort_unstable();
    assert_eq!(seen, [(false, false, 1, 2), (true, true, 3, 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_desk_may_name_any_other() {
    let house = House::open().await;
    let (one, two, _) = two(&house).await;
    assert_eq!(one.rename(&two.id, "  Büro, 2. Stock ").await.status(), 204);
    assert_eq!(two.rename(&two.id, "Theke").await.status(), 204);
    let names: Vec<_> = one.devices().await.into_iter().map(|device| device.name).collect();
    assert_eq!(names, ["Desk", "Theke"]);
    for wrong in ["", "  ", "a\u{7}b", &"x".repeat(81)] {
        assert_refused(one.rename(&two.id, wrong).await, 400, RefusalCode::Malformed).await;
    }
    assert_refused(one.rename("nobody", "x").await, 404, RefusalCode::NotFound).await;
    let (stranger, _) = house.inbox("Bär").await;
    assert_refused(stranger.rename(&two.id, "x").await, 404, RefusalCode::NotFound).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_desk_may_revoke_any_other_and_nothing_is_sealed_to_it_any_more() {
    let house = House::open().await;
    let (one, two, inlet) = two(&house).await;
    inlet.deliver("for both").await;
    assert_eq!(two.delete(&format!("/v1/devices/{}", one.id)).await.status(), 204);
    assert_refused(one.get("/v1/segments").await, 401, RefusalCode::DeviceUnknown).await;
    inlet.deliver("for one").await;
    assert_eq!(two.bodies().await.len(), 2);
    let last = two.segments().await.pop().unwrap();
    assert!(offizin_wire::seal::open(&last.sealed, &one.identity).is_err(), "not for the revoked one's key");
    assert_eq!(two.devices().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pairs_again_begins_at_the_head() {
    let house = House::open().await;
    let (one, _two, inlet) = two(&house).await;
    inlet.deliver("1").await;
    inlet.deliver("2").await;
    let code = house.relay.add_code("Adler", Timestamp::now()).await.unwrap();
    let again = house.desk(&code).await;
    assert_eq!(again.cursor, 2);
    inlet.deliver("3").await;
    assert_eq!(again.bodies().await.len(), 1, "everything from its pairing on, and nothing before");
    assert_eq!(one.bodies().await.len(), 3);
}
