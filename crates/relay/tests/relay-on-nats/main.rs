//! What the relay does over HTTP, once more, with its log in NATS JetStream.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has to fail"
)]
#![allow(dead_code, reason = "the other target uses the rest")]

#[path = "../relay/deliveries.rs"]
mod deliveries;
#[path = "../relay/devices.rs"]
mod devices;
mod engine {
    //! Which engine these tests run on.

    pub(crate) const ON_NATS: bool = true;
}
#[path = "../relay/house.rs"]
mod house;
#[path = "../relay/limits.rs"]
mod limits;
#[path = "../nats/mod.rs"]
mod nats;
#[path = "../relay/pairing.rs"]
mod pairing;
#[path = "../relay/pulling.rs"]
mod pulling;
#[path = "../relay/refusals.rs"]
mod refusals;
#[path = "../relay/retention.rs"]
mod retention;
