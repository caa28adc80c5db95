//! The relay under fire: killed at any moment, its servers killed and cut off, its disk full or lying. Nothing
//! acknowledged is missing afterwards, and nothing is there that nobody sent. A part of its own in `./check`, because it
//! takes a minute.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has to fail"
)]
#![allow(dead_code, reason = "the other tests use the rest")]

mod cluster;
mod engine {
    //! Which engine a house has unless it says so.

    pub(crate) const ON_NATS: bool = false;
}
mod faults;
#[path = "../relay/house.rs"]
mod house;
mod kills;
#[path = "../nats/mod.rs"]
mod nats;
#[path = "../relay/programs.rs"]
mod programs;
mod writers;
