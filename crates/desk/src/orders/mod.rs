//! Orders: a fold of what the events say about lanes.

pub(crate) mod fold;
pub(crate) mod table;
pub mod view;
