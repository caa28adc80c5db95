//! What an operator can decide, as values. Owns defaults and the meaning of each setting; reads neither flags nor
//! environment (the shell, `main.rs`, does) and opens nothing.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

pub use ipnet::IpNet;
use jiff::Timestamp;
use url::Url;

pub use crate::tls::{TlsError, TlsFiles};

/// What tells the relay the time. The system's, except where a recording has to come out the same every time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// Tells what `now` answers.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(Timestamp::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(…)")
    }
}

/// Where the log lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// `sqlite:PATH`: one file on this host, served by one relay.
    Sqlite(PathBuf),
    /// `nats://HOST[:PORT][,HOST…][/NAME]`: JetStream, served by any number of relays.
    Nats(Nats),
}

/// NATS servers with JetStream.
#[derive(Clone, PartialEq, Eq)]
pub struct Nats {
    /// URLs of the servers, all of one cluster; may hold a user and a password.
    pub servers: Vec<String>,
    /// Begins the name of every stream and bucket of ours, so that relays that have nothing to do with each other can
    /// share servers.
    pub name: String,
    /// File with the servers' credentials (`.creds`).
    pub credentials: Option<PathBuf>,
    /// Monitoring endpoints that are asked at start whether the servers flush before they acknowledge. Empty: port 8222
    /// of every server.
    pub monitors: Vec<Url>,
    /// Serve although servers may lose in a power failure what they acknowledged.
    pub accept_unsynced: bool,
}

impl Nats {
    /// What begins our names unless something else is said.
    pub const NAME: &str = "offizin";
    const MONITOR_PORT: u16 = 8222;

    /// The monitoring endpoints to ask.
    pub fn monitors(&self) -> Vec<Url> {
        if !self.monitors.is_empty() {
            return self.monitors.clone();
        }
        let monitor = |server: &String| {
            let host = Url::parse(server).ok()?.host_str()?.to_owned();
            Url::parse(&format!("http://{host}:{}/", Self::MONITOR_PORT)).ok()
        };
        self.servers.iter().filter_map(monitor).collect()
    }
}

/// Servers may be named with a password.
impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nats({} servers, {})", self.servers.len(), self.name)
    }
}

/// The text names no store this relay can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a store is written sqlite:PATH or nats://HOST[:PORT][,HOST…][/NAME]")]
pub struct StoreUnknown;

impl FromStr for Store {
    type Err = StoreUnknown;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return if path.is_empty() { Err(StoreUnknown) } else { Ok(Self::Sqlite(path.into())) };
        }
        let (scheme, rest) = text.split_once("://").ok_or(StoreUnknown)?;
        if !matches!(scheme, "nats" | "tls") {
            return Err(StoreUnknown);
        }
        let (hosts, name) = rest.split_once('/').unwrap_or((rest, ""));
        let name = if name.is_empty() { Nats::NAME } else { name };
        let fits = name.len() <= 32 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let (user, hosts) = hosts.rsplit_once('@').map_or(("", hosts), |(user, hosts)| (user, hosts));
        let server = |host: &str| {
            let at = if user.is_empty() { "" } else { "@" };
            let url = format!("{scheme}://{user}{at}{host}");
            Url::parse(&url).ok().filter(|url| url.has_host()).map(|_| url).ok_or(StoreUnknown)
        };
        let servers = hosts.split(',').map(server).collect::<Result<Vec<_>, _>>()?;
        if !fits {
            return Err(StoreUnknown);
        }
        Ok(Self::Nats(Nats {
            servers,
            name: name.to_owned(),
            credentials: None,
            monitors: Vec::new(),
            accept_unsynced: false,
        }))
    }
}

/// What a provider may send, and how fast.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest body of a delivery, in bytes. Never more than [`Limits::LARGEST_BODY`]: a desk would not open it.
    pub body_bytes: usize,
    /// Bodies that may be in memory at once, in bytes. More is refused with 503 until some are sealed.
    pub bytes_in_flight: usize,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// Deliveries per second and inlet; 0 is no limit.
    pub inlet_rate: u32,
    /// Deliveries an inlet may send at once before its rate counts.
    pub inlet_burst: u32,
    /// Deliveries per second over all inlets; 0 is no limit.
    pub total_rate: u32,
    /// Deliveries that may come at once over all inlets.
    pub total_burst: u32,
    /// Deliveries per second and network address; 0 is no limit.
    pub address_rate: u32,
    /// Deliveries an address may send at once before its rate counts.
    pub address_burst: u32,
    /// Open connections per network address, trusted proxies excepted; 0 is no limit.
    pub address_connections: usize,
    /// Open connections; further ones wait to be accepted.
    pub connections: usize,
    /// How long the head of a request may take, and how long an unused connection stays open.
    pub head_time: Duration,
}

impl Limits {
    /// What the wire promises a desk at the most, in bytes.
    pub const LARGEST_BODY: usize = 64 * 1024 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 32 * 1024 * 1024,
            bytes_in_flight: 256 * 1024 * 1024,
            body_time: Duration::from_secs(30),
            inlet_rate: 2_000,
            inlet_burst: 4_000,
            total_rate: 50_000,
            total_burst: 100_000,
            address_rate: 5_000,
            address_burst: 10_000,
            address_connections: 512,
            connections: 4_096,
            head_time: Duration::from_secs(30),
        }
    }
}

/// How long segments stay.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// A segment every paired device has acknowledged stays at least this long.
    pub keep: Duration,
    /// A segment somebody has *not* acknowledged is deleted after this long all the same, so that a desk that never
    /// comes back cannot fill the disk. This is the only way the relay loses something it accepted.
    pub keep_at_most: Duration,
    /// A device not seen for so long no longer holds back what another device of its inbox has. Where all are away, all
    /// hold it back.
    pub wait_for_device: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: u64 = 24 * 3600;
        Self {
            keep: Duration::from_secs(3 * DAY),
            keep_at_most: Duration::from_secs(90 * DAY),
            wait_for_device: Duration::from_secs(30 * DAY),
        }
    }
}

/// Everything a relay is told when it is opened.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the log lives.
    pub store: Store,
    /// How desks and providers reach this relay; it goes into pairing codes.
    pub public_url: Url,
    /// What a provider may send, and how fast.
    pub limits: Limits,
    /// How long segments stay.
    pub retention: Retention,
    /// How long a pairing code can be used.
    pub code_life: Duration,
    /// How often the log is pruned.
    pub prune_every: Duration,
    /// How long a shutdown waits for requests under way.
    pub drain_time: Duration,
    /// Largest size of the store in bytes, as a guard of the disk; `None` is as large as the disk.
    /// When it is reached, deliveries are refused with 503 until retention made room.
    pub store_bytes: Option<u64>,
    /// Bytes that have to stay free on the disk of a store on this host; with less, deliveries are refused with 503.
    pub least_free: u64,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Speak TLS with this certificate; `None` is plain HTTP.
    pub tls: Option<TlsFiles>,
    /// What tells the time.
    pub clock: Clock,
}

impl Config {
    /// The defaults for this store, reachable at this address.
    pub fn new(store: Store, public_url: Url) -> Self {
        Self {
            store,
            public_url,
            limits: Limits::default(),
            retention: Retention::default(),
            code_life: Duration::from_secs(24 * 3600),
            prune_every: Duration::from_secs(60),
            drain_time: Duration::from_secs(20),
            store_bytes: None,
            least_free: 256 * 1024 * 1024,
            trusted_proxies: Vec::new(),
            tls: None,
            clock: Clock::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_named_by_its_engine() {
        assert_eq!("sqlite:/srv/relay/log.db".parse(), Ok(Store::Sqlite("/srv/relay/log.db".into())));
        assert_eq!("sqlite:".parse::<Store>(), Err(StoreUnknown));
        assert_eq!("/srv/relay/log.db".parse::<Store>(), Err(StoreUnknown));
        let Ok(Store::Nats(nats)) = "nats://relay:hunter2@a:4223,[::1],c/north".parse() else { panic!("a store") };
        assert_eq!(
            nats.servers,
            ["nats://relay:hunter2@a:4223", "nats://relay:hunter2@[::1]", "nats://relay:hunter2@c"]
        );
        assert_eq!(nats.name, "north");
        let monitors: Vec<_> = nats.monitors().iter().map(Url::to_string).collect();
        assert_eq!(monitors, ["http://a:8222/", "http://[::1]:8222/", "http://c:8222/"]);
        assert!(!format!("{nats:?}").contains("hunter2"));
        assert!(matches!("nats://one".parse(), Ok(Store::Nats(Nats { name, .. })) if name == Nats::NAME));
        for wrong in ["nats://", "nats://a,,b", "nats://a/with.dot", "http://a"] {
            assert_eq!(wrong.parse::<Store>(), Err(StoreUnknown), "{wrong}");
        }
    }
}
