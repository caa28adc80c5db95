//! Pace: when the next event is made.
//!
//! It only waits. The times that the events carry come from [`crate::lives`].

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior};

use crate::provider::Provider;

/// How fast the story is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Only when asked; events lie `step` apart in the story.
    Manual { step: Duration },
    /// So many beats a second. What one event brings about in the same second comes with it.
    Rate(f64),
    /// Everything as soon as there are subscriptions; events lie `step` apart in the story, the last one is now.
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

/// Tells the story until it ends, from when there is a subscription and none has come for `quiet`.
pub(crate) async fn run(provider: Arc<Provider>, quiet: Duration) {
    if matches!(provider.config.pace, Pace::Manual { .. }) {
        return;
    }
    let mut registrations = provider.registrations.subscribe();
    // The sender lives as long as the provider that we hold.
    let _ = registrations.wait_for(|count| *count > 0).await;
    registrations.mark_unchanged();
    while tokio::time::timeout(quiet, registrations.changed()).await.is_ok() {}

    provider.begin(Timestamp::now());
    tracing::info!("the story begins");
    match provider.config.pace {
        Pace::AtOnce { .. } => {
            while beat(&provider) {
                tokio::task::yield_now().await;
            }
        }
        pace => {
            let mut ticks = tokio::time::interval_at(Instant::now(), pace.step());
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            loop {
                ticks.tick().await;
                if !beat(&provider) {
                    break;
                }
            }
        }
    }
    provider.release();
    tracing::info!("the story has ended");
}

/// One event with everything that follows in the same second; false when there was none.
fn beat(provider: &Provider) -> bool {
    loop {
        match provider.emit(Timestamp::now()) {
            None => return false,
            Some((_, true)) => {}
            Some((_, false)) => return true,
        }
    }
}
