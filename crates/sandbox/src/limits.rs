//! The documented rate limit: 10 requests a second and 600 a minute, counted for each key.
//!
//! The documents do not say what the limit is counted for; each key is our choice. Refused requests do not count.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

/// Requests allowed per key; 0 means as many as one likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub per_second: usize,
    pub per_minute: usize,
}

impl RateLimit {
    /// What the provider documents.
    pub const DOCUMENTED: Self = Self { per_second: 10, per_minute: 600 };
    /// No limit.
    pub const NONE: Self = Self { per_second: 0, per_minute: 0 };
}

#[derive(Debug, Default)]
pub(crate) struct Meter {
    seen: HashMap<String, VecDeque<Instant>>,
}

impl Meter {
    /// Counts a request of `key` at `now` and says whether it is within the limit.
    pub(crate) fn admit(&mut self, limit: RateLimit, key: &str, now: Instant) -> bool {
        let seen = self.seen.entry(key.to_owned()).or_default();
        let within = |at: &Instant, span: Duration| now.saturating_duration_since(*at) < span;
        while seen.front().is_some_and(|at| !within(at, Duration::from_secs(60))) {
            seen.pop_front();
        }
        let this_second = seen.iter().rev().take_while(|at| within(at, Duration::from_secs(1))).count();
        let full = |limit: usize, used: usize| limit > 0 && used >= limit;
        if full(limit.per_second, this_second) || full(limit.per_minute, seen.len()) {
            return false;
        }
        seen.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_a_second_and_six_hundred_a_minute_for_each_key() {
        let mut meter = Meter::default();
        let start = Instant::now();
        let admit = |meter: &mut Meter, key: &str, ms: u64| {
            meter.admit(RateLimit::DOCUMENTED, key, start + Duration::from_millis(ms))
        };
        assert!((0..10).all(|_| admit(&mut meter, "a", 0)));
        assert!(!admit(&mut meter, "a", 999));
        assert!(admit(&mut meter, "b", 999), "another key has its own limit");
        assert!(admit(&mut meter, "a", 1000));

        let mut meter = Meter::default();
        let minute = RateLimit { per_second: 0, per_minute: 600 };
        let admitted =
            (0..900).filter(|request| meter.admit(minute, "a", start + Duration::from_millis(request * 60))).count();
        assert_eq!(admitted, 600, "900 requests over 54 s");
        assert!(meter.admit(minute, "a", start + Duration::from_secs(60)), "a minute after the first request");
    }

    #[test]
    fn without_limit_everything_is_admitted() {
        let mut meter = Meter::default();
        let now = Instant::now();
        assert!((0..5000).all(|_| meter.admit(RateLimit::NONE, "a", now)));
    }
}
