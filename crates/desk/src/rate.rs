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

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_second_request_of_a_key_waits() {
        let rate = RateLimit::default();
        rate.wait(HOUR).await;
        assert!(poll!(std::pin::pin!(rate.wait(HOUR))).is_pending());
    }

    #[tokio::test]
    async fn everybody_who_waits_has_a_slot_of_his_own() {
        let rate = RateLimit::default();
        rate.wait(HOUR).await;
        let first = rate.0.lock().await.unwrap();
        // Who gives up while waiting keeps his slot: another one may have been told the next already.
        assert!(poll!(std::pin::pin!(rate.wait(HOUR))).is_pending());
        assert!(poll!(std::pin::pin!(rate.wait(HOUR))).is_pending());
        assert_eq!(rate.0.lock().await.unwrap(), first + 2 * HOUR);
    }

    #[tokio::test]
    async fn a_key_that_rested_is_owed_nothing() {
        let now = Instant::now();
        let rate = RateLimit(Mutex::new(Some(now - Duration::from_millis(1))));
        rate.wait(HOUR).await;
        let next = rate.0.lock().await.unwrap();
        assert!(next >= now + HOUR, "the next slot counts from the request, not from the slot that was free");
    }
}
