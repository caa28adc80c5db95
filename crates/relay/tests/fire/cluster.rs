//! Three NATS servers and two relays: a leader is killed and one server is cut off from the others, under load. Nothing
//! acknowledged is missing after it heals.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use jiff::Timestamp;
use offizin_relay::{Config, LogError, Relay, Store};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

use crate::{
    house::{Desk, HANG},
    nats::{Server, free_port},
    writers::{Ledger, tell},
};

const SERVERS: usize = 3;

/// A way between two servers that can be cut.
struct Way {
    cut: Arc<AtomicBool>,
}

/// Servers that know each other only by ways that can be cut.
struct Cluster {
    servers: Vec<Server>,
    ways: HashMap<(usize, usize), Way>,
}

impl Cluster {
    async fn start() -> Self {
        let inside: Vec<u16> = (0..SERVERS).map(|_| free_port()).collect();
        let mut ways = HashMap::new();
        let mut routes = vec![Vec::new(); SERVERS];
        for (from, routes) in routes.iter_mut().enumerate() {
            for to in (0..SERVERS).filter(|to| *to != from) {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                routes.push(format!("\"nats://127.0.0.1:{}\"", listener.local_addr().unwrap().port()));
                let cut = Arc::new(AtomicBool::new(false));
                tokio::spawn(carry(listener, inside[to], cut.clone()));
                ways.insert((from, to), Way { cut });
            }
        }
        let server = |i: usize| {
            // Nobody learns an address by hearsay: what is advertised leads nowhere.
            let cluster = format!(
                "server_name: n{i}\ncluster {{ name: offizin, listen: \"127.0.0.1:{}\", advertise: \"127.0.0.1:1\", \
                 no_advertise: true, routes: [{}] }}",
                inside[i],
                routes[i].join(", ")
            );
            Server::prepare("sync_interval: always", &cluster)
        };
        let mut servers: Vec<_> = (0..SERVERS).map(server).collect();
        servers.iter_mut().for_each(Server::launch);
        tokio::task::block_in_place(|| servers.iter().for_each(Server::wait));
        Self { servers, ways }
    }

    fn store(&self) -> Store {
        let hosts: Vec<_> = self.servers.iter().map(|server| server.store().store.replace("nats://", "")).collect();
        let Ok(Store::Nats(mut nats)) = format!("nats://{}", hosts.join(",")).parse() else { panic!("a store") };
        nats.monitors = self.servers.iter().map(|server| server.store().monitor.parse().unwrap()).collect();
        Store::Nats(nats)
    }

    /// From now on this server and the others hear nothing of each other; `false` heals it.
    fn cut_off(&self, server: usize, cut: bool) {
        for ((from, to), way) in &self.ways {
            if *from == server || *to == server {
                way.cut.store(cut, Relaxed);
            }
        }
    }

    /// The server that leads the stream of an inbox.
    async fn leader(&self) -> Option<usize> {
        let client = reqwest::Client::new();
        for server in &self.servers {
            let url = format!("{}jsz?accounts=1&streams=1", server.store().monitor);
            let Ok(answer) = client.get(url).timeout(Duration::from_secs(2)).send().await else { continue };
            let Ok(jsz) = answer.json::<serde_json::Value>().await else { continue };
            let streams = jsz["account_details"][0]["stream_detail"].as_array().cloned().unwrap_or_default();
            let inbox = streams.iter().find(|stream| {
                let name = stream["name"].as_str().unwrap_or_default();
                !name.starts_with("KV_")
            });
            if let Some(leader) = inbox.and_then(|stream| stream["cluster"]["leader"].as_str()) {
                return leader.strip_prefix('n').and_then(|i| i.parse().ok());
            }
        }
        None
    }
}

/// Carries connections to a port, until the way is cut; then it drops them and takes no others.
async fn carry(listener: TcpListener, to: u16, cut: Arc<AtomicBool>) {
    while let Ok((mut near, _)) = listener.accept().await {
        let cut = cut.clone();
        tokio::spawn(async move {
            if cut.load(Relaxed) {
                return;
            }
            let Ok(mut far) = TcpStream::connect(("127.0.0.1", to)).await else { return };
            let until_cut = async {
                while !cut.load(Relaxed) {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => {}
                () = until_cut => {}
            }
        });
    }
}

async fn relay(cluster: &Cluster) -> (Relay, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut config = Config::new(cluster.store(), format!("http://{address}").parse().unwrap());
    config.limits.inlet_rate = 0;
    // The servers hold elections before there is anything to connect to.
    let opened = async {
        loop {
            match Relay::open(config.clone()).await {
                Ok(relay) => return relay,
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    };
    let relay = tokio::time::timeout(HANG, opened).await.expect("the cluster gets ready");
    let serving = relay.start(listener).await.unwrap();
    tokio::spawn(serving.run(std::future::pending()));
    (relay, address)
}

/// Waits until both relays take deliveries again.
async fn recovered(urls: &[String]) {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(8)).build().unwrap();
    for url in urls {
        let taken = async {
            while !client.post(url).body("again").send().await.is_ok_and(|answer| answer.status() == 200) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(HANG, taken).await.expect("it recovers");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_acknowledged_is_lost_when_a_leader_dies_or_a_server_is_cut_off() {
    let mut cluster = Cluster::start().await;
    let (one, here) = relay(&cluster).await;
    let (_two, there) = relay(&cluster).await;
    // What was just made may not be known to every server yet, and then nothing was done.
    let made = async {
        loop {
            match one.add_inbox("Adler", Timestamp::now()).await {
                Err(LogError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(200)).await,
                code => break code.unwrap(),
            }
        }
    };
    let code = tokio::time::timeout(HANG, made).await.expect("the servers agree");
    let desk = Desk::new(here, reqwest::Client::new());
    // The servers may still hold an election; a desk is told to come again.
    let paired = async {
        while desk.pair(&code, "Desk").await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(HANG, paired).await.expect("a leader is found");
    let inlet = desk.inlet().await;
    let urls: Vec<_> =
        [here, there].iter().map(|relay| format!("http://{relay}/in/{}", inlet.token.expose())).collect();
    recovered(&urls).await;

    let ledger = Ledger::default();
    let mut before = 0;
    for deed in ["a leader is killed", "a leader is cut off", "a server is cut off"] {
        let writers = ledger.write(16, &urls);
        tokio::time::sleep(Duration::from_millis(700)).await;
        let leader = cluster.leader().await.unwrap_or(0);
        match deed {
            "a leader is killed" => {
                cluster.servers[leader].kill();
                tokio::time::sleep(Duration::from_secs(2)).await;
                cluster.servers[leader].launch();
            }
            "a leader is cut off" => {
                cluster.cut_off(leader, true);
                tokio::time::sleep(Duration::from_secs(4)).await;
                cluster.cut_off(leader, false);
            }
            _ => {
                let other = (leader + 1) % SERVERS;
                cluster.cut_off(other, true);
                tokio::time::sleep(Duration::from_secs(2)).await;
                cluster.cut_off(other, false);
            }
        }
        recovered(&urls).await;
        writers.stop().await;
        ledger.settle_at_least(&desk).await;
        let sequences: Vec<_> = desk.segments().await.iter().map(|segment| segment.sequence).collect();
        assert!(sequences.iter().copied().eq(1..=sequences.len() as u64), "{deed}: the order has no holes");
        assert!(ledger.acknowledged() > before, "{deed}: they wrote something");
        before = ledger.acknowledged();
    }
    tell(&format!("{before} acknowledged, none missing"));
    let there = Desk { base: format!("http://{there}"), ..desk };
    ledger.settle_at_least(&there).await;
}
