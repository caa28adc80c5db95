//! Several relays over one store in NATS, behind any load balancer; and what they ask of the servers before they serve.

use std::time::Duration;

use jiff::Timestamp;
use offizin_relay::{Config, LogError, Relay, Store};
use offizin_wire::{RefusalCode, seal};

use crate::{
    house::{Desk, HANG, House, assert_refused, on_nats},
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

/// No relay serves a desk any more that was revoked at another, and none seals to it.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_revoked_at_one_relay_is_nobody_at_the_other() {
    let house = House::on_nats().await;
    let (address, _relay) = beside(house.nats.as_ref().unwrap()).await;
    let (desk, inlet) = house.inbox("Adler").await;
    let code = house.relay.add_code("Adler", Timestamp::now()).await.unwrap();
    let lost = Desk { base: format!("http://{address}"), ..house.desk(&code).await };
    inlet.deliver("for both").await;
    assert_eq!(lost.bodies().await.len(), 1, "the other relay knows it");
    let elsewhere = lost.inlet_at(inlet.id.clone(), inlet.token.clone());

    assert_eq!(desk.delete(&format!("/v1/devices/{}", lost.id)).await.status(), 204);
    // No pause: the other relay may not have heard of it, but the log takes nothing from it that is sealed to the lost one.
    let sealed = async { while elsewhere.post("for one").await.status() != 200 {} };
    tokio::time::timeout(HANG, sealed).await.unwrap();
    let last = desk.segments().await.pop().unwrap();
    assert!(seal::open(&last.sealed, &desk.identity).is_ok());
    assert!(seal::open(&last.sealed, &lost.identity).is_err());
    let heard = async { while lost.get("/v1/segments").await.status() != 401 {} };
    tokio::time::timeout(HANG, heard).await.unwrap();
    assert_refused(lost.ack(1).await, 401, RefusalCode::DeviceUnknown).await;
}
