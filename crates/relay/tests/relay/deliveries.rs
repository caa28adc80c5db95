//! Everything acknowledged is there, byte for byte, for every paired desk, once, in order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use offizin_wire::{Delivery, Header, seal};

use crate::house::{House, noise};

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_at_once_all_arrive_exactly_once_for_both_desks() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let code = house.relay.add_code("Adler", Timestamp::now()).await.unwrap();
    let other = house.desk(&code).await;
    let inlets = [inlet, desk.inlet().await, other.inlet().await];
    let mut sent = BTreeMap::new();
    for i in 0..450usize {
        let mut body = format!("{i} ").into_bytes();
        body.extend(noise(i * 7));
        sent.insert(body, inlets[i % 3].id.clone());
    }
    let posts = sent.iter().map(|(body, id)| {
        let inlet = inlets.iter().find(|inlet| inlet.id == *id).unwrap();
        inlet.deliver(body.clone())
    });
    futures_util::future::join_all(posts).await;

    for desk in [&desk, &other] {
        let segments = desk.segments().await;
        assert!(segments.iter().map(|s| s.sequence).eq(1..=segments.len() as u64), "1, 2, 3 …");
        let opened: Vec<Delivery> =
            segments.iter().flat_map(|s| seal::open(&s.sealed, &desk.identity).unwrap()).collect();
        assert_eq!(opened.len(), sent.len(), "nothing twice");
        let opened: BTreeMap<_, _> = opened.into_iter().map(|d| (d.body, d.inlet)).collect();
        assert!(opened == sent, "every body at its inlet");
    }
    let listed: Vec<offizin_wire::inlet::InletAnswer> = desk.get("/v1/inlets").await.json().await.unwrap();
    assert_eq!(listed.iter().map(|inlet| inlet.deliveries).collect::<Vec<_>>(), [150, 150, 150]);
    assert_eq!(house.metric("offizin_relay_accepted_total").await, 450);
    assert_eq!(house.metric("offizin_relay_pending").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn inboxes_do_not_mix() {
    let house = House::open().await;
    let (one, to_one) = house.inbox("Adler").await;
    let (two, to_two) = house.inbox("Bär").await;
    // Many inboxes in one group.
    let others: Vec<_> =
        futures_util::future::join_all((0..30).map(async |i| house.inbox(&format!("{i}")).await)).await;
    futures_util::future::join_all(others.iter().map(|(_, inlet)| inlet.deliver(inlet.id.as_str().to_owned()))).await;
    for (desk, inlet) in &others {
        assert!(desk.bodies().await.into_iter().eq([inlet.id.as_str().as_bytes().to_vec()]));
    }
    let posts = (0..60)
        .map(|i| if i % 2 == 0 { to_one.deliver(format!("one {i}")) } else { to_two.deliver(format!("two {i}")) });
    futures_util::future::join_all(posts).await;
    for (desk, word) in [(&one, "one"), (&two, "two")] {
        let bodies = desk.bodies().await;
        assert_eq!(bodies.len(), 30);
        assert!(bodies.iter().all(|body| body.starts_with(word.as_bytes())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_kept_as_it_came() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let body: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let before = Timestamp::now();
    let answer = house
        .client
        .post(house.url(&format!("/in/{}", inlet.token.expose())))
        .header("X-Webhook-Signature", "AbC")
        .header("Cookie", "session=1")
        .header("X-Forwarded-For", "192.0.2.1")
        .header("X-Twice", "1")
        .header("X-Twice", reqwest::header::HeaderValue::from_bytes(b"\xfe2").unwrap())
        .body(body.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let [delivery] = desk.deliveries().await.try_into().unwrap();
    assert_eq!(delivery.body, body);
    assert_eq!(delivery.inlet, inlet.id);
    assert!(delivery.received_at >= before && delivery.received_at <= Timestamp::now());
    let ours = |header: &&Header| header.name.starts_with("x-");
    let kept: Vec<_> = delivery.headers.iter().filter(ours).cloned().collect();
    let expected =
        [Header::new("x-webhook-signature", "AbC"), Header::new("x-twice", "1"), Header::new("x-twice", *b"\xfe2")];
    assert_eq!(kept, expected);
    for dropped in ["cookie", "host", "content-length"] {
        assert_eq!(delivery.header(dropped).count(), 0, "{dropped}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_strange_is_still_a_delivery() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let large = noise(16 * 1024 * 1024);
    for body in [Vec::new(), b"\xff\xfe not utf-8".to_vec(), vec![b'['; 300_000], large] {
        inlet.deliver(body.clone()).await;
        assert_eq!(desk.deliveries().await.last().unwrap().body, body);
    }
    // The same bytes again are another arrival: judging duplicates is the desk's.
    inlet.deliver("again").await;
    inlet.deliver("again").await;
    assert_eq!(desk.deliveries().await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_after_sending_is_still_heard() {
    use tokio::io::AsyncWriteExt;
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let mut stream = tokio::net::TcpStream::connect(house.address).await.unwrap();
    let request = format!("POST /in/{} HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nhello", inlet.token.expose());
    stream.write_all(request.as_bytes()).await.unwrap();
    // Nobody was told, so nothing was promised: the delivery may be there or not, but the relay goes on.
    drop(stream);
    inlet.deliver("after").await;
    assert!(desk.bodies().await.contains(b"after".as_slice()));
    assert_eq!(house.metric("offizin_relay_pending").await, 0);
}
