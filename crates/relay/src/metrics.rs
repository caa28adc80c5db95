//! What an operator's monitoring may know: counts, sizes and times in the Prometheus text format.
//!
//! Deliberately without names, tokens or client content; devices appear by their opaque id.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use crate::refusal::Reason;

/// Upper bounds of the commit histogram, in microseconds.
const BOUNDS: [u64; 12] =
    [250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// Counters of one serving relay, from its start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    accepted: AtomicU64,
    accepted_bytes: AtomicU64,
    refused: [AtomicU64; Reason::ALL.len()],
    segments: AtomicU64,
    segment_bytes: AtomicU64,
    served_segments: AtomicU64,
    pruned_segments: AtomicU64,
    pruned_unread: AtomicU64,
    pending: AtomicU64,
    waiting_pulls: AtomicU64,
    commit: [AtomicU64; BOUNDS.len()],
    commit_count: AtomicU64,
    commit_micros: AtomicU64,
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
        self.pending.fetch_add(1, Relaxed);
    }

    /// A waiting delivery was answered or given up.
    pub(crate) fn answered(&self) {
        self.pending.fetch_sub(1, Relaxed);
    }

    /// A delivery of so many body bytes was acknowledged.
    pub(crate) fn accepted(&self, bytes: u64) {
        self.accepted.fetch_add(1, Relaxed);
        self.accepted_bytes.fetch_add(bytes, Relaxed);
    }

    /// A request was refused.
    pub(crate) fn refused(&self, reason: Reason) {
        if let Some(at) = Reason::ALL.iter().position(|(known, _)| *known == reason)
            && let Some(count) = self.refused.get(at)
        {
            count.fetch_add(1, Relaxed);
        }
    }

    /// A group became durable.
    pub(crate) fn committed(&self, segments: u64, bytes: u64, took: Duration) {
        self.segments.fetch_add(segments, Relaxed);
        self.segment_bytes.fetch_add(bytes, Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        for (bound, count) in BOUNDS.iter().zip(&self.commit) {
            if micros <= *bound {
                count.fetch_add(1, Relaxed);
            }
        }
        self.commit_count.fetch_add(1, Relaxed);
        self.commit_micros.fetch_add(micros, Relaxed);
    }

    /// A desk waits for something to come; `false` when it no longer does.
    pub(crate) fn pull_waits(&self, waits: bool) {
        if waits {
            self.waiting_pulls.fetch_add(1, Relaxed);
        } else {
            self.waiting_pulls.fetch_sub(1, Relaxed);
        }
    }

    /// Segments went out to a desk.
    pub(crate) fn served(&self, segments: u64) {
        self.served_segments.fetch_add(segments, Relaxed);
    }

    /// Retention removed something.
    pub(crate) fn pruned(&self, segments: u64, unread: u64) {
        self.pruned_segments.fetch_add(segments, Relaxed);
        self.pruned_unread.fetch_add(unread, Relaxed);
    }

    /// The Prometheus text format, version 0.0.4.
    pub(crate) fn text(&self, snapshot: &Snapshot) -> String {
        let mut out = String::with_capacity(4096);
        let mut one = |name: &str, kind: &str, help: &str, value: u64| {
            // Writing to a String cannot fail.
            let _ = writeln!(
                out,
                "# HELP offizin_relay_{name} {help}\n# TYPE offizin_relay_{name} {kind}\noffizin_relay_{name} {value}"
            );
        };
        let read = |count: &AtomicU64| count.load(Relaxed);
        one("accepted_total", "counter", "Deliveries acknowledged with 200.", read(&self.accepted));
        one("accepted_bytes_total", "counter", "Body bytes of acknowledged deliveries.", read(&self.accepted_bytes));
        one("pending", "gauge", "Deliveries waiting for their commit.", read(&self.pending));
        one("waiting_pulls", "gauge", "Desks waiting for something to come.", read(&self.waiting_pulls));
        one("segments_total", "counter", "Segments made durable.", read(&self.segments));
        one("segment_bytes_total", "counter", "Sealed bytes made durable.", read(&self.segment_bytes));
        one("served_segments_total", "counter", "Segments sent to desks.", read(&self.served_segments));
        one("pruned_segments_total", "counter", "Segments removed by retention.", read(&self.pruned_segments));
        one(
            "pruned_unread_total",
            "counter",
            "Segments removed although a device had not acknowledged them.",
            read(&self.pruned_unread),
        );
        one("ready", "gauge", "1 if the last readiness probe could write.", u64::from(snapshot.ready));
        one("addresses", "gauge", "Network addresses remembered for their limits.", snapshot.addresses);
        if let Some(bytes) = snapshot.disk_free {
            one("disk_free_bytes", "gauge", "Bytes free on the disk of the store.", bytes);
        }
        if let Some((segments, bytes)) = snapshot.kept {
            one("kept_segments", "gauge", "Segments in the log.", segments);
            one("kept_bytes", "gauge", "Sealed bytes in the log.", bytes);
        }
        let _ = writeln!(
            out,
            "# HELP offizin_relay_refused_total Refused requests by reason.\n# TYPE offizin_relay_refused_total counter"
        );
        for ((_, label), count) in Reason::ALL.iter().zip(&self.refused) {
            let _ = writeln!(out, "offizin_relay_refused_total{{reason=\"{label}\"}} {}", read(count));
        }
        let _ = writeln!(
            out,
            "# HELP offizin_relay_device_lag_segments Segments a paired device has not acknowledged.\n# TYPE \
             offizin_relay_device_lag_segments gauge"
        );
        for Lag { device, segments, .. } in &snapshot.devices {
            let _ = writeln!(out, "offizin_relay_device_lag_segments{{device=\"{device}\"}} {segments}");
        }
        let _ = writeln!(
            out,
            "# HELP offizin_relay_device_last_seen_timestamp_seconds When a paired device was last seen.\n# TYPE \
             offizin_relay_device_last_seen_timestamp_seconds gauge"
        );
        for Lag { device, last_seen, .. } in &snapshot.devices {
            if let Some(at) = last_seen {
                let _ = writeln!(out, "offizin_relay_device_last_seen_timestamp_seconds{{device=\"{device}\"}} {at}");
            }
        }
        let version = env!("CARGO_PKG_VERSION");
        let _ = writeln!(
            out,
            "# HELP offizin_relay_build_info The relay's version.\n# TYPE offizin_relay_build_info \
             gauge\noffizin_relay_build_info{{version=\"{version}\"}} 1"
        );
        let _ = writeln!(
            out,
            "# HELP offizin_relay_commit_seconds Time of one commit.\n# TYPE offizin_relay_commit_seconds histogram"
        );
        for (bound, count) in BOUNDS.iter().zip(&self.commit) {
            let bound = Duration::from_micros(*bound).as_secs_f64();
            let _ = writeln!(out, "offizin_relay_commit_seconds_bucket{{le=\"{bound}\"}} {}", read(count));
        }
        let count = read(&self.commit_count);
        let sum = Duration::from_micros(read(&self.commit_micros)).as_secs_f64();
        let _ = writeln!(
            out,
            "offizin_relay_commit_seconds_bucket{{le=\"+Inf\"}} {count}\noffizin_relay_commit_seconds_sum \
             {sum}\noffizin_relay_commit_seconds_count {count}"
        );
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
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
        assert_eq!(
            text.lines().filter(|l| l.starts_with("offizin_relay_refused_total{") && l.ends_with(" 1")).count(),
            13
        );
    }
}
