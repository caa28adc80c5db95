//! Assignments: who had a prescription, from when to when and why, as a fold of what the events say.

mod desk;
pub(crate) mod fact;
pub(crate) mod fold;
pub(crate) mod list;
pub(crate) mod stored;
pub(crate) mod table;
pub mod view;
pub mod words;
