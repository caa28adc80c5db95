//! Everything relay and desk must agree on, and nothing else.
//!
//! It does no input or output: bytes go in, values come out. The caller brings sockets, files and the clock. It defines
//! a delivery (steps 1 and 5 of the journey), the seal (steps 2 and 5), the page of segments (step 4), inlets,
//! pairing and names. It knows no provider: the header that carries a signature is described by a [`signature::Scheme`], which
//! the provider's folder in the desk supplies.

pub mod delivery;
pub mod inlet;
pub mod name;
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
