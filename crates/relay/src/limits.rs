//! Limits that need memory: how fast (token bucket) and how much at once (bytes in flight). Part of step 1.
//!
//! Deliberately without a clock: the moment is a parameter.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A token bucket. `rate` tokens per second flow in, `burst` is what it holds.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: f64,
    burst: f64,
    state: Mutex<(f64, Instant)>,
}

impl Bucket {
    /// A full bucket; rate 0 never refuses.
    pub(crate) fn new(rate: u32, burst: u32, now: Instant) -> Self {
        let burst = f64::from(burst.max(1));
        Self { rate: f64::from(rate), burst, state: Mutex::new((burst, now)) }
    }

    /// Takes one token, or says how long until there is one.
    pub(crate) fn take(&self, now: Instant) -> Result<(), Duration> {
        if self.rate == 0.0 {
            return Ok(());
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, since) = *state;
        let tokens = (tokens + now.saturating_duration_since(since).as_secs_f64() * self.rate).min(self.burst);
        let (tokens, answer) = if tokens >= 1.0 {
            (tokens - 1.0, Ok(()))
        } else {
            (tokens, Err(Duration::from_secs_f64((1.0 - tokens) / self.rate)))
        };
        *state = (tokens, now.max(since));
        answer
    }
}

/// How many body bytes may be in memory at once, over all connections.
#[derive(Clone, Debug)]
pub(crate) struct Flight(Arc<Semaphore>);

/// A share of the bytes in flight; given back when dropped.
#[derive(Debug, Default)]
pub(crate) struct Load(Option<OwnedSemaphorePermit>);

impl Flight {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// Takes the share of `bytes` more arrived bytes. As they arrive, not as announced: an announcement costs a
    /// sender nothing. `false` if there is no room.
    pub(crate) fn take(&self, bytes: usize, load: &mut Load) -> bool {
        let Ok(bytes) = u32::try_from(bytes) else { return false };
        let Ok(permit) = self.0.clone().try_acquire_many_owned(bytes) else { return false };
        match &mut load.0 {
            Some(held) => held.merge(permit),
            None => load.0 = Some(permit),
        }
        true
    }

    /// Bytes that could still be taken.
    #[cfg(test)]
    fn room(&self) -> usize {
        self.0.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_refuses_what_is_too_fast_and_says_when_to_come_back() {
        let start = Instant::now();
        let bucket = Bucket::new(2, 3, start);
        assert_eq!([bucket.take(start), bucket.take(start), bucket.take(start)], [Ok(()); 3]);
        assert_eq!(bucket.take(start), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(start + Duration::from_millis(500)), Ok(()));
        assert!(bucket.take(start + Duration::from_millis(500)).is_err());
        let later = start + Duration::from_secs(60);
        assert_eq!((0..5).filter(|_| bucket.take(later).is_ok()).count(), 3, "it holds no more than its burst");
        assert!((0..1000).all(|_| Bucket::new(0, 1, start).take(start).is_ok()));
    }

    #[test]
    fn a_bucket_survives_a_clock_that_steps_back() {
        let start = Instant::now() + Duration::from_secs(10);
        let bucket = Bucket::new(1, 1, start);
        assert!(bucket.take(start).is_ok());
        assert!(bucket.take(start - Duration::from_secs(5)).is_err());
        assert!(bucket.take(start + Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn bytes_in_flight_are_given_back() {
        let flight = Flight::new(10);
        let mut load = Load::default();
        assert!(flight.take(4, &mut load) && flight.take(6, &mut load));
        assert!(!flight.take(1, &mut Load::default()));
        drop(load);
        assert_eq!(flight.room(), 10);
    }
}
