//! The journey tests: the way of an event from the provider to the desk, and everything that can happen to it.
//!
//! Run them under `tests/with-keyring`, with the programs built: `./check --only journey` does both.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has to fail"
)]

mod assignments;
mod bad_input;
mod canaries;
mod devices;
mod evitalrx;
mod faults;
mod files;
mod histories;
mod killed;
mod provider;
mod relays;
mod rotation;
mod spine;
mod storage;
mod subscriptions;
