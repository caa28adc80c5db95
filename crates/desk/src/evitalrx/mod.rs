//! eVitalRx: everything that is in its words. The facts are from its public documentation of the Fulfillment webhooks; where
//! the documentation leaves something open it is a setting, or shown as unknown. It signs nothing, names no event and
//! tells no time of its events: nothing here pretends otherwise.

pub(crate) mod api;
pub(crate) mod decode;
mod fields;
#[cfg(test)]
mod histories;
mod items;
mod order;
mod words;

/// The short name in `source` fields.
pub(crate) const SOURCE: &str = "evitalrx";

/// The production host of its API.
pub(crate) const PRODUCTION: &str = "https://api.evitalrx.in";

/// The staging host of its API.
const DEVELOPMENT: &str = "https://dev-api.evitalrx.in";

/// "No currency field": rupees, from GST fields and Indian addresses.
const CURRENCY: &str = "INR";
/// No time states its zone: Indian time, from samples that were published minutes after they were made.
const ZONE: &str = "Asia/Kolkata";
