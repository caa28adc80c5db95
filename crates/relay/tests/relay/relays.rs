//! Several relays over one store in NATS, behind any load balancer; and what they ask of the servers before they serve.

use std::time::Duration;

use jiff::Timestamp;
use offizin_relay::{Config, LogError, Relay, Store};

use crate::{
    house::{Desk, House, on_nats},
    nats::Server,
};

/// A second relay over the same servers.
async fn beside(server: &Server) -> (std::net::SocketAddr, Relay) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let relay = Relay::open(Config::new(on_nats(&server.store()), format!("http://{address}").parse().unwrap())).await;
    let relay = relay.unwrap();
    let serving = relay.start(listener).await.unwrap();
    tokio::spawn(serving.run(std::future::pending()));
    (address, relay)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_at_one_relay_holds_at_the_other_at_once() {
    let house = House::on_nats().await;
    let (address, _relay) = beside(house.nats.as_ref().unwrap()).await;
    let elsewhere = format!("http://{address}");
    for round in 0..5 {
        let (desk, inlet) = house.inbox(&format!("Adler {round}")).await;
        // No pause: the word of it may not have come round yet.
        let there = Desk { base: elsewhere.clone(), ..desk };
        let inlet = there.inlet_at(inlet.id, inlet.token);
        inlet.deliver("x").await;
        assert_eq!(there.bodies().await.len(), 1);
        let back = Desk { base: house.url(""), ..there };
        assert_eq!(back.ack(1).await.status(), 204, "what was fetched there is acknowledged here");
        assert_eq!(back.ack(2).await.status(), 400, "what nobody ever had is not");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_waits_at_one_relay_hears_what_came_in_at_another() {
    let house = House::on_nats().await;
    let (address, _relay) = beside(house.nats.as_ref().unwrap()).await;
    let (desk, inlet) = house.inbox("Adler").await;
    inlet.deliver("first").await;
    let there = Desk { base: format!("http://{address}"), ..desk };
    let waiting = there.page(1, 50);
    let delivering = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        inlet.deliver("second").await;
    };
    // Far less than the fifty seconds it is prepared to wait, or the test hangs.
    let (page, ()) =
        tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(waiting, delivering) }).await.unwrap();
    assert_eq!(page.len(), 1);
}

/// Desks are paired at one relay while another takes deliveries: each can open everything after its cursor.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_paired_at_one_relay_opens_what_the_other_sealed() {
    let house = House::on_nats().await;
    let (address, _relay) = beside(house.nats.as_ref().unwrap()).await;
    let (desk, inlet) = house.inbox("Adler").await;
    let elsewhere = Desk { base: format!("http://{address}"), ..desk };
    let inlet = elsewhere.inlet_at(inlet.id, inlet.token);
    let delivering = async {
        let mut accepted = 0;
        for i in 0..150 {
            // While a pairing is under way, the other relay may ask for a moment's patience.
            let status = inlet.post(format!("{i}")).await.status();
            assert!(status == 200 || status == 503, "{status}");
            accepted += u32::from(status == 200);
        }
        accepted
    };
    let pairing = async {
        let mut desks = Vec::new();
        for _ in 0..6 {
            let code = house.relay.add_code("Adler", Timestamp::now()).await.unwrap();
            desks.push(house.desk(&code).await);
        }
        desks
    };
    let (accepted, desks) = tokio::join!(delivering, pairing);
    assert!(accepted > 50, "{accepted}");
    assert_eq!(elsewhere.bodies().await.len(), accepted as usize);
    for desk in desks {
        // Panics at a segment that was not sealed to it.
        let _ = desk.bodies().await;
    }
}

#[tokio::test]
async fn servers_that_may_lose_what_they_acknowledged_are_refused() {
    let open = async |store: Store| Relay::open(Config::new(store, "http://relay.test/".parse().unwrap())).await;
    let careless = Server::with("", "");
    let store = on_nats(&careless.store());
    let refused = open(store.clone()).await.err();
    assert!(matches!(&refused, Some(LogError::Unsafe(why)) if why.contains("sync_interval: always")), "{refused:?}");
    let Store::Nats(mut nats) = store else { panic!("a store") };
    nats.accept_unsynced = true;
    open(Store::Nats(nats.clone())).await.unwrap().close().await;

    let careful = Server::start(None);
    let Ok(Store::Nats(mut nats)) = careful.store().store.parse() else { panic!("a store") };
    nats.monitors = vec![format!("http://127.0.0.1:{}/", crate::nats::free_port()).parse().unwrap()];
    let refused = open(Store::Nats(nats)).await.err();
    assert!(matches!(&refused, Some(LogError::Unsafe(why)) if why.contains("--nats-monitor")), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_planted_is_in_the_servers_files() {
    let house = House::on_nats().await;
    let (desk, inlet) = house.inbox("Adler").await;
    for i in 0..20 {
        inlet.deliver(format!(r#"{{"patient":"Erika Beispiel-Canary","n":{i}}}"#)).await;
    }
    assert_eq!(desk.bodies().await.len(), 20);
    let words = ["Erika Beispiel-Canary", inlet.token.expose(), desk.token.expose()];
    let mut folders = vec![house.nats.as_ref().unwrap().home().to_owned()];
    let mut bytes = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // Some come and go while the server is at work.
            let Ok(content) = std::fs::read(&path) else { continue };
            bytes += content.len();
            for word in words {
                let found = content.windows(word.len()).any(|window| window == word.as_bytes());
                assert!(!found, "a planted word in {}", path.display());
            }
        }
    }
    assert!(bytes > 5_000, "the server wrote something");
}
