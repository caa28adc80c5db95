//! How a sandbox is set up, and why it could not start.

use std::{net::SocketAddr, time::Duration};

use jiff::Timestamp;

use crate::{
    deliver::Retry,
    faults::Faults,
    keys::{ApiKey, presets},
    limits::RateLimit,
    switches::Switches,
};

/// How fast events are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Only on request; the times of the events are `step` apart.
    Manual { step: Duration },
    /// So many events a second. Events that follow from one in the same second come with it and do not count.
    Rate(f64),
    /// Everything as soon as there are subscriptions. The times of the events are `step` apart, and the last one is now.
    AtOnce { step: Duration },
}

impl Pace {
    pub(crate) fn step(self) -> Duration {
        match self {
            Self::Manual { step } | Self::AtOnce { step } => step,
            Self::Rate(rate) => Duration::try_from_secs_f64(rate.recip()).unwrap_or(Duration::from_secs(1)),
        }
    }
}

/// How a sandbox is set up. The default is for tests: nothing happens until asked, and no answer is ever limited.
#[derive(Debug, Clone)]
pub struct Config {
    /// The same seed and the same `starts_at` give the same events, byte for byte.
    pub seed: u64,
    /// How many orders are simulated; 0 for no end.
    pub orders: u64,
    pub pace: Pace,
    /// The time of the first event; without it, the time at which the first event is made.
    pub starts_at: Option<Timestamp>,
    pub keys: Vec<ApiKey>,
    pub switches: Switches,
    pub faults: Faults,
    pub rate_limit: RateLimit,
    pub retry: Retry,
    /// Deliveries in progress at the same time for one subscription; with 1 they arrive in order.
    pub parallel: usize,
    /// How many settled deliveries the ledger remembers, bodies included.
    pub remember: usize,
    /// Events begin when no subscription has been made for so long.
    pub quiet: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            orders: 0,
            pace: Pace::Manual { step: Duration::from_secs(60) },
            starts_at: None,
            keys: presets(),
            switches: Switches::default(),
            faults: Faults::default(),
            rate_limit: RateLimit::NONE,
            retry: Retry { first_pause: Duration::from_millis(20), ..Retry::default() },
            parallel: 1,
            remember: usize::MAX,
            quiet: Duration::ZERO,
        }
    }
}

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The controls need no key and the sandbox calls any address it is given, so it must not be reachable from elsewhere.
    #[error("the sandbox listens on loopback only, and {0} is not")]
    NotLoopback(SocketAddr),
    /// Everything at once, without an end: this would never finish.
    #[error("without a bound on the orders a rate is needed")]
    Endless,
    /// A rate must be a positive number.
    #[error("{0} is not a rate")]
    Rate(f64),
    #[error("cannot listen")]
    Listen(#[from] std::io::Error),
    #[error("cannot set up deliveries")]
    Client(#[from] reqwest::Error),
}
