//! Subscriptions: registered at the provider, watched by listing, removed one by one.
//!
//! Each has an inlet of its own, because no header of a delivery names the subscription. What we intend is written down
//! before the provider hears of it; a create or delete whose answer was lost is settled by listing, never sent again.
//! The secret is in the keychain before anything else happens.

mod acts;
pub(crate) mod create;
mod desk;
pub(crate) mod health;
mod list;
pub(crate) mod retire;
pub(crate) mod rows;
pub(crate) mod secret;
pub(crate) mod settle;
pub(crate) mod settling;
pub mod view;

pub(crate) use acts::test;
