//! Time: a parameter everywhere, epoch milliseconds in SQL, [`Timestamp`] in Rust.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{error::Error, store::Stored};

/// Where a desk reads the time. The shells pass [`Timestamp::now`], tests pass what they need.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The computer's clock.
pub fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// A stored time.
pub(crate) fn from_ms(ms: i64) -> Result<Timestamp, Error> {
    Ok(Timestamp::from_millisecond(ms).stored("time")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_time_is_milliseconds_since_1970() {
        assert_eq!(from_ms(1_700_000_000_123).unwrap().to_string(), "2023-11-14T22:13:20.123Z");
        assert_eq!(from_ms(-1).unwrap().to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_stored_time_outside_the_calendar_is_an_error_and_no_panic() {
        assert!(from_ms(i64::MAX).is_err() && from_ms(i64::MIN).is_err());
    }
}
