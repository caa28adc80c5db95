//! What every handler may use: the state of one serving relay, and whether it is ready.
//!
//! The server fills it in and hands it to the handlers. It deliberately knows no route and no handler, so that a handler
//! imports this file and never the server that imports the handler.

use std::{
    ops::Deref,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::sync::{Mutex, watch};

use crate::{
    addresses::Addresses,
    config::{Clock, Limits, Retention},
    connections::drained,
    disk::Disk,
    limits::{Bucket, Flight},
    log::Log,
    metrics::Metrics,
    registry::Registry,
    seal,
};

/// A readiness probe writes and flushes; asking more often than this gets the last answer.
const PROBE_AGE: Duration = Duration::from_secs(1);
/// A log that takes longer to write a probe than this is not ready.
const PROBE_TIME: Duration = Duration::from_secs(3);

/// The state of one serving relay.
pub(crate) struct App {
    pub(crate) registry: Arc<Registry>,
    pub(crate) log: Arc<Log>,
    pub(crate) metrics: Arc<Metrics>,
    /// Where intake puts deliveries to be sealed and committed.
    pub(crate) queue: seal::Queue,
    pub(crate) limits: Limits,
    pub(crate) retention: Retention,
    pub(crate) clock: Clock,
    /// Deliveries over all inlets.
    pub(crate) total_rate: Bucket,
    /// Attempts to pair over all addresses.
    pub(crate) pairing_rate: Bucket,
    /// Unknown tokens over all addresses.
    pub(crate) guess_rate: Bucket,
    /// Bytes of bodies in memory.
    pub(crate) flight: Flight,
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) disk: Arc<Disk>,
    /// True once the relay is about to end.
    pub(crate) draining: watch::Receiver<bool>,
    /// When the log was last probed, and whether it could write.
    pub(crate) probed: Mutex<Option<(Instant, bool)>>,
}

/// The state as axum hands it to handlers; copies share it.
#[derive(Clone)]
pub(crate) struct AppState(pub(crate) Arc<App>);

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

impl App {
    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Done when the relay is about to end.
    pub(crate) async fn drained(&self) {
        drained(self.draining.clone()).await;
    }

    /// True if a write can be made durable right now.
    pub(crate) async fn is_ready(&self) -> bool {
        if *self.draining.borrow() || self.disk.is_low() {
            return false;
        }
        // Held while probing, so that many who ask at once cause one write.
        let mut probed = self.probed.lock().await;
        if let Some((at, ready)) = *probed
            && at.elapsed() < PROBE_AGE
        {
            return ready;
        }
        let ready = match tokio::time::timeout(PROBE_TIME, self.log.probe()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "not ready");
                false
            }
            Err(_) => {
                tracing::warn!("not ready: the log does not answer");
                false
            }
        };
        *probed = Some((Instant::now(), ready));
        ready
    }
}
