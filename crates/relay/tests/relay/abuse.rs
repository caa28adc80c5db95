//! What somebody may try who wishes the relay ill, or does not know better: it sheds, says when to come back, and paired
//! desks go on pulling.

use std::time::Duration;

use futures_util::future::join_all;
use offizin_wire::RefusalCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::house::{Desk, HANG, House, assert_refused, noise};

/// Everything until the relay closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(HANG, stream.read_to_end(&mut answer)).await.expect("the relay closes it");
    // A reset is a close, too.
    let _ = read;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_trickles_is_given_up_and_its_room_given_back() {
    let house = House::with(|config| {
        config.limits.body_time = Duration::from_millis(300);
        config.limits.bytes_in_flight = 1000;
    })
    .await;
    let (desk, inlet) = house.inbox("Adler").await;
    let trickle = async || {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let head = format!("POST /in/{} HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n", inlet.token.expose());
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[b'x'; 100]).await.unwrap();
        rest(&mut stream).await
    };
    for answer in join_all((0..5).map(|_| trickle())).await {
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    inlet.deliver(noise(1000)).await;
    assert_eq!(desk.bodies().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_are_closed() {
    let house = House::with(|config| config.limits.head_time = Duration::from_millis(300)).await;
    let (desk, inlet) = house.inbox("Adler").await;
    let mut idle = Vec::new();
    for i in 0..50 {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        if i % 2 == 0 {
            stream.write_all(b"POST /in/half-a-head HTTP/1.1\r\nHost: x\r\nX-Slow:").await.unwrap();
        }
        idle.push(stream);
    }
    inlet.deliver("meanwhile").await;
    for mut stream in idle {
        rest(&mut stream).await;
    }
    assert_eq!(desk.bodies().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_cannot_take_all_connections() {
    let house = House::with(|config| config.limits.address_connections = 8).await;
    let (desk, inlet) = house.inbox("Adler").await;
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(TcpStream::connect(house.address).await.unwrap());
    }
    // At most seven more beside the one the client keeps open: the rest is closed without a word.
    let mut closed = 0;
    for stream in &mut open {
        let mut byte = [0];
        let read = tokio::time::timeout(Duration::from_millis(500), stream.read(&mut byte)).await;
        closed += usize::from(matches!(read, Ok(Ok(0) | Err(_))));
    }
    assert!(closed >= 12, "{closed} of 20 were closed");
    drop(open);
    let served = async {
        while house.client.get(house.url("/healthz")).send().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(HANG, served).await.unwrap();
    inlet.deliver("afterwards").await;
    assert_eq!(desk.bodies().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_headers_are_refused_whole() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let url = format!("/in/{}", inlet.token.expose());
    let many: String = (0..500).map(|i| format!("X-Flood-{i}: x\r\n")).collect();
    let some: String = (0..70).map(|i| format!("X-Flood-{i}: x\r\n")).collect();
    let large = format!("X-Flood: {}\r\n", "x".repeat(40_000));
    let endless = format!("X-Flood: {}\r\n", "x".repeat(1_000_000));
    for headers in [many, some, large, endless] {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let head =
            format!("POST {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n{headers}\r\nx");
        let _ = stream.write_all(head.as_bytes()).await;
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    assert_eq!(desk.bodies().await.len(), 0);
    inlet.deliver("x").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_bomb_stays_the_small_thing_it_is() {
    let house = House::with(|config| config.limits.body_bytes = 100_000).await;
    let (desk, inlet) = house.inbox("Adler").await;
    // A gzip of gigabytes is a few kilobytes of the same bytes again and again; the relay never looks inside.
    let bomb: Vec<u8> = [0x1f, 0x8b, 0x08].into_iter().chain(std::iter::repeat_n(0xed, 90_000)).collect();
    let url = house.url(&format!("/in/{}", inlet.token.expose()));
    let request = house.client.post(url).header("Content-Encoding", "gzip").body(bomb.clone());
    assert_eq!(request.send().await.unwrap().status(), 200);
    let [delivery] = desk.deliveries().await.try_into().unwrap();
    assert!(delivery.body == bomb);
    assert_eq!(delivery.header("content-encoding").next(), Some(b"gzip".as_slice()));
    assert!(house.metric("offizin_relay_segment_bytes_total").await < 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_and_who_knows_an_address_is_not() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let mut refused = 0;
    for i in 0..150 {
        let path = match i % 3 {
            0 => format!("/in/{}", offizin_wire::InletToken::random().unwrap().expose()),
            1 => format!("/wp-admin/{i}"),
            _ => "/v1/segments".into(),
        };
        let answer = match i % 3 {
            0 => house.client.post(house.url(&path)).body("x").send().await.unwrap(),
            _ => house.client.get(house.url(&path)).bearer_auth(format!("guess-{i}")).send().await.unwrap(),
        };
        if answer.status() == 429 {
            assert_refused(answer, 429, RefusalCode::TooFast).await;
            refused += 1;
        } else {
            assert!(matches!(answer.status().as_u16(), 404 | 401));
        }
    }
    assert!(refused > 20, "{refused}");
    inlet.deliver("from the same address").await;
    assert_eq!(desk.bodies().await.len(), 1);
}

/// Where one relay alone serves a store. What is not in memory does not exist; a store that is gone is not missed.
#[tokio::test(flavor = "multi_thread")]
async fn guessing_at_addresses_and_tokens_costs_no_disk() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    house.relay.close().await;
    assert_refused(inlet.post("x").await, 503, RefusalCode::Unavailable).await;
    let unknown = desk.inlet_at(inlet.id.clone(), offizin_wire::InletToken::random().unwrap());
    assert_refused(unknown.post("x").await, 404, RefusalCode::NotFound).await;
    let stranger = house.client.get(house.url("/v1/segments")).bearer_auth("guess").send().await.unwrap();
    assert_refused(stranger, 401, RefusalCode::DeviceUnknown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_at_pairing_codes_is_slowed_down_for_the_guesser_alone() {
    let house = House::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let code = house.relay.add_inbox("Adler", jiff::Timestamp::now()).await.unwrap();
    let desk = Desk::new(house.address, house.client.clone());
    let pair = async |from: &str, code: &offizin_wire::PairingCode| {
        let request = offizin_wire::pairing::PairRequest {
            code: code.expose_secret().into(),
            device_name: "Desk".into(),
            recipient: desk.identity.recipient(),
            token_hash: desk.token.hash(),
        };
        let request = house.client.post(house.url("/v1/pair")).json(&request).header("X-Forwarded-For", from);
        request.send().await.unwrap()
    };
    let mut refused = 0;
    for _ in 0..150 {
        let guess = offizin_wire::PairingCode::random(code.relay.clone()).unwrap();
        let answer = pair("203.0.113.7", &guess).await;
        if answer.status() == 429 {
            assert_refused(answer, 429, RefusalCode::TooFast).await;
            refused += 1;
        } else {
            assert_refused(answer, 404, RefusalCode::PairingCodeUnknown).await;
        }
    }
    assert!(refused > 20, "{refused}");
    assert_eq!(pair("203.0.113.8", &code).await.status(), 200, "who has a code is not kept waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_deliveries_does_not_keep_desks_from_pulling() {
    let house = House::with(|config| {
        config.limits.total_rate = 5;
        config.limits.total_burst = 5;
    })
    .await;
    let (desk, inlet) = house.inbox("Adler").await;
    let flood = async {
        let answers = join_all((0..400).map(|_| inlet.post(noise(2000)))).await;
        answers.into_iter().filter(|answer| answer.status() == 429).count()
    };
    let pulling = async {
        for _ in 0..30 {
            let page = desk.page(0, 0).await;
            if let Some(last) = page.last() {
                assert_eq!(desk.ack(last.sequence).await.status(), 204);
            }
        }
    };
    let (shed, ()) = tokio::join!(flood, pulling);
    assert!(shed > 300, "{shed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_every_sender_has_its_own_limit() {
    let house = House::with(|config| {
        config.limits.address_rate = 1;
        config.limits.address_burst = 3;
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let (_desk, inlet) = house.inbox("Adler").await;
    let url = house.url(&format!("/in/{}", inlet.token.expose()));
    let post = async |from: &str| {
        house.client.post(&url).header("X-Forwarded-For", from).body("x").send().await.unwrap().status().as_u16()
    };
    let mut of_one = Vec::new();
    for i in 0..20 {
        of_one.push(post(&format!("{i}.6.6.6, 203.0.113.7")).await);
    }
    assert!(of_one.contains(&429), "what stands before the proxy's own word changes nothing: {of_one:?}");
    assert_eq!(post("203.0.113.8").await, 200);
}
