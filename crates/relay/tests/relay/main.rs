//! The relay over real HTTP on port 0, with a real store in a temporary directory and real sealing.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has to fail"
)]

mod canary;
mod command;
mod crash;
mod deliveries;
mod house;
mod limits;
mod pairing;
mod probes;
mod pulling;
mod refusals;
mod retention;
