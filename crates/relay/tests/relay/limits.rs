//! Too fast, too much at once: refused, and nothing acknowledged is missing afterwards.

use offizin_wire::RefusalCode;

use crate::house::{House, assert_refused, noise};

#[tokio::test(flavor = "multi_thread")]
async fn too_fast_for_one_inlet_is_not_too_fast_for_another() {
    let house = House::with(|config| {
        config.limits.inlet_rate = 1;
        config.limits.inlet_burst = 2;
    })
    .await;
    let (desk, inlet) = house.inbox("Adler").await;
    let answers = futures_util::future::join_all((0..40).map(|i| inlet.post(format!("{i}")))).await;
    let (mut accepted, mut refused) = (0, 0);
    for answer in answers {
        if answer.status() == 200 {
            accepted += 1;
        } else {
            assert_refused(answer, 429, RefusalCode::TooFast).await;
            refused += 1;
        }
    }
    assert!(accepted >= 2 && refused > 0, "{accepted} accepted, {refused} refused");
    assert_eq!(desk.deliveries().await.len(), accepted);
    desk.inlet().await.deliver("another inlet").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_fast_altogether() {
    let house = House::with(|config| {
        config.limits.total_rate = 1;
        config.limits.total_burst = 1;
    })
    .await;
    let (desk, one) = house.inbox("Adler").await;
    let two = desk.inlet().await;
    let answers =
        futures_util::future::join_all((0..20).map(|i| if i % 2 == 0 { one.post("x") } else { two.post("y") }));
    let refused = answers.await.into_iter().filter(|answer| answer.status() == 429).count();
    assert!(refused > 0);
    assert_eq!(desk.deliveries().await.len(), 20 - refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_be_in_memory() {
    let house = House::with(|config| config.limits.bytes_in_flight = 1000).await;
    let (desk, inlet) = house.inbox("Adler").await;
    assert_refused(inlet.post(noise(1001)).await, 503, RefusalCode::Unavailable).await;
    // What was taken is given back, by the refused and by the sealed.
    for _ in 0..5 {
        inlet.deliver(noise(1000)).await;
    }
    assert_eq!(desk.deliveries().await.len(), 5);
}
