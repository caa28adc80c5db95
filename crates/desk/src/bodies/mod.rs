//! Raw bodies as the journal keeps them: byte for byte what arrived, and what several of them bring only once.
//!
//! The signed prescription rides in every event of an order. It stands there as a long run of base64, which is cut out and
//! kept once under the hash of its content. [`cut`](self::cut) decides what is cut and puts it back, [`store`](self::store)
//! is the tables.

mod cut;
mod store;

pub(crate) use cut::Body;
pub(crate) use store::{Kept, insert, kept, read};
