//! Orders: a fold of what the events say about lanes.

mod changes;
pub(crate) mod export;
pub(crate) mod fact;
pub(crate) mod fold;
pub(crate) mod list;
pub(crate) mod table;
pub mod view;
