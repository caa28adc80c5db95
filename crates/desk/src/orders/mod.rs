//! Orders: a fold of what the events say about lanes.

pub(crate) mod compare;
pub(crate) mod confirm;
mod desk;
pub(crate) mod export;
pub(crate) mod fact;
pub(crate) mod fold;
mod lanes;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod stored;
pub(crate) mod table;
pub(crate) mod touched;
pub mod view;
pub mod words;

pub use words::Rejections;
