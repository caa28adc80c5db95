//! Subscriptions as window and scripts see them: our intent and the provider's list, side by side.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    id::{ConnectionId, SubscriptionId},
    problem::Problem,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RegisterView {
    /// The event type asked for.
    pub notification_type: String,
    /// The subscription, once written down.
    pub subscription: Option<SubscriptionView>,
    /// Why it is not active.
    pub problem: Option<Problem>,
}

/// Our subscriptions and the provider's, as of the last listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SubscriptionListView {
    /// Grouped by connection, then by type.
    pub rows: Vec<SubscriptionView>,
    /// Connections that could not be asked just now; their rows are as of the last listing.
    pub problems: Vec<ConnectionProblemView>,
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
