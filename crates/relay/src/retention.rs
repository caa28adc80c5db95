//! Retention: the log forgets what everybody has, and in the end what nobody fetched.
//!
//! A device that was not seen for a while waits for nobody's sake but its own: what another device of the inbox has may
//! go. Owns the rhythm and the rule ([`crate::config::Retention`]); the engine deletes. It deliberately never looks into a
//! segment.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{
    config::{Clock, Retention},
    log::{self, Horizon, Log, LogError, Pruned},
    metrics::Metrics,
    registry::Registry,
};

/// One round, as of `now`.
pub(crate) async fn prune(log: &Log, rule: Retention, now: Timestamp) -> Result<Pruned, LogError> {
    let horizon = Horizon {
        read_before: log::before(now, rule.keep),
        before: log::before(now, rule.keep_at_most),
        seen_since: log::before(now, rule.wait_for_device),
        now,
    };
    log.prune(horizon).await
}

/// Rounds, until the task is dropped. Also writes down when devices were last seen.
pub(crate) async fn keep_pruning(
    log: Arc<Log>,
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    rule: Retention,
    every: Duration,
    clock: Clock,
) {
    let mut rounds = tokio::time::interval(every.max(Duration::from_millis(100)));
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if let Err(error) = registry.note_seen().await {
            tracing::warn!(%error, "cannot note when devices were seen");
        }
        match prune(log.as_ref(), rule, clock.now()).await {
            Ok(pruned) => {
                metrics.pruned(pruned.segments, pruned.unread);
                if pruned.unread > 0 {
                    tracing::warn!(
                        segments = pruned.unread,
                        "segments were deleted that a paired device never fetched (--keep-at-most)"
                    );
                } else if pruned.segments > 0 {
                    tracing::debug!(segments = pruned.segments, bytes = pruned.bytes, "pruned");
                }
            }
            Err(error) => tracing::warn!(%error, "pruning failed"),
        }
    }
}
