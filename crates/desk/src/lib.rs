//! Everything the administrator's desk knows, free of any window. One door: [`Desk`].
//!
//! It owns steps 4 to 9 of an event's journey: [`pull`] reads top to bottom as the journey does. Shells (the window,
//! `offizinctl`) call [`Desk`] and show what comes back; they hold no rules. Provider words stay in the provider's folder.

pub mod assignments;
pub mod attention;
pub mod audit;
mod bodies;
pub mod connections;
mod db;
mod desk;
pub mod devices;
mod error;
pub mod event;
mod evitalrx;
mod ground;
mod headers;
mod home;
pub mod id;
pub mod inlets;
mod intake;
#[cfg_attr(feature = "interrupts", doc(hidden))]
#[cfg(feature = "interrupts")]
pub mod interrupt;
#[cfg(not(feature = "interrupts"))]
mod interrupt;
mod keychain;
mod keyword;
mod ledger;
pub mod money;
pub mod network;
pub mod orders;
mod pack;
pub mod page;
mod pairing;
pub mod problem;
mod provider;
mod pull;
mod rate;
mod refusal;
mod relay;
pub mod rotation;
mod rows;
mod rxscale;
mod search;
mod secrets;
pub mod settings;
mod shown;
mod source;
pub mod status;
pub mod stock;
mod store;
pub mod subscriptions;
mod tag;
mod tending;
#[cfg(test)]
mod tests_plans;
#[cfg(test)]
mod tests_shapes;
#[cfg(test)]
mod tests_stock_doctors;
mod time;
mod typescript;

pub use desk::{Desk, LAID_OUT};
pub use home::Home;
pub use ledger::LedgerReport;
pub use problem::{Code, Problem};
pub use source::Source;
pub use time::{Clock, system_clock};
pub use typescript::typescript;
