//! Stock: a fold of what the events say about products on shelves.

pub(crate) mod fold;
pub(crate) mod table;
pub mod view;
