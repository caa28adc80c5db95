//! The ledger: every delivery that the provider tried, so that a test can compare it with what arrived.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::watch;
use url::Url;

use crate::faults::Fault;

/// One delivery with its attempts.
#[derive(Debug, Clone)]
pub struct LedgerEntry {
    /// Position in the ledger, from 0, in the order of emission.
    pub id: u64,
    /// The event it tells; none for test events and for bodies that were handed in.
    pub event: Option<u64>,
    /// The value of `X-Webhook-Event`.
    pub event_type: String,
    /// The uid of the subscription; `pubsub` for a push.
    pub subscription: String,
    pub target: Url,
    /// The exact bytes.
    pub body: Bytes,
    /// The exact value of `X-Webhook-Signature`, if there was one.
    pub signature: Option<String>,
    pub faults: Vec<Fault>,
    pub attempts: Vec<Attempt>,
    pub outcome: Outcome,
}

/// How one attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempt {
    /// The receiver answered with this status in time.
    Answered(u16),
    /// No answer in time.
    Timeout,
    /// No connection, or one that broke.
    Unreachable,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not yet: on its way, held back, or waiting for its next attempt.
    Waiting,
    /// Answered with a 2xx.
    Delivered,
    /// Never sent, by request.
    Dropped,
    /// Every attempt was in vain.
    GaveUp,
    /// The subscription or the sandbox ended first.
    Abandoned,
}

#[derive(Debug)]
pub(crate) struct Ledger {
    entries: Mutex<Entries>,
    waiting: watch::Sender<u64>,
    remember: usize,
}

#[derive(Debug, Default)]
struct Entries {
    /// The id of the first entry still remembered.
    first: u64,
    kept: VecDeque<LedgerEntry>,
}

impl Ledger {
    /// A ledger that forgets settled entries beyond the last `remember`.
    pub(crate) fn new(remember: usize) -> Self {
        Self { entries: Mutex::default(), waiting: watch::Sender::new(0), remember }
    }

    /// Enters a delivery and gives it its id.
    pub(crate) fn enter(&self, mut entry: LedgerEntry) -> u64 {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let id = entries.first + entries.kept.len() as u64;
        entry.id = id;
        if entry.outcome == Outcome::Waiting {
            self.waiting.send_modify(|waiting| *waiting += 1);
        }
        entries.kept.push_back(entry);
        while entries.kept.len() > self.remember
            && entries.kept.front().is_some_and(|oldest| oldest.outcome != Outcome::Waiting)
        {
            entries.kept.pop_front();
            entries.first += 1;
        }
        id
    }

    pub(crate) fn attempted(&self, id: u64, attempt: Attempt) {
        self.with(id, |entry| entry.attempts.push(attempt));
    }

    /// Writes the outcome, once.
    pub(crate) fn settle(&self, id: u64, outcome: Outcome) {
        self.with(id, |entry| {
            if entry.outcome == Outcome::Waiting && outcome != Outcome::Waiting {
                entry.outcome = outcome;
                self.waiting.send_modify(|waiting| *waiting = waiting.saturating_sub(1));
            }
        });
    }

    fn with(&self, id: u64, change: impl FnOnce(&mut LedgerEntry)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let index = id.checked_sub(entries.first).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| entries.kept.get_mut(index)) {
            change(entry);
        }
    }

    pub(crate) fn entries(&self) -> Vec<LedgerEntry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).kept.iter().cloned().collect()
    }

    /// Returns when nothing is waiting.
    pub(crate) async fn settled(&self) {
        // The sender lives in self, so the channel cannot close while we wait.
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting == 0).await;
    }

    pub(crate) fn waiting(&self) -> u64 {
        *self.waiting.borrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(outcome: Outcome) -> LedgerEntry {
        LedgerEntry {
            id: 0,
            event: None,
            event_type: "test".to_owned(),
            subscription: "ns-1".to_owned(),
            target: "http://127.0.0.1/in".parse().unwrap(),
            body: Bytes::new(),
            signature: None,
            faults: Vec::new(),
            attempts: Vec::new(),
            outcome,
        }
    }

    #[test]
    fn it_forgets_only_what_is_settled() {
        let ledger = Ledger::new(2);
        let first = ledger.enter(entry(Outcome::Waiting));
        for _ in 0..3 {
            ledger.enter(entry(Outcome::Dropped));
        }
        assert_eq!(ledger.entries().len(), 4, "the first still waits");
        ledger.settle(first, Outcome::Delivered);
        ledger.settle(first, Outcome::GaveUp);
        assert_eq!(ledger.entries()[0].outcome, Outcome::Delivered, "an outcome is written once");
        assert_eq!(ledger.waiting(), 0);
        ledger.enter(entry(Outcome::Dropped));
        assert_eq!(ledger.entries().iter().map(|entry| entry.id).collect::<Vec<_>>(), [3, 4]);
        ledger.attempted(0, Attempt::Timeout);
    }
}
