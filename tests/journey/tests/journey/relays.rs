//! A relay that cannot be reached, does not know this desk, or is not a relay; and pairing codes that do not work.

use std::time::Duration;

use jiff::Timestamp;
use offizin_desk::{Code, status::PullState};
use offizin_journey::{Sender, ServedRelay, arrivals, desk, pair, pull};
use offizin_relay::{Config, Relay, Store};
use offizin_wire::PairingCode;
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_down_is_told_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let relay = ServedRelay::start(&dir.path().join("relay")).await;
    let desk = desk(&dir.path().join("home")).await;
    assert_eq!(desk.pull(Duration::ZERO).await.unwrap_err().code, Code::NotPaired);
    pair(&desk, &relay.invite("Adler").await).await.unwrap();
    pull(&desk).await;
    let address = relay.url.clone();
    relay.stop().await;
    let shown = desk.pull(Duration::ZERO).await.unwrap_err();
    assert_eq!(shown.code, Code::RelayUnreachable);
    let status = desk.status().await.unwrap().relay.unwrap();
    assert_eq!(status.state, PullState::Failing);
    assert_eq!(status.problem, Some(shown), "what is remembered is what was shown, under the same incident");

    // Something else answers at its address.
    let impostor = tokio::net::TcpListener::bind(("127.0.0.1", address.port().unwrap())).await.unwrap();
    let answering = tokio::spawn(async move {
        while let Ok((mut stream, _)) = impostor.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let page =
                b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\nconnection: close\r\n\r\n<html";
            let _ = stream.write_all(page).await;
        }
    });
    assert_eq!(desk.pull(Duration::ZERO).await.unwrap_err().code, Code::RelayUnexpected);
    answering.abort();
    let _ = answering.await;

    let listener = tokio::net::TcpListener::bind(("127.0.0.1", address.port().unwrap())).await.unwrap();
    let store = Store::Sqlite(dir.path().join("relay/relay.db"));
    let relay = Relay::open(Config::new(store, address)).await.unwrap();
    let serving = relay.start(listener).await.unwrap();
    tokio::spawn(serving.run(std::future::pending()));
    pull(&desk).await;
    let status = desk.status().await.unwrap().relay.unwrap();
    assert_eq!((status.state, status.problem), (PullState::Reachable, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_the_relay_no_longer_knows_can_leave_and_pair_again() {
    let dir = tempfile::tempdir().unwrap();
    let relay = ServedRelay::start(&dir.path().join("relay")).await;
    let desk = desk(&dir.path().join("home")).await;
    pair(&desk, &relay.invite("Adler").await).await.unwrap();
    let sender = Sender::at(&desk, "Portal", None).await;
    assert_eq!(sender.post(b"{}").await, Some(StatusCode::OK));
    pull(&desk).await;
    relay.relay.remove_inbox("Adler").await.unwrap();
    assert_eq!(desk.pull(Duration::ZERO).await.unwrap_err().code, Code::RelayRefused);
    let status = desk.status().await.unwrap().relay.unwrap();
    assert_eq!(status.problem.unwrap().code, Code::RelayRefused);
    let again = relay.invite("Adler").await;
    assert_eq!(pair(&desk, &again).await.unwrap_err().code, Code::AlreadyPaired);
    desk.unpair().await.unwrap();
    assert_eq!(desk.pull(Duration::ZERO).await.unwrap_err().code, Code::NotPaired);
    pair(&desk, &again).await.unwrap();
    pull(&desk).await;
    let sender = Sender::at(&desk, "Other", None).await;
    assert_eq!(sender.post(b"{\"n\":2}").await, Some(StatusCode::OK));
    assert_eq!(pull(&desk).await.events, 1);
    assert_eq!(arrivals(&desk, None).await.len(), 2, "what was pulled before stayed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_pairs_once_in_its_time_and_whole() {
    let dir = tempfile::tempdir().unwrap();
    let relay = ServedRelay::start(&dir.path().join("relay")).await;
    let first = desk(&dir.path().join("first")).await;
    let second = desk(&dir.path().join("second")).await;
    let code = relay.invite("Adler").await;

    let damaged = pair(&first, &code[..code.len() - 4]).await.unwrap_err();
    assert_eq!((damaged.code, damaged.detail.as_deref()), (Code::PairingCodeMalformed, Some("damaged")));
    let other = pair(&first, "whsec_something_else").await.unwrap_err();
    assert_eq!((other.code, other.detail.as_deref()), (Code::PairingCodeMalformed, Some("not_a_code")));

    let view = pair(&first, &format!(" {}\n{} ", &code[..12], &code[12..])).await.unwrap();
    assert_eq!((view.inbox_name.as_str(), view.device_name.as_str()), ("Adler", "Counter"));
    assert_eq!(pair(&second, &code).await.unwrap_err().code, Code::PairingCodeRefused, "used");
    assert_eq!(pair(&first, &code).await.unwrap_err().code, Code::AlreadyPaired);

    let yesterday = Timestamp::now() - jiff::SignedDuration::from_hours(25);
    let expired = relay.relay.add_code("Adler", yesterday).await.unwrap().expose();
    assert_eq!(pair(&second, &expired).await.unwrap_err().code, Code::PairingCodeRefused, "expired");
    let invented = PairingCode::random(relay.url.clone()).unwrap().expose();
    assert_eq!(pair(&second, &invented).await.unwrap_err().code, Code::PairingCodeRefused, "never given out");
    let nowhere = PairingCode::random("http://127.0.0.1:9".parse().unwrap()).unwrap().expose();
    assert_eq!(pair(&second, &nowhere).await.unwrap_err().code, Code::RelayUnreachable);

    // A second desk of the same inbox gets everything from now on.
    let code = relay.relay.add_code("Adler", Timestamp::now()).await.unwrap().expose();
    pair(&second, &code).await.unwrap();
    let sender = Sender::at(&first, "Portal", None).await;
    assert_eq!(sender.post(b"{}").await, Some(StatusCode::OK));
    assert_eq!(pull(&first).await.events, 1);
    let seen = pull(&second).await;
    assert_eq!((seen.unopened, seen.rejected), (0, 1), "it opens, but the second desk does not know the inlet");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_on_one_folder_take_everything_once() {
    let dir = tempfile::tempdir().unwrap();
    let relay = ServedRelay::start(&dir.path().join("relay")).await;
    let home = dir.path().join("home");
    let (window, ctl) = (desk(&home).await, desk(&home).await);
    pair(&window, &relay.invite("Adler").await).await.unwrap();
    let sender = Sender::at(&window, "Portal", None).await;
    for n in 0..60 {
        assert_eq!(sender.post(format!("{{\"n\":{n}}}").as_bytes()).await, Some(StatusCode::OK));
        if n % 7 == 0 {
            let (one, other) = tokio::join!(window.pull(Duration::ZERO), ctl.pull(Duration::ZERO));
            one.unwrap();
            other.unwrap();
        }
    }
    let (one, other) = tokio::join!(window.pull(Duration::ZERO), ctl.pull(Duration::ZERO));
    one.unwrap();
    other.unwrap();
    let rows = arrivals(&window, None).await;
    assert_eq!(rows.len(), 60);
    assert!(rows.iter().all(|row| row.receipts == 1));
    let pulled = ctl.foreign_version().await.unwrap();
    window.settings_set(&Default::default()).await.unwrap();
    let changed = ctl.foreign_version().await.unwrap();
    assert_ne!(changed, pulled, "one program notices that the other wrote");
    ctl.settings_set(&Default::default()).await.unwrap();
    assert_eq!(ctl.foreign_version().await.unwrap(), changed, "and not that it wrote itself");
}
