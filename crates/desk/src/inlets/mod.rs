//! Inlets made by hand: an address to paste into a provider's portal, where no API of ours registers the subscription.

mod by_hand;
mod desk;
pub mod unsigned;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{id::ConnectionId, orders::Rejections, source::Source};
pub(crate) use by_hand::find_id;

/// A new inlet.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct InletInput {
    /// What the administrator calls it.
    pub name: String,
    /// Who will post to it.
    pub source: Source,
    /// The connection whose orders it speaks of, by id or name; the provider's production host when absent.
    #[serde(default)]
    pub connection: Option<String>,
}

/// An inlet made by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InletView {
    /// Ours.
    pub id: String,
    /// What the administrator calls it.
    pub name: String,
    /// Who posts to it.
    pub source: Source,
    /// The address to hand to the provider. Whoever knows it can post.
    pub url: String,
    /// Ours.
    #[ts(type = "string")]
    pub created_at: Timestamp,
    /// Newest delivery that was accepted.
    #[ts(type = "string | null")]
    pub last_verified_at: Option<Timestamp>,
    /// Deliveries accepted.
    #[ts(type = "number")]
    pub verified: i64,
    /// Deliveries in quarantine.
    #[ts(type = "number")]
    pub rejected: i64,
    /// By which its orders are told apart and filtered: the connection it was made for, else one of its own.
    pub owner: ConnectionId,
    /// The connection it was made for.
    pub connection: Option<ConnectionId>,
    /// Its name.
    pub connection_name: Option<String>,
    /// Names its current secret.
    pub fingerprint: Option<String>,
    /// Its source signs what it sends.
    pub signed: bool,
    /// What a rejection without a word on finality means; `None` where the source signs.
    pub rejections: Option<Rejections>,
    /// A header every delivery must carry, with the inlet's secret as its value.
    pub required_header: Option<String>,
    /// The API's host, where a key is stored with which orders are confirmed.
    pub confirms_at: Option<String>,
    /// The address was replaced and answers until then.
    #[ts(type = "string | null")]
    pub retires_at: Option<Timestamp>,
}

/// Retire an inlet made by hand.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct InletRemoveInput {
    /// Its id or name.
    pub id: String,
    /// The connection's name, typed: wanted for production.
    pub confirm: Option<String>,
}

/// Store the secret of an inlet made by hand.
#[derive(Deserialize, TS)]
pub struct InletSecretInput {
    /// Its id or name.
    pub id: String,
    /// Goes to the keyring and nowhere else.
    #[ts(type = "string")]
    pub secret: SecretString,
}
