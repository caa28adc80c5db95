//! Orders: a fold of what the events say about lanes.

mod changes;
pub(crate) mod confirm;
mod desk;
pub(crate) mod export;
pub(crate) mod fact;
pub(crate) mod fold;
mod lanes;
pub(crate) mod link;
pub(crate) mod list;
mod sequence;
pub(crate) mod table;
pub mod view;

pub use table::Rejections;
