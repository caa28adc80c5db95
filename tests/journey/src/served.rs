//! A relay in this process, started through the public function of its library.

use std::path::Path;

use jiff::Timestamp;
use offizin_relay::{Config, Limits, Relay, Store};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use url::Url;

use crate::tunnel::Tunnel;

async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    (listener, url)
}

/// A relay that serves on a free port.
pub struct ServedRelay {
    /// Its door.
    pub relay: Relay,
    /// Where it is reached.
    pub url: Url,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl ServedRelay {
    /// Serves a store in this folder.
    pub async fn start(dir: &Path) -> Self {
        Self::with_limits(dir, Limits::default()).await
    }

    /// As [`ServedRelay::start`], with other limits for what a provider may send.
    pub async fn with_limits(dir: &Path, limits: Limits) -> Self {
        let (listener, url) = listen().await;
        Self::serve(dir, limits, listener, url).await
    }

    /// As [`ServedRelay::start`], reached through a tunnel that can be cut.
    pub async fn behind_tunnel(dir: &Path) -> (Self, Tunnel) {
        let (listener, url) = listen().await;
        let tunnel = Tunnel::to(&url).await;
        (Self::serve(dir, Limits::default(), listener, tunnel.url.clone()).await, tunnel)
    }

    async fn serve(dir: &Path, limits: Limits, listener: TcpListener, url: Url) -> Self {
        let store = Store::Sqlite(dir.join("relay.db"));
        let relay = Relay::open(Config { limits, ..Config::new(store, url.clone()) }).await.unwrap();
        let serving = relay.start(listener).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serving.run(async {
            let _ = stopped.await;
        }));
        Self { relay, url, stop, served }
    }

    /// Makes an inbox; answers its pairing code.
    pub async fn invite(&self, inbox: &str) -> String {
        self.relay.add_inbox(inbox, Timestamp::now()).await.unwrap().expose()
    }

    /// Stops it; nothing listens at its address afterwards.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        self.served.await.unwrap();
    }
}
