//! Orders: a fold of what the events say about lanes.

mod changes;
pub(crate) mod fact;
pub(crate) mod fold;
pub(crate) mod link;
mod sequence;
pub(crate) mod table;
pub mod view;

pub use table::Rejections;
