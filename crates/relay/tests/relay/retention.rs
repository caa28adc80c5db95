//! Retention: kept until every paired desk has it and it is old enough; in the end deleted all the same.

use jiff::{SignedDuration, Timestamp};

use crate::house::House;

fn in_hours(hours: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(hours)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slowest_desk_decides_and_age_is_needed_too() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let code = house.relay.add_code("Adler", Timestamp::now()).await.unwrap();
    let lagging = house.desk(&code).await;
    for body in ["1", "2", "3", "4"] {
        inlet.deliver(body).await;
    }
    desk.ack(4).await;
    lagging.ack(2).await;
    assert_eq!(house.relay.prune(in_hours(71)).await.unwrap().segments, 0, "not old enough");
    assert_eq!(house.metric(&format!("offizin_relay_device_lag_segments{{device=\"{}\"}}", lagging.id)).await, 2);
    let pruned = house.relay.prune(in_hours(73)).await.unwrap();
    assert_eq!((pruned.segments, pruned.unread), (2, 0));
    assert_eq!(desk.segments().await.iter().map(|s| s.sequence).collect::<Vec<_>>(), [3, 4]);

    // An acknowledgement never moves back.
    assert_eq!(lagging.ack(1).await.status(), 204);
    assert_eq!(house.relay.prune(in_hours(73)).await.unwrap().segments, 0);
    // A revoked device holds nothing back.
    desk.delete(&format!("/v1/devices/{}", lagging.id)).await;
    assert_eq!(house.relay.prune(in_hours(73)).await.unwrap().segments, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_never_comes_back_cannot_fill_the_disk() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    for body in ["1", "2", "3"] {
        inlet.deliver(body).await;
    }
    desk.ack(1).await;
    assert_eq!(house.relay.prune(in_hours(89 * 24)).await.unwrap().segments, 1);
    let pruned = house.relay.prune(in_hours(91 * 24)).await.unwrap();
    assert_eq!((pruned.segments, pruned.unread), (2, 2), "and the operator is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_is_never_used_twice() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    inlet.deliver("1").await;
    inlet.deliver("2").await;
    desk.ack(2).await;
    assert_eq!(house.relay.prune(in_hours(100)).await.unwrap().segments, 2);
    let house = house.restart().await;
    let desk = crate::house::Desk { base: house.url(""), ..desk };
    desk.inlet_at(inlet.id, inlet.token).deliver("3").await;
    let [segment] = desk.segments().await.try_into().unwrap();
    assert_eq!(segment.sequence, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serving_relay_prunes_by_itself_and_gives_the_disk_back() {
    let house = House::with(|config| {
        config.retention.keep = std::time::Duration::ZERO;
        config.prune_every = std::time::Duration::from_millis(100);
    })
    .await;
    let (desk, inlet) = house.inbox("Adler").await;
    for _ in 0..20 {
        inlet.deliver(crate::house::noise(200_000)).await;
    }
    desk.ack(20).await;
    house.until("offizin_relay_pruned_segments_total", 20).await;
    assert_eq!(house.metric("offizin_relay_kept_segments").await, 0);
    assert_eq!(house.metric("offizin_relay_pruned_unread_total").await, 0);
    if crate::engine::ON_NATS {
        return;
    }
    let (path, mut house) = (house.home.path().join("store/relay.db"), house);
    house.close().await;
    assert!(std::fs::metadata(path).unwrap().len() < 1_000_000, "the file has shrunk");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_away_is_seen_to_be_and_holds_back_nothing_another_has() {
    let house = House::with(|config| config.retention.wait_for_device = std::time::Duration::ZERO).await;
    let (desk, inlet) = house.inbox("Adler").await;
    let code = house.relay.add_code("Adler", Timestamp::now()).await.unwrap();
    let away = house.desk(&code).await;
    inlet.deliver("1").await;
    desk.ack(1).await;
    let devices = desk.devices().await;
    let behind: Vec<_> = devices.iter().map(|device| (device.id == away.id, device.behind, device.away)).collect();
    assert!(behind.contains(&(true, 1, true)), "{behind:?}");
    // Seen last of all, and later than any horizon: the desk that asked counts, the other does not.
    let _ = house.relay.prune(Timestamp::now()).await.unwrap();
    let house = house
        .restart_with(|config| config.retention.wait_for_device = std::time::Duration::from_secs(30 * 86_400))
        .await;
    let later = in_hours(29 * 24);
    assert_eq!(house.relay.prune(later).await.unwrap().segments, 0, "29 days: still waited for");
}
