//! The disk under the store: watched, so that deliveries are refused before it is full and not when it is.
//!
//! Owns one number and one answer. What is already on its way is still written; desks go on pulling and acknowledging,
//! which is what makes room. Deliberately only for a store on this host.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::config::{Config, Store};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What the metric says where there is no disk to watch.
const UNKNOWN: u64 = u64::MAX;

/// How much room there is.
pub(crate) struct Disk {
    folder: Option<PathBuf>,
    least: u64,
    free: AtomicU64,
    low: AtomicBool,
}

impl Disk {
    pub(crate) fn of(config: &Config) -> Arc<Self> {
        let folder = match &config.store {
            Store::Sqlite(path) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                Some(folder.map_or_else(|| ".".into(), Into::into))
            }
            Store::Nats(_) => None,
        };
        let disk =
            Self { folder, least: config.least_free, free: AtomicU64::new(UNKNOWN), low: AtomicBool::new(false) };
        disk.look();
        Arc::new(disk)
    }

    /// True while less is free than the operator wants to be left.
    pub(crate) fn is_low(&self) -> bool {
        self.low.load(Ordering::Acquire)
    }

    /// Bytes free, where that is known.
    pub(crate) fn free(&self) -> Option<u64> {
        Some(self.free.load(Ordering::Acquire)).filter(|free| *free != UNKNOWN)
    }

    fn look(&self) {
        let Some(folder) = &self.folder else { return };
        // Not knowing is no reason to refuse: the store says itself when it is full.
        let free = fs4::available_space(folder).unwrap_or(UNKNOWN);
        self.free.store(free, Ordering::Release);
        let low = free < self.least;
        if low != self.low.swap(low, Ordering::AcqRel) {
            if low {
                tracing::error!(bytes = free, "the disk is nearly full; deliveries are refused");
            } else {
                tracing::info!(bytes = free, "there is room on the disk again");
            }
        }
    }

    /// Looks again and again, until the task is dropped.
    pub(crate) async fn keep_looking(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            self.look();
        }
    }
}
