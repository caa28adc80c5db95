//! How fast one key may be used: requests are kept apart by a fixed pause, whoever sends them.

use std::time::Duration;

use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

/// The next free slot of one key. Shared by everything that uses the key.
#[derive(Debug, Default)]
pub(crate) struct RateLimit(Mutex<Option<Instant>>);

impl RateLimit {
    /// Waits until a request may leave, and keeps the next one at least `apart` away from it.
    pub(crate) async fn wait(&self, apart: Duration) {
        let mut next = self.0.lock().await;
        let now = Instant::now();
        let slot = next.map_or(now, |next| next.max(now));
        *next = Some(slot + apart);
        drop(next);
        sleep_until(slot).await;
    }
}
