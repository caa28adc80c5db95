//! The relay over real HTTP on port 0, with a real store in a temporary directory and real sealing.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has to fail"
)]

mod abuse;
mod backup;
mod canary;
mod command;
mod deliveries;
mod devices;
mod disk;
mod engine;
mod handbook;
mod house;
mod leaks;
mod limits;
mod migrating;
#[path = "../nats/mod.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod nats;
mod pairing;
mod probes;
mod programs;
mod pulling;
mod refusals;
mod relays;
mod retention;
mod settings;
mod tls;
