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
