//! What an operator's monitoring may know: counts, sizes and times in the Prometheus text format.
//!
//! Deliberately without names, tokens or client content; devices appear by their opaque id.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::prometheus_text,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Metric, Registry},
};

use crate::refusal::Reason;

/// What a scraper is told that it gets.
pub(crate) use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// Begins the name of every metric.
const PREFIX: &str = "offizin_relay";
/// Upper bounds of the commit histogram, in seconds.
const BOUNDS: [f64; 12] = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// One label, the same for all of a family.
type Label<T> = [(&'static str, T); 1];

/// Counters of one serving relay, from its start.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    accepted: Counter,
    accepted_bytes: Counter,
    refused: Family<Label<&'static str>, Counter>,
    segments: Counter,
    segment_bytes: Counter,
    served_segments: Counter,
    pruned_segments: Counter,
    pruned_unread: Counter,
    pending: Gauge,
    waiting_pulls: Gauge,
    commit: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        // A counter's name gets its `_total`, and each help its full stop, when it is written down.
        let info = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The relay's version", info);
        let refused = one(&mut registry, "refused", "Refused requests by reason", Family::default());
        for (_, label) in Reason::ALL {
            // Told as 0 from the start, so that the first one is an increase.
            drop(refused.get_or_create(&[("reason", label)]));
        }
        let mut counter = |name, help| one(&mut registry, name, help, Counter::default());
        let accepted = counter("accepted", "Deliveries acknowledged with 200");
        let accepted_bytes = counter("accepted_bytes", "Body bytes of acknowledged deliveries");
        let segments = counter("segments", "Segments made durable");
        let segment_bytes = counter("segment_bytes", "Sealed bytes made durable");
        let served_segments = counter("served_segments", "Segments sent to desks");
        let pruned_segments = counter("pruned_segments", "Segments removed by retention");
        let unread = "Segments removed although a device had not acknowledged them";
        let pruned_unread = counter("pruned_unread", unread);
        let pending = one(&mut registry, "pending", "Deliveries waiting for their commit", Gauge::default());
        let waiting = "Desks waiting for something to come";
        let waiting_pulls = one(&mut registry, "waiting_pulls", waiting, Gauge::default());
        let commit = one(&mut registry, "commit_seconds", "Time of one commit", Histogram::new(BOUNDS));
        Self {
            registry,
            accepted,
            accepted_bytes,
            refused,
            segments,
            segment_bytes,
            served_segments,
            pruned_segments,
            pruned_unread,
            pending,
            waiting_pulls,
            commit,
        }
    }
}

/// Registers one. The copy that comes back shares its value.
fn one<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

/// How far a device is.
pub(crate) struct Lag {
    /// Opaque.
    pub(crate) device: String,
    /// Segments it has not acknowledged.
    pub(crate) segments: u64,
    /// Epoch seconds.
    pub(crate) last_seen: Option<i64>,
}

/// What is measured when somebody asks.
pub(crate) struct Snapshot {
    pub(crate) kept: Option<(u64, u64)>,
    pub(crate) devices: Vec<Lag>,
    pub(crate) ready: bool,
    /// Network addresses remembered.
    pub(crate) addresses: u64,
    /// Bytes free on the disk of the store.
    pub(crate) disk_free: Option<u64>,
}

impl Metrics {
    /// A delivery is waiting for its commit.
    pub(crate) fn waits(&self) {
        self.pending.inc();
    }

    /// A waiting delivery was answered or given up.
    pub(crate) fn answered(&self) {
        self.pending.dec();
    }

    /// A delivery of so many body bytes was acknowledged.
    pub(crate) fn accepted(&self, bytes: u64) {
        self.accepted.inc();
        self.accepted_bytes.inc_by(bytes);
    }

    /// A request was refused.
    pub(crate) fn refused(&self, reason: Reason) {
        if let Some((_, label)) = Reason::ALL.iter().find(|(known, _)| *known == reason) {
            self.refused.get_or_create(&[("reason", *label)]).inc();
        }
    }

    /// A group became durable.
    pub(crate) fn committed(&self, segments: u64, bytes: u64, took: Duration) {
        self.segments.inc_by(segments);
        self.segment_bytes.inc_by(bytes);
        self.commit.observe(took.as_secs_f64());
    }

    /// A desk waits for something to come; `false` when it no longer does.
    pub(crate) fn pull_waits(&self, waits: bool) {
        if waits {
            self.waiting_pulls.inc();
        } else {
            self.waiting_pulls.dec();
        }
    }

    /// Segments went out to a desk.
    pub(crate) fn served(&self, segments: u64) {
        self.served_segments.inc_by(segments);
    }

    /// Retention removed something.
    pub(crate) fn pruned(&self, segments: u64, unread: u64) {
        self.pruned_segments.inc_by(segments);
        self.pruned_unread.inc_by(unread);
    }

    /// Everything in the Prometheus text format, version 0.0.4.
    pub(crate) fn text(&self, snapshot: &Snapshot) -> String {
        // What is measured now is not kept: a device that was revoked since is not told any more.
        let mut now = Registry::with_prefix(PREFIX);
        let mut gauge = |name, help, value| {
            one(&mut now, name, help, Gauge::<u64, AtomicU64>::default()).set(value);
        };
        gauge("ready", "1 if the last readiness probe could write", u64::from(snapshot.ready));
        gauge("addresses", "Network addresses remembered for their limits", snapshot.addresses);
        if let Some(bytes) = snapshot.disk_free {
            gauge("disk_free_bytes", "Bytes free on the disk of the store", bytes);
        }
        if let Some((segments, bytes)) = snapshot.kept {
            gauge("kept_segments", "Segments in the log", segments);
            gauge("kept_bytes", "Sealed bytes in the log", bytes);
        }
        let lag = "Segments a paired device has not acknowledged";
        let lag = one(&mut now, "device_lag_segments", lag, Family::<Label<String>, Gauge<u64, AtomicU64>>::default());
        let seen = "When a paired device was last seen";
        let seen = one(&mut now, "device_last_seen_timestamp_seconds", seen, Family::<Label<String>, Gauge>::default());
        for Lag { device, segments, last_seen } in &snapshot.devices {
            let label = [("device", device.clone())];
            lag.get_or_create(&label).set(*segments);
            if let Some(at) = last_seen {
                seen.get_or_create(&label).set(*at);
            }
        }
        let mut out = String::with_capacity(8192);
        for registry in [&self.registry, &now] {
            // Writing to a String cannot fail.
            let _ = prometheus_text::encode(&mut out, registry);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_histogram_is_cumulative_and_every_reason_is_counted() {
        let metrics = Metrics::default();
        metrics.committed(2, 10, Duration::from_micros(900));
        metrics.committed(1, 10, Duration::from_secs(9));
        for (reason, _) in Reason::ALL {
            metrics.refused(reason);
        }
        let device = Lag { device: "d".into(), segments: 7, last_seen: Some(1_700_000_000) };
        let snapshot = Snapshot {
            kept: Some((3, 20)),
            devices: vec![device],
            ready: true,
            addresses: 2,
            disk_free: Some(1 << 30),
        };
        let text = metrics.text(&snapshot);
        for line in [
            "offizin_relay_commit_seconds_bucket{le=\"0.0005\"} 0",
            "offizin_relay_commit_seconds_bucket{le=\"0.001\"} 1",
            "offizin_relay_commit_seconds_bucket{le=\"+Inf\"} 2",
            "offizin_relay_commit_seconds_sum 9.0009",
            "offizin_relay_segments_total 3",
            "offizin_relay_device_lag_segments{device=\"d\"} 7",
            "offizin_relay_device_last_seen_timestamp_seconds{device=\"d\"} 1700000000",
            "offizin_relay_disk_free_bytes 1073741824",
            "offizin_relay_kept_bytes 20",
            "# TYPE offizin_relay_segments_total counter",
            "offizin_relay_commit_seconds_bucket{le=\"1\"} 1",
            concat!("offizin_relay_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
        assert_eq!(
            text.lines().filter(|l| l.starts_with("offizin_relay_refused_total{") && l.ends_with(" 1")).count(),
            13
        );
    }
}
