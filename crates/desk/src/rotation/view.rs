//! Rotations as window and scripts see them: what is happening, what is safe already, what can still be undone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    id::{ConnectionId, RotationId, SubscriptionId},
    problem::Problem,
};

/// Where a rotation stands. Each step is written down before it is taken and after it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub enum RotationStep {
    /// Written down; the provider is asked next, once.
    Planned,
    /// The new one exists, and its secret is in the keyring or none was issued.
    Created,
    /// Waits for the first delivery that verifies under the new secret.
    Proving,
    /// The old one is being removed. No way back from here.
    Switching,
    /// The provider only knows the new one; what is still on its way to the old address is taken.
    Grace,
    /// Over.
    Done,
    /// The new one is being removed. The old one never stopped.
    RollingBack,
    /// Given up; everything is as it was.
    RolledBack,
}

impl RotationStep {
    /// Nothing happens any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::RolledBack)
    }

    /// The old one is untouched and stays so until somebody decides otherwise.
    pub fn can_roll_back(self) -> bool {
        matches!(self, Self::Planned | Self::Created | Self::Proving)
    }
}

/// What an open rotation waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RotationWait {
    /// The first delivery that verifies.
    Delivery,
    /// The provider issued no secret: somebody has to paste it.
    Secret,
    /// The end of the grace period.
    Grace,
    /// A problem that may pass; tried again at `next_try_at`.
    NextTry,
}

/// One replacement of a subscription by a fresh one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RotationView {
    /// Ours.
    pub id: RotationId,
    /// On this connection.
    pub connection: ConnectionId,
    /// Its name.
    pub connection_name: String,
    /// The event type.
    pub notification_type: String,
    /// The generation that is replaced.
    pub old: SubscriptionId,
    /// The generation that replaces it.
    pub new: SubscriptionId,
    /// Where it stands.
    pub step: RotationStep,
    /// What it waits for; `None` while it is being worked on, and at the end.
    pub waits_for: Option<RotationWait>,
    /// When it was begun.
    #[ts(type = "string")]
    pub started_at: Timestamp,
    /// When it came to this step.
    #[ts(type = "string")]
    pub step_at: Timestamp,
    /// When the first delivery under the new secret had been seen.
    #[ts(type = "string | null")]
    pub proved_at: Option<Timestamp>,
    /// When the provider's list no longer held the old one.
    #[ts(type = "string | null")]
    pub switched_at: Option<Timestamp>,
    /// How long the old address and secret stay valid after that.
    #[ts(type = "number")]
    pub grace_hours: i64,
    /// Until when.
    #[ts(type = "string | null")]
    pub grace_until: Option<Timestamp>,
    /// When it was over.
    #[ts(type = "string | null")]
    pub ended_at: Option<Timestamp>,
    /// Names the old secret.
    pub old_fingerprint: Option<String>,
    /// Names the new secret.
    pub new_fingerprint: Option<String>,
    /// The old one is untouched: it can be given up.
    pub can_roll_back: bool,
    /// The provider can be asked for a test event.
    pub can_test: bool,
    /// When it was asked for one.
    #[ts(type = "string | null")]
    pub test_sent_at: Option<Timestamp>,
    /// When it is tried again.
    #[ts(type = "string | null")]
    pub next_try_at: Option<Timestamp>,
    /// The last failure; of one that was given up, why.
    pub problem: Option<Problem>,
    /// Account of the operating system that began it.
    pub by: String,
}

/// Rotate one subscription or several.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct RotateInput {
    /// Which.
    pub subscriptions: Vec<SubscriptionId>,
    /// How long the old address and secret stay valid after the switch, 0 to 720; 72 when absent.
    #[ts(type = "number | null")]
    pub grace_hours: Option<i64>,
}

/// What became of one of [`RotateInput`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RotateView {
    /// Which.
    pub subscription: SubscriptionId,
    /// Its rotation.
    pub rotation: Option<RotationView>,
    /// Why there is none.
    pub problem: Option<Problem>,
}
