//! Pace: when the next event is made.
//!
//! It only waits. The times that the events carry come from [`crate::simulation`].

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior};

use crate::{config::Pace, provider::Provider};

/// Makes events until there are no more. It starts when there is a subscription and none was made for `quiet`, so that
/// subscriptions that are made one after the other all get the first event.
pub(crate) async fn run(provider: Arc<Provider>, quiet: Duration) {
    if matches!(provider.config.pace, Pace::Manual { .. }) {
        return;
    }
    let mut registrations = provider.registrations.subscribe();
    // This cannot fail: the sender lives as long as the provider, which is held here.
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

/// Makes one event with everything that follows from it in the same second; false if there are no more.
fn beat(provider: &Provider) -> bool {
    loop {
        match provider.emit(Timestamp::now()) {
            None => return false,
            Some((_, true)) => {}
            Some((_, false)) => return true,
        }
    }
}
