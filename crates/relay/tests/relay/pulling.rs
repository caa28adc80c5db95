//! Pulling: bounded pages, a wait that a commit ends at once, clocks and heads, an orderly end.

use offizin_wire::pull::{CLOCK_HEADER, HEAD_HEADER, PAGE_BYTES, PAGE_CONTENT_TYPE};

use crate::house::{HANG, House, noise};

const WAITING: &str = "offizin_relay_waiting_pulls";

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_wakes_who_waits() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let (other, _) = house.inbox("Bär").await;
    let waiting = async { tokio::join!(desk.page(0, 60), other.page(0, 2)) };
    let delivering = async {
        house.until(WAITING, 2).await;
        inlet.deliver("wake up").await;
    };
    // The guard is half of what the desk would have waited by itself.
    let woken = tokio::time::timeout(HANG / 2, async { tokio::join!(waiting, delivering) }).await;
    let ((page, nothing), ()) = woken.expect("woken by the commit");
    assert_eq!(page.len(), 1);
    assert!(nothing.is_empty(), "another inbox is not woken with anything");
    house.until(WAITING, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_let_go_when_the_relay_ends() {
    let mut house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let waiting = tokio::spawn(async move { desk.page(0, 60).await });
    house.until(WAITING, 1).await;
    let url = inlet.token.expose().to_owned();
    drop(inlet);
    tokio::time::timeout(HANG / 2, house.close()).await.expect("nobody is waited for");
    assert!(waiting.await.unwrap().is_empty());
    assert!(house.client.post(house.url(&format!("/in/{url}"))).body("x").send().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_before_the_end_is_answered_and_kept() {
    let mut house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let posts: Vec<_> = (0..200)
        .map(|i| {
            let (client, url) = (house.client.clone(), house.url(&format!("/in/{}", inlet.token.expose())));
            tokio::spawn(async move {
                let body = format!("{i}");
                let answer = client.post(url).body(body.clone()).send().await;
                answer.is_ok_and(|answer| answer.status() == 200).then_some(body.into_bytes())
            })
        })
        .collect();
    house.until("offizin_relay_ready", 1).await;
    house.close().await;
    let mut acknowledged = std::collections::BTreeSet::new();
    for post in posts {
        acknowledged.extend(post.await.unwrap());
    }
    let house = house.restart().await;
    let desk = crate::house::Desk { base: house.url(""), ..desk };
    assert!(desk.bodies().await.is_superset(&acknowledged));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_bounded_and_complete() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    for _ in 0..4 {
        inlet.deliver(noise(PAGE_BYTES / 3)).await;
    }
    inlet.deliver(noise(2 * PAGE_BYTES)).await;
    inlet.deliver("small").await;
    let mut sizes = Vec::new();
    let mut after = 0;
    loop {
        let page = desk.page(after, 0).await;
        let Some(last) = page.last() else { break };
        after = last.sequence;
        sizes.push(page.len());
    }
    assert_eq!(sizes, [2, 2, 1, 1], "filled up to the bound, a larger one alone");
    assert_eq!(desk.deliveries().await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_how_far_it_is_to_the_end() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    for body in ["1", "2", "3"] {
        inlet.deliver(body).await;
    }
    let before = jiff::Timestamp::now().as_millisecond();
    let answer = desk.get("/v1/segments?after=2").await;
    let number = |name: &str| answer.headers()[name].to_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(number(HEAD_HEADER), 3);
    assert!((before..=jiff::Timestamp::now().as_millisecond()).contains(&number(CLOCK_HEADER)));
    assert_eq!(answer.headers()["content-type"], PAGE_CONTENT_TYPE);
    let inbox: serde_json::Value = desk.get("/v1/inbox").await.json().await.unwrap();
    assert_eq!(
        (&inbox["name"], &inbox["head"], &inbox["acked"], &inbox["devices"]),
        (&"Adler".into(), &3.into(), &0.into(), &1.into())
    );
    assert!(inbox["clock"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    // A cursor from another life of the store gets nothing rather than something wrong.
    assert!(desk.page(1000, 0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_everything() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    for i in 0..5 {
        inlet.deliver(format!("before {i}")).await;
    }
    desk.ack(2).await;
    let house = house.restart().await;
    let desk = crate::house::Desk { base: house.url(""), ..desk };
    let inlet = desk.inlet_at(inlet.id, inlet.token);
    inlet.deliver("after").await;
    assert_eq!(desk.segments().await.iter().map(|s| s.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(desk.bodies().await.len(), 6);
    let inbox: serde_json::Value = desk.get("/v1/inbox").await.json().await.unwrap();
    assert_eq!((&inbox["head"], &inbox["acked"]), (&6.into(), &2.into()));
}
