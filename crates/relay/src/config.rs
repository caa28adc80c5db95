//! What an operator can decide, as values. Owns defaults and the meaning of each setting; reads neither flags nor
//! environment (the shell, `main.rs`, does) and opens nothing.

use std::{path::PathBuf, str::FromStr, time::Duration};

use url::Url;

/// Where the log lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// `sqlite:PATH`: one file on this host, served by one relay.
    Sqlite(PathBuf),
}

/// The text names no store this relay can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a store is written sqlite:PATH")]
pub struct StoreUnknown;

impl FromStr for Store {
    type Err = StoreUnknown;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            _ => Err(StoreUnknown),
        }
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
    /// Open connections; further ones wait to be accepted.
    pub connections: usize,
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
            connections: 4_096,
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
}

impl Default for Retention {
    fn default() -> Self {
        Self { keep: Duration::from_secs(72 * 3600), keep_at_most: Duration::from_secs(90 * 24 * 3600) }
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
    }
}
