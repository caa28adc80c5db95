//! What the tests live in: a relay that serves, and desks as a real desk would behave.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use jiff::Timestamp;
use offizin_relay::{Config, Relay, Store};
use offizin_wire::{
    Delivery, DeviceToken, Identity, InletId, InletToken, PairingCode, Refusal, RefusalCode,
    inlet::{InletAnswer, InletRequest},
    pairing::{PairAnswer, PairRequest},
    pull::{Segment, read_page},
    seal,
};
use reqwest::{Client, Response, StatusCode};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{engine::ON_NATS, nats};

/// Nothing here takes this long; a test that does hangs.
pub(crate) const HANG: Duration = Duration::from_secs(60);

/// A relay that serves.
pub(crate) struct House {
    pub(crate) home: tempfile::TempDir,
    pub(crate) relay: Relay,
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    pub(crate) nats: Option<nats::Server>,
    change: fn(&mut Config),
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<()>>,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// With another configuration than the default.
    pub(crate) async fn with(change: fn(&mut Config)) -> Self {
        let nats = ON_NATS.then(|| nats::Server::start(None));
        Self::serve(tempfile::tempdir().unwrap(), nats, change).await
    }

    /// On NATS, whatever the other tests run on.
    pub(crate) async fn on_nats() -> Self {
        Self::serve(tempfile::tempdir().unwrap(), Some(nats::Server::start(None)), |_| {}).await
    }

    async fn serve(home: tempfile::TempDir, nats: Option<nats::Server>, change: fn(&mut Config)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let store = match &nats {
            Some(server) => on_nats(&server.store()),
            None => Store::Sqlite(home.path().join("store/relay.db")),
        };
        let mut config = Config::new(store, format!("http://{address}").parse().unwrap());
        change(&mut config);
        let relay = Relay::open(config).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = relay.start(listener).await.unwrap();
        assert_eq!(serving.address().unwrap(), address);
        let served = tokio::spawn(serving.run(async {
            let _ = stopped.await;
        }));
        let client = Client::builder().timeout(HANG).build().unwrap();
        Self { home, relay, address, client, nats, change, stop: Some(stop), served: Some(served) }
    }

    /// Asks it to stop and waits until it has.
    pub(crate) async fn close(&mut self) {
        self.ask_to_stop();
        tokio::time::timeout(HANG, self.served.take().unwrap()).await.expect("the relay ends").unwrap();
    }

    pub(crate) fn ask_to_stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    /// The same store, served anew.
    pub(crate) async fn restart(mut self) -> Self {
        if self.served.is_some() {
            self.close().await;
        }
        Self::serve(self.home, self.nats, self.change).await
    }

    /// The same store, served anew with another configuration.
    pub(crate) async fn restart_with(mut self, change: fn(&mut Config)) -> Self {
        self.change = change;
        self.restart().await
    }

    /// A desk and an inlet of before, where the relay is now.
    pub(crate) fn again(&self, desk: Desk, inlet: Inlet) -> (Desk, Inlet) {
        let desk = Desk { base: self.url(""), ..desk };
        let inlet = desk.inlet_at(inlet.id, inlet.token);
        (desk, inlet)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A desk, paired with this code.
    pub(crate) async fn desk(&self, code: &PairingCode) -> Desk {
        let desk = Desk::new(self.address, self.client.clone());
        let answer = desk.pair(code, "Desk").await;
        assert_eq!(answer.status(), StatusCode::OK);
        let answer: PairAnswer = answer.json().await.unwrap();
        Desk { cursor: answer.cursor, id: answer.device, ..desk }
    }

    /// An inbox with one paired desk and one inlet.
    pub(crate) async fn inbox(&self, name: &str) -> (Desk, Inlet) {
        let code = self.relay.add_inbox(name, Timestamp::now()).await.unwrap();
        let desk = self.desk(&code).await;
        let inlet = desk.inlet().await;
        (desk, inlet)
    }

    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let text = self.client.get(self.url("/metrics")).send().await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} in\n{text}")).parse().unwrap()
    }

    /// Waits until a metric has a value.
    pub(crate) async fn until(&self, name: &str, value: u64) {
        let reached = async {
            while self.metric(name).await != value {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(HANG, reached).await.expect(name);
    }
}

/// The store in a NATS server.
pub(crate) fn on_nats(address: &nats::Address) -> Store {
    let Ok(Store::Nats(mut nats)) = address.store.parse() else { panic!("a store") };
    nats.monitors = vec![address.monitor.parse().unwrap()];
    Store::Nats(nats)
}

/// An address as a provider knows it.
pub(crate) struct Inlet {
    pub(crate) id: InletId,
    pub(crate) token: InletToken,
    url: String,
    client: Client,
}

impl Inlet {
    /// Posts a body; the answer is the provider's.
    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> Response {
        self.client.post(&self.url).header("X-Webhook-Event", "test").body(body).send().await.unwrap()
    }

    /// Posts a body that has to be accepted.
    pub(crate) async fn deliver(&self, body: impl Into<reqwest::Body>) {
        let answer = self.post(body).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.bytes().await.unwrap().len(), 0);
    }
}

/// A desk as far as a relay sees one.
pub(crate) struct Desk {
    pub(crate) identity: Identity,
    pub(crate) token: DeviceToken,
    pub(crate) id: String,
    pub(crate) cursor: u64,
    pub(crate) client: Client,
    pub(crate) base: String,
}

impl Desk {
    pub(crate) fn new(address: SocketAddr, client: Client) -> Self {
        let (identity, token) = (Identity::random(), DeviceToken::random().unwrap());
        Self { identity, token, id: String::new(), cursor: 0, client, base: format!("http://{address}") }
    }

    pub(crate) async fn pair(&self, code: &PairingCode, name: &str) -> Response {
        let request = PairRequest {
            code: code.expose_secret().into(),
            device_name: name.into(),
            recipient: self.identity.recipient(),
            token_hash: self.token.hash(),
        };
        self.client.post(format!("{}/v1/pair", self.base)).json(&request).send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.base)).bearer_auth(self.token.expose()).send().await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Response {
        self.client.delete(format!("{}{path}", self.base)).bearer_auth(self.token.expose()).send().await.unwrap()
    }

    pub(crate) async fn rename(&self, device: &str, name: &str) -> Response {
        let request = offizin_wire::pairing::DeviceRequest { name: name.into() };
        let url = format!("{}/v1/devices/{device}", self.base);
        self.client.patch(url).bearer_auth(self.token.expose()).json(&request).send().await.unwrap()
    }

    pub(crate) async fn devices(&self) -> Vec<offizin_wire::pairing::DeviceAnswer> {
        self.get("/v1/devices").await.json().await.unwrap()
    }

    pub(crate) async fn put_inlet(&self, id: &str, request: &InletRequest) -> Response {
        let url = format!("{}/v1/inlets/{id}", self.base);
        self.client.put(url).bearer_auth(self.token.expose()).json(request).send().await.unwrap()
    }

    pub(crate) async fn inlet(&self) -> Inlet {
        let (id, token) = (InletId::random().unwrap(), InletToken::random().unwrap());
        let answer = self.put_inlet(id.as_str(), &InletRequest { token_hash: token.hash() }).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.json::<InletAnswer>().await.unwrap().id, id);
        self.inlet_at(id, token)
    }

    pub(crate) fn inlet_at(&self, id: InletId, token: InletToken) -> Inlet {
        let url = token.address(&self.base.parse().unwrap()).unwrap().into();
        Inlet { id, token, url, client: self.client.clone() }
    }

    pub(crate) async fn page(&self, after: u64, wait: u64) -> Vec<Segment> {
        let answer = self.get(&format!("/v1/segments?after={after}&wait={wait}")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        read_page(&answer.bytes().await.unwrap(), after).unwrap()
    }

    /// Everything after the cursor, page by page.
    pub(crate) async fn segments(&self) -> Vec<Segment> {
        let (mut after, mut all) = (self.cursor, Vec::new());
        loop {
            let page = self.page(after, 0).await;
            let Some(last) = page.last() else { return all };
            after = last.sequence;
            all.extend(page);
        }
    }

    /// Everything after the cursor, opened.
    pub(crate) async fn deliveries(&self) -> Vec<Delivery> {
        let segments = self.segments().await;
        segments.iter().flat_map(|segment| seal::open(&segment.sealed, &self.identity).unwrap()).collect()
    }

    /// The bodies of everything after the cursor.
    pub(crate) async fn bodies(&self) -> BTreeSet<Vec<u8>> {
        self.deliveries().await.into_iter().map(|delivery| delivery.body).collect()
    }

    pub(crate) async fn ack(&self, cursor: u64) -> Response {
        let ack = offizin_wire::pull::Ack { cursor };
        let url = format!("{}/v1/ack", self.base);
        self.client.post(url).bearer_auth(self.token.expose()).json(&ack).send().await.unwrap()
    }
}

/// The answer is this refusal, in the one shape every refusal has.
pub(crate) async fn assert_refused(answer: Response, status: u16, code: RefusalCode) {
    assert_eq!(answer.status().as_u16(), status);
    let later = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().parse::<u64>().unwrap());
    assert_eq!(later.is_some_and(|seconds| seconds > 0), matches!(status, 429 | 503), "{status}: Retry-After");
    assert_eq!(answer.json::<Refusal>().await.unwrap().code, code);
}

/// Bytes that no compressor makes smaller.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}
