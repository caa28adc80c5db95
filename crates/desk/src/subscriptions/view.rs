//! Subscriptions as window and scripts see them: our intent and the provider's list, side by side.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    id::{ConnectionId, RotationId, SubscriptionId},
    problem::Problem,
    rotation::view::RotationView,
};

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub enum SubscriptionState {
    /// Written down here, not yet asked for.
    Planned,
    /// The create was sent and its answer was lost; the next listing settles it.
    Unsettled,
    /// The provider lists it and we made it.
    Active,
    /// The provider no longer lists it.
    Vanished,
    /// We made it, but nobody here has its secret: it can be deleted, or a secret can be pasted.
    Orphaned,
    /// Made elsewhere; shown, never touched in bulk.
    Foreign,
    /// Being deleted.
    Removing,
    /// Deleted.
    Removed,
}

/// Whether deliveries can be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub enum SecretState {
    /// In the keyring.
    Stored,
    /// It should be in the keyring and is not, or it was never ours.
    Missing,
    /// The provider did not issue one: cannot be verified until one is pasted.
    NotIssued,
}

/// One subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SubscriptionView {
    /// Ours; for a foreign one the provider's uid.
    pub id: SubscriptionId,
    /// Its connection.
    pub connection: ConnectionId,
    /// The connection's name.
    pub connection_name: String,
    /// The provider's id, once known.
    pub provider_uid: Option<String>,
    /// One of the provider's event types.
    pub notification_type: String,
    /// Where the provider sends to, without the part that makes it unguessable.
    pub target: String,
    /// Where it stands.
    pub state: SubscriptionState,
    /// Whether deliveries can be verified.
    pub secret: SecretState,
    /// Names the secret.
    pub fingerprint: Option<String>,
    /// When we made it.
    #[ts(type = "string | null")]
    pub created_at: Option<Timestamp>,
    /// Newest receipt that verified.
    #[ts(type = "string | null")]
    pub last_verified_at: Option<Timestamp>,
    /// Receipts that verified.
    #[ts(type = "number")]
    pub verified: i64,
    /// Receipts in quarantine.
    #[ts(type = "number")]
    pub rejected: i64,
    /// Since when its secret is the current one.
    #[ts(type = "string | null")]
    pub secret_since: Option<Timestamp>,
    /// Its secret is older than the rule allows.
    pub rotation_due: bool,
    /// The open rotation it takes part in.
    pub rotation: Option<RotationId>,
    /// On the new generation of an open rotation: the one it replaces.
    pub replaces: Option<SubscriptionId>,
    /// A foreign one that sends to an inlet of ours: it can be adopted.
    pub adoptable: bool,
    /// That inlet's name.
    pub inlet: Option<String>,
    /// How it does.
    pub health: HealthView,
}

/// Whether a subscription is as busy as it usually is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// Not known for a whole week yet.
    #[default]
    Learning,
    /// As usual.
    Usual,
    /// Quiet for longer than its own rhythm explains.
    Silent,
}

/// How a subscription does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct HealthView {
    /// Verified arrivals in each of the last 24 hours, oldest first, the running one last.
    pub hours: Vec<u32>,
    /// Their sum.
    pub arrivals: u32,
    /// Arrivals of events seen before, in the same time.
    pub duplicates: u32,
    /// Rejected, in the same time.
    pub rejected: u32,
    /// Mean delay from event to receipt in the same time, in milliseconds.
    #[ts(type = "number | null")]
    pub delay_ms: Option<i64>,
    /// Against its own rhythm: the same hours of the week, up to four weeks back.
    pub rhythm: Rhythm,
    /// How many would usually have come since the last one.
    pub expected: Option<f64>,
    /// The last one, where it is silent.
    #[ts(type = "string | null")]
    pub silent_since: Option<Timestamp>,
}

/// Counts for the status bar, the tray and the overview.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, sqlx::FromRow)]
pub struct SubscriptionCountsView {
    /// No longer listed by the provider.
    #[ts(type = "number")]
    pub subscriptions_vanished: i64,
    /// Quieter than their rhythm explains.
    #[ts(type = "number")]
    pub subscriptions_silent: i64,
    /// Listed, but without a secret here.
    #[ts(type = "number")]
    pub subscriptions_unverifiable: i64,
    /// Rotations under way, grace included.
    #[ts(type = "number")]
    pub rotations_open: i64,
    /// Rotations that wait for a person or for a problem to pass.
    #[ts(type = "number")]
    pub rotations_stuck: i64,
    /// Secrets older than the rule allows.
    #[ts(type = "number")]
    pub secrets_due: i64,
}

/// Remove a subscription of ours.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct RemoveInput {
    /// Which.
    pub id: SubscriptionId,
    /// The connection's name, typed: wanted for production.
    pub confirm: Option<String>,
}

/// Remove a subscription that was made elsewhere.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct RemoveForeignInput {
    /// On this connection.
    pub connection: ConnectionId,
    /// The provider's id.
    pub provider_uid: String,
    /// The connection's name, typed.
    pub confirm: String,
}

/// Take over a subscription that was made elsewhere and sends to an inlet of ours.
#[derive(Deserialize, TS)]
pub struct AdoptInput {
    /// On this connection.
    pub connection: ConnectionId,
    /// The provider's id.
    pub provider_uid: String,
    /// Its signing secret. Goes to the keyring and nowhere else.
    #[ts(type = "string")]
    pub secret: SecretString,
}

/// Register one subscription per type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RegisterInput {
    /// On this connection.
    pub connection: ConnectionId,
    /// The provider's event types.
    pub types: Vec<String>,
}

/// What became of one type of [`RegisterInput`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RegisterView {
    /// The event type asked for.
    pub notification_type: String,
    /// The subscription, once written down.
    pub subscription: Option<SubscriptionView>,
    /// Why it is not active.
    pub problem: Option<Problem>,
}

/// Our subscriptions and the provider's, as of the last listing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SubscriptionListView {
    /// Grouped by connection, then by type.
    pub rows: Vec<SubscriptionView>,
    /// Rotations that are under way or ended within a week, newest first.
    pub rotations: Vec<RotationView>,
    /// Connections that could not be asked just now; their rows are as of the last listing.
    pub problems: Vec<ConnectionProblemView>,
    /// How many secrets are older than the rule allows.
    #[ts(type = "number")]
    pub due: i64,
}

/// A connection that could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConnectionProblemView {
    /// Which.
    pub connection: ConnectionId,
    /// Why.
    pub problem: Problem,
}

/// An event type the provider documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NotificationTypeView {
    /// As the provider writes it.
    pub name: String,
    /// Offered as ticked in the first run.
    pub recommended: bool,
    /// This build turns it into orders or stock; others are kept and shown raw.
    pub interpreted: bool,
}
