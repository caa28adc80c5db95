//! Every way the relay says no, in one shape, and never with a 2xx.

use offizin_wire::{DeviceToken, InletId, InletToken, RefusalCode, VERSION, VERSION_HEADER, inlet::InletRequest};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::house::{House, assert_refused, noise};

#[tokio::test(flavor = "multi_thread")]
async fn unknown_retired_and_wrong_method() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let unknown = desk.inlet_at(InletId::random().unwrap(), InletToken::random().unwrap());
    assert_refused(unknown.post("x").await, 404, RefusalCode::NotFound).await;
    for path in ["/in/", "/in/a/b", "/in/%ff%fe", "/", "/v2/segments"] {
        let answer = house.client.post(house.url(path)).body("x").send().await.unwrap();
        assert_refused(answer, 404, RefusalCode::NotFound).await;
    }
    let get = house.client.get(house.url(&format!("/in/{}", inlet.token.expose()))).send().await.unwrap();
    assert_eq!(get.headers()["allow"], "POST");
    assert_refused(get, 405, RefusalCode::NotFound).await;

    for _ in 0..2 {
        assert_eq!(desk.delete(&format!("/v1/inlets/{}", inlet.id)).await.status(), 204);
    }
    assert_refused(inlet.post("x").await, 410, RefusalCode::Retired).await;
    // Asking for it again does not bring it back.
    let again = desk.put_inlet(inlet.id.as_str(), &InletRequest { token_hash: inlet.token.hash() }).await;
    assert!(again.json::<offizin_wire::inlet::InletAnswer>().await.unwrap().retired_at.is_some());
    assert_refused(inlet.post("x").await, 410, RefusalCode::Retired).await;
    let house = house.restart().await;
    let answer = house.client.post(house.url(&format!("/in/{}", inlet.token.expose()))).body("x").send().await.unwrap();
    assert_refused(answer, 410, RefusalCode::Retired).await;
    assert_eq!(house.metric("offizin_relay_refused_total{reason=\"retired_inlet\"}").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_with_and_without_an_announcement() {
    let house = House::with(|config| config.limits.body_bytes = 100_000).await;
    let (desk, inlet) = house.inbox("Adler").await;
    inlet.deliver(noise(100_000)).await;
    assert_refused(inlet.post(noise(100_001)).await, 413, RefusalCode::TooLarge).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head = format!("POST /in/{} HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n", inlet.token.expose());
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = vec![b'x'; 60_000];
    for _ in 0..2 {
        stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await.unwrap();
        stream.write_all(&chunk).await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    assert_eq!(status(&mut stream).await, "413");
    // Who asks first whether to send is told at once, and not "100 Continue".
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head = format!(
        "POST /in/{} HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 900000\r\n\r\n",
        inlet.token.expose()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(status(&mut stream).await, "413");
    assert_eq!(desk.deliveries().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_headers_rather_than_fewer() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    let url = house.url(&format!("/in/{}", inlet.token.expose()));
    let many = (0..70).fold(house.client.post(&url), |request, i| request.header(format!("x-{i}"), "1"));
    assert_refused(many.send().await.unwrap(), 431, RefusalCode::TooLarge).await;
    let large = house.client.post(&url).header("x-large", "x".repeat(17_000)).send().await.unwrap();
    assert_refused(large, 431, RefusalCode::TooLarge).await;
    assert!(desk.deliveries().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come() {
    let house = House::with(|config| config.limits.body_time = std::time::Duration::from_millis(200)).await;
    let (desk, inlet) = house.inbox("Adler").await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head = format!("POST /in/{} HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nhalf", inlet.token.expose());
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(status(&mut stream).await, "408");
    // One that breaks off is nothing either.
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP/1.1 2"));
    assert!(desk.deliveries().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_to_seal_to() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    assert_eq!(desk.delete(&format!("/v1/devices/{}", desk.id)).await.status(), 204);
    assert_refused(inlet.post("x").await, 503, RefusalCode::Unavailable).await;
    assert_refused(desk.get("/v1/inbox").await, 401, RefusalCode::DeviceUnknown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_without_a_token_or_with_a_newer_wire() {
    let house = House::open().await;
    let (desk, _) = house.inbox("Adler").await;
    for path in ["/v1/inbox", "/v1/segments", "/v1/inlets", "/v1/devices"] {
        assert_refused(house.client.get(house.url(path)).send().await.unwrap(), 401, RefusalCode::DeviceUnknown).await;
        let stranger = DeviceToken::random().unwrap();
        let request = house.client.get(house.url(path)).bearer_auth(stranger.expose());
        assert_refused(request.send().await.unwrap(), 401, RefusalCode::DeviceUnknown).await;
        let newer = house.client.get(house.url(path)).bearer_auth(desk.token.expose());
        let newer = newer.header(VERSION_HEADER, VERSION + 1).send().await.unwrap();
        assert_refused(newer, 400, RefusalCode::VersionUnsupported).await;
        let same = house.client.get(house.url(path)).bearer_auth(desk.token.expose());
        let same = same.header(VERSION_HEADER, VERSION).send().await.unwrap();
        assert_eq!(same.status(), 200);
        assert_eq!(same.headers()[VERSION_HEADER], VERSION.to_string().as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read() {
    let house = House::open().await;
    let (desk, inlet) = house.inbox("Adler").await;
    for query in ["after=x", "after=-1", "wait=1.5", "after=99999999999999999999"] {
        assert_refused(desk.get(&format!("/v1/segments?{query}")).await, 400, RefusalCode::Malformed).await;
    }
    for body in ["", "{}", "{\"cursor\":-1}", "canary-in-the-body", "[[[["] {
        let url = house.url("/v1/ack");
        let answer = house.client.post(url).bearer_auth(desk.token.expose()).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        assert!(!answer.text().await.unwrap().contains("canary"), "a refusal quotes nothing");
    }
    assert_refused(desk.ack(1).await, 400, RefusalCode::Malformed).await;
    let long = house.client.post(house.url("/v1/pair")).body(vec![b' '; 70_000]).send().await.unwrap();
    assert_refused(long, 413, RefusalCode::TooLarge).await;
    let request = InletRequest { token_hash: InletToken::random().unwrap().hash() };
    assert_refused(desk.put_inlet("short", &request).await, 400, RefusalCode::Malformed).await;
    assert_refused(desk.put_inlet(inlet.id.as_str(), &request).await, 409, RefusalCode::InletConflict).await;
    let taken = InletRequest { token_hash: inlet.token.hash() };
    let other = InletId::random().unwrap();
    assert_refused(desk.put_inlet(other.as_str(), &taken).await, 409, RefusalCode::InletConflict).await;
    for path in
        [format!("/v1/inlets/{other}"), "/v1/inlets/x".into(), "/v1/inlets/%ff".into(), "/v1/devices/nobody".into()]
    {
        assert_refused(desk.delete(&path).await, 404, RefusalCode::NotFound).await;
    }
    inlet.deliver("still there").await;
}

/// The status of the answer on a raw connection.
async fn status(stream: &mut TcpStream) -> String {
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap().split(' ').nth(1).unwrap().to_owned()
}
