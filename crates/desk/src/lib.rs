//! x
pub mod connections; pub mod event; pub mod id; pub mod orders; pub mod page; pub mod problem; pub mod status; pub mod stock; pub mod subscriptions;
mod typescript;
pub use typescript::typescript;
#[derive(Debug)] pub enum Error { Entropy }
