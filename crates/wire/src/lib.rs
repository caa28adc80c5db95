//! What relay and desk agree on, and nothing else: the wire between them.
//!
//! Sans-I/O: bytes in, values out. No sockets, no files, no clock; whoever calls brings those.
//! It owns the shapes of a delivery (steps 1 and 5 of the journey), the seal (steps 2 and 5), the page of
//! segments (step 4), inlets and pairing. It deliberately knows no provider: which header carries a signature is a
//! [`signature::Scheme`] that the desk's provider folders fill in.

pub mod delivery;
pub mod inlet;
pub mod pairing;
pub mod pull;
pub mod refusal;
pub mod seal;
pub mod signature;
mod token;

pub use delivery::{Delivery, Header, Unverified, Verified};
pub use inlet::{InletId, InletToken};
pub use pairing::{DeviceToken, PairingCode};
pub use refusal::{Refusal, RefusalCode};
pub use seal::{Identity, Recipient};
pub use signature::{Fingerprint, Rejection, Scheme, SigningSecret};
pub use token::TokenHash;

/// The version of everything in this crate, sent by both sides as the header [`VERSION_HEADER`].
/// A relay answers a newer desk with [`RefusalCode::VersionUnsupported`] rather than guess.
pub const VERSION: u32 = 1;

/// Header that carries [`VERSION`].
pub const VERSION_HEADER: &str = "offizin-wire";
