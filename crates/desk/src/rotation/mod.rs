//! Rotation without losing an event, at providers that cannot rotate: a fresh subscription is made, proven by a delivery that
//! verifies under its secret, and only then the old one is removed. What is on its way to the old address is taken until
//! the grace period ends.
//!
//! ```text
//! planned ─▶ created ─▶ proving ─▶ switching ─▶ grace ─▶ done
//!     └──────────┴──────────┴──────────┴─▶ rolling back ─▶ rolled back    the new one is removed, the old one never stopped
//! ```
//!
//! A person, a refusal or a new one that cannot be used leads from the first three steps to rolling back. Switching leads there in
//! one case: the list shows the old one and not a new one that works. Once the old one is gone there is only forward.
//!
//! Each step is in the database before it is taken and after it was, so a crash at any point goes on from where it was. [`acts`]
//! begins and gives up; [`decide`] says what is done next; [`step`] does it, one step at a time, whenever the desk is tended.

mod acts;
mod decide;
mod desk;
pub(crate) mod rows;
pub(crate) mod step;
pub mod view;

/// Why a rotation gives its new subscription up without anybody having refused anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GivenUp {
    /// It was made, but the answer with its secret was lost.
    #[error("the answer with the new secret was lost")]
    AnswerLost,
    /// It disappeared at the provider before it was proven.
    #[error("the new subscription disappeared at the provider")]
    Vanished,
}
