//! Stock: a fold of what the events say about products on shelves.

mod desk;
pub(crate) mod fact;
pub(crate) mod fold;
pub(crate) mod list;
pub(crate) mod stored;
pub(crate) mod table;
pub(crate) mod threshold;
pub mod view;
mod words;
